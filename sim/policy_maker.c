/* policy_maker.c - the policy of a relying party that knows the agent: it accepts the simulator and pins firmware,
 * kernel, application and KMS. */
#include "sim/recipe.h"

#define RTMR_COUNT 4

static void write_pin(json_writer *w, const char *key, chaos_slice value)
{
    json_write_array(w, key);
    json_write_hex(w, NULL, value);
    json_write_array_end(w);
}

static void write_dstack(json_writer *w, const recipe *r)
{
    const event_spec *app_id = &r->log.events[EVENT_APP_ID];
    const event_spec *compose_hash = &r->log.events[EVENT_COMPOSE_HASH];
    uint8_t kms_root[K1_COMPRESSED_SIZE];
    k1_compress(&r->agent.point[AGENT_KMS_ROOT], kms_root);
    json_write_object(w, "dstack");
    write_pin(w, "app_id", slice(app_id->payload, app_id->payload_size));
    write_pin(w, "compose_hash", slice(compose_hash->payload, compose_hash->payload_size));
    write_pin(w, "kms_root", slice(kms_root, sizeof kms_root));
    json_write_object_end(w);
}

static void write_tdx(json_writer *w, const recipe *r)
{
    const uint8_t *body = r->quote.body;
    json_write_object(w, "tdx");
    write_pin(w, "mr_td", slice(body + TD_MR_TD, SHA384_SIZE));
    write_pin(w, "rtmr0", slice(body + TD_RTMR, SHA384_SIZE));
    write_pin(w, "rtmr1", slice(body + TD_RTMR + SHA384_SIZE, SHA384_SIZE));
    write_pin(w, "rtmr2", slice(body + TD_RTMR + 2 * SHA384_SIZE, SHA384_SIZE));
    json_write_object_end(w);
}

static bool write_policy(const recipe *r, chaos_buffer *json_text)
{
    json_writer w = json_writer_begin(json_text);
    json_write_object(&w, NULL);
    json_write_array(&w, "anchors");
    json_write_text(&w, NULL, "simulated");
    json_write_array_end(&w);
    write_dstack(&w, r);
    json_write_text(&w, "schema", "chaoschain/policy/1");
    write_tdx(&w, r);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

bool policy_make(recipe *r, chaos_buffer *json_text)
{
    CHAOS_AUTO_BUFFER(log, CHAOS_MAX_EVENT_LOG);
    uint8_t rtmrs[RTMR_COUNT * SHA384_SIZE];
    uint8_t *place = r->quote.body + TD_RTMR;
    memcpy(rtmrs, place, sizeof rtmrs);
    bool good = event_log_make(r, &log) && write_policy(r, json_text);
    memcpy(place, rtmrs, sizeof rtmrs); /* events are extended into them, so they must begin as they were */
    return good;
}
