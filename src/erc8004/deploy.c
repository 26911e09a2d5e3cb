/* deploy.c - our registries on a chain of one's own. All three are under way at once: a contract's address follows
 * from its maker and nonce, and the nonce is in the journal before anything is sent. */
#include "erc8004/erc8004.h"
#include "erc8004/registry_code.h"

#include <stdio.h>

enum {
    WORDS_OF_LINK = 1 /* the constructor's argument: the identity registry */
};

/* keccak(rlp([sender, nonce])), the last 20 bytes. */
static chaos_status created_address(const chaos_address *sender, uint64_t nonce, chaos_address *out, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(rlp, 64);
    size_t list = rlp_begin_list(&rlp);
    if (!rlp_write(&rlp, slice(sender->bytes, sizeof sender->bytes)) || !rlp_write_unsigned(&rlp, nonce) ||
        !rlp_end_list(&rlp, list)) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    chaos_keccak hash = hash_keccak(buffer_slice(&rlp));
    memcpy(out->bytes, hash.bytes + sizeof hash.bytes - sizeof out->bytes, sizeof out->bytes);
    return CHAOS_OK;
}

static chaos_slice code_of(chaos_registry_kind kind)
{
    switch (kind) {
    case CHAOS_REGISTRY_IDENTITY:
        return slice(identity_registry_code, identity_registry_code_size);
    case CHAOS_REGISTRY_REPUTATION:
        return slice(reputation_registry_code, reputation_registry_code_size);
    case CHAOS_REGISTRY_VALIDATION:
        return slice(validation_registry_code, validation_registry_code_size);
    }
    return slice(NULL, 0);
}

static chaos_status intent_name(const char *prefix, chaos_registry_kind kind, char name[CHAOS_MAX_INTENT_NAME + 1],
                                chaos_error *err)
{
    int size = prefix == NULL ? -1
                              : snprintf(name, CHAOS_MAX_INTENT_NAME + 1, "%s/%s", prefix, chaos_registry_name(kind));
    return size > 0 && size <= CHAOS_MAX_INTENT_NAME ? CHAOS_OK
                                                     : usage(err, "prefix", "the prefix is NULL or too long");
}

/* One creation, sent; `identity` is the constructor's argument of the other two. */
static chaos_status submit(chaos_sender *sender, const char *prefix, chaos_registry_kind kind,
                           const chaos_address *identity, chaos_address *address, chaos_error *err)
{
    char name[CHAOS_MAX_INTENT_NAME + 1];
    CHAOS_AUTO_BUFFER(data, MAX_CALLDATA);
    chaos_outcome outcome;
    CHAOS_TRY(intent_name(prefix, kind, name, err));
    if (!buffer_append(&data, code_of(kind))) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (kind != CHAOS_REGISTRY_IDENTITY) {
        abi_writer w = abi_writer_begin(&data, WORDS_OF_LINK);
        abi_write_address(&w, identity);
        if (!abi_writer_end(&w)) {
            return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
        }
    }
    chaos_intent intent = CHAOS_INTENT_INIT;
    intent.name = name;
    intent.data = buffer_slice(&data);
    CHAOS_TRY(chaos_sender_submit(sender, &intent, &outcome, err));
    chaos_address maker = chaos_sender_address(sender);
    return created_address(&maker, outcome.nonce, address, err);
}

/* Waits for it, and holds the receipt's address against the one that was foreseen. */
static chaos_status finish(chaos_sender *sender, const char *prefix, chaos_registry_kind kind,
                           const chaos_address *address, chaos_error *err)
{
    char name[CHAOS_MAX_INTENT_NAME + 1];
    chaos_outcome outcome;
    chaos_transaction_receipt receipt;
    CHAOS_TRY(intent_name(prefix, kind, name, err));
    CHAOS_TRY(chaos_sender_wait(sender, name, &outcome, err));
    CHAOS_TRY(chaos_rpc_receipt(chaos_sender_rpc(sender), &outcome.transaction_hash, &receipt, err));
    chaos_logs_free(receipt.logs);
    if (!receipt.has_contract || memcmp(receipt.contract.bytes, address->bytes, sizeof address->bytes) != 0) {
        char expected[CHAOS_ADDRESS_TEXT_SIZE], found[CHAOS_ADDRESS_TEXT_SIZE];
        chaos_address_format(address, expected);
        chaos_address_format(&receipt.contract, found);
        (void)error_set(err, CHAOS_E_NODE, chaos_registry_name(kind), CHAOS_NO_OFFSET,
                        "the receipt names another contract than the one that was made");
        error_expected(err, "%s", expected);
        error_found(err, "%s", receipt.has_contract ? found : "none");
        return CHAOS_E_NODE;
    }
    return CHAOS_OK;
}

chaos_status chaos_registries_deploy(chaos_sender *sender, const char *prefix, chaos_registry_addresses *addresses,
                                     chaos_error *err)
{
    chaos_address made[REGISTRY_COUNT];
    if (sender == NULL || addresses == NULL) {
        return usage(err, "sender", "the sender and the addresses may not be NULL");
    }
    for (unsigned kind = 0; kind < REGISTRY_COUNT; kind++) {
        CHAOS_TRY(submit(sender, prefix, (chaos_registry_kind)kind, &made[CHAOS_REGISTRY_IDENTITY], &made[kind], err));
    }
    if (chaos_sender_is_dry_run(sender)) {
        return CHAOS_OK;
    }
    for (unsigned kind = 0; kind < REGISTRY_COUNT; kind++) {
        CHAOS_TRY(finish(sender, prefix, (chaos_registry_kind)kind, &made[kind], err));
    }
    *addresses = (chaos_registry_addresses){ made[CHAOS_REGISTRY_IDENTITY], made[CHAOS_REGISTRY_REPUTATION],
                                             made[CHAOS_REGISTRY_VALIDATION] };
    return CHAOS_OK;
}
