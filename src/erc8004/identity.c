/* identity.c - reads of the identity registry. */
#include "erc8004/erc8004.h"

#define IDENTITY CHAOS_REGISTRY_IDENTITY

/* One question about an agent that must exist. */
static chaos_status ask(const chaos_registries *registries, const chaos_block_id *at, const char *signature,
                        const argument *arguments, size_t count, chaos_buffer *reply, chaos_error *err)
{
    return registry_ask(registries, IDENTITY, at, MISSING_AGENT, signature, arguments, count, reply, err);
}

chaos_status chaos_agent_owner(const chaos_registries *registries, const chaos_u256 *agent_id,
                               const chaos_block_id *at, chaos_address *owner, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && owner != NULL, err);
    CHAOS_TRY(ask(registries, at, "ownerOf(uint256)", ARGUMENTS(arg_u256(agent_id)), &reply, err));
    return reply_address(buffer_slice(&reply), "owner", owner, err);
}

chaos_status chaos_agent_exists(const chaos_registries *registries, const chaos_u256 *agent_id,
                                const chaos_block_id *at, bool *exists, chaos_error *err)
{
    chaos_address owner;
    NEED(agent_id != NULL && exists != NULL, err);
    chaos_error why = { .status = CHAOS_OK };
    chaos_status status = chaos_agent_owner(registries, agent_id, at, &owner, &why);
    if (status != CHAOS_OK && status != CHAOS_E_NOT_FOUND) {
        if (err != NULL) {
            *err = why;
        }
        return status;
    }
    *exists = status == CHAOS_OK;
    return CHAOS_OK;
}

chaos_status chaos_agent_wallet(const chaos_registries *registries, const chaos_u256 *agent_id,
                                const chaos_block_id *at, chaos_address *wallet, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && wallet != NULL, err);
    CHAOS_TRY(ask(registries, at, "getAgentWallet(uint256)", ARGUMENTS(arg_u256(agent_id)), &reply, err));
    return reply_address(buffer_slice(&reply), "agentWallet", wallet, err);
}

chaos_status chaos_agent_uri(const chaos_registries *registries, const chaos_u256 *agent_id, const chaos_block_id *at,
                             chaos_buffer *uri, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && uri != NULL, err);
    CHAOS_TRY(ask(registries, at, "tokenURI(uint256)", ARGUMENTS(arg_u256(agent_id)), &reply, err));
    return reply_bytes(buffer_slice(&reply), "agentURI", uri, err);
}

chaos_status chaos_agent_metadata(const chaos_registries *registries, const chaos_u256 *agent_id, const char *key,
                                  const chaos_block_id *at, chaos_buffer *value, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && key != NULL && value != NULL, err);
    CHAOS_TRY(ask(registries, at, "getMetadata(uint256,string)", ARGUMENTS(arg_u256(agent_id), arg_text(key)), &reply,
                  err));
    return reply_bytes(buffer_slice(&reply), "metadataValue", value, err);
}

chaos_status chaos_agent_is_authorized(const chaos_registries *registries, const chaos_address *spender,
                                       const chaos_u256 *agent_id, const chaos_block_id *at, bool *authorized,
                                       chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(spender != NULL && agent_id != NULL && authorized != NULL, err);
    CHAOS_TRY(ask(registries, at, "isAuthorizedOrOwner(address,uint256)",
                  ARGUMENTS(arg_address(spender), arg_u256(agent_id)), &reply, err));
    return reply_boolean(buffer_slice(&reply), "isAuthorizedOrOwner", authorized, err);
}

chaos_status chaos_agent_approved(const chaos_registries *registries, const chaos_u256 *agent_id,
                                  const chaos_block_id *at, chaos_address *approved, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(agent_id != NULL && approved != NULL, err);
    CHAOS_TRY(ask(registries, at, "getApproved(uint256)", ARGUMENTS(arg_u256(agent_id)), &reply, err));
    return reply_address(buffer_slice(&reply), "approved", approved, err);
}

chaos_status chaos_agent_is_operator(const chaos_registries *registries, const chaos_address *owner,
                                     const chaos_address *operator_, const chaos_block_id *at, bool *is_operator,
                                     chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(owner != NULL && operator_ != NULL && is_operator != NULL, err);
    CHAOS_TRY(ask(registries, at, "isApprovedForAll(address,address)",
                  ARGUMENTS(arg_address(owner), arg_address(operator_)), &reply, err));
    return reply_boolean(buffer_slice(&reply), "isApprovedForAll", is_operator, err);
}

chaos_status chaos_agent_balance(const chaos_registries *registries, const chaos_address *owner,
                                 const chaos_block_id *at, chaos_u256 *count, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(owner != NULL && count != NULL, err);
    CHAOS_TRY(ask(registries, at, "balanceOf(address)", ARGUMENTS(arg_address(owner)), &reply, err));
    return reply_word(buffer_slice(&reply), "balance", count, err);
}

static chaos_status text(const chaos_registries *registries, const chaos_block_id *at, const char *signature,
                         chaos_buffer *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    NEED(out != NULL, err);
    CHAOS_TRY(ask(registries, at, signature, NO_ARGUMENTS, &reply, err));
    return reply_bytes(buffer_slice(&reply), "text", out, err);
}

chaos_status chaos_identity_name(const chaos_registries *registries, const chaos_block_id *at, chaos_buffer *name,
                                 chaos_error *err)
{
    return text(registries, at, "name()", name, err);
}

chaos_status chaos_identity_symbol(const chaos_registries *registries, const chaos_block_id *at, chaos_buffer *symbol,
                                   chaos_error *err)
{
    return text(registries, at, "symbol()", symbol, err);
}

chaos_status chaos_identity_supports(const chaos_registries *registries, uint32_t interface_id,
                                     const chaos_block_id *at, bool *supported, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    chaos_u256 word = { { (uint8_t)(interface_id >> 24), (uint8_t)(interface_id >> 16), (uint8_t)(interface_id >> 8),
                          (uint8_t)interface_id } };
    NEED(supported != NULL, err);
    CHAOS_TRY(ask(registries, at, "supportsInterface(bytes4)", ARGUMENTS(arg_u256(&word)), &reply, err));
    return reply_boolean(buffer_slice(&reply), "supportsInterface", supported, err);
}

/* ----------------------------------------------------------------- domain ---- */

static chaos_status refuse_domain(const char *field, chaos_slice found, const char *expected, chaos_error *err)
{
    char quoted[80];
    (void)error_set(err, CHAOS_E_REGISTRY, field, CHAOS_NO_OFFSET,
                    "the identity registry has an EIP-712 domain that is not known here");
    error_expected(err, "%s", expected);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, found));
    return CHAOS_E_REGISTRY;
}

chaos_status chaos_identity_check_domain(const chaos_registries *registries, const chaos_block_id *at,
                                         chaos_error *err)
{
    enum {
        NAME_VERSION_CHAIN_CONTRACT = 0x0f
    };
    CHAOS_AUTO_BUFFER(reply, CHAOS_MAX_CALL_RESULT);
    registry_domain domain;
    uint64_t chain = 0;
    CHAOS_TRY(ask(registries, at, "eip712Domain()", NO_ARGUMENTS, &reply, err));
    CHAOS_TRY(reply_domain(buffer_slice(&reply), &domain, err));
    if (!slice_is(domain.name, "ERC8004IdentityRegistry")) {
        return refuse_domain("name", domain.name, "ERC8004IdentityRegistry", err);
    }
    if (!slice_is(domain.version, "1")) {
        return refuse_domain("version", domain.version, "1", err);
    }
    if (!chaos_u256_to(&domain.chain_id, &chain) || chain != registries->chain_id) {
        return refuse_domain("chainId", slice("another chain", 13), "this chain", err);
    }
    if (memcmp(domain.contract.bytes, registries->registry[IDENTITY].address.bytes, sizeof domain.contract.bytes) !=
        0) {
        return refuse_domain("verifyingContract", slice("another contract", 16), "this contract", err);
    }
    if (domain.fields != NAME_VERSION_CHAIN_CONTRACT || domain.has_salt || domain.has_extensions) {
        return refuse_domain("fields", slice("other fields", 12), "name, version, chainId, verifyingContract", err);
    }
    return CHAOS_OK;
}
