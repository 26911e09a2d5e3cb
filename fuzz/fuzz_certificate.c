/* fuzz_certificate.c - certificate_read: slices stay inside the input, and what is accepted is
 * deterministic. */
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(chaos_slice part, const uint8_t *data, size_t size)
{
    if (part.size > 0 && (part.data < data || part.size > size || part.data > data + (size - part.size))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    certificate c;
    fault why;

    if (!certificate_read(slice(data, size), CHAOS_E_PCK_CHAIN_FORMAT, &c, &why)) {
        if (why.status != CHAOS_E_PCK_CHAIN_FORMAT || why.field == NULL || why.reason == NULL || why.offset > size) {
            abort();
        }
        return 0;
    }
    inside(c.tbs, data, size);
    inside(c.serial, data, size);
    inside(c.issuer, data, size);
    inside(c.subject, data, size);
    inside(c.subject_cn, data, size);
    inside(c.subject_o, data, size);
    inside(c.spki, data, size);
    inside(c.authority_key_id, data, size);
    inside(c.subject_key_id, data, size);
    inside(c.sgx_extension, data, size);
    if (c.serial.size == 0 || c.serial.size > 20 || c.not_before > c.not_after) {
        abort();
    }
    if (size < 2048 && p256_verify(&c.key, c.tbs, &c.signature) == P256_BACKEND_FAILED) {
        abort();
    }
    return 0;
}
