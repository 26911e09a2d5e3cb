/* cache_entries.c - what the cache keeps: platforms and collateral. */
#include "verify/cache.h"

#include <stddef.h>

static uint64_t mix(uint64_t sum, chaos_slice bytes)
{
    for (; bytes.size >= 8; bytes = slice(bytes.data + 8, bytes.size - 8)) {
        sum = (sum ^ load_u64le(bytes.data)) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        sum = (sum ^ bytes.data[i]) * 0x9e3779b97f4a7c15u;
    }
    return sum;
}

static cache_pool pool_of(const examination *x, cache_pool vendor, cache_pool other)
{
    return x->root->anchor == CHAOS_ANCHOR_VENDOR ? vendor : other;
}

/* --------------------------------------------------------------- platforms ---- */

#define QE_REPORT_DATA_OFFSET 320

/* A QE report's REPORTDATA is a digest of the attestation key, and the platform has signed it. */
static uint64_t print_of_quote(const dcap_quote *quote)
{
    return load_u64le(quote->qe_report.data + QE_REPORT_DATA_OFFSET);
}

static bool is_platform_of(const cache_item *item, const void *wanted)
{
    const known_platform *platform = (const void *)item;
    const dcap_quote *quote = wanted;

    return memcmp(platform->qe_report, quote->qe_report.data, sizeof platform->qe_report) == 0 &&
           memcmp(&platform->qe_report_signature, &quote->qe_report_signature,
                  sizeof platform->qe_report_signature) == 0 &&
           slice_equal(platform->cert_data, quote->cert_data);
}

const known_platform *cache_find_platform(chaos_cache *cache, const dcap_quote *quote)
{
    if (cache == NULL || quote->cert_data_type != CERT_PCK_CHAIN) {
        return NULL;
    }
    return (const void *)cache_find(cache, false, print_of_quote(quote), is_platform_of, quote);
}

void cache_release(const known_platform *platform)
{
    if (platform != NULL) {
        union {
            const cache_item *lent;
            cache_item *owned;
        } item = { .lent = &platform->item };

        cache_item_release(item.owned);
    }
}

static void destroy_platform(cache_item *item)
{
    free(item);
}

static bool same_platform(const cache_item *a, const cache_item *b)
{
    const known_platform *first = (const void *)a;
    const known_platform *second = (const void *)b;

    return same_key(&first->leaf.key, &second->leaf.key);
}

static chaos_slice copy_into(uint8_t **at, chaos_slice bytes)
{
    chaos_slice copied = slice(*at, bytes.size);

    memcpy(*at, bytes.data, bytes.size);
    *at += bytes.size;
    return copied;
}

/* The certificates once more, so that their slices point into the entry. */
static bool fill_platform(known_platform *platform, const examination *x)
{
    uint8_t *at = platform->bytes;
    fault why;

    platform->cert_data = copy_into(&at, x->quote->cert_data);
    memcpy(platform->qe_report, x->quote->qe_report.data, sizeof platform->qe_report);
    platform->qe_report_signature = x->quote->qe_report_signature;
    platform->pck = x->claims->pck;
    return certificate_read(copy_into(&at, x->leaf.der), CHAOS_E_INTERNAL, &platform->leaf, &why) &&
           certificate_read(copy_into(&at, x->ca.der), CHAOS_E_INTERNAL, &platform->ca, &why) &&
           certificate_read(copy_into(&at, x->root_certificate.der), CHAOS_E_INTERNAL, &platform->root, &why);
}

void cache_keep_platform(chaos_cache *cache, const examination *x)
{
    size_t bytes = x->quote->cert_data.size + x->leaf.der.size + x->ca.der.size + x->root_certificate.der.size;
    known_platform *platform;

    if (x->quote->cert_data_type != CERT_PCK_CHAIN) {
        return;
    }
    platform = calloc(1, sizeof *platform + bytes);
    if (platform == NULL) {
        return; /* only slower the next time */
    }
    if (!fill_platform(platform, x)) {
        free(platform);
        return;
    }
    platform->item.pool = pool_of(x, POOL_PLATFORM_VENDOR, POOL_PLATFORM_OTHER);
    platform->item.fingerprint = print_of_quote(x->quote);
    platform->item.group = load_u64le(platform->leaf.key.x);
    platform->item.size = sizeof *platform + bytes;
    platform->item.destroy = destroy_platform;
    platform->item.same_group = same_platform;
    atomic_init(&platform->item.owners, 1);
    atomic_init(&platform->item.uses, 0);
    cache_insert(cache, &platform->item);
}

/* -------------------------------------------------------------- collateral ---- */

typedef struct known_collateral {
    cache_item item;
    chaos_collateral *object; /* sealed */
    chaos_slice text;
    uint8_t bytes[];
} known_collateral;

#define PRINTED_TAIL 512u /* signatures stand at the end of the text */

static uint64_t print_of_text(chaos_slice text)
{
    size_t size = text.size < PRINTED_TAIL ? text.size : PRINTED_TAIL;

    return mix(text.size, slice(text.data + text.size - size, size));
}

static bool is_collateral_of(const cache_item *item, const void *wanted)
{
    const known_collateral *known = (const void *)item;
    const chaos_slice *text = wanted;

    return slice_equal(known->text, *text);
}

chaos_collateral *cache_find_collateral(chaos_cache *cache, chaos_slice text, cache_request *request)
{
    chaos_collateral *object;
    cache_item *item;

    *request = (cache_request){ text, 0 };
    if (cache == NULL) {
        return NULL;
    }
    request->fingerprint = print_of_text(text);
    item = cache_find(cache, true, request->fingerprint, is_collateral_of, &text);
    if (item == NULL) {
        return NULL;
    }
    object = collateral_share(((const known_collateral *)(const void *)item)->object);
    cache_item_release(item);
    return object;
}

static void destroy_collateral(cache_item *item)
{
    known_collateral *known = (void *)item;

    chaos_collateral_free(known->object);
    free(known);
}

/* The same four signatures: the same statements, however the text around them is spelled. */
static bool same_statements(const cache_item *a, const cache_item *b)
{
    const sealed_collateral *first = ((const known_collateral *)(const void *)a)->object->sealed;
    const sealed_collateral *second = ((const known_collateral *)(const void *)b)->object->sealed;

    return memcmp(&first->tcb_signature, &second->tcb_signature, sizeof first->tcb_signature) == 0 &&
           memcmp(&first->identity_signature, &second->identity_signature, sizeof first->identity_signature) == 0 &&
           memcmp(&first->pck_crl.signature, &second->pck_crl.signature, sizeof first->pck_crl.signature) == 0 &&
           memcmp(&first->root_crl.signature, &second->root_crl.signature, sizeof first->root_crl.signature) == 0;
}

static size_t size_of(const known_collateral *known)
{
    const chaos_collateral *object = known->object;

    return sizeof *known + known->text.size + sizeof *object + object->storage.capacity + sizeof *object->sealed +
           object->sealed->storage.capacity;
}

void cache_keep_collateral(chaos_cache *cache, const examination *x, const cache_request *request)
{
    known_collateral *known = calloc(1, sizeof *known + request->text.size);

    if (known == NULL) {
        return;
    }
    known->object = collateral_share(x->collateral); /* which nobody else has seen yet, so that it may be sealed */
    if (known->object->sealed == NULL && seal_from(x, known->object) != CHAOS_OK) {
        destroy_collateral(&known->item);
        return;
    }
    memcpy(known->bytes, request->text.data, request->text.size);
    known->text = slice(known->bytes, request->text.size);
    known->item.pool = pool_of(x, POOL_COLLATERAL_VENDOR, POOL_COLLATERAL_OTHER);
    known->item.fingerprint = request->fingerprint;
    known->item.group = load_u64le(known->object->sealed->tcb_signature.r);
    known->item.size = size_of(known);
    known->item.destroy = destroy_collateral;
    known->item.same_group = same_statements;
    atomic_init(&known->item.owners, 1);
    atomic_init(&known->item.uses, 0);
    cache_insert(cache, &known->item);
}
