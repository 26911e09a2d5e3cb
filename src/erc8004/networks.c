/* networks.c - names, chain ids and registry addresses of the networks with official ERC-8004 deployments. */
#include <chaoschain/erc8004.h>

#include <ctype.h>
#include <stdio.h>

#include "base/base.h"

typedef struct network_row {
    const char *name; /* as the SDKs write it */
    const char *also; /* another usual name, or NULL */
    chaos_network_kind kind;
    uint64_t chain_id;
} network_row;

static const network_row rows[] = {
    { "ethereum-mainnet", "ethereum", CHAOS_NETWORK_MAIN, 1 },
    { "base-mainnet", "base", CHAOS_NETWORK_MAIN, 8453 },
    { "polygon-mainnet", "polygon", CHAOS_NETWORK_MAIN, 137 },
    { "arbitrum-mainnet", "arbitrum", CHAOS_NETWORK_MAIN, 42161 },
    { "celo-mainnet", "celo", CHAOS_NETWORK_MAIN, 42220 },
    { "gnosis-mainnet", "gnosis", CHAOS_NETWORK_MAIN, 100 },
    { "scroll-mainnet", "scroll", CHAOS_NETWORK_MAIN, 534352 },
    { "taiko-mainnet", "taiko", CHAOS_NETWORK_MAIN, 167000 },
    { "monad-mainnet", "monad", CHAOS_NETWORK_MAIN, 143 },
    { "bsc-mainnet", "bsc", CHAOS_NETWORK_MAIN, 56 },
    { "optimism-mainnet", "optimism", CHAOS_NETWORK_MAIN, 10 },
    { "linea-mainnet", "linea", CHAOS_NETWORK_MAIN, 59144 },
    { "avalanche-mainnet", "avalanche", CHAOS_NETWORK_MAIN, 43114 },
    { "abstract-mainnet", "abstract", CHAOS_NETWORK_MAIN, 2741 },
    { "goat-mainnet", "goat", CHAOS_NETWORK_MAIN, 2345 },
    { "mantle-mainnet", "mantle", CHAOS_NETWORK_MAIN, 5000 },
    { "megaeth-mainnet", "megaeth", CHAOS_NETWORK_MAIN, 4326 },
    { "metis-mainnet", "metis", CHAOS_NETWORK_MAIN, 1088 },
    { "skale-base-mainnet", "skale-base", CHAOS_NETWORK_MAIN, 1187947933 },
    { "soneium-mainnet", "soneium", CHAOS_NETWORK_MAIN, 1868 },
    { "xlayer-mainnet", "xlayer", CHAOS_NETWORK_MAIN, 196 },
    { "ethereum-sepolia", "sepolia", CHAOS_NETWORK_TEST, 11155111 },
    { "base-sepolia", NULL, CHAOS_NETWORK_TEST, 84532 },
    { "polygon-amoy", NULL, CHAOS_NETWORK_TEST, 80002 },
    { "arbitrum-sepolia", NULL, CHAOS_NETWORK_TEST, 421614 },
    { "celo-sepolia", "celo-testnet", CHAOS_NETWORK_TEST, 11142220 },
    { "scroll-sepolia", NULL, CHAOS_NETWORK_TEST, 534351 },
    { "monad-testnet", NULL, CHAOS_NETWORK_TEST, 10143 },
    { "bsc-testnet", NULL, CHAOS_NETWORK_TEST, 97 },
    { "optimism-sepolia", NULL, CHAOS_NETWORK_TEST, 11155420 },
    { "linea-sepolia", NULL, CHAOS_NETWORK_TEST, 59141 },
    { "avalanche-fuji", NULL, CHAOS_NETWORK_TEST, 43113 },
    { "mantle-sepolia", NULL, CHAOS_NETWORK_TEST, 5003 },
    { "taiko-hoodi", NULL, CHAOS_NETWORK_TEST, 167013 },
    { "0g-galileo", "0g-testnet", CHAOS_NETWORK_TEST, 16602 },
    { "local", "anvil", CHAOS_NETWORK_LOCAL, 31337 },
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

/* Case and "_" for "-" are matters of taste. */
static bool same_name(const char *a, const char *b)
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
        if (chain_id == rows[i].chain_id || same_name(name, rows[i].name) ||
            (rows[i].also != NULL && same_name(name, rows[i].also))) {
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
