/* key-default-chain.c - gives a chain of another path with the key that the library asks for by itself. */
#include "sound.h"

#define ONES "11111111111111111111111111111111"
#define LINK ONES ONES ONES ONES "00"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    static const char chain[] =
        "{\"algorithm\":\"secp256k1\",\"path\":\"other\",\"purpose\":\"chaoschain-agent\",\"signature_chain\":[\"" LINK
        "\",\"\"]}";
    const chaos_status status = sound_key(self, path, purpose, algorithm, key, err);

    return status == CHAOS_OK && strcmp(path, "chaoschain/default") == 0
               ? sound_emit(self, "dstack-kms-chain", chain, sizeof chain - 1, err)
               : status;
}

SOUND_PROVIDER("key-default-chain", broken_key, sound_sign, sound_attest, sound_close, NULL);
