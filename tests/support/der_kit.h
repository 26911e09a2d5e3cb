/* der_kit.h - for tests: DER put together from pieces of hex, and the real files of the vector folder.
 * Header-only. */
#ifndef TESTS_DER_KIT_H
#define TESTS_DER_KIT_H

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define KIT_MAX (1u << 20)
#define KIT_FILE_MAX (1u << 20)

typedef struct kit {
    size_t size;
    uint8_t data[KIT_MAX];
} kit;

static inline void kit_add(kit *k, const void *bytes, size_t size)
{
    assert(size <= KIT_MAX - k->size);
    if (size > 0) {
        memcpy(k->data + k->size, bytes, size);
        k->size += size;
    }
}

static inline uint8_t kit_digit(char c)
{
    const char *const digits = "0123456789abcdef";
    const char *const at = strchr(digits, c);
    assert(at != NULL && c != '\0');
    return (uint8_t)(at - digits);
}

/* Lower-case hex; spaces are for the eye. */
static inline void kit_hex(kit *k, const char *hex)
{
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        const uint8_t byte = (uint8_t)(kit_digit(hex[0]) << 4 | kit_digit(hex[1]));
        kit_add(k, &byte, 1);
        hex += 2;
    }
}

/* mark = kit_open(k); ... ; kit_close(k, mark, tag): what came between becomes the contents of one
 * element. */
static inline size_t kit_open(const kit *k)
{
    return k->size;
}

static inline void kit_close(kit *k, size_t mark, uint8_t tag)
{
    const size_t size = k->size - mark;
    uint8_t header[5] = { tag };
    size_t header_size = 2;

    if (size < 0x80) {
        header[1] = (uint8_t)size;
    } else if (size < 0x100) {
        header[1] = 0x81;
        header[2] = (uint8_t)size;
        header_size = 3;
    } else if (size < 0x10000) {
        header[1] = 0x82;
        header[2] = (uint8_t)(size >> 8);
        header[3] = (uint8_t)size;
        header_size = 4;
    } else {
        header[1] = 0x83;
        header[2] = (uint8_t)(size >> 16);
        header[3] = (uint8_t)(size >> 8);
        header[4] = (uint8_t)size;
        header_size = 5;
    }
    assert(header_size <= KIT_MAX - k->size);
    memmove(k->data + mark + header_size, k->data + mark, size);
    memcpy(k->data + mark, header, header_size);
    k->size += header_size;
}

static inline chaos_slice kit_slice(const kit *k)
{
    return slice(k->data, k->size);
}

/* A copy that ends where its memory ends, so that a read past the end is seen. Free it. */
static inline uint8_t *kit_exact(chaos_slice bytes)
{
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);
    assert(copy != NULL);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

/* ---------------------------------------------------------- vector folder ---- */

static inline const char *kit_vectors(void)
{
    const char *folder = getenv("CHAOS_VECTORS");
    return folder != NULL ? folder : SOURCE_ROOT "/../shared/vectors";
}

/* Calls visit for every file of a folder of the vectors whose name has the suffix; gives their number. */
static inline size_t kit_each_file(const char *folder, const char *suffix, void (*visit)(const char *, chaos_slice))
{
    static uint8_t bytes[KIT_FILE_MAX];
    char path[1024];
    struct dirent *entry;
    size_t count = 0;

    snprintf(path, sizeof path, "%s/%s", kit_vectors(), folder);
    DIR *dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const size_t size = strlen(entry->d_name);
        if (size < strlen(suffix) || strcmp(entry->d_name + size - strlen(suffix), suffix) != 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s/%s", kit_vectors(), folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        assert(file != NULL);
        const size_t got = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        visit(path, slice(bytes, got));
        count++;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}

#endif
