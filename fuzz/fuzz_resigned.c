/* fuzz_resigned.c - what is behind the signatures: a valid set of evidence is changed as the input says, each changed
 * part is signed again by its own key, and the whole is verified and appraised. Whatever the answer, it is no fault of
 * ours, it is the same a second time out of a cache, and claims are consistent with it.
 *
 * Input: one byte for the kind, then changes of five bytes: part, place (two bytes), what to do, a byte. */
#include <chaoschain/check.h>

#include "sim/resign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    CHANGE = 5,
    MAX_CHANGES = 16,
    CHUNK = 64
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

typedef struct world { /* made once, changed never */
    resign_set set;
    chaos_trust *trust;
    chaos_policy *policy;
} world;

static const world *world_of(bool sgx)
{
    static world worlds[2];
    world *w = &worlds[sgx ? 1 : 0];

    if (w->trust == NULL) {
        require(resign_begin(&w->set, sgx ? FORGE_SGX3 : FORGE_TDX4, NULL));
        require(chaos_trust_new(&w->trust, NULL) == CHAOS_OK);
        require(chaos_trust_add_root(w->trust, buffer_slice(&w->set.made.root), NULL) == CHAOS_OK);
        require(chaos_policy_default(&w->policy, NULL) == CHAOS_OK);
    }
    return w;
}

/* Sets a byte, turns a bit, inserts, removes, or copies what stands elsewhere in the part. */
static void change(chaos_buffer *part, size_t place, uint8_t what, uint8_t value)
{
    size_t at = part->size == 0 ? 0 : place % part->size;

    if (part->size < CHUNK || part->size > 16384) {
        return;
    }
    switch (what % 5) {
    case 0:
        part->data[at] = value;
        break;
    case 1:
        part->data[at] ^= (uint8_t)(1u << value % 8);
        break;
    case 2:
        require(buffer_append(part, slice(&value, 1)));
        memmove(part->data + at + 1, part->data + at, part->size - 1 - at);
        part->data[at] = value;
        break;
    case 3:
        memmove(part->data + at, part->data + at + 1, part->size - 1 - at);
        part->size--;
        break;
    default: {
        size_t from = (size_t)value * part->size / 256;
        size_t count = part->size - (at > from ? at : from);

        memmove(part->data + at, part->data + from, count < CHUNK ? count : CHUNK);
        break;
    }
    }
}

/* A set of its own with the world's keys, to be changed. */
static void copy_parts(const resign_set *from, resign_set *to)
{
    *to = *from;
    for (size_t i = 0; i < RESIGN_PARTS; i++) {
        to->parts[i] = (chaos_buffer)CHAOS_BUFFER_INIT(1u << 20);
        require(buffer_append(&to->parts[i], buffer_slice(&from->parts[i])));
    }
}

static void ask(const world *w, chaos_slice quote, chaos_slice collateral, chaos_cache *cache, chaos_buffer *out)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    chaos_verdict *verdict = NULL;
    chaos_error err;

    require(chaos_check_quote(quote, slice(NULL, 0), collateral, w->trust, w->policy, &nothing, w->set.made.now, cache,
                              &verdict, &err) == CHAOS_OK);
    require((chaos_verdict_verified(verdict) == CHAOS_VERIFIED_TRUE) == (chaos_verdict_exit_code(verdict) <= 2));
    require(chaos_verdict_write_json(verdict, out, &err) == CHAOS_OK);
    chaos_verdict_free(verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(quote, 1u << 20);
    CHAOS_AUTO_BUFFER(collateral, 1u << 22);
    CHAOS_AUTO_BUFFER(first, CHAOS_MAX_VERDICT);
    CHAOS_AUTO_BUFFER(second, CHAOS_MAX_VERDICT);
    const world *w = world_of(size > 0 && (data[0] & 1) != 0);
    chaos_cache *cache = NULL;
    resign_set set;

    copy_parts(&w->set, &set);
    for (size_t at = 1, n = 0; at + CHANGE <= size && n < MAX_CHANGES; at += CHANGE, n++) {
        change(&set.parts[data[at] % RESIGN_PARTS], load_u16le(data + at + 1), data[at + 3], data[at + 4]);
    }
    if (resign_make(&set, &quote, &collateral)) {
        require(chaos_cache_new(1u << 20, &cache, NULL) == CHAOS_OK);
        ask(w, buffer_slice(&quote), buffer_slice(&collateral), NULL, &first);
        ask(w, buffer_slice(&quote), buffer_slice(&collateral), cache, &second);
        require(slice_equal(buffer_slice(&first), buffer_slice(&second)));
        second.size = 0;
        ask(w, buffer_slice(&quote), buffer_slice(&collateral), cache, &second);
        require(slice_equal(buffer_slice(&first), buffer_slice(&second)));
        chaos_cache_free(cache);
    }
    for (size_t i = 0; i < RESIGN_PARTS; i++) {
        chaos_buffer_free(&set.parts[i]);
    }
    return 0;
}
