/* fuzz_collateral.c - collateral that is read is written as a text that reads the same; and revocation lists. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void try_crl(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_COLLATERAL);
    chaos_slice der;
    fault why;
    if (collateral_crl_der(text, &storage, &der, &why)) {
        require(der.size > 0 && der.size <= text.size && der.size == storage.size);
    } else {
        require(why.status == CHAOS_E_CRL_FORMAT && storage.size == 0);
    }
}

static void round_trip(const collateral_parts *parts)
{
    CHAOS_AUTO_BUFFER(first, 8 * CHAOS_MAX_COLLATERAL);
    CHAOS_AUTO_BUFFER(second, 8 * CHAOS_MAX_COLLATERAL);
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_COLLATERAL);
    collateral_parts again;
    fault why;
    require(collateral_write(parts, &first));
    if (first.size > CHAOS_MAX_COLLATERAL) {
        return;
    }
    require(collateral_read(buffer_slice(&first), &storage, &again, &why));
    require(slice_equal(parts->tcb_info, again.tcb_info));
    require(slice_equal(parts->qe_identity, again.qe_identity));
    require(collateral_write(&again, &second));
    require(slice_equal(buffer_slice(&first), buffer_slice(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_COLLATERAL);
    collateral_parts parts;
    fault why;
    try_crl(slice(data, size));
    if (!collateral_read(slice(data, size), &storage, &parts, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL && storage.size == 0);
        return 0;
    }
    require(storage.size <= size);
    try_crl(parts.pck_crl);
    round_trip(&parts);
    return 0;
}
