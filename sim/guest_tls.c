/* guest_tls.c - TLS certificates of the simulated guest: leaf, the application's CA, the root CA of the
 * simulated KMS. */
#define OPENSSL_SUPPRESS_DEPRECATED /* a key from its scalar takes one call here and a page without */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "sim/guest_state.h"

#define TEN_YEARS (3650L * 86400L)
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

static X509 *make_ca(const char *common_name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *signer, int64_t now,
                     const char *constraints)
{
    X509 *made =
        begin_certificate(common_name, key, issuer, now - 86400, now + TEN_YEARS, issuer == NULL ? 1 : 2);
    bool ok =
        made != NULL && add_extension(made, issuer == NULL ? made : issuer, NID_basic_constraints, constraints) &&
        add_extension(made, issuer == NULL ? made : issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        X509_sign(made, signer, EVP_sha256()) > 0;
    if (!ok) {
        X509_free(made);
        return NULL;
    }
    return made;
}

/* "DNS:a,DNS:b": names that could end one entry and begin another are left out by the caller's check. */
static bool alt_names(const guest_arguments *a, char text[1024])
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < a->alt_name_count; i++) {
        chaos_slice name = a->alt_names[i];
        for (size_t k = 0; k < name.size; k++) {
            uint8_t c = name.data[k];
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '-' || c == '*')) {
                return false;
            }
        }
        int n = snprintf(text + length, 1024 - length, "%sDNS:%.*s", i == 0 ? "" : ",", (int)name.size,
                         (const char *)name.data);
        if (n < 0 || (size_t)n >= 1024 - length) {
            return false;
        }
        length += (size_t)n;
    }
    return true;
}

static bool extend_leaf(X509 *leaf, X509 *issuer, const guest_arguments *a)
{
    char names[1024];
    const char *usage = a->usage_server_auth && a->usage_client_auth ? "serverAuth,clientAuth"
                        : a->usage_server_auth                       ? "serverAuth"
                        : a->usage_client_auth                       ? "clientAuth"
                                                                     : NULL;
    return alt_names(a, names) && add_extension(leaf, issuer, NID_key_usage, "critical,digitalSignature") &&
           (usage == NULL || add_extension(leaf, issuer, NID_ext_key_usage, usage)) &&
           (names[0] == '\0' || add_extension(leaf, issuer, NID_subject_alt_name, names));
}

static bool make_leaf(tls *t, const guest_arguments *a, int64_t now)
{
    char subject[65] = "chaoschain-simulated-agent";
    chaos_slice wanted = a->subject.size > 0 ? a->subject : a->path;
    if (wanted.size > 0 && wanted.size < sizeof subject) {
        memcpy(subject, wanted.data, wanted.size);
        subject[wanted.size] = '\0';
    }
    int64_t not_before = a->has_not_before ? (int64_t)(a->not_before & INT32_MAX) : now - 86400;
    int64_t not_after = a->has_not_after ? (int64_t)(a->not_after & UINT32_MAX) : now + TEN_YEARS;
    t->leaf = begin_certificate(subject, t->leaf_key, t->app, not_before, not_after, (uint64_t)now);
    return t->leaf != NULL && extend_leaf(t->leaf, t->app, a) && X509_sign(t->leaf, t->app_key, EVP_sha256()) > 0;
}

static bool make_all(const guest *g, const guest_arguments *a, const uint8_t *scalar, tls *t)
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
    t->root = make_ca("Simulated KMS CA", t->root_key, NULL, t->root_key, g->r.now, "critical,CA:TRUE,pathlen:1");
    t->app = t->root == NULL ? NULL
                             : make_ca("Simulated App CA", t->app_key, t->root, t->root_key, g->r.now,
                                       "critical,CA:TRUE,pathlen:0");
    return t->app != NULL && make_leaf(t, a, g->r.now);
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

bool guest_tls_key(const guest *g, const guest_arguments *a, const uint8_t *scalar_or_null, json_writer *w)
{
    tls t = { 0 };
    bool ok = make_all(g, a, scalar_or_null, &t) && write_answer(&t, w);
    tls_free(&t);
    return ok;
}
