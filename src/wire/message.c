/* message.c - what is signed: EIP-191 personal messages, and the digest of each kind of message. */
#include <stdio.h>

#include "wire/internal.h"

bool eip191_digest(chaos_slice message, chaos_keccak *out)
{
    static const char prefix[] = "\x19"
                                 "Ethereum Signed Message:\n";
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_SIGNED_MESSAGE + sizeof prefix + 20);
    if (!buffer_append_format(&text, "%s%zu", prefix, message.size) || !buffer_append(&text, message)) {
        return false;
    }
    *out = hash_keccak(buffer_slice(&text));
    return true;
}

chaos_status message_digest(chaos_digest_kind kind, chaos_slice message, chaos_keccak *digest, chaos_error *err)
{
    fault why = { 0 };
    if (message.size > CHAOS_MAX_SIGNED_MESSAGE || (message.data == NULL && message.size > 0)) {
        (void)error_set(err, CHAOS_E_USAGE, "message", CHAOS_NO_OFFSET, "the message is too large, or NULL");
        error_expected(err, "at most %u bytes", CHAOS_MAX_SIGNED_MESSAGE);
        return CHAOS_E_USAGE;
    }
    switch (kind) {
    case CHAOS_DIGEST_EIP191:
        return eip191_digest(message, digest) ? CHAOS_OK
                                              : error_set(err, CHAOS_E_MEMORY, "message", CHAOS_NO_OFFSET, NULL);
    case CHAOS_DIGEST_EIP712:
        return typed_data_digest(message, digest, NULL, &why) ? CHAOS_OK : fault_to_error(&why, err);
    default:
        return error_set(err, CHAOS_E_USAGE, "digest_kind", CHAOS_NO_OFFSET, "the kind of digest is not known");
    }
}
