/* shop.c - Alice's work: a small shopping function on a bundled catalogue. The same seed gives the same cart, so that a
 * client can do it again and compare. */
#include "studio.h"

typedef struct offer {
    const char *sku, *name, *colour;
    unsigned cents, quality; /* quality of 100 */
} offer;

static const offer catalogue[] = {
    { "jk-101", "Nordwand parka", "green", 13900, 91 },
    { "jk-102", "Fjord shell", "blue", 11900, 84 },
    { "jk-103", "Moss anorak", "green", 9900, 78 },
    { "jk-104", "Cinder down jacket", "black", 14900, 93 },
    { "jk-105", "Glacier coat", "blue", 14500, 90 },
    { "jk-106", "Heath softshell", "green", 12900, 88 },
    { "jk-107", "Ember parka", "red", 10900, 80 },
    { "jk-108", "Raven storm coat", "black", 12500, 86 },
    { "jk-109", "Rowan field jacket", "red", 13500, 89 },
    { "jk-110", "Tarn windbreaker", "blue", 8900, 71 },
    { "jk-111", "Larch work coat", "green", 15900, 95 },
    { "jk-112", "Slate commuter", "black", 10500, 79 },
};
static const char *const colours[] = { "green", "blue", "black", "red" };

#define BASE_LIMIT 12000u
#define LIMIT_STEP 1000u
#define LIMITS 4u

typedef struct wish {
    const char *colour;
    unsigned limit; /* cents */
} wish;

static bool write_intent(const wish *x, char *out, size_t capacity)
{
    int n = snprintf(out, capacity, "{\"colour\":\"%s\",\"limit_cents\":%u,\"what\":\"winter jacket\"}", x->colour,
                     x->limit);
    return n > 0 && (size_t)n < capacity;
}

static bool write_offer(const offer *o, char *out, size_t capacity)
{
    int n = snprintf(out, capacity, "{\"cents\":%u,\"colour\":\"%s\",\"name\":\"%s\",\"quality\":%u,\"sku\":\"%s\"}",
                     o->cents, o->colour, o->name, o->quality, o->sku);
    return n > 0 && (size_t)n < capacity;
}

/* Those that fit, in the order of the catalogue; *best is the one with the most quality, the cheaper of two. */
static bool write_offers(const wish *x, char *out, size_t capacity, const offer **best)
{
    size_t used = 0;
    bool ok = true;
    out[used++] = '[';
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(catalogue); i++) {
        const offer *o = &catalogue[i];
        if (strcmp(o->colour, x->colour) != 0 || o->cents > x->limit) {
            continue;
        }
        if (*best == NULL || o->quality > (*best)->quality ||
            (o->quality == (*best)->quality && o->cents < (*best)->cents)) {
            *best = o;
        }
        if (used > 1) {
            out[used++] = ',';
        }
        ok = capacity - used > 2 && write_offer(o, out + used, capacity - used - 2);
        used += ok ? strlen(out + used) : 0;
    }
    out[used++] = ']';
    out[used] = '\0';
    return ok && *best != NULL;
}

bool shop(const char *seed, shopping *out)
{
    const chaos_keccak chosen = chaos_content_hash(slice_text(seed));
    const wish x = { colours[chosen.bytes[0] % CHAOS_ARRAY_SIZE(colours)],
                     BASE_LIMIT + LIMIT_STEP * (chosen.bytes[1] % LIMITS) };
    const offer *best = NULL;
    if (!write_intent(&x, out->intent, sizeof out->intent) ||
        !write_offers(&x, out->offers, sizeof out->offers, &best) ||
        !write_offer(best, out->cart, sizeof out->cart)) {
        return false;
    }
    (void)snprintf(out->summary, sizeof out->summary, "%s, %s, %u.%02u USD of at most %u", best->name, best->colour,
                   best->cents / 100, best->cents % 100, x.limit / 100);
    return true;
}
