/* keystore.c - Web3 Secret Storage, version 3: a private key encrypted under a passphrase, as geth, Foundry and ethers
 * keep it. Everything that the file says is limited before any work is done for it. */
#include "keys/keys.h"

#include "codec/codec.h"

#include <sodium.h>

enum {
    SCALAR = 32,
    IV = 16,
    DERIVED = 32, /* 16 bytes of the cipher's key, 16 of the MAC's */
    CIPHER_KEY = 16
};

typedef struct keystore_text {
    bool has_address, has_version, has_crypto;
    chaos_address address;
    bool has_cipher, has_iv, has_ciphertext, has_kdf, has_params, has_mac;
    uint8_t iv[IV], ciphertext[SCALAR], mac[KECCAK_SIZE];
    bool is_scrypt;
    chaos_slice params; /* raw: the kdf's name may come after them */
    uint64_t n, r, p, rounds;
    uint8_t salt[KEYSTORE_MAX_SALT];
    size_t salt_size;
} keystore_text;

/* --------------------------------------------------------------- reading ---- */

static void refuse(json *j, const char *field, const char *reason)
{
    rd_fail(&j->r, j->bad_value, field, rd_offset(&j->r), reason);
}

static void read_name(json *j, const char *field, const char *expected, const char *reason)
{
    chaos_slice text = json_plain_string(j, field);
    if (json_ok(j) && !slice_is(text, expected)) {
        json_bad(j, reason);
    }
}

static void read_salt(json *j, keystore_text *out)
{
    chaos_slice text = json_plain_string(j, "salt");
    out->salt_size = text.size / 2;
    if (json_ok(j) && (text.size == 0 || text.size > 2 * (size_t)KEYSTORE_MAX_SALT ||
                       !hex_decode(text, out->salt, out->salt_size))) {
        json_bad(j, "a salt is 1 to 64 bytes in hex");
    }
}

static bool is_power_of_two(uint64_t n)
{
    return n >= 2 && (n & (n - 1)) == 0;
}

static void check_scrypt(json *j, const keystore_text *k)
{
    if (!json_ok(j)) {
        return;
    }
    if (!is_power_of_two(k->n)) {
        refuse(j, "n", "scrypt's n is a power of two from 2 on");
    } else if (k->r == 0 || k->p == 0) {
        refuse(j, k->r == 0 ? "r" : "p", "scrypt's r and p are 1 or more");
    } else if (128 * k->n * k->r > KEYSTORE_MAX_MEMORY) {
        refuse(j, "kdfparams", "scrypt with these n and r needs more than 512 MiB");
    } else if (k->n * k->r * k->p > KEYSTORE_MAX_WORK) {
        refuse(j, "kdfparams", "scrypt with these n, r and p takes more than four times geth's standard");
    }
}

static void read_scrypt(json *j, keystore_text *out)
{
    chaos_slice key;
    unsigned seen = 0;
    json_enter_object(j, "kdfparams");
    while (json_key(j, &key)) {
        if (slice_is(key, "n")) {
            out->n = json_unsigned(j, "n", KEYSTORE_MAX_N);
            seen |= 1;
        } else if (slice_is(key, "r")) {
            out->r = json_unsigned(j, "r", KEYSTORE_MAX_R);
            seen |= 2;
        } else if (slice_is(key, "p")) {
            out->p = json_unsigned(j, "p", KEYSTORE_MAX_P);
            seen |= 4;
        } else if (slice_is(key, "dklen")) {
            if (json_unsigned(j, "dklen", DERIVED) != DERIVED) {
                json_bad(j, "the derived key has 32 bytes");
            }
            seen |= 8;
        } else if (slice_is(key, "salt")) {
            read_salt(j, out);
            seen |= 16;
        } else {
            refuse(j, "kdfparams", "scrypt has no such parameter");
        }
    }
    json_require(j, seen == 31, "kdfparams");
    check_scrypt(j, out);
}

static void read_pbkdf2(json *j, keystore_text *out)
{
    chaos_slice key;
    unsigned seen = 0;
    json_enter_object(j, "kdfparams");
    while (json_key(j, &key)) {
        if (slice_is(key, "c")) {
            out->rounds = json_unsigned(j, "c", KEYSTORE_MAX_ROUNDS);
            if (json_ok(j) && out->rounds == 0) {
                json_bad(j, "PBKDF2 has one round at least");
            }
            seen |= 1;
        } else if (slice_is(key, "prf")) {
            read_name(j, "prf", "hmac-sha256", "the PRF of PBKDF2 is not hmac-sha256");
            seen |= 2;
        } else if (slice_is(key, "dklen")) {
            if (json_unsigned(j, "dklen", DERIVED) != DERIVED) {
                json_bad(j, "the derived key has 32 bytes");
            }
            seen |= 4;
        } else if (slice_is(key, "salt")) {
            read_salt(j, out);
            seen |= 8;
        } else {
            refuse(j, "kdfparams", "PBKDF2 has no such parameter");
        }
    }
    json_require(j, seen == 15, "kdfparams");
}

static void read_iv(json *j, keystore_text *out)
{
    chaos_slice key;
    json_enter_object(j, "cipherparams");
    while (json_key(j, &key)) {
        if (!slice_is(key, "iv")) {
            refuse(j, "cipherparams", "the cipher has no such parameter");
            return;
        }
        json_hex(j, "iv", out->iv, sizeof out->iv);
        out->has_iv = true;
    }
}

static void read_kdf(json *j, keystore_text *out)
{
    chaos_slice text = json_plain_string(j, "kdf");
    out->has_kdf = true;
    out->is_scrypt = slice_is(text, "scrypt");
    if (json_ok(j) && !out->is_scrypt && !slice_is(text, "pbkdf2")) {
        json_bad(j, "the key derivation is neither scrypt nor pbkdf2");
    }
}

static void read_crypto(json *j, keystore_text *out)
{
    chaos_slice key;
    json_enter_object(j, "crypto");
    while (json_key(j, &key)) {
        if (slice_is(key, "cipher")) {
            read_name(j, "cipher", "aes-128-ctr", "the cipher is not aes-128-ctr");
            out->has_cipher = true;
        } else if (slice_is(key, "cipherparams")) {
            read_iv(j, out);
        } else if (slice_is(key, "ciphertext")) {
            json_hex(j, "ciphertext", out->ciphertext, sizeof out->ciphertext);
            out->has_ciphertext = true;
        } else if (slice_is(key, "kdf")) {
            read_kdf(j, out);
        } else if (slice_is(key, "kdfparams")) {
            json_skip(j, "kdfparams", &out->params);
            out->has_params = true;
        } else if (slice_is(key, "mac")) {
            json_hex(j, "mac", out->mac, sizeof out->mac);
            out->has_mac = true;
        } else {
            refuse(j, "crypto", "a keystore of version 3 has no such member here");
        }
    }
    json_require(j, out->has_cipher, "cipher");
    json_require(j, out->has_iv, "iv");
    json_require(j, out->has_ciphertext, "ciphertext");
    json_require(j, out->has_kdf, "kdf");
    json_require(j, out->has_params, "kdfparams");
    json_require(j, out->has_mac, "mac");
}

/* Foundry writes none; with 0x or without. */
static void read_address(json *j, keystore_text *out)
{
    chaos_slice text = json_plain_string(j, "address");
    if (text.size > 2 && text.data[0] == '0' && text.data[1] == 'x') {
        text = slice(text.data + 2, text.size - 2);
    }
    if (json_ok(j) && !hex_decode(text, out->address.bytes, sizeof out->address.bytes)) {
        json_bad(j, "an address is 40 hex digits");
    }
    out->has_address = true;
}

static void read_member(json *j, chaos_slice key, keystore_text *out)
{
    if (slice_is(key, "version")) {
        if (json_unsigned(j, "version", UINT32_MAX) != 3) {
            json_bad(j, "the keystore is not of version 3");
        }
        out->has_version = true;
    } else if (slice_is(key, "crypto") || slice_is(key, "Crypto")) { /* early files have the capital */
        if (out->has_crypto) {
            refuse(j, "crypto", "a keystore has one part crypto");
        }
        read_crypto(j, out);
        out->has_crypto = true;
    } else if (slice_is(key, "address")) {
        read_address(j, out);
    } else {
        json_skip(j, "keystore", NULL); /* id, name, x-ethers: nothing of them is used */
    }
}

static bool read_keystore(chaos_slice text, keystore_text *out, fault *why)
{
    json j;
    chaos_slice key;
    memset(out, 0, sizeof *out);
    json_begin(&j, text, CHAOS_E_KEYSTORE_FORMAT);
    json_enter_object(&j, "keystore");
    while (json_key(&j, &key)) {
        read_member(&j, key, out);
    }
    json_require(&j, out->has_version, "version");
    json_require(&j, out->has_crypto, "crypto");
    json_end(&j);
    if (json_ok(&j)) {
        size_t offset = (size_t)(out->params.data - text.data);
        json_begin(&j, out->params, CHAOS_E_KEYSTORE_FORMAT);
        if (out->is_scrypt) {
            read_scrypt(&j, out);
        } else {
            read_pbkdf2(&j, out);
        }
        json_end(&j);
        j.r.why.offset += json_ok(&j) || j.r.why.offset == CHAOS_NO_OFFSET ? 0 : offset;
    }
    *why = j.r.why;
    return json_ok(&j);
}

static chaos_status read_text(chaos_slice text, keystore_text *out, chaos_error *err)
{
    fault why = { 0 };
    if (text.size > KEYSTORE_MAX_FILE) {
        return error_set(err, CHAOS_E_KEYSTORE_FORMAT, NULL, CHAOS_NO_OFFSET, "a keystore has at most %u bytes",
                         KEYSTORE_MAX_FILE);
    }
    return read_keystore(text, out, &why) ? CHAOS_OK : fault_to_error(&why, err);
}

chaos_status keystore_examine(chaos_slice json_text, keystore_info *info, chaos_error *err)
{
    keystore_text k = { 0 };
    CHAOS_TRY(read_text(json_text, &k, err));
    info->has_address = k.has_address;
    info->address = k.address;
    info->is_scrypt = k.is_scrypt;
    info->memory = k.is_scrypt ? 128 * k.n * k.r : 0;
    info->work = k.is_scrypt ? k.n * k.r * k.p : k.rounds;
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- opening ---- */

static chaos_keccak mac_of(const uint8_t derived[DERIVED], const uint8_t ciphertext[SCALAR])
{
    uint8_t text[DERIVED - CIPHER_KEY + SCALAR];
    memcpy(text, derived + CIPHER_KEY, DERIVED - CIPHER_KEY);
    memcpy(text + DERIVED - CIPHER_KEY, ciphertext, SCALAR);
    chaos_keccak mac = hash_keccak(slice(text, sizeof text));
    secret_wipe(text, sizeof text);
    return mac;
}

static bool derive(const keystore_text *k, chaos_slice passphrase, uint8_t derived[DERIVED])
{
    chaos_slice salt = slice(k->salt, k->salt_size);
    return k->is_scrypt ? kdf_scrypt(passphrase, salt, k->n, (uint32_t)k->r, (uint32_t)k->p, derived, DERIVED)
                        : kdf_pbkdf2_sha256(passphrase, salt, (uint32_t)k->rounds, derived, DERIVED);
}

static chaos_status no_memory(chaos_error *err)
{
    return error_set(err, CHAOS_E_MEMORY, "keystore", CHAOS_NO_OFFSET,
                     "no memory for the key derivation, or no locked memory for the key (see ulimit -l)");
}

static chaos_status check_passphrase(chaos_slice passphrase, chaos_error *err)
{
    if (passphrase.size > KEYSTORE_MAX_PASSPHRASE || (passphrase.data == NULL && passphrase.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "passphrase", CHAOS_NO_OFFSET, "a passphrase has at most %u bytes",
                         KEYSTORE_MAX_PASSPHRASE);
    }
    return CHAOS_OK;
}

static chaos_status decrypt(const keystore_text *k, chaos_slice passphrase, guarded_key **key, chaos_error *err)
{
    CHAOS_AUTO_SECRET(derived, DERIVED);
    CHAOS_AUTO_SECRET(scalar, SCALAR);
    if (derived == NULL || scalar == NULL || !derive(k, passphrase, derived)) {
        return no_memory(err);
    }
    chaos_keccak mac = mac_of(derived, k->ciphertext);
    if (sodium_memcmp(mac.bytes, k->mac, sizeof mac.bytes) != 0) {
        return error_set(err, CHAOS_E_PASSPHRASE, "mac", CHAOS_NO_OFFSET, NULL);
    }
    if (!cipher_aes128_ctr(derived, k->iv, slice(k->ciphertext, SCALAR), scalar)) {
        return error_set(err, CHAOS_E_CRYPTO, "ciphertext", CHAOS_NO_OFFSET, NULL);
    }
    chaos_status status = guarded_key_import(scalar, key, err);
    return status == CHAOS_E_USAGE ? error_set(err, CHAOS_E_KEYSTORE_FORMAT, "ciphertext", CHAOS_NO_OFFSET,
                                               "what is encrypted is no private key")
                                   : status;
}

chaos_status keystore_open(chaos_slice json_text, chaos_slice passphrase, guarded_key **key, chaos_error *err)
{
    CHAOS_AUTO(guarded_key, made);
    keystore_text k = { 0 };
    CHAOS_TRY(check_passphrase(passphrase, err));
    CHAOS_TRY(read_text(json_text, &k, err));
    CHAOS_TRY(decrypt(&k, passphrase, &made, err));
    chaos_address address = k1_address(guarded_key_point(made));
    if (k.has_address && memcmp(address.bytes, k.address.bytes, sizeof address.bytes) != 0) {
        return error_set(err, CHAOS_E_KEYSTORE_FORMAT, "address", CHAOS_NO_OFFSET,
                         "the key has another address than the keystore says");
    }
    CHAOS_GIVE(key, made);
    return CHAOS_OK;
}

/* ---------------------------------------------------------------- sealing ---- */

/* Version 4 of RFC 9562: random, but for six bits. */
static void make_id(char text[37])
{
    uint8_t id[16];
    char hex[32];
    size_t at = 0;
    randombytes_buf(id, sizeof id);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    hex_encode(slice(id, sizeof id), hex);
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            text[at++] = '-';
        }
        text[at++] = hex[i];
    }
    text[at] = '\0';
}

static void write_crypto(json_writer *w, const keystore_text *k)
{
    json_write_object(w, "crypto");
    json_write_text(w, "cipher", "aes-128-ctr");
    json_write_object(w, "cipherparams");
    json_write_hex(w, "iv", slice(k->iv, sizeof k->iv));
    json_write_object_end(w);
    json_write_hex(w, "ciphertext", slice(k->ciphertext, sizeof k->ciphertext));
    json_write_text(w, "kdf", "scrypt");
    json_write_object(w, "kdfparams");
    json_write_unsigned(w, "dklen", DERIVED);
    json_write_unsigned(w, "n", k->n);
    json_write_unsigned(w, "p", k->p);
    json_write_unsigned(w, "r", k->r);
    json_write_hex(w, "salt", slice(k->salt, k->salt_size));
    json_write_object_end(w);
    json_write_hex(w, "mac", slice(k->mac, sizeof k->mac));
    json_write_object_end(w);
}

static bool write_keystore(const keystore_text *k, chaos_buffer *out)
{
    char id[37];
    json_writer w = json_writer_begin(out);
    make_id(id);
    json_write_object(&w, NULL);
    json_write_hex(&w, "address", slice(k->address.bytes, sizeof k->address.bytes));
    write_crypto(&w, k);
    json_write_text(&w, "id", id);
    json_write_unsigned(&w, "version", 3);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK;
}

static chaos_status encrypt(uint8_t *scalar, chaos_slice passphrase, keystore_text *k, chaos_error *err)
{
    CHAOS_AUTO_SECRET(derived, DERIVED);
    if (derived == NULL || !derive(k, passphrase, derived)) {
        return no_memory(err);
    }
    if (!cipher_aes128_ctr(derived, k->iv, slice(scalar, SCALAR), k->ciphertext)) {
        return error_set(err, CHAOS_E_CRYPTO, "ciphertext", CHAOS_NO_OFFSET, NULL);
    }
    chaos_keccak mac = mac_of(derived, k->ciphertext);
    memcpy(k->mac, mac.bytes, sizeof k->mac);
    return CHAOS_OK;
}

static chaos_status seal(uint8_t *scalar, chaos_slice passphrase, unsigned log_n, chaos_buffer *out,
                         guarded_key **key, chaos_error *err)
{
    CHAOS_AUTO(guarded_key, made);
    CHAOS_AUTO_BUFFER(text, KEYSTORE_MAX_FILE);
    keystore_text k = { .is_scrypt = true, .r = 8, .p = 1, .salt_size = 32 };
    CHAOS_TRY(check_passphrase(passphrase, err));
    if (log_n < KEYSTORE_MIN_LOG_N || log_n > KEYSTORE_MAX_LOG_N) {
        return error_set(err, CHAOS_E_USAGE, "scrypt_log_n", CHAOS_NO_OFFSET, "scrypt's n is 2^12 to 2^19 here");
    }
    if (sodium_init() < 0) {
        return error_set(err, CHAOS_E_CRYPTO, "key", CHAOS_NO_OFFSET, NULL);
    }
    k.n = (uint64_t)1 << log_n;
    randombytes_buf(k.salt, k.salt_size);
    randombytes_buf(k.iv, sizeof k.iv);
    CHAOS_TRY(encrypt(scalar, passphrase, &k, err));
    CHAOS_TRY(guarded_key_import(scalar, &made, err));
    k.address = k1_address(guarded_key_point(made));
    if (!write_keystore(&k, &text) || !buffer_append(out, buffer_slice(&text))) {
        return no_memory(err);
    }
    CHAOS_GIVE(key, made);
    return CHAOS_OK;
}

chaos_status keystore_seal(uint8_t scalar[SCALAR], chaos_slice passphrase, unsigned log_n, chaos_buffer *out,
                           guarded_key **key, chaos_error *err)
{
    chaos_status status = seal(scalar, passphrase, log_n, out, key, err);
    secret_wipe(scalar, SCALAR);
    return status;
}
