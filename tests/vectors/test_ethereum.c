/* test_ethereum.c - RLP, ABI and transactions against the recorded vectors of two public libraries that agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "eth/eth.h"
#include "keys/keys.h"
#include "wire/wire.h"

#include <jansson.h>

#include <stdio.h>
#include <unistd.h>

#define MAX_BYTES (256u * 1024u)

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
    printf("          %s: %zu\n", name, json_array_size(list));
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

static chaos_status import(const char *hex, guarded_key **key)
{
    bytes b = hex_of(hex);
    assert_int_equal(b.size, 32);
    chaos_status status = guarded_key_import(b.data, key, NULL);
    free(b.data);
    return status;
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

/* "0x63 repeated 65536" */
static void check_described_rlp(json_t *entry)
{
    CHAOS_AUTO_BUFFER(data, MAX_BYTES);
    CHAOS_AUTO_BUFFER(out, MAX_BYTES);
    unsigned byte = 0;
    size_t count = 0;
    assert_int_equal(sscanf(text_of(entry, "inputDescription"), "0x%2x repeated %zu", &byte, &count), 2);
    uint8_t *room = buffer_reserve(&data, count);
    assert_non_null(room);
    memset(room, (int)byte, count);
    data.size = count;
    assert_true(rlp_write(&out, buffer_slice(&data)));
    chaos_keccak hash = hash_keccak(buffer_slice(&out));
    assert_int_equal(out.size, json_integer_value(json_object_get(entry, "encodedLength")));
    assert_bytes("keccak", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "encodedKeccak"));
    assert_true(read_all(buffer_slice(&out)));
}

static void test_rlp(void **state)
{
    json_t *list = section(state, "rlp"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO_BUFFER(out, MAX_BYTES);
        if (json_object_get(entry, "input") == NULL) {
            check_described_rlp(entry);
            continue;
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

/* The entry's types as one list. */
static void join(json_t *types, chaos_buffer *out)
{
    json_t *type;
    size_t i;
    json_array_foreach(types, i, type)
    {
        assert_true((i == 0 || buffer_append_text(out, ",")) && buffer_append_text(out, json_string_value(type)));
    }
    assert_true(buffer_append(out, slice("", 1)));
    out->size--;
}

static chaos_status encode(const char *types, json_t *values, chaos_buffer *out, chaos_error *err)
{
    char *text = json_dumps(values, 0);
    assert_non_null(text);
    chaos_status status = chaos_abi_encode(types, slice_text(text), out, err);
    free(text);
    return status;
}

/* Do the data decode, and give the same data again? */
static bool round_trip(const char *types, chaos_slice data)
{
    CHAOS_AUTO_BUFFER(values, CHAOS_MAX_ABI_JSON);
    CHAOS_AUTO_BUFFER(again, MAX_BYTES);
    chaos_error err = { 0 };
    return chaos_abi_decode(types, data, &values, &err) == CHAOS_OK &&
           chaos_abi_encode(types, buffer_slice(&values), &again, &err) == CHAOS_OK &&
           slice_equal(buffer_slice(&again), data);
}

/* "bytes: 0x5a x 5006" */
static void check_described(json_t *entry, const char *types)
{
    CHAOS_AUTO_BUFFER(values, MAX_BYTES);
    CHAOS_AUTO_BUFFER(out, MAX_BYTES);
    unsigned byte = 0;
    size_t count = 0;
    assert_int_equal(sscanf(text_of(entry, "valuesDescription"), "bytes: 0x%2x x %zu", &byte, &count), 2);
    assert_true(buffer_append_text(&values, "[\"0x"));
    for (size_t i = 0; i < count; i++) {
        assert_true(buffer_append_format(&values, "%02x", byte));
    }
    assert_true(buffer_append_text(&values, "\"]"));
    assert_int_equal(chaos_abi_encode(types, buffer_slice(&values), &out, NULL), CHAOS_OK);
    chaos_keccak hash = hash_keccak(buffer_slice(&out));
    assert_int_equal(out.size, json_integer_value(json_object_get(entry, "encodedLength")));
    assert_bytes("keccak", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "encodedKeccak"));
    assert_true(round_trip(types, buffer_slice(&out)));
}

static bool holds_nul(json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value);
}

static void test_abi(void **state)
{
    json_t *list = section(state, "abi"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO_BUFFER(types, 4096);
        CHAOS_AUTO_BUFFER(out, MAX_BYTES);
        chaos_error err = { 0 };
        json_t *values = json_object_get(entry, "values");
        join(json_object_get(entry, "types"), &types);
        const char *text = (const char *)types.data;
        if (values == NULL) {
            check_described(entry, text);
            continue;
        }
        if (holds_nul(json_array_get(values, 0))) { /* JSON with U+0000 is refused: what it stands for is decoded */
            CHAOS_AUTO_BUFFER(decoded, 4096);
            bytes b = hex_of(text_of(entry, "encoded"));
            assert_int_equal(encode(text, values, &out, &err), CHAOS_E_ABI_FORMAT);
            assert_int_equal(chaos_abi_decode(text, slice(b.data, b.size), &decoded, &err), CHAOS_OK);
            assert_string_equal((char *)decoded.data, "[\"a\\u0000b\"]");
            free(b.data);
            continue;
        }
        if (encode(text, values, &out, &err) != CHAOS_OK) {
            fail_msg("%s: %s", text_of(entry, "name"), err.text);
        }
        assert_bytes(text_of(entry, "name"), buffer_slice(&out), text_of(entry, "encoded"));
        assert_true(round_trip(text, buffer_slice(&out)));
    }
}

static void test_abi_malformed(void **state)
{
    json_t *list = section(state, "abi_decode_malformed"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO_BUFFER(types, 4096);
        CHAOS_AUTO_BUFFER(values, MAX_BYTES);
        chaos_error err = { 0 };
        const char *wanted = text_of(entry, "recommended");
        bytes b = hex_of(text_of(entry, "data"));
        join(json_object_get(entry, "types"), &types);
        chaos_status status = chaos_abi_decode((const char *)types.data, slice(b.data, b.size), &values, &err);
        if (strncmp(wanted, "either", 6) == 0) { /* either answer is right, so long as there is one */
            assert_true(status == CHAOS_OK || status == CHAOS_E_ABI_FORMAT);
        } else {
            assert_true(strcmp(wanted, "reject") == 0 || strncmp(wanted, "accept", 6) == 0);
            if (status != (wanted[0] == 'r' ? CHAOS_E_ABI_FORMAT : CHAOS_OK)) {
                fail_msg("%s: %s, wanted %s", text_of(entry, "why"), chaos_status_name(status), wanted);
            }
        }
        assert_true(status == CHAOS_OK || values.size == 0);
        free(b.data);
    }
}

static void assert_selector(const char *signature, const char *selector)
{
    chaos_keccak hash;
    assert_int_equal(chaos_abi_hash(signature, &hash, NULL), CHAOS_OK);
    assert_bytes(signature, slice(hash.bytes, 4), selector);
}

static void test_selectors(void **state)
{
    json_t *list = section(state, "selectors"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        assert_selector(text_of(entry, "signature"), text_of(entry, "selector"));
    }
}

/* "Error(string)" and its like as the types in its parentheses. */
static void types_of(const char *signature, chaos_buffer *out)
{
    const char *open = strchr(signature, '(');
    assert_non_null(open);
    assert_true(buffer_append(out, slice(open + 1, strlen(open) - 2)) && buffer_append(out, slice("", 1)));
}

static void assert_arguments(const char *signature, chaos_slice data, json_t *args)
{
    CHAOS_AUTO_BUFFER(types, 4096);
    CHAOS_AUTO_BUFFER(again, MAX_BYTES);
    CHAOS_AUTO_BUFFER(values, MAX_BYTES);
    chaos_error err = { 0 };
    types_of(signature, &types);
    if (encode((const char *)types.data, args, &again, &err) != CHAOS_OK) {
        fail_msg("%s: %s", signature, err.text);
    }
    assert_true(slice_equal(buffer_slice(&again), data));
    assert_int_equal(chaos_abi_decode((const char *)types.data, data, &values, &err), CHAOS_OK);
}

static void test_revert_data(void **state)
{
    json_t *list = section(state, "revert_data"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *error = json_string_value(json_object_get(entry, "error"));
        bytes b = hex_of(text_of(entry, "data"));
        if (error != NULL && strchr(error, '(') != NULL) {
            chaos_keccak hash;
            assert_int_equal(chaos_abi_hash(error, &hash, NULL), CHAOS_OK);
            assert_true(b.size >= 4 && memcmp(hash.bytes, b.data, 4) == 0);
            assert_arguments(error, slice(b.data + 4, b.size - 4), json_object_get(entry, "args"));
        } else {
            printf("          revert_data \"%s\": no error that has a signature\n", text_of(entry, "name"));
        }
        free(b.data);
    }
}

/* Calls and reverts that a node has seen: arguments give the calldata, the selector is the function's. */
static void check_calls(void **state, const char *name)
{
    json_t *list = section(state, name), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        const char *function = text_of(entry, "function");
        bytes b = hex_of(text_of(entry, "calldata"));
        CHAOS_AUTO_BUFFER(data, MAX_BYTES);
        char *args = json_dumps(json_object_get(entry, "args"), 0);
        chaos_error err = { 0 };
        assert_non_null(args);
        if (chaos_abi_encode_call(function, slice_text(args), &data, &err) != CHAOS_OK) {
            fail_msg("%s: %s", text_of(entry, "label"), err.text);
        }
        if (!slice_equal(buffer_slice(&data), slice(b.data, b.size))) {
            fail_msg("%s: other calldata", text_of(entry, "label"));
        }
        assert_arguments(function, slice(b.data + 4, b.size - 4), json_object_get(entry, "args"));
        free(args);
        free(b.data);
    }
}

static void test_calls(void **state)
{
    check_calls(state, "chain_calls");
    check_calls(state, "chain_reads");
    check_calls(state, "chain_reverts");
}

/* The transactions of the calls are read, and their events' topics are hashes of their signatures. */
static void test_call_transactions(void **state)
{
    json_t *list = section(state, "chain_calls"), *entry, *log;
    size_t i, k, logs = 0;
    json_array_foreach(list, i, entry)
    {
        chaos_signed_transaction *read = NULL;
        chaos_error err = { 0 };
        bytes raw = hex_of(text_of(entry, "rawTx"));
        if (chaos_transaction_read(slice(raw.data, raw.size), &read, &err) != CHAOS_OK) {
            fail_msg("%s: %s", text_of(entry, "label"), err.text);
        }
        chaos_keccak hash = chaos_signed_transaction_hash(read);
        chaos_address sender = chaos_signed_transaction_sender(read);
        assert_bytes("hash", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "txHash"));
        assert_bytes("sender", slice(sender.bytes, sizeof sender.bytes), text_of(entry, "from"));
        assert_bytes("calldata", chaos_signed_transaction_fields(read)->data, text_of(entry, "calldata"));
        chaos_signed_transaction_free(read);
        free(raw.data);
        json_array_foreach(json_object_get(entry, "logs"), k, log)
        {
            chaos_keccak topic;
            assert_int_equal(chaos_abi_hash(text_of(log, "event"), &topic, NULL), CHAOS_OK);
            assert_bytes("topic", slice(topic.bytes, sizeof topic.bytes),
                         json_string_value(json_array_get(json_object_get(log, "topics"), 0)));
            logs++;
        }
    }
    printf("          %zu logs\n", logs);
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
        const elementary number = { ELEMENTARY_UINT, 256 };
        assert_null(number_from_text(slice_text(json_string_value(value)), &number, out->bytes));
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
        CHAOS_AUTO(guarded_key, key);
        chaos_signature65 made;
        assert_int_equal(import(text_of(entry, "privateKey"), &key), CHAOS_OK);
        assert_int_equal(guarded_key_sign(key, digest.bytes, &made, &err), CHAOS_OK);
        assert_memory_equal(made.bytes, rsv.bytes, sizeof made.bytes);
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
    assert_int_equal(done, json_array_size(list));
}

/* ----------------------------------------------------- hashes, keys, signatures ---- */

static void test_keccak(void **state)
{
    json_t *list = section(state, "keccak256"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        size_t size = (size_t)json_integer_value(json_object_get(entry, "len"));
        uint8_t *data = malloc(size + 1);
        assert_non_null(data);
        assert_string_equal(text_of(entry, "pattern"), "byte[i]=i%251");
        for (size_t k = 0; k < size; k++) {
            data[k] = (uint8_t)(k % 251);
        }
        chaos_keccak hash = hash_keccak(slice(data, size));
        assert_bytes("keccak256", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "hash"));
        free(data);
    }
    list = section(state, "keccak256_ascii");
    json_array_foreach(list, i, entry)
    {
        json_t *repeat = json_object_get(entry, "ascii_repeat");
        size_t count = repeat == NULL ? 1 : (size_t)json_integer_value(json_object_get(repeat, "count"));
        const char *text = repeat == NULL ? text_of(entry, "ascii") : text_of(repeat, "char");
        CHAOS_AUTO_BUFFER(data, 2000000);
        for (size_t k = 0; k < count; k++) {
            assert_true(buffer_append_text(&data, text));
        }
        chaos_keccak hash = hash_keccak(buffer_slice(&data));
        assert_bytes("keccak256_ascii", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "hash"));
    }
    entry = json_object_get(*state, "keccak256_not_sha3");
    chaos_keccak hash = hash_keccak(slice(NULL, 0));
    assert_bytes("keccak256_not_sha3", slice(hash.bytes, sizeof hash.bytes), text_of(entry, "keccak256_empty"));
}

static void test_keys(void **state)
{
    json_t *list = section(state, "keys"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO(guarded_key, key);
        uint8_t compressed[33], whole[65] = { 4 };
        assert_int_equal(import(text_of(entry, "privateKey"), &key), CHAOS_OK);
        const k1_point *point = guarded_key_point(key);
        memcpy(whole + 1, point->x, 32);
        memcpy(whole + 33, point->y, 32);
        k1_compress(point, compressed);
        chaos_address address = k1_address(point);
        assert_bytes("public key", slice(whole, sizeof whole), text_of(entry, "publicKeyUncompressed"));
        assert_bytes("compressed", slice(compressed, sizeof compressed), text_of(entry, "publicKeyCompressed"));
        assert_bytes("address", slice(address.bytes, sizeof address.bytes), text_of(entry, "address"));
    }
    list = section(state, "keys_invalid");
    json_array_foreach(list, i, entry)
    {
        guarded_key *key = NULL;
        const char *hex = text_of(entry, "privateKey");
        if (strlen(hex) != 66) {
            printf("          keys_invalid \"%s\": not 32 bytes, so no caller can pass it\n", text_of(entry, "why"));
            continue;
        }
        assert_int_equal(import(hex, &key), CHAOS_E_USAGE);
        assert_null(key);
    }
    entry = json_object_get(*state, "mnemonic"); /* derivation from phrases is not built: keys and addresses are compared */
    list = json_object_get(entry, "accounts");
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO(guarded_key, key);
        assert_int_equal(import(text_of(entry, "privateKey"), &key), CHAOS_OK);
        chaos_address address = k1_address(guarded_key_point(key));
        assert_bytes("mnemonic", slice(address.bytes, sizeof address.bytes), text_of(entry, "address"));
    }
}

static void test_eip55(void **state)
{
    json_t *list = section(state, "eip55"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        chaos_address address;
        char text[CHAOS_ADDRESS_TEXT_SIZE];
        assert_int_equal(chaos_address_parse(text_of(entry, "lower"), &address, NULL), CHAOS_OK);
        chaos_address_format(&address, text);
        assert_string_equal(text, text_of(entry, "checksum"));
        assert_int_equal(chaos_address_parse(text, &address, NULL), CHAOS_OK);
    }
    list = section(state, "eip55_invalid");
    json_array_foreach(list, i, entry)
    {
        chaos_address address;
        if (chaos_address_parse(json_string_value(entry), &address, NULL) != CHAOS_E_USAGE) {
            fail_msg("accepted: %s", json_string_value(entry));
        }
    }
}

static void test_ecdsa(void **state)
{
    json_t *list = section(state, "ecdsa"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        CHAOS_AUTO(guarded_key, key);
        chaos_signature65 signature;
        bytes digest = hex_of(text_of(entry, "digest"));
        assert_int_equal(import(text_of(entry, "privateKey"), &key), CHAOS_OK);
        assert_int_equal(guarded_key_sign(key, digest.data, &signature, NULL), CHAOS_OK);
        assert_bytes("r", slice(signature.bytes, 32), text_of(entry, "r"));
        assert_bytes("s", slice(signature.bytes + 32, 32), text_of(entry, "s"));
        assert_int_equal(signature.bytes[64] - 27, json_integer_value(json_object_get(entry, "yParity")));
        free(digest.data);
    }
    list = section(state, "ecdsa_recover");
    json_array_foreach(list, i, entry)
    {
        k1_point point;
        bytes digest = hex_of(text_of(entry, "digest")), r = hex_of(text_of(entry, "r")), s = hex_of(text_of(entry, "s"));
        bool wanted = json_object_get(entry, "address") != NULL;
        k1_result result = k1_recover(digest.data, r.data, s.data,
                                      (unsigned)json_integer_value(json_object_get(entry, "yParity")), &point);
        if ((result == K1_GOOD) != wanted) {
            fail_msg("%s: %d", text_of(entry, "why"), (int)result);
        }
        if (wanted) {
            chaos_address address = k1_address(&point);
            assert_bytes(text_of(entry, "why"), slice(address.bytes, sizeof address.bytes), text_of(entry, "address"));
        }
        free(digest.data);
        free(r.data);
        free(s.data);
    }
}

static void assert_signed(json_t *entry, const chaos_keccak *digest)
{
    CHAOS_AUTO(guarded_key, key);
    chaos_signature65 signature;
    assert_int_equal(import(text_of(entry, "privateKey"), &key), CHAOS_OK);
    assert_int_equal(guarded_key_sign(key, digest->bytes, &signature, NULL), CHAOS_OK);
    assert_bytes("signature", slice(signature.bytes, sizeof signature.bytes), text_of(entry, "signature"));
    chaos_address address = k1_address(guarded_key_point(key));
    assert_bytes("signer", slice(address.bytes, sizeof address.bytes), text_of(entry, "signer"));
}

static void test_personal_sign(void **state)
{
    json_t *list = section(state, "personal_sign"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        chaos_keccak digest;
        bytes message = hex_of(text_of(entry, "message_hex"));
        assert_true(eip191_digest(slice(message.data, message.size), &digest));
        assert_bytes("prefixed_hash", slice(digest.bytes, sizeof digest.bytes), text_of(entry, "prefixed_hash"));
        assert_signed(entry, &digest);
        free(message.data);
    }
}

/* The vectors have no EIP712Domain: its members are those that the domain has, in the standard's order. */
static json_t *with_domain_type(json_t *entry)
{
    static const struct {
        const char *name, *type;
    } members[] = { { "name", "string" },
                    { "version", "string" },
                    { "chainId", "uint256" },
                    { "verifyingContract", "address" },
                    { "salt", "bytes32" } };
    json_t *domain = json_object_get(entry, "domain"), *types = json_deep_copy(json_object_get(entry, "types"));
    json_t *list = json_array();
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(members); i++) {
        if (json_object_get(domain, members[i].name) != NULL) {
            json_array_append_new(list, json_pack("{s:s,s:s}", "name", members[i].name, "type", members[i].type));
        }
    }
    json_object_set_new(types, "EIP712Domain", list);
    return json_pack("{s:o,s:O,s:O,s:O}", "types", types, "primaryType", json_object_get(entry, "primaryType"),
                     "domain", domain, "message", json_object_get(entry, "message"));
}

static void test_eip712(void **state)
{
    json_t *list = section(state, "eip712"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        chaos_keccak digest;
        fault why = { 0 };
        json_t *request = with_domain_type(entry);
        char *text = json_dumps(request, 0);
        if (!typed_data_digest(slice_text(text), &digest, NULL, &why)) {
            fail_msg("%s: %s", text_of(entry, "name"), why.reason);
        }
        assert_bytes(text_of(entry, "name"), slice(digest.bytes, sizeof digest.bytes), text_of(entry, "digest"));
        assert_signed(entry, &digest);
        free(text);
        json_decref(request);
    }
}

static void test_create(void **state)
{
    json_t *list = section(state, "create"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
    {
        chaos_address from;
        assert_int_equal(chaos_address_parse(text_of(entry, "from"), &from, NULL), CHAOS_OK);
        chaos_address made = chaos_contract_address(&from, small(entry, "nonce"));
        assert_bytes("create", slice(made.bytes, sizeof made.bytes), text_of(entry, "address"));
    }
    list = section(state, "create2");
    json_array_foreach(list, i, entry)
    {
        chaos_address from;
        bytes salt = hex_of(text_of(entry, "salt")), code = hex_of(text_of(entry, "initCode"));
        assert_int_equal(chaos_address_parse(text_of(entry, "from"), &from, NULL), CHAOS_OK);
        chaos_address made = chaos_contract_address_create2(&from, salt.data, slice(code.data, code.size));
        assert_bytes("create2", slice(made.bytes, sizeof made.bytes), text_of(entry, "address"));
        free(salt.data);
        free(code.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keccak),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_eip55),
        cmocka_unit_test(test_ecdsa),
        cmocka_unit_test(test_rlp),
        cmocka_unit_test(test_abi),
        cmocka_unit_test(test_abi_malformed),
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_revert_data),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_call_transactions),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_personal_sign),
        cmocka_unit_test(test_eip712),
        cmocka_unit_test(test_create),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
