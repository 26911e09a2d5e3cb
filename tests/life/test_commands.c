/* test_commands.c - chaoschain check, validate and reputation as people run them, against a real chain. */
#include "tests/life/forged_world.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/http_server.h"

#define PROGRAM BUILD_ROOT "/bin/chaoschain-chain"

static forged_world w;
static char net[512];    /* options: which chain */
static char judge[1024]; /* options: roots, policy, collateral, content */
static char output[65536];

/* ---------------------------------------------------------------------- running ---- */

static void save(const char *name, chaos_slice bytes)
{
    char path[192];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s-%s", w.journal, name); /* world_end removes what begins so */
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

/* Runs a command of the shell; what it says is in `output`. */
static void shell(int code, const char *command)
{
    FILE *said = popen(command, "r");
    size_t got;
    int ended;

    assert_non_null(said);
    got = fread(output, 1, sizeof output - 1, said);
    output[got] = '\0';
    ended = pclose(said);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != code) {
        fail_msg("wanted exit code %d, came %d: %s\n%s", code, WEXITSTATUS(ended), command, output);
    }
}

/* The passphrase of every keystore of these tests comes in on descriptor 3. */
static void run(int code, const char *arguments)
{
    char command[4096];

    (void)snprintf(command, sizeof command, "echo secret | " PROGRAM " %s %s 3<&0 2>&1", arguments, net);
    shell(code, command);
}

static void says(const char *part)
{
    if (strstr(output, part) == NULL) {
        fail_msg("no '%s' in: %s", part, output);
    }
}

static const char *agent_name(const chaos_u256 *id)
{
    static char name[256];
    char registry[CHAOS_REGISTRY_NAME_SIZE], number[CHAOS_U256_TEXT_SIZE];

    chaos_registry_name_format(31337, &w.addresses.identity, registry);
    chaos_u256_format(id, number);
    (void)snprintf(name, sizeof name, "%s:%s", registry, number);
    return name;
}

static const char *with(const char *format, const char *a)
{
    static char text[2048];

    (void)snprintf(text, sizeof text, format, a, judge);
    return text;
}

static int begin(void **state)
{
    char addresses[3][CHAOS_ADDRESS_TEXT_SIZE];

    (void)state;
    world_begin(&w);
    chaos_address_format(&w.addresses.identity, addresses[0]);
    chaos_address_format(&w.addresses.reputation, addresses[1]);
    chaos_address_format(&w.addresses.validation, addresses[2]);
    save("root", buffer_slice(&w.held.root));
    save("policy", buffer_slice(&w.held.policy));
    save("collateral", buffer_slice(&w.held.collateral));
    (void)snprintf(net, sizeof net, "--rpc %s --identity %s --reputation %s --validation %s", rpc_proxy_url(w.c.proxy),
                   addresses[0], addresses[1], addresses[2]);
    (void)snprintf(judge, sizeof judge,
                   "--trust-root %s-root --policy %s-policy --collateral %s-collateral --content %s --content-base " WORLD_BASE,
                   w.journal, w.journal, w.journal, w.content_folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&w);
    return 0;
}

/* ------------------------------------------------------------------------ check ---- */

static chaos_u256 new_agent(void)
{
    const chaos_address key = world_address(w.wallet);

    return world_agent(&w, w.wallet, &key);
}

/* Stage 1 over the head. */
static chaos_binding identity_binding(const chaos_u256 *id)
{
    const request_draft none = { .agent_id = *id };
    chaos_binding binding = world_binding(&w, &none);

    binding.stage = CHAOS_STAGE_IDENTITY;
    memset(&binding.subject, 0, sizeof binding.subject);
    return binding;
}

static void publish_evidence(const chaos_u256 *id, const char *flaw)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    const chaos_binding binding = identity_binding(id);
    char uri[CHAOS_CONTENT_URI_SIZE];
    chaos_keccak hash;
    chaos_error err;

    world_envelope(&w, &binding, flaw, &bytes);
    hash = hash_keccak(buffer_slice(&bytes));
    OK(chaos_content_put(w.content, buffer_slice(&bytes), uri, &err));
    world_metadata(&w, id, "tee.evidenceURI", slice_text(uri));
    world_metadata(&w, id, "tee.evidenceHash", slice(hash.bytes, sizeof hash.bytes));
}

static void test_check(void **state)
{
    const chaos_u256 id = new_agent();

    (void)state;
    run(4, with("check %s %s", agent_name(&id)));
    says("claims no TEE");
    publish_evidence(&id, NULL);
    run(0, with("check %s %s", agent_name(&id)));
    says("SIMULATED, no hardware vouches for it");
    run(0, with("check %s --json %s", agent_name(&id)));
    says("\"schema\":\"chaoschain/check/1\"");
    says("\"tier\":\"AFFIRMING\"");
    says("\"verdict\":{\"");
    world_mine(&w, 300); /* the block of the evidence is old now: genuine, and not fresh */
    run(1, with("check %s %s", agent_name(&id)));
    says("open points");
    publish_evidence(&id, "policy-td-debug");
    run(2, with("check %s %s", agent_name(&id)));
    says("TD_DEBUG");
    publish_evidence(&id, "quote-signature-flipped");
    run(4, with("check %s %s", agent_name(&id)));
    says("is not what it claims to be");
    world_metadata(&w, &id, "tee.evidenceHash", slice_text("01234567890123456789012345678901"));
    run(5, with("check %s --json %s", agent_name(&id)));
    says("\"code\":\"CONTENT_HASH\"");
    says("\"verdict\":null");
    world_metadata(&w, &id, "tee.evidenceURI", slice_text("gopher://nowhere.invalid/x"));
    run(5, with("check %s --json %s", agent_name(&id)));
    says("\"code\":\"NOT_AVAILABLE\"");
}

static void test_check_own_things(void **state)
{
    const chaos_u256 id = new_agent();
    const chaos_u256 nobody = chaos_u256_from(99999);
    char arguments[1024];

    (void)state;
    publish_evidence(&id, NULL);
    run(5, with("check %s %s", agent_name(&nobody)));
    says("NOT_FOUND");
    (void)snprintf(arguments, sizeof arguments, "check %s --trust-root %s-root --policy %s-policy --content %s",
                   agent_name(&id), w.journal, w.journal, w.content_folder);
    run(5, arguments);
    says("COLLATERAL_MISSING");
    says("--collateral FILE");
    (void)snprintf(arguments, sizeof arguments, "check %s --collateral %s-collateral --content %s", agent_name(&id),
                   w.journal, w.content_folder);
    run(4, arguments); /* no root of the simulator's */
    says("ROOT_UNTRUSTED");
    (void)snprintf(arguments, sizeof arguments,
                   "check %s --trust-root %s-root --collateral %s-collateral --content %s", agent_name(&id), w.journal,
                   w.journal, w.content_folder);
    run(2, arguments); /* the default policy takes no simulator */
    says("ANCHOR");
    /* collateral that 'collateral fetch' would keep: good as it is, and nobody is asked */
    char folder[160];
    (void)snprintf(folder, sizeof folder, "%s-kept", w.journal);
    (void)snprintf(arguments, sizeof arguments,
                   "check %s --trust-root %s-root --policy %s-policy --content %s --collateral-cache %s "
                   "--collateral-service http://127.0.0.1:1",
                   agent_name(&id), w.journal, w.journal, w.content_folder, folder);
    run(5, arguments); /* nothing is kept, and nobody answers */
    says("NETWORK");
    save("kept/tdx-c0a05c000000-platform.json", buffer_slice(&w.held.collateral));
    run(0, arguments);
    says("SIMULATED, no hardware vouches for it");
    save("kept/tdx-c0a05c000000-platform.json", slice_text("{}"));
    run(5, arguments);
    says("NETWORK");
    (void)snprintf(arguments, sizeof arguments, "rm -r '%s'", folder);
    shell(0, arguments);
    run(64, with("check 0 --collateral-cache %s %s", folder)); /* and --collateral */
    (void)snprintf(arguments, sizeof arguments, "check %s --collateral-service http://127.0.0.1:1", agent_name(&id));
    run(64, arguments);
    says("--collateral-cache");
    run(64, "check");
    run(64, with("check nonsense %s%s", ""));
    run(64, with("check 0 --at yesterday %s%s", ""));
}

/* The agent's own endpoint: fresh for whoever asks it, and a replayer is caught. */
typedef struct endpoint {
    chaos_u256 id;
    bool replays;
} endpoint;

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    endpoint *e = context;
    chaos_binding binding = identity_binding(&e->id);
    const char *nonce = strstr(seen->target, "nonce=0x");

    if (nonce == NULL || strlen(nonce) < 8 + 64 ||
        !hex_decode(slice(nonce + 8, 64), binding.nonce.bytes, sizeof binding.nonce.bytes)) {
        return http_reply(out, 400, "text/plain", slice_text("no nonce"));
    }
    binding.anchor_block = 0;
    if (e->replays) {
        binding.nonce.bytes[0] ^= 1;
    }
    world_envelope(&w, &binding, NULL, &bytes);
    return http_reply(out, 200, "application/json", buffer_slice(&bytes));
}

static void test_check_fresh(void **state)
{
    endpoint e = { .id = new_agent() };
    const http_server_options options = { .tcp = true, .answer = answer, .context = &e };
    http_server *server = http_server_start(&options);
    CHAOS_AUTO_BUFFER(file, CHAOS_MAX_REGISTRATION_FILE);
    chaos_registration_fields fields = CHAOS_REGISTRATION_FIELDS_INIT;
    chaos_service service = { CHAOS_SERVICE_ATTESTATION, NULL, NULL };
    char url[128], uri[CHAOS_CONTENT_URI_SIZE];
    chaos_error err;

    (void)state;
    (void)snprintf(url, sizeof url, "%s/.well-known/tee-attestation", http_server_url(server));
    service.endpoint = url;
    fields.name = "Alice";
    fields.services = &service;
    fields.service_count = 1;
    OK(chaos_registration_file_write(&fields, &file, &err));
    OK(chaos_content_put(w.content, buffer_slice(&file), uri, &err));
    OK(chaos_agent_set_uri(w.registries, w.c.sender, world_name(&w, "uri"), &e.id, uri, NULL, &err));
    publish_evidence(&e.id, NULL);
    run(0, with("check %s --fresh --allow-local %s", agent_name(&e.id)));
    e.replays = true;
    run(2, with("check %s --fresh --allow-local --json %s", agent_name(&e.id)));
    says("BINDING_NONCE");
    run(5, with("check %s --fresh %s", agent_name(&e.id))); /* this machine's own services are not for strangers */
    http_server_stop(server);
}

/* examples/check_agent.c, as somebody would build it for himself. */
static void test_example(void **state)
{
    const chaos_u256 id = new_agent();
    char command[2048], number[CHAOS_U256_TEXT_SIZE], registry[CHAOS_ADDRESS_TEXT_SIZE];

    (void)state;
    publish_evidence(&id, NULL);
    chaos_u256_format(&id, number);
    chaos_address_format(&w.addresses.identity, registry);
    (void)snprintf(command, sizeof command,
                   BUILD_ROOT "/examples/example_check_agent %s %s %s %s-collateral %s %s-root %s-policy 2>&1",
                   rpc_proxy_url(w.c.proxy), registry, number, w.journal, w.content_folder, w.journal, w.journal);
    shell(0, command);
    says("SIMULATED, no hardware vouches for it");
    publish_evidence(&id, "policy-td-debug");
    shell(2, command);
    says("is not what it claims to be");
}

/* --------------------------------------------------------------------- validate ---- */

static char keystore[400]; /* options: Bob's keystore, another Bob than the world's */

static chaos_address new_bob(void)
{
    char command[512], text[CHAOS_ADDRESS_TEXT_SIZE];
    const char *found;
    chaos_address bob;
    chaos_error err;

    (void)snprintf(keystore, sizeof keystore, "--keystore %s-keystore%u --passphrase-fd 3 --journal %s-sent --wait 20",
                   w.journal, ++w.count, w.journal);
    (void)snprintf(command, sizeof command,
                   "echo secret | " PROGRAM " account new --light --json --keystore %s-keystore%u --passphrase-fd 3 3<&0",
                   w.journal, w.count);
    shell(0, command);
    found = strstr(output, "\"address\":\"");
    assert_non_null(found);
    (void)snprintf(text, sizeof text, "%.42s", found + strlen("\"address\":\""));
    OK(chaos_address_parse(text, &bob, &err));
    (void)snprintf(command, sizeof command, "[\"%s\",\"0x56bc75e2d63100000\"]", text);
    chain_do(&w.c, "anvil_setBalance", command);
    return bob;
}

static request_draft request_of(const chaos_address *validator, bool sound)
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_ENVELOPE);
    request_draft r = world_request(&w);
    chaos_binding binding;

    r.validator = r.fields.validator = *validator;
    if (!sound) {
        r.fields.chain_id = 1;
    }
    world_ask(&w, &r);
    binding = world_binding(&w, &r);
    world_envelope(&w, &binding, NULL, &bytes);
    world_publish(&w, &r, buffer_slice(&bytes));
    return r;
}

static void run_validate(int code, const char *what, const char *more)
{
    char arguments[2048];

    (void)snprintf(arguments, sizeof arguments, "validate %s %s %s", what, judge, more);
    run(code, arguments);
}

static void test_validate(void **state)
{
    const chaos_address bob = new_bob();
    request_draft r = request_of(&bob, true);
    char hash[67] = "0x";

    (void)state;
    hex_encode(slice(r.hash.bytes, sizeof r.hash.bytes), hash + 2);
    run_validate(0, hash, "--dry-run --json");
    says("\"dry_run\":true");
    says("\"response\":100");
    assert_int_equal(world_answers(&w, &r.hash), 0);
    run_validate(5, hash, "--dry-run --at 2040-01-01T00:00:00Z"); /* the collateral is of another time */
    says("retry");
    run_validate(0, hash, keystore);
    says("100 of 100, tee-sim/v1");
    assert_int_equal(world_answers(&w, &r.hash), 1);
    run_validate(0, hash, keystore);
    says("done");
    assert_int_equal(world_answers(&w, &r.hash), 1);
}

static void test_validate_watch(void **state)
{
    const chaos_address bob = new_bob();
    const chaos_address other = world_address(w.bob);
    request_draft mine = request_of(&bob, true);
    request_draft anothers = request_of(&other, true);
    request_draft refused = request_of(&bob, false);
    char more[512];

    (void)state;
    (void)snprintf(more, sizeof more, "%s --json", keystore);
    run_validate(3, "--watch --once", more); /* the last one */
    says("\"decision\":\"answer\"");
    says("\"decision\":\"refuse\"");
    assert_int_equal(world_answers(&w, &mine.hash), 1);
    assert_int_equal(world_answers(&w, &anothers.hash), 0);
    assert_int_equal(world_answers(&w, &refused.hash), 0);
    run_validate(3, "--watch --once", more); /* after a restart nothing is answered again */
    says("\"decision\":\"done\"");
    assert_int_equal(world_answers(&w, &mine.hash), 1);
}

static void test_validate_usage(void **state)
{
    (void)state;
    run_validate(64, "", "--dry-run");
    run_validate(64, "--watch", "--dry-run");
    says("whose requests");
    run_validate(64, "0x12", "--dry-run");
    run_validate(64, "--once", "--dry-run");
}

/* ------------------------------------------------------------------- reputation ---- */

static void test_reputation(void **state)
{
    const chaos_u256 id = new_agent();
    char arguments[512], bob[CHAOS_ADDRESS_TEXT_SIZE];
    const chaos_address validator = world_address(w.bob);
    const chaos_feedback_draft draft = { .value = { .low = 75 }, .tag1 = "tee-verified" };
    chaos_error err;

    (void)state;
    OK(chaos_feedback_give(w.registries, w.bob_sender, world_name(&w, "feedback"), &id, &draft, NULL, NULL, &err));
    chaos_address_format(&validator, bob);
    (void)snprintf(arguments, sizeof arguments, "reputation %s --validator %s", agent_name(&id), bob);
    run(0, arguments);
    says("no-tee");
    says("the evidence had expired");
    (void)snprintf(arguments, sizeof arguments, "reputation %s --validator %s --json", agent_name(&id), bob);
    run(0, arguments);
    says("\"totals\":{\"no-tee\":{\"count\":1,\"mean\":\"75\"}");
    (void)snprintf(arguments, sizeof arguments, "reputation %s", agent_name(&id));
    run(64, arguments);
    says("--validator ADDR");
    (void)snprintf(arguments, sizeof arguments, "reputation 99999 --validator %s", bob);
    run(5, arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_own_things),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_check_fresh),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_validate_watch),
        cmocka_unit_test(test_validate_usage),
        cmocka_unit_test(test_reputation),
    };

    if (anvil_path() == NULL) {
        (void)printf("SKIPPED: anvil is not installed (scripts/install-npm.sh tests/npm/chain)\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
