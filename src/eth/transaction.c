/* transaction.c - transactions as bytes: what is signed, what is sent, and back again. */
#include "eth/eth.h"

enum {
    LEGACY_V = 35, /* EIP-155: v = 35 + 2 * chain id + parity; without a chain 27 + parity */
    PLAIN_V = 27
};

static chaos_status refuse(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", why);
}

static size_t count_storage_keys(const chaos_transaction *t)
{
    size_t count = 0;
    for (size_t i = 0; i < t->access_count; i++) {
        count += t->access_list[i].storage_key_count;
    }
    return count;
}

static chaos_status check(const chaos_transaction *t, chaos_error *err)
{
    if (t == NULL || t->size != sizeof *t) {
        return refuse("transaction", "begin with CHAOS_TRANSACTION_INIT", err);
    }
    if (t->type != CHAOS_TX_LEGACY && t->type != CHAOS_TX_ACCESS_LIST && t->type != CHAOS_TX_DYNAMIC_FEE) {
        return refuse("type", "the transaction type is not known", err);
    }
    /* Without a chain the signature would be valid on every chain. */
    if (t->chain_id == 0 || t->chain_id > (UINT64_MAX - LEGACY_V - 1) / 2) {
        return refuse("chain_id", "the chain id is 0 or too large", err);
    }
    if (t->nonce == UINT64_MAX) {
        return refuse("nonce", "the nonce is at its end (EIP-2681)", err);
    }
    if (t->data.size > CHAOS_MAX_TRANSACTION || (t->data.data == NULL && t->data.size > 0)) {
        return refuse("data", "the data are too large, or NULL", err);
    }
    if (t->type == CHAOS_TX_DYNAMIC_FEE &&
        memcmp(t->max_priority_fee.bytes, t->max_fee.bytes, sizeof t->max_fee.bytes) > 0) {
        return refuse("max_priority_fee", "the tip is above the whole fee", err);
    }
    if (t->type == CHAOS_TX_LEGACY && t->access_count > 0) {
        return refuse("access_list", "a legacy transaction has no access list", err);
    }
    if (t->access_count > CHAOS_MAX_ACCESS_ENTRIES || (t->access_list == NULL && t->access_count > 0) ||
        count_storage_keys(t) > CHAOS_MAX_STORAGE_KEYS) {
        return refuse("access_list", "the access list is too long, or NULL", err);
    }
    return CHAOS_OK;
}

/* -------------------------------------------------------------- writing ---- */

static bool write_to(const chaos_transaction *t, chaos_buffer *out)
{
    return rlp_write(out, t->has_to ? slice(t->to.bytes, sizeof t->to.bytes) : slice(NULL, 0));
}

static bool write_access_entry(const chaos_access_entry *entry, chaos_buffer *out)
{
    size_t whole = rlp_begin_list(out);
    if (!rlp_write(out, slice(entry->address.bytes, sizeof entry->address.bytes))) {
        return false;
    }
    size_t keys = rlp_begin_list(out);
    for (size_t i = 0; i < entry->storage_key_count; i++) {
        if (!rlp_write(out, slice(entry->storage_keys[i].bytes, sizeof entry->storage_keys[i].bytes))) {
            return false;
        }
    }
    return rlp_end_list(out, keys) && rlp_end_list(out, whole);
}

static bool write_access_list(const chaos_transaction *t, chaos_buffer *out)
{
    size_t list = rlp_begin_list(out);
    for (size_t i = 0; i < t->access_count; i++) {
        if (!write_access_entry(&t->access_list[i], out)) {
            return false;
        }
    }
    return rlp_end_list(out, list);
}

static bool write_legacy_fields(const chaos_transaction *t, chaos_buffer *out)
{
    return rlp_write_unsigned(out, t->nonce) && rlp_write_u256(out, &t->gas_price) &&
           rlp_write_unsigned(out, t->gas_limit) && write_to(t, out) && rlp_write_u256(out, &t->value) &&
           rlp_write(out, t->data);
}

static bool write_typed_fields(const chaos_transaction *t, chaos_buffer *out)
{
    bool fees = t->type == CHAOS_TX_DYNAMIC_FEE
                    ? rlp_write_unsigned(out, t->chain_id) && rlp_write_unsigned(out, t->nonce) &&
                          rlp_write_u256(out, &t->max_priority_fee) && rlp_write_u256(out, &t->max_fee)
                    : rlp_write_unsigned(out, t->chain_id) && rlp_write_unsigned(out, t->nonce) &&
                          rlp_write_u256(out, &t->gas_price);
    return fees && rlp_write_unsigned(out, t->gas_limit) && write_to(t, out) && rlp_write_u256(out, &t->value) &&
           rlp_write(out, t->data) && write_access_list(t, out);
}

/* r and s are numbers: written without leading zeros. */
static bool write_rs(const chaos_signature65 *signature, chaos_buffer *out)
{
    chaos_u256 r, s;
    memcpy(r.bytes, signature->bytes, sizeof r.bytes);
    memcpy(s.bytes, signature->bytes + sizeof r.bytes, sizeof s.bytes);
    return rlp_write_u256(out, &r) && rlp_write_u256(out, &s);
}

/* With a signature what is sent, without one what is signed. */
static bool write_transaction(const chaos_transaction *t, const chaos_signature65 *signature, chaos_buffer *out)
{
    const uint8_t type = (uint8_t)t->type;
    const uint64_t parity = signature == NULL ? 0 : signature->bytes[64] - (uint64_t)PLAIN_V;
    bool is_legacy = t->type == CHAOS_TX_LEGACY;
    if (!is_legacy && !buffer_append(out, slice(&type, sizeof type))) {
        return false;
    }
    size_t list = rlp_begin_list(out);
    if (!(is_legacy ? write_legacy_fields(t, out) : write_typed_fields(t, out))) {
        return false;
    }
    bool ok = true;
    if (signature != NULL) {
        ok = rlp_write_unsigned(out, is_legacy ? LEGACY_V + 2 * t->chain_id + parity : parity) &&
             write_rs(signature, out);
    } else if (is_legacy) {
        ok = rlp_write_unsigned(out, t->chain_id) && rlp_write_unsigned(out, 0) && rlp_write_unsigned(out, 0);
    }
    return ok && rlp_end_list(out, list);
}

static chaos_status too_large(chaos_error *err)
{
    (void)error_set(err, CHAOS_E_USAGE, "transaction", CHAOS_NO_OFFSET, "the transaction is too large");
    error_expected(err, "at most %u bytes", CHAOS_MAX_TRANSACTION);
    return CHAOS_E_USAGE;
}

chaos_status chaos_transaction_digest(const chaos_transaction *transaction, chaos_keccak *digest,
                                      chaos_error *err)
{
    CHAOS_AUTO_BUFFER(out, CHAOS_MAX_TRANSACTION);
    CHAOS_TRY(check(transaction, err));
    if (!write_transaction(transaction, NULL, &out)) {
        return too_large(err);
    }
    *digest = hash_keccak(buffer_slice(&out));
    return CHAOS_OK;
}

/* Who signed this digest; refuses what no node takes: high s, v other than 27 and 28. */
static chaos_status recover(const chaos_keccak *digest, const chaos_signature65 *signature, chaos_address *sender,
                            chaos_status status, chaos_error *err)
{
    k1_point key;
    k1_result result = K1_BAD;
    if (signature->bytes[64] == PLAIN_V || signature->bytes[64] == PLAIN_V + 1) {
        result = k1_recover(digest->bytes, signature->bytes, signature->bytes + 32,
                            signature->bytes[64] - (unsigned)PLAIN_V, &key);
    }
    if (result == K1_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, "signature", CHAOS_NO_OFFSET, NULL);
    }
    if (result != K1_GOOD) {
        return error_set(err, status, "signature", CHAOS_NO_OFFSET, "the signature is not one of any key");
    }
    *sender = k1_address(&key);
    return CHAOS_OK;
}

chaos_status transaction_write_own(const chaos_transaction *transaction, const chaos_signature65 *signature,
                                   chaos_buffer *raw, chaos_keccak *hash, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(out, CHAOS_MAX_TRANSACTION);
    if (!write_transaction(transaction, signature, &out) || !buffer_append(raw, buffer_slice(&out))) {
        return too_large(err);
    }
    *hash = hash_keccak(buffer_slice(&out));
    return CHAOS_OK;
}

chaos_status chaos_transaction_write(const chaos_transaction *transaction, const chaos_signature65 *signature,
                                     chaos_buffer *raw, chaos_keccak *hash, chaos_error *err)
{
    chaos_keccak digest;
    chaos_address sender;
    if (signature == NULL || raw == NULL || hash == NULL) {
        return refuse("signature", "signature, raw and hash may not be NULL", err);
    }
    CHAOS_TRY(chaos_transaction_digest(transaction, &digest, err));
    CHAOS_TRY(recover(&digest, signature, &sender, CHAOS_E_USAGE, err));
    return transaction_write_own(transaction, signature, raw, hash, err);
}

/* -------------------------------------------------------------- reading ---- */

struct chaos_signed_transaction {
    chaos_transaction fields;
    chaos_signature65 signature;
    chaos_address sender;
    chaos_keccak hash;
    chaos_buffer bytes; /* what fields.data points into */
    chaos_access_entry entries[CHAOS_MAX_ACCESS_ENTRIES];
    chaos_u256 keys[CHAOS_MAX_STORAGE_KEYS];
    size_t key_count;
};

void chaos_signed_transaction_free(chaos_signed_transaction *transaction)
{
    if (transaction != NULL) {
        chaos_buffer_free(&transaction->bytes);
        free(transaction);
    }
}
CHAOS_CLEANUP(chaos_signed_transaction);

const chaos_transaction *chaos_signed_transaction_fields(const chaos_signed_transaction *transaction)
{
    return &transaction->fields;
}

chaos_address chaos_signed_transaction_sender(const chaos_signed_transaction *transaction)
{
    return transaction->sender;
}

chaos_signature65 chaos_signed_transaction_signature(const chaos_signed_transaction *transaction)
{
    return transaction->signature;
}

chaos_keccak chaos_signed_transaction_hash(const chaos_signed_transaction *transaction)
{
    return transaction->hash;
}

static void read_to(reader *r, chaos_transaction *t)
{
    chaos_slice to = rlp_take(r, "to");
    rd_expect(r, to.size == 0 || to.size == sizeof t->to.bytes, r->status, "an address has 20 bytes, or none");
    t->has_to = to.size == sizeof t->to.bytes;
    if (rd_ok(r) && t->has_to) {
        memcpy(t->to.bytes, to.data, to.size);
    }
}

static void read_access_entry(reader *r, chaos_signed_transaction *out)
{
    chaos_access_entry *entry = &out->entries[out->fields.access_count];
    reader item = rlp_enter(r, "access_list");
    rlp_fixed(&item, "access_list.address", entry->address.bytes, sizeof entry->address.bytes);
    reader keys = rlp_enter(&item, "access_list.storage_keys");
    entry->storage_keys = &out->keys[out->key_count];
    while (rd_left(&keys) > 0) {
        rd_expect(&keys, out->key_count < CHAOS_MAX_STORAGE_KEYS, keys.status, "too many storage keys");
        if (!rd_ok(&keys)) {
            break;
        }
        rlp_fixed(&keys, "access_list.storage_keys", out->keys[out->key_count].bytes, sizeof out->keys[0].bytes);
        out->key_count++;
        entry->storage_key_count++;
    }
    rd_close(&item, &keys, r->status);
    rd_close(r, &item, r->status);
    out->fields.access_count++;
}

static void read_access_list(reader *r, chaos_signed_transaction *out)
{
    reader list = rlp_enter(r, "access_list");
    while (rd_left(&list) > 0) {
        rd_expect(&list, out->fields.access_count < CHAOS_MAX_ACCESS_ENTRIES, list.status,
                  "too many access entries");
        if (!rd_ok(&list)) {
            break;
        }
        read_access_entry(&list, out);
    }
    rd_close(r, &list, r->status);
    out->fields.access_list = out->entries;
}

static void read_fields(reader *r, chaos_signed_transaction *out)
{
    chaos_transaction *t = &out->fields;
    bool is_legacy = t->type == CHAOS_TX_LEGACY;
    if (!is_legacy) {
        t->chain_id = rlp_unsigned(r, "chain_id", UINT64_MAX);
    }
    t->nonce = rlp_unsigned(r, "nonce", UINT64_MAX - 1);
    if (t->type == CHAOS_TX_DYNAMIC_FEE) {
        rlp_u256(r, "max_priority_fee", &t->max_priority_fee);
        rlp_u256(r, "max_fee", &t->max_fee);
    } else {
        rlp_u256(r, "gas_price", &t->gas_price);
    }
    t->gas_limit = rlp_unsigned(r, "gas_limit", UINT64_MAX);
    read_to(r, t);
    rlp_u256(r, "value", &t->value);
    t->data = rlp_take(r, "data");
    if (!is_legacy) {
        read_access_list(r, out);
    }
}

/* v is the parity, in a legacy transaction with the chain id folded in. */
static void read_signature(reader *r, chaos_signed_transaction *out)
{
    chaos_u256 part;
    uint64_t v = rlp_unsigned(r, "v", UINT64_MAX);
    if (out->fields.type == CHAOS_TX_LEGACY) {
        rd_expect(r, v > LEGACY_V + 1, r->status, "the signature is not bound to a chain (EIP-155)");
        out->fields.chain_id = rd_ok(r) ? (v - LEGACY_V) / 2 : 0;
        v = rd_ok(r) ? (v - LEGACY_V) % 2 : 0;
    }
    rd_expect(r, v <= 1, r->status, "the parity is neither 0 nor 1");
    rlp_u256(r, "r", &part);
    memcpy(out->signature.bytes, part.bytes, sizeof part.bytes);
    rlp_u256(r, "s", &part);
    memcpy(out->signature.bytes + sizeof part.bytes, part.bytes, sizeof part.bytes);
    out->signature.bytes[64] = (uint8_t)(PLAIN_V + v);
}

static void read_transaction(reader *r, chaos_signed_transaction *out)
{
    out->fields.type = CHAOS_TX_LEGACY;
    if (!rlp_is_list(r)) {
        uint8_t type = rd_u8(r, "type");
        rd_expect(r, type == CHAOS_TX_ACCESS_LIST || type == CHAOS_TX_DYNAMIC_FEE, r->status,
                  "the transaction type is not known");
        out->fields.type = type == CHAOS_TX_ACCESS_LIST ? CHAOS_TX_ACCESS_LIST : CHAOS_TX_DYNAMIC_FEE;
    }
    reader list = rlp_enter(r, "transaction");
    read_fields(&list, out);
    read_signature(&list, out);
    rd_close(r, &list, r->status);
    rd_expect(r, rd_left(r) == 0, r->status, "bytes follow the transaction");
}

chaos_status chaos_transaction_read(chaos_slice raw, chaos_signed_transaction **transaction, chaos_error *err)
{
    CHAOS_AUTO(chaos_signed_transaction, made);
    chaos_keccak digest;
    if (transaction == NULL || (raw.data == NULL && raw.size > 0) || raw.size > CHAOS_MAX_TRANSACTION) {
        return too_large(err);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->bytes.limit = CHAOS_MAX_TRANSACTION;
    if (raw.size > 0 && !buffer_append(&made->bytes, raw)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->fields.size = sizeof made->fields;
    reader r = rd_begin(buffer_slice(&made->bytes), CHAOS_E_TRANSACTION_FORMAT);
    read_transaction(&r, made);
    if (!rd_ok(&r)) {
        return fault_to_error(&r.why, err);
    }
    if (chaos_transaction_digest(&made->fields, &digest, err) != CHAOS_OK) {
        return error_set(err, CHAOS_E_TRANSACTION_FORMAT, "transaction", CHAOS_NO_OFFSET,
                         "the values are not those of a transaction");
    }
    CHAOS_TRY(recover(&digest, &made->signature, &made->sender, CHAOS_E_TRANSACTION_FORMAT, err));
    made->hash = hash_keccak(raw);
    CHAOS_GIVE(transaction, made);
    return CHAOS_OK;
}
