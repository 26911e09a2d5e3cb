/* main.c - chaoschain collateral fetch: Intel's statements about a platform, from its service, a caching service, or
 * the folder where they were kept. A program of its own: the one that verifies has no network. */
#include "fetch_program.h"

#define MAX_RENEW_S (365u * 24u * 3600u)

static const option_row rows[] = {
    [OPT_QUOTE] = { "--quote", "FILE", 1, false, "for the platform of this quote (-: standard input)" },
    [OPT_EVIDENCE] = { "--evidence", "FILE", 1, false, "for the platform of this envelope" },
    [OPT_FMSPC] = { "--fmspc", "HEX", 1, false, "for this kind of platform, with --ca and --tee" },
    [OPT_CA] = { "--ca", "NAME", 1, false, "its PCK CA: platform or processor" },
    [OPT_TEE] = { "--tee", "NAME", 1, false, "tdx or sgx" },
    [OPT_SERVICE] = { "--service", "URL", 1, false, "ask there; default: Intel's. https, or http on this machine" },
    [OPT_KIND] = { "--kind", "NAME", 1, false, "what it is: pcs (the default) or pccs, a caching service" },
    [OPT_API] = { "--api", "N", 1, false, "the version of its interface: 4 (the default), or 3 for SGX" },
    [OPT_ROOT_CRL] = { "--root-crl", "URL", 1, false, "pcs: the root CA's list; default: Intel's" },
    [OPT_UPDATE] = { "--update", "NAME", 1, false, "standard (the default) or early: the newest evaluation number" },
    [OPT_EVALUATION] = { "--evaluation-number", "N", 1, false,
                         "of this evaluation and no other, instead of --update; in a --cache of its own" },
    [OPT_TIMEOUT] = { "--timeout", "SECONDS", 1, false, "for all requests together; default: 20" },
    [OPT_CACHE] = { "--cache", "DIR", 1, false, "keep it there; default: chaoschain/collateral in XDG_CACHE_HOME" },
    [OPT_RENEW_BEFORE] = { "--renew-before", "SECONDS", 1, false,
                           "renew what ends within this time; default: 604800, seven days" },
    [OPT_REFRESH] = { "--refresh", NULL, 0, false, "ask the service whatever is kept" },
    [OPT_OFFLINE] = { "--offline", NULL, 0, false, "ask nobody: what is kept, or nothing" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", CHAOS_MAX_TRUST_ROOTS, false,
                         "trust this root too: DER or PEM; repeatable" },
    [OPT_AT] = { "--at", "TIME", 1, false, "valid at this time: RFC 3339 or Unix seconds; default: now" },
    [OPT_OUT] = { "--out", "FILE", 1, false, "write the collateral there; default: standard output" },
    [OPT_JSON] = { "--json", NULL, 0, false, "one line of JSON about it, instead of the collateral" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --quote FILE | --evidence FILE | --fmspc HEX --ca NAME --tee NAME [OPTION]...\n"
                "Intel's signed statements about a platform, for 'chaoschain verify --collateral': fetched when those\n"
                "that are kept end soon, verified, and never older than what was seen before.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = "Not fetched: PCK certificates (a quote with certification data of type 1 to 3 needs its chain in the\n"
             "collateral from elsewhere), and the list of evaluation numbers.\n"
             "Exit code: 0 it is there (a warning says that a service failed), 3 quote, envelope or answer malformed,\n"
             "4 the answer is not genuine, expired, or older than what was seen, 5 no service, no such platform, or\n"
             "nothing valid kept, 64 usage, 70 internal.",
};

/* What the options ask for, all of it the caller's. */
typedef struct job {
    chaos_platform platform;
    chaos_collateral_service service;
    chaos_trust *trust;
    chaos_buffer folder;
    int64_t now;
    uint32_t margin;
} job;

static void job_cleanup(job *j)
{
    chaos_trust_free(j->trust);
    chaos_buffer_free(&j->folder);
}

static chaos_status prepare(const options *given, job *j, chaos_error *err)
{
    if (options_has(given, OPT_REFRESH) && options_has(given, OPT_OFFLINE)) {
        return error_set(err, CHAOS_E_USAGE, "--offline", CHAOS_NO_OFFSET, "--refresh asks, --offline asks nobody");
    }
    if (options_has(given, OPT_EVALUATION) && (options_has(given, OPT_UPDATE) || options_has(given, OPT_OFFLINE))) {
        return error_set(err, CHAOS_E_USAGE, "--evaluation-number", CHAOS_NO_OFFSET,
                         "--evaluation-number asks for one, so neither --update nor --offline goes with it");
    }
    if (options_has(given, OPT_JSON) && options_has(given, OPT_OUT) &&
        strcmp(options_value(given, OPT_OUT, 0), "-") == 0) {
        return error_set(err, CHAOS_E_USAGE, "--out", CHAOS_NO_OFFSET, "--json has standard output for itself");
    }
    CHAOS_TRY(request_service(given, &j->service, err));
    CHAOS_TRY(request_seconds(given, OPT_RENEW_BEFORE, MAX_RENEW_S, &j->margin, err));
    CHAOS_TRY(request_time(given, &j->now, err));
    CHAOS_TRY(request_trust(given, &j->trust, err));
    CHAOS_TRY(request_platform(given, &j->platform, err));
    return cache_folder(given, &j->folder, err);
}

static chaos_status find(const options *given, const job *j, chaos_buffer *text, chaos_cached_collateral *found,
                         chaos_error *err)
{
    chaos_collateral_cache_options how = CHAOS_COLLATERAL_CACHE_OPTIONS_INIT;
    chaos_collateral_cache *cache = NULL;

    how.folder = (const char *)j->folder.data;
    how.service = options_has(given, OPT_OFFLINE) ? NULL : &j->service;
    how.trust = j->trust;
    how.margin = j->margin;
    CHAOS_TRY(chaos_collateral_cache_open(&how, &cache, err));
    chaos_status status =
        chaos_collateral_cache_get(cache, &j->platform, options_has(given, OPT_REFRESH), j->now, text, found, err);
    chaos_collateral_cache_free(cache);
    return status;
}

int main(int argc, char **argv)
{
    __attribute__((cleanup(job_cleanup))) job j = { .folder = CHAOS_BUFFER_INIT(0) };
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_COLLATERAL);
    chaos_cached_collateral found;
    chaos_error err = { 0 };
    options given;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        return options_version("chaoschain-fetch");
    }
    int code = options_parse(&table, argc, argv, &given);
    if (code != 0) {
        return code;
    }
    if (options_has(&given, OPT_HELP)) {
        return options_help(&table);
    }
    if (prepare(&given, &j, &err) != CHAOS_OK || find(&given, &j, &text, &found, &err) != CHAOS_OK) {
        return report_failure(&given, &err);
    }
    return report_found(&given, (const char *)j.folder.data, &found, buffer_slice(&text));
}
