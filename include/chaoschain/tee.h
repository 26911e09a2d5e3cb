/* tee.h - the TEE an agent runs in: which providers there are, keys that never leave it, signatures that carry its
 * evidence.
 *
 *     chaos_tee_registry_new → chaos_tee_find → chaos_tee_open → chaos_tee_generate_key → chaos_tee_sign
 *
 * A provider is a plug-in (provider.h), loaded when it is asked for by name and not before. What it gives is checked
 * before it is believed: every signature is recovered and compared with the key, the key's chain is verified, the
 * report data are read back from the quote. Whether the evidence is *good enough* is not judged here: that is the
 * relying party's, with check.h.
 *
 * Threads: a registry may be shared after it was made. Calls on one chaos_tee and its keypairs may come from any
 * thread and are done one after the other. Keypairs and signatures are immutable and may outlive nothing: free
 * signatures and keypairs, then the tee, then the registry.
 * Secrets: private keys stay in locked memory that core dumps leave out; there is no call that gives one out. */
#ifndef CHAOSCHAIN_TEE_H
#define CHAOSCHAIN_TEE_H

#include <chaoschain/base.h>
#include <chaoschain/check.h>
#include <chaoschain/evidence.h>
#include <chaoschain/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- registry ---- */

typedef struct chaos_tee_registry chaos_tee_registry;
typedef struct chaos_tee_provider chaos_tee_provider; /* a loaded plug-in; lent by the registry */

/* Where log lines go: one line, printable ASCII, from the provider `name`. May be called from any thread. */
typedef void chaos_log_function(void *context, const char *name, chaos_log_level level, const char *line);

typedef struct chaos_tee_registry_options {
    size_t size;                /* CHAOS_TEE_REGISTRY_OPTIONS_INIT */
    const char *plugin_path;    /* one plug-in file that is taken for its own name; or NULL */
    const char *search_path;    /* folders, ":" between; NULL: CHAOS_PROVIDER_PATH (ignored in set-uid programs), then
                                 * LIBDIR/chaoschain/providers beside this library. No folder is ever listed. */
    chaos_log_function *log;    /* NULL: warnings and errors go to standard error */
    void *log_context;
} chaos_tee_registry_options;

#define CHAOS_TEE_REGISTRY_OPTIONS_INIT { sizeof(chaos_tee_registry_options), NULL, NULL, NULL, NULL }

/* `options` may be NULL for the defaults. Touches no file. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_registry_new(const chaos_tee_registry_options *options,
                                                             chaos_tee_registry **registry, chaos_error *err);
/* Plug-ins stay mapped until the process ends: their code may be on some thread's stack. */
CHAOS_API void chaos_tee_registry_free(chaos_tee_registry *registry);

/* The providers that this version knows by name, whether installed or not; further names are found all the same. */
typedef struct chaos_tee_known {
    const char *name;    /* "phala-dstack" */
    const char *summary; /* "Phala Cloud and other dstack confidential VMs (Intel TDX)" */
    bool is_hardware;    /* false: a simulation, for laptops and tests */
    bool is_built;       /* false: planned; this version has no plug-in for it */
} chaos_tee_known;
CHAOS_API size_t chaos_tee_known_count(void);
CHAOS_API const chaos_tee_known *chaos_tee_known_at(size_t index); /* NULL: beyond the end */

/* Loads the plug-in. The file must be a regular file, no symbolic link, owned by root or this user, writable
 * by nobody
 * else. Not installed: CHAOS_E_PROVIDER_MISSING and a text of two lines, what is missing and
 * "Install with: COMMAND". Refused: CHAOS_E_PROVIDER. Nothing of a provider is loaded before. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_find(chaos_tee_registry *registry, const char *name,
                                                     const chaos_tee_provider **provider, chaos_error *err);
CHAOS_API const char *chaos_tee_provider_name(const chaos_tee_provider *provider);
CHAOS_API const char *chaos_tee_provider_summary(const chaos_tee_provider *provider); /* printable ASCII */
CHAOS_API const char *chaos_tee_provider_path(const chaos_tee_provider *provider);    /* of the file */

#define CHAOS_TEE_PROBE_MS 1000 /* the longest that availability may take */

/* Is the TEE of this provider there? Loads the plug-in in a helper process that is killed after
 * CHAOS_TEE_PROBE_MS, so
 * that nothing of it runs here. CHAOS_OK: it is. Otherwise the reason: PROVIDER_MISSING (two lines), PROVIDER,
 * TEE_UNAVAILABLE, TIMEOUT, ... `options_json` as in chaos_tee_open. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_probe(const chaos_tee_registry *registry, const char *name,
                                                      const char *options_json, chaos_error *err);

/* ------------------------------------------------------------ detection ---- */

/* CPUID: registers get eax, ebx, ecx, edx. */
typedef void chaos_cpuid_function(void *context, uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);

typedef struct chaos_detect_options {
    size_t size;                 /* CHAOS_DETECT_OPTIONS_INIT */
    const char *root;            /* of the files that are looked at, at most 255 bytes; NULL: "/" */
    chaos_cpuid_function *cpuid; /* NULL: the processor's own */
    void *context;               /* of cpuid */
} chaos_detect_options;
#define CHAOS_DETECT_OPTIONS_INIT { sizeof(chaos_detect_options), NULL, NULL, NULL }

#define CHAOS_DETECT_MAX 8
typedef struct chaos_detected {
    const char *name; /* of the provider, static */
    bool is_here;
    char reason[200]; /* one sentence: why, or why not */
} chaos_detected;

typedef struct chaos_detection {
    char processor[13];  /* "GenuineIntel"; "" where there is no CPUID */
    char hypervisor[13]; /* "KVMKVMKVM", printable; "" without one */
    const char *picked;  /* the first that is here and that this version has a plug-in for; NULL: none */
    size_t count;
    chaos_detected tees[CHAOS_DETECT_MAX]; /* the most special first: a dstack VM may be phala-dstack and intel-tdx */
} chaos_detection;

/* Which TEE is this machine? By CPUID and by which devices, sockets and folders there are. Opens none of them, contacts
 * nobody, loads no plug-in, changes nothing; so it is a guess, good enough to choose a provider and proof of nothing.
 * `simulated` is never among them, and a guest agent's socket counts only where the processor says that it is a TEE's.
 * Sources: Intel TDX module specification (leaf 0x21), AMD64 manual volume 3 (leaf 0x8000001f). `options` may be NULL.
 * USAGE: options. Thread-safe. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_detect(const chaos_detect_options *options, chaos_detection *detection,
                                                       chaos_error *err);

/* ------------------------------------------------------------------ TEE ---- */

typedef struct chaos_tee chaos_tee;

/* Succeeds outside the TEE too. `options_json` is one JSON object with the provider's own options
 * (docs/providers/NAME.md), or NULL for none; unknown members are CHAOS_E_USAGE. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_open(const chaos_tee_provider *provider, const char *options_json,
                                                     chaos_tee **tee, chaos_error *err);
CHAOS_API void chaos_tee_free(chaos_tee *tee);
CHAOS_API const char *chaos_tee_name(const chaos_tee *tee); /* "phala-dstack" */
/* As chaos_tee_probe with the options of this handle; `reason` (may be NULL) says why not. Never aborts. */
CHAOS_API bool chaos_tee_is_available(const chaos_tee *tee, chaos_error *reason);

/* ----------------------------------------------------------------- keys ---- */

typedef struct chaos_keypair chaos_keypair; /* a public key, a handle on its private key, and evidence of both */

/* The path of an identity key, "chaoschain/1/CHAINID/0xREGISTRY/LABEL/secp256k1/GENERATION". `label` is
 * [a-z0-9-]{1,32}; chain and registry are not zero. */
#define CHAOS_IDENTITY_PATH_SIZE 192
CHAOS_API CHAOS_MUST_USE chaos_status chaos_identity_path(const chaos_u256 *chain_id, const chaos_address *registry,
                                                          const char *label, uint32_t generation,
                                                          char path[CHAOS_IDENTITY_PATH_SIZE], chaos_error *err);

/* What the quote shall say about a key. `binding` gives the stage and the values of chain and time; the core fills
 * public_key_hash and identity_key, and issued_at and expires_at where both are 0 (now, and one day; seven for a
 * session). NULL: stage 4, "this TEE made this key". */
typedef struct chaos_attest_options {
    size_t size;                   /* CHAOS_ATTEST_OPTIONS_INIT */
    const chaos_binding *binding;
    const chaos_keypair *endorser; /* the identity key: stages 2, 3 and 5, when it is not the bound key itself */
    chaos_slice collateral;        /* to be carried along, or empty */
} chaos_attest_options;
#define CHAOS_ATTEST_OPTIONS_INIT { sizeof(chaos_attest_options), NULL, NULL, { NULL, 0 } }

typedef struct chaos_key_options {
    size_t size;            /* CHAOS_KEY_OPTIONS_INIT */
    const char *path;       /* NULL: "chaoschain/default"; "" with purpose CHAOS_KEY_FRESH */
    const char *purpose;    /* NULL: CHAOS_KEY_AGENT; CHAOS_KEY_FRESH for a session key */
    const char *algorithm;  /* NULL: "secp256k1", the only one */
    chaos_attest_options attest;
    bool has_nonce;         /* overrides the binding's */
    chaos_u256 nonce;
} chaos_key_options;
#define CHAOS_KEY_OPTIONS_INIT \
    { sizeof(chaos_key_options), NULL, NULL, NULL, CHAOS_ATTEST_OPTIONS_INIT, false, { { 0 } } }

/* A key made by the TEE with evidence for it, checked. `options` may be NULL. Asks the TEE for a quote: some
 * 10 to some 100 milliseconds on hardware. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_generate_key(chaos_tee *tee, const chaos_key_options *options,
                                                             chaos_keypair **keypair, chaos_error *err);
CHAOS_API void chaos_keypair_free(chaos_keypair *keypair);
CHAOS_API const char *chaos_keypair_provider(const chaos_keypair *keypair);
CHAOS_API const char *chaos_keypair_algorithm(const chaos_keypair *keypair); /* "secp256k1" */
/* SEC1, uncompressed: 04 X Y */
CHAOS_API void chaos_keypair_public_key(const chaos_keypair *keypair, uint8_t out[65]);
CHAOS_API chaos_address chaos_keypair_address(const chaos_keypair *keypair);
/* Where the TEE keeps the private key: "phala-dstack:chaoschain/default", a name and no secret. */
CHAOS_API const char *chaos_keypair_reference(const chaos_keypair *keypair);
CHAOS_API const chaos_evidence *chaos_keypair_evidence(const chaos_keypair *keypair); /* lent */

/* New evidence for a key that there is: key → binding → quote → envelope. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_attest(chaos_tee *tee, const chaos_keypair *keypair,
                                                   const chaos_attest_options *options, chaos_evidence **evidence,
                                                   chaos_error *err);
/* A quote over report data of the caller's own, with its event log; no binding, no envelope. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_get_attestation_report(chaos_tee *tee,
                                                                       const chaos_report_data *report_data,
                                                                       chaos_evidence **evidence, chaos_error *err);

/* -------------------------------------------------------------- signing ---- */

/* Only typed things are signed; there is no call for a raw digest. The signature shares the keypair's evidence.
 * EIP-191 version 0x45 ("personal message"): */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_sign(chaos_tee *tee, chaos_slice message, const chaos_keypair *keypair,
                                                     chaos_signature **signature, chaos_error *err);
/* EIP-712, the JSON of eth_signTypedData_v4. The domain "ChaosChain TEE" is refused: bindings and receipts are
 * made by the calls that check what they say. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_sign_typed_data(chaos_tee *tee, chaos_slice typed_data,
                                                                const chaos_keypair *keypair,
                                                                chaos_signature **signature, chaos_error *err);

/* An action of an agent, by its session key (evidence.h): the one way to a receipt. The core hashes it itself. The
 * action must be such that a reader would take it, of the chain, registry and agent that the keypair's evidence
 * binds, name that evidence, and lie in its time; else CHAOS_E_USAGE, or RECEIPT_FORMAT for the values alone. The
 * keypair is of a session or the identity key (stage 5 or 1). Sequence and previous are the caller's to keep. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_sign_action(chaos_tee *tee, const chaos_action *action,
                                                            const chaos_keypair *keypair,
                                                            chaos_signature65 *signature, chaos_error *err);

/* A method of this one TEE, by its own name and JSON ("GetTlsKey" of dstack): docs/providers/NAME.md lists
 * them. The reply may
 * hold secrets (a TLS key): end it with chaos_buffer_wipe. Methods that would give out a key of ours are refused. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_invoke(chaos_tee *tee, const char *method, const char *params_json,
                                                       chaos_buffer *reply, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
