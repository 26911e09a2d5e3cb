/* tree_kind.h - what tree.h does not ask: null, booleans, the number of members, the canonical text. */
#ifndef TESTS_SUPPORT_TREE_KIND_H
#define TESTS_SUPPORT_TREE_KIND_H

#include "tests/support/tree.h"

bool tree_is_null(const tree *t);
bool tree_is_boolean(const tree *t);
bool tree_is_true(const tree *t);
size_t tree_members(const tree *object); /* 0: none, or no object */
/* Members sorted, no space: RFC 8785 as long as strings are ASCII and numbers are integers. Free it with free(). */
char *tree_canonical(const tree *t);

#endif
