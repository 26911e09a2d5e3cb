/* fuzz_typed_data.c - typed data of a stranger: a digest or a reason, the reason's place lies in the text, and the digest
 * does not change when white space is put around the text. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_keccak digest, again;
    chaos_slice name = { NULL, 0 };
    fault why = { 0 };
    CHAOS_AUTO_BUFFER(spaced, CHAOS_MAX_TYPED_DATA);
    if (!typed_data_digest(slice(data, size), &digest, &name, &why)) {
        require(why.status != CHAOS_OK && why.status != CHAOS_E_INTERNAL);
        require(why.offset == CHAOS_NO_OFFSET || why.offset <= size);
        return 0;
    }
    require(name.size == 0 || (name.data >= data && name.data + name.size <= data + size));
    if (size + 2 <= CHAOS_MAX_TYPED_DATA) {
        require(buffer_append_text(&spaced, " ") && buffer_append(&spaced, slice(data, size)) &&
                buffer_append_text(&spaced, "\n"));
        require(typed_data_digest(buffer_slice(&spaced), &again, NULL, &why));
        require(memcmp(&digest, &again, sizeof digest) == 0);
    }
    return 0;
}
