/* key-lies.c - gives the public key of the agent's key where it has made the session's, and the other way
 * round. */
#include "sound.h"

static chaos_status lying_key(void *self, const char *path, const char *purpose, const char *algorithm,
                              void **key, chaos_error *err)
{
    const sound *mock = self;
    const bool fresh = strcmp(purpose, CHAOS_KEY_FRESH) == 0;
    chaos_host_key *made = NULL;
    chaos_host_key *other = NULL;
    uint8_t public_key[65];
    chaos_status status = sound_make_key(mock, path, purpose, algorithm, &made, public_key, err);

    if (status != CHAOS_OK) {
        return status;
    }
    *key = made;
    status = sound_make_key(mock, path, fresh ? CHAOS_KEY_AGENT : CHAOS_KEY_FRESH, algorithm, &other, public_key, err);
    mock->host->key_free(mock->host, other);
    return status == CHAOS_OK ? sound_emit(mock, "public-key", public_key, sizeof public_key, err) : status;
}

SOUND_PROVIDER("key-lies", lying_key, sound_sign, sound_attest, sound_close, NULL);
