/* fuzz_abi_json.c - types, a NUL, and data of a stranger. What decodes can be encoded, and what was encoded decodes to
 * the same values. */
#include "eth/abi_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(values, 1u << 20);
    CHAOS_AUTO_BUFFER(encoded, CHAOS_MAX_ABI_DATA);
    CHAOS_AUTO_BUFFER(again, 1u << 20);
    chaos_error err = { 0 };
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    if (end == NULL) {
        return 0;
    }
    const char *types = (const char *)data;
    chaos_slice rest = slice(end + 1, (size_t)(data + size - end - 1));
    if (chaos_abi_decode(types, rest, &values, &err) != CHAOS_OK) {
        require(values.size == 0 && err.text[0] != '\0');
        return 0;
    }
    /* a string may hold U+0000, which our reader of JSON refuses */
    if (chaos_abi_encode(types, buffer_slice(&values), &encoded, &err) == CHAOS_OK) {
        require(chaos_abi_decode(types, buffer_slice(&encoded), &again, &err) == CHAOS_OK);
        require(slice_equal(buffer_slice(&again), buffer_slice(&values)));
    } else {
        require(strstr((const char *)values.data, "\\u0000") != NULL || err.status == CHAOS_E_USAGE);
    }
    return 0;
}
