/* tree_kind.c - see tree_kind.h. */
#include "tests/support/tree_kind.h"

#include <jansson.h>

bool tree_is_null(const tree *t)
{
    return json_is_null(t);
}

bool tree_is_boolean(const tree *t)
{
    return json_is_boolean(t);
}

bool tree_is_true(const tree *t)
{
    return json_is_true(t);
}

size_t tree_members(const tree *object)
{
    return json_object_size(object);
}

char *tree_canonical(const tree *t)
{
    return json_dumps(t, JSON_SORT_KEYS | JSON_COMPACT);
}
