/* broken.h - a provider whose struct, or whose opening and probing, is wrong in one way. */
#ifndef PLUGINS_BROKEN_H
#define PLUGINS_BROKEN_H

#include "sound.h"

/* The sound one's table with some members replaced: BROKEN_PROVIDER("name", provider.abi = 7); */
#define BROKEN_PROVIDER(name_, ...)                                                                  \
    const chaos_provider *chaos_provider_entry(uint32_t abi);                                        \
    __attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi_) \
    {                                                                                                \
        static chaos_provider provider;                                                              \
        provider.abi = CHAOS_PROVIDER_ABI;                                                           \
        provider.size = sizeof(chaos_provider);                                                      \
        provider.name = name_;                                                                       \
        provider.summary = "a mock for the tests";                                                   \
        provider.open = sound_open;                                                                  \
        provider.probe = sound_probe;                                                                \
        provider.key = sound_key;                                                                    \
        provider.sign_digest = sound_sign;                                                           \
        provider.attest = sound_attest;                                                              \
        provider.key_free = sound_key_free;                                                          \
        provider.close = sound_close;                                                                \
        __VA_ARGS__;                                                                                 \
        return abi_ == CHAOS_PROVIDER_ABI ? &provider : NULL;                                        \
    }                                                                                                \
    typedef chaos_status broken_ends_with_semicolon

#endif
