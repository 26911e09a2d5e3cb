/* peer_eth.c - our Ethereum base as a peer: one request a line on standard input, one answer a line on standard output.
 * tests/npm/eth compares the answers with those of public libraries. Requests are our own test's, so trees and
 * recursion are allowed here. */
#include "eth/eth.h"
#include "wire/wire.h"

#include <jansson.h>
#include <stdio.h>

#define MAX_LINE (8u << 20)
#define MAX_DEPTH 32

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "peer_eth: %s\n", what);
        exit(2);
    }
}

static json_t *failure(const chaos_error *err)
{
    return json_pack("{s:s,s:s,s:s}", "error", chaos_status_name(err->status), "field",
                     err->field == NULL ? "" : err->field, "text", err->text);
}

static json_t *reason(const char *code, const fault *why)
{
    return json_pack("{s:s,s:s,s:s}", "error", code, "field", why->field == NULL ? "" : why->field, "text",
                     why->reason == NULL ? "" : why->reason);
}

static json_t *hex(chaos_slice bytes)
{
    char *text = malloc(2 * bytes.size + 3);
    must(text != NULL, "memory");
    text[0] = '0';
    text[1] = 'x';
    hex_encode(bytes, text + 2);
    json_t *value = json_stringn(text, 2 * bytes.size + 2);
    free(text);
    return value;
}

static json_t *ok(json_t *value)
{
    return json_pack("{s:o}", "ok", value);
}

static const char *text_of(json_t *request, const char *key)
{
    const char *text = json_string_value(json_object_get(request, key));
    must(text != NULL, key);
    return text;
}

static void bytes_of(json_t *value, chaos_buffer *out)
{
    const char *text = json_string_value(value);
    must(text != NULL && bytes_from_text(slice(text, json_string_length(value)), out) == NULL, "hex");
}

static void take_hex(json_t *request, const char *key, void *out, size_t size)
{
    CHAOS_AUTO_BUFFER(bytes, MAX_LINE);
    bytes_of(json_object_get(request, key), &bytes);
    must(bytes.size == size, key);
    memcpy(out, bytes.data, size);
}

/* -------------------------------------------------------------------- RLP ---- */

static void write_item(json_t *item, chaos_buffer *out)
{
    json_t *inner;
    size_t i;
    if (json_is_string(item)) {
        CHAOS_AUTO_BUFFER(bytes, MAX_LINE);
        bytes_of(item, &bytes);
        must(rlp_write(out, buffer_slice(&bytes)), "rlp_write");
        return;
    }
    size_t list = rlp_begin_list(out);
    json_array_foreach(item, i, inner)
    {
        write_item(inner, out);
    }
    must(rlp_end_list(out, list), "rlp_end_list");
}

static json_t *read_item(reader *r, unsigned depth)
{
    if (!rlp_is_list(r)) {
        chaos_slice bytes = rlp_take(r, "item");
        return hex(rd_ok(r) ? bytes : slice("", 0));
    }
    json_t *list = json_array();
    must(depth < MAX_DEPTH, "depth");
    reader child = rlp_enter(r, "list");
    while (rd_ok(&child) && rd_left(&child) > 0) {
        json_array_append_new(list, read_item(&child, depth + 1));
    }
    rd_close(r, &child, r->status);
    return list;
}

static json_t *rlp_encode(json_t *request)
{
    CHAOS_AUTO_BUFFER(out, MAX_LINE);
    write_item(json_object_get(request, "value"), &out);
    return ok(hex(buffer_slice(&out)));
}

static json_t *rlp_decode(json_t *request)
{
    CHAOS_AUTO_BUFFER(data, MAX_LINE);
    bytes_of(json_object_get(request, "data"), &data);
    reader r = rd_begin(buffer_slice(&data), CHAOS_E_TRANSACTION_FORMAT);
    json_t *value = read_item(&r, 0);
    rd_expect(&r, rd_left(&r) == 0, r.status, "bytes follow");
    if (rd_ok(&r)) {
        return ok(value);
    }
    json_decref(value);
    return reason("RLP", &r.why);
}

/* -------------------------------------------------------------------- ABI ---- */

static json_t *abi_encode(json_t *request)
{
    CHAOS_AUTO_BUFFER(data, MAX_LINE);
    chaos_error err = { 0 };
    char *values = json_dumps(json_object_get(request, "values"), JSON_ENCODE_ANY);
    must(values != NULL, "values");
    chaos_status status = chaos_abi_encode(text_of(request, "types"), slice_text(values), &data, &err);
    free(values);
    return status == CHAOS_OK ? ok(hex(buffer_slice(&data))) : failure(&err);
}

static json_t *abi_decode(json_t *request)
{
    CHAOS_AUTO_BUFFER(data, MAX_LINE);
    CHAOS_AUTO_BUFFER(values, CHAOS_MAX_ABI_JSON);
    chaos_error err = { 0 };
    bytes_of(json_object_get(request, "data"), &data);
    if (chaos_abi_decode(text_of(request, "types"), buffer_slice(&data), &values, &err) != CHAOS_OK) {
        return failure(&err);
    }
    json_t *value = json_loadb((char *)values.data, values.size, JSON_ALLOW_NUL, NULL);
    must(value != NULL, "what was decoded is no JSON");
    return ok(value);
}

static json_t *abi_hash(json_t *request)
{
    chaos_keccak hash;
    chaos_error err = { 0 };
    chaos_status status = chaos_abi_hash(text_of(request, "signature"), &hash, &err);
    return status == CHAOS_OK ? ok(hex(slice(hash.bytes, sizeof hash.bytes))) : failure(&err);
}

/* ----------------------------------------------------------- keys, messages ---- */

static guarded_key *take_key(json_t *request)
{
    uint8_t scalar[32];
    guarded_key *key = NULL;
    take_hex(request, "key", scalar, sizeof scalar);
    must(guarded_key_import(scalar, &key, NULL) == CHAOS_OK, "key");
    return key;
}

static json_t *signed_digest(json_t *request, const chaos_keccak *digest)
{
    CHAOS_AUTO(guarded_key, key);
    chaos_signature65 signature;
    if (json_object_get(request, "key") == NULL) {
        return ok(json_pack("{s:o}", "digest", hex(slice(digest->bytes, sizeof digest->bytes))));
    }
    key = take_key(request);
    must(guarded_key_sign(key, digest->bytes, &signature, NULL) == CHAOS_OK, "sign");
    return ok(json_pack("{s:o,s:o}", "digest", hex(slice(digest->bytes, sizeof digest->bytes)), "signature",
                        hex(slice(signature.bytes, sizeof signature.bytes))));
}

static json_t *keccak(json_t *request)
{
    CHAOS_AUTO_BUFFER(data, MAX_LINE);
    bytes_of(json_object_get(request, "data"), &data);
    chaos_keccak hash = hash_keccak(buffer_slice(&data));
    return ok(hex(slice(hash.bytes, sizeof hash.bytes)));
}

static json_t *address(json_t *request)
{
    chaos_address parsed;
    chaos_error err = { 0 };
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    if (chaos_address_parse(text_of(request, "text"), &parsed, &err) != CHAOS_OK) {
        return failure(&err);
    }
    chaos_address_format(&parsed, text);
    return ok(json_string(text));
}

static json_t *key_address(json_t *request)
{
    CHAOS_AUTO(guarded_key, key);
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    key = take_key(request);
    chaos_address made = k1_address(guarded_key_point(key));
    chaos_address_format(&made, text);
    return ok(json_string(text));
}

static json_t *eip191(json_t *request)
{
    CHAOS_AUTO_BUFFER(message, MAX_LINE);
    chaos_keccak digest;
    bytes_of(json_object_get(request, "message"), &message);
    must(eip191_digest(buffer_slice(&message), &digest), "eip191_digest");
    return signed_digest(request, &digest);
}

static json_t *eip712(json_t *request)
{
    chaos_keccak digest;
    fault why = { 0 };
    chaos_slice name;
    chaos_slice text = slice_text(text_of(request, "typed"));
    if (!typed_data_digest(text, &digest, &name, &why)) {
        return reason(chaos_status_name(why.status), &why);
    }
    return signed_digest(request, &digest);
}

/* ------------------------------------------------------------ transactions ---- */

typedef struct lists {
    chaos_access_entry entries[CHAOS_MAX_ACCESS_ENTRIES];
    chaos_u256 keys[CHAOS_MAX_STORAGE_KEYS];
    size_t key_count;
    chaos_buffer data;
} lists;

static void amount(json_t *tx, const char *key, uint8_t out[32])
{
    const elementary number = { ELEMENTARY_UINT, 256 };
    json_t *value = json_object_get(tx, key);
    memset(out, 0, 32);
    must(value == NULL || number_from_text(slice_text(text_of(tx, key)), &number, out) == NULL, key);
}

static bool small(json_t *tx, const char *key, uint64_t *out)
{
    uint8_t word[32];
    amount(tx, key, word);
    *out = 0;
    for (size_t i = 24; i < 32; i++) {
        *out = *out << 8 | word[i];
    }
    return slice_is_zero(slice(word, 24));
}

static void take_access_list(json_t *list, chaos_transaction *t, lists *l)
{
    json_t *entry, *key;
    size_t i, k;
    json_array_foreach(list, i, entry)
    {
        must(i < CHAOS_MAX_ACCESS_ENTRIES, "access list");
        take_hex(entry, "address", l->entries[i].address.bytes, 20);
        l->entries[i].storage_keys = &l->keys[l->key_count];
        json_array_foreach(json_object_get(entry, "storageKeys"), k, key)
        {
            CHAOS_AUTO_BUFFER(bytes, 64);
            must(l->key_count < CHAOS_MAX_STORAGE_KEYS, "storage keys");
            bytes_of(key, &bytes);
            must(bytes.size == 32, "storage key");
            memcpy(l->keys[l->key_count++].bytes, bytes.data, 32);
            l->entries[i].storage_key_count++;
        }
        t->access_count++;
    }
    t->access_list = l->entries;
}

/* False: a number is too large for its field. */
static bool take_transaction(json_t *tx, chaos_transaction *t, lists *l)
{
    json_t *to = json_object_get(tx, "to");
    *t = (chaos_transaction)CHAOS_TRANSACTION_INIT;
    t->type = (chaos_transaction_type)json_integer_value(json_object_get(tx, "type"));
    bool fits = small(tx, "chainId", &t->chain_id);
    fits = small(tx, "nonce", &t->nonce) && fits;
    fits = small(tx, "gasLimit", &t->gas_limit) && fits;
    amount(tx, "gasPrice", t->gas_price.bytes);
    amount(tx, "maxPriorityFeePerGas", t->max_priority_fee.bytes);
    amount(tx, "maxFeePerGas", t->max_fee.bytes);
    amount(tx, "value", t->value.bytes);
    t->has_to = json_is_string(to);
    if (t->has_to) {
        take_hex(tx, "to", t->to.bytes, 20);
    }
    l->data = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_LINE);
    bytes_of(json_object_get(tx, "data"), &l->data);
    t->data = l->data.data == NULL ? slice(NULL, 0) : buffer_slice(&l->data);
    take_access_list(json_object_get(tx, "accessList"), t, l);
    return fits;
}

static json_t *tx_sign(json_t *request)
{
    CHAOS_AUTO(chaos_account, account);
    CHAOS_AUTO_BUFFER(raw, CHAOS_MAX_TRANSACTION);
    chaos_transaction t;
    chaos_keccak digest, hash;
    chaos_error err = { 0 };
    guarded_key *key = take_key(request);
    lists *l = calloc(1, sizeof *l);
    must(l != NULL && account_from_key(&key, &account, NULL) == CHAOS_OK, "account");
    bool fits = take_transaction(json_object_get(request, "tx"), &t, l);
    chaos_status status = fits ? chaos_transaction_digest(&t, &digest, &err)
                               : error_set(&err, CHAOS_E_USAGE, "transaction", CHAOS_NO_OFFSET, "over 64 bits");
    if (status == CHAOS_OK) {
        status = chaos_account_sign_transaction(account, &t, &raw, &hash, &err);
    }
    chaos_buffer_free(&l->data);
    free(l);
    return status != CHAOS_OK ? failure(&err)
                              : ok(json_pack("{s:o,s:o,s:o}", "digest", hex(slice(digest.bytes, 32)), "raw",
                                             hex(buffer_slice(&raw)), "hash", hex(slice(hash.bytes, 32))));
}

static void set_number(json_t *tx, const char *key, const uint8_t word[32])
{
    char text[NUMBER_TEXT_SIZE];
    json_object_set_new(tx, key, json_string(number_to_text(word, false, text)));
}

static void set_small(json_t *tx, const char *key, uint64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    json_object_set_new(tx, key, json_string(text));
}

static json_t *shown(const chaos_transaction *t)
{
    json_t *tx = json_object(), *list = json_array();
    json_object_set_new(tx, "type", json_integer(t->type));
    set_small(tx, "chainId", t->chain_id);
    set_small(tx, "nonce", t->nonce);
    set_small(tx, "gasLimit", t->gas_limit);
    if (t->type == CHAOS_TX_DYNAMIC_FEE) {
        set_number(tx, "maxPriorityFeePerGas", t->max_priority_fee.bytes);
        set_number(tx, "maxFeePerGas", t->max_fee.bytes);
    } else {
        set_number(tx, "gasPrice", t->gas_price.bytes);
    }
    set_number(tx, "value", t->value.bytes);
    json_object_set_new(tx, "to", t->has_to ? hex(slice(t->to.bytes, 20)) : json_null());
    json_object_set_new(tx, "data", hex(t->data));
    for (size_t i = 0; i < t->access_count; i++) {
        json_t *keys = json_array();
        for (size_t k = 0; k < t->access_list[i].storage_key_count; k++) {
            json_array_append_new(keys, hex(slice(t->access_list[i].storage_keys[k].bytes, 32)));
        }
        json_array_append_new(list, json_pack("{s:o,s:o}", "address", hex(slice(t->access_list[i].address.bytes, 20)),
                                              "storageKeys", keys));
    }
    json_object_set_new(tx, "accessList", list);
    return tx;
}

static json_t *tx_read(json_t *request)
{
    CHAOS_AUTO_BUFFER(raw, MAX_LINE);
    chaos_signed_transaction *read = NULL;
    chaos_error err = { 0 };
    bytes_of(json_object_get(request, "raw"), &raw);
    if (chaos_transaction_read(buffer_slice(&raw), &read, &err) != CHAOS_OK) {
        return failure(&err);
    }
    chaos_address from = chaos_signed_transaction_sender(read);
    chaos_keccak hash = chaos_signed_transaction_hash(read);
    json_t *answer = ok(json_pack("{s:o,s:o,s:o}", "tx", shown(chaos_signed_transaction_fields(read)), "from",
                                  hex(slice(from.bytes, 20)), "hash", hex(slice(hash.bytes, 32))));
    chaos_signed_transaction_free(read);
    return answer;
}

/* --------------------------------------------------------------- keystores ---- */

static json_t *keystore_read(json_t *request)
{
    CHAOS_AUTO(guarded_key, key);
    chaos_error err = { 0 };
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    if (keystore_open(slice_text(text_of(request, "json")), slice_text(text_of(request, "passphrase")), &key, &err) !=
        CHAOS_OK) {
        return failure(&err);
    }
    chaos_address made = k1_address(guarded_key_point(key));
    chaos_address_format(&made, text);
    return ok(json_string(text));
}

static json_t *keystore_write(json_t *request)
{
    CHAOS_AUTO(guarded_key, key);
    CHAOS_AUTO_BUFFER(text, KEYSTORE_MAX_FILE);
    chaos_error err = { 0 };
    uint8_t scalar[32];
    take_hex(request, "key", scalar, sizeof scalar);
    if (keystore_seal(scalar, slice_text(text_of(request, "passphrase")),
                      (unsigned)json_integer_value(json_object_get(request, "log_n")), &text, &key, &err) != CHAOS_OK) {
        return failure(&err);
    }
    return ok(json_string((char *)text.data));
}

/* -------------------------------------------------------------------- lines ---- */

static json_t *answer(json_t *request)
{
    static const struct {
        const char *name;
        json_t *(*call)(json_t *request);
    } calls[] = {
        { "rlp_encode", rlp_encode },
        { "rlp_decode", rlp_decode },
        { "abi_encode", abi_encode },
        { "abi_decode", abi_decode },
        { "abi_hash", abi_hash },
        { "keccak", keccak },
        { "address", address },
        { "key_address", key_address },
        { "eip191", eip191 },
        { "eip712", eip712 },
        { "tx_sign", tx_sign },
        { "tx_read", tx_read },
        { "keystore_read", keystore_read },
        { "keystore_write", keystore_write },
    };
    const char *name = text_of(request, "op");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(calls); i++) {
        if (strcmp(calls[i].name, name) == 0) {
            return calls[i].call(request);
        }
    }
    must(false, "an unknown request");
    return NULL;
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        json_error_t error;
        json_t *request = json_loadb(line, (size_t)size, JSON_ALLOW_NUL, &error);
        must(request != NULL, error.text);
        json_t *reply = answer(request);
        must(reply != NULL && json_dumpf(reply, stdout, JSON_COMPACT) == 0 && putchar('\n') == '\n', "output");
        must(fflush(stdout) == 0, "output");
        json_decref(reply);
        json_decref(request);
    }
    free(line);
    return 0;
}
