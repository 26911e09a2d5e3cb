/* tree.h - JSON documents and files of the vectors, for tests of the inside. The parser behind it is jansson, a second
 * opinion beside our own reader; it is hidden because its names and ours are the same. */
#ifndef TESTS_SUPPORT_TREE_H
#define TESTS_SUPPORT_TREE_H

#include <chaoschain/base.h>

typedef struct json_t tree;

/* Are the vectors there? */
bool vectors_present(void);
/* A file below the vectors' folder; the test fails if it cannot be read. Free with chaos_buffer_free. */
chaos_buffer vector_file(const char *name);
/* Calls `visit` with "FOLDER/NAME" for each regular file of a folder of the vectors; gives their number. */
size_t vector_folder(const char *folder, void (*visit)(const char *name));

tree *tree_load(const char *name);          /* a file of the vectors; the test fails if it is not JSON */
tree *tree_parse(const char *text, size_t size); /* NULL if it is not JSON */
void tree_free(tree *t);
size_t tree_size(const tree *array);
const tree *tree_at(const tree *array, size_t index);
const tree *tree_get(const tree *object, const char *key); /* NULL: there is no such member */
const char *tree_text(const tree *string);                 /* NULL: not a string */
int64_t tree_number(const tree *number);                   /* -1: not an integer */

#endif
