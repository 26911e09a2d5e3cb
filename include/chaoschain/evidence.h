/* evidence.h - untrusted bytes that claim to come from a TEE, recognised and read, not believed.
 *
 * Sources: Intel SGX ECDSA quote library reference (v3), Intel TDX DCAP quoting library reference (v4, v5). */
#ifndef CHAOSCHAIN_EVIDENCE_H
#define CHAOSCHAIN_EVIDENCE_H

#include <chaoschain/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAOS_MAX_EVIDENCE (64u * 1024u)  /* bytes of a quote with its padding */
#define CHAOS_MAX_EVENT_LOG (512u * 1024u)

typedef struct chaos_evidence chaos_evidence;

typedef enum chaos_tee_kind {
    CHAOS_TEE_SGX = 1, /* Intel SGX enclave */
    CHAOS_TEE_TDX = 2  /* Intel TDX trust domain */
} chaos_tee_kind;

/* Reads a raw binary DCAP quote: SGX v3, SGX or TDX v4, v5 body types 1-4. All-zero padding of up to
 * CHAOS_MAX_EVIDENCE after the quote is tolerated; anything else after it is CHAOS_E_TRAILING_DATA. The
 * bytes are copied. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_parse(chaos_slice quote, chaos_evidence **evidence,
                                                           chaos_error *err);

/* The same with the guest's event log beside the quote: the JSON array of dstack's guest agent. chaos_verify
 * replays it; nothing in it is believed before that. TDX only. An empty slice means that there is no log. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_parse_with_log(chaos_slice quote, chaos_slice event_log,
                                                                    chaos_evidence **evidence, chaos_error *err);

CHAOS_API void chaos_evidence_free(chaos_evidence *evidence);

CHAOS_API chaos_tee_kind chaos_evidence_tee(const chaos_evidence *evidence);

/* Every field by its specification name as one JSON object (RFC 8785) with "unverified": true. For people and
 * logs only: nothing in it may be relied on. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_evidence_describe(const chaos_evidence *evidence, chaos_buffer *json,
                                                              chaos_error *err);

/* -------------------------------------------------------------- binding ---- */

/* What a quote says about a key, in the words of Ethereum: the fifteen values of
 *   KeyBinding(bytes32 bindingType,uint8 stage,uint256 chainId,address identityRegistry,uint256 agentId,
 *     bytes32 publicKeyHash,address identityKey,bytes32 agentURIHash,bytes32 tlsSpkiHash,bytes32 subject,bytes32 nonce,
 *     uint64 anchorBlock,uint64 issuedAt,uint64 expiresAt,bytes32 policyHash)
 * REPORTDATA = address of the bound key (20) || keccak of the fifteen ABI words (32) || "CHAOSCHAIN/1" (12). */
typedef enum chaos_binding_stage {
    CHAOS_STAGE_BEFORE_REGISTRATION = 0,
    CHAOS_STAGE_IDENTITY = 1,   /* identity key bound to its agent id */
    CHAOS_STAGE_VALIDATION = 2, /* answer to a validation request */
    CHAOS_STAGE_TLS = 3,        /* TLS channel */
    CHAOS_STAGE_KEY_ONLY = 4,   /* no chain is known */
    CHAOS_STAGE_SESSION = 5     /* session key, endorsed by the identity key */
} chaos_binding_stage;

typedef struct chaos_binding {
    uint8_t stage; /* chaos_binding_stage */
    chaos_u256 chain_id;
    chaos_address identity_registry;
    chaos_u256 agent_id;               /* all ones at stages 0 and 4; 0 is a real id */
    chaos_keccak public_key_hash;      /* of X || Y (64 bytes) of the bound key; its last 20 bytes are the address */
    chaos_address identity_key;
    chaos_keccak agent_uri_hash;       /* of the registration file's bytes, or zero */
    chaos_sha256 tls_spki_hash;        /* stage 3, else zero */
    chaos_keccak subject;              /* requestHash at stage 2, else zero */
    chaos_u256 nonce;
    uint64_t anchor_block, issued_at, expires_at;
    chaos_keccak policy_hash;          /* of the policy file that the agent claims to meet, or zero */
} chaos_binding;

#define CHAOS_BINDING_SIZE 480 /* fifteen ABI words */

/* The fifteen words, bindingType included. Pure; any values are written. */
CHAOS_API void chaos_binding_encode(const chaos_binding *binding, uint8_t words[CHAOS_BINDING_SIZE]);
CHAOS_API chaos_report_data chaos_binding_report_data(const chaos_binding *binding);
/* The EIP-712 digest that possession and endorsement sign, in the domain {"ChaosChain TEE", "1", chainId,
 * identityRegistry}. */
CHAOS_API chaos_keccak chaos_binding_digest(const chaos_binding *binding);

/* ------------------------------------------------------------- envelope ---- */

#define CHAOS_MAX_ENVELOPE (1024u * 1024u)

/* Reads the JSON "chaoschain/envelope/1": quote, event log, binding, possession and endorsement in one. As with a
 * quote nothing is believed. The bytes are copied. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_envelope_parse(chaos_slice json, chaos_evidence **evidence,
                                                           chaos_error *err);
/* Keccak-256 of the envelope's bytes as they were received: evidenceHash. Zero for evidence that is no envelope. */
CHAOS_API chaos_keccak chaos_evidence_hash(const chaos_evidence *evidence);
/* The bytes as they were received: the envelope's JSON, or the quote. Lent. */
CHAOS_API chaos_slice chaos_evidence_bytes(const chaos_evidence *evidence);
/* The event log beside the quote, or in the envelope; empty when there is none. Lent. */
CHAOS_API chaos_slice chaos_evidence_event_log(const chaos_evidence *evidence);
/* False for evidence that is no envelope; else what it says of a key, not verified. */
CHAOS_API bool chaos_evidence_binding(const chaos_evidence *evidence, chaos_binding *binding);
/* One more owner of the same object: free both. Thread-safe. */
CHAOS_API chaos_evidence *chaos_evidence_share(const chaos_evidence *evidence);

/* "0x" and 40 digits with the checksum of EIP-55, with NUL. */
#define CHAOS_ADDRESS_TEXT_SIZE 43
CHAOS_API void chaos_address_format(const chaos_address *address, char text[CHAOS_ADDRESS_TEXT_SIZE]);
/* "0x" and 40 digits, all of one case or with a right EIP-55 checksum. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_address_parse(const char *text, chaos_address *address, chaos_error *err);

/* ------------------------------------------------------------- receipts ---- */

/* One action of an agent, as its session key signs it (EIP-712):
 *   AgentAction(address agentRegistry,uint256 agentId,uint64 sequence,bytes32 previous,string actionType,
 *     bytes32 payloadHash,bytes32 inputHash,bytes32 outputHash,uint64 issuedAt,bytes32 evidenceHash)
 * in the domain {"ChaosChain TEE", "1", chainId, agentRegistry}. */
#define CHAOS_ACTION_TYPE_SIZE 65                        /* 64 characters and a NUL */
#define CHAOS_MAX_SEQUENCE ((UINT64_C(1) << 53) - 1)     /* what JSON numbers hold exactly; also of times and blocks */

typedef struct chaos_action {
    chaos_u256 chain_id;          /* of the domain; no member of the struct */
    chaos_address agent_registry; /* the identity registry: also the domain's contract */
    chaos_u256 agent_id;
    uint64_t sequence;            /* from 0 over the agent's life, without a gap */
    chaos_keccak previous;        /* chaos_action_digest of the receipt before; zero at sequence 0 and only there */
    char action_type[CHAOS_ACTION_TYPE_SIZE]; /* "chaoschain/demo": 1 to 64 of A-Z a-z 0-9 . _ / : + - */
    chaos_keccak payload_hash, input_hash, output_hash; /* chaos_content_hash of the bytes; zero: there are none */
    uint64_t issued_at;           /* Unix seconds */
    chaos_keccak evidence_hash;   /* chaos_evidence_hash of the envelope of the session */
} chaos_action;

typedef struct chaos_receipt {
    chaos_action action;
    chaos_signature65 signature;
} chaos_receipt;

/* Are the values such that a reader would take them? RECEIPT_FORMAT, with the field. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_action_check(const chaos_action *action, chaos_error *err);
/* The EIP-712 digest that is signed, and that the next receipt names as `previous`. Pure; any values are hashed. */
CHAOS_API chaos_keccak chaos_action_digest(const chaos_action *action);
/* Keccak-256 of raw bytes: what an action says of its payload, input and output. */
CHAOS_API chaos_keccak chaos_content_hash(chaos_slice bytes);

/* From one identity key to the next:
 *   KeyHandover(address identityRegistry,uint256 agentId,address oldKey,address newKey,bytes32 newEvidenceHash,
 *     uint64 lastSequence,uint64 issuedAt)
 * in the same domain, signed by both keys. */
typedef struct chaos_handover {
    chaos_u256 chain_id;
    chaos_address identity_registry;
    chaos_u256 agent_id;
    chaos_address old_key, new_key;
    chaos_keccak new_evidence_hash; /* the stage 1 envelope of the new key */
    uint64_t last_sequence;         /* of the last receipt under the old key */
    uint64_t issued_at;
} chaos_handover;

CHAOS_API chaos_keccak chaos_handover_digest(const chaos_handover *handover);

/* -------------------------------------------------------------- bundles ---- */

/* A bundle is an agent's receipts with all that proves them, as JSON Lines (docs/receipts.md): one RFC 8785 object a
 * line, each line ended by one LF.
 *   {"agent_id":"0","agent_registry":"eip155:31337:0x...","schema":"chaoschain/bundle/1"}   first, once
 *   {"collateral":"TEXT"}   {"envelope":{...}}       before the first receipt that needs them
 *   {"receipt":{"action":{...},"signature":"0x..."}} in the order of their sequence
 *   {"content":{"data":"BASE64","hash":"0x..."}}     behind the receipt that names it, before the next
 * As a folder: bundle.jsonl and content/HEX64, one file for each content, named by its hash. */
#define CHAOS_MAX_BUNDLE_LINE (2u * 1024u * 1024u)     /* bytes, without the LF */
#define CHAOS_MAX_BUNDLE_LINES 16000000u
#define CHAOS_MAX_BUNDLE_ENVELOPES 1024u
#define CHAOS_MAX_BUNDLE_WAITING (16u * 1024u * 1024u) /* bytes of envelopes that no receipt has named yet */
#define CHAOS_MAX_BUNDLE_CONTENT (1024u * 1024u)       /* bytes of one content */

/* Each appends one line to `out`, whose limit must leave room; on failure `out` is as it was. LIMIT: the line is too
 * long; USAGE: an envelope with a line break in it, which no line can hold. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_bundle_write_header(const chaos_u256 *chain_id,
                                                                const chaos_address *agent_registry,
                                                                const chaos_u256 *agent_id, chaos_buffer *out,
                                                                chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_bundle_write_envelope(const chaos_evidence *envelope, chaos_buffer *out,
                                                                  chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_bundle_write_collateral(chaos_slice collateral, chaos_buffer *out,
                                                                    chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_bundle_write_receipt(const chaos_receipt *receipt, chaos_buffer *out,
                                                                 chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_bundle_write_content(chaos_slice content, chaos_buffer *out,
                                                                 chaos_error *err);
/* Reads the object {"action":...,"signature":...} of a receipt's line; its chain stands in the header. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_receipt_parse(chaos_slice json, const chaos_u256 *chain_id,
                                                          chaos_receipt *receipt, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
