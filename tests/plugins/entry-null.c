/* entry-null.c - does not speak the host's version. */
#include <chaoschain/provider.h>

const chaos_provider *chaos_provider_entry(uint32_t abi);
__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    (void)abi;
    return NULL;
}
