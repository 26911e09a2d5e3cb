/* fuzz_abi.c - arrays of arrays, strings and tuples from data of a stranger: every slice lies in the data, every count is
 * bounded by them. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void read_strings(abi_reader *a, chaos_slice whole)
{
    size_t count;
    abi_reader list = abi_enter_array(a, "strings", &count);
    require(count <= whole.size / ABI_WORD);
    for (size_t i = 0; i < count && abi_ok(&list); i++) {
        chaos_slice text = abi_bytes(&list, "string");
        require(text.size <= whole.size);
        require(!abi_ok(&list) || text.size == 0 ||
                (text.data >= whole.data && text.data + text.size <= whole.data + whole.size));
    }
    abi_leave(a, &list);
}

/* uint256[][] */
static void read_numbers(abi_reader *a)
{
    size_t outer, inner;
    uint8_t word[ABI_WORD];
    abi_reader lists = abi_enter_array(a, "lists", &outer);
    for (size_t i = 0; i < outer && i < 64 && abi_ok(&lists); i++) {
        abi_reader list = abi_enter_array(&lists, "list", &inner);
        for (size_t k = 0; k < inner && k < 64 && abi_ok(&list); k++) {
            abi_int(&list, "number", 128, word);
        }
        abi_leave(&lists, &list);
    }
    abi_leave(a, &lists);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    chaos_slice whole = slice(data, size);
    abi_reader a = abi_reader_begin(whole, CHAOS_E_TRANSACTION_FORMAT);
    (void)abi_address(&a, "address");
    (void)abi_boolean(&a, "flag");
    read_strings(&a, whole);
    read_numbers(&a);
    abi_reader tuple = abi_enter_tuple(&a, "tuple");
    (void)abi_unsigned(&tuple, "number", UINT64_MAX);
    (void)abi_bytes(&tuple, "bytes");
    abi_leave(&a, &tuple);
    require(abi_ok(&a) || a.r.why.field != NULL);
    return 0;
}
