/* provider_program.h - the verbs of chaoschain for those who write a TEE provider: provider new, provider check. */
#ifndef CHAOSCHAIN_PROVIDER_PROGRAM_H
#define CHAOSCHAIN_PROVIDER_PROGRAM_H

#include "programs/common/common.h"

/* argv[0] is the verb. Each returns the exit code. */
int provider_new(int argc, char **argv);
int provider_check(int argc, char **argv);

/* The files of providers/template/ (cmake/ChaosTemplate.cmake). In their paths and texts @NAME@ stands for the
 * provider's name. */
typedef struct template_file {
    const char *path;
    const uint8_t *bytes;
    size_t size;
    unsigned mode;
} template_file;
extern const template_file template_files[];
extern const size_t template_file_count;

#endif
