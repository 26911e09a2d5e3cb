/* wallet.c - an agent's wallet: the registry takes it when the wallet itself has signed, in the registry's own EIP-712
 * domain, for this agent, its owner of the moment and the next minutes. */
#include "erc8004/erc8004.h"

enum {
    DEADLINE_S = 120 /* the registry takes at most 300 after the block's time */
};
#define IDENTITY CHAOS_REGISTRY_IDENTITY
#define MAX_TYPED_DATA 4096u

static void write_type(json_writer *w, const char *name, const char *type)
{
    json_write_object(w, NULL);
    json_write_text(w, "name", name);
    json_write_text(w, "type", type);
    json_write_object_end(w);
}

static void write_types(json_writer *w)
{
    json_write_object(w, "types");
    json_write_array(w, "AgentWalletSet");
    write_type(w, "agentId", "uint256");
    write_type(w, "newWallet", "address");
    write_type(w, "owner", "address");
    write_type(w, "deadline", "uint256");
    json_write_array_end(w);
    json_write_array(w, "EIP712Domain");
    write_type(w, "name", "string");
    write_type(w, "version", "string");
    write_type(w, "chainId", "uint256");
    write_type(w, "verifyingContract", "address");
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_address(json_writer *w, const char *key, const chaos_address *address)
{
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_address_format(address, text);
    json_write_text(w, key, text);
}

static chaos_status write_typed_data(const chaos_registries *registries, const chaos_u256 *agent_id,
                                     const chaos_address *wallet, const chaos_address *owner, uint64_t deadline,
                                     chaos_buffer *out, chaos_error *err)
{
    char number[CHAOS_U256_TEXT_SIZE];
    chaos_u256 word = chaos_u256_from(registries->chain_id);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_object(&w, "domain");
    chaos_u256_format(&word, number);
    json_write_text(&w, "chainId", number);
    json_write_text(&w, "name", "ERC8004IdentityRegistry");
    write_address(&w, "verifyingContract", &registries->registry[IDENTITY].address);
    json_write_text(&w, "version", "1");
    json_write_object_end(&w);
    json_write_object(&w, "message");
    chaos_u256_format(agent_id, number);
    json_write_text(&w, "agentId", number);
    word = chaos_u256_from(deadline);
    chaos_u256_format(&word, number);
    json_write_text(&w, "deadline", number);
    write_address(&w, "newWallet", wallet);
    write_address(&w, "owner", owner);
    json_write_object_end(&w);
    json_write_text(&w, "primaryType", "AgentWalletSet");
    write_types(&w);
    json_write_object_end(&w);
    chaos_status status = json_writer_status(&w);
    return status == CHAOS_OK ? CHAOS_OK : error_set(err, status, "typed_data", CHAOS_NO_OFFSET, NULL);
}

chaos_status chaos_agent_wallet_typed_data(const chaos_registries *registries, const chaos_u256 *agent_id,
                                           const chaos_address *wallet, uint64_t *deadline, chaos_buffer *typed_data,
                                           chaos_error *err)
{
    chaos_block latest;
    chaos_address owner;
    CHAOS_TRY(registry_require(registries, IDENTITY, err));
    if (agent_id == NULL || wallet == NULL || deadline == NULL || typed_data == NULL) {
        return usage(err, "wallet", "no argument may be NULL");
    }
    CHAOS_TRY(chaos_rpc_block(registries->rpc, NULL, &latest, err));
    chaos_block_id at = { .tag = CHAOS_BLOCK_HASH, .hash = latest.hash };
    CHAOS_TRY(chaos_identity_check_domain(registries, &at, err));
    CHAOS_TRY(chaos_agent_owner(registries, agent_id, &at, &owner, err));
    if (latest.timestamp < 0) {
        return error_set(err, CHAOS_E_NODE, "timestamp", CHAOS_NO_OFFSET, "the block's time makes no sense");
    }
    uint64_t until = (uint64_t)latest.timestamp + DEADLINE_S;
    size_t before = typed_data->size;
    chaos_status status = write_typed_data(registries, agent_id, wallet, &owner, until, typed_data, err);
    if (status != CHAOS_OK) {
        typed_data->size = before;
        return status;
    }
    *deadline = until;
    return CHAOS_OK;
}

chaos_status chaos_agent_wallet_signature(const chaos_registries *registries, const chaos_u256 *agent_id,
                                          const chaos_account *wallet, uint64_t *deadline,
                                          chaos_signature65 *signature, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(typed_data, MAX_TYPED_DATA);
    uint64_t until = 0;
    if (wallet == NULL || deadline == NULL || signature == NULL) {
        return usage(err, "wallet", "no argument may be NULL");
    }
    chaos_address address = chaos_account_address(wallet);
    CHAOS_TRY(chaos_agent_wallet_typed_data(registries, agent_id, &address, &until, &typed_data, err));
    CHAOS_TRY(chaos_account_sign_typed_data(wallet, buffer_slice(&typed_data), signature, err));
    *deadline = until;
    return CHAOS_OK;
}

chaos_status chaos_agent_set_wallet(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                    const chaos_u256 *agent_id, const chaos_address *wallet, uint64_t deadline,
                                    chaos_slice signature, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    bool begun = false;
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || wallet == NULL || (signature.data == NULL && signature.size > 0)) {
        return usage(err, "wallet", "no argument may be NULL");
    }
    CHAOS_TRY(write_is_begun(&write, &begun, err));
    if (begun) {
        return write_go_on(&write, outcome, err);
    }
    return write_send(&write, "setAgentWallet(uint256,address,uint256,bytes)",
                      ARGUMENTS(arg_u256(agent_id), arg_address(wallet), arg_number(deadline), arg_bytes(signature)),
                      outcome, err);
}

chaos_status chaos_agent_adopt_wallet(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_u256 *agent_id, const chaos_account *wallet, chaos_outcome *outcome,
                                      chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    bool begun = false;
    chaos_address there, wanted;
    chaos_signature65 signature;
    uint64_t deadline = 0;
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL || wallet == NULL) {
        return usage(err, "wallet", "no argument may be NULL");
    }
    CHAOS_TRY(write_is_begun(&write, &begun, err));
    if (begun) {
        return write_go_on(&write, outcome, err);
    }
    wanted = chaos_account_address(wallet);
    CHAOS_TRY(chaos_agent_wallet(registries, agent_id, NULL, &there, err));
    if (memcmp(there.bytes, wanted.bytes, sizeof there.bytes) == 0) {
        write_nothing(outcome);
        return CHAOS_OK;
    }
    CHAOS_TRY(chaos_agent_wallet_signature(registries, agent_id, wallet, &deadline, &signature, err));
    return chaos_agent_set_wallet(registries, sender, intent, agent_id, &wanted, deadline,
                                  slice(signature.bytes, sizeof signature.bytes), outcome, err);
}

chaos_status chaos_agent_unset_wallet(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_u256 *agent_id, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, IDENTITY };
    CHAOS_TRY(write_begin(&write, err));
    if (agent_id == NULL) {
        return usage(err, "agent_id", "the agent's id may not be NULL");
    }
    return write_send(&write, "unsetAgentWallet(uint256)", ARGUMENTS(arg_u256(agent_id)), outcome, err);
}
