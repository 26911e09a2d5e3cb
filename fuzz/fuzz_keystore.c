/* fuzz_keystore.c - a keystore of a stranger: what it asks for is within the limits, and a cheap one is opened. */
#include "keys/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO(guarded_key, key);
    keystore_info info;
    chaos_error err = { 0 };
    if (keystore_examine(slice(data, size), &info, &err) != CHAOS_OK) {
        require(err.text[0] != '\0' && err.status != CHAOS_E_INTERNAL);
        require(keystore_open(slice(data, size), slice("x", 1), &key, &err) == err.status && key == NULL);
        return 0;
    }
    require(info.memory <= KEYSTORE_MAX_MEMORY && info.work <= KEYSTORE_MAX_ROUNDS);
    if (info.work > 4096) {
        return 0;
    }
    chaos_status status = keystore_open(slice(data, size), slice_text("seed"), &key, &err);
    require((status == CHAOS_OK) == (key != NULL));
    require(status == CHAOS_OK || status == CHAOS_E_PASSPHRASE || status == CHAOS_E_KEYSTORE_FORMAT);
    return 0;
}
