/* dstack_kit.h - what tests of the simulated guest agent and of recorded dstack data share. */
#ifndef TESTS_SUPPORT_DSTACK_KIT_H
#define TESTS_SUPPORT_DSTACK_KIT_H

#include "sim/guest_state.h"
#include "tests/support/support.h"

/* A member that is `size` bytes of hex; else the test fails. */
void hex_member(const json_t *row, const char *key, uint8_t *out, size_t size);
const char *text_member(const json_t *row, const char *key);
/* A member that is hex of any length; free the buffer. */
void hex_member_buffer(const json_t *row, const char *key, chaos_buffer *out);

/* A guest of this seed; a failure fails the test. */
guest *guest_of_seed(const char *seed);
/* That guest with another application behind it: whose keys and chains are then to be expected. */
guest *guest_of_application(const uint8_t app_root[K1_SIZE], const uint8_t app_id[APP_ID_SIZE]);

/* One call as HTTP has it: POST with JSON when there is a body, GET else. The status must be `status`. The parsed answer;
 * NULL when it is no JSON. */
json_t *call_guest(guest *g, guest_api api, const char *path, const char *body_or_null, int status);

/* dstack's attestation blob, format 0 of a TDX guest, to its last byte, as the JSON of its parts: quote (hex), event_log
 * (as the agent's), runtime_events [{event, payload}], report_data (hex), config (text). NULL: it is not well-formed. */
json_t *attestation_to_json(chaos_slice blob);

#endif
