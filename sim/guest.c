/* guest.c - the state of a simulated dstack guest: its machine's PKI, its keys, its registers and its event log. */
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "sim/guest_state.h"

#define MAX_FILE (512u * 1024u)
#define RUNTIME_EVENTS_MAX 512 /* emitted by the application */
#define EVENT_ROOM 256         /* what stands around name and payload in the log */
#define LONGEST_ESCAPE 6

static const char default_compose[] =
    "{\"manifest_version\":2,\"name\":\"chaoschain-simulated-agent\",\"runner\":\"docker-compose\","
    "\"docker_compose_file\":\"services: {agent: {image: simulator.invalid/agent}}\",\"kms_enabled\":true,"
    "\"public_logs\":false,\"public_sysinfo\":false,\"no_instance_id\":false,\"allowed_envs\":[]}";

/* ----------------------------------------------------------------- making ---- */

static bool random_seed(char seed[GUEST_MAX_SEED])
{
    uint8_t bytes[32];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    hex_encode(slice(bytes, sizeof bytes), seed);
    seed[2 * sizeof bytes] = '\0';
    explicit_bzero(bytes, sizeof bytes);
    return true;
}

static void set_payload(event_spec *event, const uint8_t *bytes, size_t size)
{
    memcpy(event->payload, bytes, size);
    event->payload_size = size;
}

/* The machine of the recipe with this application in it; registers and log as they are after booting. */
static bool boot(guest *g)
{
    recipe *r = &g->r;
    set_payload(&r->log.events[EVENT_APP_ID], g->app_id, sizeof g->app_id);
    set_payload(&r->log.events[EVENT_COMPOSE_HASH], g->compose_hash.bytes, sizeof g->compose_hash.bytes);
    if (!agent_keyring_make(g->seed, g->app_id, "", &r->agent)) {
        return false;
    }
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        if (!certificate_make(r, (sim_cert)i, &r->ders[i])) {
            return false;
        }
    }
    return policy_make(r, &g->policy) && event_log_make(r, &g->log) && collateral_make(r, &g->collateral);
}

/* The member "name" of the compose file, which is JSON or no compose file. */
static chaos_status read_compose(guest *g, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(decoded, MAX_FILE);
    json j;
    chaos_slice key, name = slice("", 0);
    if (buffer_reserve(&decoded, g->app_compose.size) == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    json_begin(&j, buffer_slice(&g->app_compose), CHAOS_E_USAGE);
    json_enter_object(&j, "app_compose");
    while (json_key(&j, &key)) {
        if (slice_is(key, "name") && json_peek(&j) == JSON_KIND_STRING) {
            name = json_decoded_string(&j, "name", &decoded);
        } else {
            json_skip(&j, "app_compose", NULL);
        }
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return error_set(err, CHAOS_E_USAGE, "app_compose", j.r.why.offset, "the compose file is no JSON object: %s",
                         j.r.why.reason == NULL ? "malformed" : j.r.why.reason);
    }
    if (name.size > GUEST_MAX_NAME) {
        return error_set(err, CHAOS_E_USAGE, "app_compose", CHAOS_NO_OFFSET,
                         "the compose file's name has more than %d bytes", GUEST_MAX_NAME);
    }
    if (name.size > 0) {
        memcpy(g->app_name, name.data, name.size);
    }
    return CHAOS_OK;
}

static chaos_status set_up(const guest_options *options, guest *g, chaos_error *err)
{
    forge_options forged = { .now = options->now != 0 ? options->now : (int64_t)time(NULL),
                             .has_report_data = true };
    if (options->seed != NULL && strlen(options->seed) >= sizeof g->seed) {
        return error_set(err, CHAOS_E_USAGE, "seed", CHAOS_NO_OFFSET, "a seed has at most %zu bytes",
                         sizeof g->seed - 1);
    }
    if (options->seed != NULL) {
        memcpy(g->seed, options->seed, strlen(options->seed) + 1);
    } else if (!random_seed(g->seed)) {
        return error_set(err, CHAOS_E_CRYPTO, "seed", CHAOS_NO_OFFSET, "the system gives no randomness");
    }
    chaos_slice compose = options->app_compose.size > 0 ? options->app_compose : slice_text(default_compose);
    if (compose.size > g->app_compose.limit) {
        return error_set(err, CHAOS_E_USAGE, "app_compose", CHAOS_NO_OFFSET,
                         "the compose file has more than %zu bytes", g->app_compose.limit);
    }
    g->compose_hash = hash_sha256(compose);
    chaos_sha256 of_seed = hash_sha256_two(slice_text(g->seed), slice_text("app id"));
    memcpy(g->app_id, options->has_app_id ? options->app_id : of_seed.bytes, sizeof g->app_id);
    g->strip = options->strip;
    forged.seed = g->seed;
    if (!buffer_append(&g->app_compose, compose)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    chaos_status readable = read_compose(g, err);
    if (readable != CHAOS_OK) {
        return readable;
    }
    if (!recipe_init(&g->r, FORGE_TDX4, &forged) || !boot(g) || !guest_make_app_cert(g)) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the simulated machine could not be made");
    }
    uint8_t root[K1_COMPRESSED_SIZE];
    k1_compress(&g->r.agent.point[AGENT_KMS_ROOT], root);
    hex_encode(slice(root, sizeof root), g->kms_root_hex);
    g->kms_root_hex[2 * sizeof root] = '\n';
    return CHAOS_OK;
}

chaos_status guest_new(const guest_options *options, guest **made, chaos_error *err)
{
    guest *g = calloc(1, sizeof *g);
    if (g == NULL || pthread_mutex_init(&g->lock, NULL) != 0) {
        free(g);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    g->app_compose.limit = MAX_FILE;
    g->app_cert.limit = MAX_FILE;
    g->log.limit = CHAOS_MAX_EVENT_LOG;
    g->collateral.limit = CHAOS_MAX_COLLATERAL;
    g->policy.limit = MAX_FILE;
    chaos_status status = set_up(options, g, err);
    if (status != CHAOS_OK) {
        guest_free(g);
        return status;
    }
    *made = g;
    return CHAOS_OK;
}

void guest_free(guest *g)
{
    if (g != NULL) {
        chaos_buffer_free(&g->app_compose);
        chaos_buffer_free(&g->app_cert);
        chaos_buffer_free(&g->log);
        chaos_buffer_free(&g->collateral);
        chaos_buffer_free(&g->policy);
        recipe_free(&g->r);
        (void)pthread_mutex_destroy(&g->lock);
        explicit_bzero(g, sizeof *g);
        free(g);
    }
}

/* ------------------------------------------------------------------- keys ---- */

bool guest_derive(const guest *g, chaos_slice path, uint8_t secret[K1_SIZE])
{
    return ratls_derive(g->r.agent.scalar[AGENT_APP_ROOT], path, secret);
}

/* The application's root key over "PURPOSE:hex of the key", the KMS over that root key and the application's id. */
bool guest_chain(const guest *g, chaos_slice purpose, chaos_slice public_key, uint8_t links[GUEST_MAX_CHAIN][65])
{
    static const char issued[] = "dstack-kms-issued:";
    CHAOS_AUTO_BUFFER(claim, GUEST_MAX_TEXT + 256);
    CHAOS_AUTO_BUFFER(issue, 256);
    uint8_t app_root[K1_COMPRESSED_SIZE];
    if (!buffer_append(&claim, purpose) || !buffer_append_text(&claim, ":")) {
        return false;
    }
    uint8_t *digits = buffer_reserve(&claim, 2 * public_key.size);
    if (digits == NULL) {
        return false;
    }
    hex_encode(public_key, (char *)digits);
    claim.size += 2 * public_key.size;
    k1_compress(&g->r.agent.point[AGENT_APP_ROOT], app_root);
    chaos_keccak of_claim = hash_keccak(buffer_slice(&claim));
    if (!buffer_append_text(&issue, issued) || !buffer_append(&issue, slice(g->app_id, sizeof g->app_id)) ||
        !buffer_append(&issue, slice(app_root, sizeof app_root))) {
        return false;
    }
    chaos_keccak of_issue = hash_keccak(buffer_slice(&issue));
    return k1_sign(g->r.agent.scalar[AGENT_APP_ROOT], &of_claim, links[0]) &&
           k1_sign(g->r.agent.scalar[AGENT_KMS_ROOT], &of_issue, links[1]);
}

chaos_status guest_key(guest *g, chaos_slice path, chaos_slice purpose, uint8_t secret[32],
                       uint8_t links[GUEST_MAX_CHAIN][65], chaos_error *err)
{
    k1_point point;
    uint8_t compressed[K1_COMPRESSED_SIZE];
    (void)pthread_mutex_lock(&g->lock);
    bool ok = guest_derive(g, path, secret) && k1_public(secret, &point);
    if (ok) {
        k1_compress(&point, compressed);
        ok = guest_chain(g, purpose, slice(compressed, sizeof compressed), links);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return ok ? CHAOS_OK
              : error_set(err, CHAOS_E_USAGE, "path", CHAOS_NO_OFFSET, "no key can be derived for this path");
}

/* ----------------------------------------------------------------- quotes ---- */

bool guest_quote_locked(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE], chaos_buffer *quote)
{
    memcpy(g->r.quote.body + TD_REPORT_DATA, report_data, GUEST_REPORT_DATA_SIZE);
    return quote_make(&g->r, quote);
}

/* As hardware strips it: events of RTMR3 without digests. */
static bool write_stripped(const guest *g, chaos_buffer *log)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event event;
    bool first = true, ok = buffer_append_text(log, "[");
    event_log_begin(&reading, buffer_slice(&g->log), &storage);
    while (ok && event_log_next(&reading, &event)) {
        event.has_digest = event.imr != 3;
        ok = (first || buffer_append_text(log, ",")) && event_log_write(&event, log);
        first = false;
    }
    return ok && event_log_fault(&reading)->status == CHAOS_OK && buffer_append_text(log, "]");
}

bool guest_log_locked(const guest *g, bool stripped, chaos_buffer *log)
{
    return stripped ? write_stripped(g, log) : buffer_append(log, buffer_slice(&g->log));
}

chaos_status guest_quote(guest *g, const chaos_report_data *report_data, chaos_buffer *quote,
                         chaos_buffer *event_log, chaos_error *err)
{
    (void)pthread_mutex_lock(&g->lock);
    bool ok = guest_quote_locked(g, report_data->bytes, quote) && guest_log_locked(g, g->strip, event_log);
    (void)pthread_mutex_unlock(&g->lock);
    return ok ? CHAOS_OK
              : error_set(err, CHAOS_E_INTERNAL, "quote", CHAOS_NO_OFFSET, "the quote could not be made");
}

/* ----------------------------------------------------------------- events ---- */

static bool append_event(guest *g, const log_event *event)
{
    size_t size = g->log.size;
    while (size > 0 && g->log.data[size - 1] != ']') {
        size--;
    }
    size_t before = g->log.size;
    g->log.size = size - 1; /* over the bracket, which is written again */
    if (buffer_append_text(&g->log, ",") && event_log_write(event, &g->log) && buffer_append_text(&g->log, "]")) {
        return true;
    }
    g->log.size = before;
    g->log.data[size - 1] = ']';
    return false;
}

chaos_status guest_extend(guest *g, chaos_slice name, chaos_slice payload, const char **why)
{
    char digits[2 * GUEST_MAX_EVENT_PAYLOAD];
    uint8_t *rtmr3 = g->r.quote.body + TD_RTMR + 3 * SHA384_SIZE;
    log_event event = {
        .imr = 3, .event_type = EVENT_TYPE_RUNTIME, .has_digest = true, .name = name, .version = 1
    };
    *why = NULL;
    if (!event_name_is_good(name)) { /* else nobody could read the log any more */
        *why = "an event's name has 1 to 256 bytes, no colon and no control character";
    } else if (payload.size > GUEST_MAX_EVENT_PAYLOAD) {
        *why = "an event's payload has at most 8192 bytes";
    } else if (g->runtime_events == RUNTIME_EVENTS_MAX ||
               g->log.size + EVENT_ROOM + LONGEST_ESCAPE * name.size + 2 * payload.size > g->log.limit) {
        *why = "the event log is full";
    }
    if (*why != NULL) {
        return CHAOS_E_USAGE;
    }
    hex_encode(payload, digits);
    event.payload_hex = slice(digits, 2 * payload.size);
    if (!event_digest(&event, event.digest) || !append_event(g, &event)) {
        return CHAOS_E_MEMORY;
    }
    hash_sha384_two(slice(rtmr3, SHA384_SIZE), slice(event.digest, SHA384_SIZE), rtmr3);
    g->runtime_events++;
    return CHAOS_OK;
}

chaos_status guest_emit_event(guest *g, chaos_slice name, chaos_slice payload, chaos_error *err)
{
    const char *why = NULL;
    (void)pthread_mutex_lock(&g->lock);
    chaos_status status = guest_extend(g, name, payload, &why);
    (void)pthread_mutex_unlock(&g->lock);
    return status == CHAOS_OK
               ? CHAOS_OK
               : error_set(err, status, "event", CHAOS_NO_OFFSET, "%s", why == NULL ? "out of memory" : why);
}

/* ------------------------------------------------------------------ files ---- */

chaos_slice guest_app_compose(const guest *g)
{
    return buffer_slice(&g->app_compose);
}

bool guest_file(guest *g, size_t index, const char **name, chaos_slice *bytes)
{
    const struct {
        const char *name;
        chaos_slice bytes;
    } files[GUEST_FILES] = {
        { "trust-root.der", buffer_slice(&g->r.ders[CERT_TRUSTED_ROOT]) },
        { "collateral.json", buffer_slice(&g->collateral) },
        { "kms-root.hex", slice_text(g->kms_root_hex) },
        { "app-compose.json", buffer_slice(&g->app_compose) },
        { "policy.json", buffer_slice(&g->policy) },
    };
    if (index >= GUEST_FILES) {
        return false;
    }
    *name = files[index].name;
    *bytes = files[index].bytes;
    return true;
}
