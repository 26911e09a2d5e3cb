/* recipe.h - everything that goes into a piece of forged evidence, as knobs with sound defaults, and the
 * makers that turn it into bytes. A break turns one knob; the makers then hash and sign what stands above
 * it correctly, so that only the one check that is meant can see it. Private to sim/ and its tests. */
#ifndef SIM_RECIPE_H
#define SIM_RECIPE_H

#include <stddef.h>

#include "sim/sim.h"

/* ----------------------------------------------------------- DER writer ---- */

#define DER_WRITER_DEPTH 16

typedef struct der_writer { /* the first failure is latched: ask `failed` at the end */
    chaos_buffer *out;
    bool failed;
    unsigned depth;
    size_t open[DER_WRITER_DEPTH];
} der_writer;

der_writer der_writer_begin(chaos_buffer *out);
bool der_writer_end(const der_writer *w); /* true: everything was written and closed */
void der_open(der_writer *w, uint8_t tag);
void der_close(der_writer *w);
void der_write(der_writer *w, uint8_t tag, chaos_slice content);
void der_write_raw(der_writer *w, chaos_slice bytes);
void der_write_unsigned(der_writer *w, uint8_t tag, uint64_t number);
void der_write_magnitude(der_writer *w, chaos_slice magnitude);
void der_write_bits(der_writer *w, chaos_slice bytes, unsigned unused_bits);
void der_write_boolean(der_writer *w, bool value);
void der_write_time(der_writer *w, int64_t seconds, bool always_generalized);

#define OID_SLICE(bytes) slice((bytes), sizeof(bytes) - 1)
#define OID_ECDSA_SHA256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OID_ECDSA_SHA384 "\x2a\x86\x48\xce\x3d\x04\x03\x03"
#define OID_AUTHORITY_KEY_ID "\x55\x1d\x23"
#define OID_NOT_KNOWN "\x2b\x06\x01\x04\x01\x86\x8d\x1f\x01" /* 1.3.6.1.4.1.99999.1 */

/* ----------------------------------------------------------------- keys ---- */

typedef enum sim_key {
    KEY_ROOT, KEY_FOREIGN_ROOT, KEY_PCK_CA, KEY_OTHER_CA, KEY_PCK, KEY_OTHER_PCK, KEY_TCB_SIGNER,
    KEY_IDENTITY_SIGNER, KEY_ATTESTATION, KEY_STRANGER, KEY_KMS_CA, KEY_COUNT
} sim_key;

typedef struct sim_keyring {
    uint8_t scalar[KEY_COUNT][P256_SIZE];
    p256_key point[KEY_COUNT];
} sim_keyring;

#define KEY_ID_SIZE 20

bool keyring_make(const char *seed, const char *platform, sim_keyring *out);
/* ECDSA P-256 over SHA-256 with the nonce of RFC 6979: the same recipe always gives the same bytes. */
bool keyring_sign(const sim_keyring *keys, sim_key key, chaos_slice message, p256_signature *out);
bool signature_write_der(const p256_signature *signature, chaos_buffer *out);
void key_identifier(const p256_key *key, uint8_t out[KEY_ID_SIZE]); /* as in a subject key identifier */
extern const uint8_t p256_order[P256_SIZE];                         /* n, big-endian */

/* The secp256k1 keys of the agent and of where they come from. */
typedef enum agent_key {
    AGENT_KMS_ROOT, AGENT_APP_ROOT, AGENT_IDENTITY, AGENT_SESSION, AGENT_STRANGER, AGENT_KEY_COUNT
} agent_key;

#define K1_SIZE 32
#define K1_COMPRESSED_SIZE 33
#define APP_ID_SIZE 20

typedef struct agent_keyring {
    uint8_t scalar[AGENT_KEY_COUNT][K1_SIZE];
    k1_point point[AGENT_KEY_COUNT];
} agent_keyring;

/* As dstack derives: the application root key from the KMS root and the app id, the identity key from that and the
 * path. KMS root, session key and stranger's key come from the seed. */
bool agent_keyring_make(const char *seed, const uint8_t app_id[APP_ID_SIZE], const char *path, agent_keyring *out);
/* HKDF-SHA256 (RFC 5869) with the salt "RATLS", one block: dstack's derivation of keys. */
bool ratls_derive(const uint8_t secret[K1_SIZE], chaos_slice info, uint8_t out[K1_SIZE]);
/* The same of dstack's newer API, version 1, in which algorithm and domain are part of the key; and what the
 * application's root key signs about it. The simulator does not serve that API. */
bool guest_v1_derive(const uint8_t app_root[K1_SIZE], const char *algorithm, chaos_slice domain, uint8_t out[K1_SIZE]);
bool guest_v1_claim(const char *algorithm, chaos_slice domain, chaos_slice public_key, chaos_buffer *claim);
bool k1_public(const uint8_t scalar[K1_SIZE], k1_point *out);
/* ECDSA with the nonce of RFC 6979 and low s: r, s, recovery id. */
bool k1_sign(const uint8_t scalar[K1_SIZE], const chaos_keccak *digest, uint8_t rsv[65]);
bool k1_negate(uint8_t number[K1_SIZE]); /* n - number */
extern const uint8_t k1_order[K1_SIZE];  /* n, big-endian */

/* --------------------------------------------------------------- recipe ---- */

#define SIM_ORGANIZATION "ChaosChain Simulator"
#define SIM_DAY 86400

/* An edit of a text before it is signed, or after: the first `from` becomes `to`. `from` "" inserts at the
 * start; NULL with a `to` appends at the end. A `from` that is not there is an error, so that no break can
 * be idle. */
typedef struct text_edit {
    const char *from, *to;
} text_edit;

typedef enum sim_cert {
    CERT_ROOT,                         /* as the PCK chain presents it */
    CERT_TRUSTED_ROOT,                 /* as the verifier pins it: no break touches it */
    CERT_FOREIGN_ROOT,                 /* the same name, another key */
    CERT_TCB_ROOT, CERT_IDENTITY_ROOT, /* as the chains of the two signers present it */
    CERT_PCK_CA, CERT_OTHER_CA, CERT_PCK, CERT_OTHER_PCK, CERT_TCB_SIGNER, CERT_IDENTITY_SIGNER, CERT_COUNT
} sim_cert;

/* Of encoding and signature. What is wrong below the signature is signed over; what is wrong beside it is not. */
typedef enum cert_flaw {
    CERT_SOUND,
    CERT_SIGNATURE_FLIPPED, CERT_SIGNATURE_UNUSED_BITS, CERT_VERSION_1, CERT_TRAILING_BYTE, CERT_TRUNCATED,
    CERT_UNKNOWN_CRITICAL_EXTENSION, CERT_DUPLICATE_EXTENSION, CERT_ALGORITHM_INSIDE, CERT_ALGORITHM_OUTSIDE,
    CERT_ALGORITHM_BOTH, CERT_KEY_COMPRESSED, CERT_KEY_OFF_CURVE, CERT_KEY_OTHER_CURVE, CERT_NEGATIVE_SERIAL,
    CERT_GENERALIZED_TIME, CERT_NON_MINIMAL_LENGTH
} cert_flaw;

typedef struct cert_spec {
    const char *common_name, *organization;
    sim_cert issuer;               /* whose subject is named as issuer ... */
    const char *issuer_name;       /* ... unless this CN is given */
    sim_key key, signer;
    uint8_t serial[20];
    int64_t not_before, not_after;
    bool has_basic_constraints, is_ca, has_path_length;
    uint8_t path_length;
    bool has_key_usage;
    uint8_t key_usage;             /* KEY_USAGE_* */
    bool has_subject_key_id, has_authority_key_id, has_crl_distribution_point, has_sgx_extension;
    sim_key subject_key_id, authority_key_id; /* the identifier of which key */
    cert_flaw flaw;
} cert_spec;

enum { /* members of the PCK certificate's extension, as bits */
    PCK_PPID = 1 << 0, PCK_TCB = 1 << 1, PCK_PCE_ID = 1 << 2, PCK_FMSPC = 1 << 3, PCK_SGX_TYPE = 1 << 4,
    PCK_INSTANCE = 1 << 5, PCK_CONFIGURATION = 1 << 6, PCK_UNKNOWN = 1 << 7
};

typedef struct pck_spec {
    unsigned members, twice;       /* bits of what is written, and of what is written again */
    uint8_t ppid[16], cpu_svn[16], instance_id[16], fmspc[6], pce_id[3];
    uint32_t components[16];
    uint32_t pce_svn;
    uint32_t sgx_type;
    size_t ppid_size, cpu_svn_size, instance_size, fmspc_size, pce_id_size;
    size_t component_count;        /* 16; less leaves the last out */
    bool no_pce_svn, no_cpu_svn, no_cached_keys;
    bool component_twice;
    bool trailing_byte, not_a_sequence;
} pck_spec;

typedef enum crl_flaw {
    CRL_SOUND,
    CRL_SIGNATURE_FLIPPED, CRL_VERSION_1, CRL_NO_NEXT_UPDATE, CRL_TRAILING_BYTE, CRL_TRUNCATED, CRL_EMPTY,
    CRL_UNKNOWN_CRITICAL_EXTENSION, CRL_UNKNOWN_CRITICAL_ENTRY_EXTENSION, CRL_DELTA,
    CRL_ISSUING_DISTRIBUTION_POINT, CRL_ALGORITHM_OUTSIDE, CRL_NOT_TEXT
} crl_flaw;

typedef struct crl_spec {
    sim_cert issuer;
    const char *issuer_name; /* CN; NULL: the issuer's */
    sim_key signer, authority_key_id;
    bool has_number, has_authority_key_id;
    int64_t this_update, next_update;
    unsigned revoked;        /* bits 1 << CERT_*; a serial of nobody is always listed too */
    crl_flaw flaw;
} crl_spec;

typedef struct chain_spec { /* PEM blocks, leaf first */
    size_t count;
    sim_cert certs[4];
    bool final_nul;
    text_edit edit;
} chain_spec;

typedef enum signature_form {
    FORM_RIGHT,
    FORM_FLIPPED, FORM_ZERO, /* of quotes and of texts */
    FORM_R_ZERO, FORM_S_ZERO, FORM_R_ORDER, FORM_S_ORDER, FORM_LITTLE_ENDIAN, /* of quotes */
    FORM_DER, FORM_0X, FORM_SHORT, FORM_ODD, FORM_LONG, FORM_NOT_HEX, FORM_EMPTY, FORM_OF_THE_OTHER /* of texts */
} signature_form;

typedef struct signed_text { /* how TCB info and QE identity are signed */
    sim_key signer;
    signature_form form;
    text_edit before, before_too, after; /* the signature covers the first two */
} signed_text;

typedef struct level_spec { /* a TCB level of platform, module or QE */
    uint8_t sgx[16], tdx[16];
    uint16_t svn; /* PCESVN or ISVSVN */
    const char *status, *date;
} level_spec;

#define SIM_LEVELS 3

typedef struct tcb_info_spec {
    const char *id;
    int64_t issue_date, next_update;
    const char *fmspc, *pce_id; /* hex */
    level_spec levels[SIM_LEVELS], module_levels[SIM_LEVELS];
    signed_text text;
} tcb_info_spec;

typedef struct identity_spec {
    const char *id;
    int64_t issue_date, next_update;
    const char *attributes_mask, *misc_select_mask; /* hex */
    level_spec levels[SIM_LEVELS];
    signed_text text;
} identity_spec;

typedef enum quote_part { /* for flips after signing */
    PART_HEADER = 1, PART_BODY, PART_KEY, PART_QE_REPORT, PART_AUTH_DATA, PART_CERT_DATA
} quote_part;
#define FLIP(part, offset) ((uint32_t)(part) << 16 | (uint32_t)(offset))

typedef enum key_form { KEY_FORM_RIGHT, KEY_FORM_OFF_CURVE, KEY_FORM_ZERO } key_form;

enum { /* offsets in the SGX report, also of the QE */
    SGX_MISC_SELECT = 16, SGX_ATTRIBUTES = 48, SGX_XFRM = 56, SGX_MR_ENCLAVE = 64, SGX_MR_SIGNER = 128,
    SGX_ISV_PROD_ID = 256, SGX_ISV_SVN = 258, SGX_REPORT_DATA = 320,
    /* and in the TD report */
    TD_TEE_TCB_SVN = 0, TD_MR_SEAM = 16, TD_MR_SIGNER_SEAM = 64, TD_SEAM_ATTRIBUTES = 112,
    TD_ATTRIBUTES = 120, TD_XFAM = 128, TD_MR_TD = 136, TD_RTMR = 328, TD_REPORT_DATA = 520
};

#define SIM_MAX_AUTH_DATA 64

typedef struct quote_spec {
    uint8_t header[QUOTE_HEADER_SIZE];
    uint8_t body[TD_REPORT_10_SIZE]; /* SGX uses the first 384 bytes */
    uint8_t qe_report[SGX_REPORT_SIZE];
    uint8_t auth_data[SIM_MAX_AUTH_DATA];
    size_t auth_size;
    sim_key attestation_key, signer; /* the key in the quote; who signs the quote */
    key_form key_form;
    sim_key bound_key;               /* the key that the QE report vouches for */
    bool binds_auth_data, binds_nothing;
    sim_key qe_signer;
    signature_form form, qe_form;
    uint16_t cert_type, outer_type;
    uint8_t ppid[16], cpu_svn[16];   /* certification data 1 to 3 */
    uint16_t pce_svn, pce_id;
    int64_t reference_delta;         /* bytes more (or less) than the type has */
    int64_t signature_size_delta, outer_size_delta; /* lies in the length fields */
    int64_t inner_size_delta, auth_size_delta;
    uint32_t signature_size;         /* nonzero: written instead of the true one */
    size_t inner_slack, outer_slack; /* zero bytes after the certification data, counted by the lengths */
    uint32_t flip;                   /* FLIP(part, offset): a bit turned after signing */
    size_t cut;                      /* bytes cut off the end */
    size_t trailing;
    uint8_t trailing_byte;           /* the last of them; the others are zero */
} quote_spec;

typedef enum digest_form { DIGEST_RIGHT, DIGEST_OF_OTHER_CONTENT, DIGEST_STRIPPED } digest_form;

#define SIM_EVENT_PAYLOAD 256
#define SIM_EVENTS 24

enum { /* places in the log */
    EVENT_RTMR0_FIRST = 0, EVENT_RTMR1_FIRST = 3, EVENT_RTMR1_SECOND = 5, EVENT_RTMR2_FIRST = 7, EVENT_APP_ID = 10,
    EVENT_COMPOSE_HASH = 11, EVENT_INSTANCE_ID = 12, EVENT_BOOT_DONE = 13, EVENT_OS_IMAGE_HASH = 14,
    EVENT_KEY_PROVIDER = 15, EVENT_SYSTEM_READY = 17
};

typedef struct event_spec {
    uint8_t imr;
    uint32_t type;
    const char *name;
    uint8_t payload[SIM_EVENT_PAYLOAD];
    size_t payload_size;
    unsigned version;      /* 1 or 2: what the log says */
    digest_form digest;
    bool measured, written; /* into the RTMR; into the log */
    bool payload_flipped;   /* in the log, after measuring */
} event_spec;

typedef struct event_log_spec {
    event_spec events[SIM_EVENTS];
    size_t count;
    size_t swapped; /* nonzero: the log has this event and the one after it the wrong way round */
    text_edit edit;
} event_log_spec;

typedef enum k1_form { /* of a signature's numbers */
    K1_RIGHT,
    K1_HIGH_S,       /* n - s with the other parity: recovers the same key */
    K1_OTHER_PARITY, /* recovers another key */
    K1_R_ZERO, K1_S_ZERO, K1_R_ORDER,
    K1_R_NO_POINT,   /* no point of the curve has this x */
    K1_ZERO          /* r, s and v */
} k1_form;

#define V_RIGHT (-1)

typedef struct k1_spec {
    agent_key signer;
    k1_form form;
    int16_t v;          /* V_RIGHT, or what is written instead */
    bool other_message; /* a right signature over something else */
} k1_spec;

typedef struct binding_spec {
    chaos_binding values;     /* but for the hash and the address of these keys */
    agent_key bound, identity;
    const char *type;         /* hashed into the first word */
    size_t flipped_word_byte; /* 1 + place: a bit turned in the words, before anything hashes or signs them */
    size_t flipped_report_data_byte; /* 1 + place: a bit turned in REPORTDATA, before the quote is signed */
    bool quotes_other;        /* REPORTDATA is that of a binding with another nonce */
} binding_spec;

#define SIM_MAX_PATH 128
#define BINDING_WORD(index) (32 * (size_t)(index)) /* place of a word, counted from 0 */
#define AT_BYTE(place) (1 + (int64_t)(place))

typedef struct envelope_spec {
    bool makes;               /* false: REPORTDATA are the caller's, or it is SGX */
    binding_spec binding;
    k1_spec possession, endorsement, key_link, root_link;
    bool has_endorsement, has_root_link;
    const char *app_compose, *purpose;
    char path[SIM_MAX_PATH];
    unsigned omitted;         /* bits 1 << PART_* */
    text_edit kms_edit, edit; /* of the KMS chain's JSON, of the envelope's */
    const char *cut_after;    /* in the envelope's JSON: two characters less after the first of these */
    uint8_t words[CHAOS_BINDING_SIZE]; /* made by envelope_bind */
} envelope_spec;

typedef struct recipe {
    forge_kind kind;
    int64_t now;
    char fmspc_text[13];
    const char *seed, *platform; /* of the machine's own keys; mostly the same */
    sim_keyring keys;
    cert_spec certs[CERT_COUNT];
    pck_spec pck;
    crl_spec root_crl, pck_crl;
    chain_spec quote_chain, collateral_chain, crl_chain, tcb_chain, identity_chain;
    tcb_info_spec tcb_info;
    identity_spec identity;
    quote_spec quote;
    event_log_spec log;
    agent_keyring agent;
    envelope_spec envelope;
    text_edit collateral_edit;
    chaos_buffer ders[CERT_COUNT]; /* made first by recipe_make_certificates */
} recipe;

/* The valid recipe. */
bool recipe_init(recipe *r, forge_kind kind, const forge_options *options);
void recipe_free(recipe *r);

/* ---------------------------------------------------------------- makers ---- */

bool text_edit_apply(const text_edit *edit, chaos_buffer *text);
bool name_write(der_writer *w, const char *common_name, const char *organization);
bool certificate_make(const recipe *r, sim_cert which, chaos_buffer *der);
bool pck_extension_write(der_writer *w, const pck_spec *spec);
bool crl_make(const recipe *r, const crl_spec *spec, chaos_buffer *der);
bool chain_make(const recipe *r, const chain_spec *chain, chaos_buffer *pem);
bool tcb_info_make(const recipe *r, chaos_buffer *text);
bool identity_make(const recipe *r, chaos_buffer *text);
bool collateral_make(const recipe *r, chaos_buffer *json_text);
bool quote_make(const recipe *r, chaos_buffer *quote);
/* Also fills RTMR0-3 of the recipe's TD report. */
bool event_log_make(recipe *r, chaos_buffer *json_text);
bool event_log_defaults(recipe *r);  /* after the keyring */
bool spki_write(der_writer *w, const p256_key *key);

extern const char sim_app_compose[];
/* The keys and the valid envelope of these options; after event_log_defaults. */
bool envelope_defaults(recipe *r, const forge_options *options);
/* The values of a stage, and the keys that it binds and asks to sign. */
void binding_set_stage(recipe *r, unsigned stage);
/* The binding that the words say; its hash into REPORTDATA, before the quote is made. */
void envelope_bind(recipe *r);
chaos_binding binding_make(const recipe *r);
/* The EIP-712 digest of the words as they are, right or wrong. */
chaos_keccak words_digest(const uint8_t words[CHAOS_BINDING_SIZE]);
bool envelope_make(const recipe *r, chaos_slice quote, chaos_slice event_log, chaos_buffer *json_text);
/* As forge_make without a break, after the valid recipe was changed. */
chaos_status forge_make_changed(forge_kind kind, const forge_options *options, void (*change)(recipe *r),
                                forge_result *result, chaos_error *err);
/* The n-th session key of a seed, from 1: the keyring has the first of all. */
bool session_key_make(const char *seed, unsigned n, uint8_t scalar[K1_SIZE], k1_point *point);
/* What pins a recipe that no break has touched: leaves the recipe as it was. */
bool policy_make(recipe *r, chaos_buffer *json_text);

/* ---------------------------------------------------------------- breaks ---- */

typedef enum break_action { ACTION_NUMBER, ACTION_TIME, ACTION_TEXT, ACTION_EDIT, ACTION_CALL } break_action;

typedef struct break_row {
    forge_break shown;
    break_action action;
    size_t knob, size;     /* where in the recipe, how wide */
    int64_t value;
    const char *text, *to; /* a text, or an edit */
    void (*call)(recipe *r);
} break_row;

typedef struct break_group {
    const break_row *rows;
    size_t count;
} break_group;

extern const break_group breaks_chain, breaks_encoding, breaks_pck_extension, breaks_crl, breaks_signer,
    breaks_collateral, breaks_tcb, breaks_identity, breaks_quote, breaks_event_log, breaks_policy, breaks_envelope,
    breaks_binding;

/* The columns of a break's row: who has it, what happens to it. */
#define SGX (1u << FORGE_SGX3)
#define TDX (1u << FORGE_TDX4)
#define BOTH (SGX | TDX)
#define KNOB(member) offsetof(recipe, member), sizeof(((const recipe *)NULL)->member)
#define SET(member, value) ACTION_NUMBER, KNOB(member), (value), NULL, NULL, NULL
#define SET_TIME(member, seconds_from_now) ACTION_TIME, KNOB(member), (seconds_from_now), NULL, NULL, NULL
#define SET_TEXT(member, text) ACTION_TEXT, KNOB(member), 0, (text), NULL, NULL
#define EDIT(member, from, to) ACTION_EDIT, KNOB(member), 0, (from), (to), NULL
#define CALL(function) ACTION_CALL, 0, 0, 0, NULL, NULL, (function)
#define BREAK(name, expected, kinds, action, summary) { { name, summary, CHAOS_E_##expected, kinds, false }, action }
/* One that is in the envelope; its action comes last, so that macros of a table can pass it on. */
#define ENVELOPE_BREAK(name, expected, summary, ...) { { name, summary, CHAOS_E_##expected, TDX, true }, __VA_ARGS__ }
#define BREAK_GROUP(group, table) const break_group group = { (table), CHAOS_ARRAY_SIZE(table) }

#endif
