/* wire.h - messages of others and of ours, read from untrusted bytes into structs with slices into those bytes, and
 * written back. Names, order and sizes are those of the specifications. No meaning is judged here. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <chaoschain/check.h>
#include <chaoschain/evidence.h>
#include <chaoschain/verify.h>

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

/* ----------------------------------------------------------- DCAP quote ---- */

#define QUOTE_HEADER_SIZE 48
#define SGX_REPORT_SIZE 384
#define TD_REPORT_10_SIZE 584
#define TD_REPORT_15_SIZE 648
#define TD_REPORT_15EX_SIZE 885
#define TEE_TYPE_SGX 0x00000000u
#define TEE_TYPE_TDX 0x00000081u

typedef enum quote_body_type { /* numbers of the v5 body descriptor */
    BODY_SGX = 1, BODY_TD_10 = 2, BODY_TD_15 = 3, BODY_TD_15EX = 4
} quote_body_type;

enum { /* certification data types */
    CERT_PPID_CLEAR = 1, CERT_PPID_RSA2048 = 2, CERT_PPID_RSA3072 = 3, CERT_PCK_LEAF = 4, CERT_PCK_CHAIN = 5,
    CERT_QE_REPORT = 6
};

/* One field of a fixed-size table: name of the specification, offset, size, how to show it. */
typedef enum field_kind { FIELD_HEX, FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64 } field_kind;
typedef struct wire_field {
    const char *name;
    uint16_t offset, size;
    field_kind kind;
} wire_field;
typedef struct wire_table {
    const wire_field *fields;
    size_t count;
    size_t size; /* of the whole struct */
} wire_table;

extern const wire_table quote_header_table;                 /* 48 bytes */
const wire_table *quote_body_table(quote_body_type type);   /* never NULL for the four types */
const wire_table *sgx_report_table(void);                   /* also the QE report */
/* The field's bytes inside `bytes` (exactly table->size long); false if there is no such field. */
bool wire_field_get(const wire_table *table, chaos_slice bytes, const char *name, chaos_slice *value);

typedef struct dcap_quote {
    uint16_t version;
    chaos_tee_kind tee;
    quote_body_type body_type;
    chaos_slice header;       /* 48 bytes, see quote_header_table */
    chaos_slice body;         /* see quote_body_table */
    chaos_slice signed_bytes; /* exactly what the quote signature covers */
    p256_signature signature;
    p256_key attestation_key;
    chaos_slice qe_report;    /* 384 bytes, see sgx_report_table */
    p256_signature qe_report_signature;
    chaos_slice qe_auth_data;
    uint16_t cert_data_type;  /* 1..5 */
    chaos_slice cert_data;
    size_t consumed;          /* length of the quote proper */
    size_t trailing;          /* zero bytes after it */
} dcap_quote;

/* False with *why. The structs' slices point into `raw`. */
CHAOS_MUST_USE bool dcap_quote_read(chaos_slice raw, dcap_quote *out, fault *why);
/* Writes the quote from its fields (header and body as they are; lengths are computed). Trailing bytes are
 * not written. */
CHAOS_MUST_USE bool dcap_quote_write(const dcap_quote *quote, chaos_buffer *out);

/* Certification data types 1-3: which PCK certificate is meant. */
typedef struct pck_reference {
    chaos_slice ppid; /* 16 bytes for type 1; encrypted (256 or 384) for 2 and 3 */
    chaos_slice cpu_svn;
    uint16_t pce_svn;
    uint16_t pce_id; /* little-endian in the quote */
} pck_reference;
CHAOS_MUST_USE bool pck_reference_read(uint16_t type, chaos_slice data, pck_reference *out, fault *why);

/* ------------------------------------------- PCK certificate's extension ---- */

typedef struct pck_extension { /* 1.2.840.113741.1.13.1 */
    uint8_t ppid[16];
    uint8_t components[16]; /* TCB component SVNs 1..16 */
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    uint8_t sgx_type;       /* 0 Standard, 1 Scalable, 2 Scalable with integrity */
    bool has_platform_instance_id, has_configuration;
    uint8_t platform_instance_id[16];
    bool dynamic_platform, cached_keys, smt_enabled;
} pck_extension;
/* False with *why (PCK_EXTENSION). Components must equal CPUSVN. */
CHAOS_MUST_USE bool pck_extension_read(chaos_slice contents, pck_extension *out, fault *why);

/* ----------------------------------------------------------- collateral ---- */

typedef struct collateral_parts { /* of the interchange JSON, escapes undone; nothing is interpreted */
    chaos_slice pck_crl_issuer_chain;     /* PEM */
    chaos_slice root_ca_crl;              /* as given: hex digits of DER, PEM, or DER */
    chaos_slice pck_crl;
    chaos_slice tcb_info_issuer_chain;    /* PEM */
    chaos_slice tcb_info;                 /* raw inner JSON, exactly the signed bytes */
    chaos_slice tcb_info_signature;       /* hex digits */
    chaos_slice qe_identity_issuer_chain; /* PEM */
    chaos_slice qe_identity;
    chaos_slice qe_identity_signature;
    chaos_slice pck_certificate_chain;    /* PEM; empty when absent */
} collateral_parts;

/* False with *why. Decoded strings go into `storage` (which must outlive `out`; reserve json.size at once). */
CHAOS_MUST_USE bool collateral_read(chaos_slice json_text, chaos_buffer *storage, collateral_parts *out, fault *why);
CHAOS_MUST_USE bool collateral_write(const collateral_parts *parts, chaos_buffer *out);
/* A CRL as it may stand in collateral (hex DER, PEM "X509 CRL", raw DER) to DER, appended to `storage`. */
CHAOS_MUST_USE bool collateral_crl_der(chaos_slice text, chaos_buffer *storage, chaos_slice *der, fault *why);

/* ---------------------------------------------------- Intel PCS and PCCS ---- */

/* One answer of the provisioning certification service, or of a caching service that speaks like it (PCCS). */
typedef struct pcs_answer {
    chaos_slice body;
    chaos_slice issuer_chain; /* value of the header that pcs_chain_header names: PEM with %XX */
} pcs_answer;

typedef struct pcs_answers {
    pcs_answer tcb_info;        /* {"tcbInfo":{...},"signature":"..."} */
    pcs_answer qe_identity;     /* {"enclaveIdentity":{...},"signature":"..."} */
    pcs_answer pck_crl;         /* PEM, DER, or hex digits of DER */
    chaos_slice root_ca_crl;    /* the same; PCS gives DER, PCCS hex */
    pcs_answer pck_certificate; /* PEM of the leaf; an empty body when it was not asked for */
} pcs_answers;

typedef enum pcs_call { PCS_TCB_INFO, PCS_QE_IDENTITY, PCS_PCK_CRL, PCS_PCK_CERTIFICATE } pcs_call;
/* The header with the issuer chain; names are compared without regard to case. Version 3 or 4 of the service. */
const char *pcs_chain_header(pcs_call call, unsigned version);

/* Undoes %XX and nothing else ('+' is base64's own); only what PEM is made of may come out. Appended to `storage`. */
CHAOS_MUST_USE bool pcs_chain_read(chaos_slice header, chaos_buffer *storage, chaos_slice *pem, fault *why);
/* The signed object, byte for byte, and the digits of its signature. `member`: "tcbInfo" or "enclaveIdentity". */
CHAOS_MUST_USE bool pcs_signed_read(chaos_slice body, const char *member, chaos_slice *object, chaos_slice *signature,
                                    fault *why);
/* The parts of the interchange form: lists as hex digits, everything else as it came. Nothing is verified. What is not
 * a slice of the answers goes into `storage`, which is grown once. COLLATERAL_FORMAT or a status of the part. */
CHAOS_MUST_USE bool pcs_to_collateral(const pcs_answers *answers, chaos_buffer *storage, collateral_parts *out,
                                      fault *why);

/* ------------------------------------------------------- signed statements ---- */

#define MAX_TCB_LEVELS 64
#define MAX_MODULE_IDENTITIES 16
#define MAX_IDENTITY_LEVELS 64
#define MAX_ADVISORIES 64 /* per level */

typedef struct tcb_level {
    uint8_t sgx[16];
    uint16_t pce_svn;
    uint8_t tdx[16];        /* zero for SGX */
    chaos_tcb_status status;
    int64_t tcb_date;
    chaos_slice advisories; /* JSON text of the checked array; empty when absent */
} tcb_level;

typedef struct svn_level { /* of a TDX module identity or an enclave identity */
    uint16_t isv_svn;
    chaos_tcb_status status; /* UpToDate, OutOfDate, Revoked */
    int64_t tcb_date;
    chaos_slice advisories;
} svn_level;

typedef struct module_identity {
    uint8_t version;        /* "TDX_01" -> 1; letters of either case */
    uint8_t mr_signer[48], attributes[8], attributes_mask[8];
    size_t level_begin, level_count; /* into tcb_info.module_levels */
} module_identity;

typedef struct tcb_info {
    chaos_tee_kind tee;     /* id; version 2 has none and means SGX */
    unsigned version;       /* 2 or 3 */
    int64_t issue_date, next_update;
    uint8_t fmspc[6], pce_id[2];
    uint32_t evaluation_number;
    bool has_module;
    uint8_t module_mr_signer[48], module_attributes[8], module_attributes_mask[8];
    size_t identity_count, module_level_count, level_count; /* what lies beyond them in the tables means nothing */
    module_identity identities[MAX_MODULE_IDENTITIES];
    svn_level module_levels[MAX_MODULE_IDENTITIES * 16];
    tcb_level levels[MAX_TCB_LEVELS]; /* descending by (sgx, pce_svn, tdx); no two equal */
} tcb_info;

typedef enum identity_id { IDENTITY_QE = 1, IDENTITY_TD_QE, IDENTITY_QVE, IDENTITY_QAE } identity_id;
typedef struct enclave_identity {
    identity_id id;
    unsigned version;       /* 1 or 2; other numbers are refused while reading */
    int64_t issue_date, next_update;
    uint32_t evaluation_number;
    uint8_t misc_select[4], misc_select_mask[4], attributes[16], attributes_mask[16], mr_signer[32];
    uint16_t isv_prod_id;
    size_t level_count;     /* what lies beyond means nothing */
    svn_level levels[MAX_IDENTITY_LEVELS]; /* descending by isv_svn; no two equal */
} enclave_identity;

/* Both read the *inner* JSON, after its signature was checked. False with *why (TCB_INFO_FORMAT or
 * QE_IDENTITY_FORMAT,
 * or the JSON statuses). Slices point into `text`. */
CHAOS_MUST_USE bool tcb_info_read(chaos_slice text, tcb_info *out, fault *why);
CHAOS_MUST_USE bool enclave_identity_read(chaos_slice text, enclave_identity *out, fault *why);
/* The next advisory id of a level's checked array; *cursor starts as the array. False when there is none left. */
bool advisory_next(chaos_slice *cursor, chaos_slice *id);
/* CHAOS_TCB_UNKNOWN if it is none of the seven names of a platform level. */
chaos_tcb_status tcb_status_from_text(chaos_slice text);

/* ------------------------------------------------------------ event log ---- */

#define MAX_EVENTS 4096
#define MAX_EVENT_NAME 256
#define EVENT_TYPE_RUNTIME 0x08000001u /* dstack: RTMR3 events with name and payload */

typedef struct log_event {
    uint8_t imr;             /* 0..3 */
    uint32_t event_type;
    bool has_digest;         /* false: stripped; only a runtime event can do without */
    uint8_t digest[SHA384_SIZE];
    chaos_slice name;        /* UTF-8 */
    chaos_slice payload_hex; /* checked hex digits */
    unsigned version;        /* 1 or 2: how a runtime event's digest is made */
} log_event;

typedef struct event_reader {
    json j;
    size_t count;
    chaos_buffer *storage;
} event_reader;
/* Begin, then event_log_next until it is false, then look at event_log_fault (CHAOS_OK: the log ended well). */
void event_log_begin(event_reader *events, chaos_slice text, chaos_buffer *storage);
bool event_log_next(event_reader *events, log_event *event);
const fault *event_log_fault(const event_reader *events);
/* What a runtime event may be called: 1 to 256 bytes without colon and control characters. */
CHAOS_MUST_USE bool event_name_is_good(chaos_slice name);
/* The digest that a runtime event of this content has. False: out of memory. */
CHAOS_MUST_USE bool event_digest(const log_event *event, uint8_t out[SHA384_SIZE]);
/* Appends one event's JSON object; the caller writes the brackets and commas. */
CHAOS_MUST_USE bool event_log_write(const log_event *event, chaos_buffer *out);

/* -------------------------------------------------------------- binding ---- */

/* keccak("chaoschain/binding/1"), the first word of every binding. */
extern const chaos_keccak binding_type;
/* Exactly CHAOS_BINDING_SIZE bytes; every word within its type (addresses and small integers padded with zeros), else
 * BINDING_FORMAT with the field's name and offset. *type gets the first word as it is. */
CHAOS_MUST_USE bool binding_read(chaos_slice words, chaos_binding *out, chaos_keccak *type, fault *why);

/* ------------------------------------------------------------- envelope ---- */

typedef enum envelope_part { /* media types application/vnd.chaoschain.NAME, in order of NAME */
    PART_DSTACK_APP_COMPOSE, PART_DSTACK_ATTESTATION, PART_DSTACK_EVENT_LOG, PART_DSTACK_KMS_CHAIN,
    PART_DSTACK_VM_CONFIG,
    PART_NITRO_DOCUMENT, PART_SGX_QUOTE, PART_SNP_CERTIFICATES, PART_SNP_REPORT, PART_TDX_QUOTE, PART_X509_CHAIN,
    ENVELOPE_PART_COUNT
} envelope_part;
extern const char *const envelope_part_names[ENVELOPE_PART_COUNT]; /* "dstack-app-compose", ... */

#define MAX_PROVIDER_NAME 32
typedef struct envelope {
    chaos_slice provider;                     /* [a-z0-9-]{1,31} */
    chaos_slice parts[ENVELOPE_PART_COUNT];   /* decoded bytes; data NULL: absent */
    uint8_t binding[CHAOS_BINDING_SIZE];
    chaos_signature65 possession, endorsement;
    bool has_endorsement;
    chaos_slice collateral;                   /* text; data NULL: null */
} envelope;
/* Decoded strings go into `storage` (reserve json.size at once). False with *why: ENVELOPE_FORMAT or a JSON status.
 * Each part once and sorted, unknown keys and names refused, all members present. */
CHAOS_MUST_USE bool envelope_read(chaos_slice json_text, chaos_buffer *storage, envelope *out, fault *why);
CHAOS_MUST_USE bool envelope_write(const envelope *e, chaos_buffer *out); /* RFC 8785 */

/* The part dstack-kms-chain: JSON {"algorithm":"secp256k1","path":"...","purpose":"...",
 * "signature_chain":["hex","hex"]}: two links r, s, v of 65 bytes with v 0..3. The second may be "" (no KMS).
 * Unknown keys are refused. */
typedef struct kms_chain {
    chaos_slice path, purpose; /* plain strings, at most 256 bytes */
    uint8_t key_link[65];      /* application root key over "PURPOSE:hex of the compressed key" */
    bool has_root_link;
    /* KMS root key over "dstack-kms-issued:" || app_id || compressed application root key */
    uint8_t root_link[65];
} kms_chain;
CHAOS_MUST_USE bool kms_chain_read(chaos_slice json_text, kms_chain *out, fault *why);
CHAOS_MUST_USE bool kms_chain_write(const kms_chain *chain, chaos_buffer *out);

/* ------------------------------------------------------- values of Solidity's types ---- */

typedef enum elementary_kind {
    ELEMENTARY_NONE, ELEMENTARY_UINT, ELEMENTARY_INT, ELEMENTARY_BOOL, ELEMENTARY_ADDRESS, ELEMENTARY_FIXED_BYTES,
    ELEMENTARY_BYTES, ELEMENTARY_STRING
} elementary_kind;
typedef struct elementary {
    elementary_kind kind;
    unsigned size; /* bits of a number, bytes of bytesN */
} elementary;

/* "uint256", "bytes4", ...; kind NONE for anything else, also for "uint" and "int", which are short names of the
 * Solidity compiler's. */
elementary elementary_of(chaos_slice type);
/* Is it, or does it look like, the name of an elementary type ("uint7", "bytes33", "fixed", "function")? No struct may
 * be called so. */
bool elementary_is_reserved(chaos_slice name);
/* "T[3]" or "T[]": the element's type and how many (0: any number). False: no array; *wrong: brackets that are none. */
bool type_is_array(chaos_slice type, chaos_slice *element, size_t *count, bool *wrong);
#define MAX_ARRAY_ELEMENTS 8192 /* of one array, in a type and in a value */

/* Text as a value; NULL, or the reason why it is none. Numbers: decimal digits without a leading zero, or 0x and at
 * most 64 hex digits; "-" only before decimal ones. */
const char *number_from_text(chaos_slice text, const elementary *type, uint8_t word[ABI_WORD]);
const char *address_from_text(chaos_slice text, chaos_address *address);
/* 0x and an even number of hex digits; the bytes are appended. */
const char *bytes_from_text(chaos_slice text, chaos_buffer *out);
#define NUMBER_TEXT_SIZE 80 /* with NUL */
/* Decimal, as number_from_text takes it. */
const char *number_to_text(const uint8_t word[ABI_WORD], bool is_signed, char text[NUMBER_TEXT_SIZE]);

/* The next JSON value as a word of its type, or (bytes, string) as bytes appended to `out`. A JSON number stays below
 * 2^53, where every reader has it exactly; larger ones are strings. A fault is latched in the reader. */
void json_word(json *j, const char *field, const elementary *type, uint8_t word[ABI_WORD]);
void json_dynamic(json *j, const char *field, elementary_kind kind, chaos_buffer *out);

/* ---------------------------------------------------- messages and signatures ---- */

/* EIP-191, version 0x45: keccak("\x19Ethereum Signed Message:\n" || decimal length || message). False: out of
 * memory. */
CHAOS_MUST_USE bool eip191_digest(chaos_slice message, chaos_keccak *out);
/* EIP-712 from the JSON of eth_signTypedData_v4; what is refused and why: docs/signatures.md. False with *why:
 * TYPED_DATA_FORMAT, a JSON status, or MEMORY; the offset is that in the text. *domain_name (may be NULL) gets the
 * domain's name as it stands in the text, empty when it has none. typed_data.c */
CHAOS_MUST_USE bool typed_data_digest(chaos_slice json_text, chaos_keccak *out, chaos_slice *domain_name, fault *why);

struct chaos_signature {
    chaos_digest_kind kind;
    chaos_keccak digest;
    chaos_signature65 bytes;
    chaos_evidence *evidence; /* shared; an envelope */
    char provider[MAX_PROVIDER_NAME]; /* the envelope's, with NUL */
    _Atomic int verified;     /* chaos_verified: only chaos_signature_verify writes it */
};
/* Takes a share of the evidence, which must be an envelope. */
CHAOS_MUST_USE chaos_status signature_new(chaos_digest_kind kind, const chaos_keccak *digest,
                                           const chaos_signature65 *bytes, const chaos_evidence *evidence,
                                           chaos_signature **signature, chaos_error *err);
/* The digest of a message of this kind. */
CHAOS_MUST_USE chaos_status message_digest(chaos_digest_kind kind, chaos_slice message, chaos_keccak *digest,
                                           chaos_error *err);

/* ------------------------------------------------ receipts and bundles ---- */

/* EIP-712: hashStruct of the domain {"ChaosChain TEE", "1", chain, registry}. */
chaos_keccak domain_separator(const chaos_u256 *chain_id, const chaos_address *registry);
/* chaos_action_digest with the domain at hand. */
chaos_keccak action_digest_in(const chaos_keccak *separator, const chaos_action *action);
/* The object {"action","signature"} at the reader's cursor; a fault is the reader's. */
void receipt_read(json *j, const chaos_u256 *chain_id, chaos_receipt *out);
void receipt_write(json_writer *w, const char *key, const chaos_receipt *receipt);

typedef struct bundle_header {
    chaos_u256 chain_id;
    chaos_address agent_registry;
    chaos_u256 agent_id;
} bundle_header;

typedef enum bundle_kind {
    BUNDLE_HEADER = 1, BUNDLE_COLLATERAL, BUNDLE_ENVELOPE, BUNDLE_RECEIPT, BUNDLE_CONTENT
} bundle_kind;

typedef struct bundle_line { /* what the kind says is filled; slices into the line or the storage */
    bundle_kind kind;
    bundle_header header;
    chaos_slice collateral; /* decoded */
    chaos_slice envelope;   /* as it stands in the line; not parsed */
    chaos_receipt receipt;
    chaos_keccak content_hash; /* as the line says it */
    chaos_slice content;    /* decoded; may be empty */
} bundle_line;
/* `chain_id` is the header's. False with *why: BUNDLE_FORMAT, RECEIPT_FORMAT or a JSON status. */
CHAOS_MUST_USE bool bundle_line_read(chaos_slice text, const chaos_u256 *chain_id, chaos_buffer *storage,
                                     bundle_line *out, fault *why);

typedef struct bundle_reader {
    const chaos_bundle_source *source;
    chaos_buffer bytes;   /* read, and from `begin` on not given out */
    size_t begin;
    chaos_buffer storage; /* what one line decodes to */
    bool ended;
    uint64_t line;        /* number of the line given last, from 1 */
    size_t offset, consumed; /* where it begins in the text; how long it is with its LF */
    chaos_u256 chain_id;  /* the header's */
} bundle_reader;

void bundle_reader_begin(bundle_reader *r, const chaos_bundle_source *source);
void bundle_reader_end(bundle_reader *r);
/* The next line, lent until the next call. *more is false at the end, and with why->status set when the line is
 * refused; offsets count from the beginning of the text. A status other than CHAOS_OK is a fault of ours or the
 * source's. The first line is the header. */
CHAOS_MUST_USE chaos_status bundle_next(bundle_reader *r, bundle_line *out, bool *more, fault *why, chaos_error *err);

/* -------------------------------------------------------------- objects ---- */

struct chaos_evidence { /* one allocation: the bytes follow the struct */
    _Atomic unsigned owners; /* chaos_evidence_share adds one, chaos_evidence_free takes one away */
    chaos_slice bytes;     /* all of it as received: the quote, or the envelope's JSON */
    chaos_slice raw;       /* the quote with its padding */
    chaos_slice event_log; /* empty when there is none */
    dcap_quote quote;      /* slices into raw */
    bool is_envelope;      /* what follows is filled */
    envelope envelope;     /* slices into storage */
    chaos_binding binding;
    chaos_keccak type;     /* the binding's first word */
    chaos_keccak hash;     /* of the envelope's bytes */
    chaos_buffer storage;
};

typedef struct sealed_collateral sealed_collateral; /* verify/ */
struct chaos_collateral {
    _Atomic unsigned owners; /* collateral_share adds one, chaos_collateral_free takes one away */
    chaos_buffer storage;    /* the decoded strings */
    collateral_parts parts;  /* slices into storage */
    sealed_collateral *sealed; /* NULL: nothing of it has been verified yet */
    void (*sealed_free)(sealed_collateral *sealed);
};
/* Another owner of the same, which must not be changed any more. */
chaos_collateral *collateral_share(const chaos_collateral *collateral);

#endif
