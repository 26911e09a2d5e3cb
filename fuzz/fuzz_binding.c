/* fuzz_binding.c - a binding that is read is written as the same words; and any 65 bytes behind it are a signature from
 * which a key recovers, or not. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool read_binding(chaos_slice words, chaos_binding *binding)
{
    chaos_keccak type;
    fault why;
    if (!binding_read(words, binding, &type, &why)) {
        require(why.status == CHAOS_E_BINDING_FORMAT && why.field != NULL && why.offset <= CHAOS_BINDING_SIZE);
        require(slice_is_zero(slice(binding, sizeof *binding)));
        return false;
    }
    require(words.size == CHAOS_BINDING_SIZE && memcmp(type.bytes, words.data, sizeof type.bytes) == 0);
    return true;
}

/* The first word is what it should be, and the others are the same. */
static void round_trip(chaos_slice words, const chaos_binding *binding)
{
    uint8_t again[CHAOS_BINDING_SIZE];
    const chaos_report_data data = chaos_binding_report_data(binding);
    chaos_binding_encode(binding, again);
    require(memcmp(again, binding_type.bytes, 32) == 0);
    require(memcmp(again + 32, words.data + 32, sizeof again - 32) == 0);
    require(memcmp(data.bytes, binding->public_key_hash.bytes + 12, 20) == 0);
}

static void recover(const chaos_binding *binding, const uint8_t signature[65])
{
    const chaos_keccak digest = chaos_binding_digest(binding);
    uint8_t compressed[33];
    k1_point point;
    const k1_result result = k1_recover(digest.bytes, signature, signature + 32, signature[64], &point);
    require(result == K1_GOOD || result == K1_BAD);
    require((result == K1_BAD) == slice_is_zero(slice(&point, sizeof point)));
    require(result == K1_BAD || signature[64] <= 3);
    k1_compress(&point, compressed);
    require(memcmp(compressed + 1, point.x, 32) == 0);
    require(memcmp(k1_address(&point).bytes, k1_key_hash(&point).bytes + 12, 20) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_binding binding;
    const chaos_slice words = slice(data, size < CHAOS_BINDING_SIZE ? size : CHAOS_BINDING_SIZE);
    if (size > CHAOS_BINDING_SIZE) {
        require(!read_binding(slice(data, size), &binding));
    }
    if (!read_binding(words, &binding)) {
        return 0;
    }
    round_trip(words, &binding);
    if (size == CHAOS_BINDING_SIZE + 65) {
        recover(&binding, data + CHAOS_BINDING_SIZE);
    }
    return 0;
}
