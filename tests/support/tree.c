/* tree.c - see tree.h. */
#include "tests/support/tree.h"

#include "tests/support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool vectors_present(void)
{
    return vectors_root() != NULL;
}

chaos_buffer vector_file(const char *name)
{
    chaos_buffer content = CHAOS_BUFFER_INIT(0);
    if (!read_vector(name, &content)) {
        fail_msg("%s cannot be read", name);
    }
    return content;
}

size_t vector_folder(const char *folder, void (*visit)(const char *name))
{
    char path[1024];
    struct dirent **entries = NULL;
    size_t files = 0;
    (void)snprintf(path, sizeof(path), "%s/%s", vectors_root(), folder);
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        fail_msg("%s cannot be listed", path);
    }
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
            visit(path);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    return files;
}

tree *tree_load(const char *name)
{
    return read_vector_json(name);
}

tree *tree_parse(const char *text, size_t size)
{
    json_error_t why;
    return json_loadb(text, size, 0, &why);
}

void tree_free(tree *t)
{
    json_decref(t);
}

size_t tree_size(const tree *array)
{
    return json_array_size(array);
}

const tree *tree_at(const tree *array, size_t index)
{
    return json_array_get(array, index);
}

const tree *tree_get(const tree *object, const char *key)
{
    return json_object_get(object, key);
}

const char *tree_text(const tree *string)
{
    return json_string_value(string);
}

int64_t tree_number(const tree *number)
{
    return json_is_integer(number) ? (int64_t)json_integer_value(number) : -1;
}
