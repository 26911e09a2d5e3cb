/* fuzz_quote.c - a quote that is read is written again as the bytes that it came from. */
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
    dcap_quote quote;
    fault why;
    if (!dcap_quote_read(slice(data, size), &quote, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL);
        return 0;
    }
    CHAOS_AUTO_BUFFER(again, CHAOS_MAX_EVIDENCE);
    require(dcap_quote_write(&quote, &again));
    require(quote.consumed + quote.trailing == size);
    require(slice_equal(buffer_slice(&again), slice(data, quote.consumed)));
    require(slice_is_zero(slice(data + quote.consumed, quote.trailing)));
    pck_reference reference;
    bool refers = pck_reference_read(quote.cert_data_type, quote.cert_data, &reference, &why);
    require(refers == (quote.cert_data_type <= CERT_PPID_RSA3072));
    return 0;
}
