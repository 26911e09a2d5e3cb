/* entry-any-abi.c - gives its table for every ABI. */
#include "sound.h"

static chaos_provider provider;

const chaos_provider *chaos_provider_entry(uint32_t abi);
__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    (void)abi;
    provider = (chaos_provider){ CHAOS_PROVIDER_ABI, sizeof provider, "entry-any-abi", "a mock for the tests",
                                 sound_open, sound_probe, sound_key, sound_sign, sound_attest, sound_key_free,
                                 sound_close, NULL };
    return &provider;
}
