/* agent.c - an agent with its key in a TEE: it signs an action, and the signature carries the evidence.
 *
 *     ./agent PROVIDER [OPTIONS-JSON]       e.g. ./agent simulated '{"seed":"example"}'
 *
 * The same program runs in a Phala confidential VM with PROVIDER phala-dstack. */
#include <chaoschain/agent.h>

#include <stdio.h>
#include <string.h>

static int failed(const chaos_error *err)
{
    fprintf(stderr, "%s: %s\n", chaos_status_name(err->status), err->text);
    return 1;
}

/* The tee is the caller's; what is made here is freed here. */
static int act(chaos_tee *tee)
{
    static const char action[] = "agent action";
    chaos_slice bytes = { (const uint8_t *)action, strlen(action) };
    chaos_agent_config config = CHAOS_AGENT_CONFIG_INIT;
    chaos_agent *agent = NULL;
    chaos_signature *signature = NULL;
    chaos_buffer json = CHAOS_BUFFER_INIT(8192);
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    int code = 0;

    config.name = "SecureAgent";
    config.network = "base-sepolia";
    config.tee = tee; /* the identity key of this agent on this network is made, or made again */
    if (chaos_agent_open(&config, &agent, &err) != CHAOS_OK ||
        chaos_agent_sign(agent, bytes, &signature, &err) != CHAOS_OK ||
        chaos_signature_write(signature, &json, &err) != CHAOS_OK) {
        code = failed(&err);
    } else {
        printf("%s\n", (const char *)json.data); /* names the envelope that proves the key by its hash */
    }
    chaos_buffer_free(&json);
    chaos_signature_free(signature);
    chaos_agent_free(agent);
    return code;
}

int main(int argc, char **argv)
{
    chaos_tee_registry *registry = NULL;
    const chaos_tee_provider *provider = NULL;
    chaos_tee *tee = NULL;
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    int code;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: agent PROVIDER [OPTIONS-JSON]\n");
        return 64;
    }
    if (chaos_tee_registry_new(NULL, &registry, &err) != CHAOS_OK ||
        chaos_tee_find(registry, argv[1], &provider, &err) != CHAOS_OK ||
        chaos_tee_open(provider, argc == 3 ? argv[2] : NULL, &tee, &err) != CHAOS_OK) {
        code = failed(&err);
    } else {
        code = act(tee);
    }
    chaos_tee_free(tee);
    chaos_tee_registry_free(registry);
    return code;
}
