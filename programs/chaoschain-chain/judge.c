/* judge.c - what a judge brings himself: roots, policy, collateral, and where content is found. */
#include "chain_program.h"

#include <time.h>

static chaos_status add_roots(judging *j, const options *o, size_t row, chaos_error *err)
{
    const char *path;

    CHAOS_TRY(chaos_trust_new(&j->trust, err));
    for (size_t i = 0; (path = options_value(o, row, i)) != NULL; i++) {
        CHAOS_AUTO_BUFFER(bytes, INPUT_MAX_ROOT + 1);
        CHAOS_TRY(input_read_root(path, &bytes, err));
        CHAOS_TRY(chaos_trust_add_root(j->trust, buffer_slice(&bytes), err));
    }
    return CHAOS_OK;
}

static chaos_status open_content(judging *j, const options *o, size_t base, chaos_error *err)
{
    chaos_content_options content = CHAOS_CONTENT_OPTIONS_INIT;
    const char *gateway;

    content.folder = options_value(o, base + JUDGE_OPT_CONTENT, 0);
    content.base = options_value(o, base + JUDGE_OPT_BASE, 0);
    content.allow_local = options_has(o, base + JUDGE_OPT_LOCAL);
    for (size_t i = 0; (gateway = options_value(o, base + JUDGE_OPT_GATEWAY, i)) != NULL; i++) {
        content.gateways[i] = gateway;
    }
    gateway = getenv("CHAOS_IPFS_GATEWAY");
    if (content.gateways[0] == NULL && gateway != NULL && gateway[0] != '\0') {
        content.gateways[0] = gateway;
    }
    return chaos_content_open(&content, &j->content, err);
}

static chaos_status read_files(judging *j, const options *o, size_t base, chaos_error *err)
{
    const char *policy = options_value(o, base + JUDGE_OPT_POLICY, 0);
    const char *collateral = options_value(o, base + JUDGE_OPT_COLLATERAL, 0);
    const char *at = options_value(o, base + JUDGE_OPT_AT, 0);

    j->has_time = at != NULL;
    if (at != NULL && !value_time(at, &j->at)) {
        return usage_error(err, "--at", at, "a time like 2026-01-01T00:00:00Z or Unix seconds");
    }
    if (policy != NULL && strcmp(policy, "default") != 0) {
        CHAOS_TRY(input_read("--policy", policy, CHAOS_MAX_POLICY - 1, &j->policy, err));
    }
    return collateral == NULL
               ? CHAOS_OK
               : input_read("--collateral", collateral, CHAOS_MAX_COLLATERAL - 1, &j->collateral, err);
}

/* Where collateral comes from when no file was given. */
static chaos_status open_cache(judging *j, const options *o, size_t base, chaos_error *err)
{
    chaos_collateral_service service = CHAOS_COLLATERAL_SERVICE_INIT;
    chaos_collateral_cache_options how = CHAOS_COLLATERAL_CACHE_OPTIONS_INIT;

    how.folder = options_value(o, base + JUDGE_OPT_CACHE, 0);
    service.url = options_value(o, base + JUDGE_OPT_SERVICE, 0);
    if (how.folder == NULL) {
        return service.url == NULL ? CHAOS_OK
                                   : error_set(err, CHAOS_E_USAGE, "--collateral-service", CHAOS_NO_OFFSET,
                                               "it goes with --collateral-cache DIR");
    }
    if (options_has(o, base + JUDGE_OPT_COLLATERAL)) {
        return error_set(err, CHAOS_E_USAGE, "--collateral-cache", CHAOS_NO_OFFSET,
                         "a file or a folder: --collateral or --collateral-cache");
    }
    service.kind = service.url == NULL ? CHAOS_SERVICE_PCS : CHAOS_SERVICE_PCCS;
    service.allow_local = true; /* the operator wrote the URL */
    how.service = &service;
    how.trust = j->trust;
    return chaos_collateral_cache_open(&how, &j->cache, err);
}

chaos_status judge_open(judging *j, const chain_session *s, size_t base, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(store, 4096);
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;

    CHAOS_TRY(add_roots(j, s->o, base + JUDGE_OPT_TRUST_ROOT, err));
    CHAOS_TRY(read_files(j, s->o, base, err));
    CHAOS_TRY(open_cache(j, s->o, base, err));
    CHAOS_TRY(open_content(j, s->o, base, err));
    config.registries = s->registries;
    config.sender = s->sender;
    if (s->sender != NULL) {
        CHAOS_TRY(journal_path(s->o, &store, err));
        config.store = (const char *)store.data;
    }
    config.content = j->content;
    config.trust = j->trust;
    config.policy = buffer_slice(&j->policy);
    config.collateral = buffer_slice(&j->collateral);
    if (j->cache != NULL) {
        config.collateral_source = chaos_collateral_cached_source;
        config.collateral_context = j->cache;
    }
    config.first_block = s->network.first_block;
    config.log = log_line;
    config.log_context = (void *)(uintptr_t)s;
    return chaos_validator_open(&config, &j->validator, err);
}

int64_t judge_now(const judging *j)
{
    return j->has_time ? j->at : (int64_t)time(NULL);
}

void judge_close(judging *j)
{
    chaos_validator_free(j->validator);
    chaos_collateral_cache_free(j->cache);
    chaos_content_free(j->content);
    chaos_trust_free(j->trust);
    chaos_buffer_free(&j->policy);
    chaos_buffer_free(&j->collateral);
}

/* ------------------------------------------------------------------------ JSON ---- */

bool json_with_verdict(chaos_buffer *object, const chaos_verdict *verdict)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_VERDICT);

    if (verdict != NULL && chaos_verdict_write_json(verdict, &text, NULL) != CHAOS_OK) {
        return false;
    }
    while (text.size > 0 && text.data[text.size - 1] == '\n') {
        text.size--;
    }
    object->size--; /* the closing brace, which comes again behind the verdict */
    return buffer_append_text(object, ",\"verdict\":") &&
           (verdict == NULL ? buffer_append_text(object, "null") : buffer_append(object, buffer_slice(&text))) &&
           buffer_append_text(object, "}\n");
}
