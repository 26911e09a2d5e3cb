/* fuzz_envelope.c - an envelope that is read is written as a text that reads the same; the object made of it can be
 * described. */
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void require_same(const envelope *a, const envelope *b)
{
    for (size_t part = 0; part < ENVELOPE_PART_COUNT; part++) {
        require(slice_equal(a->parts[part], b->parts[part]));
        require((a->parts[part].data == NULL) == (b->parts[part].data == NULL));
    }
    require(slice_equal(a->provider, b->provider) && slice_equal(a->collateral, b->collateral));
    require(memcmp(a->binding, b->binding, sizeof a->binding) == 0);
    require(memcmp(a->possession.bytes, b->possession.bytes, sizeof a->possession.bytes) == 0);
    require(a->has_endorsement == b->has_endorsement);
    require(memcmp(a->endorsement.bytes, b->endorsement.bytes, sizeof a->endorsement.bytes) == 0);
}

static void round_trip(const envelope *e)
{
    CHAOS_AUTO_BUFFER(first, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO_BUFFER(second, CHAOS_MAX_ENVELOPE);
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_ENVELOPE);
    envelope again;
    fault why;
    /* Never longer than what was read: the shortest escapes, and no white space. */
    require(envelope_write(e, &first));
    require(envelope_read(buffer_slice(&first), &storage, &again, &why));
    require_same(e, &again);
    require(envelope_write(&again, &second));
    require(slice_equal(buffer_slice(&first), buffer_slice(&second)));
}

/* Is it an envelope at all? */
static bool try_envelope(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_ENVELOPE);
    envelope e;
    fault why;
    if (!envelope_read(text, &storage, &e, &why)) {
        require(why.status != CHAOS_OK && why.field != NULL && storage.size == 0);
        return false;
    }
    require(storage.size <= text.size);
    round_trip(&e);
    return true;
}

static void try_object(chaos_slice text, bool is_envelope)
{
    CHAOS_AUTO_BUFFER(description, CHAOS_MAX_ENVELOPE);
    chaos_evidence *evidence = NULL;
    chaos_error err;
    const chaos_status status = chaos_envelope_parse(text, &evidence, &err);
    require((status == CHAOS_OK) == (evidence != NULL));
    require(is_envelope || evidence == NULL);
    if (evidence == NULL) {
        require(err.status == status && chaos_status_class(status) == CHAOS_CLASS_FORMAT);
        return;
    }
    require(evidence->is_envelope && evidence->raw.size > 0);
    require(chaos_evidence_describe(evidence, &description, &err) == CHAOS_OK);
    chaos_evidence_free(evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const chaos_slice text = slice(data, size);
    try_object(text, try_envelope(text));
    return 0;
}
