/* fuzz_signature.c - a signature file beside an envelope that is sound: what is read can be written and read again, and
 * says of itself that it is not verified. */
#include "sim/sim.h"
#include "wire/wire.h"

#include <chaoschain/check.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

CHAOS_CLEANUP(chaos_signature);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* The envelope of fuzz/corpus/signature/. */
static chaos_slice sound_envelope(void)
{
    static forge_result made;
    const forge_options options = { .seed = "fuzz signature" };
    if (made.envelope.size == 0) {
        require(forge_make(FORGE_TDX4, &options, NULL, &made, NULL) == CHAOS_OK);
    }
    return buffer_slice(&made.envelope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO(chaos_signature, signature);
    CHAOS_AUTO(chaos_signature, again);
    CHAOS_AUTO_BUFFER(text, 16384);
    chaos_error err = { 0 };
    if (chaos_signature_parse(slice(data, size), sound_envelope(), &signature, &err) != CHAOS_OK) {
        require(signature == NULL && err.status != CHAOS_OK && err.text[0] != '\0');
        return 0;
    }
    require(chaos_signature_verified(signature) == CHAOS_VERIFIED_UNKNOWN);
    require(chaos_signature_write(signature, &text, &err) == CHAOS_OK);
    require(chaos_signature_parse(buffer_slice(&text), sound_envelope(), &again, &err) == CHAOS_OK);
    const chaos_signature65 a = chaos_signature_bytes(signature), b = chaos_signature_bytes(again);
    require(memcmp(&a, &b, sizeof a) == 0 && chaos_signature_digest_kind(signature) == chaos_signature_digest_kind(again));
    return 0;
}
