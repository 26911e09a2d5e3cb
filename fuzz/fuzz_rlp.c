/* fuzz_rlp.c - one RLP item of a stranger, of any shape. There is one way to write what was read: the bytes that came. */
#include "codec/codec.h"

#define MAX_LEVELS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Copies items until the outermost level has nothing left, lists within lists without recursion. False: it is no RLP, or
 * deeper than anything that is sent. */
static bool copy(reader *outer, chaos_buffer *out)
{
    reader level[MAX_LEVELS];
    size_t begin[MAX_LEVELS];
    size_t depth = 0;

    level[0] = *outer;
    while (rd_ok(&level[depth])) {
        if (rd_left(&level[depth]) == 0) {
            if (depth == 0) {
                return true;
            }
            require(rlp_end_list(out, begin[depth]));
            depth--;
            rd_close(&level[depth], &level[depth + 1], CHAOS_E_TRANSACTION_FORMAT);
        } else if (!rlp_is_list(&level[depth])) {
            chaos_slice item = rlp_take(&level[depth], "item");
            require(!rd_ok(&level[depth]) || rlp_write(out, item));
        } else if (depth + 1 == MAX_LEVELS) {
            return false;
        } else {
            level[depth + 1] = rlp_enter(&level[depth], "list");
            begin[++depth] = rlp_begin_list(out);
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(again, size + 64);
    reader r = rd_begin(slice(data, size), CHAOS_E_TRANSACTION_FORMAT);
    chaos_u256 number;

    if (copy(&r, &again)) {
        require(slice_equal(buffer_slice(&again), slice(data, size)));
    }
    r = rd_begin(slice(data, size), CHAOS_E_TRANSACTION_FORMAT);
    rlp_u256(&r, "number", &number);
    if (rd_ok(&r) && rd_left(&r) == 0) {
        again.size = 0;
        require(rlp_write_u256(&again, &number));
        require(slice_equal(buffer_slice(&again), slice(data, size)));
    }
    return 0;
}
