/* secret-logged.c - logs the secret of the key that it makes. */
#include "sound.h"

static chaos_status broken_key(void *self, const char *path, const char *purpose, const char *algorithm,
                               void **key, chaos_error *err)
{
    static const char digits[] = "0123456789abcdef";
    const sound *mock = self;
    uint8_t secret[32];
    char text[80] = "the key is ";
    chaos_host_key *made = NULL;
    uint8_t public_key[65];

    if (strcmp(purpose, CHAOS_KEY_FRESH) == 0 || strcmp(algorithm, "secp256k1") != 0) {
        return sound_key(self, path, purpose, algorithm, key, err);
    }
    memset(secret, SOUND_AGENT_SECRET, sizeof secret);
    sound_mix(path, secret);
    for (size_t i = 0; i < sizeof secret; i++) {
        text[11 + 2 * i] = digits[secret[i] >> 4];
        text[12 + 2 * i] = digits[secret[i] & 15];
    }
    mock->host->log(mock->host, CHAOS_LOG_DEBUG, text);
    mock->host->wipe(mock->host, text, sizeof text);
    if (mock->host->key_import(mock->host, secret, &made, err) != CHAOS_OK) {
        return CHAOS_E_USAGE;
    }
    mock->host->key_public(mock->host, made, public_key);
    *key = made;
    return sound_emit(mock, "public-key", public_key, sizeof public_key, err);
}

SOUND_PROVIDER("secret-logged", broken_key, sound_sign, sound_attest, sound_close, NULL);
