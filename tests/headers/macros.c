/* macros.c - what the public headers define beside functions, used as a caller would, in C11 and in C++11. */
#include <chaoschain/chaoschain.h>

int use_macros(void);
int use_macros(void)
{
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_expectation expectation = CHAOS_EXPECTATION_INIT;
    chaos_error error = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    size_t limits = (size_t)CHAOS_MAX_EVIDENCE + CHAOS_MAX_EVENT_LOG + CHAOS_MAX_COLLATERAL + CHAOS_MAX_POLICY;

    chaos_buffer_free(&text);
    return text.limit < limits && expectation.size == sizeof(expectation) && error.status == CHAOS_OK &&
           (CHAOS_E_TCB_REVOKED >> 8) == CHAOS_CLASS_TRUST && sizeof(CHAOS_VERSION_STRING) > 1;
}

int use_tee_macros(void);
int use_tee_macros(void)
{
    chaos_tee_registry_options registry = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_attest_options attest = CHAOS_ATTEST_OPTIONS_INIT;
    chaos_key_options key = CHAOS_KEY_OPTIONS_INIT;
    chaos_agent_config agent = CHAOS_AGENT_CONFIG_INIT;
    chaos_transaction transaction = CHAOS_TRANSACTION_INIT;
    char path[CHAOS_IDENTITY_PATH_SIZE];
    size_t limits = (size_t)CHAOS_MAX_TRANSACTION + CHAOS_MAX_SIGNED_MESSAGE + CHAOS_MAX_TYPED_DATA;

    return registry.size == sizeof(registry) && attest.size == sizeof(attest) && key.size == sizeof(key) &&
           key.attest.size == sizeof(attest) && agent.size == sizeof(agent) &&
           transaction.size == sizeof(transaction) && sizeof(path) < limits && CHAOS_TEE_PROBE_MS > 0;
}

/* As a plug-in's author writes them. */
chaos_provider_entry_function chaos_provider_entry;
const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    static const chaos_provider nothing = {
        CHAOS_PROVIDER_ABI, sizeof(chaos_provider), "nothing", CHAOS_PROVIDER_ENTRY, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL
    };
    chaos_error error;

    if (abi != CHAOS_PROVIDER_ABI) {
        (void)chaos_provider_fail(&error, CHAOS_E_USAGE, "no ABI %u; try %s", (unsigned)abi, CHAOS_KEY_FRESH);
        return NULL;
    }
    return &nothing;
}
