/* fuzz_tcb_info.c - what a TCB info that is read promises to those who use it. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_advisories(chaos_slice cursor, chaos_slice whole)
{
    chaos_slice id;
    size_t count = 0;
    while (advisory_next(&cursor, &id)) {
        require(id.size >= 1 && id.size <= 31);
        require(id.data > whole.data && id.data + id.size < whole.data + whole.size);
        count++;
    }
    require(count <= MAX_ADVISORIES);
}

static bool descends(const tcb_level *a, const tcb_level *b)
{
    int order = memcmp(a->sgx, b->sgx, sizeof(a->sgx));
    if (order != 0 || a->pce_svn != b->pce_svn) {
        return order != 0 ? order > 0 : a->pce_svn > b->pce_svn;
    }
    return memcmp(a->tdx, b->tdx, sizeof(a->tdx)) > 0;
}

static void check_modules(const tcb_info *info, chaos_slice whole)
{
    size_t next = 0;
    for (size_t i = 0; i < info->identity_count; i++) {
        const module_identity *identity = &info->identities[i];
        require(identity->level_begin == next && identity->level_count > 0);
        next += identity->level_count;
        for (size_t k = identity->level_begin; k < next; k++) {
            const svn_level *level = &info->module_levels[k];
            require(level->status != CHAOS_TCB_UNKNOWN);
            require(k == identity->level_begin || level[-1].isv_svn > level->isv_svn);
            check_advisories(level->advisories, whole);
        }
    }
    require(next == info->module_level_count && next <= CHAOS_ARRAY_SIZE(info->module_levels));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tcb_info info;
    fault why;
    if (!tcb_info_read(slice(data, size), &info, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL && info.level_count == 0);
        return 0;
    }
    require(info.version == 2 || info.version == 3);
    require(info.has_module == (info.tee == CHAOS_TEE_TDX));
    require(info.level_count >= 1 && info.level_count <= MAX_TCB_LEVELS);
    for (size_t i = 0; i < info.level_count; i++) {
        require(info.levels[i].status != CHAOS_TCB_UNKNOWN);
        require(i == 0 || descends(&info.levels[i - 1], &info.levels[i]));
        require(info.tee == CHAOS_TEE_TDX || slice_is_zero(slice(info.levels[i].tdx, sizeof(info.levels[i].tdx))));
        check_advisories(info.levels[i].advisories, slice(data, size));
    }
    check_modules(&info, slice(data, size));
    return 0;
}
