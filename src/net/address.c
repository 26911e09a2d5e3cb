/* address.c - may a stranger's URL lead to this address? Only the public, global unicast Internet (IANA's
 * registries of special-purpose addresses, RFC 6890). */
#include <netinet/in.h>

#include "net/internal.h"

typedef struct range4 {
    uint8_t prefix[4], bits;
    const char *what;
} range4;

static const range4 special4[] = {
    { { 0, 0, 0, 0 }, 8, "an address of this network" },
    { { 10, 0, 0, 0 }, 8, "a private address" },
    { { 100, 64, 0, 0 }, 10, "a carrier's inner address" },
    { { 127, 0, 0, 0 }, 8, "a loopback address" },
    { { 169, 254, 0, 0 }, 16, "a link-local address" },
    { { 172, 16, 0, 0 }, 12, "a private address" },
    { { 192, 0, 0, 0 }, 24, "a protocol's own address" },
    { { 192, 0, 2, 0 }, 24, "an address for documentation" },
    { { 192, 88, 99, 0 }, 24, "a 6to4 relay's address" },
    { { 192, 168, 0, 0 }, 16, "a private address" },
    { { 198, 18, 0, 0 }, 15, "an address for benchmarks" },
    { { 198, 51, 100, 0 }, 24, "an address for documentation" },
    { { 203, 0, 113, 0 }, 24, "an address for documentation" },
    { { 224, 0, 0, 0 }, 4, "a multicast address" },
    { { 240, 0, 0, 0 }, 4, "a reserved address" },
};

typedef struct range6 {
    uint8_t prefix[16], bits;
    const char *what;
} range6;

/* Those within and without 2000::/3; what is in none of these and outside of that is reserved. */
static const range6 special6[] = {
    { { 0 }, 128, "an address of this network" },
    { { [15] = 1 }, 128, "a loopback address" },
    { { [10] = 0xff, 0xff }, 96, "an IPv4 address in IPv6" },
    { { 0x00, 0x64, 0xff, 0x9b }, 96, "an IPv4 address behind NAT64" },
    { { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, "an IPv4 address behind NAT64" },
    { { 0x20, 0x01 }, 23, "a protocol's own address" }, /* Teredo, ORCHID, benchmarks ... */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, "an address for documentation" },
    { { 0x20, 0x02 }, 16, "an IPv4 address behind 6to4" },
    { { 0x3f, 0xff }, 20, "an address for documentation" },
    { { 0xfc }, 7, "a private address" },
    { { 0xfe, 0x80 }, 10, "a link-local address" },
    { { 0xfe, 0xc0 }, 10, "a private address" },
    { { 0xff }, 8, "a multicast address" },
};

static bool is_within(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
    const size_t whole = bits / 8;
    const uint8_t mask = (uint8_t)(0xff00u >> bits % 8);
    return memcmp(address, prefix, whole) == 0 &&
           (bits % 8 == 0 || ((address[whole] ^ prefix[whole]) & mask) == 0);
}

static const char *judge4(const uint8_t address[4], bool allow_loopback)
{
    if (allow_loopback && address[0] == 127) {
        return NULL;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(special4); i++) {
        if (is_within(address, special4[i].prefix, special4[i].bits)) {
            return special4[i].what;
        }
    }
    return NULL;
}

static const char *judge6(const uint8_t address[16], bool allow_loopback)
{
    static const uint8_t loopback[16] = { [15] = 1 }, global[16] = { 0x20 };
    if (allow_loopback && memcmp(address, loopback, sizeof loopback) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(special6); i++) {
        if (is_within(address, special6[i].prefix, special6[i].bits)) {
            return special6[i].what;
        }
    }
    return is_within(address, global, 3) ? NULL : "a reserved address";
}

const char *address_refusal(const struct sockaddr *address, size_t size, bool allow_loopback)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address->sa_family == AF_INET && size >= sizeof in) {
        memcpy(&in, address, sizeof in);
        return judge4((const uint8_t *)&in.sin_addr, allow_loopback);
    }
    if (address->sa_family == AF_INET6 && size >= sizeof in6) {
        memcpy(&in6, address, sizeof in6);
        return in6.sin6_scope_id == 0 ? judge6(in6.sin6_addr.s6_addr, allow_loopback) : "an address with a zone";
    }
    return "an address of another kind than IPv4 and IPv6";
}
