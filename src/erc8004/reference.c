/* reference.c - an agent's name: chain, identity registry and id (CAIP-10 with an id behind it). */
#include "erc8004/erc8004.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    MAX_PARTS = 3 /* after "eip155:" */
};

/* Splits at colons. False: more than there is room for. */
static bool split(const char *text, chaos_slice part[MAX_PARTS], size_t *count)
{
    *count = 0;
    for (const char *begin = text;; begin++) {
        size_t size = strcspn(begin, ":");
        if (*count == MAX_PARTS) {
            return false;
        }
        part[(*count)++] = slice(begin, size);
        begin += size;
        if (*begin == '\0') {
            return true;
        }
    }
}

chaos_status chaos_agent_reference_parse(const char *text, chaos_agent_reference *reference, chaos_error *err)
{
    static const char prefix[] = "eip155:";
    static const char form[] = "an agent is eip155:CHAIN:ID or eip155:CHAIN:0xREGISTRY:ID, with decimal numbers";
    chaos_agent_reference made = { .has_registry = false };
    chaos_slice part[MAX_PARTS];
    size_t count;
    const size_t most = CHAOS_AGENT_REFERENCE_TEXT_SIZE;
    if (text == NULL || reference == NULL || strnlen(text, most) == most ||
        strncmp(text, prefix, strlen(prefix)) != 0 || !split(text + strlen(prefix), part, &count) || count < 2 ||
        !decimal_u64(part[0], &made.chain_id) || made.chain_id == 0 || made.chain_id > INT64_MAX ||
        !decimal_u256(part[count - 1], &made.agent_id)) {
        return usage(err, "agent", form);
    }
    made.has_registry = count == MAX_PARTS;
    if (made.has_registry) {
        char address[CHAOS_ADDRESS_TEXT_SIZE];
        if (part[1].size >= sizeof address) {
            return usage(err, "agent", form);
        }
        memcpy(address, part[1].data, part[1].size);
        address[part[1].size] = '\0';
        CHAOS_TRY(chaos_address_parse(address, &made.registry, err));
    }
    *reference = made;
    return CHAOS_OK;
}

void chaos_agent_reference_format(const chaos_agent_reference *reference, char text[CHAOS_AGENT_REFERENCE_TEXT_SIZE])
{
    char id[CHAOS_U256_TEXT_SIZE];
    char registry[CHAOS_ADDRESS_TEXT_SIZE] = "";
    chaos_u256_format(&reference->agent_id, id);
    if (reference->has_registry) {
        chaos_address_format(&reference->registry, registry);
    }
    (void)snprintf(text, CHAOS_AGENT_REFERENCE_TEXT_SIZE, "eip155:%" PRIu64 ":%s%s%s", reference->chain_id, registry,
                   reference->has_registry ? ":" : "", id);
}
