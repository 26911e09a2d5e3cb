/* registry_code.h - creation code of our registries, made from contracts/artifacts/ by cmake/ChaosContracts.cmake. The
 * reputation and validation registries take the identity registry's address as one ABI word behind it. */
#ifndef ERC8004_REGISTRY_CODE_H
#define ERC8004_REGISTRY_CODE_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t identity_registry_code[], reputation_registry_code[], validation_registry_code[];
extern const size_t identity_registry_code_size, reputation_registry_code_size, validation_registry_code_size;

#endif
