/* mallory.c - the attacker. She has what is public, the same image in the same TEE, and, for "old code", an earlier
 * version of the application. What she makes lies in the evidence folder, for Bob to look at. */
#include "studio.h"

#include <sys/stat.h>
#include <time.h>

#define MAX_BUNDLE (16u * 1024u * 1024u)
#define REPORT_DATA_CHAR 800 /* of the quote's base64: inside report_data, bytes 568 to 631 */
#define MAX_LINES 64

typedef struct mallory {
    world w;
    chaos_address bob;
    answered answer;
} mallory;

/* Is there a character of the quote's base64 at this distance? The member `data` stands before its media type. */
static char *inside_quote(chaos_buffer *envelope)
{
    static const char type[] = "\"media_type\":\"application/vnd.chaoschain.tdx-quote\"";
    static const char member[] = "{\"data\":\"";
    char *text = (char *)envelope->data;
    char *found = text == NULL ? NULL : strstr(text, type);
    while (found != NULL && found > text && strncmp(found, member, strlen(member)) != 0) {
        found--;
    }
    if (found == NULL || strncmp(found, member, strlen(member)) != 0) {
        return NULL;
    }
    found += strlen(member);
    return strcspn(found, "\"") > REPORT_DATA_CHAR ? found + REPORT_DATA_CHAR : NULL;
}

static int tamper(mallory *x, report *r)
{
    CHAOS_AUTO_BUFFER(copy, CHAOS_MAX_ENVELOPE);
    chaos_error err = { 0 };
    if (!buffer_append(&copy, slice(x->answer.envelope.data, x->answer.envelope.size))) {
        return step_fail_text(r, "out of memory");
    }
    char *one = inside_quote(&copy);
    if (one == NULL) {
        return step_fail_text(r, "Alice's answer has no TDX quote");
    }
    *one = *one == 'A' ? 'B' : 'A';
    return chaos_content_put_named(x->w.content, "attack-tampered-quote.json", slice(copy.data, copy.size), &err) ==
                   CHAOS_OK
               ? 0
               : step_fail(r, &err);
}

/* --------------------------------------------------------------- evidence ---- */

/* An identity key by its label, and evidence for Alice's request by a session key that it endorses. */
static chaos_status attest(mallory *x, const char *endpoint, const char *label, const char *name, chaos_error *err)
{
    opened_tee t = { NULL, NULL };
    chaos_keypair *identity = NULL, *session = NULL;
    chaos_key_options stable = CHAOS_KEY_OPTIONS_INIT, fresh = CHAOS_KEY_OPTIONS_INIT;
    chaos_binding b = { .stage = CHAOS_STAGE_VALIDATION };
    chaos_block head;
    char path[CHAOS_IDENTITY_PATH_SIZE];
    b.chain_id = chaos_u256_from(x->w.network.chain_id);
    b.identity_registry = chaos_registries_address(x->w.registries, CHAOS_REGISTRY_IDENTITY);
    b.agent_id = x->answer.agent_id;
    b.subject = x->answer.request_hash;
    CHAOS_TRY(chaos_rpc_block(x->w.rpc, NULL, &head, err));
    memcpy(b.nonce.bytes, head.hash.bytes, sizeof b.nonce.bytes);
    b.anchor_block = head.number;
    CHAOS_TRY(chaos_identity_path(&b.chain_id, &b.identity_registry, label, 0, path, err));
    chaos_status status = tee_open(x->w.s, endpoint, &t, err);
    stable.path = path;
    fresh.path = "";
    fresh.purpose = CHAOS_KEY_FRESH;
    fresh.attest.binding = &b;
    status = status != CHAOS_OK ? status : chaos_tee_generate_key(t.tee, &stable, &identity, err);
    fresh.attest.endorser = identity;
    status = status != CHAOS_OK ? status : chaos_tee_generate_key(t.tee, &fresh, &session, err);
    status = status != CHAOS_OK ? status
                                : chaos_content_put_named(x->w.content, name,
                                                          chaos_evidence_bytes(chaos_keypair_evidence(session)), err);
    chaos_keypair_free(session);
    chaos_keypair_free(identity);
    tee_close(&t);
    return status;
}

static int pose(mallory *x, report *r)
{
    chaos_error err = { 0 };
    return attest(x, x->w.s->tee_endpoint, "mallory", "attack-other-agent.json", &err) == CHAOS_OK
               ? 0
               : step_fail(r, &err);
}

static int go_back(mallory *x, report *r)
{
    chaos_error err = { 0 };
    if (x->w.s->old_endpoint == NULL) {
        return 0; /* Bob says that it was skipped, and why */
    }
    return attest(x, x->w.s->old_endpoint, "alice", "attack-old-code.json", &err) == CHAOS_OK ? 0
                                                                                              : step_fail(r, &err);
}

/* ----------------------------------------------------------------- files ---- */

static chaos_status forge(const mallory *x, const char *folder, const char *broken, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(said, 65536);
    char now[32], log[PATH_MAX];
    int code = 0;
    CHAOS_TRY(state_path(x->w.s, "forge.log", log, err));
    CHAOS_TRY(make_folder(folder, 0755, err));
    (void)snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    const char *argv[] = {
        "chaoschain-forge", "tdx", "--out", folder, "--now", now, broken == NULL ? NULL : "--break", broken, NULL
    };
    CHAOS_TRY(run_beside(argv, log, &said, &code, err));
    return code == 0
               ? CHAOS_OK
               : error_set(err, CHAOS_E_NOT_AVAILABLE, "chaoschain-forge", CHAOS_NO_OFFSET, "exit code %d", code);
}

static int debug(mallory *x, report *r)
{
    chaos_error err = { 0 };
    char control[PATH_MAX], broken[PATH_MAX];
    if (snprintf(control, sizeof control, "%s/attack-debug-control", x->w.s->evidence_path) >= (int)sizeof control ||
        snprintf(broken, sizeof broken, "%s/attack-debug-td", x->w.s->evidence_path) >= (int)sizeof broken) {
        return step_fail_text(r, "the path of the evidence is too long");
    }
    return forge(x, control, NULL, &err) == CHAOS_OK && forge(x, broken, "policy-td-debug", &err) == CHAOS_OK
               ? 0
               : step_fail(r, &err);
}

static bool is_receipt(chaos_slice line)
{
    static const char begins[] = "{\"receipt\":";
    return line.size > strlen(begins) && memcmp(line.data, begins, strlen(begins)) == 0;
}

/* The first two receipts change places, and nothing else is wrong: envelopes, of which a resumed Alice has several,
 * come before all receipts. */
static bool swap_receipts(chaos_slice text, chaos_buffer *out)
{
    chaos_slice receipts[MAX_LINES] = { { NULL, 0 } };
    size_t count = 0;
    bool ok = true;
    for (size_t at = 0; ok && at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        const size_t length = end == NULL ? text.size - at : (size_t)(end - text.data) - at + 1;
        const chaos_slice line = slice(text.data + at, length);
        if (!is_receipt(line)) {
            ok = buffer_append(out, line);
        } else if (count < MAX_LINES) {
            receipts[count++] = line;
        }
        at += length;
    }
    for (size_t i = 0; ok && i < count; i++) {
        ok = buffer_append(out, receipts[i < 2 ? 1 - i : i]);
    }
    return ok && count > 1;
}

static chaos_status copy_bundle(mallory *x, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bundle, MAX_BUNDLE);
    CHAOS_AUTO_BUFFER(swapped, MAX_BUNDLE);
    char id[CHAOS_U256_TEXT_SIZE], from[PATH_MAX], folder[PATH_MAX], to[PATH_MAX];
    chaos_u256_format(&x->answer.agent_id, id);
    if (snprintf(from, sizeof from, "%s/bundle-%s/bundle.jsonl", x->w.s->evidence_path, id) >= (int)sizeof from ||
        snprintf(folder, sizeof folder, "%s/attack-reordered-receipt", x->w.s->evidence_path) >= (int)sizeof folder ||
        snprintf(to, sizeof to, "%s/bundle.jsonl", folder) >= (int)sizeof to) {
        return error_set(err, CHAOS_E_LIMIT, "--local-evidence", CHAOS_NO_OFFSET, "the path is too long");
    }
    CHAOS_TRY(input_read("bundle", from, MAX_BUNDLE - 1, &bundle, err));
    CHAOS_TRY(make_folder(folder, 0755, err));
    if (!swap_receipts(slice(bundle.data, bundle.size), &swapped)) {
        return error_set(err, CHAOS_E_BUNDLE_FORMAT, "bundle", CHAOS_NO_OFFSET, "it has no two receipts");
    }
    return write_text(to, slice(swapped.data, swapped.size), err);
}

static int reorder(mallory *x, report *r)
{
    chaos_error err = { 0 };
    return copy_bundle(x, &err) == CHAOS_OK ? 0 : step_fail(r, &err);
}

/* ------------------------------------------------------------------ part ---- */

static int prepare(mallory *x, report *r)
{
    static const struct {
        const char *name;
        int (*run)(mallory *, report *);
    } all[] = { { "tampered-quote", tamper },
                { "other-agent", pose },
                { "debug-td", debug },
                { "old-code", go_back },
                { "reordered-receipt", reorder } };
    int code = 0;
    for (size_t i = 0; code == 0 && i < CHAOS_ARRAY_SIZE(all); i++) {
        if (attack_is_wanted(x->w.s, attack_find(all[i].name))) {
            code = all[i].run(x, r);
        }
    }
    return code;
}

int play_mallory(const settings *s, report *r)
{
    mallory x = { .answer = ANSWERED_INIT };
    chaos_error err = { 0 };
    int code;
    step_begin(r, "mallory", "Mallory makes what she needs");
    if (world_open(&x.w, s, r, "mallory", &err) != CHAOS_OK || read_validator(&x.w, &x.bob, &err) != CHAOS_OK ||
        find_answer(&x.w, &x.bob, &x.answer, &err) != CHAOS_OK) {
        code = step_fail(r, &err);
    } else {
        code = prepare(&x, r);
    }
    if (code == 0) {
        step_end(r, STEP_PASS, "Mallory tampers, poses, replays, forges%s",
                 s->old_endpoint == NULL ? ""
                                         : " and goes back");
    }
    chaos_buffer_free(&x.answer.envelope);
    world_close(&x.w);
    return code;
}
