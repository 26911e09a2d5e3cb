/* collateral_object.c - the object that holds one file of collateral, its strings decoded, nothing believed. */
#include "wire/wire.h"

#include <stdatomic.h>

CHAOS_CLEANUP(chaos_collateral);

void chaos_collateral_free(chaos_collateral *collateral)
{
    if (collateral != NULL && atomic_fetch_sub_explicit(&collateral->owners, 1, memory_order_acq_rel) == 1) {
        if (collateral->sealed != NULL) {
            collateral->sealed_free(collateral->sealed);
        }
        chaos_buffer_free(&collateral->storage);
        free(collateral);
    }
}

chaos_collateral *collateral_share(const chaos_collateral *collateral)
{
    union {
        const chaos_collateral *lent;
        chaos_collateral *owned;
    } same = { .lent = collateral };

    (void)atomic_fetch_add_explicit(&same.owned->owners, 1, memory_order_relaxed);
    return same.owned;
}

chaos_status chaos_collateral_parse(chaos_slice text, chaos_collateral **collateral, chaos_error *err)
{
    CHAOS_AUTO(chaos_collateral, made);
    fault why = { 0 };

    if (collateral == NULL || text.data == NULL) {
        return error_set(err, CHAOS_E_USAGE, "collateral", CHAOS_NO_OFFSET, NULL);
    }
    if (text.size > CHAOS_MAX_COLLATERAL) {
        (void)error_set(err, CHAOS_E_COLLATERAL_FORMAT, NULL, CHAOS_NO_OFFSET, "the collateral file is too large");
        error_expected(err, "at most %u bytes", CHAOS_MAX_COLLATERAL);
        error_found(err, "%zu bytes", text.size);
        return CHAOS_E_COLLATERAL_FORMAT;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    atomic_init(&made->owners, 1);
    made->storage.limit = text.size;
    if (!collateral_read(text, &made->storage, &made->parts, &why)) {
        why.part = why.status == CHAOS_E_COLLATERAL_FORMAT ? NULL : "the collateral file";
        return fault_to_error(&why, err);
    }
    CHAOS_GIVE(collateral, made);
    return CHAOS_OK;
}
