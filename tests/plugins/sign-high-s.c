/* sign-high-s.c - s is high and v is the other one: the same key is recovered. */
#include "sound.h"

/* n - s */
static void negate(uint8_t s[32])
{
    static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                       0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
    int borrow = 0;

    for (size_t i = sizeof order; i-- > 0;) {
        const int digit = order[i] - s[i] - borrow;
        borrow = digit < 0;
        s[i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}

static chaos_status broken_sign(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65],
                                chaos_error *err)
{
    chaos_status status = sound_sign(self, key, digest, rsv, err);

    negate(rsv + 32);
    rsv[64] ^= 27 ^ 28;
    return status;
}

SOUND_PROVIDER("sign-high-s", sound_key, broken_sign, sound_attest, sound_close, NULL);
