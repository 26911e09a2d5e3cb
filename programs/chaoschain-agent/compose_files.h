/* compose_files.h - data/compose/, carried in the program (cmake/ChaosCompose.cmake). A NUL stands behind the bytes. */
#ifndef CHAOSCHAIN_AGENT_COMPOSE_FILES_H
#define CHAOSCHAIN_AGENT_COMPOSE_FILES_H

#include <stddef.h>

extern const unsigned char compose_yaml[];
extern const size_t compose_yaml_size;
extern const unsigned char app_compose_json[];
extern const size_t app_compose_json_size;

#endif
