/* attacks.c - what Mallory tries, and what Bob must say to it. */
#include "studio.h"

const attack attacks[ATTACK_COUNT] = {
    { "tampered-quote", "a quote with one bit changed", "Alice's answer, as it came", CHAOS_E_QUOTE_SIGNATURE },
    { "other-agent", "the same code with Mallory's key, under Alice's id", "Alice's answer",
      CHAOS_E_BINDING_IDENTITY },
    { "replayed-nonce", "an old quote for a new nonce", "Alice's quote for the nonce it was made for",
      CHAOS_E_BINDING_NONCE },
    { "replayed-answer", "an old answer to a new request", "Alice's answer to the request it was made for",
      CHAOS_E_BINDING_SUBJECT },
    { "debug-td", "an agent that can be debugged", "a forged agent that cannot", CHAOS_E_TD_DEBUG },
    { "old-code", "old code with the same identity key", "Alice's answer", CHAOS_E_COMPOSE_HASH },
    { "reordered-receipt", "receipts in another order", "Alice's bundle", CHAOS_E_RECEIPT_SEQUENCE },
};

const attack *attack_find(const char *name)
{
    for (size_t i = 0; i < ATTACK_COUNT; i++) {
        if (strcmp(attacks[i].name, name) == 0) {
            return &attacks[i];
        }
    }
    return NULL;
}

bool attack_is_wanted(const settings *s, const attack *a)
{
    return s->broken == NULL || strcmp(s->broken, a->name) == 0;
}
