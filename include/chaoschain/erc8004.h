/* erc8004.h - the three registries of ERC-8004: which networks have them, every function and every event of theirs,
 * the metadata of a TEE agent, and a reader of their logs.
 *
 * Who asks a registry needs a chaos_rpc, who writes a chaos_sender (eth.h). Chains are not believed more than they
 * prove: an address is the registry that it should be only after chaos_registries_open has looked, an empty answer
 * never proves that an agent exists, and every text of theirs may be of any size, hold NULs and be no UTF-8.
 *
 * Statuses of their own: REGISTRY (the contract is not the one that it should be: `field` says which, the text
 * why), NOT_FOUND (no such agent, request or feedback), REVERTED (the contract refused: its reason), NOT_AVAILABLE
 * (this network has no such registry), NODE (an answer that is not of its ABI type), ABI_FORMAT (a log that is
 * not).
 *
 * Sources: EIP-8004; the official contracts 2.0.0 as they behave; EIP-721, EIP-712, EIP-5267, EIP-1967. */
#ifndef CHAOSCHAIN_ERC8004_H
#define CHAOSCHAIN_ERC8004_H

#include <chaoschain/base.h>
#include <chaoschain/eth.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- networks ---- */

typedef enum chaos_network_kind {
    CHAOS_NETWORK_MAIN = 1,
    CHAOS_NETWORK_TEST = 2,
    CHAOS_NETWORK_LOCAL = 3, /* a chain on this machine: it has the registries that somebody deployed there */
    CHAOS_NETWORK_OTHER = 4  /* eip155:N of a chain that is not in the list: no addresses are known */
} chaos_network_kind;

/* A network by value. Addresses that are all zero are not known. The validation registry's address is that of the
 * official deployment, which not every network has: chaos_registries_open asks the chain. */
typedef struct chaos_network {
    char name[32]; /* "base-sepolia", or "eip155:N" */
    chaos_network_kind kind;
    uint64_t chain_id;
    chaos_address identity, reputation, validation;
    uint64_t first_block;  /* of the identity registry, to begin reading logs at; 0: not known */
    char rpc_url[128];     /* a public endpoint of the network's own; "": none is known */
    char rpc_variable[32]; /* what users of the Python SDK set in the environment; not read here */
} chaos_network;

/* By name in any case ("base-sepolia", "BASE_SEPOLIA", "ethereum-mainnet", "local") or as "eip155:N". An unknown
 * name is USAGE. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_network_find(const char *name, chaos_network *network, chaos_error *err);
CHAOS_API size_t chaos_network_count(void);
CHAOS_API const char *chaos_network_name_at(size_t index); /* NULL: beyond the end */

/* The same from a file of the operator's own in the shape of data/networks.json: name, kind ("main", "test",
 * "local", "other") and chain_id are needed, members that are not known and names that come twice are refused, in
 * all of the file. The file alone is searched; who wants both asks chaos_network_find next. Without a name (NULL)
 * its only network is meant. FILE_IO; USAGE with what is wrong. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_network_load(const char *path, const char *name, chaos_network *network,
                                                         chaos_error *err);

/* ---------------------------------------------------------------- names ---- */

/* An agent: chain, identity registry and id, as "eip155:84532:42" or "eip155:84532:0x8004...:42". Ids are of 256
 * bits and begin at 0, so no id means "none". */
typedef struct chaos_agent_reference {
    uint64_t chain_id;
    bool has_registry;
    chaos_address registry;
    chaos_u256 agent_id;
} chaos_agent_reference;
#define CHAOS_AGENT_REFERENCE_TEXT_SIZE 152 /* the longest one with NUL */
#define CHAOS_U256_TEXT_SIZE 79

/* Numbers decimal without leading zeros; addresses in one case, or in EIP-55's. USAGE. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_reference_parse(const char *text, chaos_agent_reference *reference,
                                                                  chaos_error *err);
/* "eip155:N:0x...:ID" (EIP-55), without the address when there is none. */
CHAOS_API void chaos_agent_reference_format(const chaos_agent_reference *reference,
                                            char text[CHAOS_AGENT_REFERENCE_TEXT_SIZE]);
CHAOS_API chaos_u256 chaos_u256_from(uint64_t number);
CHAOS_API bool chaos_u256_to(const chaos_u256 *number, uint64_t *out); /* false: it is larger, and *out is untouched */
CHAOS_API void chaos_u256_format(const chaos_u256 *number, char text[CHAOS_U256_TEXT_SIZE]); /* decimal */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_u256_parse(const char *decimal, chaos_u256 *number, chaos_error *err);

/* A signed number of 128 bits in two's complement: high * 2^64 + low. With decimals (0 to 18) it is a decimal
 * fraction. */
typedef struct chaos_int128 {
    int64_t high;
    uint64_t low;
} chaos_int128;
#define CHAOS_DECIMAL_TEXT_SIZE 48
#define CHAOS_MAX_DECIMALS 18
CHAOS_API chaos_int128 chaos_int128_from(int64_t number);
/* "-99.77": with exactly `decimals` digits behind the point. */
CHAOS_API void chaos_decimal_format(const chaos_int128 *value, unsigned decimals, char text[CHAOS_DECIMAL_TEXT_SIZE]);
/* "87", "-0.32", "99.770": as many decimals as there are digits behind the point. What reputation takes: at most 18
 * decimals, at most 10^38 either way without the point. USAGE. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_decimal_parse(const char *text, chaos_int128 *value, uint8_t *decimals,
                                                          chaos_error *err);

/* ----------------------------------------------------------- registries ---- */

typedef enum chaos_registry_kind {
    CHAOS_REGISTRY_IDENTITY = 0,
    CHAOS_REGISTRY_REPUTATION = 1,
    CHAOS_REGISTRY_VALIDATION = 2
} chaos_registry_kind;

/* The registries of one chain, looked at and found to belong together. Immutable, thread-safe. */
typedef struct chaos_registries chaos_registries;

typedef struct chaos_registries_options {
    size_t size;                  /* CHAOS_REGISTRIES_OPTIONS_INIT */
    chaos_rpc *rpc;               /* borrowed: outlives the registries */
    const chaos_network *network; /* its addresses where none is given here; its chain is the rpc's. Or NULL */
    bool has_identity, has_reputation, has_validation;
    chaos_address identity, reputation, validation;
} chaos_registries_options;
#define CHAOS_REGISTRIES_OPTIONS_INIT \
    { sizeof(chaos_registries_options), NULL, NULL, false, false, false, { { 0 } }, { { 0 } }, { { 0 } } }

/* Each registry must have code and say getVersion() = "2.0.0"; reputation and validation must name the identity
 * registry (getIdentityRegistry); earlier generations with other meanings under the same names are recognised and
 * refused: the bytes32 tags of October 2025, ChaosChain's own 1.x. REGISTRY with which one and what was found. An
 * identity registry is needed (USAGE). The others may have no address; a validation registry of the network's own
 * list that has no code is absent, too. Calls that need an absent one answer NOT_AVAILABLE with the reason.
 * CHAIN_ID: rpc and network differ. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registries_open(const chaos_registries_options *options,
                                                            chaos_registries **registries, chaos_error *err);
CHAOS_API void chaos_registries_free(chaos_registries *registries);
CHAOS_API bool chaos_registries_has(const chaos_registries *registries, chaos_registry_kind kind);
/* All zero when it is absent. */
CHAOS_API chaos_address chaos_registries_address(const chaos_registries *registries, chaos_registry_kind kind);
CHAOS_API chaos_rpc *chaos_registries_rpc(const chaos_registries *registries); /* lent */
CHAOS_API uint64_t chaos_registries_chain_id(const chaos_registries *registries);
/* "identity", "reputation", "validation"; NULL for anything else. */
CHAOS_API const char *chaos_registry_name(chaos_registry_kind kind);

/* Puts our registries (contracts/: from the text of the EIP, not upgradeable, without an owner) on the sender's
 * chain; for local chains. Three transactions of intents "PREFIX/identity", "PREFIX/reputation",
 * "PREFIX/validation": done once for the same prefix. The addresses follow from the sender and its nonces and are
 * compared with the receipts. In a dry run *addresses is untouched. */
typedef struct chaos_registry_addresses {
    chaos_address identity, reputation, validation;
} chaos_registry_addresses;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registries_deploy(chaos_sender *sender, const char *prefix,
                                                              chaos_registry_addresses *addresses, chaos_error *err);

/* ---------------------------------------------------------------- reads ---- */

/* `at` is a block, NULL the latest; who reads several things that belong together gives one block by its hash.
 * Texts and lists of bytes are appended to a buffer of the caller's limit; what is longer than it is NODE. */

typedef struct chaos_address_list chaos_address_list;
CHAOS_API void chaos_address_list_free(chaos_address_list *list);
CHAOS_API size_t chaos_address_list_count(const chaos_address_list *list);
CHAOS_API const chaos_address *chaos_address_list_at(const chaos_address_list *list, size_t index); /* NULL: beyond */
typedef struct chaos_hash_list chaos_hash_list;
CHAOS_API void chaos_hash_list_free(chaos_hash_list *list);
CHAOS_API size_t chaos_hash_list_count(const chaos_hash_list *list);
CHAOS_API const chaos_keccak *chaos_hash_list_at(const chaos_hash_list *list, size_t index); /* NULL: beyond */

/* Of any of the three: "2.0.0"; and who may exchange its code (official ones; ours have no owner: REVERTED). The
 * implementation behind an ERC-1967 proxy, all zero where there is none. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registry_version(const chaos_registries *registries,
                                                             chaos_registry_kind kind, const chaos_block_id *at,
                                                             chaos_buffer *version, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registry_owner(const chaos_registries *registries,
                                                           chaos_registry_kind kind, const chaos_block_id *at,
                                                           chaos_address *owner, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registry_implementation(const chaos_registries *registries,
                                                                    chaos_registry_kind kind,
                                                                    const chaos_block_id *at,
                                                                    chaos_address *implementation, chaos_error *err);

/* Identity. NOT_FOUND: there is no such agent. Where the registry itself says nothing of it (wallet, metadata), the
 * answer is empty for an agent that does not exist. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_exists(const chaos_registries *registries,
                                                         const chaos_u256 *agent_id, const chaos_block_id *at,
                                                         bool *exists, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_owner(const chaos_registries *registries,
                                                        const chaos_u256 *agent_id, const chaos_block_id *at,
                                                        chaos_address *owner, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_wallet(const chaos_registries *registries,
                                                         const chaos_u256 *agent_id, const chaos_block_id *at,
                                                         chaos_address *wallet, chaos_error *err); /* zero: none */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_uri(const chaos_registries *registries, const chaos_u256 *agent_id,
                                                      const chaos_block_id *at, chaos_buffer *uri, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_metadata(const chaos_registries *registries,
                                                           const chaos_u256 *agent_id, const char *key,
                                                           const chaos_block_id *at, chaos_buffer *value,
                                                           chaos_error *err); /* empty: none */
/* Owner, operator of the owner, or approved for this agent. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_is_authorized(const chaos_registries *registries,
                                                                const chaos_address *spender,
                                                                const chaos_u256 *agent_id, const chaos_block_id *at,
                                                                bool *authorized, chaos_error *err);
/* zero: nobody */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_approved(const chaos_registries *registries,
                                                           const chaos_u256 *agent_id, const chaos_block_id *at,
                                                           chaos_address *approved, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_is_operator(const chaos_registries *registries,
                                                              const chaos_address *owner,
                                                              const chaos_address *operator_,
                                                              const chaos_block_id *at, bool *is_operator,
                                                              chaos_error *err);
/* How many agents an address owns. Which ones, the logs say: there is no enumeration. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_balance(const chaos_registries *registries,
                                                          const chaos_address *owner, const chaos_block_id *at,
                                                          chaos_u256 *count, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_identity_name(const chaos_registries *registries,
                                                          const chaos_block_id *at, chaos_buffer *name,
                                                          chaos_error *err); /* "AgentIdentity" */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_identity_symbol(const chaos_registries *registries,
                                                            const chaos_block_id *at, chaos_buffer *symbol,
                                                            chaos_error *err); /* "AGENT" */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_identity_supports(const chaos_registries *registries, uint32_t interface_id,
                                                              const chaos_block_id *at, bool *supported,
                                                              chaos_error *err); /* ERC-165 */
/* The EIP-712 domain (EIP-5267), compared with the one that is known: ERC8004IdentityRegistry, version 1, this
 * chain, this contract, nothing more. REGISTRY with what differs. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_identity_check_domain(const chaos_registries *registries,
                                                                  const chaos_block_id *at, chaos_error *err);

/* Reputation. Anybody but the owner and its representatives can write anything, so feedback is a claim of its
 * client. */
typedef struct chaos_feedback { /* what the registry keeps; tags lie in the list or buffer that lends them */
    chaos_address client;
    uint64_t index; /* from 1 for each agent and client */
    chaos_int128 value;
    uint8_t decimals;
    chaos_slice tag1, tag2;
    bool is_revoked;
} chaos_feedback;
typedef struct chaos_feedback_list chaos_feedback_list;
CHAOS_API void chaos_feedback_list_free(chaos_feedback_list *list);
CHAOS_API size_t chaos_feedback_list_count(const chaos_feedback_list *list);
CHAOS_API const chaos_feedback *chaos_feedback_list_at(const chaos_feedback_list *list, size_t index);

typedef struct chaos_feedback_summary {
    uint64_t count; /* 0: nothing fits, and the value says nothing */
    chaos_int128 value;
    uint8_t decimals;
} chaos_feedback_summary;

CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_clients(const chaos_registries *registries,
                                                             const chaos_u256 *agent_id, const chaos_block_id *at,
                                                             chaos_address_list **clients, chaos_error *err);
/* 0: the client has given none. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_last_index(const chaos_registries *registries,
                                                                const chaos_u256 *agent_id,
                                                                const chaos_address *client, const chaos_block_id *at,
                                                                uint64_t *index, chaos_error *err);
/* NOT_FOUND: there is no feedback of this index. The list has this one entry. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_read(const chaos_registries *registries,
                                                          const chaos_u256 *agent_id, const chaos_address *client,
                                                          uint64_t index, const chaos_block_id *at,
                                                          chaos_feedback_list **list, chaos_error *err);
/* What fits of these clients (none: of all; a popular agent's may be too much for a node, so list them) and tags
 * (NULL or "": any). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_read_all(const chaos_registries *registries,
                                                              const chaos_u256 *agent_id,
                                                              const chaos_address *clients, size_t client_count,
                                                              const char *tag1, const char *tag2,
                                                              bool include_revoked, const chaos_block_id *at,
                                                              chaos_feedback_list **list, chaos_error *err);
/* The contract's own mean of these clients' feedback (at least one client: USAGE; one that is listed twice is
 * refused, as the contract would count it twice). Its last step wraps for values beyond 2^127:
 * chaos_feedback_list_summary computes the same without that, LIMIT when the mean does not fit. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_summary_of(const chaos_registries *registries,
                                                                const chaos_u256 *agent_id,
                                                                const chaos_address *clients, size_t client_count,
                                                                const char *tag1, const char *tag2,
                                                                const chaos_block_id *at,
                                                                chaos_feedback_summary *summary, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_list_summary(const chaos_feedback_list *list,
                                                                  chaos_feedback_summary *summary, chaos_error *err);
/* Client NULL: all; index 0: all of the client; no responders: all. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_response_count(const chaos_registries *registries,
                                                                    const chaos_u256 *agent_id,
                                                                    const chaos_address *client_or_null,
                                                                    uint64_t index, const chaos_address *responders,
                                                                    size_t responder_count, const chaos_block_id *at,
                                                                    uint64_t *count, chaos_error *err);

/* Validation. */
typedef struct chaos_validation {
    chaos_address validator;
    chaos_u256 agent_id;
    bool is_answered;   /* decided by the logs: the registry's own answer for "pending" and for a bare 0 are equal */
    uint8_t response;   /* 0 to 100 */
    chaos_keccak response_hash;
    int64_t last_update; /* of the answer, or of the request while it is pending */
} chaos_validation;

/* NOT_FOUND: nobody has made this request. `tag` (may be NULL) is appended to. Where the state alone does not
 * decide, the block of last_update is searched for by its time and its logs are read. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_status(const chaos_registries *registries,
                                                              const chaos_keccak *request_hash,
                                                              const chaos_block_id *at, chaos_validation *validation,
                                                              chaos_buffer *tag, chaos_error *err);
/* Answered requests of these validators (none: all) with this last tag (NULL or "": any); the mean is rounded down. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_summary(const chaos_registries *registries,
                                                               const chaos_u256 *agent_id,
                                                               const chaos_address *validators, size_t validator_count,
                                                               const char *tag, const chaos_block_id *at,
                                                               uint64_t *count, uint8_t *mean, chaos_error *err);
/* In the order in which they were made. Unbounded on chain; here CHAOS_MAX_CALL_RESULT. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_of_agent(const chaos_registries *registries,
                                                                const chaos_u256 *agent_id, const chaos_block_id *at,
                                                                chaos_hash_list **requests, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_of_validator(const chaos_registries *registries,
                                                                    const chaos_address *validator,
                                                                    const chaos_block_id *at,
                                                                    chaos_hash_list **requests, chaos_error *err);

/* --------------------------------------------------------------- writes ---- */

/* Every one is an intent of the caller's name (eth.h): done once, also across crashes and reorganisations; call
 * again, with the same name, to go on. `outcome` may be NULL. Where the chain is already as it should be and the
 * name is new, nothing is sent: was_done, no attempts, hash zero. In a dry run outputs other than `outcome` are
 * untouched. The sender's chain must be that of the registries (CHAIN_ID). */

typedef struct chaos_metadata_entry {
    const char *key;   /* not "agentWallet": the registry keeps it for itself (USAGE) */
    chaos_slice value; /* empty: clears the key */
} chaos_metadata_entry;
#define CHAOS_MAX_METADATA_ENTRIES 32

/* The three forms of register: without URI (NULL) and entries; with a URI; with both. The id is read from the
 * Registered log of the confirmed receipt each time, since a reorganisation can change it. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_register(const chaos_registries *registries, chaos_sender *sender,
                                                           const char *intent, const char *uri,
                                                           const chaos_metadata_entry *entries, size_t entry_count,
                                                           chaos_u256 *agent_id, chaos_outcome *outcome,
                                                           chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_set_uri(const chaos_registries *registries, chaos_sender *sender,
                                                          const char *intent, const chaos_u256 *agent_id,
                                                          const char *uri, chaos_outcome *outcome, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_set_metadata(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_u256 *agent_id, const char *key,
                                                               chaos_slice value, chaos_outcome *outcome,
                                                               chaos_error *err);

/* What the new wallet signs to become an agent's: EIP-712 `AgentWalletSet(uint256 agentId,address newWallet,address
 * owner,uint256 deadline)` in the registry's own domain, which is read and must be the known one. The deadline is the
 * latest block's time and two minutes (the registry takes five at most); the clock of the host is not asked. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_wallet_signature(const chaos_registries *registries,
                                                                   const chaos_u256 *agent_id,
                                                                   const chaos_account *wallet, uint64_t *deadline,
                                                                   chaos_signature65 *signature, chaos_error *err);
/* The same as the JSON of eth_signTypedData_v4, appended, for a wallet elsewhere. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_wallet_typed_data(const chaos_registries *registries,
                                                                    const chaos_u256 *agent_id,
                                                                    const chaos_address *wallet, uint64_t *deadline,
                                                                    chaos_buffer *typed_data, chaos_error *err);
/* `signature` is of the wallet (65 bytes), or what its contract takes (ERC-1271). An intent that was begun goes on
 * with the deadline and signature that it began with; one whose deadline passed before it was sent is REVERTED: take a
 * new name. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_set_wallet(const chaos_registries *registries, chaos_sender *sender,
                                                             const char *intent, const chaos_u256 *agent_id,
                                                             const chaos_address *wallet, uint64_t deadline,
                                                             chaos_slice signature, chaos_outcome *outcome,
                                                             chaos_error *err);
/* Both in one; nothing is sent when the wallet is the agent's already. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_adopt_wallet(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_u256 *agent_id, const chaos_account *wallet,
                                                               chaos_outcome *outcome, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_unset_wallet(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_u256 *agent_id, chaos_outcome *outcome,
                                                               chaos_error *err);

typedef enum chaos_transfer_form {
    CHAOS_TRANSFER_SAFE = 0,  /* a contract must accept the agent */
    CHAOS_TRANSFER_PLAIN = 1  /* a contract that cannot handle it keeps it for ever */
} chaos_transfer_form;
/* From its owner; it clears agentWallet and the approval. `data` goes to a contract that receives it (safe form). */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_transfer(const chaos_registries *registries, chaos_sender *sender,
                                                           const char *intent, const chaos_u256 *agent_id,
                                                           const chaos_address *to, chaos_transfer_form form,
                                                           chaos_slice data, chaos_outcome *outcome, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_approve(const chaos_registries *registries, chaos_sender *sender,
                                                          const char *intent, const chaos_u256 *agent_id,
                                                          const chaos_address *approved, chaos_outcome *outcome,
                                                          chaos_error *err); /* the zero address takes it back */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_set_operator(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_address *operator_, bool is_operator,
                                                               chaos_outcome *outcome, chaos_error *err);

typedef struct chaos_feedback_draft {
    chaos_int128 value; /* at most 10^38 either way */
    uint8_t decimals;   /* at most 18 */
    const char *tag1, *tag2, *endpoint, *uri; /* NULL: empty. Endpoint, URI and hash exist in the log alone */
    chaos_keccak hash;  /* of the bytes behind the URI, or zero */
} chaos_feedback_draft;
/* Refused (REVERTED) from the agent's owner and its representatives. *index (may be NULL) is read back from the log. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_give(const chaos_registries *registries, chaos_sender *sender,
                                                          const char *intent, const chaos_u256 *agent_id,
                                                          const chaos_feedback_draft *draft, uint64_t *index,
                                                          chaos_outcome *outcome, chaos_error *err);
/* Of the sender's own. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_revoke(const chaos_registries *registries, chaos_sender *sender,
                                                            const char *intent, const chaos_u256 *agent_id,
                                                            uint64_t index, chaos_outcome *outcome, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_feedback_respond(const chaos_registries *registries, chaos_sender *sender,
                                                             const char *intent, const chaos_u256 *agent_id,
                                                             const chaos_address *client, uint64_t index,
                                                             const char *uri, const chaos_keccak *hash,
                                                             chaos_outcome *outcome, chaos_error *err);

/* Asks a validator. A hash is one key for all agents of the registry: one that is there for this agent and
 * validator is an earlier request of our own (done); for another it is somebody else's, REVERTED with whose. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_request(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_address *validator,
                                                               const chaos_u256 *agent_id, const char *uri,
                                                               const chaos_keccak *request_hash,
                                                               chaos_outcome *outcome, chaos_error *err);
/* Answers, once: a request that has this very answer is done, one that has another is USAGE with what it is. NOT_FOUND:
 * there is no such request; REVERTED: the sender is not its validator. `tag` and `uri` may be NULL: empty. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_validation_respond(const chaos_registries *registries,
                                                               chaos_sender *sender, const char *intent,
                                                               const chaos_keccak *request_hash, uint8_t response,
                                                               const char *uri, const chaos_keccak *response_hash,
                                                               const char *tag, chaos_outcome *outcome,
                                                               chaos_error *err);

/* --------------------------------------------------------- TEE metadata ---- */

/* What an agent says of its TEE on chain. Present members only are written; what is read has the size and form of
 * its key, else it is absent and `malformed` names its bit. */
typedef enum chaos_tee_field {
    CHAOS_TEE_FIELD_VERSION = 1u << 0,       /* tee.v: 0x01, always written */
    CHAOS_TEE_FIELD_ARCH = 1u << 1,          /* tee.arch: tdx, sgx, sev-snp, nitro, cca */
    CHAOS_TEE_FIELD_KEY = 1u << 2,           /* tee.key */
    CHAOS_TEE_FIELD_BINDING = 1u << 3,       /* tee.binding: keccak of the binding's 480 bytes */
    CHAOS_TEE_FIELD_EVIDENCE_HASH = 1u << 4, /* tee.evidenceHash */
    CHAOS_TEE_FIELD_EVIDENCE_URI = 1u << 5,  /* tee.evidenceURI: UTF-8 without NUL */
    CHAOS_TEE_FIELD_MEASUREMENT = 1u << 6,   /* tee.measurement: chaos_tee_measurement */
    CHAOS_TEE_FIELD_EXPIRES = 1u << 7,       /* tee.expires: 8 bytes, Unix seconds */
    CHAOS_TEE_FIELD_SIMULATED = 1u << 8      /* tee.simulated: 0x01 */
} chaos_tee_field;
#define CHAOS_TEE_FIELD_COUNT 9
#define CHAOS_MAX_EVIDENCE_URI 2048

typedef struct chaos_tee_metadata {
    unsigned present, malformed; /* bits of chaos_tee_field */
    char arch[16];
    chaos_address key;
    chaos_keccak binding, evidence_hash, measurement;
    char evidence_uri[CHAOS_MAX_EVIDENCE_URI + 1];
    int64_t expires;
} chaos_tee_metadata;

/* The entries for chaos_agent_register or, one by one, chaos_agent_set_metadata. They point into `metadata` and
 * `storage`. USAGE: a member has no form of its key. Pure. */
typedef struct chaos_tee_entries {
    size_t count;
    chaos_metadata_entry entries[CHAOS_TEE_FIELD_COUNT];
    uint8_t storage[16];
} chaos_tee_entries;
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_metadata_write(const chaos_tee_metadata *metadata,
                                                               chaos_tee_entries *entries, chaos_error *err);
/* One value that was read or came in a log: true when `key` is a member of the TEE's. Pure. */
CHAOS_API bool chaos_tee_metadata_take(chaos_tee_metadata *metadata, chaos_slice key, chaos_slice value);
/* All of them at one block. An agent without any has present = malformed = 0. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_metadata_read(const chaos_registries *registries,
                                                              const chaos_u256 *agent_id, const chaos_block_id *at,
                                                              chaos_tee_metadata *metadata, chaos_error *err);

/* tee.measurement of a TDX workload: keccak over a label and the raw fields. */
typedef struct chaos_tdx_workload {
    uint8_t mr_td[48], rtmr0[48], rtmr1[48], rtmr2[48], mr_config_id[48];
    uint8_t compose_hash[32]; /* or zeros */
    uint8_t td_attributes[8], xfam[8];
} chaos_tdx_workload;
CHAOS_API chaos_keccak chaos_tee_measurement(const chaos_tdx_workload *workload);

/* tee.head: sequence (8) and digest of the newest receipt; tee.answer: request hash and keccak of the envelope. */
#define CHAOS_TEE_HEAD_KEY "tee.head"
#define CHAOS_TEE_ANSWER_KEY "tee.answer"
typedef struct chaos_tee_head {
    uint64_t sequence;
    chaos_keccak digest;
} chaos_tee_head;
typedef struct chaos_tee_answer {
    chaos_keccak request_hash, envelope_hash;
} chaos_tee_answer;
CHAOS_API void chaos_tee_head_write(const chaos_tee_head *head, uint8_t value[40]);
CHAOS_API void chaos_tee_answer_write(const chaos_tee_answer *answer, uint8_t value[64]);
/* NOT_FOUND: the key is empty; NODE: its value has another size. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_head_read(const chaos_registries *registries,
                                                          const chaos_u256 *agent_id, const chaos_block_id *at,
                                                          chaos_tee_head *head, chaos_error *err);
CHAOS_API CHAOS_MUST_USE chaos_status chaos_tee_answer_read(const chaos_registries *registries,
                                                            const chaos_u256 *agent_id, const chaos_block_id *at,
                                                            chaos_tee_answer *answer, chaos_error *err);

/* --------------------------------------------------------------- events ---- */

typedef enum chaos_event_kind {
    CHAOS_EVENT_UNKNOWN = 0, /* a topic of no registry: not an error */
    CHAOS_EVENT_REGISTERED,
    CHAOS_EVENT_URI_UPDATED,
    CHAOS_EVENT_METADATA_SET,
    CHAOS_EVENT_TRANSFER,
    CHAOS_EVENT_APPROVAL,
    CHAOS_EVENT_APPROVAL_FOR_ALL,
    CHAOS_EVENT_METADATA_UPDATE,       /* ERC-4906 */
    CHAOS_EVENT_BATCH_METADATA_UPDATE, /* ERC-4906 */
    CHAOS_EVENT_DOMAIN_CHANGED,        /* EIP712DomainChanged */
    CHAOS_EVENT_NEW_FEEDBACK,
    CHAOS_EVENT_FEEDBACK_REVOKED,
    CHAOS_EVENT_RESPONSE_APPENDED,
    CHAOS_EVENT_VALIDATION_REQUEST,
    CHAOS_EVENT_VALIDATION_RESPONSE,
    CHAOS_EVENT_UPGRADED, /* of any of the three: its code is another now */
    CHAOS_EVENT_INITIALIZED,
    CHAOS_EVENT_OWNERSHIP_TRANSFERRED,
    CHAOS_EVENT_COUNT
} chaos_event_kind;

/* The contract's own name, "Registered", and its topic 0. NULL and zero for UNKNOWN. */
CHAOS_API const char *chaos_event_name(chaos_event_kind kind);
CHAOS_API chaos_keccak chaos_event_topic(chaos_event_kind kind);

/* Slices point into the log's data: bytes of a stranger, of any length. */
typedef struct chaos_event {
    chaos_event_kind kind;
    chaos_u256 agent_id; /* of every kind that is about one agent; of BATCH_METADATA_UPDATE the first */
    union {
        struct { chaos_slice uri; chaos_address owner; } registered;
        struct { chaos_slice uri; chaos_address updated_by; } uri_updated;
        struct { chaos_slice key, value; } metadata_set;
        struct { chaos_address from, to; } transfer;
        struct { chaos_address owner, approved; } approval;
        struct { chaos_address owner, operator_; bool approved; } approval_for_all;
        struct { chaos_u256 last; } batch_metadata_update;
        struct {
            chaos_address client;
            uint64_t index;
            chaos_int128 value;
            uint8_t decimals;
            chaos_slice tag1, tag2, endpoint, uri;
            chaos_keccak hash;
        } new_feedback;
        struct { chaos_address client; uint64_t index; } feedback_revoked;
        struct {
            chaos_address client, responder;
            uint64_t index;
            chaos_slice uri;
            chaos_keccak hash;
        } response_appended;
        struct { chaos_address validator; chaos_slice uri; chaos_keccak request_hash; } validation_request;
        struct {
            chaos_address validator;
            chaos_keccak request_hash, response_hash;
            uint8_t response;
            chaos_slice uri, tag;
        } validation_response;
        struct { chaos_address implementation; } upgraded;
        struct { uint64_t version; } initialized;
        struct { chaos_address previous, next; } ownership_transferred;
    } of;
} chaos_event;

/* By topic 0 alone, whatever contract it is of. A hash of an indexed text must be that of the text. ABI_FORMAT.
 * Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_event_read(const chaos_log *log, chaos_event *event, chaos_error *err);
/* The same for logs of these registries: the kind is UNKNOWN when the log is of another contract, or of a registry that
 * has no such event. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registries_event(const chaos_registries *registries, const chaos_log *log,
                                                             chaos_event *event, chaos_error *err);

/* ----------------------------------------------------------- log reader ---- */

/* Reads the logs of contracts from a first block to the head and on, in the order of the chain, each once. Blocks
 * far below the head come in ranges that adapt to what the provider allows (from 2,000; halved when refused, the
 * range that it suggests taken, grown again after successes, at last receipt by receipt); the newest ones block by
 * block by their hash. No answer is taken from a node whose head lies below the range. When the chain is
 * reorganised, also to the same height, the reader says down to which block everything is void, and goes on from
 * there. Its place is kept in a file when one is given. Not thread-safe: one thread a reader. Memory is bounded by
 * one answer of the node (CHAOS_MAX_CALL_RESULT). */
typedef struct chaos_log_reader chaos_log_reader;
typedef chaos_status chaos_log_reader_log(void *context, const chaos_log *log, chaos_error *err);
typedef chaos_status chaos_log_reader_rollback(void *context, uint64_t from, chaos_error *err);
typedef void chaos_log_reader_progress(void *context, uint64_t done, uint64_t head);

typedef struct chaos_log_reader_options {
    size_t size;          /* CHAOS_LOG_READER_OPTIONS_INIT */
    chaos_rpc *rpc;       /* borrowed */
    const chaos_address *addresses; /* copied; 0: any contract */
    size_t address_count;
    struct {
        const chaos_keccak *any_of; /* copied; 0: any */
        size_t count;
    } topics[4];
    uint64_t first_block;
    uint32_t depth;       /* of the newest blocks, which may still change; 0: 64 (1 to 256) */
    uint32_t range;       /* blocks of the first range; 0: 2000 */
    const char *store;    /* path of a file (that of a sender will do); NULL: the place is not kept */
    const char *name;     /* of the place in the store, [A-Za-z0-9._:/-]{1,64}; the same name, the same filter */
    void *context;
    /* The next log. A failure ends the poll with it, and the logs of this step come again at the next one. */
    chaos_log_reader_log *on_log;
    /* Every log of block `from` and above that was given is void: after a reorganisation; before logs come again
     * that a failure or a crash interrupted, so also (with nothing to void, perhaps) when a place is taken up from
     * a store. Who forgets what it voids has each log once. NULL: a reorganisation ends the poll, REORGANISED. */
    chaos_log_reader_rollback *on_rollback;
    /* Now and then: everything up to `done` of `head` is read. NULL: silent. */
    chaos_log_reader_progress *on_progress;
} chaos_log_reader_options;
#define CHAOS_LOG_READER_OPTIONS_INIT                                                                                  \
    { sizeof(chaos_log_reader_options), NULL, NULL, 0, { { NULL, 0 } }, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL }

/* USAGE; STORE; also STORE when the place of this name is of another filter or chain. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_log_reader_open(const chaos_log_reader_options *options,
                                                            chaos_log_reader **log_reader, chaos_error *err);
CHAOS_API void chaos_log_reader_free(chaos_log_reader *log_reader);
/* Everything that is new up to the node's head, then returns; *done (may be NULL) is the last block that was read,
 * 0 when none was. Call again to follow. After a failure call again: it goes on where it was. The place is kept
 * after a step's logs were given, so a crash brings logs again and never leaves one out. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_log_reader_poll(chaos_log_reader *log_reader, uint64_t *done,
                                                            chaos_error *err);
/* The same up to a block of the caller's at most. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_log_reader_poll_to(chaos_log_reader *log_reader, uint64_t last,
                                                               uint64_t *done, chaos_error *err);

/* ---------------------------------------------------------------- files ---- */

/* "eip155:CHAIN:0xREGISTRY", the name of an identity registry in files (CAIP-10): chain ids are decimal, below 2^64 and
 * never 0, addresses as chaos_address_parse takes them. Pure. */
#define CHAOS_REGISTRY_NAME_SIZE 72 /* the longest with NUL */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registry_name_parse(const char *text, uint64_t *chain_id,
                                                                chaos_address *registry, chaos_error *err);
/* The address in lower case, as CAIP-10 compares it. */
CHAOS_API void chaos_registry_name_format(uint64_t chain_id, const chaos_address *registry,
                                          char text[CHAOS_REGISTRY_NAME_SIZE]);

/* The registration file of ERC-8004 ("registration-v1"): what an agent says of itself at its agent URI. Nothing of it
 * is proven by itself. All texts are UTF-8 without U+0000. */
#define CHAOS_MAX_REGISTRATION_FILE (256u * 1024u)
#define CHAOS_MAX_REGISTRATION_SERVICES 64
#define CHAOS_MAX_REGISTRATIONS 64
#define CHAOS_MAX_SUPPORTED_TRUST 16
#define CHAOS_TRUST_TEE "tee-attestation"
#define CHAOS_SERVICE_ATTESTATION "attestation" /* its endpoint answers with fresh evidence */

typedef struct chaos_service {
    const char *name, *endpoint;
    const char *version; /* NULL: not given */
} chaos_service;

typedef struct chaos_registration {
    uint64_t chain_id;
    chaos_address identity_registry;
    chaos_u256 agent_id;
} chaos_registration;

/* The members that we use, by value; texts and arrays are borrowed. */
typedef struct chaos_registration_fields {
    size_t size; /* CHAOS_REGISTRATION_FIELDS_INIT */
    const char *name;        /* 1 to 256 bytes */
    const char *description; /* NULL: not given */
    const char *image;       /* NULL: not given */
    const chaos_service *services;
    size_t service_count;
    bool x402_support, active; /* not given: false, true */
    const chaos_registration *registrations;
    size_t registration_count;
    const char *const *supported_trust;
    size_t supported_trust_count;
} chaos_registration_fields;
#define CHAOS_REGISTRATION_FIELDS_INIT \
    { sizeof(chaos_registration_fields), NULL, NULL, NULL, NULL, 0, false, true, NULL, 0, NULL, 0 }

typedef struct chaos_registration_file chaos_registration_file;

/* A file of anybody's. REGISTRATION_FORMAT or a JSON status. Required: the type, and a name. Unknown members are passed
 * over; `endpoints`, the older spelling of `services`, is read where there are no services; agent ids may be decimal
 * strings; a registration with another kind of chain, or with a registry that is still a placeholder, is left out of
 * the list. Members that are used must be of their types. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registration_file_parse(chaos_slice json, chaos_registration_file **file,
                                                                    chaos_error *err);
CHAOS_API void chaos_registration_file_free(chaos_registration_file *file);
/* lent */
CHAOS_API const chaos_registration_fields *chaos_registration_file_fields(const chaos_registration_file *file);
/* Keccak-256 of the bytes as they came: agentURIHash of a binding. */
CHAOS_API chaos_keccak chaos_registration_file_hash(const chaos_registration_file *file);
/* How many registrations were left out. */
CHAOS_API size_t chaos_registration_file_left_out(const chaos_registration_file *file);
/* Does it name this agent among its registrations? */
CHAOS_API bool chaos_registration_file_names(const chaos_registration_file *file, uint64_t chain_id,
                                             const chaos_address *identity_registry, const chaos_u256 *agent_id);
/* The service's endpoint; NULL: it has none of this name. Names are compared as they are. Lent. */
CHAOS_API const char *chaos_registration_file_endpoint(const chaos_registration_file *file, const char *service);
CHAOS_API bool chaos_registration_file_trusts(const chaos_registration_file *file, const char *kind);

/* RFC 8785, so that the same fields are the same bytes and the same hash; appended. USAGE for fields that a reader
 * would refuse, and for ids from 2^53 on, which are no JSON integers. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_registration_file_write(const chaos_registration_fields *fields,
                                                                    chaos_buffer *json, chaos_error *err);

/* The request file of this project ("chaoschain/validation-request/1", docs/chain.md): what a validator shall
 * judge. The request hash on chain is the Keccak-256 of its bytes. It holds no hash of the evidence: that is the
 * answer. */
#define CHAOS_MAX_REQUEST_FILE (64u * 1024u)
#define CHAOS_MAX_REQUEST_CONTENT 64

typedef struct chaos_request_content {
    const char *name, *uri;
    chaos_keccak hash; /* of the content's bytes */
} chaos_request_content;

typedef struct chaos_request_fields {
    size_t size; /* CHAOS_REQUEST_FIELDS_INIT */
    uint64_t chain_id;
    chaos_address identity_registry;
    chaos_u256 agent_id;
    chaos_address validator;
    chaos_u256 nonce;         /* makes the hash unique; never a proof of freshness */
    const char *evidence_uri; /* 1 to 2048 printable ASCII characters without space */
    const chaos_request_content *content;
    size_t content_count;
    int64_t created_at;
} chaos_request_fields;
#define CHAOS_REQUEST_FIELDS_INIT \
    { sizeof(chaos_request_fields), 0, { { 0 } }, { { 0 } }, { { 0 } }, { { 0 } }, NULL, NULL, 0, 0 }

typedef struct chaos_request_file chaos_request_file;

/* Strict: every member, no others, each as the writer writes it. REQUEST_FORMAT or a JSON status. Pure. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_request_file_parse(chaos_slice json, chaos_request_file **file,
                                                               chaos_error *err);
CHAOS_API void chaos_request_file_free(chaos_request_file *file);
CHAOS_API const chaos_request_fields *chaos_request_file_fields(const chaos_request_file *file); /* lent */
CHAOS_API chaos_keccak chaos_request_file_hash(const chaos_request_file *file); /* the request hash */
/* RFC 8785, appended. USAGE for fields that the reader would refuse. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_request_file_write(const chaos_request_fields *fields, chaos_buffer *json,
                                                               chaos_error *err);

/* ----------------------------------------------------------------- card ---- */

/* An agent as the chain and its registration file show it, all of the chain at one block. Nothing of it is proven by
 * itself: evidence is judged by check.h. */
typedef struct chaos_agent_card chaos_agent_card;

#define CHAOS_CARD_MAX_GATEWAYS 4

typedef struct chaos_agent_card_options {
    size_t size;           /* CHAOS_AGENT_CARD_OPTIONS_INIT */
    bool fetch;            /* the registration file, too: https://, ipfs:// through the gateways; data: asks nobody */
    bool allow_local;      /* http://, other ports and this machine's addresses: for local chains and tests */
    const char *gateways[CHAOS_CARD_MAX_GATEWAYS]; /* "https://HOST/ipfs/", in order */
    size_t gateway_count;
    uint32_t timeout_ms;   /* of the fetch with its redirects and gateways; 0: 30 s */
    bool has_hash;         /* the file must be these bytes (CONTENT_HASH) */
    chaos_keccak hash;
} chaos_agent_card_options;
#define CHAOS_AGENT_CARD_OPTIONS_INIT \
    { sizeof(chaos_agent_card_options), true, false, { NULL, NULL, NULL, NULL }, 0, 0, false, { { 0 } } }

/* NOT_FOUND: there is no such agent. A file that cannot be fetched or read is no failure of the card: the card has the
 * reason. `options` may be NULL. */
CHAOS_API CHAOS_MUST_USE chaos_status chaos_agent_card_read(const chaos_registries *registries,
                                                            const chaos_u256 *agent_id,
                                                            const chaos_agent_card_options *options,
                                                            chaos_agent_card **card, chaos_error *err);
CHAOS_API void chaos_agent_card_free(chaos_agent_card *card);
/* All lent. */
CHAOS_API const chaos_agent_reference *chaos_agent_card_reference(const chaos_agent_card *card);
CHAOS_API const chaos_block *chaos_agent_card_block(const chaos_agent_card *card); /* at which the chain was read */
CHAOS_API const chaos_address *chaos_agent_card_owner(const chaos_agent_card *card);
CHAOS_API const chaos_address *chaos_agent_card_wallet(const chaos_agent_card *card); /* zero: none */
CHAOS_API chaos_slice chaos_agent_card_uri(const chaos_agent_card *card); /* any bytes; empty: none */
CHAOS_API const chaos_tee_metadata *chaos_agent_card_tee(const chaos_agent_card *card);
/* NULL: not fetched, or not to be read; then the reason, which is NULL when there was nothing to fetch. */
CHAOS_API const chaos_registration_file *chaos_agent_card_file(const chaos_agent_card *card);
CHAOS_API const chaos_error *chaos_agent_card_file_error(const chaos_agent_card *card);
CHAOS_API chaos_slice chaos_agent_card_file_bytes(const chaos_agent_card *card); /* as they came; NULL: none */
/* Does the URI itself fix the file's bytes (data:, ipfs:), so that its owner alone can change them? */
CHAOS_API bool chaos_agent_card_is_committed(const chaos_agent_card *card);
/* Is the agent among the registrations of its own file? Anybody can point at a file of somebody else's. */
CHAOS_API bool chaos_agent_card_names_itself(const chaos_agent_card *card);

#ifdef __cplusplus
}
#endif
#endif
