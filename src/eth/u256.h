/* u256.h - the little arithmetic on big-endian words that fees and balances need. */
#ifndef ETH_U256_H
#define ETH_U256_H

#include "base/base.h"

chaos_u256 u256_from(uint64_t number);
bool u256_to_u64(const chaos_u256 *word, uint64_t *number); /* false: it does not fit */
int u256_compare(const chaos_u256 *a, const chaos_u256 *b); /* as memcmp */
bool u256_is_zero(const chaos_u256 *word);
/* *sum = a + b * c; false when it is 2^256 or more (*sum is then undefined). */
CHAOS_MUST_USE bool u256_add_product(const chaos_u256 *a, uint64_t b, uint64_t c, chaos_u256 *sum);
#define U256_DECIMAL_SIZE 79 /* with NUL */
const char *u256_decimal(const chaos_u256 *word, char text[U256_DECIMAL_SIZE]);
/* "0x" and the digits without leading zeros, as JSON-RPC writes quantities. */
#define U256_QUANTITY_SIZE 67
const char *u256_quantity(const chaos_u256 *word, char text[U256_QUANTITY_SIZE]);

#endif
