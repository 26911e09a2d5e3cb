/* revert.c - why a contract refused, in words. Sources: Solidity's ABI specification ("Error Handling", panic codes);
 * the custom errors of the registries, which are those of OpenZeppelin 5. */
#include <stdio.h>

#include "codec/codec.h"
#include "eth/eth.h"
#include "eth/u256.h"

enum {
    SELECTOR = 4,
    MAX_ARGUMENTS = 3
};

typedef struct custom_error {
    uint8_t selector[SELECTOR];
    const char *name;
    const char *arguments; /* one letter each: a address, u uint256, b bytes32 */
} custom_error;

static const custom_error custom_errors[] = {
    { { 0x99, 0x96, 0xb3, 0x15 }, "AddressEmptyCode", "a" },
    { { 0x4c, 0x9c, 0x8c, 0xe3 }, "ERC1967InvalidImplementation", "a" },
    { { 0xb3, 0x98, 0x97, 0x9f }, "ERC1967NonPayable", "" },
    { { 0x64, 0x28, 0x3d, 0x7b }, "ERC721IncorrectOwner", "aua" },
    { { 0x17, 0x7e, 0x80, 0x2f }, "ERC721InsufficientApproval", "au" },
    { { 0xa9, 0xfb, 0xf5, 0x1f }, "ERC721InvalidApprover", "a" },
    { { 0x5b, 0x08, 0xba, 0x18 }, "ERC721InvalidOperator", "a" },
    { { 0x89, 0xc6, 0x2b, 0x64 }, "ERC721InvalidOwner", "a" },
    { { 0x64, 0xa0, 0xae, 0x92 }, "ERC721InvalidReceiver", "a" },
    { { 0x73, 0xc6, 0xac, 0x6e }, "ERC721InvalidSender", "a" },
    { { 0x7e, 0x27, 0x32, 0x89 }, "ERC721NonexistentToken", "u" },
    { { 0xd6, 0xbd, 0xa2, 0x75 }, "FailedCall", "" },
    { { 0xf9, 0x2e, 0xe8, 0xa9 }, "InvalidInitialization", "" },
    { { 0xd7, 0xe6, 0xbc, 0xf8 }, "NotInitializing", "" },
    { { 0x1e, 0x4f, 0xbd, 0xf7 }, "OwnableInvalidOwner", "a" },
    { { 0x11, 0x8c, 0xda, 0xa7 }, "OwnableUnauthorizedAccount", "a" },
    { { 0xe0, 0x7c, 0x8d, 0xba }, "UUPSUnauthorizedCallContext", "" },
    { { 0xaa, 0x1d, 0x49, 0xa4 }, "UUPSUnsupportedProxiableUUID", "b" },
    { { 0xf6, 0x45, 0xee, 0xdf }, "ECDSAInvalidSignature", "" },
    { { 0xfc, 0xe6, 0x98, 0xf7 }, "ECDSAInvalidSignatureLength", "u" },
    { { 0xd7, 0x8b, 0xce, 0x0c }, "ECDSAInvalidSignatureS", "b" },
};

static const struct {
    uint64_t code;
    const char *meaning;
} panics[] = {
    { 0x00, "a generic panic" },
    { 0x01, "an assertion failed" },
    { 0x11, "an arithmetic overflow or underflow" },
    { 0x12, "a division or modulo by zero" },
    { 0x21, "a value outside its enum" },
    { 0x22, "a malformed storage byte array" },
    { 0x31, "pop of an empty array" },
    { 0x32, "an index out of bounds" },
    { 0x41, "too much memory, or too large an array" },
    { 0x51, "a call of an uninitialised internal function" },
};

static bool has_selector(chaos_slice data, const uint8_t selector[SELECTOR])
{
    return data.size >= SELECTOR && memcmp(data.data, selector, SELECTOR) == 0;
}

static bool error_text(abi_reader *a, char text[200])
{
    char quoted[190];
    chaos_slice reason = abi_bytes(a, "reason");
    if (!abi_ok(a)) {
        return false;
    }
    (void)snprintf(text, 200, "\"%s\"", error_quote(quoted, sizeof quoted, reason));
    return true;
}

static bool panic_text(abi_reader *a, char text[200])
{
    uint64_t code = abi_unsigned(a, "code", UINT64_MAX);
    const char *meaning = "an unknown panic";
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(panics); i++) {
        meaning = panics[i].code == code ? panics[i].meaning : meaning;
    }
    (void)snprintf(text, 200, "Panic(0x%02llx): %s", (unsigned long long)code, meaning);
    return abi_ok(a);
}

static size_t put_argument(abi_reader *a, char kind, char *text, size_t capacity)
{
    uint8_t word[ABI_WORD];
    char piece[U256_DECIMAL_SIZE];
    if (kind == 'a') {
        chaos_address address = abi_address(a, "argument");
        (void)error_hex(piece, sizeof piece, slice(address.bytes, sizeof address.bytes));
    } else {
        abi_word(a, "argument", word);
        chaos_u256 value;
        memcpy(value.bytes, word, sizeof word);
        (void)(kind == 'u' ? u256_decimal(&value, piece) : error_hex(piece, sizeof piece, slice(word, sizeof word)));
    }
    int n = snprintf(text, capacity, "%s%s", kind == 'u' ? "" : "0x", piece);
    return n > 0 ? (size_t)n : 0;
}

static bool custom_text(const custom_error *error, abi_reader *a, char text[200])
{
    size_t length = (size_t)snprintf(text, 200, "%s(", error->name);
    for (size_t i = 0; i < strlen(error->arguments) && i < MAX_ARGUMENTS && length < 190; i++) {
        if (i > 0) {
            length += (size_t)snprintf(text + length, 200 - length, ", ");
        }
        length += put_argument(a, error->arguments[i], text + length, 200 - length);
    }
    if (length < 199) {
        (void)snprintf(text + length, 200 - length, ")");
    }
    return abi_ok(a);
}

static bool known_text(chaos_slice revert, char text[200])
{
    static const uint8_t error_string[SELECTOR] = { 0x08, 0xc3, 0x79, 0xa0 };
    static const uint8_t panic_code[SELECTOR] = { 0x4e, 0x48, 0x7b, 0x71 };
    if (revert.size < SELECTOR) {
        return false;
    }
    abi_reader a = abi_reader_begin(slice(revert.data + SELECTOR, revert.size - SELECTOR), CHAOS_E_ABI_FORMAT);
    if (has_selector(revert, error_string)) {
        return error_text(&a, text);
    }
    if (has_selector(revert, panic_code)) {
        return panic_text(&a, text);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(custom_errors); i++) {
        if (has_selector(revert, custom_errors[i].selector)) {
            return custom_text(&custom_errors[i], &a, text);
        }
    }
    return false;
}

void chaos_revert_text(chaos_slice revert, char text[200])
{
    char hex[100];
    if (revert.size == 0) {
        (void)snprintf(text, 200, "no reason given");
    } else if (!known_text(revert, text)) {
        (void)snprintf(text, 200, "an error that is not known: 0x%s (%zu bytes)",
                       error_hex(hex, sizeof hex, slice(revert.data, revert.size < 40 ? revert.size : 40)),
                       revert.size);
    }
}
