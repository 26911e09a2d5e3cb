/* rule_sign.c - signatures: over the digest and nothing else, in the one form that everybody accepts. */
#include <stdio.h>

#include "kit.h"

#define DIGESTS 4

/* Half the order of secp256k1, rounded down. */
static const uint8_t half_order[32] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                        0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0 };

typedef void sign_check(kit_run *run, const k1_point *point, const uint8_t digest[32], const uint8_t rsv[65],
                        unsigned number);

/* Two keys, some digests, one look at each signature. */
static void for_each_signature(kit_run *run, sign_check *check)
{
    static kit_tee tee;
    char said[200];
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (unsigned i = 0; i < 2 * DIGESTS && !kit_has_failed(run); i++) {
        const bool fresh = i % 2 != 0;
        uint8_t digest[32], rsv[65] = { 0 };
        kit_key key;
        kit_digest("sign", i, digest);
        if (!kit_must_make_key(&tee, fresh ? "" : KIT_PATH, fresh ? CHAOS_KEY_FRESH : CHAOS_KEY_AGENT, &key)) {
            break;
        }
        const chaos_status status = kit_sign(&tee, &key, digest, rsv);
        if (status == CHAOS_OK) {
            check(run, &key.point, digest, rsv, i);
        } else if (kit_failed_well(&tee, "sign_digest", status)) {
            kit_what_it_said(&tee, status, said, sizeof said);
            kit_fail(run, "digest %u: %s", i, said);
        }
        kit_key_free(&tee, &key);
    }
    kit_close(&tee);
}

static void look_at_nothing(kit_run *run, const k1_point *point, const uint8_t digest[32], const uint8_t rsv[65],
                            unsigned number)
{
    (void)run;
    (void)point;
    (void)digest;
    (void)rsv;
    (void)number;
}

KIT_RULE(rule_sign_works)
{
    for_each_signature(run, look_at_nothing);
}

static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                   0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };

/* n - s where s is above half the order: the reader takes low s alone. */
static void make_low(uint8_t s[32])
{
    unsigned borrow = 0;
    if (memcmp(s, half_order, sizeof half_order) <= 0) {
        return;
    }
    for (size_t i = 32; i-- > 0;) {
        const unsigned difference = 256u + order[i] - s[i] - borrow;
        s[i] = (uint8_t)difference;
        borrow = difference < 256u ? 1 : 0;
    }
}

static bool recovers_to(const k1_point *point, const uint8_t digest[32], const uint8_t *rs, unsigned id)
{
    k1_point found;
    return k1_recover(digest, rs, rs + 32, id, &found) == K1_GOOD && memcmp(found.x, point->x, 32) == 0 &&
           memcmp(found.y, point->y, 32) == 0;
}

/* Whatever v says, and which of the two s it is: those are other rules'. */
static void look_at_key(kit_run *run, const k1_point *point, const uint8_t digest[32], const uint8_t rsv[65],
                        unsigned number)
{
    uint8_t low[64];
    memcpy(low, rsv, sizeof low);
    make_low(low + 32);
    if (!recovers_to(point, digest, low, 0) && !recovers_to(point, digest, low, 1)) {
        kit_fail(run, "digest %u: no recovery gives the key whose public-key was emitted", number);
    }
}

KIT_RULE(rule_sign_recovers)
{
    for_each_signature(run, look_at_key);
}

static void look_at_s(kit_run *run, const k1_point *point, const uint8_t digest[32], const uint8_t rsv[65],
                      unsigned number)
{
    (void)point;
    (void)digest;
    if (memcmp(rsv + 32, half_order, sizeof half_order) > 0) {
        kit_fail(run, "digest %u: s is above half the order", number);
    }
}

KIT_RULE(rule_sign_low_s)
{
    for_each_signature(run, look_at_s);
}

static void look_at_v(kit_run *run, const k1_point *point, const uint8_t digest[32], const uint8_t rsv[65],
                      unsigned number)
{
    if (rsv[64] != 27 && rsv[64] != 28) {
        kit_fail(run, "digest %u: v is %u", number, rsv[64]);
    } else if (memcmp(rsv + 32, half_order, sizeof half_order) <= 0 &&
               !recovers_to(point, digest, rsv, rsv[64] - 27u)) {
        kit_fail(run, "digest %u: v is %u, and recovers to another key", number, rsv[64]);
    }
}

KIT_RULE(rule_sign_v)
{
    for_each_signature(run, look_at_v);
}

static void signs_with_own(kit_tee *tee, const kit_key *key, const char *when)
{
    uint8_t digest[32], rsv[65] = { 0 };
    kit_digest("own", 0, digest);
    if (kit_sign(tee, key, digest, rsv) != CHAOS_OK) {
        kit_fail(tee->run, "%s: signing fails", when);
        return;
    }
    make_low(rsv + 32);
    if (!recovers_to(&key->point, digest, rsv, 0) && !recovers_to(&key->point, digest, rsv, 1)) {
        kit_fail(tee->run, "%s: a signature is another key's", when);
    }
}

/* Several keys live at one time, and end in any order. */
KIT_RULE(rule_sign_own_key)
{
    static kit_tee tee;
    kit_key a, b, c;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    if (kit_must_make_key(&tee, KIT_PATH, CHAOS_KEY_AGENT, &a) &&
        kit_must_make_key(&tee, KIT_PATH "/2", CHAOS_KEY_AGENT, &b) &&
        kit_must_make_key(&tee, "", CHAOS_KEY_FRESH, &c)) {
        signs_with_own(&tee, &c, "with three keys");
        signs_with_own(&tee, &a, "with three keys");
        signs_with_own(&tee, &b, "with three keys");
        kit_key_free(&tee, &b);
        signs_with_own(&tee, &a, "after another key was freed");
        kit_key_free(&tee, &a);
        signs_with_own(&tee, &c, "after two other keys were freed");
        kit_key_free(&tee, &c);
    }
    kit_close(&tee);
}
