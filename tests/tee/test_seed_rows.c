/* test_seed_rows.c - the promises of the seed document, row by row: what its TEE provider protocol has in Python, this
 * library has in C (docs/seed-checklist.md). The provider is the simulated one, so it runs everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/agent.h>
#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h> /* S-32: the public include path */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"

typedef struct world {
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_keypair *keypair;
} world;

static chaos_slice bytes_of(const char *text)
{
    chaos_slice s = { (const uint8_t *)text, strlen(text) };
    return s;
}

static void quiet(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    (void)name;
    (void)level;
    (void)line;
}

static chaos_tee_registry *make_registry(const char *search_path)
{
    chaos_tee_registry *registry = NULL;
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    options.search_path = search_path;
    options.log = quiet;
    assert_int_equal(chaos_tee_registry_new(&options, &registry, NULL), CHAOS_OK);
    return registry;
}

static int begin(void **state)
{
    static world w;
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    w.registry = make_registry(PROVIDERS);
    if (chaos_tee_find(w.registry, "simulated", &provider, &err) != CHAOS_OK ||
        chaos_tee_open(provider, "{\"seed\":\"rows\"}", &w.tee, &err) != CHAOS_OK ||
        chaos_tee_generate_key(w.tee, NULL, &w.keypair, &err) != CHAOS_OK) {
        fprintf(stderr, "%s: %s\n", chaos_status_name(err.status), err.text);
        return -1;
    }
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_keypair_free(w->keypair);
    chaos_tee_free(w->tee);
    chaos_tee_registry_free(w->registry);
    return 0;
}

static bool exists(const char *path)
{
    struct stat status;
    char full[4096];
    (void)snprintf(full, sizeof full, "%s/%s", SOURCE_ROOT, path);
    return stat(full, &status) == 0;
}

static bool is_mapped(const char *needle)
{
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps) != NULL) {
        found = strstr(line, needle) != NULL;
    }
    fclose(maps);
    return found;
}

/* S-06 one folder per platform, S-08 protocol header, S-09 the implementation, S-10 its page, S-38 and S-39 how to
 * contribute and to report. */
static void test_layout(void **state)
{
    static const char *const paths[] = { "providers/phala-dstack", "providers/simulated",
                                         "include/chaoschain/provider.h", "include/chaoschain/tee.h",
                                         "docs/providers/phala-dstack.md", "docs/providers/simulated.md",
                                         "providers/template/src/tee.c", "docs/providers/TEMPLATE.md",
                                         "CONTRIBUTING-A-PROVIDER.md", "CONTRIBUTING.md", "SECURITY.md" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!exists(paths[i])) {
            fail_msg("%s is missing", paths[i]);
        }
    }
}

/* S-07 the registry lists what it knows; S-27 only names, no symbol of a plug-in is reachable. */
static void test_registry_lists(void **state)
{
    static const char *const names[] = { "phala-dstack", "simulated", "intel-tdx", "amd-sev-snp", "aws-nitro" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bool found = false;
        for (size_t k = 0; k < chaos_tee_known_count(); k++) {
            found = found || strcmp(chaos_tee_known_at(k)->name, names[i]) == 0;
        }
        assert_true(found);
    }
    assert_null(chaos_tee_known_at(chaos_tee_known_count()));
    assert_null(dlsym(RTLD_DEFAULT, CHAOS_PROVIDER_ENTRY));
}

/* S-28 the accessor loads when it is asked and not before, and gives a factory, not an instance. */
static void test_loaded_lazily(void **state)
{
    const chaos_tee_provider *provider = NULL;
    const chaos_tee_provider *again = NULL;
    chaos_tee_registry *registry = make_registry(PROVIDERS);
    (void)state;
    assert_false(is_mapped("chaoschain-provider-phala-dstack.so"));
    assert_int_equal(chaos_tee_find(registry, "phala-dstack", &provider, NULL), CHAOS_OK);
    assert_int_equal(chaos_tee_find(registry, "phala-dstack", &again, NULL), CHAOS_OK);
    assert_ptr_equal(provider, again);
    assert_true(is_mapped("chaoschain-provider-phala-dstack.so"));
    chaos_tee_registry_free(registry);
}

/* S-29 a provider that is not installed: what is missing, and the command that installs it. */
static void test_missing_provider(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    char folder[] = "/tmp/chaos-rows-XXXXXX";
    chaos_tee_registry *registry;
    (void)state;
    assert_non_null(mkdtemp(folder));
    registry = make_registry(folder);
    assert_int_equal(chaos_tee_find(registry, "phala-dstack", &provider, &err), CHAOS_E_PROVIDER_MISSING);
    assert_null(provider);
    assert_non_null(strstr(err.text, "phala-dstack"));
    char *second = strchr(err.text, '\n');
    assert_non_null(second);
    assert_null(strchr(second + 1, '\n'));
    assert_string_equal(second + 1, geteuid() == 0
                                        ? "Install with: cmake --install build --component phala-dstack"
                                        : "Install with: sudo cmake --install build --component phala-dstack");
    chaos_tee_registry_free(registry);
    (void)rmdir(folder);
}

/* S-30 a plug-in that does not load: the loader's own words are kept. */
static void test_broken_plugin(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_error err = { 0 };
    char folder[] = "/tmp/chaos-rows-XXXXXX";
    char path[128];
    chaos_tee_registry *registry;
    FILE *file;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/chaoschain-provider-phala-dstack.so", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("this is no shared object", file);
    fclose(file);
    (void)chmod(path, 0644);
    registry = make_registry(folder);
    assert_int_equal(chaos_tee_find(registry, "phala-dstack", &provider, &err), CHAOS_E_PROVIDER);
    assert_true(err.found[0] != '\0'); /* what dlerror said */
    chaos_tee_registry_free(registry);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* S-11 provider_name, S-13 the constructor works outside the TEE, S-12 is_available answers in time and never aborts. */
static void test_outside(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_tee *tee = NULL;
    chaos_error reason = { 0 };
    struct timespec before, after;
    world *w = *state;
    assert_int_equal(chaos_tee_find(w->registry, "phala-dstack", &provider, NULL), CHAOS_OK);
    assert_int_equal(chaos_tee_open(provider, "{\"endpoint\":\"/nonexistent/dstack.sock\"}", &tee, NULL), CHAOS_OK);
    assert_string_equal(chaos_tee_name(tee), "phala-dstack");
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    assert_false(chaos_tee_is_available(tee, &reason));
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec <= 2);
    assert_true(reason.status != CHAOS_OK && reason.text[0] != '\0');
    assert_false(chaos_tee_is_available(tee, NULL));
    chaos_tee_free(tee);
    assert_true(chaos_tee_is_available(w->tee, &reason));
}

/* S-14 generate_key with options, unknown names refused; S-18 errors say what, where, expected, found. */
static void test_generate_key(void **state)
{
    const chaos_tee_provider *provider = NULL;
    chaos_key_options options = CHAOS_KEY_OPTIONS_INIT;
    chaos_keypair *keypair = NULL;
    chaos_keypair *same = NULL;
    chaos_tee *tee = NULL;
    chaos_error err = { 0 };
    world *w = *state;
    options.path = "chaoschain/another";
    options.has_nonce = true;
    memset(options.nonce.bytes, 0x5a, sizeof options.nonce.bytes);
    assert_int_equal(chaos_tee_generate_key(w->tee, &options, &keypair, &err), CHAOS_OK);
    assert_int_equal(chaos_tee_generate_key(w->tee, &options, &same, &err), CHAOS_OK);
    chaos_address one = chaos_keypair_address(keypair), two = chaos_keypair_address(same);
    chaos_address other = chaos_keypair_address(w->keypair);
    assert_memory_equal(&one, &two, sizeof one);
    assert_memory_not_equal(&one, &other, sizeof one);
    options.algorithm = "rsa";
    assert_int_equal(chaos_tee_generate_key(w->tee, &options, &same, &err), CHAOS_E_USAGE);
    assert_int_equal(err.status, CHAOS_E_USAGE);
    assert_true(err.text[0] != '\0');
    assert_int_equal(chaos_tee_find(w->registry, "simulated", &provider, NULL), CHAOS_OK);
    assert_int_equal(chaos_tee_open(provider, "{\"sed\":\"a slip\"}", &tee, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "sed"));
    chaos_keypair_free(keypair);
    chaos_keypair_free(same);
}

/* S-19 public key and address, S-20 the private key is a reference, S-21 the evidence, S-22 the provider. */
static void test_keypair(void **state)
{
    world *w = *state;
    uint8_t public_key[65];
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_address address = chaos_keypair_address(w->keypair);
    chaos_binding binding;
    chaos_keypair_public_key(w->keypair, public_key);
    assert_int_equal(public_key[0], 4);
    chaos_address_format(&address, text);
    assert_int_equal(strlen(text), 42);
    assert_string_equal(chaos_keypair_algorithm(w->keypair), "secp256k1");
    assert_string_equal(chaos_keypair_reference(w->keypair), "simulated:chaoschain/default");
    assert_string_equal(chaos_keypair_provider(w->keypair), "simulated");
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(w->keypair), &binding));
    assert_int_equal(binding.stage, CHAOS_STAGE_KEY_ONLY);
    assert_memory_equal(&binding.identity_key, &address, sizeof address);
    assert_memory_equal(binding.public_key_hash.bytes + 12, &address, sizeof address);
}

/* What a relying party holds of the simulated machine: the plug-in writes it on request. */
static void held(const world *w, char *folder, chaos_buffer *collateral, chaos_buffer *policy, chaos_buffer *root)
{
    char params[256];
    chaos_buffer reply = CHAOS_BUFFER_INIT(65536);
    const struct {
        const char *name;
        chaos_buffer *into;
    } files[] = { { "collateral.json", collateral }, { "policy.json", policy }, { "trust-root.der", root } };
    (void)snprintf(params, sizeof params, "{\"folder\":\"%s\"}", folder);
    assert_int_equal(chaos_tee_invoke(w->tee, "WriteFiles", params, &reply, NULL), CHAOS_OK);
    chaos_buffer_wipe(&reply);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        files[i].into->data = malloc(262144);
        assert_non_null(files[i].into->data);
        files[i].into->size = fread(files[i].into->data, 1, 262144, file);
        fclose(file);
        assert_true(files[i].into->size > 0);
    }
}

/* S-15 sign, S-16 verify_attestation in both forms, S-23 to S-26 the signature's members, S-17 the report. */
static void test_signature(void **state)
{
    world *w = *state;
    char folder[] = "/tmp/chaos-rows-XXXXXX";
    char command[64];
    chaos_buffer collateral = CHAOS_BUFFER_INIT(262144), policy_text = CHAOS_BUFFER_INIT(262144),
                 root = CHAOS_BUFFER_INIT(262144);
    chaos_signature *signature = NULL;
    chaos_signature *second = NULL;
    chaos_policy *policy = NULL;
    chaos_trust *trust = NULL;
    chaos_verdict *verdict = NULL;
    chaos_measurements measured;
    chaos_error err = { 0 };
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    const int64_t now = (int64_t)time(NULL);
    assert_non_null(mkdtemp(folder));
    held(w, folder, &collateral, &policy_text, &root);
    chaos_slice collateral_bytes = { collateral.data, collateral.size };
    chaos_slice policy_bytes = { policy_text.data, policy_text.size };
    chaos_slice root_bytes = { root.data, root.size };
    assert_int_equal(chaos_policy_parse(policy_bytes, &policy, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, root_bytes, &err), CHAOS_OK);

    assert_int_equal(chaos_tee_sign(w->tee, bytes_of("agent action"), w->keypair, &signature, &err), CHAOS_OK);
    chaos_signature65 bytes = chaos_signature_bytes(signature);
    assert_true(bytes.bytes[64] == 27 || bytes.bytes[64] == 28);
    assert_true(bytes.bytes[32] < 0x80);
    assert_string_equal(chaos_signature_algorithm(signature), "secp256k1");
    assert_int_equal(chaos_signature_digest_kind(signature), CHAOS_DIGEST_EIP191);
    assert_string_equal(chaos_signature_provider(signature), "simulated");
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_UNKNOWN);
    assert_int_equal(chaos_tee_sign(w->tee, bytes_of("another"), w->keypair, &second, &err), CHAOS_OK);
    assert_ptr_equal(chaos_signature_evidence(signature), chaos_signature_evidence(second));
    chaos_evidence_measurements(chaos_signature_evidence(signature), &measured);
    static const uint8_t zero[48];
    assert_memory_not_equal(measured.mr_td, zero, sizeof zero);
    assert_memory_not_equal(measured.rtmr3, zero, sizeof zero);

    assert_int_equal(chaos_signature_verify(signature, bytes_of("agent action"), collateral_bytes, trust, policy,
                                            &expectation, now, NULL, &verdict, &err),
                     CHAOS_OK);
    assert_int_equal(chaos_verdict_verified(verdict), CHAOS_VERIFIED_TRUE);
    assert_int_equal(chaos_verdict_tier(verdict), CHAOS_TIER_WARNING); /* stage 4 proves a key, not an agent */
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_TRUE);
    chaos_verdict_free(verdict);
    /* The boolean form: not every required check ran, so it is not true. */
    assert_false(chaos_tee_verify_attestation(signature, bytes_of("agent action"), collateral_bytes, trust, policy,
                                              &expectation, now));
    assert_int_equal(chaos_signature_verify(signature, bytes_of("agent actioN"), collateral_bytes, trust, policy,
                                            &expectation, now, NULL, &verdict, &err),
                     CHAOS_OK);
    assert_int_equal(chaos_verdict_error(verdict)->status, CHAOS_E_MESSAGE_SIGNATURE);
    assert_int_equal(chaos_signature_verified(signature), CHAOS_VERIFIED_FALSE);
    chaos_verdict_free(verdict);

    chaos_report_data report_data = { { 1, 2, 3 } };
    chaos_evidence *report = NULL;
    assert_int_equal(chaos_tee_get_attestation_report(w->tee, &report_data, &report, &err), CHAOS_OK);
    chaos_evidence_measurements(report, &measured);
    assert_memory_equal(&measured.report_data, &report_data, sizeof report_data);
    assert_true(chaos_evidence_event_log(report).size > 0);
    chaos_evidence_free(report);

    chaos_signature_free(signature);
    chaos_signature_free(second);
    chaos_trust_free(trust);
    chaos_policy_free(policy);
    chaos_buffer_free(&collateral);
    chaos_buffer_free(&policy_text);
    chaos_buffer_free(&root);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* S-31 the plug-in is an option of the build and a component of the installation. */
static void test_optional(void **state)
{
    char line[512];
    bool option = false;
    FILE *cache = fopen(BUILD_ROOT "/CMakeCache.txt", "r");
    (void)state;
    assert_non_null(cache);
    while (fgets(line, sizeof line, cache) != NULL) {
        option = option || strncmp(line, "CHAOS_PROVIDER_PHALA_DSTACK:BOOL=", 33) == 0;
    }
    fclose(cache);
    assert_true(option);
}

/* S-36 provider, key, agent in a few lines; S-37 name, network and TEE are enough, a keypair is accepted, and what the
 * agent signs carries its evidence. S-35: the rest of this suite. */
static void test_agent(void **state)
{
    world *w = *state;
    chaos_agent *agent = NULL;
    chaos_signature *signature = NULL;
    chaos_error err = { 0 };
    chaos_binding binding;
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    config.name = "SecureAgent";
    config.network = "base-sepolia";
    config.tee = w->tee;
    config.keypair = w->keypair;
    assert_int_equal(chaos_agent_open(&config, &agent, &err), CHAOS_OK);
    assert_string_equal(chaos_agent_name(agent), "SecureAgent");
    assert_int_equal(chaos_agent_network(agent)->chain_id, 84532);
    assert_ptr_equal(chaos_agent_keypair(agent), w->keypair);
    assert_int_equal(chaos_agent_sign(agent, bytes_of("an action"), &signature, &err), CHAOS_OK);
    assert_ptr_equal(chaos_signature_evidence(signature), chaos_keypair_evidence(w->keypair));
    chaos_signature_free(signature);
    chaos_agent_free(agent);

    config.keypair = NULL;
    if (chaos_agent_open(&config, &agent, &err) != CHAOS_OK) {
        fail_msg("%s: %s", chaos_status_name(err.status), err.text);
    }
    assert_true(chaos_evidence_binding(chaos_keypair_evidence(chaos_agent_keypair(agent)), &binding));
    assert_int_equal(binding.stage, CHAOS_STAGE_BEFORE_REGISTRATION);
    assert_string_equal(chaos_keypair_reference(chaos_agent_keypair(agent)),
                        "simulated:chaoschain/1/84532/0x8004a818bfb912233c491871b3d84c89a494bd9e/secureagent/"
                        "secp256k1/0");
    chaos_agent_free(agent);

    agent = NULL;
    config.network = "local"; /* which registry? */
    assert_int_equal(chaos_agent_open(&config, &agent, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "identity_registry");
    config.network = "base-seplia";
    assert_int_equal(chaos_agent_open(&config, &agent, &err), CHAOS_E_USAGE);
    config.network = "base-sepolia";
    config.name = "";
    assert_int_equal(chaos_agent_open(&config, &agent, &err), CHAOS_E_USAGE);
    config.name = "SecureAgent";
    config.tee = NULL;
    assert_int_equal(chaos_agent_open(&config, &agent, &err), CHAOS_E_USAGE);
    assert_null(agent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_registry_lists),
        cmocka_unit_test(test_loaded_lazily),
        cmocka_unit_test(test_missing_provider),
        cmocka_unit_test(test_broken_plugin),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_generate_key),
        cmocka_unit_test(test_keypair),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_optional),
        cmocka_unit_test(test_agent),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
