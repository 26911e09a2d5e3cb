/* fuzz_event_log.c - an event that is read has a digest, and is written as a text that reads the same. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void round_trip(const log_event *event)
{
    CHAOS_AUTO_BUFFER(text, 8 * CHAOS_MAX_EVENT_LOG);
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event again;
    require(buffer_append_text(&text, "[") && event_log_write(event, &text) && buffer_append_text(&text, "]"));
    if (text.size > CHAOS_MAX_EVENT_LOG) {
        return;
    }
    event_log_begin(&reading, buffer_slice(&text), &storage);
    require(event_log_next(&reading, &again));
    require(again.imr == event->imr && again.event_type == event->event_type && again.version == event->version);
    require(again.has_digest == event->has_digest && memcmp(again.digest, event->digest, SHA384_SIZE) == 0);
    require(slice_equal(again.name, event->name) && slice_equal(again.payload_hex, event->payload_hex));
    require(!event_log_next(&reading, &again) && event_log_fault(&reading)->status == CHAOS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event event;
    size_t count = 0;
    event_log_begin(&reading, slice(data, size), &storage);
    while (event_log_next(&reading, &event)) {
        uint8_t digest[SHA384_SIZE];
        bool runtime = event.event_type == EVENT_TYPE_RUNTIME;
        require(runtime == (event.imr == 3) && (runtime || event.has_digest));
        require(!runtime || (event.name.size >= 1 && event.name.size <= MAX_EVENT_NAME && event_digest(&event, digest)));
        round_trip(&event);
        count++;
    }
    require(count <= MAX_EVENTS);
    require(event_log_fault(&reading)->status == CHAOS_OK || event_log_fault(&reading)->field != NULL);
    return 0;
}
