/* binding_text.c - the numbers and names of a binding as a person reads them. */
#include "appraise/internal.h"

#include <stdio.h>

_Static_assert(U256_TEXT_SIZE == DECIMAL_U256_SIZE, "a number has another size");

const char *u256_text(const chaos_u256 *number, char text[U256_TEXT_SIZE])
{
    return decimal_write_u256(number, text);
}

const char *agent_text(const chaos_binding *binding, char text[AGENT_TEXT_SIZE])
{
    char chain[U256_TEXT_SIZE];
    char id[U256_TEXT_SIZE];
    char registry[2 * sizeof(chaos_address) + 1];
    bool has_id = binding->stage != CHAOS_STAGE_BEFORE_REGISTRATION;

    if (binding->stage == CHAOS_STAGE_KEY_ONLY) {
        (void)snprintf(text, AGENT_TEXT_SIZE, "none");
        return text;
    }
    (void)error_hex(registry, sizeof registry,
                    slice(binding->identity_registry.bytes, sizeof binding->identity_registry.bytes));
    (void)snprintf(text, AGENT_TEXT_SIZE, "eip155:%s:0x%s%s%s", u256_text(&binding->chain_id, chain), registry,
                   has_id ? ":" : "", has_id ? u256_text(&binding->agent_id, id) : ", not registered yet");
    return text;
}

const char *stage_text(const chaos_binding *binding)
{
    static const char *const names[] = {
        [CHAOS_STAGE_BEFORE_REGISTRATION] = "0 (before registration)",
        [CHAOS_STAGE_IDENTITY] = "1 (identity key)",
        [CHAOS_STAGE_VALIDATION] = "2 (validation request)",
        [CHAOS_STAGE_TLS] = "3 (TLS channel)",
        [CHAOS_STAGE_KEY_ONLY] = "4 (key only)",
        [CHAOS_STAGE_SESSION] = "5 (session key)",
    };
    return binding->stage < CHAOS_ARRAY_SIZE(names) ? names[binding->stage] : "unknown";
}
