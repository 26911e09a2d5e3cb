/* fuzz_pcs.c - answers of Intel's service: a chain of a header and a signed body. What is taken from a body stands in it
 * byte for byte. The floor's file is read as well, and written back the same. */
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void try_chain(chaos_slice header)
{
    CHAOS_AUTO_BUFFER(storage, 65536);
    chaos_slice pem;
    fault why;

    if (pcs_chain_read(header, &storage, &pem, &why)) {
        require(pem.size > 0 && pem.size <= header.size);
    } else {
        require(storage.size == 0 && why.status != CHAOS_OK);
    }
}

static void try_body(chaos_slice body, const char *member)
{
    chaos_slice object = { NULL, 0 }, signature = { NULL, 0 };
    fault why;

    if (pcs_signed_read(body, member, &object, &signature, &why)) {
        require(object.data >= body.data && object.data + object.size <= body.data + body.size);
        require(object.data[0] == '{' && object.data[object.size - 1] == '}');
    } else {
        require(why.status != CHAOS_OK);
    }
}

static void try_floor(chaos_slice text)
{
    CHAOS_AUTO(chaos_floor, floor);
    CHAOS_AUTO(chaos_floor, again);
    CHAOS_AUTO_BUFFER(first, CHAOS_MAX_FLOOR);
    CHAOS_AUTO_BUFFER(second, CHAOS_MAX_FLOOR);

    if (chaos_floor_parse(text, &floor, NULL) != CHAOS_OK) {
        return;
    }
    require(chaos_floor_write(floor, &first, NULL) == CHAOS_OK);
    require(chaos_floor_parse(buffer_slice(&first), &again, NULL) == CHAOS_OK);
    require(chaos_floor_write(again, &second, NULL) == CHAOS_OK);
    require(slice_equal(buffer_slice(&first), buffer_slice(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_slice input = slice(data, size);

    try_chain(input);
    try_body(input, "tcbInfo");
    try_body(input, "enclaveIdentity");
    try_floor(input);
    return 0;
}
