/* edit.c - see edit.h. */
#include "tests/support/edit.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *edited(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (at == NULL) {
        fail_msg("nothing to change: %s", from);
        return NULL;
    }
    size_t before = (size_t)(at - text);
    size_t after = strlen(at + strlen(from));
    char *result = malloc(before + strlen(to) + after + 1);
    assert_non_null(result);
    memcpy(result, text, before);
    memcpy(result + before, to, strlen(to));
    memcpy(result + before + strlen(to), at + strlen(from), after + 1);
    return result;
}

char *repeated(const char *unit, size_t count)
{
    size_t size = strlen(unit);
    char *result = calloc(count * (size + 1) + 1, 1);
    assert_non_null(result);
    for (size_t i = 0; i < count; i++) {
        char *at = result + i * (size + 1);
        memcpy(at, unit, size);
        at[size] = i + 1 < count ? ',' : 0;
    }
    return result;
}
