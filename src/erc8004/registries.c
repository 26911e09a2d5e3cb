/* registries.c - are these the registries that they should be, and do they belong together? And one call to any of
 * them. */
#include "erc8004/erc8004.h"

/* keccak("eip1967.proxy.implementation") - 1 */
const chaos_u256 implementation_slot = { { 0x36, 0x08, 0x94, 0xa1, 0x3b, 0xa1, 0xa3, 0x21, 0x06, 0x67, 0xc8,
                                           0x28, 0x49, 0x2d, 0xb9, 0x8d, 0xca, 0x3e, 0x20, 0x76, 0xcc, 0x37,
                                           0x35, 0xa9, 0x20, 0xa3, 0xca, 0x50, 0x5d, 0x38, 0x2b, 0xbc } };

static const char right_version[] = "2.0.0";
#define MAX_CODE (64u * 1024u) /* EIP-170 allows 24,576 bytes; some chains more */
#define MAX_VERSION 64u

static const char *const names[REGISTRY_COUNT] = { "identity", "reputation", "validation" };

chaos_status usage(chaos_error *err, const char *field, const char *text)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "%s", text);
}

const char *chaos_registry_name(chaos_registry_kind kind)
{
    return (unsigned)kind < REGISTRY_COUNT ? names[kind] : NULL;
}

/* ------------------------------------------------------------------ calls ---- */

chaos_status registry_require(const chaos_registries *registries, chaos_registry_kind kind, chaos_error *err)
{
    if (registries == NULL || (unsigned)kind >= REGISTRY_COUNT) {
        return usage(err, "registries", "the registries may not be NULL, and there are three kinds");
    }
    if (!registries->registry[kind].present) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, names[kind], CHAOS_NO_OFFSET,
                         "chain %llu has no %s registry that is known here: give its address, or deploy one",
                         (unsigned long long)registries->chain_id, names[kind]);
    }
    return CHAOS_OK;
}

chaos_status registry_call(const chaos_registries *registries, chaos_registry_kind kind, const chaos_block_id *at,
                           const char *signature, const argument *arguments, size_t count, chaos_buffer *result,
                           chaos_buffer *revert, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(data, MAX_CALLDATA);
    CHAOS_TRY(registry_require(registries, kind, err));
    CHAOS_TRY(call_write(&data, signature, arguments, count, err));
    chaos_call call = { .to = registries->registry[kind].address, .data = buffer_slice(&data) };
    return chaos_rpc_call(registries->rpc, &call, at, result, revert, err);
}

/* Does a refusal say that what was asked for is not there? */
static bool says_missing(missing what, chaos_slice revert)
{
    static const struct {
        missing what;
        const char *error; /* a custom error by its signature, or a text of Error(string) */
        bool is_text;
    } rows[] = {
        { MISSING_AGENT, "ERC721NonexistentToken(uint256)", false },
        { MISSING_REQUEST, "unknown", true },
        { MISSING_FEEDBACK, "index out of bounds", true },
        { MISSING_FEEDBACK, "index must be > 0", true },
    };
    enum {
        SELECTOR = 4
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        chaos_keccak hash = hash_keccak(slice_text(rows[i].is_text ? "Error(string)" : rows[i].error));
        if (rows[i].what != what || revert.size < SELECTOR || memcmp(revert.data, hash.bytes, SELECTOR) != 0) {
            continue;
        }
        abi_reader reply = abi_reader_begin(slice(revert.data + SELECTOR, revert.size - SELECTOR), CHAOS_E_NODE);
        if (!rows[i].is_text || slice_is(abi_bytes(&reply, "text"), rows[i].error)) {
            return true;
        }
    }
    return false;
}

chaos_status registry_ask(const chaos_registries *registries, chaos_registry_kind kind, const chaos_block_id *at,
                          missing what, const char *signature, const argument *arguments, size_t count,
                          chaos_buffer *result, chaos_error *err)
{
    static const char *const texts[] = {
        [MISSING_AGENT] = "there is no agent of this id",
        [MISSING_REQUEST] = "nobody has made this validation request",
        [MISSING_FEEDBACK] = "there is no feedback of this index",
    };
    CHAOS_AUTO_BUFFER(revert, CHAOS_MAX_REVERT);
    chaos_status status = registry_call(registries, kind, at, signature, arguments, count, result, &revert, err);
    if (status == CHAOS_E_REVERTED && says_missing(what, buffer_slice(&revert))) {
        return error_set(err, CHAOS_E_NOT_FOUND, names[kind], CHAOS_NO_OFFSET, "%s", texts[what]);
    }
    return status;
}

/* ------------------------------------------------------------------- open ---- */

static chaos_status refuse(chaos_registry_kind kind, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_REGISTRY, names[kind], CHAOS_NO_OFFSET, "the %s registry: %s", names[kind], why);
}

chaos_status chaos_registry_implementation(const chaos_registries *registries, chaos_registry_kind kind,
                                           const chaos_block_id *at, chaos_address *implementation, chaos_error *err)
{
    chaos_u256 word;
    CHAOS_TRY(registry_require(registries, kind, err));
    if (implementation == NULL) {
        return usage(err, "implementation", "the implementation may not be NULL");
    }
    CHAOS_TRY(chaos_rpc_storage(registries->rpc, &registries->registry[kind].address, &implementation_slot, at, &word,
                                err));
    memcpy(implementation->bytes, word.bytes + sizeof word.bytes - sizeof implementation->bytes,
           sizeof implementation->bytes);
    return CHAOS_OK;
}

/* Is it one of an earlier generation? By its address, its code, the code behind its proxy. */
static chaos_status check_generation(const chaos_registries *made, chaos_registry_kind kind, chaos_slice code,
                                     const chaos_block_id *at, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(behind, MAX_CODE);
    chaos_address implementation;
    const char *name = generation_of_address(&made->registry[kind].address);
    name = name != NULL ? name : generation_of_code(kind, code);
    if (name == NULL) {
        CHAOS_TRY(chaos_registry_implementation(made, kind, at, &implementation, err));
        if (!slice_is_zero(slice(implementation.bytes, sizeof implementation.bytes))) {
            CHAOS_TRY(chaos_rpc_code(made->rpc, &implementation, at, &behind, err));
            name = generation_of_code(kind, buffer_slice(&behind));
        }
    }
    if (name == NULL) {
        return CHAOS_OK;
    }
    (void)refuse(kind, "it is of an earlier generation", err);
    error_expected(err, "version %s", right_version);
    error_found(err, "%s", name);
    return CHAOS_E_REGISTRY;
}

static chaos_status check_version(const chaos_registries *made, chaos_registry_kind kind, const chaos_block_id *at,
                                  chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    CHAOS_AUTO_BUFFER(version, MAX_VERSION);
    char quoted[MAX_VERSION];
    chaos_status status = registry_call(made, kind, at, "getVersion()", NO_ARGUMENTS, &reply, NULL, err);
    if (status != CHAOS_OK && status != CHAOS_E_REVERTED) {
        return status; /* the node's trouble, not the contract's */
    }
    bool answered = status == CHAOS_OK &&
                    reply_bytes(buffer_slice(&reply), "getVersion", &version, NULL) == CHAOS_OK;
    if (answered && slice_is(buffer_slice(&version), right_version)) {
        return CHAOS_OK;
    }
    (void)refuse(kind, "it does not say that its version is 2.0.0", err);
    error_expected(err, "getVersion() = \"%s\"", right_version);
    if (answered) {
        error_found(err, "\"%s\"", error_quote(quoted, sizeof quoted, buffer_slice(&version)));
    } else {
        error_found(err, "%s", status == CHAOS_OK ? "an answer that is no text" : "a refusal");
    }
    return CHAOS_E_REGISTRY;
}

/* Reputation and validation must be about the agents of this identity registry. */
static chaos_status check_pair(const chaos_registries *made, chaos_registry_kind kind, const chaos_block_id *at,
                               chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    const chaos_address *identity = &made->registry[CHAOS_REGISTRY_IDENTITY].address;
    chaos_address named = { { 0 } };
    char expected[CHAOS_ADDRESS_TEXT_SIZE], found[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_status status =
        registry_call(made, kind, at, "getIdentityRegistry()", NO_ARGUMENTS, &reply, NULL, err);
    if (status != CHAOS_OK && status != CHAOS_E_REVERTED) {
        return status; /* the node's trouble, not the contract's */
    }
    if (status != CHAOS_OK ||
        reply_address(buffer_slice(&reply), "getIdentityRegistry", &named, NULL) != CHAOS_OK) {
        return refuse(kind, "it does not say which identity registry it is for", err);
    }
    if (memcmp(named.bytes, identity->bytes, sizeof named.bytes) == 0) {
        return CHAOS_OK;
    }
    chaos_address_format(identity, expected);
    chaos_address_format(&named, found);
    (void)refuse(kind, "it is for the agents of another identity registry", err);
    error_expected(err, "%s", expected);
    error_found(err, "%s", found);
    return CHAOS_E_REGISTRY;
}

chaos_status registry_check_pair(const chaos_registries *registries, chaos_registry_kind kind,
                                 const chaos_block_id *at, chaos_error *err)
{
    CHAOS_TRY(registry_require(registries, kind, err));
    return check_pair(registries, kind, at, err);
}

/* A contract of another kind can have the same version and belong to the same agents: each is asked for something
 * that it alone can answer. */
static chaos_status check_kind(const chaos_registries *made, chaos_registry_kind kind, const chaos_block_id *at,
                               chaos_error *err)
{
    static const chaos_u256 erc721 = { { 0x80, 0xac, 0x58, 0xcd } };
    static const chaos_u256 first = { { 0 } };
    static const chaos_address none = { { 0 } };
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    CHAOS_AUTO(chaos_hash_list, list);
    uint64_t index;
    bool right = false;
    chaos_status status = CHAOS_E_INTERNAL;
    if (kind == CHAOS_REGISTRY_IDENTITY) {
        status = registry_call(made, kind, at, "supportsInterface(bytes4)", ARGUMENTS(arg_u256(&erc721)), &reply, NULL,
                               err);
        right = status == CHAOS_OK && reply_boolean(buffer_slice(&reply), "is", &right, NULL) == CHAOS_OK && right;
    } else if (kind == CHAOS_REGISTRY_REPUTATION) {
        status = registry_call(made, kind, at, "getLastIndex(uint256,address)",
                               ARGUMENTS(arg_u256(&first), arg_address(&none)), &reply, NULL, err);
        right = status == CHAOS_OK &&
                reply_number(buffer_slice(&reply), "index", UINT64_MAX, &index, NULL) == CHAOS_OK;
    } else {
        status = registry_call(made, kind, at, "getValidatorRequests(address)", ARGUMENTS(arg_address(&none)), &reply,
                               NULL, err);
        right = status == CHAOS_OK && reply_hashes(buffer_slice(&reply), "requests", &list, NULL) == CHAOS_OK;
    }
    if (status != CHAOS_OK && status != CHAOS_E_REVERTED) {
        return status; /* the node's trouble, not the contract's */
    }
    return right ? CHAOS_OK : refuse(kind, "it does not answer as one, so it is a contract of another kind", err);
}

/* `listed`: the address is that of a network's list, where a validation registry need not be. */
static chaos_status check_registry(chaos_registries *made, chaos_registry_kind kind, bool listed,
                                   const chaos_block_id *at, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(code, MAX_CODE);
    char address[CHAOS_ADDRESS_TEXT_SIZE];
    CHAOS_TRY(chaos_rpc_code(made->rpc, &made->registry[kind].address, at, &code, err));
    if (code.size == 0 && listed && kind == CHAOS_REGISTRY_VALIDATION) {
        made->registry[kind].present = false;
        memset(&made->registry[kind].address, 0, sizeof made->registry[kind].address);
        return CHAOS_OK;
    }
    if (code.size == 0) {
        chaos_address_format(&made->registry[kind].address, address);
        (void)refuse(kind, "there is no contract at its address", err);
        error_expected(err, "code at %s on chain %llu", address, (unsigned long long)made->chain_id);
        error_found(err, "none");
        return CHAOS_E_REGISTRY;
    }
    CHAOS_TRY(check_generation(made, kind, buffer_slice(&code), at, err));
    CHAOS_TRY(check_version(made, kind, at, err));
    if (kind != CHAOS_REGISTRY_IDENTITY) {
        CHAOS_TRY(check_pair(made, kind, at, err));
    }
    return check_kind(made, kind, at, err);
}

/* The address of the options, else of the network; absent when both have none. */
static bool choose(const chaos_registries_options *options, chaos_registry_kind kind, chaos_registries *made)
{
    const chaos_network *network = options->network;
    const struct {
        bool given;
        const chaos_address *address, *of_network;
    } choice[REGISTRY_COUNT] = {
        { options->has_identity, &options->identity, network == NULL ? NULL : &network->identity },
        { options->has_reputation, &options->reputation, network == NULL ? NULL : &network->reputation },
        { options->has_validation, &options->validation, network == NULL ? NULL : &network->validation },
    };
    const chaos_address *address = choice[kind].given ? choice[kind].address : choice[kind].of_network;
    made->registry[kind].present =
        address != NULL && (choice[kind].given || !slice_is_zero(slice(address->bytes, sizeof address->bytes)));
    if (made->registry[kind].present) {
        made->registry[kind].address = *address;
    }
    return choice[kind].given;
}

static chaos_status check_all(chaos_registries *made, const bool given[REGISTRY_COUNT], chaos_error *err)
{
    chaos_block block;
    CHAOS_TRY(chaos_rpc_block(made->rpc, NULL, &block, err));
    chaos_block_id at = { .tag = CHAOS_BLOCK_NUMBER, .number = block.number };
    for (unsigned kind = 0; kind < REGISTRY_COUNT; kind++) {
        if (made->registry[kind].present) {
            CHAOS_TRY(check_registry(made, (chaos_registry_kind)kind, !given[kind], &at, err));
        }
    }
    return CHAOS_OK;
}

chaos_status chaos_registries_open(const chaos_registries_options *options, chaos_registries **registries,
                                   chaos_error *err)
{
    bool given[REGISTRY_COUNT];
    if (options == NULL || options->size != sizeof *options || options->rpc == NULL || registries == NULL) {
        return usage(err, "options", "options (CHAOS_REGISTRIES_OPTIONS_INIT) with an rpc are needed");
    }
    uint64_t chain = chaos_rpc_chain_id(options->rpc);
    if (options->network != NULL && options->network->chain_id != chain) {
        (void)error_set(err, CHAOS_E_CHAIN_ID, "network", CHAOS_NO_OFFSET, "the node is of another chain than %s",
                        options->network->name);
        error_expected(err, "chain %llu", (unsigned long long)options->network->chain_id);
        error_found(err, "chain %llu", (unsigned long long)chain);
        return CHAOS_E_CHAIN_ID;
    }
    chaos_registries plan = { .rpc = options->rpc, .chain_id = chain };
    for (unsigned kind = 0; kind < REGISTRY_COUNT; kind++) {
        given[kind] = choose(options, (chaos_registry_kind)kind, &plan);
    }
    if (!plan.registry[CHAOS_REGISTRY_IDENTITY].present) {
        return usage(err, "identity", "the identity registry's address is needed: none is known of this network");
    }
    CHAOS_TRY(check_all(&plan, given, err));
    chaos_registries *made = malloc(sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    *made = plan;
    *registries = made;
    return CHAOS_OK;
}

void chaos_registries_free(chaos_registries *registries)
{
    free(registries);
}

bool chaos_registries_has(const chaos_registries *registries, chaos_registry_kind kind)
{
    return (unsigned)kind < REGISTRY_COUNT && registries->registry[kind].present;
}

chaos_address chaos_registries_address(const chaos_registries *registries, chaos_registry_kind kind)
{
    return (unsigned)kind < REGISTRY_COUNT ? registries->registry[kind].address : (chaos_address){ { 0 } };
}

chaos_rpc *chaos_registries_rpc(const chaos_registries *registries)
{
    return registries->rpc;
}

uint64_t chaos_registries_chain_id(const chaos_registries *registries)
{
    return registries->chain_id;
}

/* ------------------------------------------------------------ of all three ---- */

chaos_status chaos_registry_version(const chaos_registries *registries, chaos_registry_kind kind,
                                    const chaos_block_id *at, chaos_buffer *version, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    if (version == NULL) {
        return usage(err, "version", "the buffer may not be NULL");
    }
    CHAOS_TRY(registry_call(registries, kind, at, "getVersion()", NO_ARGUMENTS, &reply, NULL, err));
    return reply_bytes(buffer_slice(&reply), "getVersion", version, err);
}

chaos_status chaos_registry_owner(const chaos_registries *registries, chaos_registry_kind kind,
                                  const chaos_block_id *at, chaos_address *owner, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    if (owner == NULL) {
        return usage(err, "owner", "the owner may not be NULL");
    }
    CHAOS_TRY(registry_call(registries, kind, at, "owner()", NO_ARGUMENTS, &reply, NULL, err));
    return reply_address(buffer_slice(&reply), "owner", owner, err);
}
