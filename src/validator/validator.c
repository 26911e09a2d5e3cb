/* validator.c - opening: what a validator believes is its own. */
#include "validator/internal.h"

#include <stdarg.h>
#include <stdio.h>

void chaos_validator_free(chaos_validator *validator)
{
    if (validator != NULL) {
        agent_store_close(validator->store);
        chaos_policy_free(validator->policy);
        chaos_policy_free(validator->hardware);
        chaos_buffer_free(&validator->collateral);
        free(validator);
    }
}

void validator_say(const chaos_validator *v, const char *format, ...)
{
    char line[256];
    va_list arguments;

    if (v->config.log == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    v->config.log(v->config.log_context, line);
}

const char *chaos_decision_name(chaos_decision decision)
{
    switch (decision) {
    case CHAOS_DECISION_ANSWER:
        return "answer";
    case CHAOS_DECISION_DONE:
        return "done";
    case CHAOS_DECISION_RETRY:
        return "retry";
    case CHAOS_DECISION_REFUSE:
        return "refuse";
    }
    return "unknown";
}

static chaos_status check_config(const chaos_validator_config *config, chaos_error *err)
{
    if (config == NULL || config->size != sizeof *config) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "begin with CHAOS_VALIDATOR_CONFIG_INIT");
    }
    if (config->registries == NULL || config->content == NULL || config->trust == NULL) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "registries, content and trust are needed");
    }
    if ((config->sender == NULL) != (config->store == NULL)) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET,
                         "who answers needs a sender and a store, so that a crash never answers twice");
    }
    return CHAOS_OK;
}

static chaos_status open_store(chaos_validator *v, chaos_error *err)
{
    char scope[AGENT_SCOPE_SIZE];
    char hex[2][2 * sizeof v->self.bytes + 1];

    if (v->config.sender == NULL) {
        return CHAOS_OK;
    }
    v->self = chaos_sender_address(v->config.sender);
    hex_encode(slice(v->identity.bytes, sizeof v->identity.bytes), hex[0]);
    hex_encode(slice(v->self.bytes, sizeof v->self.bytes), hex[1]);
    hex[0][2 * sizeof v->self.bytes] = hex[1][2 * sizeof v->self.bytes] = '\0';
    (void)snprintf(scope, sizeof scope, "validator/eip155:%llu:0x%s:0x%s", (unsigned long long)v->chain_id, hex[0],
                   hex[1]);
    return agent_store_open(v->config.store, scope, &v->store, err);
}

chaos_status chaos_validator_open(const chaos_validator_config *config, chaos_validator **validator, chaos_error *err)
{
    CHAOS_AUTO(chaos_validator, made);

    CHAOS_TRY(check_config(config, err));
    if (validator == NULL) {
        return error_set(err, CHAOS_E_USAGE, "validator", CHAOS_NO_OFFSET, NULL);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->config = *config;
    made->collateral = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL);
    if (!buffer_append(&made->collateral, config->collateral)) {
        return error_set(err, CHAOS_E_USAGE, "config", CHAOS_NO_OFFSET, "the collateral is too large");
    }
    CHAOS_TRY(config->policy.size == 0 ? chaos_policy_default(&made->policy, err)
                                       : chaos_policy_parse(config->policy, &made->policy, err));
    CHAOS_TRY(chaos_policy_default(&made->hardware, err));
    made->chain_id = chaos_registries_chain_id(config->registries);
    made->identity = chaos_registries_address(config->registries, CHAOS_REGISTRY_IDENTITY);
    CHAOS_TRY(open_store(made, err));
    CHAOS_GIVE(validator, made);
    return CHAOS_OK;
}
