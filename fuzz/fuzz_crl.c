/* fuzz_crl.c - crl_read and crl_lists: every entry that was counted is found again. */
#include "codec/codec.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    crl list;
    fault why;
    size_t count = 0;

    if (!crl_read(slice(data, size), &list, &why)) {
        if (why.status != CHAOS_E_CRL_FORMAT || why.field == NULL || why.reason == NULL || why.offset > size) {
            abort();
        }
        return 0;
    }
    reader entries = rd_begin(list.entries, CHAOS_E_CRL_FORMAT);
    while (rd_ok(&entries) && rd_left(&entries) > 0 && count < 64) {
        reader entry = der_enter(&entries, "entry", DER_SEQUENCE);
        if (!crl_lists(&list, der_magnitude(&entry, "serial"))) {
            abort();
        }
        count++;
    }
    if (!rd_ok(&entries) || count > list.entry_count || list.entry_count > MAX_CRL_ENTRIES) {
        abort();
    }
    return 0;
}
