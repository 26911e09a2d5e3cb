/* director.c - mode "all": starts what is missing (chain, registries, simulator), then each role as a process of its
 * own, and shows what they report. Everything that was started ends with this process, whatever ends it. */
#define _GNU_SOURCE /* memmem */
#include "studio.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define GAS_PLAIN 1000000u
#define GAS_ALICE 3000000u
#define MAX_ARGUMENTS 64
#define OLD_COMPOSE                                                          \
    "{\"docker_compose_file\":\"services: {alice: {image: alice-before}}\"," \
    "\"manifest_version\":2,\"name\":\"alice\",\"runner\":\"docker-compose\"}"

typedef struct director {
    settings s; /* grows: what was started is what the roles are told */
    report r;
    view *v;
    world w;
    child anvil, simulator, old;
    chaos_registry_addresses addresses;
    char url[64], identity[CHAOS_ADDRESS_TEXT_SIZE], reputation[CHAOS_ADDRESS_TEXT_SIZE],
        validation[CHAOS_ADDRESS_TEXT_SIZE], bob[CHAOS_ADDRESS_TEXT_SIZE];
    char socket[PATH_MAX], old_socket[PATH_MAX], held[PATH_MAX], old_held[PATH_MAX], compose[PATH_MAX];
    char root[PATH_MAX], collateral[PATH_MAX], policy[PATH_MAX], seed[65];
    char alice[CHAOS_U256_TEXT_SIZE];
    chaos_address accounts[5];
    size_t account_count;
    bool own_chain, stopped; /* stopped: a dry run has said all that it can */
} director;

static void one_block(const director *d, char text[32])
{
    chaos_block head;
    text[0] = '\0';
    if (chaos_rpc_block(d->w.rpc, NULL, &head, NULL) == CHAOS_OK) {
        (void)snprintf(text, 32, "%llu", (unsigned long long)head.number);
    }
}

/* ----------------------------------------------------------------- chain ---- */

/* Its clock began with its first block, perhaps days ago. If it will not have it, its time lags behind; nothing
 * depends on it. */
static void set_time(const director *d)
{
    CHAOS_AUTO_BUFFER(result, 256);
    char params[32];
    (void)snprintf(params, sizeof params, "[%lld]", (long long)time(NULL));
    if (chaos_rpc_request(d->w.rpc, "evm_setTime", params, &result, NULL) != CHAOS_OK) {
        return;
    }
}

static int step_chain(director *d)
{
    chaos_error err = { 0 };
    char block[32];
    report *r = &d->r;
    step_begin(r, "chain", d->own_chain ? "starting anvil, a local chain" : "connecting to the chain");
    if (d->own_chain) {
        if (anvil_start(d->s.state_path, &d->anvil, d->url, &err) != CHAOS_OK) {
            (void)step_fail(r, &err);
            return r->exit_code = EXIT_ENVIRONMENT;
        }
        d->s.rpc = d->url;
    }
    if (world_connect(&d->w, &d->s, r, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    if (d->own_chain) {
        set_time(d);
    }
    one_block(d, block);
    step_row(r, "chain id", "%llu", (unsigned long long)chaos_rpc_chain_id(d->w.rpc));
    step_row(r, "block", "%s", block);
    step_end(r, STEP_PASS, d->own_chain ? "a local chain of our own (anvil)" : "the chain answers");
    return 0;
}

static void take_addresses(director *d)
{
    const chaos_registries *have = d->w.registries;
    const chaos_address identity = chaos_registries_address(have, CHAOS_REGISTRY_IDENTITY);
    const chaos_address reputation = chaos_registries_address(have, CHAOS_REGISTRY_REPUTATION);
    const chaos_address validation = chaos_registries_address(have, CHAOS_REGISTRY_VALIDATION);
    chaos_address_format(&identity, d->identity);
    d->s.identity = d->identity;
    if (chaos_registries_has(have, CHAOS_REGISTRY_REPUTATION)) {
        chaos_address_format(&reputation, d->reputation);
        d->s.reputation = d->reputation;
    }
    if (chaos_registries_has(have, CHAOS_REGISTRY_VALIDATION)) {
        chaos_address_format(&validation, d->validation);
        d->s.validation = d->validation;
    }
}

/* The chain of an earlier run that was ended before it could write its last blocks: nothing can go on with it. */
static chaos_status lost_blocks(chaos_error *err)
{
    return error_set(err, CHAOS_E_NOT_FOUND, "chain", CHAOS_NO_OFFSET,
                     "the local chain lost blocks of the earlier run, which was ended before it wrote them; "
                     "run without --resume to start anew");
}

/* Ours, once for this state folder. */
static chaos_status deploy(director *d, chaos_error *err)
{
    world *w = &d->w;
    CHAOS_TRY(world_sender(w, "studio", err));
    const chaos_address self = chaos_account_address(w->account);
    d->accounts[d->account_count++] = self;
    if (!d->s.dry_run) {
        CHAOS_TRY(fund(w, &self, GAS_ALICE * 3, err));
    }
    const chaos_status status = chaos_registries_deploy(w->sender, "studio/deploy", &d->addresses, err);
    if (status != CHAOS_OK) { /* NOT_FOUND: the journal has a transaction that the chain has not */
        return status == CHAOS_E_NOT_FOUND && d->own_chain ? lost_blocks(err) : status;
    }
    chaos_address_format(&d->addresses.identity, d->identity);
    chaos_address_format(&d->addresses.reputation, d->reputation);
    chaos_address_format(&d->addresses.validation, d->validation);
    d->s.identity = d->identity;
    d->s.reputation = d->reputation;
    d->s.validation = d->validation;
    return CHAOS_OK;
}

static void registry_rows(director *d)
{
    step_row(&d->r, "identity", "%s", d->identity);
    step_row(&d->r, "reputation", "%s", d->s.reputation == NULL ? "none" : d->reputation);
    step_row(&d->r, "validation", "%s", d->s.validation == NULL ? "none" : d->validation);
}

static int step_registries(director *d)
{
    chaos_error err = { 0 };
    report *r = &d->r;
    const bool deploys = d->s.identity == NULL && is_local(&d->w);
    if (deploys && d->s.dry_run) {
        d->stopped = true;
        step_skip(r, "registries", "dry run", "three registries would be deployed; the rest needs them");
        return 0;
    }
    step_begin(r, "registries", deploys ? "deploying the registries" : "looking at the registries");
    if ((deploys && deploy(d, &err) != CHAOS_OK) || world_registries(&d->w, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    take_addresses(d);
    registry_rows(d);
    step_end(r, STEP_PASS,
             deploys ? "identity, reputation, validation: deployed, and they agree"
                     : "the registries are 2.0.0, and they agree");
    return 0;
}

/* -------------------------------------------------------------- accounts ---- */

static int step_accounts(director *d)
{
    static const struct {
        const char *role;
        uint64_t gas;
    } roles[] = { { "alice", GAS_ALICE }, { "bob", GAS_PLAIN }, { "charlie", GAS_PLAIN } };
    chaos_error err = { 0 };
    report *r = &d->r;
    step_begin(r, "accounts", "opening the accounts");
    bool poor = false;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(roles); i++) {
        chaos_account *account = NULL;
        if (world_account(&d->s, roles[i].role, &account, &err) != CHAOS_OK) {
            return step_fail(r, &err);
        }
        const chaos_address address = chaos_account_address(account);
        chaos_account_free(account);
        d->accounts[d->account_count++] = address;
        step_row_address(r, roles[i].role, &address);
        if (strcmp(roles[i].role, "bob") == 0) {
            chaos_address_format(&address, d->bob);
        }
        chaos_status status = d->s.dry_run ? CHAOS_OK : fund(&d->w, &address, roles[i].gas, &err);
        if (status != CHAOS_OK && status != CHAOS_E_FUNDS) {
            return step_fail(r, &err);
        }
        poor = poor || status == CHAOS_E_FUNDS;
    }
    if (poor) { /* all of the addresses are shown: one visit to the faucet is enough */
        return step_fail(r, &err);
    }
    d->s.validator = d->s.validator == NULL ? d->bob : d->s.validator;
    step_end(r, STEP_PASS, "an account for each agent, with money for its transactions");
    return 0;
}

/* What a registration costs, by the node's estimate. Everything later needs what came before it. */
static int dry_run(director *d)
{
    chaos_error err = { 0 };
    chaos_outcome outcome = { 0 };
    chaos_u256 id;
    report *r = &d->r;
    char text[CHAOS_U256_TEXT_SIZE];
    d->stopped = true;
    step_begin(r, "dry-run", "estimating");
    if (world_sender(&d->w, "alice", &err) != CHAOS_OK ||
        chaos_agent_register(d->w.registries, d->w.sender, "studio/dry-run",
                             "ipfs://bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL, 0, &id,
                             &outcome, &err) != CHAOS_OK) {
        return step_fail(r, &err);
    }
    chaos_u256_format(&outcome.gas_price, text);
    step_row(r, "registration", "%llu gas, at most %s wei each", (unsigned long long)outcome.gas_used, text);
    step_row(r, "in all", "about 20 transactions, %u gas at most", GAS_ALICE + 2 * GAS_PLAIN);
    step_end(r, STEP_PASS, "register() would succeed; nothing was sent");
    step_skip(r, "agents", "dry run", "every later step needs what this one would have made");
    return 0;
}

/* ------------------------------------------------------------------- TEE ---- */

static const char *seed_of(director *d, chaos_error *err)
{
    if (d->s.seed != NULL) {
        return d->s.seed;
    }
    return state_secret(&d->s, "tee.seed", d->seed, err) == CHAOS_OK ? d->seed : NULL;
}

/* What Bob would have from elsewhere, unless his own command line says otherwise. */
static chaos_status give_beliefs(director *d, chaos_error *err)
{
    if (snprintf(d->root, sizeof d->root, "%s/trust-root.der", d->held) >= (int)sizeof d->root ||
        snprintf(d->collateral, sizeof d->collateral, "%s/collateral.json", d->held) >= (int)sizeof d->collateral ||
        snprintf(d->policy, sizeof d->policy, "%s/policy.json", d->held) >= (int)sizeof d->policy) {
        return error_set(err, CHAOS_E_LIMIT, "--state", CHAOS_NO_OFFSET, "the path is too long");
    }
    d->s.trust_root = d->s.trust_root == NULL ? d->root : d->s.trust_root;
    d->s.collateral = d->s.collateral == NULL ? d->collateral : d->s.collateral;
    d->s.policy = d->s.policy == NULL ? d->policy : d->s.policy;
    return CHAOS_OK;
}

static chaos_status start_simulators(director *d, chaos_error *err)
{
    char log[PATH_MAX], old_log[PATH_MAX];
    CHAOS_TRY(state_path(&d->s, "tee.sock", d->socket, err));
    CHAOS_TRY(state_path(&d->s, "old.sock", d->old_socket, err));
    CHAOS_TRY(state_path(&d->s, "held-by-bob", d->held, err));
    CHAOS_TRY(state_path(&d->s, "old", d->old_held, err));
    CHAOS_TRY(state_path(&d->s, "simulator.log", log, err));
    CHAOS_TRY(state_path(&d->s, "simulator-old.log", old_log, err));
    CHAOS_TRY(state_path(&d->s, "old-compose.json", d->compose, err));
    CHAOS_TRY(write_text(d->compose, slice_text(OLD_COMPOSE), err));
    const char *seed = seed_of(d, err);
    if (seed == NULL) {
        return CHAOS_E_FILE_IO;
    }
    const simulator_start now = { d->socket, d->held, log, seed, NULL };
    const simulator_start before = { d->old_socket, d->old_held, old_log, seed, d->compose };
    CHAOS_TRY(simulator_start_up(&now, &d->simulator, err));
    CHAOS_TRY(simulator_start_up(&before, &d->old, err));
    d->s.tee_endpoint = d->socket;
    d->s.old_endpoint = d->old_socket;
    return give_beliefs(d, err);
}

/* The kernel of a TDX guest. No older version of Alice has the same key: it is in this guest's memory. */
static chaos_status start_tsm(director *d, chaos_error *err)
{
    char log[PATH_MAX], root[PATH_MAX];
    CHAOS_TRY(state_volatile(&d->s, "tsm", root, err));
    CHAOS_TRY(state_path(&d->s, "held-by-bob", d->held, err));
    CHAOS_TRY(state_path(&d->s, "simulator.log", log, err));
    const char *seed = seed_of(d, err);
    if (seed == NULL) {
        return CHAOS_E_FILE_IO;
    }
    CHAOS_TRY(tsm_start_up(root, d->held, log, seed, &d->simulator, err));
    (void)snprintf(d->socket, sizeof d->socket, "%.*s/report", PATH_MAX - 16, root);
    d->s.tee_endpoint = d->socket;
    return give_beliefs(d, err);
}

/* The provider that simulates without a socket: the same machine for the same seed, and its files on request. */
static chaos_status use_simulated(director *d, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(params, 8192);
    CHAOS_AUTO_BUFFER(reply, 65536);
    opened_tee t = { NULL, NULL };
    CHAOS_TRY(state_path(&d->s, "held-by-bob", d->held, err));
    CHAOS_TRY(state_path(&d->s, "old-compose.json", d->compose, err));
    CHAOS_TRY(write_text(d->compose, slice_text(OLD_COMPOSE), err));
    CHAOS_TRY(make_folder(d->held, 0755, err));
    json_writer w = json_writer_begin(&params);
    json_write_object(&w, NULL);
    json_write_text(&w, "folder", d->held);
    json_write_object_end(&w);
    chaos_status status = tee_open(&d->s, NULL, &t, err);
    status = status != CHAOS_OK ? status
                                : chaos_tee_invoke(t.tee, "WriteFiles", (const char *)params.data, &reply, err);
    tee_close(&t);
    d->s.old_endpoint = d->compose;
    return status != CHAOS_OK ? status : give_beliefs(d, err);
}

static int step_provider(director *d)
{
    chaos_error err = { 0 };
    report *r = &d->r;
    const settings *s = &d->s;
    if (!has_tee(s)) {
        d->s.tee_provider = "none";
        step_skip(r, "provider", "no TEE provider was chosen", "Alice has no TEE");
        return 0;
    }
    const bool is_simulated = strcmp(s->tee_provider, "simulated") == 0;
    const bool is_tdx = strcmp(s->tee_provider, TDX_PROVIDER) == 0;
    const bool starts = is_local(&d->w) && s->tee_endpoint == NULL &&
                        (is_tdx || strcmp(s->tee_provider, "phala-dstack") == 0);
    step_begin(r, "provider", !starts ? "asking for the TEE" : is_tdx ? "starting a simulated TDX guest's kernel"
                                                                      : "starting a simulated guest agent");
    chaos_status status = tee_probe(s, s->tee_endpoint, &err);
    if (starts && status != CHAOS_OK && status != CHAOS_E_PROVIDER_MISSING && status != CHAOS_E_PROVIDER) {
        status = is_tdx ? start_tsm(d, &err) : start_simulators(d, &err); /* the plug-in is there, and no TEE */
        status = status != CHAOS_OK ? status : tee_probe(s, s->tee_endpoint, &err);
    }
    if (status == CHAOS_OK && is_simulated) {
        status = use_simulated(d, &err);
    }
    if (status != CHAOS_OK) {
        (void)step_fail(r, &err);
        if (status == CHAOS_E_PROVIDER_MISSING) { /* two lines: what is missing, and the command that brings it */
            view_say(d->v, "\n%s", err.text);
        }
        return r->exit_code = EXIT_PROVIDER;
    }
    const bool simulated = is_simulated || d->simulator.pid != 0;
    step_row(r, "provider", "%s", s->tee_provider);
    step_end(r, simulated ? STEP_SIMULATED : STEP_PASS,
             simulated ? "a simulated TEE: no hardware is behind it" : "the TEE is there");
    return 0;
}

/* ----------------------------------------------------------------- roles ---- */

typedef struct command {
    const char *argv[MAX_ARGUMENTS];
    size_t count;
    char path[PATH_MAX];
} command;

static void add(command *c, const char *option, const char *value)
{
    if (value != NULL && c->count + 3 < MAX_ARGUMENTS) {
        c->argv[c->count++] = option;
        c->argv[c->count++] = value;
    }
}

/* Each role gets what is its own: Bob his beliefs and no TEE, Alice her TEE and no beliefs. */
static void make_command(const director *d, const char *agents, command *c)
{
    const settings *s = &d->s;
    const bool is_bob = strncmp(agents, "bob", 3) == 0;
    const bool uses_tee = strncmp(agents, "alice", 5) == 0 || strcmp(agents, "mallory") == 0;
    *c = (command){ .count = 0 };
    c->argv[c->count++] = s->program;
    add(c, "--agents", agents);
    add(c, "--network", s->network);
    add(c, "--rpc", s->rpc);
    add(c, "--identity", s->identity);
    add(c, "--reputation", s->reputation);
    add(c, "--validation", s->validation);
    if (is_bob) {
        add(c, "--trust-root", s->trust_root);
        add(c, "--collateral", s->collateral);
        add(c, "--policy", s->policy);
    }
    if (uses_tee || !has_tee(s)) {
        add(c, "--tee-provider", s->tee_provider);
    }
    if (uses_tee) {
        add(c, "--tee-endpoint", s->tee_endpoint);
    }
    if (strcmp(agents, "mallory") == 0 || strcmp(agents, "bob:attacks") == 0) {
        add(c, "--tee-endpoint-old", s->old_endpoint);
        add(c, "--break", s->broken);
    }
    if (!is_bob) {
        add(c, "--validator", s->validator);
    }
    add(c, "--local-evidence", s->evidence_path);
    add(c, "--evidence-base", strstr(s->evidence_base, ".invalid/") != NULL ? NULL : s->evidence_base);
    add(c, "--state", s->state_path);
    add(c, "--deterministic", is_bob ? NULL : s->seed);
}

/* For tests of --resume: this process is killed when the step is reported. */
static void maybe_die(chaos_slice line)
{
    const char *chosen = getenv("CHAOS_STUDIO_KILL_DIRECTOR");
    char member[80];
    if (chosen == NULL) {
        return;
    }
    int n = snprintf(member, sizeof member, "\"id\":\"%s\",", chosen);
    if (n > 0 && (size_t)n < sizeof member && memmem(line.data, line.size, member, (size_t)n) != NULL) {
        (void)raise(SIGKILL);
    }
}

static void take_lines(director *d, chaos_buffer *text)
{
    size_t begin = 0;
    for (size_t at = 0; at < text->size; at++) {
        if (text->data[at] == '\n') {
            view_line(d->v, slice(text->data + begin, at - begin));
            maybe_die(slice(text->data + begin, at - begin));
            begin = at + 1;
        }
    }
    memmove(text->data, text->data + begin, text->size - begin);
    text->size -= begin;
}

static int play_role(director *d, const char *agents)
{
    CHAOS_AUTO_BUFFER(text, 16 * LINE_MAX_SIZE);
    command c;
    child role = { 0, -1 };
    chaos_error err = { 0 };
    uint8_t bytes[4096];
    ssize_t got;
    make_command(d, agents, &c);
    if (strcmp(agents, "bob") == 0 && !view_quiet(d->v)) {
        view_say(d->v, "\nBob's command line, which has all that he believes:");
        view_command(d->v, c.argv);
    }
    add(&c, "--report-fd", "3");
    if (path_beside(PROGRAM, c.path, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, EXIT_ENVIRONMENT, &err);
    }
    c.argv[0] = c.path;
    const start how = { .argv = c.argv, .pipe_fd3 = true, .death_signal = SIGKILL };
    if (child_start(&how, &role, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, EXIT_ENVIRONMENT, &err);
    }
    while ((got = read(role.fd, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0 && buffer_append(&text, slice(bytes, (size_t)got))) {
            take_lines(d, &text);
        }
    }
    int code = child_wait(&role);
    if (code >= 126) { /* no report says so */
        d->r.role = "studio";
        d->r.now = (step){ .id = agents };
        return step_fail_text(&d->r, "the process of %s was ended by %s %d", agents,
                              code > 128 ? "signal" : "exit code", code > 128 ? code - 128 : code);
    }
    return code;
}

static int play_all(director *d)
{
    static const char *const roles[] = { "alice", "bob", "charlie", "alice:answer", "mallory", "bob:attacks" };
    const bool attacked = has_tee(&d->s) && d->s.validation != NULL;
    int code = 0;
    for (size_t i = 0; code == 0 && i < (attacked ? CHAOS_ARRAY_SIZE(roles) : 3); i++) {
        code = play_role(d, roles[i]);
    }
    if (code == 0 && !attacked) {
        d->r.role = "studio";
        step_skip(&d->r, "attacks",
                  has_tee(&d->s) ? "this network has no validation registry" : "no TEE provider was chosen",
                  "seven attacks, each refused for its own reason");
    }
    return code;
}

/* ------------------------------------------------------------------- end ---- */

static uint64_t count_transactions(const director *d)
{
    uint64_t all = 0;
    for (size_t i = 0; d->w.rpc != NULL && i < d->account_count; i++) {
        uint64_t count = 0;
        if (chaos_rpc_transaction_count(d->w.rpc, &d->accounts[i], NULL, &count, NULL) == CHAOS_OK) {
            all += count;
        }
    }
    return all;
}

static void show_attack(director *d)
{
    char name[64], path[PATH_MAX];
    (void)snprintf(name, sizeof name, "attack-%s.txt", d->s.broken);
    if (state_path(&d->s, name, path, NULL) == CHAOS_OK && access(path, F_OK) == 0) {
        view_say(d->v, "\nClose up: what Bob says to %s", d->s.broken);
        view_file(d->v, path);
    }
}

static void say_next(director *d, int code)
{
    const settings *s = &d->s;
    char bundle[PATH_MAX + 96], verify[PATH_MAX];
    if (code != 0 && code != EXIT_FAILED) {
        return;
    }
    view_say(d->v, "\nType next");
    const bool has_bundle = code == 0 && has_tee(s) && d->alice[0] != '\0';
    if (has_bundle && s->trust_root != NULL && s->collateral != NULL && s->policy != NULL &&
        path_beside("chaoschain", verify, NULL) == CHAOS_OK) {
        (void)snprintf(bundle, sizeof bundle, "%s/bundle-%s", s->evidence_path, d->alice);
        const char *argv[] = { verify, "verify-bundle", "--trust-root", s->trust_root, "--collateral",
                               s->collateral, "--policy", s->policy, bundle, NULL };
        view_command(d->v, argv);
    }
    const char *close_up[] = { s->program, "--tee-provider", has_tee(s) ? s->tee_provider : "phala-dstack",
                               "--break", "debug-td", NULL };
    view_command(d->v, close_up);
    const char *help[] = { s->program, "--help", NULL };
    view_command(d->v, help);
}

/* Her agent id, which names the bundle. */
static void learn_alice(director *d)
{
    char note[NOTE_SIZE];
    if (d->w.rpc != NULL && world_content(&d->w, NULL) == CHAOS_OK && note_get(&d->w, "alice", note)) {
        (void)snprintf(d->alice, sizeof d->alice, "%.*s", (int)strcspn(note, " "), note);
    }
}

static void stop(director *d)
{
    world_close(&d->w);
    child_stop(&d->old);
    child_stop(&d->simulator);
    child_stop(&d->anvil);
}

int direct(const settings *given, view *v)
{
    static int (*const steps[])(director *) = { step_provider, step_chain, step_registries, step_accounts };
    director d = { .s = *given,
                   .v = v,
                   .r = { .role = "studio", .fd = -1, .view = v },
                   .anvil = { 0, -1 },
                   .simulator = { 0, -1 },
                   .old = { 0, -1 } };
    chaos_error err = { 0 };
    const int64_t began = now_ms();
    if (world_network(&d.s, &d.w.network, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_error(&err), &err);
    }
    d.own_chain = d.s.rpc == NULL && is_local(&d.w);
    const run_facts facts = { d.s.network, has_tee(&d.s) ? d.s.tee_provider : "none", "all", d.w.network.chain_id };
    if (!view_begin(v, &facts)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    view_say(v, "ChaosChain: the life of an agent with its key in a TEE");
    int code = 0;
    for (size_t i = 0; code == 0 && !d.stopped && i < CHAOS_ARRAY_SIZE(steps); i++) {
        code = steps[i](&d);
    }
    if (code == 0 && !d.stopped) {
        code = d.s.dry_run ? dry_run(&d) : play_all(&d);
    }
    if (d.s.broken != NULL) {
        show_attack(&d);
    }
    const uint64_t transactions = count_transactions(&d);
    learn_alice(&d);
    stop(&d);
    code = view_end(v, code, transactions, (double)(now_ms() - began) / 1000);
    say_next(&d, code);
    return code;
}
