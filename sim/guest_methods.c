/* guest_methods.c - the methods of dstack's guest agent (API v0 and the older tappd), computed as the real one
 * does. */
#include <openssl/evp.h>
#include <secp256k1.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/guest_state.h"

#define REPORT_DATA_SIZE 64
#define SIGNATURE_SIZE 64
#define SIGN_PATH "vms"
#define SIGN_PURPOSE "signing"
#define NO_DEVICE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* SHA-256 of nothing */

void guest_refuse(guest_answer *answer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(answer->error, sizeof answer->error, format, arguments);
    va_end(arguments);
}

static void fault_of_ours(guest_answer *answer)
{
    answer->ours = CHAOS_E_INTERNAL;
}

/* ------------------------------------------------------------------- keys ---- */

typedef enum curve {
    CURVE_SECP256K1,
    CURVE_ED25519,
    CURVE_PREHASHED,
    CURVE_UNKNOWN
} curve;

static curve curve_of(chaos_slice name, bool empty_is_secp256k1)
{
    if (slice_is(name, "secp256k1") || slice_is(name, "k256") || (empty_is_secp256k1 && name.size == 0)) {
        return CURVE_SECP256K1;
    }
    if (slice_is(name, "ed25519")) {
        return CURVE_ED25519;
    }
    return slice_is(name, "secp256k1_prehashed") ? CURVE_PREHASHED : CURVE_UNKNOWN;
}

/* RFC 8032: the public key of a seed. */
static bool ed25519_public(const uint8_t seed[32], uint8_t out[32])
{
    size_t size = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &size) == 1 && size == 32;
    EVP_PKEY_free(key);
    return ok;
}

static size_t public_of(curve which, const uint8_t secret[K1_SIZE], uint8_t out[K1_COMPRESSED_SIZE])
{
    k1_point point;
    if (which == CURVE_ED25519) {
        return ed25519_public(secret, out) ? 32 : 0;
    }
    if (!k1_public(secret, &point)) {
        return 0;
    }
    k1_compress(&point, out);
    return K1_COMPRESSED_SIZE;
}

static void write_links(json_writer *w, const char *key, uint8_t links[GUEST_MAX_CHAIN][65])
{
    json_write_array(w, key);
    for (size_t i = 0; i < GUEST_MAX_CHAIN; i++) {
        json_write_hex(w, NULL, slice(links[i], 65));
    }
    json_write_array_end(w);
}

static void write_key(guest *g, const guest_arguments *a, curve which, const char *key_name,
                      const char *chain_name, guest_answer *answer)
{
    uint8_t secret[K1_SIZE], public_key[K1_COMPRESSED_SIZE], links[GUEST_MAX_CHAIN][65];
    size_t size = guest_derive(g, a->path, secret) ? public_of(which, secret, public_key) : 0;
    if (size == 0 || !guest_chain(g, a->purpose, slice(public_key, size), links)) {
        guest_refuse(answer, "failed to derive the key");
    } else {
        json_write_object(&answer->w, NULL);
        json_write_hex(&answer->w, key_name, slice(secret, sizeof secret));
        write_links(&answer->w, chain_name, links);
        json_write_object_end(&answer->w);
    }
    explicit_bzero(secret, sizeof secret);
}

static void get_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    curve which = curve_of(a->algorithm, true);
    if (which != CURVE_SECP256K1 && which != CURVE_ED25519) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    write_key(g, a, which, "key", "signature_chain", answer);
}

static void derive_k256_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    write_key(g, a, CURVE_SECP256K1, "k256_key", "k256_signature_chain", answer);
}

static void get_tls_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    if (a->has_not_before && a->has_not_after && a->not_before >= a->not_after) {
        guest_refuse(answer, "not_before must be earlier than not_after");
        return;
    }
    if (!guest_tls_key(g, a, NULL, &answer->w)) {
        fault_of_ours(answer);
    }
}

/* tappd: the P-256 key of a path, or a random one. */
static void derive_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t secret[K1_SIZE];
    bool ok = guest_derive(g, a->path, secret) && guest_tls_key(g, a, a->random_seed ? NULL : secret, &answer->w);
    explicit_bzero(secret, sizeof secret);
    if (!ok) {
        fault_of_ours(answer);
    }
}

/* ---------------------------------------------------------------- signing ---- */

static bool ed25519_sign(const uint8_t seed[32], chaos_slice data, uint8_t out[SIGNATURE_SIZE])
{
    size_t size = SIGNATURE_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(context, out, &size, data.data, data.size) == 1 && size == SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

static bool sign_with(curve which, const uint8_t secret[K1_SIZE], chaos_slice data, uint8_t out[SIGNATURE_SIZE])
{
    uint8_t rsv[65];
    chaos_keccak digest;
    if (which == CURVE_ED25519) {
        return ed25519_sign(secret, data, out);
    }
    chaos_sha256 of_data = hash_sha256(data);
    memcpy(digest.bytes, which == CURVE_PREHASHED ? data.data : of_data.bytes, sizeof digest.bytes);
    if (!k1_sign(secret, &digest, rsv)) {
        return false;
    }
    memcpy(out, rsv, SIGNATURE_SIZE);
    return true;
}

static void sign(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t secret[K1_SIZE], public_key[K1_COMPRESSED_SIZE], signature[SIGNATURE_SIZE],
        links[GUEST_MAX_CHAIN][65];
    curve which = curve_of(a->algorithm, false);
    if (which == CURVE_UNKNOWN) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    if (which == CURVE_PREHASHED && a->data.size != 32) {
        guest_refuse(answer, "Pre-hashed signing requires a 32-byte digest, but received %zu bytes",
                     a->data.size);
        return;
    }
    size_t size = guest_derive(g, slice_text(SIGN_PATH), secret) ? public_of(which, secret, public_key) : 0;
    bool ok = size > 0 && sign_with(which, secret, a->data, signature) &&
              guest_chain(g, slice_text(SIGN_PURPOSE), slice(public_key, size), links);
    explicit_bzero(secret, sizeof secret);
    if (!ok) {
        fault_of_ours(answer);
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_hex(&answer->w, "public_key", slice(public_key, size));
    json_write_hex(&answer->w, "signature", slice(signature, sizeof signature));
    json_write_array(&answer->w, "signature_chain");
    json_write_hex(&answer->w, NULL, slice(signature, sizeof signature));
    json_write_hex(&answer->w, NULL, slice(links[0], 65));
    json_write_hex(&answer->w, NULL, slice(links[1], 65));
    json_write_array_end(&answer->w);
    json_write_object_end(&answer->w);
}

static bool ed25519_verify(const guest_arguments *a)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, a->public_key.data, a->public_key.size);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(context, a->signature.data, a->signature.size, a->data.data, a->data.size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

/* High s is not valid; a digest that is no digest is none of anything. */
static bool k1_verify(const guest_arguments *a, bool prehashed)
{
    secp256k1_pubkey key;
    secp256k1_ecdsa_signature signature;
    chaos_sha256 digest = hash_sha256(a->data);
    if (prehashed) {
        if (a->data.size != sizeof digest.bytes) {
            return false;
        }
        memcpy(digest.bytes, a->data.data, sizeof digest.bytes);
    }
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, a->public_key.data, a->public_key.size) ==
               1 &&
           secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &signature, a->signature.data) ==
               1 &&
           secp256k1_ecdsa_verify(secp256k1_context_static, &signature, digest.bytes, &key) == 1;
}

static void verify(guest *g, const guest_arguments *a, guest_answer *answer)
{
    curve which = curve_of(a->algorithm, false);
    bool sec1 = a->public_key.size == 33 || a->public_key.size == 65;
    (void)g;
    if (which == CURVE_UNKNOWN) {
        guest_refuse(answer, "Unsupported algorithm");
        return;
    }
    if (a->signature.size != SIGNATURE_SIZE || (which == CURVE_ED25519 ? a->public_key.size != 32 : !sec1)) {
        guest_refuse(answer, "invalid signature or public key length");
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_boolean(&answer->w, "valid",
                       which == CURVE_ED25519 ? ed25519_verify(a) : k1_verify(a, which == CURVE_PREHASHED));
    json_write_object_end(&answer->w);
}

/* ----------------------------------------------------------------- quotes ---- */

static void write_quote(guest *g, const uint8_t report_data[REPORT_DATA_SIZE], bool is_tappd, const char *prefix,
                        const char *algorithm, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
    CHAOS_AUTO_BUFFER(log, CHAOS_MAX_EVENT_LOG);
    if (!guest_quote_locked(g, report_data, &quote) || !guest_log_locked(g, g->strip, &log)) {
        fault_of_ours(answer);
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_bytes_as_text(&answer->w, "event_log", buffer_slice(&log));
    if (is_tappd) {
        json_write_text(&answer->w, "hash_algorithm", algorithm);
        json_write_text(&answer->w, "prefix", prefix);
    }
    json_write_hex(&answer->w, "quote", buffer_slice(&quote));
    if (!is_tappd) {
        json_write_hex(&answer->w, "report_data", slice(report_data, REPORT_DATA_SIZE));
        json_write_text(&answer->w, "vm_config", "{\"simulated\":true}");
    }
    json_write_object_end(&answer->w);
}

/* Zeros on the right up to 64 bytes. */
static bool pad(const guest_arguments *a, uint8_t out[REPORT_DATA_SIZE], guest_answer *answer)
{
    memset(out, 0, REPORT_DATA_SIZE);
    if (a->report_data.size > REPORT_DATA_SIZE) {
        guest_refuse(answer, "Report data is too long");
        return false;
    }
    if (a->report_data.size > 0) {
        memcpy(out, a->report_data.data, a->report_data.size);
    }
    return true;
}

static void get_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t report_data[REPORT_DATA_SIZE];
    if (pad(a, report_data, answer)) {
        write_quote(g, report_data, false, NULL, NULL, answer);
    }
}

static void raw_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    if (a->report_data.size != REPORT_DATA_SIZE) {
        guest_refuse(answer, "invalid content length");
        return;
    }
    write_quote(g, a->report_data.data, true, "", "raw", answer);
}

typedef struct hash_row {
    const char *name, *openssl; /* NULL: ours */
} hash_row;

static const hash_row hashes[] = {
    { "sha512", "SHA512" },
    { "sha256", "SHA256" },
    { "sha384", "SHA384" },
    { "sha3-256", "SHA3-256" },
    { "sha3-384", "SHA3-384" },
    { "sha3-512", "SHA3-512" },
    { "keccak256", NULL },
};

static bool hash_content(const hash_row *row, const guest_arguments *a, uint8_t out[REPORT_DATA_SIZE])
{
    CHAOS_AUTO_BUFFER(content, 2 * 1024 * 1024);
    unsigned size = 0;
    chaos_slice tag = a->prefix.size > 0 ? a->prefix : slice_text("app-data");
    if (!buffer_append(&content, tag) || !buffer_append_text(&content, ":") ||
        !buffer_append(&content, a->report_data)) {
        return false;
    }
    memset(out, 0, REPORT_DATA_SIZE);
    if (row->openssl == NULL) {
        chaos_keccak hash = hash_keccak(buffer_slice(&content));
        memcpy(out, hash.bytes, sizeof hash.bytes);
        return true;
    }
    EVP_MD *md = EVP_MD_fetch(NULL, row->openssl, NULL);
    bool ok = md != NULL && EVP_Digest(content.data, content.size, out, &size, md, NULL) == 1;
    EVP_MD_free(md);
    return ok;
}

/* Report data = hash of TAG ":" DATA, left-aligned. */
static void tdx_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t report_data[REPORT_DATA_SIZE];
    char prefix[GUEST_MAX_TEXT + 1] = "app-data";
    const hash_row *row = a->hash_algorithm.size == 0 ? &hashes[0] : NULL;
    if (slice_is(a->hash_algorithm, "raw")) {
        raw_quote(g, a, answer);
        return;
    }
    for (size_t i = 0; row == NULL && i < CHAOS_ARRAY_SIZE(hashes); i++) {
        row = slice_is(a->hash_algorithm, hashes[i].name) ? &hashes[i] : NULL;
    }
    if (row == NULL) {
        guest_refuse(answer, "invalid hash algorithm");
        return;
    }
    if (a->prefix.size > 0) {
        memcpy(prefix, a->prefix.data, a->prefix.size);
        prefix[a->prefix.size] = '\0';
    }
    if (!hash_content(row, a, report_data)) {
        fault_of_ours(answer);
        return;
    }
    write_quote(g, report_data, true, prefix, row->name, answer);
}

/* -------------------------------------------------------------- attestation ---- */

static bool scale_length(chaos_buffer *out, size_t length)
{
    uint8_t bytes[4];
    size_t size = length < 64 ? 1 : length < 16384 ? 2
                                                   : 4;
    uint32_t mode = size == 1 ? 0 : size == 2 ? 1
                                              : 2;
    uint32_t value = (uint32_t)length << 2 | mode;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
    return length < 1u << 30 && buffer_append(out, slice(bytes, size));
}

static bool scale_bytes(chaos_buffer *out, chaos_slice bytes)
{
    return scale_length(out, bytes.size) && buffer_append(out, bytes);
}

static bool scale_u32(chaos_buffer *out, uint32_t value)
{
    const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 24) };
    return buffer_append(out, slice(bytes, sizeof bytes));
}

static bool scale_payload(chaos_buffer *out, chaos_slice hex)
{
    uint8_t bytes[CHAOS_MAX_EVENT_LOG / 64];
    size_t size = hex.size / 2;
    return size <= sizeof bytes && hex_decode(hex, bytes, size) && scale_bytes(out, slice(bytes, size));
}

/* The log once in full and once as the runtime events alone. */
static bool scale_events(const guest *g, bool runtime_only, chaos_buffer *out, size_t *count)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_EVENT_LOG);
    event_reader reading;
    log_event event;
    bool ok = true;
    *count = 0;
    event_log_begin(&reading, buffer_slice(&g->log), &storage);
    while (ok && event_log_next(&reading, &event)) {
        if (runtime_only && event.imr != 3) {
            continue;
        }
        if (!runtime_only) {
            ok = scale_u32(out, event.imr) && scale_u32(out, event.event_type) &&
                 scale_bytes(out, slice(event.digest, sizeof event.digest));
        }
        ok = ok && scale_bytes(out, event.name) && scale_payload(out, event.payload_hex);
        *count += 1;
    }
    return ok;
}

static bool append_events(const guest *g, bool runtime_only, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(events, 2 * CHAOS_MAX_EVENT_LOG);
    size_t count = 0;
    return scale_events(g, runtime_only, &events, &count) && scale_length(out, count) &&
           buffer_append(out, buffer_slice(&events));
}

/* dstack's attestation blob, format 0: a TDX quote, the events, the report data, an empty configuration. */
static void attest(guest *g, const guest_arguments *a, guest_answer *answer)
{
    static const uint8_t head[2] = { 0, 0 }; /* format, variant tdx */
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
    CHAOS_AUTO_BUFFER(blob, 4 * CHAOS_MAX_EVENT_LOG);
    uint8_t report_data[REPORT_DATA_SIZE];
    if (!pad(a, report_data, answer)) {
        return;
    }
    if (!guest_quote_locked(g, report_data, &quote) || !buffer_append(&blob, slice(head, sizeof head)) ||
        !scale_bytes(&blob, buffer_slice(&quote)) || !append_events(g, false, &blob) ||
        !append_events(g, true, &blob) || !buffer_append(&blob, slice(report_data, sizeof report_data)) ||
        !scale_bytes(&blob, slice("", 0))) {
        fault_of_ours(answer);
        return;
    }
    json_write_object(&answer->w, NULL);
    json_write_hex(&answer->w, "attestation", buffer_slice(&blob));
    json_write_object_end(&answer->w);
}

static void emit_event(guest *g, const guest_arguments *a, guest_answer *answer)
{
    const char *why = NULL;
    chaos_status status = guest_extend(g, a->event, a->payload, &why);
    if (status == CHAOS_OK) {
        json_write_object(&answer->w, NULL);
        json_write_object_end(&answer->w);
    } else if (why != NULL) {
        guest_refuse(answer, "%s", why);
    } else {
        fault_of_ours(answer);
    }
}

/* ------------------------------------------------------------------- info ---- */

static void write_register(json_writer *w, const char *key, const guest *g, size_t offset)
{
    json_write_hex(w, key, slice(g->r.quote.body + offset, SHA384_SIZE));
}

/* MRTD and the four registers; the three configuration fields are zero here and so not part of it. */
static chaos_sha256 aggregate(const guest *g)
{
    uint8_t all[5 * SHA384_SIZE];
    memcpy(all, g->r.quote.body + TD_MR_TD, SHA384_SIZE);
    memcpy(all + SHA384_SIZE, g->r.quote.body + TD_RTMR, 4 * SHA384_SIZE);
    return hash_sha256(slice(all, sizeof all));
}

static bool write_tcb_info(const guest *g, chaos_buffer *text)
{
    const event_spec *os_image = &g->r.log.events[EVENT_OS_IMAGE_HASH];
    chaos_sha256 mr = aggregate(g);
    json_writer w = json_writer_begin(text);
    json_write_object(&w, NULL);
    json_write_bytes_as_text(&w, "app_compose", buffer_slice(&g->app_compose));
    json_write_hex(&w, "compose_hash", slice(g->compose_hash.bytes, sizeof g->compose_hash.bytes));
    json_write_text(&w, "device_id", NO_DEVICE);
    json_write_hex(&w, "mr_aggregated", slice(mr.bytes, sizeof mr.bytes));
    write_register(&w, "mrtd", g, TD_MR_TD);
    json_write_hex(&w, "os_image_hash", slice(os_image->payload, os_image->payload_size));
    write_register(&w, "rtmr0", g, TD_RTMR);
    write_register(&w, "rtmr1", g, TD_RTMR + SHA384_SIZE);
    write_register(&w, "rtmr2", g, TD_RTMR + 2 * SHA384_SIZE);
    write_register(&w, "rtmr3", g, TD_RTMR + 3 * SHA384_SIZE);
    json_write_object_end(&w);
    if (json_writer_status(&w) != CHAOS_OK) {
        return false;
    }
    text->size--; /* the log is JSON already: it goes in as it stands */
    return buffer_append_text(text, ",\"event_log\":") && buffer_append(text, buffer_slice(&g->log)) &&
           buffer_append_text(text, "}");
}

static void info(guest *g, const guest_arguments *a, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(tcb, 2 * 1024 * 1024);
    const event_spec *events = g->r.log.events;
    chaos_sha256 mr = aggregate(g);
    json_writer *w = &answer->w;
    (void)a;
    if (!write_tcb_info(g, &tcb)) {
        fault_of_ours(answer);
        return;
    }
    json_write_object(w, NULL);
    json_write_text(w, "app_cert", "");
    json_write_hex(w, "app_id", slice(g->app_id, sizeof g->app_id));
    json_write_text(w, "app_name", "chaoschain-simulated-agent");
    json_write_text(w, "cloud_product", "simulator");
    json_write_text(w, "cloud_vendor", "ChaosChain");
    json_write_hex(w, "compose_hash", slice(g->compose_hash.bytes, sizeof g->compose_hash.bytes));
    json_write_text(w, "device_id", NO_DEVICE);
    json_write_hex(w, "instance_id",
                   slice(events[EVENT_INSTANCE_ID].payload, events[EVENT_INSTANCE_ID].payload_size));
    json_write_bytes_as_text(w, "key_provider_info",
                             slice(events[EVENT_KEY_PROVIDER].payload, events[EVENT_KEY_PROVIDER].payload_size));
    json_write_hex(w, "mr_aggregated", slice(mr.bytes, sizeof mr.bytes));
    json_write_hex(w, "os_image_hash",
                   slice(events[EVENT_OS_IMAGE_HASH].payload, events[EVENT_OS_IMAGE_HASH].payload_size));
    json_write_bytes_as_text(w, "tcb_info", buffer_slice(&tcb));
    json_write_text(w, "vm_config", "{\"simulated\":true}");
    json_write_object_end(w);
}

static void version(guest *g, const guest_arguments *a, guest_answer *answer)
{
    (void)g;
    (void)a;
    json_write_object(&answer->w, NULL);
    json_write_text(&answer->w, "rev", "chaoschain-simulator-" CHAOS_VERSION_STRING);
    json_write_text(&answer->w, "version", GUEST_VERSION);
    json_write_object_end(&answer->w);
}

/* ------------------------------------------------------------------- table ---- */

static const struct method {
    guest_api api;
    const char *name;
    void (*call)(guest *g, const guest_arguments *a, guest_answer *answer);
} methods[] = {
    { GUEST_API_DSTACK, "GetKey", get_key },
    { GUEST_API_DSTACK, "GetTlsKey", get_tls_key },
    { GUEST_API_DSTACK, "GetQuote", get_quote },
    { GUEST_API_DSTACK, "Attest", attest },
    { GUEST_API_DSTACK, "EmitEvent", emit_event },
    { GUEST_API_DSTACK, "Info", info },
    { GUEST_API_DSTACK, "Sign", sign },
    { GUEST_API_DSTACK, "Verify", verify },
    { GUEST_API_DSTACK, "Version", version },
    { GUEST_API_TAPPD, "DeriveKey", derive_key },
    { GUEST_API_TAPPD, "DeriveK256Key", derive_k256_key },
    { GUEST_API_TAPPD, "TdxQuote", tdx_quote },
    { GUEST_API_TAPPD, "RawQuote", raw_quote },
    { GUEST_API_TAPPD, "Info", info },
    { GUEST_API_TAPPD, "Version", version },
};

bool guest_call(guest *g, guest_api api, const char *method, const guest_arguments *arguments,
                guest_answer *answer)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        if (methods[i].api == api && strcmp(methods[i].name, method) == 0) {
            methods[i].call(g, arguments, answer);
            return true;
        }
    }
    return false;
}
