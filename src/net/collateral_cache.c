/* collateral_cache.c - when collateral that is kept will do, when it is renewed, and what may take its place. */
#include "net/collateral.h"

#include <stdatomic.h>
#include <stdio.h>

#define DEFAULT_MARGIN (7u * 24u * 3600u)
#define MAX_NAME 64
#define PAUSE_S 60 /* after a failure, while what is kept will do */

struct chaos_collateral_cache {
    char *folder, *url, *root_crl_url;
    bool has_service;
    chaos_collateral_service service; /* its strings are those above */
    const chaos_trust *trust;
    chaos_trust *vendor; /* what `trust` is when the caller gave none */
    int64_t margin;
    /* Of the last renewal that failed while something good was kept; OK: none. */
    _Atomic int64_t failed_at;
    _Atomic unsigned failed_with;
};

const char *chaos_collateral_origin_name(chaos_collateral_origin origin)
{
    switch (origin) {
    case CHAOS_ORIGIN_CACHE:
        return "cache";
    case CHAOS_ORIGIN_SERVICE:
        return "service";
    case CHAOS_ORIGIN_KEPT:
        return "kept";
    }
    return "unknown";
}

void chaos_collateral_cache_free(chaos_collateral_cache *cache)
{
    if (cache != NULL) {
        chaos_trust_free(cache->vendor);
        free(cache->folder);
        free(cache->url);
        free(cache->root_crl_url);
        free(cache);
    }
}

/* -------------------------------------------------------------------- open ---- */

static chaos_status copy(const char *text, char **out, chaos_error *err)
{
    *out = text == NULL ? NULL : strdup(text);
    return text == NULL || *out != NULL ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status check_options(const chaos_collateral_cache_options *o, chaos_error *err)
{
    if (o == NULL || o->size != sizeof *o) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET,
                         "begin with CHAOS_COLLATERAL_CACHE_OPTIONS_INIT");
    }
    if (o->folder == NULL || o->folder[0] == '\0' ||
        strnlen(o->folder, COLLATERAL_MAX_PATH) >= COLLATERAL_MAX_PATH - MAX_NAME) {
        return error_set(err, CHAOS_E_USAGE, "folder", CHAOS_NO_OFFSET, "the folder's path is missing or too long");
    }
    return o->service == NULL ? CHAOS_OK : collateral_check_service(o->service, err);
}

static chaos_status take_service(chaos_collateral_cache *cache, const chaos_collateral_service *service,
                                 chaos_error *err)
{
    if (service == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(copy(service->url, &cache->url, err));
    CHAOS_TRY(copy(service->root_crl_url, &cache->root_crl_url, err));
    cache->service = *service;
    cache->service.url = cache->url;
    cache->service.root_crl_url = cache->root_crl_url;
    cache->has_service = true;
    return CHAOS_OK;
}

static chaos_status fill(chaos_collateral_cache *cache, const chaos_collateral_cache_options *options, chaos_error *err)
{
    CHAOS_TRY(copy(options->folder, &cache->folder, err));
    CHAOS_TRY(take_service(cache, options->service, err));
    if (options->trust == NULL) {
        CHAOS_TRY(chaos_trust_new(&cache->vendor, err));
    }
    cache->trust = options->trust == NULL ? cache->vendor : options->trust;
    cache->margin = options->margin == 0 ? DEFAULT_MARGIN : options->margin;
    return collateral_folder_make(cache->folder, err);
}

chaos_status chaos_collateral_cache_open(const chaos_collateral_cache_options *options, chaos_collateral_cache **cache,
                                         chaos_error *err)
{
    chaos_collateral_cache *made;

    if (cache == NULL) {
        return error_set(err, CHAOS_E_USAGE, "cache", CHAOS_NO_OFFSET, "cache may not be NULL");
    }
    CHAOS_TRY(check_options(options, err));
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    chaos_status status = fill(made, options, err);
    if (status != CHAOS_OK) {
        chaos_collateral_cache_free(made);
        return status;
    }
    *cache = made;
    return CHAOS_OK;
}

/* ------------------------------------------------------------ what is there ---- */

typedef enum kept_state {
    KEPT_NONE,    /* there is no file, or one that is good for nothing: then with the reason */
    KEPT_EXPIRED, /* genuine, but not valid at this time */
    KEPT_GOOD
} kept_state;

typedef struct kept {
    kept_state state;
    chaos_buffer text;
    chaos_collateral_facts facts; /* if it is good */
    chaos_error why;              /* if it is not */
} kept;

static void kept_cleanup(kept *k)
{
    chaos_buffer_free(&k->text);
}

/* A new floor where there is none. */
static chaos_status read_floor(const chaos_collateral_cache *cache, chaos_floor **floor, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_FLOOR);
    bool there;

    CHAOS_TRY(collateral_folder_read(cache->folder, COLLATERAL_FLOOR, &text, &there, err));
    if (!there) {
        return chaos_floor_new(floor, err);
    }
    chaos_error why = { 0 };
    if (chaos_floor_parse(buffer_slice(&text), floor, &why) == CHAOS_OK) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_FILE_IO, "floor", CHAOS_NO_OFFSET,
                    "%s in the folder of collateral is damaged; without it nothing old can be told", COLLATERAL_FLOOR);
    error_found(err, "%s: %s", chaos_status_name(why.status), why.text);
    return CHAOS_E_FILE_IO;
}

static chaos_status judge_kept(const chaos_collateral_cache *cache, const chaos_platform *platform, int64_t now,
                               const chaos_floor *floor, kept *k)
{
    CHAOS_TRY(collateral_judge(buffer_slice(&k->text), platform, cache->trust, now, &k->facts, &k->why));
    CHAOS_TRY(chaos_floor_check(floor, &k->facts, &k->why));
    return collateral_check_number(cache->has_service ? cache->service.evaluation_number : 0, &k->facts, &k->why);
}

/* A file that cannot be read at all is an error; one that is not good is none, and will be replaced. */
static chaos_status look(const chaos_collateral_cache *cache, const chaos_platform *platform, int64_t now,
                         const chaos_floor *floor, kept *k, chaos_error *err)
{
    char name[COLLATERAL_NAME_SIZE];
    chaos_status status;
    bool there;

    collateral_name(platform, name);
    status = collateral_folder_read(cache->folder, name, &k->text, &there, err);
    if (status == CHAOS_E_LIMIT) {
        k->why = (chaos_error){ 0 };
        (void)error_set(&k->why, CHAOS_E_COLLATERAL_FORMAT, "collateral", CHAOS_NO_OFFSET, "larger than it may be");
        return CHAOS_OK;
    }
    CHAOS_TRY(status);
    if (!there) {
        return CHAOS_OK;
    }
    status = judge_kept(cache, platform, now, floor, k);
    k->state = status == CHAOS_OK ? KEPT_GOOD : status_is_date(status) ? KEPT_EXPIRED
                                                                       : KEPT_NONE;
    if (chaos_status_class(status) == CHAOS_CLASS_INTERNAL) {
        if (err != NULL) {
            *err = k->why;
        }
        return status;
    }
    return CHAOS_OK;
}

/* ----------------------------------------------------------------- renewing ---- */

/* Under the lock: what others have stored meanwhile counts too. */
static chaos_status store_locked(const chaos_collateral_cache *cache, const chaos_platform *platform, int64_t now,
                                 chaos_slice text, const chaos_collateral_facts *facts, chaos_error *err)
{
    __attribute__((cleanup(kept_cleanup))) kept k = { .text = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL) };
    CHAOS_AUTO(chaos_floor, floor);
    CHAOS_AUTO_BUFFER(floor_text, CHAOS_MAX_FLOOR);
    char name[COLLATERAL_NAME_SIZE];

    CHAOS_TRY(read_floor(cache, &floor, err));
    CHAOS_TRY(look(cache, platform, now, floor, &k, err));
    if (k.state == KEPT_GOOD) { /* stored by one that was killed before it raised the floor */
        CHAOS_TRY(chaos_floor_raise(floor, &k.facts, err));
    }
    CHAOS_TRY(chaos_floor_check(floor, facts, err));
    CHAOS_TRY(chaos_floor_raise(floor, facts, err));
    CHAOS_TRY(chaos_floor_write(floor, &floor_text, err));
    collateral_name(platform, name);
    CHAOS_TRY(collateral_folder_write(cache->folder, name, text, err));
    return collateral_folder_write(cache->folder, COLLATERAL_FLOOR, buffer_slice(&floor_text), err);
}

static chaos_status renew_it(const chaos_collateral_cache *cache, const chaos_platform *platform, int64_t now,
                             chaos_buffer *text, chaos_collateral_facts *facts, chaos_error *err)
{
    int lock;

    CHAOS_TRY(chaos_collateral_fetch(&cache->service, platform, cache->trust, now, text, facts, err));
    CHAOS_TRY(collateral_folder_lock(cache->folder, &lock, err));
    chaos_status status = store_locked(cache, platform, now, buffer_slice(text), facts, err);
    collateral_folder_unlock(lock);
    return status;
}

/* ---------------------------------------------------------------------- get ---- */

/* Nothing valid is there, and nobody gave anything better. `failure` is the service's; OK: nobody was asked. */
static chaos_status nothing(const kept *k, const chaos_error *failure, chaos_error *err)
{
    const bool asked = failure->status != CHAOS_OK;

    if (asked && (k->state != KEPT_EXPIRED || chaos_status_class(failure->status) != CHAOS_CLASS_ENV)) {
        if (err != NULL) {
            *err = *failure;
        }
        return failure->status;
    }
    if (k->why.status == CHAOS_OK) {
        return error_set(err, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET,
                         "nothing is kept of this platform, and no service is asked");
    }
    (void)error_set(err, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET,
                    "what is kept of this platform %s%s",
                    k->state == KEPT_EXPIRED ? "is not valid at this time" : "is not good",
                    asked ? ", and the service fails" : ", and no service is asked");
    error_found(err, "%s%s%s", chaos_status_name(k->why.status), asked ? "; " : "", asked ? failure->text : "");
    return CHAOS_E_COLLATERAL_MISSING;
}

static chaos_status give(chaos_slice bytes, const chaos_cached_collateral *what, chaos_buffer *text,
                         chaos_cached_collateral *found, chaos_error *err)
{
    if (!buffer_append(text, bytes)) {
        return error_set(err, CHAOS_E_LIMIT, "json", CHAOS_NO_OFFSET, NULL);
    }
    if (found != NULL) {
        *found = *what;
    }
    return CHAOS_OK;
}

/* A service that just failed is left alone for a while: whoever asks has something good, and need not wait again. */
static bool is_paused(chaos_collateral_cache *cache, int64_t now, chaos_error *failure)
{
    const chaos_status status = (chaos_status)atomic_load(&cache->failed_with);
    const int64_t at = atomic_load(&cache->failed_at);

    if (status == CHAOS_OK || now < at || now - at >= PAUSE_S) {
        return false;
    }
    (void)error_set(failure, status, "collateral", CHAOS_NO_OFFSET,
                    "the service failed within the last minute, and is not asked again yet");
    return true;
}

static chaos_status renew_or_pause(chaos_collateral_cache *cache, const chaos_platform *platform, bool may_pause,
                                   int64_t now, chaos_buffer *text, chaos_cached_collateral *what)
{
    if (may_pause && is_paused(cache, now, &what->failure)) {
        return what->failure.status;
    }
    chaos_status status = renew_it(cache, platform, now, text, &what->facts, &what->failure);
    atomic_store(&cache->failed_at, now);
    atomic_store(&cache->failed_with, (unsigned)status);
    return status;
}

chaos_status chaos_collateral_cache_get(chaos_collateral_cache *cache, const chaos_platform *platform, bool renew,
                                        int64_t now, chaos_buffer *text, chaos_cached_collateral *found,
                                        chaos_error *err)
{
    __attribute__((cleanup(kept_cleanup))) kept k = { .text = CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL) };
    CHAOS_AUTO(chaos_floor, floor);
    CHAOS_AUTO_BUFFER(fetched, CHAOS_MAX_COLLATERAL);
    chaos_cached_collateral what = { .origin = CHAOS_ORIGIN_CACHE };

    if (cache == NULL || text == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "cache and json may not be NULL");
    }
    CHAOS_TRY(collateral_check_platform(platform, err));
    CHAOS_TRY(read_floor(cache, &floor, err));
    CHAOS_TRY(look(cache, platform, now, floor, &k, err));
    what.facts = k.facts;
    if (k.state == KEPT_GOOD && (!cache->has_service || (!renew && k.facts.valid_to - cache->margin > now))) {
        return give(buffer_slice(&k.text), &what, text, found, err);
    }
    if (!cache->has_service) {
        return nothing(&k, &what.failure, err);
    }
    if (renew_or_pause(cache, platform, k.state == KEPT_GOOD && !renew, now, &fetched, &what) == CHAOS_OK) {
        what.origin = CHAOS_ORIGIN_SERVICE;
        what.failure = (chaos_error){ 0 };
        return give(buffer_slice(&fetched), &what, text, found, err);
    }
    if (k.state != KEPT_GOOD) {
        return nothing(&k, &what.failure, err);
    }
    what.origin = CHAOS_ORIGIN_KEPT;
    what.facts = k.facts;
    return give(buffer_slice(&k.text), &what, text, found, err);
}

chaos_status chaos_collateral_cached_source(void *context, const chaos_evidence *evidence, int64_t now,
                                            chaos_buffer *text, chaos_error *err)
{
    chaos_collateral_cache *cache = context;
    chaos_platform platform;
    chaos_error failure = { 0 };

    CHAOS_TRY(chaos_evidence_platform(evidence, &platform, err));
    chaos_status status = chaos_collateral_cache_get(cache, &platform, false, now, text, NULL, &failure);
    chaos_class class = chaos_status_class(status);
    if (class == CHAOS_CLASS_FORMAT || class == CHAOS_CLASS_TRUST) {
        (void)error_set(err, CHAOS_E_COLLATERAL_MISSING, "collateral", CHAOS_NO_OFFSET,
                        "what the collateral service gives is not good");
        error_found(err, "%s: %s", chaos_status_name(status), failure.text);
        return CHAOS_E_COLLATERAL_MISSING;
    }
    if (status != CHAOS_OK && err != NULL) {
        *err = failure;
    }
    return status;
}
