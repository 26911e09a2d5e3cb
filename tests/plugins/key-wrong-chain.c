/* key-wrong-chain.c - a signature chain that is wrong in the way that the key's path says. */
#include "sound.h"

#define LINK_OF(digits) digits digits digits digits digits digits digits digits
#define SAME_16 "1111111111111111"
#define GOOD_LINK LINK_OF(SAME_16) "00"
#define BAD_LINK                       \
    "00000000000000000000000000000000" \
    "00000000000000000000000000000000" SAME_16 SAME_16 SAME_16 SAME_16 "00"

typedef struct wrong_chain {
    const char *way, *path, *purpose, *link, *tail;
} wrong_chain;

static const wrong_chain chains[] = {
    { "path", "chaoschain/other", CHAOS_KEY_AGENT, GOOD_LINK, "" },
    { "purpose", "purpose", "wallet", GOOD_LINK, "" },
    { "link", "link", CHAOS_KEY_AGENT, BAD_LINK, "" },
    { "garbage", "garbage", CHAOS_KEY_AGENT, GOOD_LINK, "x" },
    { "", "", CHAOS_KEY_FRESH, GOOD_LINK, "" },
};

static chaos_status emit_chain(const sound *mock, const wrong_chain *chain, chaos_error *err)
{
    char text[1024];

    (void)snprintf(text, sizeof text,
                   "{\"algorithm\":\"secp256k1\",\"path\":\"%s\",\"purpose\":\"%s\","
                   "\"signature_chain\":[\"%s\",\"\"]}%s",
                   chain->path, chain->purpose, chain->link, chain->tail);
    return sound_emit(mock, "dstack-kms-chain", text, strlen(text), err);
}

static chaos_status chained_key(void *self, const char *path, const char *purpose, const char *algorithm,
                                void **key, chaos_error *err)
{
    chaos_status status = sound_key(self, path, purpose, algorithm, key, err);

    for (size_t i = 0; i < sizeof chains / sizeof chains[0] && status == CHAOS_OK; i++) {
        if (strcmp(chains[i].way, path) == 0) {
            status = emit_chain(self, &chains[i], err);
        }
    }
    return status;
}

SOUND_PROVIDER("key-wrong-chain", chained_key, sound_sign, sound_attest, sound_close, NULL);
