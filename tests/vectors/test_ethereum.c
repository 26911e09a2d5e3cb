/* test_ethereum.c - RLP, ABI and transactions against the recorded vectors of two public libraries that agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/eth.h"

#include <jansson.h>

#include <stdio.h>
#include <unistd.h>

#define MAX_BYTES (256u * 1024u)
#define MAX_TYPE 64

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static const char *folder(void)
{
    const char *given = getenv("CHAOS_VECTORS");
    return given != NULL ? given : SOURCE_ROOT "/../shared/vectors";
}

static int begin(void **state)
{
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/erc8004/vectors.json", folder());
    *state = access(path, R_OK) == 0 ? json_load_file(path, JSON_ALLOW_NUL, &error) : NULL;
    return 0;
}

static int end(void **state)
{
    json_decref(*state);
    return 0;
}

static json_t *section(void **state, const char *name)
{
    if (*state == NULL) {
        printf("SKIPPED: no vectors\n");
        skip();
    }
    json_t *list = json_object_get(*state, name);
    assert_true(json_is_array(list) && json_array_size(list) > 0);
    return list;
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static bytes hex_of(const char *text)
{
    assert_true(text[0] == '0' && text[1] == 'x');
    bytes b = { NULL, strlen(text + 2) / 2 };
    b.data = malloc(b.size + 1);
    assert_non_null(b.data);
    assert_true(hex_decode(slice_text(text + 2), b.data, b.size));
    return b;
}

static void assert_bytes(const char *name, chaos_slice found, const char *expected_hex)
{
    bytes expected = hex_of(expected_hex);
    if (!slice_equal(found, slice(expected.data, expected.size))) {
        fail_msg("%s: other bytes than expected", name);
    }
    free(expected.data);
}

/* ------------------------------------------------------------------- RLP ---- */

static void write_item(json_t *item, chaos_buffer *out)
{
    if (json_is_string(item)) {
        bytes b = hex_of(json_string_value(item));
        assert_true(rlp_write(out, slice(b.data, b.size)));
        free(b.data);
        return;
    }
    size_t list = rlp_begin_list(out), i;
    json_t *inner;
    json_array_foreach(item, i, inner)
    {
        write_item(inner, out);
    }
    assert_true(rlp_end_list(out, list));
}

/* Reads whatever comes, without recursion: lists are entered by reading their content as the items that follow. */
static bool read_all(chaos_slice encoded)
{
    enum {
        DEPTH = 64
    };
    reader stack[DEPTH];
    size_t depth = 1;
    size_t items = 0;
    stack[0] = rd_begin(encoded, CHAOS_E_TRANSACTION_FORMAT);
    while (depth > 0) {
        reader *top = &stack[depth - 1];
        if (!rd_ok(top)) {
            return false;
        }
        if (rd_left(top) == 0) {
            depth--;
            continue;
        }
        items += depth == 1;
        if (rlp_is_list(top) && depth < DEPTH) {
            stack[depth] = rlp_enter(top, "list");
            depth++;
        } else {
            (void)rlp_take(top, "item");
        }
    }
    return items == 1; /* one item, nothing after it */
}

static void test_rlp(void **state)
{
    json_t *list = section(state, "rlp"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO_BUFFER(out, MAX_BYTES);
        if (json_object_get(entry, "input") == NULL) {
            continue; /* described in words only */
        }
        write_item(json_object_get(entry, "input"), &out);
        assert_bytes(text_of(entry, "name"), buffer_slice(&out), text_of(entry, "encoded"));
        assert_true(read_all(buffer_slice(&out)));
    }
    list = section(state, "rlp_invalid");
    json_array_foreach(list, i, entry)
    {
        bytes b = hex_of(text_of(entry, "encoded"));
        if (read_all(slice(b.data, b.size))) {
            fail_msg("accepted: %s", text_of(entry, "why"));
        }
        free(b.data);
    }
}

/* ------------------------------------------------------------------- ABI ---- */

/* A type in the words of the ABI: "uint256", "(string,bytes)[]", "bytes4[2]". */
typedef struct type_text {
    char text[256];
} type_text;

/* "tuple(string a,bytes b)[]" without the word and the names. */
static type_text plain(const char *type)
{
    type_text out = { "" };
    size_t length = 0;
    bool in_name = false;
    for (const char *c = type; *c != '\0'; c++) {
        if (strncmp(c, "tuple", 5) == 0) {
            c += 4;
            continue;
        }
        in_name = (in_name || *c == ' ') && *c != ',' && *c != ')';
        assert_true(length + 1 < sizeof out.text);
        if (!in_name) {
            out.text[length++] = *c;
        }
    }
    return out;
}

/* Splits "(a,(b,c),d[])" into its members. */
static size_t split_tuple(const char *tuple, type_text *members, size_t max)
{
    size_t count = 0, length = 0;
    unsigned depth = 0;
    assert_true(tuple[0] == '(');
    for (const char *c = tuple + 1; *c != '\0'; c++) {
        if ((*c == ',' && depth == 0) || (*c == ')' && depth == 0)) {
            assert_true(count < max);
            members[count].text[length] = '\0';
            count += length > 0;
            length = 0;
            if (*c == ')') {
                break;
            }
            continue;
        }
        depth += *c == '(';
        depth -= *c == ')';
        members[count].text[length++] = *c;
    }
    return count;
}

/* "T[3]" and "T[]": the element's type; *fixed is 0 for "[]". */
static bool is_array(const char *type, type_text *element, size_t *fixed)
{
    size_t length = strlen(type);
    const char *open = strrchr(type, '[');
    if (type[length - 1] != ']' || open == NULL) {
        return false;
    }
    memcpy(element->text, type, (size_t)(open - type));
    element->text[open - type] = '\0';
    *fixed = (size_t)strtoul(open + 1, NULL, 10);
    return true;
}

static size_t head_words(const char *type, bool *dynamic)
{
    type_text element, members[16];
    size_t fixed, sum = 0;
    *dynamic = false;
    if (is_array(type, &element, &fixed)) {
        bool inner = false;
        size_t words = head_words(element.text, &inner);
        *dynamic = fixed == 0 || inner;
        return *dynamic ? 1 : fixed * words;
    }
    if (type[0] == '(') {
        size_t count = split_tuple(type, members, 16);
        for (size_t i = 0; i < count; i++) {
            bool inner = false;
            sum += head_words(members[i].text, &inner);
            *dynamic = *dynamic || inner;
        }
        return *dynamic ? 1 : sum;
    }
    *dynamic = strcmp(type, "string") == 0 || strcmp(type, "bytes") == 0;
    return 1;
}

/* A decimal number, negative ones in two's complement. */
static void number_word(const char *text, uint8_t word[ABI_WORD])
{
    bool negative = text[0] == '-';
    memset(word, 0, ABI_WORD);
    for (const char *c = text + negative; *c != '\0'; c++) {
        unsigned carry = (unsigned)(*c - '0');
        for (size_t k = ABI_WORD; k > 0; k--) {
            carry += 10u * word[k - 1];
            word[k - 1] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    unsigned carry = 1;
    for (size_t k = ABI_WORD; negative && k > 0; k--) {
        carry += (uint8_t)~word[k - 1];
        word[k - 1] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void write_atom(abi_writer *w, const char *type, json_t *value)
{
    uint8_t word[ABI_WORD] = { 0 };
    char digits[32];
    if (strcmp(type, "bool") == 0) {
        abi_write_unsigned(w, json_is_true(value));
        return;
    }
    if (strncmp(type, "uint", 4) == 0 || strncmp(type, "int", 3) == 0) {
        const char *text = json_string_value(value);
        if (text == NULL) {
            (void)snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
            text = digits;
        }
        number_word(text, word);
        abi_write_word(w, word);
        return;
    }
    if (strcmp(type, "string") == 0) {
        abi_write_bytes(w, slice(json_string_value(value), json_string_length(value)));
        return;
    }
    bytes b = hex_of(json_string_value(value));
    if (strcmp(type, "bytes") == 0) {
        abi_write_bytes(w, slice(b.data, b.size));
    } else if (strcmp(type, "address") == 0) {
        memcpy(word + 12, b.data, 20);
        abi_write_word(w, word);
    } else {
        assert_true(strncmp(type, "bytes", 5) == 0 && b.size <= ABI_WORD);
        memcpy(word, b.data, b.size);
        abi_write_word(w, word);
    }
    free(b.data);
}

static void write_value(abi_writer *w, const char *type, json_t *value)
{
    type_text element, members[16];
    size_t fixed, i;
    bool dynamic, ignored;
    json_t *inner;
    (void)head_words(type, &dynamic);
    if (is_array(type, &element, &fixed)) {
        size_t words = json_array_size(value) * head_words(element.text, &ignored);
        if (fixed == 0) {
            abi_open_array(w, json_array_size(value), words);
        } else if (dynamic) {
            abi_open_tuple(w, words);
        }
        json_array_foreach(value, i, inner)
        {
            write_value(w, element.text, inner);
        }
        if (dynamic) {
            abi_close(w);
        }
        return;
    }
    if (type[0] != '(') {
        write_atom(w, type, value);
        return;
    }
    size_t count = split_tuple(type, members, 16), words = 0;
    for (i = 0; i < count; i++) {
        words += head_words(members[i].text, &ignored);
    }
    if (dynamic) {
        abi_open_tuple(w, words);
    }
    for (i = 0; i < count; i++) {
        write_value(w, members[i].text, json_array_get(value, i));
    }
    if (dynamic) {
        abi_close(w);
    }
}

static void read_atom(abi_reader *a, const char *type)
{
    uint8_t word[ABI_WORD];
    if (strcmp(type, "bool") == 0) {
        (void)abi_boolean(a, type);
    } else if (strncmp(type, "uint", 4) == 0) {
        abi_uint(a, type, (unsigned)strtoul(type + 4, NULL, 10), word);
    } else if (strncmp(type, "int", 3) == 0) {
        abi_int(a, type, (unsigned)strtoul(type + 3, NULL, 10), word);
    } else if (strcmp(type, "address") == 0) {
        (void)abi_address(a, type);
    } else if (strcmp(type, "string") == 0 || strcmp(type, "bytes") == 0) {
        (void)abi_bytes(a, type);
    } else {
        abi_fixed_bytes(a, type, (unsigned)strtoul(type + 5, NULL, 10), word);
    }
}

/* Reads a value of the type and passes over it. Tests alone recurse, over types of ours. */
static void read_value(abi_reader *a, const char *type)
{
    type_text element, members[16];
    size_t fixed, count;
    bool dynamic;
    (void)head_words(type, &dynamic);
    if (is_array(type, &element, &fixed)) {
        abi_reader child = *a;
        count = fixed;
        if (fixed == 0) {
            child = abi_enter_array(a, type, &count);
        } else if (dynamic) {
            child = abi_enter_tuple(a, type);
        }
        for (size_t i = 0; i < count && abi_ok(&child); i++) {
            read_value(dynamic ? &child : a, element.text);
        }
        if (dynamic) {
            abi_leave(a, &child);
        }
        return;
    }
    if (type[0] != '(') {
        read_atom(a, type);
        return;
    }
    abi_reader child = *a;
    if (dynamic) {
        child = abi_enter_tuple(a, type);
    }
    count = split_tuple(type, members, 16);
    for (size_t i = 0; i < count; i++) {
        read_value(dynamic ? &child : a, members[i].text);
    }
    if (dynamic) {
        abi_leave(a, &child);
    }
}

static bool read_types(json_t *types, chaos_slice data)
{
    abi_reader a = abi_reader_begin(data, CHAOS_E_TRANSACTION_FORMAT);
    json_t *type;
    size_t i;
    json_array_foreach(types, i, type)
    {
        read_value(&a, plain(json_string_value(type)).text);
    }
    return abi_ok(&a);
}

static void test_abi(void **state)
{
    json_t *list = section(state, "abi"), *entry, *type;
    size_t i, k;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO_BUFFER(out, MAX_BYTES);
        json_t *types = json_object_get(entry, "types");
        size_t words = 0;
        if (json_object_get(entry, "values") == NULL) {
            continue; /* described in words only */
        }
        json_array_foreach(types, k, type)
        {
            bool ignored;
            words += head_words(plain(json_string_value(type)).text, &ignored);
        }
        abi_writer w = abi_writer_begin(&out, words);
        json_array_foreach(types, k, type)
        {
            write_value(&w, plain(json_string_value(type)).text, json_array_get(json_object_get(entry, "values"), k));
        }
        assert_true(abi_writer_end(&w));
        assert_bytes(text_of(entry, "name"), buffer_slice(&out), text_of(entry, "encoded"));
        assert_true(read_types(types, buffer_slice(&out)));
    }
    list = section(state, "abi_decode_malformed");
    json_array_foreach(list, i, entry)
    {
        const char *wanted = text_of(entry, "recommended");
        bytes b = hex_of(text_of(entry, "data"));
        bool accepted = read_types(json_object_get(entry, "types"), slice(b.data, b.size));
        if ((strcmp(wanted, "reject") == 0 && accepted) || (strncmp(wanted, "accept", 6) == 0 && !accepted)) {
            fail_msg("%s: %s, wanted %s", text_of(entry, "why"), accepted ? "accepted" : "refused", wanted);
        }
        free(b.data);
    }
}

/* ---------------------------------------------------------- transactions ---- */

#define MAX_LIST 8
typedef struct tx_lists {
    chaos_access_entry entries[MAX_LIST];
    chaos_u256 keys[MAX_LIST][MAX_LIST];
    bytes data;
} tx_lists;

static void amount(json_t *tx, const char *key, chaos_u256 *out)
{
    json_t *value = json_object_get(tx, key);
    memset(out, 0, sizeof *out);
    if (json_is_string(value)) {
        number_word(json_string_value(value), out->bytes);
    }
}

static uint64_t small(json_t *tx, const char *key)
{
    json_t *value = json_object_get(tx, key);
    return json_is_string(value) ? strtoull(json_string_value(value), NULL, 10) : (uint64_t)json_integer_value(value);
}

static void fill(json_t *tx, chaos_transaction *t, tx_lists *lists)
{
    json_t *to = json_object_get(tx, "to"), *entry, *key;
    size_t i, k;
    *t = (chaos_transaction)CHAOS_TRANSACTION_INIT;
    t->type = (chaos_transaction_type)small(tx, "type");
    t->chain_id = small(tx, "chainId");
    t->nonce = small(tx, "nonce");
    t->gas_limit = small(tx, "gasLimit");
    amount(tx, "gasPrice", &t->gas_price);
    amount(tx, "maxPriorityFeePerGas", &t->max_priority_fee);
    amount(tx, "maxFeePerGas", &t->max_fee);
    amount(tx, "value", &t->value);
    t->has_to = json_is_string(to);
    if (t->has_to) {
        bytes b = hex_of(json_string_value(to));
        memcpy(t->to.bytes, b.data, 20);
        free(b.data);
    }
    lists->data = hex_of(text_of(tx, "data"));
    t->data = slice(lists->data.data, lists->data.size);
    json_array_foreach(json_object_get(tx, "accessList"), i, entry)
    {
        assert_true(i < MAX_LIST);
        bytes b = hex_of(text_of(entry, "address"));
        memcpy(lists->entries[i].address.bytes, b.data, 20);
        free(b.data);
        json_array_foreach(json_object_get(entry, "storageKeys"), k, key)
        {
            assert_true(k < MAX_LIST);
            b = hex_of(json_string_value(key));
            memcpy(lists->keys[i][k].bytes, b.data, 32);
            free(b.data);
            lists->entries[i].storage_key_count = k + 1;
        }
        lists->entries[i].storage_keys = lists->keys[i];
        t->access_count = i + 1;
    }
    t->access_list = lists->entries;
}

static void test_transactions(void **state)
{
    json_t *list = section(state, "transactions"), *entry;
    size_t i, done = 0;
    json_array_foreach(list, i, entry)
    {
        json_t *tx = json_object_get(entry, "tx"), *signature = json_object_get(entry, "signature");
        const char *name = text_of(entry, "name");
        chaos_transaction t;
        tx_lists lists = { 0 };
        chaos_keccak digest, hash;
        chaos_error err = { 0 };
        CHAOS_AUTO_BUFFER(raw, CHAOS_MAX_TRANSACTION);
        fill(tx, &t, &lists);
        if (t.chain_id == 0) { /* not bound to a chain: valid everywhere, and so refused */
            assert_int_equal(chaos_transaction_digest(&t, &digest, &err), CHAOS_E_USAGE);
            free(lists.data.data);
            continue;
        }
        if (chaos_transaction_digest(&t, &digest, &err) != CHAOS_OK) {
            fail_msg("%s: %s", name, err.text);
        }
        assert_bytes(name, slice(digest.bytes, sizeof digest.bytes), text_of(entry, "signingHash"));
        chaos_signature65 rsv;
        bytes r = hex_of(text_of(signature, "r")), s = hex_of(text_of(signature, "s"));
        assert_true(r.size == 32 && s.size == 32);
        memcpy(rsv.bytes, r.data, 32);
        memcpy(rsv.bytes + 32, s.data, 32);
        rsv.bytes[64] = (uint8_t)(27 + small(signature, "yParity"));
        assert_int_equal(chaos_transaction_write(&t, &rsv, &raw, &hash, &err), CHAOS_OK);
        assert_bytes(name, buffer_slice(&raw), text_of(entry, "raw"));
        assert_bytes(name, slice(hash.bytes, sizeof hash.bytes), text_of(entry, "hash"));

        chaos_signed_transaction *read = NULL;
        if (chaos_transaction_read(buffer_slice(&raw), &read, &err) != CHAOS_OK) {
            fail_msg("%s: %s", name, err.text);
        }
        chaos_address sender = chaos_signed_transaction_sender(read);
        assert_bytes(name, slice(sender.bytes, sizeof sender.bytes), text_of(entry, "from"));
        chaos_signed_transaction_free(read);
        for (size_t cut = 0; cut < raw.size; cut += 1 + raw.size / 64) {
            read = NULL;
            assert_int_equal(chaos_transaction_read(slice(raw.data, cut), &read, &err), CHAOS_E_TRANSACTION_FORMAT);
            assert_null(read);
        }
        free(r.data);
        free(s.data);
        free(lists.data.data);
        done++;
    }
    assert_true(done > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rlp),
        cmocka_unit_test(test_abi),
        cmocka_unit_test(test_transactions),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
