/* card.c - an agent as the chain and its registration file show it. */
#include "erc8004/files.h"

#include "crypto/crypto.h"
#include "net/fetch.h"

struct chaos_agent_card {
    chaos_agent_reference reference;
    chaos_block block;
    chaos_address owner, wallet;
    chaos_tee_metadata tee;
    chaos_buffer uri;
    net_fetched fetched;
    bool has_bytes;
    chaos_registration_file *file;
    chaos_error why; /* status OK: there was nothing to fetch, or all went well */
};

CHAOS_CLEANUP(chaos_agent_card);

/* ------------------------------------------------------------------- chain ---- */

/* Owner, wallet, URI and metadata at one block, so that they belong together. */
static chaos_status read_chain(const chaos_registries *registries, chaos_agent_card *card, chaos_error *err)
{
    chaos_block_id at = { .tag = CHAOS_BLOCK_HASH };
    const chaos_u256 *id = &card->reference.agent_id;
    CHAOS_TRY(chaos_rpc_block(chaos_registries_rpc(registries), NULL, &card->block, err));
    at.hash = card->block.hash;
    CHAOS_TRY(chaos_agent_owner(registries, id, &at, &card->owner, err));
    CHAOS_TRY(chaos_agent_wallet(registries, id, &at, &card->wallet, err));
    CHAOS_TRY(chaos_agent_uri(registries, id, &at, &card->uri, err));
    return chaos_tee_metadata_read(registries, id, &at, &card->tee, err);
}

/* -------------------------------------------------------------------- file ---- */

static chaos_status fetch(const chaos_agent_card_options *options, chaos_agent_card *card, chaos_error *err)
{
    const net_fetch_options how = {
        .max_bytes = CHAOS_MAX_REGISTRATION_FILE,
        .total_timeout_ms = options->timeout_ms,
        .allow_http = options->allow_local,
        .allow_any_port = options->allow_local,
        .allow_loopback = options->allow_local,
        .gateways = options->gateways,
        .gateway_count = options->gateway_count,
    };
    CHAOS_TRY(net_fetch(buffer_slice(&card->uri), &how, &card->fetched, err));
    chaos_keccak hash = hash_keccak(buffer_slice(&card->fetched.bytes));
    if (options->has_hash && memcmp(&hash, &options->hash, sizeof hash) != 0) {
        return error_set(err, CHAOS_E_CONTENT_HASH, "registration", CHAOS_NO_OFFSET,
                         "the registration file is not the one of this hash");
    }
    card->has_bytes = true; /* from here on: bytes of another hash are nobody's */
    return chaos_registration_file_parse(buffer_slice(&card->fetched.bytes), &card->file, err);
}

static bool is_data(const chaos_buffer *uri)
{
    static const char scheme[] = "data:";
    const size_t length = sizeof scheme - 1;
    return uri->size >= length && memcmp(uri->data, scheme, length) == 0;
}

static void read_file(const chaos_agent_card_options *options, chaos_agent_card *card)
{
    if (card->uri.size == 0 || (!options->fetch && !is_data(&card->uri))) {
        return;
    }
    chaos_status status = fetch(options, card, &card->why);
    if (status == CHAOS_OK) {
        card->why = (chaos_error){ 0 };
    }
}

/* ------------------------------------------------------------------ object ---- */

chaos_status chaos_agent_card_read(const chaos_registries *registries, const chaos_u256 *agent_id,
                                   const chaos_agent_card_options *options, chaos_agent_card **card,
                                   chaos_error *err)
{
    static const chaos_agent_card_options usual = CHAOS_AGENT_CARD_OPTIONS_INIT;
    const chaos_agent_card_options *how = options == NULL ? &usual : options;
    CHAOS_AUTO(chaos_agent_card, made);
    if (registries == NULL || agent_id == NULL || card == NULL || how->size != sizeof *how ||
        how->gateway_count > CHAOS_CARD_MAX_GATEWAYS) {
        return error_set(err, CHAOS_E_USAGE, "card", CHAOS_NO_OFFSET,
                         "registries, id and card may not be NULL, and options begin with their size");
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->uri = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_CALL_RESULT);
    made->reference = (chaos_agent_reference){
        .chain_id = chaos_registries_chain_id(registries),
        .has_registry = true,
        .registry = chaos_registries_address(registries, CHAOS_REGISTRY_IDENTITY),
        .agent_id = *agent_id,
    };
    CHAOS_TRY(read_chain(registries, made, err));
    read_file(how, made);
    CHAOS_GIVE(card, made);
    return CHAOS_OK;
}

void chaos_agent_card_free(chaos_agent_card *card)
{
    if (card != NULL) {
        chaos_registration_file_free(card->file);
        net_fetched_clear(&card->fetched);
        chaos_buffer_free(&card->uri);
        free(card);
    }
}

const chaos_agent_reference *chaos_agent_card_reference(const chaos_agent_card *card)
{
    return &card->reference;
}

const chaos_block *chaos_agent_card_block(const chaos_agent_card *card)
{
    return &card->block;
}

const chaos_address *chaos_agent_card_owner(const chaos_agent_card *card)
{
    return &card->owner;
}

const chaos_address *chaos_agent_card_wallet(const chaos_agent_card *card)
{
    return &card->wallet;
}

chaos_slice chaos_agent_card_uri(const chaos_agent_card *card)
{
    return buffer_slice(&card->uri);
}

const chaos_tee_metadata *chaos_agent_card_tee(const chaos_agent_card *card)
{
    return &card->tee;
}

const chaos_registration_file *chaos_agent_card_file(const chaos_agent_card *card)
{
    return card->file;
}

const chaos_error *chaos_agent_card_file_error(const chaos_agent_card *card)
{
    return card->why.status == CHAOS_OK ? NULL : &card->why;
}

chaos_slice chaos_agent_card_file_bytes(const chaos_agent_card *card)
{
    return card->has_bytes ? buffer_slice(&card->fetched.bytes) : slice(NULL, 0);
}

bool chaos_agent_card_is_committed(const chaos_agent_card *card)
{
    return card->has_bytes && card->fetched.bond != NET_BOND_NONE;
}

bool chaos_agent_card_names_itself(const chaos_agent_card *card)
{
    return card->file != NULL &&
           chaos_registration_file_names(card->file, card->reference.chain_id, &card->reference.registry,
                                         &card->reference.agent_id);
}
