/* guest_tls.c - GetTlsKey and DeriveKey: TLS certificates of the simulated guest: leaf, the application's CA, the
 * root CA of the simulated KMS, with dstack's extensions. */
#define OPENSSL_SUPPRESS_DEPRECATED /* a key from its scalar takes one call here and a page without */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/random.h>

#include "sim/guest_state.h"

#define TEN_YEARS (3650L * 86400L)
#define LATEST 253402300799u /* the last second of the year 9999, which is the last that a certificate can say */
#define MAX_SUBJECT 64       /* of a common name, RFC 5280 */
#define MAX_ALT_NAME 253
#define MAX_EXTENSION (4u * CHAOS_MAX_EVENT_LOG)
#define OID_APP_ID "1.3.6.1.4.1.62397.1.3"
#define OID_SPECIAL_USAGE "1.3.6.1.4.1.62397.1.4"
#define OID_ATTESTATION "1.3.6.1.4.1.62397.1.8"
#define OID_APP_INFO "1.3.6.1.4.1.62397.1.9"
#define ORGANIZATION "ChaosChain Simulator"

/* What one call makes; all of it is freed at its end. */
typedef struct tls {
    EVP_PKEY *leaf_key, *app_key, *root_key;
    X509 *leaf, *app, *root;
} tls;

static void tls_free(tls *t)
{
    X509_free(t->leaf);
    X509_free(t->app);
    X509_free(t->root);
    EVP_PKEY_free(t->leaf_key);
    EVP_PKEY_free(t->app_key);
    EVP_PKEY_free(t->root_key);
}

/* The P-256 key of a scalar (any 32 bytes: reduced), or a random one. */
static EVP_PKEY *make_key(const uint8_t *scalar)
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *made = EVP_PKEY_new();
    bool ok = key != NULL && made != NULL;
    if (ok && scalar == NULL) {
        ok = EC_KEY_generate_key(key) == 1;
    } else if (ok) {
        const EC_GROUP *group = EC_KEY_get0_group(key);
        BIGNUM *number = BN_bin2bn(scalar, 32, NULL);
        EC_POINT *point = EC_POINT_new(group);
        ok = number != NULL && point != NULL && EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
             EC_KEY_set_private_key(key, number) == 1 && EC_KEY_set_public_key(key, point) == 1;
        EC_POINT_free(point);
        BN_clear_free(number);
    }
    ok = ok && EVP_PKEY_set1_EC_KEY(made, key) == 1;
    EC_KEY_free(key);
    if (!ok) {
        EVP_PKEY_free(made);
        return NULL;
    }
    return made;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_name(X509_NAME *name, const char *common_name)
{
    return X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8, (const uint8_t *)ORGANIZATION,
                                      -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1,
                                      0) == 1;
}

static X509 *begin_certificate(const char *common_name, EVP_PKEY *key, X509 *issuer, int64_t not_before,
                               int64_t not_after, uint64_t serial)
{
    X509 *made = X509_new();
    bool ok = made != NULL && X509_set_version(made, 2) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), serial) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(made), (time_t)not_before) != NULL &&
              ASN1_TIME_set(X509_getm_notAfter(made), (time_t)not_after) != NULL &&
              set_name(X509_get_subject_name(made), common_name) && X509_set_pubkey(made, key) == 1 &&
              X509_set_issuer_name(made, X509_get_subject_name(issuer == NULL ? made : issuer)) == 1;
    if (!ok) {
        X509_free(made);
        return NULL;
    }
    return made;
}

/* ------------------------------------------------------- dstack's extensions ---- */

/* dstack wraps what it says once more into an OCTET STRING. */
static bool add_dstack_extension(X509 *cert, const char *oid, chaos_slice content)
{
    CHAOS_AUTO_BUFFER(wrapped, MAX_EXTENSION);
    der_writer der = der_writer_begin(&wrapped);
    der_write(&der, DER_OCTET_STRING, content);
    if (!der_writer_end(&der) || wrapped.size > INT32_MAX) {
        return false;
    }
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    bool ok = object != NULL && value != NULL &&
              ASN1_OCTET_STRING_set(value, wrapped.data, (int)wrapped.size) == 1;
    X509_EXTENSION *extension = ok ? X509_EXTENSION_create_by_OBJ(NULL, object, 0, value) : NULL;
    ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return ok;
}

/* Whose certificate it is and what for: claims of the issuer. */
static bool add_claims(X509 *cert, const guest *g, const char *usage)
{
    return add_dstack_extension(cert, OID_APP_ID, slice(g->app_id, sizeof g->app_id)) &&
           add_dstack_extension(cert, OID_SPECIAL_USAGE, slice_text(usage));
}

/* An attestation of the leaf's key: report data = SHA-512 of "ratls-cert:" and its SubjectPublicKeyInfo. */
static bool add_attestation(X509 *leaf, guest *g, EVP_PKEY *key)
{
    CHAOS_AUTO_BUFFER(blob, MAX_EXTENSION);
    uint8_t report_data[GUEST_REPORT_DATA_SIZE], *spki = NULL;
    const char *name;
    int size = i2d_PUBKEY(key, &spki);
    bool ok = size > 0 && guest_hash_report_data(slice_text("sha512"), slice_text("ratls-cert"),
                                                 slice(spki, (size_t)size), report_data, &name);
    OPENSSL_free(spki);
    return ok && guest_attestation(g, report_data, true, &blob) &&
           add_dstack_extension(leaf, OID_ATTESTATION, buffer_slice(&blob));
}

/* MessagePack's bin 8 and bin 16. */
static bool pack_bytes(chaos_buffer *out, chaos_slice bytes)
{
    const uint8_t head[3] = { bytes.size < 256 ? 0xc4 : 0xc5, (uint8_t)(bytes.size >> 8), (uint8_t)bytes.size };
    const uint8_t short_head[2] = { head[0], head[2] };
    return bytes.size <= UINT16_MAX &&
           buffer_append(out, bytes.size < 256 ? slice(short_head, sizeof short_head) : slice(head, sizeof head)) &&
           (bytes.size == 0 || buffer_append(out, bytes));
}

/* An array of eight, by place. */
static bool add_app_info(X509 *leaf, const guest *g)
{
    static const uint8_t array_of_eight = 0x98;
    CHAOS_AUTO_BUFFER(packed, 4096);
    const event_spec *events = g->r.log.events;
    const event_spec *instance = &events[EVENT_INSTANCE_ID], *image = &events[EVENT_OS_IMAGE_HASH];
    const event_spec *provider = &events[EVENT_KEY_PROVIDER];
    chaos_sha256 device = hash_sha256(slice("", 0));
    chaos_sha256 of_system = guest_mr_system(g), aggregated = guest_mr_aggregated(g);
    const chaos_slice items[8] = {
        slice(g->app_id, sizeof g->app_id),
        slice(g->compose_hash.bytes, sizeof g->compose_hash.bytes),
        slice(instance->payload, instance->payload_size),
        slice(device.bytes, sizeof device.bytes),
        slice(of_system.bytes, sizeof of_system.bytes),
        slice(aggregated.bytes, sizeof aggregated.bytes),
        slice(image->payload, image->payload_size),
        slice(provider->payload, provider->payload_size),
    };
    bool ok = buffer_append(&packed, slice(&array_of_eight, 1));
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(items); i++) {
        ok = pack_bytes(&packed, items[i]);
    }
    return ok && add_dstack_extension(leaf, OID_APP_INFO, buffer_slice(&packed));
}

/* ---------------------------------------------------------------- requests ---- */

static bool is_host_name(chaos_slice name)
{
    for (size_t k = 0; k < name.size; k++) {
        uint8_t c = name.data[k];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '-' || c == '_' || c == '*')) {
            return false;
        }
    }
    return name.size > 0 && name.size <= MAX_ALT_NAME;
}

typedef struct lifetime {
    int64_t begin, end;
} lifetime;

/* False after a refusal. */
static bool check_request(const guest *g, const guest_arguments *a, lifetime *lives, guest_answer *answer)
{
    if (a->subject.size > MAX_SUBJECT) {
        guest_refuse(answer, "subject: longer than %d bytes", MAX_SUBJECT);
        return false;
    }
    for (size_t i = 0; i < a->alt_name_count; i++) {
        if (!is_host_name(a->alt_names[i])) {
            guest_refuse(answer, "alt_names: number %zu is no name of a host", i);
            return false;
        }
    }
    uint64_t begin = a->has_not_before ? a->not_before : (uint64_t)(g->r.now - SIM_DAY);
    uint64_t end = a->has_not_after ? a->not_after : (uint64_t)(g->r.now + TEN_YEARS);
    if (begin > LATEST || end > LATEST) {
        guest_refuse(answer, "not_before, not_after: after the year 9999");
        return false;
    }
    if (begin >= end) {
        guest_refuse(answer, "not_before must be earlier than not_after");
        return false;
    }
    *lives = (lifetime){ (int64_t)begin, (int64_t)end };
    return true;
}

/* ------------------------------------------------------------ certificates ---- */

/* "DNS:a,DNS:b" of names that is_host_name knows: none can end an entry and begin another. */
static bool add_alt_names(X509 *leaf, X509 *issuer, const guest_arguments *a)
{
    CHAOS_AUTO_BUFFER(text, GUEST_MAX_ALT_NAMES * (MAX_ALT_NAME + 8));
    for (size_t i = 0; i < a->alt_name_count; i++) {
        if (!buffer_append_text(&text, i == 0 ? "DNS:" : ",DNS:") || !buffer_append(&text, a->alt_names[i])) {
            return false;
        }
    }
    return text.size == 0 || (buffer_append(&text, slice("", 1)) &&
                              add_extension(leaf, issuer, NID_subject_alt_name, (const char *)text.data));
}

static bool extend_leaf(X509 *leaf, X509 *issuer, const guest_arguments *a)
{
    const char *usage = a->usage_server_auth && a->usage_client_auth ? "serverAuth,clientAuth"
                        : a->usage_server_auth                       ? "serverAuth"
                        : a->usage_client_auth                       ? "clientAuth"
                                                                     : NULL;
    return add_extension(leaf, issuer, NID_key_usage, "critical,digitalSignature") &&
           (usage == NULL || add_extension(leaf, issuer, NID_ext_key_usage, usage)) &&
           add_alt_names(leaf, issuer, a);
}

static bool make_leaf(guest *g, tls *t, const guest_arguments *a, const lifetime *lives)
{
    char subject[MAX_SUBJECT + 1] = "chaoschain-simulated-agent";
    uint64_t serial;
    if (a->subject.size > 0) {
        memcpy(subject, a->subject.data, a->subject.size);
        subject[a->subject.size] = '\0';
    }
    if (getrandom(&serial, sizeof serial, 0) != (ssize_t)sizeof serial) {
        return false;
    }
    t->leaf = begin_certificate(subject, t->leaf_key, t->app, lives->begin, lives->end, serial >> 1 | 1);
    return t->leaf != NULL && extend_leaf(t->leaf, t->app, a) && add_claims(t->leaf, g, "app:custom") &&
           (!a->usage_ra_tls || add_attestation(t->leaf, g, t->leaf_key)) &&
           (!a->with_app_info || add_app_info(t->leaf, g)) && X509_sign(t->leaf, t->app_key, EVP_sha256()) > 0;
}

static X509 *make_ca(const char *common_name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer,
                     const char *usage_or_null, const guest *g)
{
    X509 *made = begin_certificate(common_name, key, issuer, g->r.now - SIM_DAY, g->r.now + TEN_YEARS,
                                   issuer == NULL ? 1 : 2);
    X509 *above = issuer == NULL ? made : issuer;
    const char *constraints = issuer == NULL ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0";
    bool ok = made != NULL && add_extension(made, above, NID_basic_constraints, constraints) &&
              add_extension(made, above, NID_key_usage, "critical,keyCertSign,cRLSign") &&
              (usage_or_null == NULL || add_claims(made, g, usage_or_null)) &&
              X509_sign(made, signer, EVP_sha256()) > 0;
    if (!ok) {
        X509_free(made);
        return NULL;
    }
    return made;
}

static bool make_all(guest *g, const guest_arguments *a, const uint8_t *scalar, const lifetime *lives, tls *t)
{
    uint8_t app_secret[K1_SIZE], root_secret[K1_SIZE];
    bool ok = ratls_derive(g->r.agent.scalar[AGENT_APP_ROOT], slice_text("app-ca"), app_secret) &&
              ratls_derive(g->r.agent.scalar[AGENT_KMS_ROOT], slice_text("root-ca"), root_secret);
    t->leaf_key = ok ? make_key(scalar) : NULL;
    t->app_key = ok ? make_key(app_secret) : NULL;
    t->root_key = ok ? make_key(root_secret) : NULL;
    explicit_bzero(app_secret, sizeof app_secret);
    explicit_bzero(root_secret, sizeof root_secret);
    if (t->leaf_key == NULL || t->app_key == NULL || t->root_key == NULL) {
        return false;
    }
    t->root = make_ca("Simulated KMS CA", t->root_key, NULL, t->root_key, NULL, g);
    t->app = t->root == NULL ? NULL : make_ca("Simulated App CA", t->app_key, t->root, t->root_key, "app:ca", g);
    return t->app != NULL && make_leaf(g, t, a, lives);
}

static bool write_pem(json_writer *w, const char *key, EVP_PKEY *private_key, X509 *cert)
{
    char *text = NULL;
    BIO *memory = BIO_new(BIO_s_secmem());
    bool ok = memory != NULL &&
              (private_key != NULL ? PEM_write_bio_PKCS8PrivateKey(memory, private_key, NULL, NULL, 0, NULL, NULL)
                                   : PEM_write_bio_X509(memory, cert)) == 1;
    long size = ok ? BIO_get_mem_data(memory, &text) : 0;
    if (ok) {
        json_write_bytes_as_text(w, key, slice(text, (size_t)size));
    }
    BIO_free(memory);
    return ok;
}

static bool write_answer(const tls *t, json_writer *w)
{
    json_write_object(w, NULL);
    json_write_array(w, "certificate_chain");
    bool ok = write_pem(w, NULL, NULL, t->leaf) && write_pem(w, NULL, NULL, t->app) &&
              write_pem(w, NULL, NULL, t->root);
    json_write_array_end(w);
    ok = ok && write_pem(w, "key", t->leaf_key, NULL);
    json_write_object_end(w);
    return ok;
}

static void answer_tls(guest *g, const guest_arguments *a, const uint8_t *scalar_or_null, guest_answer *answer)
{
    tls t = { 0 };
    lifetime lives;
    if (!check_request(g, a, &lives, answer)) {
        return;
    }
    if (!make_all(g, a, scalar_or_null, &lives, &t) || !write_answer(&t, &answer->w)) {
        guest_fault(answer);
    }
    tls_free(&t);
}

/* A new random key at every call. */
void guest_get_tls_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    answer_tls(g, a, NULL, answer);
}

/* tappd: the P-256 key of a path, or a random one. */
void guest_derive_key(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t secret[K1_SIZE];
    if (guest_derive(g, a->path, secret)) {
        answer_tls(g, a, a->random_seed ? NULL : secret, answer);
    } else {
        guest_fault(answer);
    }
    explicit_bzero(secret, sizeof secret);
}

bool guest_make_app_cert(guest *g)
{
    const guest_arguments wanted = { .usage_client_auth = true };
    const lifetime lives = { g->r.now - SIM_DAY, g->r.now + TEN_YEARS };
    tls t = { 0 };
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool ok = memory != NULL && make_all(g, &wanted, NULL, &lives, &t) && PEM_write_bio_X509(memory, t.leaf) == 1 &&
              PEM_write_bio_X509(memory, t.app) == 1 && PEM_write_bio_X509(memory, t.root) == 1;
    long size = ok ? BIO_get_mem_data(memory, &text) : 0;
    ok = ok && buffer_append(&g->app_cert, slice(text, (size_t)size));
    BIO_free(memory);
    tls_free(&t);
    return ok;
}
