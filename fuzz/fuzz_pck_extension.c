/* fuzz_pck_extension.c - pck_extension_read: what is accepted keeps to the ranges. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pck_extension e;
    fault why;

    if (!pck_extension_read(slice(data, size), &e, &why)) {
        if (why.status != CHAOS_E_PCK_EXTENSION || why.field == NULL || why.reason == NULL || why.offset > size) {
            abort();
        }
        return 0;
    }
    if (e.sgx_type > 2 || memcmp(e.components, e.cpu_svn, sizeof e.cpu_svn) != 0) {
        abort();
    }
    return 0;
}
