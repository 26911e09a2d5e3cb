/* check_agent.c - a relying party's question: is this agent what it claims to be? From its id to one sentence.
 *
 *     ./check_agent RPC-URL IDENTITY-REGISTRY AGENT-ID COLLATERAL-FILE [CONTENT-FOLDER [TRUST-ROOT POLICY]]
 *
 * Needs no TEE. Exit code: that of `chaoschain check`. */
#include <chaoschain/validator.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_FILE (4u * 1024u * 1024u)

static chaos_slice read_file(const char *path)
{
    chaos_slice bytes = { NULL, 0 };
    uint8_t *data = malloc(MAX_FILE);
    FILE *file = fopen(path, "rb");

    if (data != NULL && file != NULL) {
        bytes.size = fread(data, 1, MAX_FILE, file);
        bytes.data = data;
        data = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(data);
    return bytes;
}

static chaos_status open_registries(char **argv, chaos_rpc **rpc, chaos_registries **registries, chaos_error *err)
{
    const char *const urls[] = { argv[1] };
    chaos_rpc_options node = CHAOS_RPC_OPTIONS_INIT;
    chaos_registries_options where = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_status status = chaos_address_parse(argv[2], &where.identity, err);

    node.urls = urls;
    node.url_count = 1;
    status = status == CHAOS_OK ? chaos_rpc_open(&node, rpc, err) : status;
    where.rpc = *rpc;
    where.has_identity = true;
    return status == CHAOS_OK ? chaos_registries_open(&where, registries, err) : status;
}

static int say(const chaos_agent_report *report)
{
    printf("%s\n", report->sentence);
    return report->verdict == NULL ? 5 : chaos_verdict_exit_code(report->verdict);
}

/* What a judge brings himself: collateral, roots, policy. */
static chaos_status check(int argc, char **argv, chaos_validator_config *config, chaos_trust *trust,
                          chaos_agent_report *report, chaos_error *err)
{
    const chaos_slice root = argc > 6 ? read_file(argv[6]) : (chaos_slice){ NULL, 0 };
    const chaos_u256 id = chaos_u256_from(strtoull(argv[3], NULL, 10));
    chaos_validator *judge = NULL;
    chaos_status status = CHAOS_OK;

    config->trust = trust;
    config->collateral = read_file(argv[4]);
    config->policy = argc > 7 ? read_file(argv[7]) : (chaos_slice){ NULL, 0 };
    status = root.size > 0 ? chaos_trust_add_root(trust, root, err) : CHAOS_OK;
    if (status == CHAOS_OK) {
        status = chaos_validator_open(config, &judge, err);
    }
    if (status == CHAOS_OK) {
        status = chaos_validator_check_agent(judge, &id, NULL, (int64_t)time(NULL), report, err);
    }
    chaos_validator_free(judge);
    free((void *)root.data);
    free((void *)config->collateral.data);
    free((void *)config->policy.data);
    return status;
}

int main(int argc, char **argv)
{
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;
    chaos_content_options where = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_rpc *rpc = NULL;
    chaos_registries *registries = NULL;
    chaos_content *content = NULL;
    chaos_trust *trust = NULL;
    chaos_agent_report report = { .verdict = NULL };
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    int code;

    if (argc < 5) {
        fprintf(stderr, "usage: check_agent RPC-URL IDENTITY-REGISTRY AGENT-ID COLLATERAL [CONTENT [ROOT POLICY]]\n");
        return 64;
    }
    where.folder = argc > 5 ? argv[5] : NULL;
    if (open_registries(argv, &rpc, &registries, &err) != CHAOS_OK ||
        chaos_content_open(&where, &content, &err) != CHAOS_OK || chaos_trust_new(&trust, &err) != CHAOS_OK) {
        code = 5;
    } else {
        config.registries = registries;
        config.content = content;
        code = check(argc, argv, &config, trust, &report, &err) == CHAOS_OK ? say(&report) : 5;
    }
    if (err.status != CHAOS_OK) {
        fprintf(stderr, "%s: %s\n", chaos_status_name(err.status), err.text);
    }
    chaos_verdict_free(report.verdict);
    chaos_trust_free(trust);
    chaos_content_free(content);
    chaos_registries_free(registries);
    chaos_rpc_free(rpc);
    return code;
}
