/* keccak.c - Keccak as submitted to the SHA-3 contest, at any length: older clients ask tappd for keccak384 and
 * keccak512, which no library of ours has. Plain and slow, FIPS 202 3.2 step by step; tests compare it with the fast
 * Keccak-256 of the library. */
#include "sim/guest_state.h"

#define LANES 25
#define ROUNDS 24
#define STATE_SIZE 200

static uint64_t rotate(uint64_t lane, unsigned bits)
{
    return bits == 0 ? lane : lane << bits | lane >> (64 - bits);
}

static void theta(uint64_t a[LANES])
{
    uint64_t column[5];
    for (size_t x = 0; x < 5; x++) {
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    }
    for (size_t i = 0; i < LANES; i++) {
        a[i] ^= column[(i + 4) % 5] ^ rotate(column[(i + 1) % 5], 1);
    }
}

/* Lane (x, y) goes to (y, 2x + 3y), rotated by the next triangular number on the way. */
static void rho_and_pi(uint64_t a[LANES])
{
    size_t x = 1, y = 0;
    uint64_t carried = a[1];
    for (unsigned t = 0; t < ROUNDS; t++) {
        size_t next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        uint64_t replaced = a[x + 5 * y];
        a[x + 5 * y] = rotate(carried, (t + 1) * (t + 2) / 2 % 64);
        carried = replaced;
    }
}

static void chi(uint64_t a[LANES])
{
    for (size_t row = 0; row < LANES; row += 5) {
        uint64_t before[5];
        memcpy(before, a + row, sizeof before);
        for (size_t x = 0; x < 5; x++) {
            a[row + x] ^= ~before[(x + 1) % 5] & before[(x + 2) % 5];
        }
    }
}

/* The constants of iota come out of a shift register: x^8 + x^6 + x^5 + x^4 + 1, seven bits a round. */
static uint64_t round_constant(unsigned *shift_register)
{
    uint64_t constant = 0;
    for (unsigned j = 0; j < 7; j++) {
        constant |= (uint64_t)(*shift_register & 1) << ((1u << j) - 1);
        *shift_register = *shift_register << 1 ^ (*shift_register >> 7) * 0x171;
    }
    return constant;
}

static void permute(uint64_t a[LANES])
{
    unsigned shift_register = 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        theta(a);
        rho_and_pi(a);
        chi(a);
        a[0] ^= round_constant(&shift_register);
    }
}

static void absorb(uint64_t a[LANES], size_t place, uint8_t byte)
{
    a[place / 8] ^= (uint64_t)byte << 8 * (place % 8);
}

void sim_keccak(chaos_slice bytes, uint8_t *digest, size_t size)
{
    uint64_t a[LANES] = { 0 };
    size_t rate = STATE_SIZE - 2 * size, place = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        absorb(a, place++, bytes.data[i]);
        if (place == rate) {
            permute(a);
            place = 0;
        }
    }
    absorb(a, place, 0x01);
    absorb(a, rate - 1, 0x80);
    permute(a);
    for (size_t i = 0; i < size; i++) { /* shorter than the rate: one block */
        digest[i] = (uint8_t)(a[i / 8] >> 8 * (i % 8));
    }
}
