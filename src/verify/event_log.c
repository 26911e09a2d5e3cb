/* event_log.c - the guest's event log against the RTMRs of the authenticated quote (docs/verify-dcap.md, event log).
 * Digests of runtime events are made anew from their content; supplied digests prove nothing. */
#include "verify/internal.h"

#define RTMR_COUNT 4

typedef struct replay {
    uint8_t rtmr[RTMR_COUNT][SHA384_SIZE];
    size_t events[RTMR_COUNT];
} replay;

static chaos_status replay_event(examination *x, const log_event *event, replay *state)
{
    check_run *run = &x->claims->run;
    uint8_t digest[SHA384_SIZE];

    memcpy(digest, event->digest, sizeof digest);
    if (event->event_type == EVENT_TYPE_RUNTIME) {
        note_system_event(&x->events, event);
        if (!event_digest(event, digest)) {
            x->own_fault = CHAOS_E_MEMORY;
            return CHAOS_E_MEMORY;
        }
        CHECK(run, !event->has_digest || memcmp(digest, event->digest, sizeof digest) == 0, EVENT_LOG, EVENT_DIGEST,
              "digest", v_hex(slice(digest, sizeof digest)), v_hex(slice(event->digest, sizeof event->digest)));
    }
    hash_sha384_two(slice(state->rtmr[event->imr], SHA384_SIZE), slice(digest, sizeof digest), state->rtmr[event->imr]);
    state->events[event->imr]++;
    return CHAOS_OK;
}

static chaos_status replay_log(examination *x, chaos_slice text, replay *state)
{
    check_run *run = &x->claims->run;
    event_reader log;
    log_event event;

    event_log_begin(&log, text, &x->storage);
    while (event_log_next(&log, &event)) {
        CHAOS_TRY(replay_event(x, &event, state));
        x->claims->event_count++;
    }
    CHECK_READ(run, event_log_fault(&log)->status == CHAOS_OK, EVENT_LOG, event_log_fault(&log));
    return CHAOS_OK;
}

chaos_status verify_event_log(examination *x, const chaos_evidence *evidence)
{
    static const char *const names[RTMR_COUNT] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    check_run *run = &x->claims->run;
    replay state = { 0 };

    if (evidence->event_log.size == 0) {
        return CHAOS_OK;
    }
    x->claims->has_event_log = true;
    CHAOS_TRY(replay_log(x, evidence->event_log, &state));
    if (state.events[0] + state.events[1] + state.events[2] == 0) {
        check_not_checked(run, CHECK_RTMR, "the log has no event of RTMR0, RTMR1 and RTMR2");
    }
    for (size_t i = 0; i < RTMR_COUNT - 1 && run->rows[CHECK_RTMR].result != CHECK_NOT_CHECKED; i++) {
        CHECK(run, slice_equal(body_field(x, names[i]), slice(state.rtmr[i], SHA384_SIZE)), RTMR, RTMR_MISMATCH,
              names[i], v_hex(body_field(x, names[i])), v_hex(slice(state.rtmr[i], SHA384_SIZE)));
    }
    CHECK(run, slice_equal(body_field(x, names[3]), slice(state.rtmr[3], SHA384_SIZE)), RTMR3, RTMR3_MISMATCH, "rtmr3",
          v_hex(body_field(x, "rtmr3")), v_hex(slice(state.rtmr[3], SHA384_SIZE)));
    return CHAOS_OK;
}
