/* self.h - the rules of verification for the one who makes evidence: nothing is given out that every
 * verifier would refuse. There is no trust here and no collateral; whether the platform is good is for
 * others to say. */
#ifndef VERIFY_SELF_H
#define VERIFY_SELF_H

#include "wire/wire.h"

/* The rules of the binding's stage (docs/verify-envelope.md 3) before there is a quote. BINDING_STAGE with
 * the field, what was expected and what came. */
CHAOS_MUST_USE chaos_status self_check_stage(const chaos_binding *binding, chaos_error *err);
/* The event log against the quote's RTMRs and, for an envelope, docs/verify-envelope.md 1 to 6. FORMAT and
 * TRUST statuses as a verifier gives them; others are faults of ours. */
CHAOS_MUST_USE chaos_status self_check(const chaos_evidence *evidence, chaos_error *err);

/* What the maker publishes about his own evidence beside it. */
typedef struct self_facts {
    bool has_compose_hash;
    uint8_t compose_hash[32]; /* of the system event in RTMR3's log */
    bool is_simulated;        /* its PCK chain ends in a simulator's root */
} self_facts;
/* From evidence that self_check accepts, which is checked again. FORMAT statuses as a verifier gives them. */
CHAOS_MUST_USE chaos_status self_facts_of(const chaos_evidence *evidence, self_facts *facts, chaos_error *err);

#endif
