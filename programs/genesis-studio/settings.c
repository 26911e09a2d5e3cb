/* settings.c - the command line. */
#include "studio.h"

#include <unistd.h>

#define MAX_FD 1024u
#define MAX_WAIT_S 86400u
#define DEFAULT_WAIT_S 120u

enum {
    OPT_NETWORK,
    OPT_RPC,
    OPT_IDENTITY,
    OPT_REPUTATION,
    OPT_VALIDATION,
    OPT_TEE_PROVIDER,
    OPT_TEE_ENDPOINT,
    OPT_TRUST_ROOT,
    OPT_COLLATERAL,
    OPT_POLICY,
    OPT_AGENTS,
    OPT_VALIDATOR,
    OPT_LOCAL_EVIDENCE,
    OPT_EVIDENCE_BASE,
    OPT_STATE,
    OPT_RESUME,
    OPT_DRY_RUN,
    OPT_DETERMINISTIC,
    OPT_BREAK,
    OPT_JSON,
    OPT_WAIT,
    OPT_OLD_ENDPOINT,
    OPT_REPORT_FD,
    OPT_HELP,
    OPT_VERSION
};

static const option_row rows[] = {
    [OPT_NETWORK] = { "--network", "NAME", 1, false, "local (the default), base-sepolia, ..., eip155:N" },
    [OPT_RPC] = { "--rpc", "URL", 1, false, "a node; on a local network without it anvil is started" },
    [OPT_IDENTITY] = { "--identity", "ADDR", 1, false, "registries that somebody else deployed" },
    [OPT_REPUTATION] = { "--reputation", "ADDR", 1, false, "the same" },
    [OPT_VALIDATION] = { "--validation", "ADDR", 1, false, "the same" },
    [OPT_TEE_PROVIDER] = { "--tee-provider", "NAME", 1, false, "phala-dstack, intel-tdx, simulated, auto, none" },
    [OPT_TEE_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL; else a simulator is started" },
    [OPT_TRUST_ROOT] = { "--trust-root", "FILE", 1, false, "Bob's: a root that he trusts beside the vendor's" },
    [OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "Bob's: what is known about platforms" },
    [OPT_POLICY] = { "--policy", "FILE", 1, false, "Bob's: what is good enough for him" },
    [OPT_AGENTS] = { "--agents", "WHO", 1, false, "all (the default), alice, bob or charlie" },
    [OPT_VALIDATOR] = { "--validator", "ADDR", 1, false, "Bob's address, for Alice and Charlie" },
    [OPT_LOCAL_EVIDENCE] = { "--local-evidence", "DIR", 1, false,
                             "where evidence is published; in the state folder" },
    [OPT_EVIDENCE_BASE] = { "--evidence-base", "URL", 1, false, "https URL under which DIR can be fetched" },
    [OPT_STATE] = { "--state", "DIR", 1, false, "keys and journals; in $XDG_STATE_HOME by default" },
    [OPT_RESUME] = { "--resume", NULL, 1, false, "go on where an earlier run stopped" },
    [OPT_DRY_RUN] = { "--dry-run", NULL, 1, false, "say what would be sent and what it costs; send nothing" },
    [OPT_DETERMINISTIC] = { "--deterministic", "SEED", 1, false, "the same transcript, names aside, for one SEED" },
    [OPT_BREAK] = { "--break", "NAME", 1, false, "one attack alone, close up; 'list' names them" },
    [OPT_JSON] = { "--json", "FILE", 1, false, "the transcript: one object a step; - is standard output" },
    [OPT_WAIT] = { "--wait", "SECONDS", 1, false, "for other agents and confirmations; 120 is the default" },
    [OPT_OLD_ENDPOINT] = { "--tee-endpoint-old", "WHERE", 1, false,
                           "Mallory's: the same application with other code" },
    [OPT_REPORT_FD] = { "--report-fd", "N", 1, false, "report there, for the process that shows it" },
    [OPT_HELP] = { "--help", NULL, 0, false, "print this" },
    [OPT_VERSION] = { "--version", NULL, 0, false, "print the version" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis =
        "Usage: " PROGRAM " [--tee-provider phala-dstack|intel-tdx|...] [OPTION]...\n"
        "The life of an agent with its key in a TEE: Alice registers, works and signs; Bob judges her evidence;\n"
        "Charlie rates her; Mallory attacks, and is refused.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes =
        "Every step ends with PASS, FAIL, SKIPPED(reason) or SIMULATED: as announced, but no hardware vouches for "
        "it.\n"
        "Exit code: 0 every required step passed (SIMULATED counts on a local chain), 1 a step failed,\n"
        "5 environment, 6 TEE provider not available, 7 funds missing, 8 registries disagree, 64 usage, 70 internal.",
};

bool has_tee(const settings *s)
{
    return s->tee_provider != NULL && strcmp(s->tee_provider, "none") != 0;
}

static int usage(const char *option, const char *value, const char *wanted)
{
    return say_failure(PROGRAM, EXIT_USAGE, "%s '%s' is not %s; try '" PROGRAM " --help'", option, shown(value).text,
                       wanted);
}

static int read_agents(settings *s)
{
    static const char *const who[] = { "all", "alice", "bob", "charlie",
                                       "mallory", "alice:answer", "bob:attacks", NULL };
    for (size_t i = 0; who[i] != NULL; i++) {
        if (strcmp(who[i], s->agents) == 0) {
            return 0;
        }
    }
    return usage("--agents", s->agents, "all, alice, bob or charlie");
}

static int list_attacks(void)
{
    CHAOS_AUTO_BUFFER(text, 4096);
    bool ok = true;
    for (size_t i = 0; ok && i < ATTACK_COUNT; i++) {
        ok = buffer_append_format(&text, "%-18s %s: %s\n", attacks[i].name, attacks[i].title,
                                  chaos_status_name(attacks[i].status));
    }
    return ok ? say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}

static int read_break(settings *s, bool *helped)
{
    if (s->broken == NULL) {
        return 0;
    }
    if (strcmp(s->broken, "list") == 0) {
        *helped = true;
        return list_attacks();
    }
    return attack_find(s->broken) != NULL ? 0 : usage("--break", s->broken, "one of those that '--break list' names");
}

static int read_numbers(const options *o, settings *s)
{
    uint64_t fd = 0, wait = DEFAULT_WAIT_S;
    const char *fd_text = options_value(o, OPT_REPORT_FD, 0);
    const char *wait_text = options_value(o, OPT_WAIT, 0);
    if (fd_text != NULL && !value_unsigned(fd_text, MAX_FD, &fd)) {
        return usage("--report-fd", fd_text, "the number of an open descriptor");
    }
    if (wait_text != NULL && !value_unsigned(wait_text, MAX_WAIT_S, &wait)) {
        return usage("--wait", wait_text, "a number of seconds");
    }
    s->report_fd = fd_text == NULL ? -1 : (int)fd;
    s->wait_s = (unsigned)wait;
    return 0;
}

static int read_state(settings *s)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int n;
    if (s->state != NULL) {
        n = snprintf(s->state_path, sizeof s->state_path, "%s", s->state);
    } else if (base != NULL && base[0] == '/') {
        n = snprintf(s->state_path, sizeof s->state_path, "%s/chaoschain/genesis-studio/%s", base, s->network);
    } else if (home != NULL && home[0] == '/') {
        n = snprintf(s->state_path, sizeof s->state_path, "%s/.local/state/chaoschain/genesis-studio/%s", home,
                     s->network);
    } else {
        return say_failure(PROGRAM, EXIT_USAGE, "HOME is not set: say where with --state");
    }
    if (n < 0 || (size_t)n >= sizeof s->state_path) {
        return usage("--state", s->state_path, "a path that is short enough");
    }
    for (char *c = s->state == NULL ? strrchr(s->state_path, '/') + 1 : NULL; c != NULL && *c != '\0'; c++) {
        *c = *c == ':' ? '-' : *c;
    }
    n = s->local_evidence == NULL ? snprintf(s->evidence_path, sizeof s->evidence_path, "%s/evidence", s->state_path)
                                  : snprintf(s->evidence_path, sizeof s->evidence_path, "%s", s->local_evidence);
    return n > 0 && (size_t)n < sizeof s->evidence_path
               ? 0
               : usage("--local-evidence", s->evidence_path, "a path that is short enough");
}

static const char *or_else(const char *value, const char *fallback)
{
    return value != NULL ? value : fallback;
}

static void take(const options *o, settings *s)
{
    *s = (settings){
        .network = or_else(options_value(o, OPT_NETWORK, 0), "local"),
        .rpc = options_value(o, OPT_RPC, 0),
        .identity = options_value(o, OPT_IDENTITY, 0),
        .reputation = options_value(o, OPT_REPUTATION, 0),
        .validation = options_value(o, OPT_VALIDATION, 0),
        .tee_provider = options_value(o, OPT_TEE_PROVIDER, 0),
        .tee_endpoint = options_value(o, OPT_TEE_ENDPOINT, 0),
        .old_endpoint = options_value(o, OPT_OLD_ENDPOINT, 0),
        .trust_root = options_value(o, OPT_TRUST_ROOT, 0),
        .collateral = options_value(o, OPT_COLLATERAL, 0),
        .policy = options_value(o, OPT_POLICY, 0),
        .agents = or_else(options_value(o, OPT_AGENTS, 0), "all"),
        .validator = options_value(o, OPT_VALIDATOR, 0),
        .state = options_value(o, OPT_STATE, 0),
        .local_evidence = options_value(o, OPT_LOCAL_EVIDENCE, 0),
        .evidence_base = or_else(options_value(o, OPT_EVIDENCE_BASE, 0), "https://local-evidence.invalid/"),
        .json = options_value(o, OPT_JSON, 0),
        .seed = options_value(o, OPT_DETERMINISTIC, 0),
        .broken = options_value(o, OPT_BREAK, 0),
        .resume = options_has(o, OPT_RESUME),
        .dry_run = options_has(o, OPT_DRY_RUN),
    };
}

/* Registries of others come as a whole. */
static int check_registries(const settings *s)
{
    const int given = (s->identity != NULL) + (s->reputation != NULL) + (s->validation != NULL);
    if (given > 0 && s->identity == NULL) {
        return say_failure(PROGRAM, EXIT_USAGE, "--reputation and --validation belong to an --identity");
    }
    if (given > 0 && s->rpc == NULL && strcmp(s->network, "local") == 0) {
        return say_failure(PROGRAM, EXIT_USAGE,
                           "--identity is of a chain that somebody else runs: where is it (--rpc)?");
    }
    return 0;
}

int settings_read(int argc, char **argv, settings *s, bool *helped)
{
    options o;
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    *helped = options_has(&o, OPT_HELP) || options_has(&o, OPT_VERSION);
    if (*helped) {
        return options_has(&o, OPT_HELP) ? options_help(&table) : options_version(PROGRAM);
    }
    take(&o, s);
    s->program = argv[0] == NULL ? PROGRAM : argv[0];
    code = read_agents(s);
    code = code != 0 ? code : read_break(s, helped);
    code = code != 0 || *helped ? code : read_numbers(&o, s);
    code = code != 0 || *helped ? code : check_registries(s);
    return code != 0 || *helped ? code : read_state(s);
}
