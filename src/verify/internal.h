/* internal.h - what the files of verify/ share: one examination in progress. */
#ifndef VERIFY_INTERNAL_H
#define VERIFY_INTERNAL_H

#include "verify/verify.h"

/* ---------------------------------------------------------------- trust ---- */

#define MAX_NAME 512 /* bytes of a DER Name */
#define SPKI_SIZE 91 /* SubjectPublicKeyInfo of a P-256 key */
#define MAX_KNOWN_ENCODINGS 2

/* A root is trusted by subject and public key. Encodings known byte for byte need no check of their own signature. */
typedef struct trust_root {
    chaos_anchor anchor;
    size_t subject_size;
    uint8_t subject[MAX_NAME];
    uint8_t spki[SPKI_SIZE];
    chaos_sha256 key_id;     /* SHA-256 of spki */
    size_t known_count;
    chaos_sha256 known[MAX_KNOWN_ENCODINGS]; /* SHA-256 of the certificate's DER */
} trust_root;

struct chaos_trust {
    size_t count;
    trust_root roots[CHAOS_MAX_TRUST_ROOTS];
};

extern const trust_root vendor_root;

/* The root that this certificate stands for (subject and key equal); NULL if none. */
const trust_root *trust_find(const chaos_trust *trust, const certificate *presented);
/* Does the certificate's name say that it is a simulator's? */
bool is_simulators_root(const certificate *root);
/* Is the certificate one of the encodings that need no signature check? */
bool trust_knows(const trust_root *root, const certificate *presented);

/* ---------------------------------------------------------- known facts ---- */

typedef struct known_platform known_platform; /* cache.h */

/* ---------------------------------------------------------- examination ---- */

#define PCK_CHAIN_LENGTH 3
#define SIGNER_CHAIN_LENGTH 2

typedef struct signer_chain { /* TCB signing certificate and root, as the collateral presents them */
    certificate signer, root;
} signer_chain;

/* Collateral whose every signature has been verified: what was read of it, and under which keys. That a key has signed
 * these bytes stays true for ever, so nothing here depends on a time or on who trusts the root. */
struct sealed_collateral {
    p256_key root_key, ca_key; /* of the root CRL, the CA and the signers; of the PCK CRL */
    certificate ca;            /* which the root key has signed */
    crl root_crl, pck_crl;
    bool platform_ca;          /* else the Processor CA */
    bool one_signer;           /* one chain for TCB info and QE identity */
    signer_chain tcb_signer, qe_signer;
    p256_signature tcb_signature, identity_signature;
    tcb_info tcb;              /* slices into the collateral */
    enclave_identity identity;
    chaos_buffer storage;      /* the DER of the lists and certificates */
    int64_t from, to;          /* of all objects: collateral, CA and root */
};

/* Hex of the payloads of RTMR3's system events: the first of each name, up to system-ready. size 0 with data: empty. */
typedef struct system_events {
    bool ready; /* system-ready was seen: whatever follows is the application's */
    chaos_slice app_id, compose_hash, instance_id, os_image_hash, key_provider;
} system_events;

typedef struct examination {
    const dcap_quote *quote;    /* NULL: the collateral alone is examined */
    const chaos_collateral *collateral;
    const collateral_parts *parts;
    const chaos_trust *trust;
    int64_t now;
    chaos_claims *claims;       /* being made; run and facts are in it */
    chaos_status own_fault;     /* a fault of ours (crypto backend, memory): ends everything without a judgement */
    const trust_root *root;     /* set once the presented root is trusted */
    /* What was verified before, in the very same bytes. It spares reading and signatures, and no check: names, roles,
     * extensions, dates and revocation are looked at each time. NULL: nothing is known. */
    const sealed_collateral *sealed; /* set once the root's key is the one that the collateral was sealed under */
    const known_platform *known;
    certificate leaf, ca, root_certificate;
    /* Each of these points to what was read now (below) or into `sealed`. */
    const crl *root_crl, *pck_crl;
    const signer_chain *tcb_signer, *qe_signer;
    const tcb_info *tcb;
    const enclave_identity *identity;
    chaos_buffer storage;       /* of decoded CRLs and event names */
    system_events events;       /* believed only once RTMR3 has replayed */
    struct {
        crl root_crl, pck_crl;
        signer_chain tcb_signer, qe_signer;
        tcb_info tcb;
        enclave_identity identity;
        uint8_t tcb_signer_der[SIGNER_CHAIN_LENGTH * MAX_CERTIFICATE];
        uint8_t qe_signer_der[SIGNER_CHAIN_LENGTH * MAX_CERTIFICATE];
    } own;
    uint8_t pck_der[PCK_CHAIN_LENGTH * MAX_CERTIFICATE];
    uint8_t scratch[PCK_CHAIN_LENGTH * MAX_CERTIFICATE]; /* for a chain that is only compared */
} examination;

/* A new examination of these; NULL: out of memory. `extra` bytes of storage beside those of the CRLs. */
examination *examination_new(const dcap_quote *quote, const chaos_collateral *collateral, const chaos_trust *trust,
                             int64_t now, chaos_claims *claims, size_t extra);
void examination_free(examination *x);
/* Claims in which nothing is said yet. NULL: out of memory. */
chaos_claims *claims_empty(void);

/* The stages, in the order of docs/verify-dcap.md. CHAOS_OK: go on; anything else ends the examination. */
chaos_status verify_pck_chain(examination *x);          /* A2, B3-B6 */
/* The three certificates of a chain's text into leaf, ca and root_certificate; their order and roles are not judged. */
CHAOS_MUST_USE bool read_pck_certificates(examination *x, chaos_slice text, fault *why);
chaos_status verify_issuers(examination *x);            /* B3-B5 for root and CA alone */
chaos_status verify_crls(examination *x);               /* B7, B8 */
chaos_status verify_pck_dates(examination *x);          /* B9 */
chaos_status verify_tcb_info(examination *x);           /* C10-C13 */
chaos_status verify_qe_identity(examination *x);        /* D14 */
chaos_status verify_platform(examination *x);           /* E15-E17 */
chaos_status verify_qe_report(examination *x);          /* E18-E20 */
chaos_status verify_quote_signature(examination *x);    /* E21 */
chaos_status verify_tcb_level(examination *x);          /* F22-F25 */
chaos_status verify_event_log(examination *x, const chaos_evidence *evidence);
/* The stages of docs/verify-envelope.md. */
chaos_status verify_dstack(examination *x, const chaos_evidence *evidence);  /* 1, 2 */
chaos_status verify_binding(examination *x, const chaos_evidence *evidence); /* 3-6 */
/* What the envelope's binding says, shown from the start and authentic at the end. */
void take_binding(chaos_claims *claims, const chaos_evidence *evidence);
/* Remember a runtime event if it is a system event of dstack. */
void note_system_event(system_events *events, const log_event *event);

/* Does the key's signature over the message verify? A backend failure is latched in x->own_fault and is no answer. */
bool signed_by(examination *x, const p256_key *key, chaos_slice message, const p256_signature *signature);
static inline bool same_key(const p256_key *a, const p256_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}
/* The signer's chain of two: certificates into `der`, roles by name. False with *why. */
bool signer_read(chaos_slice text, signer_chain *chain, uint8_t *der, size_t capacity, fault *why);
/* 128 hex digits. */
bool signature_read(chaos_slice text, p256_signature *signature);
/* What an examination that failed in nothing but dates has found out about the collateral, kept with it. */
CHAOS_MUST_USE chaos_status seal_from(const examination *x, chaos_collateral *collateral);

/* Narrow the window in which everything used is valid. */
void note_validity(examination *x, int64_t from, int64_t to);
/* The same, and for objects that the collateral renews. */
void note_collateral_validity(examination *x, int64_t from, int64_t to);

/* Every certificate below the root has these five; the PCK leaf has Intel's besides. */
static inline bool has_profile_extensions(const certificate *c)
{
    return c->has_authority_key_id && c->has_subject_key_id && c->has_key_usage && c->has_basic_constraints &&
           c->has_crl_distribution_point;
}

/* A part of a fixed-size report by name; the names are ours, so it is always there. */
chaos_slice body_field(const examination *x, const char *name);
chaos_slice qe_field(const examination *x, const char *name);

#endif
