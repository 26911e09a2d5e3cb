/* signature.c - a signature with the evidence for its key, as an object and as the JSON "chaoschain/signature/1". */
#include <stdatomic.h>

#include "wire/internal.h"

#define SCHEMA "chaoschain/signature/1"
#define ALGORITHM "secp256k1"
#define MAX_SIGNATURE_FILE 8192u

enum {
    KEY_ADDRESS,
    KEY_ALGORITHM,
    KEY_DIGEST,
    KEY_DIGEST_KIND,
    KEY_EVIDENCE_HASH,
    KEY_PROVIDER,
    KEY_SCHEMA,
    KEY_SIGNATURE,
    KEY_VERIFIED,
    KEY_COUNT
};

static const member_key keys[KEY_COUNT] = {
    [KEY_ADDRESS] = MEMBER_KEY("address"),
    [KEY_ALGORITHM] = MEMBER_KEY("algorithm"),
    [KEY_DIGEST] = MEMBER_KEY("digest"),
    [KEY_DIGEST_KIND] = MEMBER_KEY("digest_kind"),
    [KEY_EVIDENCE_HASH] = MEMBER_KEY("evidence_hash"),
    [KEY_PROVIDER] = MEMBER_KEY("provider"),
    [KEY_SCHEMA] = MEMBER_KEY("schema"),
    [KEY_SIGNATURE] = MEMBER_KEY("signature"),
    [KEY_VERIFIED] = MEMBER_KEY("verified"),
};

/* Places in the verdict's and the file's words. */
static const char *const kind_names[] = { [CHAOS_DIGEST_EIP191] = "eip191", [CHAOS_DIGEST_EIP712] = "eip712" };

CHAOS_CLEANUP(chaos_evidence);

/* ---------------------------------------------------------------- object ---- */

chaos_status signature_new(chaos_digest_kind kind, const chaos_keccak *digest, const chaos_signature65 *bytes,
                           const chaos_evidence *evidence, chaos_signature **signature, chaos_error *err)
{
    if (evidence == NULL || !evidence->is_envelope) {
        return error_set(err, CHAOS_E_USAGE, "evidence", CHAOS_NO_OFFSET, "a signature needs an envelope");
    }
    chaos_signature *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->kind = kind;
    made->digest = *digest;
    made->bytes = *bytes;
    made->evidence = chaos_evidence_share(evidence);
    /* fewer than 32 bytes */
    memcpy(made->provider, evidence->envelope.provider.data, evidence->envelope.provider.size);
    *signature = made;
    return CHAOS_OK;
}

void chaos_signature_free(chaos_signature *signature)
{
    if (signature != NULL) {
        chaos_evidence_free(signature->evidence);
        free(signature);
    }
}

chaos_signature65 chaos_signature_bytes(const chaos_signature *signature)
{
    return signature->bytes;
}

const char *chaos_signature_algorithm(const chaos_signature *signature)
{
    (void)signature;
    return ALGORITHM;
}

chaos_digest_kind chaos_signature_digest_kind(const chaos_signature *signature)
{
    return signature->kind;
}

chaos_keccak chaos_signature_digest(const chaos_signature *signature)
{
    return signature->digest;
}

const char *chaos_signature_provider(const chaos_signature *signature)
{
    return signature->provider;
}

const chaos_evidence *chaos_signature_evidence(const chaos_signature *signature)
{
    return signature->evidence;
}

chaos_verified chaos_signature_verified(const chaos_signature *signature)
{
    return (chaos_verified)atomic_load(&signature->verified);
}

/* ----------------------------------------------------------- measurements ---- */

static void measure(const wire_table *table, chaos_slice bytes, const char *field, uint8_t *out, size_t size)
{
    chaos_slice value;
    if (wire_field_get(table, bytes, field, &value) && value.size == size) {
        memcpy(out, value.data, size);
    }
}

void chaos_evidence_measurements(const chaos_evidence *evidence, chaos_measurements *out)
{
    const wire_table *table = quote_body_table(evidence->quote.body_type);
    chaos_slice body = evidence->quote.body;
    memset(out, 0, sizeof *out);
    measure(table, body, "mr_td", out->mr_td, sizeof out->mr_td);
    measure(table, body, "rtmr0", out->rtmr0, sizeof out->rtmr0);
    measure(table, body, "rtmr1", out->rtmr1, sizeof out->rtmr1);
    measure(table, body, "rtmr2", out->rtmr2, sizeof out->rtmr2);
    measure(table, body, "rtmr3", out->rtmr3, sizeof out->rtmr3);
    measure(table, body, "mr_config_id", out->mr_config_id, sizeof out->mr_config_id);
    measure(table, body, "mr_enclave", out->mr_enclave, sizeof out->mr_enclave);
    measure(table, body, "mr_signer", out->mr_signer, sizeof out->mr_signer);
    measure(table, body, "report_data", out->report_data.bytes, sizeof out->report_data.bytes);
}

/* --------------------------------------------------------------- writing ---- */

/* The address of the bound key: the last 20 bytes of its hash. */
static chaos_address bound_address(const chaos_evidence *evidence)
{
    chaos_address address;
    const chaos_keccak *hash = &evidence->binding.public_key_hash;
    memcpy(address.bytes, hash->bytes + sizeof hash->bytes - sizeof address.bytes, sizeof address.bytes);
    return address;
}

static chaos_status write_file(const chaos_signature *signature, chaos_buffer *out, chaos_error *err)
{
    const chaos_evidence *evidence = signature->evidence;
    chaos_address address = bound_address(evidence);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_0x(&w, "address", slice(address.bytes, sizeof address.bytes));
    json_write_text(&w, "algorithm", ALGORITHM);
    json_write_0x(&w, "digest", slice(signature->digest.bytes, sizeof signature->digest.bytes));
    json_write_text(&w, "digest_kind", kind_names[signature->kind]);
    json_write_0x(&w, "evidence_hash", slice(evidence->hash.bytes, sizeof evidence->hash.bytes));
    json_write_text(&w, "provider", signature->provider);
    json_write_text(&w, "schema", SCHEMA);
    json_write_0x(&w, "signature", slice(signature->bytes.bytes, sizeof signature->bytes.bytes));
    json_write_null(&w, "verified");
    json_write_object_end(&w);
    chaos_status status = json_writer_status(&w);
    return status == CHAOS_OK ? CHAOS_OK : error_set(err, status, "signature", CHAOS_NO_OFFSET, NULL);
}

chaos_status chaos_signature_write(const chaos_signature *signature, chaos_buffer *text, chaos_error *err)
{
    if (signature == NULL || text == NULL) {
        return error_set(err, CHAOS_E_USAGE, "signature", CHAOS_NO_OFFSET,
                         "signature and buffer may not be NULL");
    }
    CHAOS_AUTO_BUFFER(made, MAX_SIGNATURE_FILE);
    CHAOS_TRY(write_file(signature, &made, err));
    return buffer_append(text, buffer_slice(&made))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_MEMORY, "signature", CHAOS_NO_OFFSET, "the buffer is full");
}

/* --------------------------------------------------------------- reading ---- */

typedef struct signature_file {
    chaos_address address;
    chaos_digest_kind kind;
    chaos_keccak digest, evidence_hash;
    chaos_slice provider;
    chaos_signature65 bytes;
} signature_file;

/* "0x" and exactly 2 * size lower- or upper-case digits. */
static void read_0x(json *j, const char *field, uint8_t *out, size_t size)
{
    chaos_slice text = json_plain_string(j, field);
    memset(out, 0, size);
    if (!json_ok(j)) {
        return;
    }
    if (text.size != 2 + 2 * size || text.data[0] != '0' || text.data[1] != 'x' ||
        !hex_decode(slice(text.data + 2, 2 * size), out, size)) {
        memset(out, 0, size);
        json_bad(j, "not 0x and the right number of hex digits");
    }
}

static void read_exactly(json *j, const char *field, const char *expected)
{
    chaos_slice text = json_plain_string(j, field);
    if (json_ok(j) && !slice_is(text, expected)) {
        json_bad(j, "not the value that this version knows");
    }
}

static void read_kind(json *j, signature_file *out)
{
    chaos_slice text = json_plain_string(j, "digest_kind");
    for (size_t kind = CHAOS_DIGEST_EIP191; kind < CHAOS_ARRAY_SIZE(kind_names); kind++) {
        if (slice_is(text, kind_names[kind])) {
            out->kind = (chaos_digest_kind)kind;
            return;
        }
    }
    json_bad(j, "neither eip191 nor eip712");
}

/* Only a verifier says that something is verified: a file that says so itself is refused. */
static void read_verified(json *j)
{
    if (json_peek(j) != JSON_KIND_NULL) {
        json_refuse(j, "verified", "must be null: a file cannot vouch for itself");
        return;
    }
    json_skip(j, "verified", NULL);
}

static void read_member(json *j, size_t member, signature_file *out)
{
    switch (member) {
    case KEY_ADDRESS:
        read_0x(j, "address", out->address.bytes, sizeof out->address.bytes);
        return;
    case KEY_ALGORITHM:
        read_exactly(j, "algorithm", ALGORITHM);
        return;
    case KEY_DIGEST:
        read_0x(j, "digest", out->digest.bytes, sizeof out->digest.bytes);
        return;
    case KEY_DIGEST_KIND:
        read_kind(j, out);
        return;
    case KEY_EVIDENCE_HASH:
        read_0x(j, "evidence_hash", out->evidence_hash.bytes, sizeof out->evidence_hash.bytes);
        return;
    case KEY_PROVIDER:
        out->provider = json_plain_string(j, "provider");
        return;
    case KEY_SCHEMA:
        read_exactly(j, "schema", SCHEMA);
        return;
    case KEY_SIGNATURE:
        read_0x(j, "signature", out->bytes.bytes, sizeof out->bytes.bytes);
        return;
    case KEY_VERIFIED:
        read_verified(j);
        return;
    default:
        json_refuse(j, "signature", "an unknown key");
        return;
    }
}

static bool read_file(chaos_slice text, signature_file *out, fault *why)
{
    json j;
    chaos_slice key;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    json_begin(&j, text, CHAOS_E_SIGNATURE_FORMAT);
    json_enter_object(&j, "signature");
    while (json_key(&j, &key)) {
        size_t member = member_find(keys, KEY_COUNT, key);
        read_member(&j, member, out);
        seen |= 1u << member;
    }
    for (size_t member = 0; member < KEY_COUNT; member++) {
        json_require(&j, (seen & 1u << member) != 0, keys[member].text);
    }
    json_end(&j);
    *why = j.r.why;
    return json_ok(&j);
}

static chaos_status mismatch(chaos_status status, const char *field, chaos_slice expected, chaos_slice found,
                             chaos_error *err)
{
    char text[100];
    (void)error_set(err, status, field, CHAOS_NO_OFFSET, NULL);
    error_expected(err, "%s", error_hex(text, sizeof text, expected));
    error_found(err, "%s", error_hex(text, sizeof text, found));
    return status;
}

/* What the file says twice must agree with the envelope. */
static chaos_status compare(const signature_file *file, const chaos_evidence *evidence, chaos_error *err)
{
    chaos_address address = bound_address(evidence);
    if (memcmp(file->evidence_hash.bytes, evidence->hash.bytes, sizeof evidence->hash.bytes) != 0) {
        return mismatch(CHAOS_E_ENVELOPE_HASH, "evidence_hash",
                        slice(file->evidence_hash.bytes, sizeof file->evidence_hash.bytes),
                        slice(evidence->hash.bytes, sizeof evidence->hash.bytes), err);
    }
    if (memcmp(file->address.bytes, address.bytes, sizeof address.bytes) != 0) {
        return mismatch(CHAOS_E_SIGNATURE_FORMAT, "address", slice(address.bytes, sizeof address.bytes),
                        slice(file->address.bytes, sizeof file->address.bytes), err);
    }
    if (!slice_equal(file->provider, evidence->envelope.provider)) {
        return error_set(err, CHAOS_E_SIGNATURE_FORMAT, "provider", CHAOS_NO_OFFSET,
                         "the envelope is of another provider");
    }
    return CHAOS_OK;
}

chaos_status chaos_signature_parse(chaos_slice text, chaos_slice envelope_json, chaos_signature **signature,
                                   chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    signature_file file;
    fault why = { 0 };
    if (signature == NULL || (text.data == NULL && text.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "signature", CHAOS_NO_OFFSET, NULL);
    }
    if (text.size > MAX_SIGNATURE_FILE) {
        (void)error_set(err, CHAOS_E_SIGNATURE_FORMAT, NULL, CHAOS_NO_OFFSET, "the signature file is too large");
        error_expected(err, "at most %u bytes", MAX_SIGNATURE_FILE);
        error_found(err, "%zu bytes", text.size);
        return CHAOS_E_SIGNATURE_FORMAT;
    }
    if (!read_file(text, &file, &why)) {
        return fault_to_error(&why, err);
    }
    CHAOS_TRY(chaos_envelope_parse(envelope_json, &evidence, err));
    CHAOS_TRY(compare(&file, evidence, err));
    return signature_new(file.kind, &file.digest, &file.bytes, evidence, signature, err);
}
