/* edit.h - a text with one thing changed: what most negative tests of readers are made of. */
#ifndef TESTS_SUPPORT_EDIT_H
#define TESTS_SUPPORT_EDIT_H

#include <stdbool.h>
#include <stddef.h>

/* The first `from` in `text` becomes `to`; the test fails when there is none. Free with free(). */
char *edited(const char *text, const char *from, const char *to);
/* `count` times `unit`, with commas between. Free with free(). */
char *repeated(const char *unit, size_t count);

#endif
