/* intent.c - the names under which the journal knows what a command does. */
#include "programs/common/chain/chain.h"

#include "crypto/crypto.h"

#include <stdio.h>

#define SAID_MAX (1024u * 1024u)
#define MAX_REPEATS 10000u
#define NAME_BYTES 16 /* of the hash: two commands meet by chance once in 2^64 */

void intent_begin(intent_hash *hash, const char *what)
{
    *hash = (intent_hash){ .said = CHAOS_BUFFER_INIT(SAID_MAX) };
    intent_add_text(hash, what);
}

void intent_add(intent_hash *hash, chaos_slice part)
{
    uint64_t size = part.size;
    hash->failed = hash->failed || !buffer_append(&hash->said, slice(&size, sizeof size)) ||
                   !buffer_append(&hash->said, part);
}

void intent_add_text(intent_hash *hash, const char *text_or_null)
{
    static const uint8_t absent = 0;
    intent_add(hash, text_or_null == NULL ? slice(&absent, 1) : slice_text(text_or_null)); /* no text has a NUL */
}

chaos_status intent_end(intent_hash *hash, const char *what, intent_name *name, chaos_error *err)
{
    char digits[2 * NAME_BYTES];
    chaos_keccak digest = hash_keccak(buffer_slice(&hash->said));
    bool failed = hash->failed;
    chaos_buffer_free(&hash->said);
    if (failed) {
        return no_memory(err);
    }
    hex_encode(slice(digest.bytes, NAME_BYTES), digits);
    (void)snprintf(name->text, sizeof name->text, "%s/%.*s", what, (int)sizeof digits, digits);
    return CHAOS_OK;
}

static bool has_ended(chaos_intent_state state, intent_rule rule)
{
    return state == CHAOS_INTENT_REVERTED || state == CHAOS_INTENT_ABANDONED ||
           (rule == INTENT_AGAIN && state == CHAOS_INTENT_CONFIRMED);
}

chaos_status intent_choose(chaos_sender *sender, const intent_name *base, intent_rule rule, intent_name *name,
                           chaos_error *err)
{
    *name = *base;
    for (unsigned turn = 2; turn < MAX_REPEATS; turn++) {
        chaos_outcome outcome = { 0 };
        chaos_error ignored = { 0 };
        chaos_status status = chaos_sender_find(sender, name->text, &outcome, &ignored);
        if (status == CHAOS_E_NOT_FOUND || (status == CHAOS_OK && !has_ended(outcome.state, rule))) {
            return CHAOS_OK;
        }
        if (status != CHAOS_OK) {
            if (err != NULL) {
                *err = ignored;
            }
            return status;
        }
        int n = snprintf(name->text, sizeof name->text, "%s/%u", base->text, turn);
        if (n < 0 || (size_t)n >= sizeof name->text) {
            break;
        }
    }
    return error_set(err, CHAOS_E_LIMIT, "--again", CHAOS_NO_OFFSET, "the journal has too many of these");
}
