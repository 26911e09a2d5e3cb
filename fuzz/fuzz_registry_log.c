/* fuzz_registry_log.c - a log of a stranger's: the first byte is the event (0: whatever topic comes), the second the number
 * of topics; then the topics behind topic 0, 32 bytes each; the rest is the data. What is read lies in the data. */
#include "erc8004/erc8004.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void inside(chaos_slice part, chaos_slice whole)
{
    require(part.size == 0 || (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void check_texts(const chaos_event *event, chaos_slice data)
{
    switch ((int)event->kind) {
    case CHAOS_EVENT_REGISTERED:
        inside(event->of.registered.uri, data);
        break;
    case CHAOS_EVENT_URI_UPDATED:
        inside(event->of.uri_updated.uri, data);
        break;
    case CHAOS_EVENT_METADATA_SET:
        inside(event->of.metadata_set.key, data);
        inside(event->of.metadata_set.value, data);
        break;
    case CHAOS_EVENT_NEW_FEEDBACK:
        require(event->of.new_feedback.decimals <= CHAOS_MAX_DECIMALS);
        inside(event->of.new_feedback.tag1, data);
        inside(event->of.new_feedback.tag2, data);
        inside(event->of.new_feedback.endpoint, data);
        inside(event->of.new_feedback.uri, data);
        break;
    case CHAOS_EVENT_RESPONSE_APPENDED:
        inside(event->of.response_appended.uri, data);
        break;
    case CHAOS_EVENT_VALIDATION_REQUEST:
        inside(event->of.validation_request.uri, data);
        break;
    case CHAOS_EVENT_VALIDATION_RESPONSE:
        require(event->of.validation_response.response <= 100);
        inside(event->of.validation_response.uri, data);
        inside(event->of.validation_response.tag, data);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_log log = { .topic_count = 0 };
    chaos_event event = { .kind = CHAOS_EVENT_COUNT };
    chaos_error err = { .status = CHAOS_OK };
    if (size < 2) {
        return 0;
    }
    chaos_event_kind kind = (chaos_event_kind)(data[0] % CHAOS_EVENT_COUNT);
    log.topic_count = data[1] % 5u;
    size_t place = 2;
    for (size_t i = 0; i < log.topic_count; i++) {
        if (i == 0 && kind != CHAOS_EVENT_UNKNOWN) {
            log.topics[0] = chaos_event_topic(kind);
            continue;
        }
        if (size - place < ABI_WORD) {
            return 0;
        }
        memcpy(log.topics[i].bytes, data + place, ABI_WORD);
        place += ABI_WORD;
    }
    log.data = slice(data + place, size - place);
    chaos_status status = chaos_event_read(&log, &event, &err);
    if (status != CHAOS_OK) {
        require(status == CHAOS_E_ABI_FORMAT && err.field != NULL && event.kind == CHAOS_EVENT_COUNT);
        return 0;
    }
    require(event.kind == kind || kind == CHAOS_EVENT_UNKNOWN || log.topic_count == 0);
    check_texts(&event, log.data);
    return 0;
}
