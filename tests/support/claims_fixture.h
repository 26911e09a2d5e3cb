/* claims_fixture.h - claims made by hand, as verification would have left them, for tests of what comes after it. */
#ifndef TESTS_SUPPORT_CLAIMS_FIXTURE_H
#define TESTS_SUPPORT_CLAIMS_FIXTURE_H

#include "verify/verify.h"

#define FIXTURE_NOW 1767225600 /* 2026-01-01T00:00:00Z */
#define FIXTURE_DAY 86400

/* Verified claims of a platform that is up to date, with every measurement filled with a byte of its own. */
void fixture_claims(chaos_claims *claims, quote_body_type type);
/* The same with an event log that was replayed: every system event, each with a byte of its own. */
void fixture_with_log(chaos_claims *claims, quote_body_type type);
/* The same as an envelope with a binding of stage 1: agent 42 of registry 0xb1... on chain 31337, identity key 0xc1...,
 * nonce 0xd1..., issued an hour ago for a day; a KMS root 0x02 e1... (no event log and no KMS for an enclave). */
void fixture_envelope(chaos_claims *claims, quote_body_type type);
/* Where the field stands in the body; fails the test if there is none. */
uint8_t *fixture_field(chaos_claims *claims, const char *name);
/* The claims did not verify: `row` failed with `status`. */
void fixture_fail(chaos_claims *claims, check_id row, chaos_status status);

#endif
