/* session.c - from the command line to an opened TEE, a key and its evidence. */
#include "tee_program.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "programs/common/tee/open_tee.h"

#define MAX_BOUND_FILE (1024u * 1024u) /* a registration file or a policy, of which the hash is bound */
#define MAX_LIFE (366 * 86400u)
#define MAX_COLLATERAL (512u * 1024u)

enum {
    STAGE_MAX = 5
};

void guard_process(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none); /* keys are left out of core dumps anyway; this is the second lock */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int tee_fault(const char *program, const chaos_error *err)
{
    int code = exit_of_status(err->status);
    if (err->status != CHAOS_E_PROVIDER_MISSING) {
        return say_fault(program, code, err);
    }
    if (!say_text(STDERR_FILENO, err->text) || !say_text(STDERR_FILENO, "\n")) {
        return code; /* nobody is listening; the exit code still says it */
    }
    return code;
}

static chaos_status usage(const char *option, const char *value, const char *wanted, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "'%s' is not possible", shown(value).text);
    error_expected(err, "%s", wanted);
    return CHAOS_E_USAGE;
}

/* ------------------------------------------------------------------- TEE ---- */

static chaos_status open_session_tee(const options *o, tee_session *session, chaos_error *err)
{
    const tee_choice choice = {
        .provider = options_value(o, KEY_OPT_PROVIDER, 0),
        .endpoint = options_value(o, KEY_OPT_ENDPOINT, 0),
        .options = options_value(o, KEY_OPT_OPTIONS, 0),
        .plugin = options_value(o, KEY_OPT_PLUGIN, 0),
    };
    return open_tee(&choice, &session->registry, &session->tee, err);
}

/* --------------------------------------------------------------- binding ---- */

static chaos_status read_digest(const options *o, size_t row, const char *option, uint8_t out[32], chaos_error *err)
{
    const char *text = options_value(o, row, 0);
    if (text == NULL || value_hex(text, out, 32)) {
        return CHAOS_OK;
    }
    return usage(option, text, "64 hex digits", err);
}

static chaos_status hash_file(const options *o, size_t row, const char *option, chaos_keccak *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, 0);
    const char *path = options_value(o, row, 0);
    if (path == NULL) {
        return CHAOS_OK;
    }
    CHAOS_TRY(input_read(option, path, MAX_BOUND_FILE, &text, err));
    if (text.size > MAX_BOUND_FILE) {
        return error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "the file has more than %u bytes",
                         MAX_BOUND_FILE);
    }
    *out = hash_keccak(buffer_slice(&text));
    return CHAOS_OK;
}

static chaos_status read_number(const options *o, size_t row, const char *option, uint64_t max, uint64_t *out,
                                chaos_error *err)
{
    const char *text = options_value(o, row, 0);
    if (text == NULL || value_unsigned(text, max, out)) {
        return CHAOS_OK;
    }
    return usage(option, text, "a decimal number in its range", err);
}

/* Stage, agent and the values of each stage. What does not fit together is refused when it is attested. */
static chaos_status read_binding(const options *o, const agent_name *agent, bool session_wanted, chaos_binding *b,
                                 chaos_error *err)
{
    uint64_t stage = agent == NULL ? CHAOS_STAGE_KEY_ONLY : agent->has_id ? CHAOS_STAGE_IDENTITY
                                                                          : 0;
    uint64_t life = 0;
    if (session_wanted && agent != NULL) {
        stage = CHAOS_STAGE_SESSION;
    }
    CHAOS_TRY(read_number(o, KEY_OPT_STAGE, "--stage", STAGE_MAX, &stage, err));
    CHAOS_TRY(read_number(o, KEY_OPT_ANCHOR_BLOCK, "--anchor-block", INT64_MAX, &b->anchor_block, err));
    CHAOS_TRY(read_number(o, KEY_OPT_EXPIRES_IN, "--expires-in", MAX_LIFE, &life, err));
    CHAOS_TRY(read_digest(o, KEY_OPT_NONCE, "--nonce", b->nonce.bytes, err));
    CHAOS_TRY(read_digest(o, KEY_OPT_SUBJECT, "--subject", b->subject.bytes, err));
    CHAOS_TRY(read_digest(o, KEY_OPT_TLS_SPKI_HASH, "--tls-spki-hash", b->tls_spki_hash.bytes, err));
    CHAOS_TRY(hash_file(o, KEY_OPT_AGENT_URI, "--registration-file", &b->agent_uri_hash, err));
    CHAOS_TRY(hash_file(o, KEY_OPT_MEETS, "--meets-policy", &b->policy_hash, err));
    b->stage = (uint8_t)stage;
    if (life > 0) {
        b->issued_at = (uint64_t)time(NULL);
        b->expires_at = b->issued_at + life;
    }
    if (agent != NULL) {
        b->chain_id = agent->chain_id;
        b->identity_registry = agent->identity_registry;
        b->agent_id = agent->agent_id;
    }
    if (agent == NULL || !agent->has_id) {
        memset(b->agent_id.bytes, 0xff, sizeof b->agent_id.bytes);
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------------ keys ---- */

/* The path of the identity key: --path, or the one that belongs to the agent. */
static chaos_status read_path(const options *o, const agent_name *agent, char path[CHAOS_IDENTITY_PATH_SIZE],
                              const char **chosen, chaos_error *err)
{
    const char *label = options_value(o, KEY_OPT_LABEL, 0);
    uint64_t generation = 0;
    *chosen = options_value(o, KEY_OPT_PATH, 0);
    CHAOS_TRY(read_number(o, KEY_OPT_GENERATION, "--generation", UINT32_MAX, &generation, err));
    if (agent == NULL && (label != NULL || options_has(o, KEY_OPT_GENERATION))) {
        return error_set(err, CHAOS_E_USAGE, "--agent", CHAOS_NO_OFFSET,
                         "--label and --generation name an agent's identity key: whose?");
    }
    if (agent == NULL || *chosen != NULL) {
        return CHAOS_OK;
    }
    *chosen = path;
    return chaos_identity_path(&agent->chain_id, &agent->identity_registry, label == NULL ? "agent" : label,
                               (uint32_t)generation, path, err);
}

static bool binds_session_key(const chaos_binding *b)
{
    return b->stage == CHAOS_STAGE_VALIDATION || b->stage == CHAOS_STAGE_TLS || b->stage == CHAOS_STAGE_SESSION;
}

/* The identity key as the endorser of a session: its own evidence is of stage 4, which needs no chain. */
static chaos_status make_keys(const chaos_binding *b, const char *path, chaos_slice collateral, tee_session *session,
                              chaos_error *err)
{
    chaos_key_options key = CHAOS_KEY_OPTIONS_INIT;
    chaos_key_options fresh = CHAOS_KEY_OPTIONS_INIT;
    key.path = path;
    if (!binds_session_key(b)) {
        key.attest.binding = b;
        key.attest.collateral = collateral;
        return chaos_tee_generate_key(session->tee, &key, &session->bound, err);
    }
    CHAOS_TRY(chaos_tee_generate_key(session->tee, &key, &session->identity, err));
    fresh.path = "";
    fresh.purpose = CHAOS_KEY_FRESH;
    fresh.attest.binding = b;
    fresh.attest.endorser = session->identity;
    fresh.attest.collateral = collateral;
    return chaos_tee_generate_key(session->tee, &fresh, &session->bound, err);
}

static chaos_status read_collateral(const options *o, chaos_buffer *text, chaos_error *err)
{
    const char *path = options_value(o, KEY_OPT_COLLATERAL, 0);
    return path == NULL ? CHAOS_OK : input_read("--collateral", path, MAX_COLLATERAL, text, err);
}

static chaos_status open_session(const options *o, bool session_wanted, tee_session *session, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(collateral, 0);
    char path[CHAOS_IDENTITY_PATH_SIZE];
    const char *chosen = NULL;
    const char *text = options_value(o, KEY_OPT_AGENT, 0);
    agent_name named = { 0 };
    const agent_name *agent = text == NULL ? NULL : &named;
    chaos_binding binding = { 0 };
    const char *wrong = text == NULL ? NULL : value_agent(text, &named);
    if (wrong != NULL) {
        return usage("--agent", text, wrong, err);
    }
    CHAOS_TRY(read_binding(o, agent, session_wanted, &binding, err));
    CHAOS_TRY(read_path(o, agent, path, &chosen, err));
    CHAOS_TRY(read_collateral(o, &collateral, err));
    CHAOS_TRY(open_session_tee(o, session, err));
    return make_keys(&binding, chosen, buffer_slice(&collateral), session, err);
}

int tee_session_open(const options *o, bool session_wanted, tee_session *session)
{
    chaos_error err = { 0 };
    if (open_session(o, session_wanted, session, &err) == CHAOS_OK) {
        return EXIT_AFFIRMING;
    }
    tee_session_close(session);
    return tee_fault(session->program, &err);
}

void tee_session_close(tee_session *session)
{
    chaos_keypair_free(session->bound);
    chaos_keypair_free(session->identity);
    chaos_tee_free(session->tee);
    chaos_tee_registry_free(session->registry);
    session->bound = NULL;
    session->identity = NULL;
    session->tee = NULL;
    session->registry = NULL;
}
