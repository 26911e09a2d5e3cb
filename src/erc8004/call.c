/* call.c - calldata of the registries' functions. The arguments are held against the signature's own types, so that
 * a call cannot be written with one too many or one of another kind. */
#include "erc8004/erc8004.h"

enum {
    SELECTOR = 4
};

/* Is `type` one that an argument of this kind is written as? */
static bool fits(argument_kind kind, chaos_slice type)
{
    static const struct {
        argument_kind kind;
        const char *type;
    } pairs[] = {
        { ARGUMENT_WORD, "uint256" },
        { ARGUMENT_WORD, "bytes32" },
        { ARGUMENT_WORD, "bytes4" },
        { ARGUMENT_NUMBER, "uint256" },
        { ARGUMENT_NUMBER, "uint64" },
        { ARGUMENT_NUMBER, "uint8" },
        { ARGUMENT_BOOLEAN, "bool" },
        { ARGUMENT_ADDRESS, "address" },
        { ARGUMENT_INT128, "int128" },
        { ARGUMENT_BYTES, "bytes" },
        { ARGUMENT_STRING, "string" },
        { ARGUMENT_ADDRESSES, "address[]" },
        { ARGUMENT_ENTRIES, "(string,bytes)[]" },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(pairs); i++) {
        if (pairs[i].kind == kind && slice_is(type, pairs[i].type)) {
            return true;
        }
    }
    return false;
}

/* The next type of the list at *place, up to a comma or the closing parenthesis of this level. */
static chaos_slice next_type(const char **place)
{
    const char *begin = *place;
    unsigned depth = 0;
    const char *c = begin;
    for (; *c != '\0' && !(depth == 0 && (*c == ',' || *c == ')')); c++) {
        depth += *c == '(';
        depth -= *c == ')';
    }
    *place = *c == ',' ? c + 1 : c;
    return slice(begin, (size_t)(c - begin));
}

static bool fit_all(const char *signature, const argument *arguments, size_t count)
{
    const char *place = strchr(signature, '(');
    if (place == NULL || count > MAX_ARGUMENTS) {
        return false;
    }
    place++;
    for (size_t i = 0; i < count; i++) {
        if (!fits(arguments[i].kind, next_type(&place))) {
            return false;
        }
    }
    return strcmp(place, ")") == 0;
}

static void write_entries(abi_writer *w, const chaos_metadata_entry *items, size_t count)
{
    abi_open_array(w, count, count);
    for (size_t i = 0; i < count; i++) {
        abi_open_tuple(w, 2);
        abi_write_bytes(w, slice_text(items[i].key));
        abi_write_bytes(w, items[i].value);
        abi_close(w);
    }
    abi_close(w);
}

static void write_addresses(abi_writer *w, const chaos_address *items, size_t count)
{
    abi_open_array(w, count, count);
    for (size_t i = 0; i < count; i++) {
        abi_write_address(w, &items[i]);
    }
    abi_close(w);
}

static void write_argument(abi_writer *w, const argument *a)
{
    uint8_t word[ABI_WORD];
    switch (a->kind) {
    case ARGUMENT_WORD:
        abi_write_word(w, a->as.word);
        break;
    case ARGUMENT_NUMBER:
    case ARGUMENT_BOOLEAN:
        abi_write_unsigned(w, a->as.number);
        break;
    case ARGUMENT_ADDRESS:
        abi_write_address(w, a->as.address);
        break;
    case ARGUMENT_INT128:
        int128_to_word(&a->as.int128, word);
        abi_write_word(w, word);
        break;
    case ARGUMENT_BYTES:
    case ARGUMENT_STRING:
        abi_write_bytes(w, a->as.bytes);
        break;
    case ARGUMENT_ADDRESSES:
        write_addresses(w, a->as.addresses.items, a->as.addresses.count);
        break;
    case ARGUMENT_ENTRIES:
        write_entries(w, a->as.entries.items, a->as.entries.count);
        break;
    }
}

chaos_status call_write(chaos_buffer *out, const char *signature, const argument *arguments, size_t count,
                        chaos_error *err)
{
    size_t before = out->size;
    chaos_keccak hash = hash_keccak(slice_text(signature));
    if (!fit_all(signature, arguments, count)) {
        return error_set(err, CHAOS_E_INTERNAL, "call", CHAOS_NO_OFFSET, "arguments that do not fit %s", signature);
    }
    bool written = buffer_append(out, slice(hash.bytes, SELECTOR));
    if (written && count > 0) {
        abi_writer w = abi_writer_begin(out, count);
        for (size_t i = 0; i < count; i++) {
            write_argument(&w, &arguments[i]);
        }
        written = abi_writer_end(&w);
    }
    if (!written) {
        out->size = before;
        return error_set(err, CHAOS_E_USAGE, "call", CHAOS_NO_OFFSET, "the arguments of %s are too long for one call",
                         signature);
    }
    return CHAOS_OK;
}
