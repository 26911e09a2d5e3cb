/* handover.c - did both keys sign that one follows the other? */
#include "check/internal.h"

enum {
    V_FIRST = 27 /* Ethereum's v: 27 + recovery id 0 or 1 */
};

static chaos_status check_signer(const chaos_keccak *digest, const chaos_signature65 *signature,
                                 const chaos_address *key, const char *field, chaos_error *err)
{
    const uint8_t *rsv = signature->bytes;
    k1_point signer;
    k1_result result = K1_BAD;
    char text[100];

    if (rsv[64] == V_FIRST || rsv[64] == V_FIRST + 1) {
        result = k1_recover(digest->bytes, rsv, rsv + 32, (unsigned)rsv[64] - V_FIRST, &signer);
    }
    if (result == K1_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, field, CHAOS_NO_OFFSET, NULL);
    }
    const chaos_address found = result == K1_GOOD ? k1_address(&signer) : (chaos_address){ { 0 } };
    if (result == K1_GOOD && memcmp(found.bytes, key->bytes, sizeof found.bytes) == 0) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_HANDOVER_SIGNATURE, field, CHAOS_NO_OFFSET, NULL);
    error_expected(err, "%s", error_hex(text, sizeof text, slice(key->bytes, sizeof key->bytes)));
    const chaos_slice shown = slice(found.bytes, sizeof found.bytes);
    error_found(err, "%s", result == K1_GOOD ? error_hex(text, sizeof text, shown) : "a signature of no key");
    return CHAOS_E_HANDOVER_SIGNATURE;
}

chaos_status chaos_handover_verify(const chaos_handover *handover, const chaos_signature65 *by_old_key,
                                   const chaos_signature65 *by_new_key, chaos_error *err)
{
    if (handover == NULL || by_old_key == NULL || by_new_key == NULL) {
        return error_set(err, CHAOS_E_USAGE, "handover", CHAOS_NO_OFFSET,
                         "handover and both signatures may not be NULL");
    }
    const chaos_keccak digest = chaos_handover_digest(handover);
    CHAOS_TRY(check_signer(&digest, by_old_key, &handover->old_key, "oldKey", err));
    return check_signer(&digest, by_new_key, &handover->new_key, "newKey", err);
}
