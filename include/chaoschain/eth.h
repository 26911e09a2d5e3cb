/* eth.h - Ethereum: transactions (legacy as of EIP-155, access list of EIP-2930, dynamic fee of EIP-1559) and the
 * accounts that sign them.
 *
 * Sources: Ethereum Yellow Paper, EIP-155, EIP-2718, EIP-2930, EIP-1559. */
#ifndef CHAOSCHAIN_ETH_H
#define CHAOSCHAIN_ETH_H

#include <chaoschain/base.h>
#include <chaoschain/tee.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum chaos_transaction_type {
    CHAOS_TX_LEGACY = 0,
    CHAOS_TX_ACCESS_LIST = 1,
    CHAOS_TX_DYNAMIC_FEE = 2
} chaos_transaction_type;

#define CHAOS_MAX_TRANSACTION (128u * 1024u) /* bytes, as nodes limit them */
#define CHAOS_MAX_ACCESS_ENTRIES 256
#define CHAOS_MAX_STORAGE_KEYS 1024          /* of all entries together */

typedef struct chaos_access_entry {
    chaos_address address;
    const chaos_u256 *storage_keys; /* borrowed */
    size_t storage_key_count;
} chaos_access_entry;

/* A transaction by value; data and access list are borrowed. Amounts are in wei. */
typedef struct chaos_transaction {
    size_t size; /* CHAOS_TRANSACTION_INIT */
    chaos_transaction_type type;
    uint64_t chain_id;
    uint64_t nonce;
    chaos_u256 gas_price;        /* legacy and access list */
    chaos_u256 max_priority_fee; /* dynamic fee: per gas; not above max_fee */
    chaos_u256 max_fee;
    uint64_t gas_limit;
    bool has_to;                 /* false: makes a contract */
    chaos_address to;
    chaos_u256 value;
    chaos_slice data;
    const chaos_access_entry *access_list; /* not legacy */
    size_t access_count;
} chaos_transaction;
#define CHAOS_TRANSACTION_INIT                                                                                     \
    { sizeof(chaos_transaction), CHAOS_TX_DYNAMIC_FEE, 0, 0, { { 0 } }, { { 0 } }, { { 0 } }, 0, false, { { 0 } }, \
      { { 0 } }, { NULL, 0 }, NULL, 0 }

/* What the sender signs. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_transaction_digest(const chaos_transaction *transaction,
                                                               chaos_keccak *digest, chaos_error *err);
/* The bytes for eth_sendRawTransaction, appended to `raw`, and their hash, which is known before anything is sent. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_transaction_write(const chaos_transaction *transaction,
                                                              const chaos_signature65 *signature, chaos_buffer *raw,
                                                              chaos_keccak *hash, chaos_error *err);

/* A signed transaction read from its bytes, canonical ones only. */
typedef struct chaos_signed_transaction chaos_signed_transaction;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_transaction_read(chaos_slice raw, chaos_signed_transaction **transaction,
                                                             chaos_error *err);
CHAOS_API void chaos_signed_transaction_free(chaos_signed_transaction *transaction);
/* lent */
CHAOS_API const chaos_transaction *chaos_signed_transaction_fields(const chaos_signed_transaction *transaction);
CHAOS_API chaos_address chaos_signed_transaction_sender(const chaos_signed_transaction *transaction);
CHAOS_API chaos_signature65 chaos_signed_transaction_signature(const chaos_signed_transaction *transaction);
CHAOS_API chaos_keccak chaos_signed_transaction_hash(const chaos_signed_transaction *transaction);

/* Signs with a key of the TEE; the sender is recovered and compared before the bytes are given. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_eth_sign_transaction(chaos_tee *tee, const chaos_keypair *keypair,
                                                                 const chaos_transaction *transaction,
                                                                 chaos_buffer *raw, chaos_keccak *hash,
                                                                 chaos_error *err);

/* ------------------------------------------------------------- accounts ---- */

/* Who signs transactions: an ordinary key outside a TEE, or a key of the TEE. There is no call that gives a private key
 * out, and none that signs a bare digest. Immutable; threads may share one. */
typedef struct chaos_account chaos_account;

/* `tee` and `keypair` are borrowed: both must outlive the account. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_account_from_tee(chaos_tee *tee, const chaos_keypair *keypair,
                                                             chaos_account **account, chaos_error *err);

/* A key outside a TEE, from a keystore file: Web3 Secret Storage version 3, as geth, ethers and Foundry
 * (~/.foundry/keystores/NAME) write it (docs/keystore.md). The file must be a regular one of this user without any
 * right for group and others. FILE_IO, KEYSTORE_FORMAT (or a JSON status), PASSPHRASE. The passphrase is any bytes, and
 * the caller's to wipe; the key lives in guarded memory. Takes as long and as much memory as the file says, up to 512
 * MiB. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_account_open_keystore(const char *path, chaos_slice passphrase,
                                                                  chaos_account **account, chaos_error *err);

typedef struct chaos_keystore_options {
    size_t size;            /* CHAOS_KEYSTORE_OPTIONS_INIT */
    unsigned scrypt_log_n;  /* 12 to 19; 17 takes 128 MiB and about half a second */
    uint8_t *private_key;   /* 32 bytes, wiped in any case; NULL: a new key is made */
} chaos_keystore_options;
#define CHAOS_KEYSTORE_OPTIONS_INIT { sizeof(chaos_keystore_options), 17, NULL }

/* Makes a keystore file that must not exist yet (mode 0600; its folder is made with 0700 if it is missing), and opens
 * it. `options` may be NULL. The passphrase may not be empty. USAGE, FILE_IO. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_account_create_keystore(const char *path, chaos_slice passphrase,
                                                                    const chaos_keystore_options *options,
                                                                    chaos_account **account, chaos_error *err);
CHAOS_API void chaos_account_free(chaos_account *account);
CHAOS_API chaos_address chaos_account_address(const chaos_account *account);

/* The signed bytes, appended to `raw`, and their hash. The sender is recovered and compared before they are given. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_account_sign_transaction(const chaos_account *account,
                                                                     const chaos_transaction *transaction,
                                                                     chaos_buffer *raw, chaos_keccak *hash,
                                                                     chaos_error *err);
/* EIP-712, the JSON of eth_signTypedData_v4; the domain "ChaosChain TEE" is refused, as in tee.h. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_account_sign_typed_data(const chaos_account *account,
                                                                    chaos_slice typed_data,
                                                                    chaos_signature65 *signature, chaos_error *err);

/* The address of the contract that a transaction without `to` makes (Yellow Paper, section 7), and of one that a
 * factory makes with CREATE2 (EIP-1014). Pure. */
CHAOS_API chaos_address chaos_contract_address(const chaos_address *sender, uint64_t nonce);
CHAOS_API chaos_address chaos_contract_address_create2(const chaos_address *factory, const uint8_t salt[32],
                                                       chaos_slice init_code);

/* ------------------------------------------------------------- contract data ---- */

#define CHAOS_MAX_ABI_DATA (4u << 20)  /* bytes of contract data */
#define CHAOS_MAX_ABI_JSON (16u << 20) /* bytes of their values as JSON */

/* Contract data from JSON values and back, along types that are known at run time only (Solidity ABI specification).
 *
 * `types` is a list as in "uint256,(string name,bytes data)[],bytes32[2]", "" for none: uintN, intN, bool, address,
 * bytesN, bytes, string, tuples, arrays; a member may have a name, which matters for objects only; "uint" and "int" are
 * uint256 and int256. At most 256 types, 12 deep.
 * `values` is one JSON array with a value for each type: numbers below 2^53, or as strings of decimal digits or 0x and
 * hex digits; booleans; addresses (capitals as of EIP-55), bytes and bytesN as 0x and hex digits; strings; arrays; a
 * tuple as an array, or as an object by its members' names.
 *
 * Encoding: USAGE for the types, ABI_FORMAT or a JSON status for the values, with the offset in `values`. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_abi_encode(const char *types, chaos_slice values, chaos_buffer *data,
                                                       chaos_error *err);
/* With the selector in front; `signature` is "name(types)". */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_abi_encode_call(const char *signature, chaos_slice values,
                                                            chaos_buffer *data, chaos_error *err);
/* Keccak of the signature without names and spaces: topic 0 of an event; its first four bytes are the selector of a
 * function or error. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_abi_hash(const char *signature, chaos_keccak *hash, chaos_error *err);
/* Decoding gives RFC 8785 JSON: numbers as decimal strings, addresses with the capitals of EIP-55, tuples as arrays, in
 * strings U+FFFD for what is not UTF-8. Value types have one right form and others are refused (ABI_FORMAT); what
 * stands between and after the data is passed over, as the EVM does. At most 65,536 values, however offsets overlap. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_abi_decode(const char *types, chaos_slice data, chaos_buffer *values,
                                                       chaos_error *err);
/* ----------------------------------------------------------------- node ---- */

/* A chain, reached over JSON-RPC through one endpoint or several. Reads move to the next endpoint when one fails; the
 * bytes of a transaction go to all of them. Every endpoint must be of the same chain: one that is not is never used
 * again (CHAIN_ID when none is left). Thread-safe. */
typedef struct chaos_rpc chaos_rpc;

/* One line of printable ASCII about an endpoint's trouble or a long read's progress. From any thread. */
typedef void chaos_rpc_log_function(void *context, const char *line);

#define CHAOS_MAX_ENDPOINTS 8

typedef struct chaos_rpc_options {
    size_t size;                /* CHAOS_RPC_OPTIONS_INIT */
    const char *const *urls;    /* http:// or https://, in order of preference */
    size_t url_count;           /* 1 to CHAOS_MAX_ENDPOINTS */
    uint64_t chain_id;          /* that every endpoint must have; 0: that of the first one that answers */
    uint32_t request_timeout_ms; /* of one exchange; 0: 10 s */
    uint32_t deadline_ms;       /* of one call with all its retries; 0: 60 s */
    chaos_rpc_log_function *log; /* NULL: silent */
    void *log_context;
} chaos_rpc_options;
#define CHAOS_RPC_OPTIONS_INIT { sizeof(chaos_rpc_options), NULL, 0, 0, 0, 0, NULL, NULL }

/* Asks the endpoints for their chain id. NETWORK, TIMEOUT or NODE when none answers, CHAIN_ID when none is right. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_open(const chaos_rpc_options *options, chaos_rpc **rpc,
                                                     chaos_error *err);
CHAOS_API void chaos_rpc_free(chaos_rpc *rpc);
CHAOS_API uint64_t chaos_rpc_chain_id(const chaos_rpc *rpc);

/* Any method: `params_json` is an array, `result` gets the JSON of the member `result`. NODE with the node's own code
 * and text (escaped) when it answers with an error. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_request(chaos_rpc *rpc, const char *method, const char *params_json,
                                                        chaos_buffer *result, chaos_error *err);

typedef enum chaos_block_tag {
    CHAOS_BLOCK_LATEST = 0,
    CHAOS_BLOCK_PENDING,
    CHAOS_BLOCK_SAFE,
    CHAOS_BLOCK_FINALIZED,
    CHAOS_BLOCK_NUMBER,
    CHAOS_BLOCK_HASH /* EIP-1898, canonical ones only */
} chaos_block_tag;
typedef struct chaos_block_id {
    chaos_block_tag tag;
    uint64_t number;
    chaos_keccak hash;
} chaos_block_id;

typedef struct chaos_block {
    uint64_t number;
    chaos_keccak hash, parent;
    int64_t timestamp;
    uint64_t gas_limit;
    bool has_base_fee;
    chaos_u256 base_fee;
} chaos_block;

/* `at` may be NULL everywhere: latest. NOT_FOUND: there is no such block. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_block(chaos_rpc *rpc, const chaos_block_id *at, chaos_block *block,
                                                      chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_balance(chaos_rpc *rpc, const chaos_address *address,
                                                        const chaos_block_id *at, chaos_u256 *wei, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_transaction_count(chaos_rpc *rpc, const chaos_address *address,
                                                                  const chaos_block_id *at, uint64_t *count,
                                                                  chaos_error *err);
/* Appended; empty for an account without code. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_code(chaos_rpc *rpc, const chaos_address *address,
                                                     const chaos_block_id *at, chaos_buffer *code, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_storage(chaos_rpc *rpc, const chaos_address *address,
                                                        const chaos_u256 *slot, const chaos_block_id *at,
                                                        chaos_u256 *word, chaos_error *err);

typedef struct chaos_call {
    bool has_from;
    chaos_address from, to;
    chaos_u256 value;
    chaos_slice data;
} chaos_call;

#define CHAOS_MAX_CALL_RESULT (7u * 1024u * 1024u) /* bytes; in hex it must fit one answer of 16 MiB */
#define CHAOS_MAX_REVERT 4096 /* bytes of revert data that are kept */

/* eth_call; `result` is appended to. A contract's refusal is REVERTED: the text is the decoded reason (Error(string),
 * Panic, the registries' custom errors by name, else the selector), `revert` (may be NULL) gets its bytes. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_call(chaos_rpc *rpc, const chaos_call *call, const chaos_block_id *at,
                                                     chaos_buffer *result, chaos_buffer *revert, chaos_error *err);
/* The reason in revert data as one printable line. Pure. */
CHAOS_API void chaos_revert_text(chaos_slice revert, char text[200]);

/* One entry of a contract's log. `data` lies in the list that lends it. */
typedef struct chaos_log {
    chaos_address address;
    chaos_keccak topics[4];
    size_t topic_count;
    chaos_slice data;
    uint64_t block_number;
    chaos_keccak block_hash, transaction_hash;
    uint32_t transaction_index, log_index;
} chaos_log;

typedef struct chaos_logs chaos_logs; /* a list in the order of the chain */
CHAOS_API void chaos_logs_free(chaos_logs *logs);
CHAOS_API size_t chaos_logs_count(const chaos_logs *logs);
CHAOS_API const chaos_log *chaos_logs_at(const chaos_logs *logs, size_t index); /* NULL: beyond the end */

#define CHAOS_MAX_FILTER_ADDRESSES 16
#define CHAOS_MAX_FILTER_TOPICS 32 /* alternatives of one position */
typedef struct chaos_log_filter {
    size_t size; /* CHAOS_LOG_FILTER_INIT */
    bool by_hash; /* one block by its hash; else from..to, both included */
    chaos_keccak block_hash;
    uint64_t from_block, to_block;
    const chaos_address *addresses;
    size_t address_count;             /* 0: any */
    struct {
        const chaos_keccak *any_of;
        size_t count;                 /* 0: any */
    } topics[4];
} chaos_log_filter;
#define CHAOS_LOG_FILTER_INIT { sizeof(chaos_log_filter), false, { { 0 } }, 0, 0, NULL, 0, { { NULL, 0 } } }

/* One eth_getLogs, no chunks: the reader of erc8004.h makes them. What comes must match the filter, else NODE. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_logs(chaos_rpc *rpc, const chaos_log_filter *filter,
                                                     chaos_logs **logs, chaos_error *err);

typedef struct chaos_transaction_receipt {
    chaos_keccak transaction_hash, block_hash;
    uint64_t block_number;
    bool succeeded;
    uint64_t gas_used;
    chaos_u256 effective_gas_price;
    bool has_contract;
    chaos_address contract; /* that it made */
    chaos_logs *logs;       /* owned: chaos_logs_free */
} chaos_transaction_receipt;
/* NOT_FOUND: not in a block of this chain (now). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_rpc_receipt(chaos_rpc *rpc, const chaos_keccak *transaction_hash,
                                                        chaos_transaction_receipt *receipt, chaos_error *err);

/* --------------------------------------------------------------- sender ---- */

/* Sends transactions so that a crash never sends twice. What is to be done is an intent with a name of the caller's
 * own; the journal, a file, has the intent, then the signed bytes, before anything is sent. The same name is done once,
 * whatever happens in between: killed, restarted, reorganised, replaced by a dearer twin, sent by two processes.
 * Thread-safe; processes share a journal and a key. Two journals with one key know nothing of each other: the later
 * one gets NONCE_TAKEN at best. The journal must lie on a local file system, is no symbolic link, and belongs to one
 * chain from its first block on: CHAIN_ID when a local chain was begun anew. */
typedef struct chaos_sender chaos_sender;

typedef struct chaos_sender_options {
    size_t size;                 /* CHAOS_SENDER_OPTIONS_INIT */
    chaos_rpc *rpc;              /* borrowed */
    const chaos_account *account; /* borrowed */
    const char *journal;         /* path of the file, made with mode 0600 when it is not there */
    uint32_t confirmations;      /* blocks, that of the transaction included; 0: 1 on local chains, else 2 */
    uint32_t deadline_ms;        /* of waiting for one transaction; 0: 180 s */
    uint32_t poll_ms;            /* 0: 100 ms on local chains, else 1 s */
    chaos_u256 max_fee;          /* the ceiling of the fee per gas in wei; 0: 500 gwei */
    chaos_u256 min_priority_fee; /* the floor of the tip; 0: 0.001 gwei */
    bool dry_run;                /* estimate and say what would be sent; nothing is signed, written or sent, and no
                                  * journal is needed or read */
    chaos_rpc_log_function *log; /* NULL: silent */
    void *log_context;
} chaos_sender_options;
#define CHAOS_SENDER_OPTIONS_INIT \
    { sizeof(chaos_sender_options), NULL, NULL, NULL, 0, 0, 0, { { 0 } }, { { 0 } }, false, NULL, NULL }

CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_open(const chaos_sender_options *options, chaos_sender **sender,
                                                        chaos_error *err);
CHAOS_API void chaos_sender_free(chaos_sender *sender);
CHAOS_API chaos_address chaos_sender_address(const chaos_sender *sender);
CHAOS_API chaos_rpc *chaos_sender_rpc(const chaos_sender *sender); /* lent */
CHAOS_API bool chaos_sender_is_dry_run(const chaos_sender *sender);

#define CHAOS_MAX_INTENT_NAME 128
typedef struct chaos_intent {
    size_t size;        /* CHAOS_INTENT_INIT */
    const char *name;   /* 1 to 128 of [A-Za-z0-9._:/-]: done once for this account, chain and journal, ever */
    bool has_to;        /* false: makes a contract */
    chaos_address to;
    chaos_u256 value;
    chaos_slice data;
    uint64_t gas_limit; /* 0: the estimate and a fifth */
} chaos_intent;
#define CHAOS_INTENT_INIT { sizeof(chaos_intent), NULL, false, { { 0 } }, { { 0 } }, { NULL, 0 }, 0 }

typedef enum chaos_intent_state {
    CHAOS_INTENT_PLANNED = 1, /* in the journal, not signed */
    CHAOS_INTENT_SENT,        /* signed, written, perhaps known to nodes */
    CHAOS_INTENT_INCLUDED,    /* in a block, too young */
    CHAOS_INTENT_CONFIRMED,   /* done */
    CHAOS_INTENT_REVERTED,    /* in a block, and the contract refused: done, and failed */
    CHAOS_INTENT_ABANDONED    /* its nonce went to a cancelling transaction */
} chaos_intent_state;

typedef struct chaos_outcome {
    chaos_intent_state state;
    bool was_done;                 /* an earlier call had done it: nothing was sent now */
    uint64_t nonce;
    chaos_keccak transaction_hash; /* of the attempt that is in the block, else of the newest */
    uint64_t block_number;         /* of INCLUDED, CONFIRMED and REVERTED */
    chaos_keccak block_hash;
    uint64_t gas_used;             /* of a dry run: the estimate */
    chaos_u256 gas_price;          /* paid per gas; of a dry run: the cap */
    unsigned attempts;
} chaos_outcome;

/* Does it and waits until it is confirmed. REVERTED: the contract refused (in the estimate: nothing was sent; or in the
 * block), with its reason; FUNDS, FEE_LIMIT; UNCONFIRMED when the deadline passed: call again, with the same name, to
 * go on; USAGE when the name was used for something else, or was given up; NONCE_TAKEN when something else used the
 * account: nothing is sent for this name any more, chaos_sender_cancel gives it up. After a failure
 * chaos_sender_find tells how far it is. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_send(chaos_sender *sender, const chaos_intent *intent,
                                                        chaos_outcome *outcome, chaos_error *err);
/* The two halves of it, so that several are under way at once: written and sent; waited for. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_submit(chaos_sender *sender, const chaos_intent *intent,
                                                          chaos_outcome *outcome, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_wait(chaos_sender *sender, const char *name,
                                                        chaos_outcome *outcome, chaos_error *err);
/* What the journal says of the name, without asking the chain. NOT_FOUND. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_find(chaos_sender *sender, const char *name,
                                                        chaos_outcome *outcome, chaos_error *err);
/* Finishes everything that an earlier process left under way; *finished counts what is done now. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_resume(chaos_sender *sender, size_t *finished, chaos_error *err);
/* Gives up an intent that is not in a block: a transfer of nothing to oneself takes its nonce. OK also when the intent
 * was faster (outcome->state says so); USAGE when it is done already. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_sender_cancel(chaos_sender *sender, const char *name,
                                                          chaos_outcome *outcome, chaos_error *err);

#ifdef __cplusplus
}
#endif
#endif
