/* names.c - the providers that this version knows by name. */
#include "tee/internal.h"

static const chaos_tee_known known[] = {
    { "phala-dstack", "Phala Cloud and other dstack confidential VMs (Intel TDX)", true, true },
    { "intel-tdx", "Intel TDX guests through the kernel's configfs", true, true },
    { "simulated", "no hardware: real formats under a simulated root, for laptops and tests", false, true },
    { "amd-sev-snp", "AMD SEV-SNP guests", true, false },
    { "aws-nitro", "AWS Nitro enclaves", true, false },
};

size_t chaos_tee_known_count(void)
{
    return CHAOS_ARRAY_SIZE(known);
}

const chaos_tee_known *chaos_tee_known_at(size_t index)
{
    return index < CHAOS_ARRAY_SIZE(known) ? &known[index] : NULL;
}

const chaos_tee_known *provider_known(const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(known); i++) {
        if (strcmp(name, known[i].name) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

bool provider_name_is_valid(const char *name)
{
    size_t length = strnlen(name, TEE_MAX_NAME);
    bool valid = length > 0 && length < TEE_MAX_NAME && strcmp(name, PROVIDER_AUTO) != 0;
    for (size_t i = 0; valid && i < length; i++) {
        valid = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-';
    }
    return valid;
}
