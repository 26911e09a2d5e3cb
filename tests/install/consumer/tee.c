/* tee.c - a program of somebody else that uses libchaoschain, in C and in C++: asks for one provider and says what it
 * got. Exit code: 0 found, 5 not installed, 1 anything else. */
#include <chaoschain/chaoschain.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_tee_registry *registry = NULL;
    const chaos_tee_provider *provider = NULL;
    chaos_network network;
    chaos_error error;
    chaos_status status;

    if (argc != 2 || chaos_tee_known_count() == 0 ||
        chaos_network_find("base-sepolia", &network, &error) != CHAOS_OK || network.chain_id != 84532 ||
        chaos_tee_registry_new(&options, &registry, &error) != CHAOS_OK) {
        return 1;
    }
    status = chaos_tee_find(registry, argv[1], &provider, &error);
    if (status == CHAOS_OK) {
        printf("%s %s: %s\n", chaos_version(), chaos_tee_provider_name(provider), chaos_tee_provider_path(provider));
    } else {
        printf("%s\n%s\n", chaos_status_name(status), error.text);
    }
    chaos_tee_registry_free(registry);
    if (status != CHAOS_OK) {
        return status == CHAOS_E_PROVIDER_MISSING ? 5 : 1;
    }
    return 0;
}
