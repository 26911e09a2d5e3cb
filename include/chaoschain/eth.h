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

#ifdef __cplusplus
}
#endif
#endif
