/* networks.c - names, chain ids and registry addresses of the networks with official ERC-8004 deployments: the same as
 * data/networks.json (a test compares), so that the library needs no file. */
#include "erc8004/erc8004.h"

#include <ctype.h>
#include <stdio.h>

typedef struct network_row {
    const char *name; /* as the SDKs write it */
    const char *also; /* another usual name, or NULL */
    chaos_network_kind kind;
    uint64_t chain_id;
    uint64_t first_block;               /* of the identity registry; 0: not known */
    const char *rpc_url, *rpc_variable; /* or NULL */
} network_row;

static const network_row rows[] = {
    { "ethereum-mainnet", "ethereum", CHAOS_NETWORK_MAIN, 1, 24339871, NULL, NULL },
    { "base-mainnet", "base", CHAOS_NETWORK_MAIN, 8453, 41663783, "https://mainnet.base.org", NULL },
    { "polygon-mainnet", "polygon", CHAOS_NETWORK_MAIN, 137, 0, NULL, NULL },
    { "arbitrum-mainnet", "arbitrum", CHAOS_NETWORK_MAIN, 42161, 0, NULL, NULL },
    { "celo-mainnet", "celo", CHAOS_NETWORK_MAIN, 42220, 58396724, NULL, NULL },
    { "gnosis-mainnet", "gnosis", CHAOS_NETWORK_MAIN, 100, 0, NULL, NULL },
    { "scroll-mainnet", "scroll", CHAOS_NETWORK_MAIN, 534352, 0, NULL, NULL },
    { "taiko-mainnet", "taiko", CHAOS_NETWORK_MAIN, 167000, 0, NULL, NULL },
    { "monad-mainnet", "monad", CHAOS_NETWORK_MAIN, 143, 0, NULL, NULL },
    { "bsc-mainnet", "bsc", CHAOS_NETWORK_MAIN, 56, 79027268, NULL, NULL },
    { "optimism-mainnet", "optimism", CHAOS_NETWORK_MAIN, 10, 0, NULL, NULL },
    { "linea-mainnet", "linea", CHAOS_NETWORK_MAIN, 59144, 0, NULL, NULL },
    { "avalanche-mainnet", "avalanche", CHAOS_NETWORK_MAIN, 43114, 0, NULL, NULL },
    { "abstract-mainnet", "abstract", CHAOS_NETWORK_MAIN, 2741, 0, NULL, NULL },
    { "goat-mainnet", "goat", CHAOS_NETWORK_MAIN, 2345, 0, NULL, NULL },
    { "mantle-mainnet", "mantle", CHAOS_NETWORK_MAIN, 5000, 0, NULL, NULL },
    { "megaeth-mainnet", "megaeth", CHAOS_NETWORK_MAIN, 4326, 0, NULL, NULL },
    { "metis-mainnet", "metis", CHAOS_NETWORK_MAIN, 1088, 0, NULL, NULL },
    { "skale-base-mainnet", "skale-base", CHAOS_NETWORK_MAIN, 1187947933, 0, NULL, NULL },
    { "soneium-mainnet", "soneium", CHAOS_NETWORK_MAIN, 1868, 0, NULL, NULL },
    { "xlayer-mainnet", "xlayer", CHAOS_NETWORK_MAIN, 196, 0, NULL, NULL },
    { "robinhood-mainnet", "robinhood", CHAOS_NETWORK_MAIN, 4663, 0, NULL, NULL },
    { "injective-mainnet", "injective", CHAOS_NETWORK_MAIN, 1776, 0, NULL, NULL },
    { "0g-mainnet", "0g", CHAOS_NETWORK_MAIN, 16661, 0, NULL, NULL },
    { "hedera-mainnet", "hedera", CHAOS_NETWORK_MAIN, 295, 0, NULL, NULL },
    { "shape-mainnet", "shape", CHAOS_NETWORK_MAIN, 360, 0, NULL, NULL },
    { "ethereum-sepolia", "sepolia", CHAOS_NETWORK_TEST, 11155111, 0,
      "https://ethereum-sepolia-rpc.publicnode.com", "SEPOLIA_RPC_URL" },
    { "base-sepolia", NULL, CHAOS_NETWORK_TEST, 84532, 0, "https://sepolia.base.org", "BASE_SEPOLIA_RPC_URL" },
    { "polygon-amoy", NULL, CHAOS_NETWORK_TEST, 80002, 0, NULL, NULL },
    { "arbitrum-sepolia", NULL, CHAOS_NETWORK_TEST, 421614, 0, NULL, NULL },
    { "celo-sepolia", "celo-testnet", CHAOS_NETWORK_TEST, 11142220, 0, NULL, NULL },
    { "scroll-sepolia", NULL, CHAOS_NETWORK_TEST, 534351, 0, NULL, NULL },
    { "monad-testnet", NULL, CHAOS_NETWORK_TEST, 10143, 0, NULL, NULL },
    { "bsc-testnet", NULL, CHAOS_NETWORK_TEST, 97, 0, NULL, NULL },
    { "optimism-sepolia", NULL, CHAOS_NETWORK_TEST, 11155420, 0, NULL, NULL },
    { "linea-sepolia", NULL, CHAOS_NETWORK_TEST, 59141, 0, NULL, NULL },
    { "avalanche-fuji", NULL, CHAOS_NETWORK_TEST, 43113, 0, NULL, NULL },
    { "mantle-sepolia", NULL, CHAOS_NETWORK_TEST, 5003, 0, NULL, NULL },
    { "taiko-hoodi", NULL, CHAOS_NETWORK_TEST, 167013, 0, NULL, NULL },
    { "0g-galileo", "0g-testnet", CHAOS_NETWORK_TEST, 16602, 0, NULL, NULL },
    { "abstract-testnet", NULL, CHAOS_NETWORK_TEST, 11124, 0, NULL, NULL },
    { "megaeth-testnet", NULL, CHAOS_NETWORK_TEST, 6343, 0, NULL, NULL },
    { "metis-sepolia", NULL, CHAOS_NETWORK_TEST, 59902, 0, NULL, NULL },
    { "robinhood-testnet", NULL, CHAOS_NETWORK_TEST, 46630, 0, NULL, NULL },
    { "skale-base-sepolia", NULL, CHAOS_NETWORK_TEST, 324705682, 0, NULL, NULL },
    { "soneium-minato", NULL, CHAOS_NETWORK_TEST, 1946, 0, NULL, NULL },
    { "xlayer-testnet", NULL, CHAOS_NETWORK_TEST, 1952, 0, NULL, NULL },
    { "hedera-testnet", NULL, CHAOS_NETWORK_TEST, 296, 0, NULL, NULL },
    { "arc-testnet", NULL, CHAOS_NETWORK_TEST, 5042002, 0, NULL, NULL },
    { "injective-testnet", NULL, CHAOS_NETWORK_TEST, 1439, 0, NULL, NULL },
    { "gnosis-chiado", NULL, CHAOS_NETWORK_TEST, 10200, 0, NULL, NULL },
    { "goat-testnet3", NULL, CHAOS_NETWORK_TEST, 48816, 0, NULL, NULL },
    { "shape-sepolia", NULL, CHAOS_NETWORK_TEST, 11011, 0, NULL, NULL },
    { "mode-testnet", "mode-sepolia", CHAOS_NETWORK_TEST, 919, 0, NULL, NULL },
    { "local", "anvil", CHAOS_NETWORK_LOCAL, 31337, 0, "http://127.0.0.1:8545", "LOCAL_RPC_URL" },
};

/* One set for each kind, the same on every chain of the kind. */
typedef struct registry_set {
    chaos_address identity, reputation, validation;
} registry_set;

static const registry_set main_set = {
    { { 0x80, 0x04, 0xa1, 0x69, 0xfb, 0x4a, 0x33, 0x25, 0x13, 0x6e,
        0xb2, 0x9f, 0xa0, 0xce, 0xb6, 0xd2, 0xe5, 0x39, 0xa4, 0x32 } },
    { { 0x80, 0x04, 0xba, 0xa1, 0x7c, 0x55, 0xa8, 0x81, 0x89, 0xae,
        0x13, 0x6b, 0x18, 0x2e, 0x5f, 0xda, 0x19, 0xde, 0x9b, 0x63 } },
    { { 0x80, 0x04, 0xcc, 0x84, 0x39, 0xf3, 0x6f, 0xd5, 0xf9, 0xf0,
        0x49, 0xd9, 0xff, 0x86, 0x52, 0x3d, 0xf6, 0xda, 0xab, 0x58 } },
};
static const registry_set test_set = {
    { { 0x80, 0x04, 0xa8, 0x18, 0xbf, 0xb9, 0x12, 0x23, 0x3c, 0x49,
        0x18, 0x71, 0xb3, 0xd8, 0x4c, 0x89, 0xa4, 0x94, 0xbd, 0x9e } },
    { { 0x80, 0x04, 0xb6, 0x63, 0x05, 0x6a, 0x59, 0x7d, 0xff, 0xe9,
        0xec, 0xcc, 0x19, 0x65, 0xa1, 0x93, 0xb7, 0x38, 0x87, 0x13 } },
    { { 0x80, 0x04, 0xcb, 0x1b, 0xf3, 0x1d, 0xaf, 0x77, 0x88, 0x92,
        0x3b, 0x40, 0x5b, 0x75, 0x4f, 0x57, 0xac, 0xeb, 0x42, 0x72 } },
};

#define MAX_NAME 64
#define MAX_CHAIN_DIGITS 19

bool network_name_is(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char c = *a == '_' ? '-' : (char)tolower((unsigned char)*a);
        if (c != *b) {
            return false;
        }
    }
    return *a == *b;
}

static void fill(const network_row *row, chaos_network *network)
{
    const registry_set *set = row->kind == CHAOS_NETWORK_MAIN ? &main_set : &test_set;
    *network = (chaos_network){ .kind = row->kind, .chain_id = row->chain_id };
    (void)snprintf(network->name, sizeof network->name, "%s", row->name);
    network->first_block = row->first_block;
    (void)snprintf(network->rpc_url, sizeof network->rpc_url, "%s", row->rpc_url == NULL ? "" : row->rpc_url);
    (void)snprintf(network->rpc_variable, sizeof network->rpc_variable, "%s",
                   row->rpc_variable == NULL ? "" : row->rpc_variable);
    if (row->kind != CHAOS_NETWORK_LOCAL) {
        network->identity = set->identity;
        network->reputation = set->reputation;
        network->validation = set->validation;
    }
}

/* "eip155:N"; 0: it is none. */
static uint64_t chain_of_caip(const char *name)
{
    static const char prefix[] = "eip155:";
    uint64_t number = 0;
    if (strncmp(name, prefix, strlen(prefix)) != 0) {
        return 0;
    }
    const char *digits = name + strlen(prefix);
    if (digits[0] == '0' || strlen(digits) > MAX_CHAIN_DIGITS - 1) {
        return 0;
    }
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9') {
            return 0;
        }
        number = 10 * number + (uint64_t)(*digits - '0');
    }
    return number;
}

static const network_row *find(const char *name, uint64_t chain_id)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        if (chain_id == rows[i].chain_id || network_name_is(name, rows[i].name) ||
            (rows[i].also != NULL && network_name_is(name, rows[i].also))) {
            return &rows[i];
        }
    }
    return NULL;
}

chaos_status chaos_network_find(const char *name, chaos_network *network, chaos_error *err)
{
    char quoted[MAX_NAME];
    if (name == NULL || network == NULL) {
        return error_set(err, CHAOS_E_USAGE, "network", CHAOS_NO_OFFSET, "the name and the network may not be NULL");
    }
    uint64_t chain_id = chain_of_caip(name);
    const network_row *row = find(name, chain_id);
    if (row != NULL) {
        fill(row, network);
        return CHAOS_OK;
    }
    if (chain_id != 0) {
        *network = (chaos_network){ .kind = CHAOS_NETWORK_OTHER, .chain_id = chain_id };
        (void)snprintf(network->name, sizeof network->name, "%s", name);
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_USAGE, "network", CHAOS_NO_OFFSET, "there is no network of this name");
    error_expected(err, "base-sepolia, ethereum-sepolia, base-mainnet, local, ... or eip155:N");
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice(name, strnlen(name, MAX_NAME))));
    return CHAOS_E_USAGE;
}

size_t chaos_network_count(void)
{
    return CHAOS_ARRAY_SIZE(rows);
}

const char *chaos_network_name_at(size_t index)
{
    return index < CHAOS_ARRAY_SIZE(rows) ? rows[index].name : NULL;
}
