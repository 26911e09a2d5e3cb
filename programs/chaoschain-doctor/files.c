/* files.c - what is published, and what is judged with: policy, roots, collateral and its cache. */
#include "doctor.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CACHED 64u
#define MAX_NAME 255
#define SOON_S (7 * 86400)
#define DAY_S 86400

CHAOS_CLEANUP(chaos_trust);
CHAOS_CLEANUP(chaos_collateral);
CHAOS_CLEANUP(chaos_policy);

static void look_at_publish(examination *x)
{
    struct stat status;
    const char *folder = options_value(&x->o, AGENT_OPT_PUBLISH, 0);
    if (folder == NULL) {
        found(x, "published", FOUND_SKIPPED, NULL, "no folder is named (--publish)");
    } else if (stat(folder, &status) != 0) {
        found(x, "published", FOUND_SKIPPED, NULL, "%s is not there yet: registering makes it", folder);
    } else if (!S_ISDIR(status.st_mode) || access(folder, W_OK | X_OK) != 0) {
        found(x, "published", FOUND_FAIL, NULL, "%s is no folder that can be written to", folder);
    } else if (!options_has(&x->o, AGENT_OPT_PUBLISH_BASE) && !options_has(&x->o, AGENT_OPT_ENDPOINT)) {
        found(x, "published", FOUND_WARN, "--publish-base URL, or --endpoint URL",
              "%s has no address: validators cannot be told where answers are", folder);
    } else {
        found(x, "published", FOUND_OK, NULL, "%s", folder);
    }
}

/* ------------------------------------------------------------------ policy ---- */

static void look_at_policy(examination *x)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_POLICY + 1);
    CHAOS_AUTO(chaos_policy, policy);
    chaos_error err = { 0 };
    const char *path = options_value(&x->o, OPT_POLICY, 0);
    if (path == NULL || strcmp(path, "default") == 0) {
        found(x, "policy", FOUND_OK, NULL, "the default policy: a vendor's hardware, up to date, not in debug mode");
    } else if (input_read("--policy", path, CHAOS_MAX_POLICY, &text, &err) != CHAOS_OK ||
               chaos_policy_parse(buffer_slice(&text), &policy, &err) != CHAOS_OK) {
        char next[200];
        (void)snprintf(next, sizeof next, "chaoschain policy check %.150s", path);
        found_error(x, "policy", FOUND_FAIL, next, &err);
    } else {
        found(x, "policy", FOUND_OK, NULL, "%s", path);
    }
}

/* -------------------------------------------------------------- collateral ---- */

static chaos_status read_roots(const examination *x, chaos_trust *trust, chaos_error *err)
{
    const char *path;
    for (size_t i = 0; (path = options_value(&x->o, OPT_TRUST_ROOT, i)) != NULL; i++) {
        CHAOS_AUTO_BUFFER(bytes, INPUT_MAX_ROOT + 1);
        CHAOS_TRY(input_read_root(path, &bytes, err));
        CHAOS_TRY(chaos_trust_add_root(trust, buffer_slice(&bytes), err));
    }
    return CHAOS_OK;
}

static chaos_status read_collateral(const examination *x, const char *path, const chaos_trust *trust,
                                    chaos_collateral_facts *facts, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_COLLATERAL + 1);
    CHAOS_AUTO(chaos_collateral, collateral);
    CHAOS_TRY(input_read("--collateral", path, CHAOS_MAX_COLLATERAL, &text, err));
    CHAOS_TRY(chaos_collateral_parse(buffer_slice(&text), &collateral, err));
    CHAOS_TRY(chaos_collateral_seal(collateral, trust, x->now, err));
    return chaos_collateral_get_facts(collateral, facts, err);
}

/* Genuine, of its time, and for how long. */
static void look_at_collateral(examination *x, const char *path, const chaos_trust *trust)
{
    static const char renew[] = "chaoschain collateral fetch, which renews it";
    chaos_collateral_facts facts;
    chaos_error err = { 0 };
    char until[TIME_TEXT_SIZE];
    if (read_collateral(x, path, trust, &facts, &err) != CHAOS_OK) {
        found_error(x, "collateral", FOUND_FAIL, renew, &err);
        return;
    }
    const bool soon = facts.valid_to - x->now < SOON_S;
    found(x, "collateral", soon ? FOUND_WARN : FOUND_OK, soon ? renew : NULL,
          "%s: %" PRId64 " days old, valid until %s (%" PRId64 " days)", path,
          (x->now - facts.tcb_info_issued) / DAY_S, time_format(facts.valid_to, until),
          (facts.valid_to - x->now) / DAY_S);
}

/* TEE-FMSPC-CA.json, and nothing else that lies there. */
static bool is_cached(const char *name)
{
    const char *end = strrchr(name, '.');
    return (strncmp(name, "tdx-", 4) == 0 || strncmp(name, "sgx-", 4) == 0) && end != NULL &&
           strcmp(end, ".json") == 0;
}

static void look_at_cache(examination *x, const chaos_trust *trust)
{
    char path[4096 + MAX_NAME];
    size_t count = 0;
    const char *folder = options_value(&x->o, OPT_CACHE, 0);
    DIR *files = folder == NULL ? NULL : opendir(folder);
    for (struct dirent *entry = NULL; files != NULL && count < MAX_CACHED && (entry = readdir(files)) != NULL;) {
        if (is_cached(entry->d_name)) {
            const int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (n > 0 && (size_t)n < sizeof path) {
                look_at_collateral(x, path, trust);
            }
            count++;
        }
    }
    if (files != NULL) {
        (void)closedir(files);
    }
    if (folder != NULL && count == 0) {
        found(x, "collateral cache", FOUND_WARN, "chaoschain collateral fetch --cache DIR",
              "%s has no collateral: it is fetched when it is needed first", folder);
    }
}

void look_at_files(examination *x)
{
    CHAOS_AUTO(chaos_trust, trust);
    chaos_error err = { 0 };
    const char *path = options_value(&x->o, AGENT_OPT_COLLATERAL, 0);
    look_at_publish(x);
    look_at_policy(x);
    if (chaos_trust_new(&trust, &err) != CHAOS_OK || read_roots(x, trust, &err) != CHAOS_OK) {
        found_error(x, "trust root", FOUND_FAIL, NULL, &err);
        return;
    }
    found(x, "trust root", FOUND_OK, NULL, "Intel's%s", options_has(&x->o, OPT_TRUST_ROOT) ? ", and yours" : "");
    if (path != NULL) {
        look_at_collateral(x, path, trust);
    }
    look_at_cache(x, trust);
    if (path == NULL && !options_has(&x->o, OPT_CACHE)) {
        found(x, "collateral", FOUND_SKIPPED, NULL, "none is named (--collateral, --collateral-cache)");
    }
}
