/* fuzz_enclave_identity.c - what an enclave identity that is read promises to those who use it. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enclave_identity identity;
    fault why;
    if (!enclave_identity_read(slice(data, size), &identity, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL && identity.level_count == 0);
        return 0;
    }
    require(identity.version == 1 || identity.version == 2);
    require(identity.id >= IDENTITY_QE && identity.id <= IDENTITY_QAE);
    require(identity.level_count >= 1 && identity.level_count <= MAX_IDENTITY_LEVELS);
    for (size_t i = 0; i < identity.level_count; i++) {
        const svn_level *level = &identity.levels[i];
        chaos_slice cursor = level->advisories;
        chaos_slice id;
        require(level->status == CHAOS_TCB_UP_TO_DATE || level->status == CHAOS_TCB_OUT_OF_DATE ||
                level->status == CHAOS_TCB_REVOKED);
        require(i == 0 || level[-1].isv_svn > level->isv_svn);
        while (advisory_next(&cursor, &id)) {
            require(id.size >= 1 && id.size <= 31);
        }
    }
    return 0;
}
