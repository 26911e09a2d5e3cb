/* keypair.c - a key made by the TEE: what was asked is checked before the plug-in is asked, and what it
 * says of the key is proven before anybody sees it. */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "tee/internal.h"

#define ALGORITHM "secp256k1"
#define DEFAULT_PATH "chaoschain/default"
#define PUBLIC_KEY_SIZE 65
#define POINT_UNCOMPRESSED 0x04 /* SEC1 */
#define MAX_LABEL 32

/* ---------------------------------------------------------- identity path ---- */

/* Decimal digits of a 256-bit number; ten to the 78th is larger than all of them. */
#define DECIMAL_SIZE 79

static const char *decimal(const chaos_u256 *number, char text[DECIMAL_SIZE])
{
    chaos_u256 rest = *number;
    size_t at = DECIMAL_SIZE - 1;

    text[at] = '\0';
    do {
        unsigned remainder = 0;
        for (size_t i = 0; i < sizeof rest.bytes; i++) {
            const unsigned value = remainder << 8 | rest.bytes[i];
            rest.bytes[i] = (uint8_t)(value / 10);
            remainder = value % 10;
        }
        text[--at] = (char)('0' + remainder);
    } while (!slice_is_zero(slice(rest.bytes, sizeof rest.bytes)));
    return text + at;
}

static bool is_label(const char *label)
{
    const size_t size = strnlen(label, MAX_LABEL + 1);

    for (size_t i = 0; i < size; i++) {
        const char c = label[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return size > 0 && size <= MAX_LABEL;
}

chaos_status chaos_identity_path(const chaos_u256 *chain_id, const chaos_address *registry, const char *label,
                                 uint32_t generation, char path[CHAOS_IDENTITY_PATH_SIZE], chaos_error *err)
{
    char number[DECIMAL_SIZE];
    char digits[2 * sizeof registry->bytes + 1] = { 0 };

    if (chain_id == NULL || registry == NULL || label == NULL || path == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "no argument may be NULL");
    }
    if (slice_is_zero(slice(chain_id->bytes, sizeof chain_id->bytes))) {
        return error_set(err, CHAOS_E_USAGE, "chain_id", CHAOS_NO_OFFSET,
                         "an identity key is of a chain: 0 is none");
    }
    if (slice_is_zero(slice(registry->bytes, sizeof registry->bytes))) {
        return error_set(err, CHAOS_E_USAGE, "registry", CHAOS_NO_OFFSET,
                         "an identity key is of a registry: address 0 is none");
    }
    if (!is_label(label)) {
        return error_set(err, CHAOS_E_USAGE, "label", CHAOS_NO_OFFSET, "a label is 1 to %d of a-z, 0-9 and -",
                         MAX_LABEL);
    }
    hex_encode(slice(registry->bytes, sizeof registry->bytes), digits);
    (void)snprintf(path, CHAOS_IDENTITY_PATH_SIZE, "chaoschain/1/%s/0x%s/%s/%s/%u", decimal(chain_id, number),
                   digits, label, ALGORITHM, generation);
    return CHAOS_OK;
}

/* ------------------------------------------------------------ what is asked ---- */

typedef struct key_request {
    const char *path, *purpose, *algorithm;
    bool is_fresh;
} key_request;

/* Printable ASCII that stands in JSON as it is. */
static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

static chaos_status check_text(const char *field, const char *text, size_t capacity, chaos_error *err)
{
    if (strnlen(text, capacity) == capacity) {
        return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "a key's %s has at most %zu bytes",
                         field, capacity - 1);
    }
    if (!is_plain_text(text)) {
        return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET,
                         "a key's %s is printable ASCII without quotes and backslashes", field);
    }
    return CHAOS_OK;
}

static chaos_status read_request(const chaos_key_options *options, key_request *out, chaos_error *err)
{
    char quoted[64];

    out->purpose = options->purpose == NULL ? CHAOS_KEY_AGENT : options->purpose;
    out->is_fresh = strcmp(out->purpose, CHAOS_KEY_FRESH) == 0;
    out->path = options->path != NULL ? options->path : out->is_fresh ? ""
                                                                      : DEFAULT_PATH;
    out->algorithm = options->algorithm == NULL ? ALGORITHM : options->algorithm;
    if (strcmp(out->algorithm, ALGORITHM) != 0) {
        (void)error_set(err, CHAOS_E_USAGE, "algorithm", CHAOS_NO_OFFSET, "the only algorithm is \"%s\"",
                        ALGORITHM);
        error_expected(err, "%s", ALGORITHM);
        error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(out->algorithm)));
        return CHAOS_E_USAGE;
    }
    CHAOS_TRY(check_text("path", out->path, sizeof((chaos_keypair *)NULL)->path, err));
    CHAOS_TRY(check_text("purpose", out->purpose, sizeof((chaos_keypair *)NULL)->purpose, err));
    if (out->purpose[0] == '\0') {
        return error_set(err, CHAOS_E_USAGE, "purpose", CHAOS_NO_OFFSET, "a key's purpose may not be empty");
    }
    if (out->is_fresh != (out->path[0] == '\0')) {
        return error_set(err, CHAOS_E_USAGE, "path", CHAOS_NO_OFFSET,
                         out->is_fresh ? "a key of purpose \"%s\" is made anew and has the path \"\""
                                       : "only a key of purpose \"%s\" has the path \"\"",
                         CHAOS_KEY_FRESH);
    }
    return CHAOS_OK;
}

/* ------------------------------------------------------------- what is given ---- */

static chaos_status take_public_key(chaos_keypair *keypair, chaos_error *err)
{
    const chaos_slice bytes = tee_host_part(&keypair->tee->host, "public-key");

    if (bytes.data == NULL) {
        return provider_broke(keypair->tee, "public-key", err, "it made a key and gave no public key");
    }
    if (bytes.size != PUBLIC_KEY_SIZE || bytes.data[0] != POINT_UNCOMPRESSED) {
        return provider_broke(keypair->tee, "public-key", err,
                              "its public key is not the 65 bytes 04 X Y (it has %zu bytes)", bytes.size);
    }
    memcpy(keypair->point.x, bytes.data + 1, sizeof keypair->point.x);
    memcpy(keypair->point.y, bytes.data + 1 + sizeof keypair->point.x, sizeof keypair->point.y);
    keypair->address = k1_address(&keypair->point);
    return CHAOS_OK;
}

/* keccak(PURPOSE ":" lower-case hex of the compressed key): what the application's root key signs. */
static chaos_keccak key_claim(const chaos_keypair *keypair)
{
    uint8_t compressed[33];
    char digits[2 * sizeof compressed + 1] = { 0 };
    char text[sizeof keypair->purpose + sizeof digits + 1];
    int length;

    k1_compress(&keypair->point, compressed);
    hex_encode(slice(compressed, sizeof compressed), digits);
    length = snprintf(text, sizeof text, "%s:%s", keypair->purpose, digits);
    return hash_keccak(slice(text, (size_t)length));
}

static chaos_status check_chain(const chaos_keypair *keypair, chaos_slice bytes, chaos_error *err)
{
    const chaos_tee *tee = keypair->tee;
    const char *field = "dstack-kms-chain";
    const chaos_keccak claim = key_claim(keypair);
    k1_point app_root;
    k1_result result;
    kms_chain chain;
    fault why;

    if (!kms_chain_read(bytes, &chain, &why)) {
        return provider_broke(tee, field, err, "its signature chain is malformed: %s: %s",
                              why.field == NULL ? "chain" : why.field,
                              why.reason == NULL ? chaos_status_text(why.status) : why.reason);
    }
    if (!slice_is(chain.path, keypair->path)) {
        return provider_broke(tee, field, err,
                              "its signature chain is of another path than the one asked for");
    }
    if (!slice_is(chain.purpose, keypair->purpose)) {
        return provider_broke(tee, field, err,
                              "its signature chain is of another purpose than the one asked for");
    }
    result = k1_recover(claim.bytes, chain.key_link, chain.key_link + 32, chain.key_link[64], &app_root);
    if (result == K1_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return result == K1_GOOD ? CHAOS_OK
                             : provider_broke(tee, field, err,
                                              "no key can have made the first link of its signature chain");
}

/* Only an identity key's chain says something in an envelope, so no other is kept. */
static chaos_status take_chain(chaos_keypair *keypair, const key_request *request, chaos_error *err)
{
    const chaos_slice bytes = tee_host_part(&keypair->tee->host, "dstack-kms-chain");

    if (bytes.data == NULL) {
        return CHAOS_OK;
    }
    if (request->is_fresh) {
        return provider_broke(keypair->tee, "dstack-kms-chain", err,
                              "it gave a signature chain for a key that should come from randomness");
    }
    CHAOS_TRY(check_chain(keypair, bytes, err));
    if (strcmp(keypair->purpose, CHAOS_KEY_AGENT) == 0 && !buffer_append(&keypair->kms_chain, bytes)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    return CHAOS_OK;
}

static bool random_bytes(uint8_t *out, size_t size)
{
    ssize_t got;

    do {
        got = getrandom(out, size, 0); /* up to 256 bytes come whole, or not at all */
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size;
}

/* The key signs what nobody could know before: so it is there, and it is the one whose public key was
 * given. The preimage begins like no message, no typed data and no transaction that is signed elsewhere. */
static chaos_status challenge(chaos_tee *tee, const chaos_keypair *keypair, chaos_error *err)
{
    static const char domain[] = "chaoschain/key-challenge/1";
    uint8_t text[sizeof domain + 32];
    chaos_signature65 answer;
    chaos_keccak digest;

    memcpy(text, domain, sizeof domain);
    if (!random_bytes(text + sizeof domain, sizeof text - sizeof domain)) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the system gives no randomness");
    }
    digest = hash_keccak(slice(text, sizeof text));
    return sign_locked(tee, keypair, &digest, &answer, err);
}

/* ---------------------------------------------------------------- keypair ---- */

static void free_locked(chaos_keypair *keypair)
{
    keypair->tee->provider->plugin->key_free(keypair->tee->self, keypair->handle);
    chaos_evidence_free(keypair->evidence);
    chaos_buffer_free(&keypair->kms_chain);
    free(keypair);
}

void chaos_keypair_free(chaos_keypair *keypair)
{
    if (keypair != NULL) {
        chaos_tee *tee = keypair->tee;
        tee_lock(tee);
        free_locked(keypair);
        tee_unlock(tee);
    }
}

/* `given` is what the plug-in answered: with CHAOS_OK there is a handle to be freed, whatever comes after. */
static chaos_status ask_for_key(chaos_tee *tee, const key_request *request, chaos_keypair *keypair,
                                chaos_status *given, chaos_error *err)
{
    plugin_call call;

    call_begin(&call, tee, HOST_CALL_KEY);
    *given = tee->provider->plugin->key(tee->self, request->path, request->purpose, request->algorithm,
                                        &keypair->handle, &call.failure);
    CHAOS_TRY(call_end(&call, *given, err));
    CHAOS_TRY(take_public_key(keypair, err));
    return take_chain(keypair, request, err);
}

static chaos_status prove(chaos_tee *tee, const chaos_key_options *options, chaos_keypair *keypair,
                          chaos_error *err)
{
    CHAOS_TRY(challenge(tee, keypair, err));
    return attest_locked(tee, keypair, &options->attest, options->has_nonce ? &options->nonce : NULL,
                         &keypair->evidence, err);
}

static chaos_status generate_locked(chaos_tee *tee, const chaos_key_options *options,
                                    const key_request *request, chaos_keypair **keypair, chaos_error *err)
{
    chaos_keypair *made = calloc(1, sizeof *made);
    chaos_status given = CHAOS_E_INTERNAL;
    chaos_status status;

    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->tee = tee;
    made->kms_chain = (chaos_buffer)CHAOS_BUFFER_INIT(HOST_MAX_EMITTED);
    (void)snprintf(made->path, sizeof made->path, "%s", request->path);
    (void)snprintf(made->purpose, sizeof made->purpose, "%s", request->purpose);
    (void)snprintf(made->reference, sizeof made->reference, "%s:%s", tee->provider->name,
                   request->is_fresh ? CHAOS_KEY_FRESH : request->path);
    status = ask_for_key(tee, request, made, &given, err);
    if (given != CHAOS_OK) {
        free(made);
        return status;
    }
    if (status == CHAOS_OK) {
        status = prove(tee, options, made, err);
    }
    if (status != CHAOS_OK) {
        free_locked(made);
        return status;
    }
    *keypair = made;
    return CHAOS_OK;
}

chaos_status chaos_tee_generate_key(chaos_tee *tee, const chaos_key_options *options, chaos_keypair **keypair,
                                    chaos_error *err)
{
    static const chaos_key_options defaults = CHAOS_KEY_OPTIONS_INIT;
    const chaos_key_options *wanted = options == NULL ? &defaults : options;
    key_request request;
    chaos_status status;

    if (tee == NULL || keypair == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "tee and keypair may not be NULL");
    }
    if (wanted->size != sizeof *wanted) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_KEY_OPTIONS_INIT");
    }
    CHAOS_TRY(read_request(wanted, &request, err));
    tee_lock(tee);
    status = generate_locked(tee, wanted, &request, keypair, err);
    call_clear(tee);
    tee_unlock(tee);
    return status;
}

/* ---------------------------------------------------------------- getters ---- */

const char *chaos_keypair_provider(const chaos_keypair *keypair)
{
    return keypair->tee->provider->name;
}

const char *chaos_keypair_algorithm(const chaos_keypair *keypair)
{
    (void)keypair;
    return ALGORITHM;
}

void chaos_keypair_public_key(const chaos_keypair *keypair, uint8_t out[65])
{
    out[0] = POINT_UNCOMPRESSED;
    memcpy(out + 1, keypair->point.x, sizeof keypair->point.x);
    memcpy(out + 1 + sizeof keypair->point.x, keypair->point.y, sizeof keypair->point.y);
}

chaos_address chaos_keypair_address(const chaos_keypair *keypair)
{
    return keypair->address;
}

const char *chaos_keypair_reference(const chaos_keypair *keypair)
{
    return keypair->reference;
}

const chaos_evidence *chaos_keypair_evidence(const chaos_keypair *keypair)
{
    return keypair->evidence;
}
