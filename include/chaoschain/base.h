/* base.h - slices, buffers, values of meaning, status codes and errors.
 *
 * Everything in <chaoschain/...> keeps to these rules:
 *   - Parameters follow the flow of data: subject, inputs, time, outputs, error.
 *   - A call that can fail returns chaos_status, must be used, takes `chaos_error *` last (NULL is allowed) and
 *     leaves its outputs untouched when it fails.
 *   - Objects are opaque. What `..._parse` or `..._new` returns is owned by the caller and ended by `..._free`,
 *     which accepts NULL. Getters lend: the result is valid until the object is freed.
 *   - Objects are immutable once made, so threads may share them without a lock. A chaos_cache locks itself.
 *   - Times are Unix seconds (UTC) in int64_t. Sizes are bytes.
 */
#ifndef CHAOSCHAIN_BASE_H
#define CHAOSCHAIN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_VERSION_MAJOR 0
#define CHAOS_VERSION_MINOR 1
#define CHAOS_VERSION_PATCH 0
#define CHAOS_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define CHAOS_MUST_USE __attribute__((warn_unused_result))
#define CHAOS_API __attribute__((visibility("default")))
#else
#define CHAOS_MUST_USE
#define CHAOS_API
#endif

/* The version of the library at run time, "0.1.0". Static; never NULL. Thread-safe. */
CHAOS_API const char *chaos_version(void);

/* ---------------------------------------------------------------- bytes ---- */

/* Borrowed bytes. The empty slice may have a NULL pointer when it comes from a caller. */
typedef struct chaos_slice {
    const uint8_t *data;
    size_t size;
} chaos_slice;

/* Growing bytes owned by the caller, never larger than `limit`. Begin with CHAOS_BUFFER_INIT(limit), end with
 * chaos_buffer_free. Text written into a buffer is UTF-8, and a NUL that `size` does not count follows it. */
typedef struct chaos_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit;
} chaos_buffer;

#define CHAOS_BUFFER_INIT(limit_bytes) { NULL, 0, 0, (limit_bytes) }

/* Frees what the buffer holds and leaves it empty and reusable with the same limit. */
CHAOS_API void chaos_buffer_free(chaos_buffer *buffer);
/* The same for a buffer that held a secret: overwritten first. */
CHAOS_API void chaos_buffer_wipe(chaos_buffer *buffer);

/* Values of meaning, not of size: one cannot pass for another. */
typedef struct chaos_sha256 { uint8_t bytes[32]; } chaos_sha256;
typedef struct chaos_keccak { uint8_t bytes[32]; } chaos_keccak;           /* Keccak-256, as Ethereum hashes */
typedef struct chaos_address { uint8_t bytes[20]; } chaos_address;         /* Ethereum address */
typedef struct chaos_report_data { uint8_t bytes[64]; } chaos_report_data; /* REPORTDATA of a quote */
typedef struct chaos_u256 { uint8_t bytes[32]; } chaos_u256;               /* unsigned, big-endian: an ABI word */
typedef struct chaos_signature65 { uint8_t bytes[65]; } chaos_signature65; /* r, s, v; v is 27 or 28, s is low */

/* --------------------------------------------------------------- status ---- */

/* The class of a status is its high byte and says what the caller does about it. */
typedef enum chaos_class {
    CHAOS_CLASS_OK = 0,
    CHAOS_CLASS_USAGE = 1,    /* the caller has a bug: mend the call */
    CHAOS_CLASS_FORMAT = 2,   /* bytes are malformed or not supported: refuse them */
    CHAOS_CLASS_TRUST = 3,    /* signature, chain, revocation, date, mismatch, policy: refuse them */
    CHAOS_CLASS_ENV = 4,      /* file, network or collateral missing: try again later, judge nothing */
    CHAOS_CLASS_INTERNAL = 5  /* memory, crypto backend, broken invariant: a fault of ours, judge nothing */
} chaos_class;

/* X(NAME, class, number, stage, text). Names and numbers are stable: they are never reused. The stage is the
 * `error.stage` of the verdict. TRUST numbers 0x40-0x5f speak of dates, 0x80 and above of policy. */
#define CHAOS_STATUS_LIST(X)                                                                                        \
    X(USAGE, USAGE, 0x01, "environment", "the call or option is not valid")                                         \
    X(EVIDENCE_FORMAT, FORMAT, 0x01, "parse", "not evidence of any known kind")                                     \
    X(QUOTE_FORMAT, FORMAT, 0x02, "parse", "the quote is malformed")                                                \
    X(QUOTE_VERSION, FORMAT, 0x03, "parse", "the quote version is not supported")                                   \
    X(ATT_KEY_TYPE, FORMAT, 0x04, "parse", "the attestation key type is not supported")                             \
    X(QE_VENDOR, FORMAT, 0x05, "parse", "the quoting enclave's vendor is unknown")                                  \
    X(CERT_DATA_TYPE, FORMAT, 0x06, "parse", "the certification data type is not supported")                        \
    X(CERT_DATA_SIZE, FORMAT, 0x07, "parse", "the certification data has the wrong size")                           \
    X(SIGNATURE_DATA_SLACK, FORMAT, 0x08, "parse", "unsigned bytes hide inside the signature data")                 \
    X(TRAILING_DATA, FORMAT, 0x09, "parse", "bytes follow the quote")                                               \
    X(PCK_CHAIN_FORMAT, FORMAT, 0x0a, "chain", "the PCK certificate chain is malformed")                            \
    X(PCK_CHAIN_LENGTH, FORMAT, 0x0b, "chain", "the PCK certificate chain does not have three certificates")        \
    X(PCK_CHAIN_ORDER, FORMAT, 0x0c, "chain", "the PCK certificate chain is not in the order leaf, CA, root")       \
    X(PCK_EXTENSION, FORMAT, 0x0d, "chain", "the SGX extension of the PCK certificate is malformed")                \
    X(CRL_FORMAT, FORMAT, 0x0e, "collateral", "a certificate revocation list is malformed")                         \
    X(COLLATERAL_FORMAT, FORMAT, 0x0f, "collateral", "the collateral file is malformed")                            \
    X(TCB_INFO_FORMAT, FORMAT, 0x10, "collateral", "the TCB info is malformed")                                     \
    X(TCB_INFO_SIGNATURE_FORMAT, FORMAT, 0x11, "collateral", "the TCB info signature is not 128 hex digits")        \
    X(QE_IDENTITY_FORMAT, FORMAT, 0x12, "collateral", "the QE identity is malformed")                               \
    X(QE_IDENTITY_SIGNATURE_FORMAT, FORMAT, 0x13, "collateral", "the QE identity signature is not 128 hex digits")  \
    X(JSON, FORMAT, 0x14, "parse", "the JSON text is malformed")                                                    \
    X(JSON_DEPTH, FORMAT, 0x15, "parse", "the JSON text is nested too deeply")                                      \
    X(JSON_DUPLICATE_KEY, FORMAT, 0x16, "parse", "a JSON object has a key twice")                                   \
    X(POLICY_FORMAT, FORMAT, 0x17, "policy", "the policy is malformed")                                             \
    X(EVENT_LOG_FORMAT, FORMAT, 0x18, "eventlog", "the event log is malformed")                                     \
    X(ENVELOPE_FORMAT, FORMAT, 0x1a, "parse", "the evidence envelope is malformed")                                 \
    X(TYPED_DATA_FORMAT, FORMAT, 0x1d, "receipt", "the typed data are not those of EIP-712")                        \
    X(SIGNATURE_FORMAT, FORMAT, 0x1e, "receipt", "the signature file is malformed")                                 \
    X(TRANSACTION_FORMAT, FORMAT, 0x1f, "parse", "the transaction is malformed")                                    \
    X(RECEIPT_FORMAT, FORMAT, 0x24, "receipt", "the receipt is malformed")                                          \
    X(BUNDLE_FORMAT, FORMAT, 0x25, "receipt", "the bundle is malformed")                                            \
    X(ABI_FORMAT, FORMAT, 0x20, "parse", "contract data are not of their ABI type")                                  \
    X(REGISTRATION_FORMAT, FORMAT, 0x21, "parse", "the registration file is malformed")                              \
    X(REQUEST_FORMAT, FORMAT, 0x22, "parse", "the validation request file is malformed")                             \
    X(KEYSTORE_FORMAT, FORMAT, 0x23, "parse", "the keystore file is malformed")                                      \
    X(BATCH_FORMAT, FORMAT, 0x26, "parse", "the line of the batch is malformed")                                    \
    X(BINDING_FORMAT, FORMAT, 0x1b, "binding", "the binding is not fifteen ABI words of its types")                 \
    X(KMS_CHAIN_FORMAT, FORMAT, 0x1c, "binding", "the key's signature chain is malformed")                          \
    X(TRUST_ROOT_FORMAT, FORMAT, 0x19, "chain", "the trust root is not a root certificate of the profile")          \
    X(ROOT_UNTRUSTED, TRUST, 0x01, "chain", "the root certificate is not one that is trusted")                      \
    X(INTERMEDIATE_CA, TRUST, 0x02, "chain", "the intermediate certificate may not issue PCK certificates")         \
    X(INTERMEDIATE_CA_EXTENSIONS, TRUST, 0x03, "chain", "the intermediate certificate lacks an extension")          \
    X(INTERMEDIATE_CA_NAME, TRUST, 0x04, "chain", "the intermediate certificate is not a PCK CA by name")           \
    X(INTERMEDIATE_CA_REVOKED, TRUST, 0x05, "chain", "the intermediate certificate is revoked")                     \
    X(PCK_CERT, TRUST, 0x06, "chain", "the PCK certificate is not an end-entity certificate of the profile")        \
    X(PCK_CERT_NAME, TRUST, 0x07, "chain", "the leaf is not a PCK certificate by name")                             \
    X(PCK_CERT_ISSUER, TRUST, 0x08, "chain", "the PCK certificate names another issuer")                            \
    X(PCK_CERT_SIGNATURE, TRUST, 0x09, "chain", "the PCK certificate's signature does not verify")                  \
    X(PCK_CERT_MISMATCH, TRUST, 0x0a, "chain", "the quote names another PCK certificate")                           \
    X(PCK_REVOKED, TRUST, 0x0b, "chain", "the PCK certificate is revoked")                                          \
    X(CRL_ISSUER, TRUST, 0x0c, "collateral", "the revocation list is of another issuer")                            \
    X(CRL_SIGNATURE, TRUST, 0x0d, "collateral", "the revocation list's signature does not verify")                  \
    X(CRL_EXTENSIONS, TRUST, 0x0e, "collateral", "the revocation list lacks an extension or has a strange one")     \
    X(TCB_SIGNING_CERT, TRUST, 0x0f, "collateral", "the TCB signing certificate does not fit its role")             \
    X(TCB_SIGNING_CERT_REVOKED, TRUST, 0x10, "collateral", "the TCB signing certificate is revoked")                \
    X(TCB_INFO_SIGNATURE, TRUST, 0x11, "collateral", "the TCB info's signature does not verify")                    \
    X(TCB_INFO_MISMATCH, TRUST, 0x12, "collateral", "the TCB info is for another platform or TEE")                  \
    X(QE_IDENTITY_SIGNATURE, TRUST, 0x13, "collateral", "the QE identity's signature does not verify")              \
    X(QE_IDENTITY_MISMATCH, TRUST, 0x14, "quote", "the quoting enclave is not the one Intel names")                 \
    X(QE_REPORT_SIGNATURE, TRUST, 0x15, "quote", "the QE report's signature does not verify")                       \
    X(QE_REPORT_DATA, TRUST, 0x16, "quote", "the QE report does not vouch for the attestation key")                 \
    X(QE_DEBUG, TRUST, 0x17, "quote", "the quoting enclave runs in debug mode")                                     \
    X(ATTESTATION_KEY, TRUST, 0x18, "quote", "the attestation key is not a point of the curve")                     \
    X(QUOTE_SIGNATURE, TRUST, 0x19, "quote", "the quote's signature does not verify")                               \
    X(TDX_MODULE_MISMATCH, TRUST, 0x1a, "tcb", "the TDX module is not one that the TCB info names")                 \
    X(TCB_NOT_SUPPORTED, TRUST, 0x1b, "tcb", "the platform is below every TCB level")                               \
    X(TCB_REVOKED, TRUST, 0x1c, "tcb", "the platform's TCB level is revoked")                                       \
    X(EVENT_DIGEST, TRUST, 0x1d, "eventlog", "an event's digest is not the digest of its content")                  \
    X(RTMR_MISMATCH, TRUST, 0x1e, "eventlog", "the event log does not replay to RTMR0, RTMR1 or RTMR2")             \
    X(RTMR3_MISMATCH, TRUST, 0x1f, "eventlog", "the event log does not replay to RTMR3")                            \
    X(BINDING_TYPE, TRUST, 0x20, "binding", "the binding is of another type")                                       \
    X(BINDING_STAGE, TRUST, 0x21, "binding", "the binding breaks the rules of its stage")                           \
    X(BINDING_REPORT_DATA, TRUST, 0x22, "binding", "the quote's report data is not that of the binding")            \
    X(BINDING_KEY, TRUST, 0x23, "binding", "the bound key is not the one that the report data names")               \
    X(POSSESSION_SIGNATURE, TRUST, 0x24, "binding", "the bound key did not sign the binding")                       \
    X(ENDORSEMENT_SIGNATURE, TRUST, 0x25, "binding", "the identity key did not sign the binding")                   \
    X(KMS_CHAIN, TRUST, 0x26, "binding", "the identity key's signature chain does not lead to the application")     \
    X(APP_COMPOSE, TRUST, 0x27, "eventlog", "the compose file is not the one that was measured")                    \
    X(MESSAGE_SIGNATURE, TRUST, 0x28, "receipt", "the bound key did not sign the message")                          \
    X(ENVELOPE_HASH, TRUST, 0x29, "receipt", "the signature names another envelope")                                \
    X(CONTENT_HASH, TRUST, 0x2e, "parse", "the bytes do not have the hash that names them")                         \
    X(RECEIPT_SIGNATURE, TRUST, 0x2a, "receipt", "the session key did not sign the receipt")                        \
    X(RECEIPT_SEQUENCE, TRUST, 0x2b, "receipt", "a receipt is missing, doubled or out of order")                    \
    X(RECEIPT_PREVIOUS, TRUST, 0x2c, "receipt", "the receipt does not follow from the one before it")               \
    X(RECEIPT_CONTENT, TRUST, 0x2d, "receipt", "the content is not what the receipt names")                         \
    X(HANDOVER_SIGNATURE, TRUST, 0x2f, "receipt", "one of the two keys did not sign the handover")                  \
    X(ROOT_EXPIRED, TRUST, 0x40, "chain", "the root certificate has expired")                                       \
    X(ROOT_NOT_YET_VALID, TRUST, 0x41, "chain", "the root certificate is not valid yet")                            \
    X(PCK_CHAIN_EXPIRED, TRUST, 0x42, "chain", "the intermediate certificate has expired")                          \
    X(PCK_CHAIN_NOT_YET_VALID, TRUST, 0x43, "chain", "the intermediate certificate is not valid yet")               \
    X(PCK_CERT_EXPIRED, TRUST, 0x44, "chain", "the PCK certificate has expired")                                    \
    X(PCK_CERT_NOT_YET_VALID, TRUST, 0x45, "chain", "the PCK certificate is not valid yet")                         \
    X(CRL_EXPIRED, TRUST, 0x46, "collateral", "a revocation list has expired")                                      \
    X(CRL_NOT_YET_VALID, TRUST, 0x47, "collateral", "a revocation list is not valid yet")                           \
    X(TCB_SIGNING_CERT_EXPIRED, TRUST, 0x48, "collateral", "the TCB signing certificate has expired")               \
    X(TCB_SIGNING_CERT_NOT_YET_VALID, TRUST, 0x49, "collateral", "the TCB signing certificate is not valid yet")    \
    X(TCB_INFO_EXPIRED, TRUST, 0x4a, "collateral", "the TCB info has expired")                                      \
    X(TCB_INFO_NOT_YET_VALID, TRUST, 0x4b, "collateral", "the TCB info is not valid yet")                           \
    X(QE_IDENTITY_EXPIRED, TRUST, 0x4c, "collateral", "the QE identity has expired")                                \
    X(QE_IDENTITY_NOT_YET_VALID, TRUST, 0x4d, "collateral", "the QE identity is not valid yet")                     \
    X(ANCHOR, TRUST, 0x80, "policy", "the policy does not accept this kind of trust anchor")                        \
    X(TCB_STATUS, TRUST, 0x81, "policy", "the policy does not accept this TCB status")                              \
    X(ADVISORY, TRUST, 0x82, "policy", "a security advisory that the policy does not accept applies")               \
    X(EVAL_NUMBER, TRUST, 0x83, "policy", "the TCB evaluation data number is below the policy's minimum")           \
    X(TCB_DATE, TRUST, 0x84, "policy", "the TCB level is older than the policy's minimum date")                     \
    X(COLLATERAL_GRACE, TRUST, 0x85, "policy", "the collateral expired longer ago than the policy's grace")         \
    X(PLATFORM_GRACE, TRUST, 0x86, "policy", "the platform has been out of date for longer than the grace")         \
    X(SGX_DEBUG, TRUST, 0x87, "policy", "the enclave runs in debug mode")                                           \
    X(SGX_ATTRIBUTES, TRUST, 0x88, "policy", "the enclave's attributes are not acceptable")                         \
    X(TD_DEBUG, TRUST, 0x89, "policy", "the trust domain runs under debug")                                         \
    X(TD_ATTRIBUTES_RESERVED, TRUST, 0x8a, "policy", "the trust domain has reserved attribute bits set")            \
    X(TD_ATTRIBUTES, TRUST, 0x8b, "policy", "the trust domain's attributes are not acceptable")                     \
    X(SEPT_VE_DISABLE, TRUST, 0x8c, "policy", "the trust domain leaves SEPT_VE_DISABLE off")                        \
    X(SERVICE_TD, TRUST, 0x8d, "policy", "a service TD that the policy does not name is bound")                     \
    X(XFAM, TRUST, 0x8e, "policy", "the extended features are not acceptable")                                      \
    X(MEASUREMENT, TRUST, 0x8f, "policy", "a measurement is not in the policy's list")                              \
    X(REPORT_DATA, TRUST, 0x90, "policy", "the report data is not the expected one")                                \
    X(MIN_SVN, TRUST, 0x91, "policy", "a security version is below the policy's minimum")                           \
    X(PLATFORM, TRUST, 0x92, "policy", "the platform is not in the policy's allow-list")                            \
    X(BINDING_CHAIN, TRUST, 0x93, "binding", "the binding is for another chain")                                    \
    X(BINDING_REGISTRY, TRUST, 0x94, "binding", "the binding is for another identity registry")                     \
    X(BINDING_AGENT, TRUST, 0x95, "binding", "the binding is for another agent")                                    \
    X(BINDING_IDENTITY, TRUST, 0x96, "binding", "the identity key is not the expected one")                         \
    X(BINDING_NONCE, TRUST, 0x97, "binding", "the nonce is not the expected one")                                   \
    X(BINDING_EXPIRED, TRUST, 0x98, "binding", "the binding is outside its time")                                   \
    X(APP_ID, TRUST, 0x99, "eventlog", "the application id is not in the policy's list")                            \
    X(COMPOSE_HASH, TRUST, 0x9a, "eventlog", "the compose hash is not in the policy's list")                        \
    X(OS_IMAGE_HASH, TRUST, 0x9b, "eventlog", "the OS image hash is not in the policy's list")                      \
    X(INSTANCE_ID, TRUST, 0x9c, "eventlog", "the instance id is not in the policy's list")                          \
    X(KEY_PROVIDER, TRUST, 0x9d, "eventlog", "the key provider is not in the policy's list")                        \
    X(KMS_ROOT, TRUST, 0x9e, "binding", "the KMS root is not in the policy's list")                                 \
    X(RECEIPT_HEAD, TRUST, 0xa0, "receipt", "the receipts do not lead to the head that was anchored")               \
    X(BINDING_SUBJECT, TRUST, 0x9f, "binding", "the binding answers another request")                               \
    X(BINDING_URI, TRUST, 0xa3, "binding", "the binding is for another registration file")                          \
    X(BINDING_TLS, TRUST, 0xa4, "binding", "the binding is for another TLS key")                                    \
    X(COLLATERAL_ROLLBACK, TRUST, 0xa2, "collateral", "the collateral is older than what was seen before")          \
    X(COLLATERAL_MISSING, ENV, 0x01, "environment", "no collateral was given")                                      \
    X(PCK_CHAIN_MISSING, ENV, 0x02, "environment", "neither quote nor collateral holds the PCK chain")              \
    X(FILE_IO, ENV, 0x03, "environment", "a file could not be read or written")                                     \
    X(NOT_AVAILABLE, ENV, 0x04, "environment", "this build or machine cannot do that")                              \
    X(PROVIDER_MISSING, ENV, 0x05, "environment", "the TEE provider is not installed")                              \
    X(PROVIDER, ENV, 0x06, "environment", "the TEE provider breaks the provider protocol")                          \
    X(TEE_UNAVAILABLE, ENV, 0x07, "environment", "this machine is not in that TEE")                                 \
    X(NETWORK, ENV, 0x08, "environment", "a server could not be reached")                                           \
    X(TIMEOUT, ENV, 0x09, "environment", "no answer came in time")                                                  \
    X(GUEST_AGENT, ENV, 0x0a, "environment", "the server's answer was an error or made no sense")                   \
    X(NODE, ENV, 0x0b, "environment", "the node's answer was an error or made no sense")                             \
    X(CHAIN_ID, ENV, 0x0c, "environment", "the node is of another chain")                                            \
    X(REGISTRY, ENV, 0x0d, "environment", "the contract at this address is not the registry that it should be")      \
    X(REVERTED, ENV, 0x0e, "environment", "the contract refused the call")                                           \
    X(FUNDS, ENV, 0x0f, "environment", "the account lacks the funds")                                                \
    X(ADDRESS_REFUSED, ENV, 0x10, "environment", "the URL leads to an address that is not allowed")                  \
    X(NONCE_TAKEN, ENV, 0x11, "environment", "something else sent a transaction with this account")                  \
    X(UNCONFIRMED, ENV, 0x12, "environment", "the transaction was sent and is not confirmed yet")                    \
    X(STORE, ENV, 0x13, "environment", "the store could not be read or written")                                     \
    X(LOCKED, ENV, 0x14, "environment", "another process holds what this one needs")                                 \
    X(PASSPHRASE, ENV, 0x15, "environment", "the passphrase is not that of the keystore")                            \
    X(REORGANISED, ENV, 0x16, "environment", "the chain was reorganised while it was read")                          \
    X(FEE_LIMIT, ENV, 0x17, "environment", "the chain asks a higher fee than the caller allows")                     \
    X(NOT_FOUND, ENV, 0x18, "environment", "the chain has no such agent, request or feedback")                       \
    X(MEMORY, INTERNAL, 0x01, "environment", "out of memory")                                                       \
    X(CRYPTO, INTERNAL, 0x02, "environment", "the cryptographic library failed")                                    \
    X(LIMIT, INTERNAL, 0x03, "environment", "an internal limit was reached")                                        \
    X(INTERNAL, INTERNAL, 0x04, "environment", "an internal invariant is broken")

typedef enum chaos_status {
    CHAOS_OK = 0,
#define CHAOS_STATUS_ENUM(name, class_, number, stage, text) CHAOS_E_##name = (CHAOS_CLASS_##class_ << 8) | (number),
    CHAOS_STATUS_LIST(CHAOS_STATUS_ENUM)
#undef CHAOS_STATUS_ENUM
} chaos_status;

/* All four are total (any value gets an answer), static and thread-safe.
 * name: "TCB_INFO_EXPIRED", as in the verdict's error.code; "OK"; "UNKNOWN" for a number that is no status. */
CHAOS_API const char *chaos_status_name(chaos_status status);
CHAOS_API const char *chaos_status_text(chaos_status status);
CHAOS_API const char *chaos_status_stage(chaos_status status);
CHAOS_API chaos_class chaos_status_class(chaos_status status);

#define CHAOS_NO_OFFSET SIZE_MAX

/* What went wrong, where, what was expected and what came. The caller owns it; it holds no pointer to be freed.
 * Texts from untrusted input are escaped to printable ASCII and cut to fit. */
typedef struct chaos_error {
    chaos_status status;
    const char *field; /* static: the specification's name of the field; NULL if there is none */
    size_t offset;     /* into the input that was read, or CHAOS_NO_OFFSET */
    char expected[100];
    char found[100];
    char text[200];    /* one sentence */
} chaos_error;

#ifdef __cplusplus
}
#endif
#endif
