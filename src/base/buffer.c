/* buffer.c - growing bytes under a limit. The block is always one byte larger than `capacity`, so that the
 * NUL which makes the content a C string has a place even when the limit is reached. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    FIRST_CAPACITY = 64
};

void chaos_buffer_wipe(chaos_buffer *buffer)
{
    if (buffer != NULL && buffer->data != NULL) {
        explicit_bzero(buffer->data, buffer->capacity);
    }
    chaos_buffer_free(buffer);
}

void chaos_buffer_free(chaos_buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
    buffer->capacity = 0;
}

/* Doubling, but never beyond the limit. needed <= limit < SIZE_MAX. */
static size_t next_capacity(const chaos_buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed && capacity <= buffer->limit / 2) {
        capacity *= 2;
    }
    if (capacity < needed || capacity > buffer->limit) {
        capacity = buffer->limit;
    }
    return capacity;
}

uint8_t *buffer_reserve(chaos_buffer *buffer, size_t size)
{
    if (buffer->limit == SIZE_MAX || buffer->size > buffer->limit || size > buffer->limit - buffer->size) {
        return NULL;
    }
    size_t needed = buffer->size + size;
    if (buffer->data == NULL || needed > buffer->capacity) {
        size_t capacity = next_capacity(buffer, needed);
        uint8_t *data = realloc(buffer->data, capacity + 1);
        if (data == NULL) {
            return NULL;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    /* The NUL is in place for a caller that counts nothing and for one that counts all it has asked for. */
    buffer->data[buffer->size] = 0;
    buffer->data[needed] = 0;
    return buffer->data + buffer->size;
}

bool buffer_append(chaos_buffer *buffer, chaos_slice bytes)
{
    uint8_t *room = buffer_reserve(buffer, bytes.size);
    if (room == NULL) {
        return false;
    }
    if (bytes.size > 0) {
        memcpy(room, bytes.data, bytes.size);
    }
    buffer->size += bytes.size;
    return true;
}

bool buffer_append_text(chaos_buffer *buffer, const char *text)
{
    return buffer_append(buffer, slice_text(text));
}

bool buffer_append_format(chaos_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    uint8_t *room = length < 0 ? NULL : buffer_reserve(buffer, (size_t)length);
    if (room == NULL) {
        return false;
    }
    va_start(arguments, format);
    (void)vsnprintf((char *)room, (size_t)length + 1, format, arguments); /* see the top for its NUL */
    va_end(arguments);
    buffer->size += (size_t)length;
    return true;
}
