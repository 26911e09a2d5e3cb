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

#endif
