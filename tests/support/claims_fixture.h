/* claims_fixture.h - claims made by hand, as verification would have left them, for tests of what comes after it. */
#ifndef TESTS_SUPPORT_CLAIMS_FIXTURE_H
#define TESTS_SUPPORT_CLAIMS_FIXTURE_H

#include "verify/verify.h"

#define FIXTURE_NOW 1767225600 /* 2026-01-01T00:00:00Z */
#define FIXTURE_DAY 86400

/* Verified claims of a platform that is up to date, with every measurement filled with a byte of its own. */
void fixture_claims(chaos_claims *claims, quote_body_type type);
/* Where the field stands in the body; fails the test if there is none. */
uint8_t *fixture_field(chaos_claims *claims, const char *name);
/* The claims did not verify: `row` failed with `status`. */
void fixture_fail(chaos_claims *claims, check_id row, chaos_status status);

#endif
