/* handover.c - the EIP-712 struct by which one identity key of an agent hands over to the next. */
#include "wire/internal.h"

static const char handover_type[] =
    "KeyHandover(address identityRegistry,uint256 agentId,address oldKey,address newKey,bytes32 newEvidenceHash,"
    "uint64 lastSequence,uint64 issuedAt)";

enum {
    HANDOVER_WORDS = 8 /* the type's hash and seven members */
};

chaos_keccak chaos_handover_digest(const chaos_handover *handover)
{
    const chaos_keccak separator = domain_separator(&handover->chain_id, &handover->identity_registry);
    uint8_t words[HANDOVER_WORDS * WORD_SIZE];
    uint8_t *at = words;

    at = WORD_PUT(at, hash_keccak(slice_text(handover_type)));
    at = WORD_PUT(at, handover->identity_registry);
    at = WORD_PUT(at, handover->agent_id);
    at = WORD_PUT(at, handover->old_key);
    at = WORD_PUT(at, handover->new_key);
    at = WORD_PUT(at, handover->new_evidence_hash);
    at = word_put_number(at, handover->last_sequence);
    (void)word_put_number(at, handover->issued_at);
    const chaos_keccak hash = hash_keccak(slice(words, sizeof words));
    return domain_digest(&separator, &hash);
}
