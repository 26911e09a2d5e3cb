/* td.c - see td.h. The recipe of the forge, with nothing of dstack in it. */
#include "sim/td.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

#include "sim/recipe.h"

#define MAX_SEED 128
#define MAX_POLICY 4096u
#define RTMR3 3u

static const char own_application[] = "the simulator's own application, version 1";

struct td {
    pthread_mutex_t lock;
    recipe r;
    char seed[MAX_SEED];
    chaos_buffer collateral, policy;
};

static uint8_t *rtmr(td *t, unsigned index)
{
    return t->r.quote.body + TD_RTMR + (size_t)(index % TD_REGISTERS) * TD_REGISTER_SIZE;
}

static void extend(td *t, unsigned index, const uint8_t digest[TD_REGISTER_SIZE])
{
    uint8_t *at = rtmr(t, index);
    hash_sha384_two(slice(at, TD_REGISTER_SIZE), slice(digest, TD_REGISTER_SIZE), at);
}

/* ----------------------------------------------------------------- making ---- */

static chaos_status set_seed(const td_options *options, td *t, chaos_error *err)
{
    uint8_t bytes[32];
    if (options->seed != NULL && strlen(options->seed) >= sizeof t->seed) {
        return error_set(err, CHAOS_E_USAGE, "seed", CHAOS_NO_OFFSET, "a seed has at most %zu bytes",
                         sizeof t->seed - 1);
    }
    if (options->seed != NULL) {
        memcpy(t->seed, options->seed, strlen(options->seed) + 1);
        return CHAOS_OK;
    }
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return error_set(err, CHAOS_E_CRYPTO, "seed", CHAOS_NO_OFFSET, "the system gives no randomness");
    }
    hex_encode(slice(bytes, sizeof bytes), t->seed);
    return CHAOS_OK;
}

/* RTMR0 to 2 as firmware and kernel extend them; of dstack's events none, so that RTMR3 is still zero. */
static bool measure_boot(recipe *r)
{
    CHAOS_AUTO_BUFFER(log, CHAOS_MAX_EVENT_LOG);
    for (size_t i = 0; i < r->log.count; i++) {
        r->log.events[i].measured = r->log.events[i].imr != RTMR3;
    }
    return event_log_make(r, &log);
}

static void write_pin(json_writer *w, const char *key, const uint8_t *value)
{
    json_write_array(w, key);
    json_write_hex(w, NULL, slice(value, TD_REGISTER_SIZE));
    json_write_array_end(w);
}

static bool write_policy(td *t)
{
    static const char *const names[TD_REGISTERS] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    json_writer w = json_writer_begin(&t->policy);
    json_write_object(&w, NULL);
    json_write_array(&w, "anchors");
    json_write_text(&w, NULL, "simulated");
    json_write_array_end(&w);
    json_write_text(&w, "schema", "chaoschain/policy/1");
    json_write_object(&w, "tdx");
    write_pin(&w, "mr_td", t->r.quote.body + TD_MR_TD);
    for (unsigned i = 0; i < TD_REGISTERS; i++) {
        write_pin(&w, names[i], rtmr(t, i));
    }
    json_write_object_end(&w);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

static bool boot(td *t, chaos_slice application)
{
    uint8_t digest[TD_REGISTER_SIZE];
    if (!measure_boot(&t->r)) {
        return false;
    }
    hash_sha384_two(application, slice(NULL, 0), digest);
    extend(t, RTMR3, digest);
    for (unsigned i = 0; i < CERT_COUNT; i++) {
        if (!certificate_make(&t->r, (sim_cert)i, &t->r.ders[i])) {
            return false;
        }
    }
    return collateral_make(&t->r, &t->collateral) && write_policy(t);
}

chaos_status td_new(const td_options *options, td **made, chaos_error *err)
{
    forge_options forged = { .now = options->now != 0 ? options->now : (int64_t)time(NULL), .has_report_data = true };
    td *t = calloc(1, sizeof *t);
    if (t == NULL || pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    t->collateral.limit = CHAOS_MAX_COLLATERAL;
    t->policy.limit = MAX_POLICY;
    chaos_status status = set_seed(options, t, err);
    forged.seed = t->seed;
    if (status == CHAOS_OK &&
        (!recipe_init(&t->r, FORGE_TDX4, &forged) ||
         !boot(t, options->application.size > 0 ? options->application : slice_text(own_application)))) {
        status = error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the simulated TD could not be made");
    }
    if (status != CHAOS_OK) {
        td_free(t);
        return status;
    }
    *made = t;
    return CHAOS_OK;
}

void td_free(td *t)
{
    if (t != NULL) {
        chaos_buffer_free(&t->collateral);
        chaos_buffer_free(&t->policy);
        recipe_free(&t->r);
        (void)pthread_mutex_destroy(&t->lock);
        explicit_bzero(t, sizeof *t);
        free(t);
    }
}

/* ------------------------------------------------------------------ asking ---- */

bool td_quote(td *t, const uint8_t report_data[TD_REPORT_DATA_BYTES], chaos_buffer *quote)
{
    (void)pthread_mutex_lock(&t->lock);
    memcpy(t->r.quote.body + TD_REPORT_DATA, report_data, TD_REPORT_DATA_BYTES);
    const bool good = quote_make(&t->r, quote);
    (void)pthread_mutex_unlock(&t->lock);
    return good;
}

void td_read_mr_td(td *t, uint8_t out[TD_REGISTER_SIZE])
{
    (void)pthread_mutex_lock(&t->lock);
    memcpy(out, t->r.quote.body + TD_MR_TD, TD_REGISTER_SIZE);
    (void)pthread_mutex_unlock(&t->lock);
}

void td_read_rtmr(td *t, unsigned index, uint8_t out[TD_REGISTER_SIZE])
{
    (void)pthread_mutex_lock(&t->lock);
    memcpy(out, rtmr(t, index), TD_REGISTER_SIZE);
    (void)pthread_mutex_unlock(&t->lock);
}

void td_extend(td *t, unsigned index, const uint8_t digest[TD_REGISTER_SIZE])
{
    (void)pthread_mutex_lock(&t->lock);
    extend(t, index, digest);
    (void)pthread_mutex_unlock(&t->lock);
}

bool td_file(const td *t, size_t index, const char **name, chaos_slice *bytes)
{
    const struct {
        const char *name;
        chaos_slice bytes;
    } files[] = {
        { "trust-root.der", buffer_slice(&t->r.ders[CERT_TRUSTED_ROOT]) },
        { "collateral.json", buffer_slice(&t->collateral) },
        { "policy.json", buffer_slice(&t->policy) },
    };
    if (index >= CHAOS_ARRAY_SIZE(files)) {
        return false;
    }
    *name = files[index].name;
    *bytes = files[index].bytes;
    return true;
}
