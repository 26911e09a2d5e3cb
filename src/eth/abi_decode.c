/* abi_decode.c - contract data as JSON values, along a type that is known at run time only. */
#include "eth/abi_type.h"

/* A tuple or an array that is open. */
typedef struct frame {
    const abi_node *node;
    const abi_node *member; /* of a tuple: the next one */
    size_t left;            /* of an array: elements to come */
    size_t owner;           /* whose reader its values come from: its own place, or that of what holds it */
    abi_reader reader;      /* if it is its own */
} frame;

typedef struct decoder {
    size_t depth, values;
    frame frames[ABI_MAX_TYPE_DEPTH + 1];
    json_writer out;
    fault why;
} decoder;

static abi_reader *reader_of(decoder *d)
{
    return &d->frames[d->frames[d->depth - 1].owner].reader;
}

static void write_word(decoder *d, const elementary *type, const uint8_t word[ABI_WORD])
{
    char text[NUMBER_TEXT_SIZE];
    chaos_address address;
    switch (type->kind) {
    case ELEMENTARY_UINT:
    case ELEMENTARY_INT:
        json_write_text(&d->out, NULL, number_to_text(word, type->kind == ELEMENTARY_INT, text));
        return;
    case ELEMENTARY_BOOL:
        json_write_boolean(&d->out, NULL, word[ABI_WORD - 1] == 1);
        return;
    case ELEMENTARY_ADDRESS:
        memcpy(address.bytes, word + ABI_WORD - sizeof address.bytes, sizeof address.bytes);
        chaos_address_format(&address, text);
        json_write_text(&d->out, NULL, text);
        return;
    case ELEMENTARY_FIXED_BYTES:
        json_write_0x(&d->out, NULL, slice(word, type->size));
        return;
    case ELEMENTARY_BYTES:
    case ELEMENTARY_STRING:
    case ELEMENTARY_NONE:
        return;
    }
}

static void read_value(decoder *d, const elementary *type)
{
    abi_reader *a = reader_of(d);
    uint8_t word[ABI_WORD] = { 0 };
    chaos_slice bytes;
    switch (type->kind) {
    case ELEMENTARY_UINT:
        abi_uint(a, "data", type->size, word);
        break;
    case ELEMENTARY_INT:
        abi_int(a, "data", type->size, word);
        break;
    case ELEMENTARY_ADDRESS:
        abi_uint(a, "data", 160, word);
        break;
    case ELEMENTARY_BOOL:
        word[ABI_WORD - 1] = abi_boolean(a, "data");
        break;
    case ELEMENTARY_FIXED_BYTES:
        abi_fixed_bytes(a, "data", type->size, word);
        break;
    case ELEMENTARY_BYTES:
    case ELEMENTARY_STRING:
        bytes = abi_bytes(a, "data");
        if (type->kind == ELEMENTARY_BYTES) {
            json_write_0x(&d->out, NULL, bytes);
        } else {
            json_write_bytes_as_text(&d->out, NULL, bytes);
        }
        return;
    case ELEMENTARY_NONE:
        return;
    }
    write_word(d, type, word);
}

/* What is dynamic has a reader of its own; what is not stands in the head of what holds it. */
static void open_frame(decoder *d, const abi_node *node)
{
    abi_reader *parent = reader_of(d);
    frame *f = &d->frames[d->depth];
    f->node = node;
    f->member = node->child;
    f->left = node->count;
    f->owner = node->dynamic ? d->depth : d->frames[d->depth - 1].owner;
    if (node->kind == ABI_ARRAY && node->count == 0) {
        f->reader = abi_enter_array(parent, "data", &f->left);
    } else if (node->dynamic) {
        f->reader = abi_enter_tuple(parent, "data");
    }
    d->depth++;
    json_write_array(&d->out, NULL);
}

static void close_frame(decoder *d)
{
    frame *f = &d->frames[--d->depth];
    json_write_array_end(&d->out);
    if (d->depth > 0 && f->owner == d->depth) {
        abi_leave(reader_of(d), &f->reader);
    }
}

static const abi_node *next_child(frame *f)
{
    if (f->node->kind == ABI_ARRAY) {
        if (f->left == 0) {
            return NULL;
        }
        f->left--;
        return f->node->child;
    }
    const abi_node *member = f->member;
    f->member = member == NULL ? NULL : member->next;
    return member;
}

static chaos_status decode(decoder *d, const abi_type *type, chaos_slice data, chaos_error *err)
{
    frame *root = &d->frames[0];
    *root = (frame){ .node = &type->nodes[0], .member = type->nodes[0].child };
    root->reader = abi_reader_begin(data, CHAOS_E_ABI_FORMAT);
    d->depth = 1;
    json_write_array(&d->out, NULL);
    while (d->depth > 0) {
        const abi_node *child = abi_ok(reader_of(d)) ? next_child(&d->frames[d->depth - 1]) : NULL;
        if (child == NULL) {
            close_frame(d);
            continue;
        }
        abi_reader *a = reader_of(d);
        rd_expect(&a->r, ++d->values <= ABI_MAX_VALUES, CHAOS_E_ABI_FORMAT, "the data have too many values");
        if (child->kind == ABI_VALUE) {
            read_value(d, &child->value);
        } else {
            open_frame(d, child);
        }
    }
    if (!abi_ok(&root->reader)) {
        return fault_to_error(&root->reader.r.why, err);
    }
    return json_writer_status(&d->out) == CHAOS_OK
               ? CHAOS_OK
               : error_set(err, CHAOS_E_ABI_FORMAT, "data", CHAOS_NO_OFFSET, "the values as JSON are too large");
}

chaos_status chaos_abi_decode(const char *types, chaos_slice data, chaos_buffer *values, chaos_error *err)
{
    CHAOS_AUTO(abi_type, type);
    CHAOS_AUTO_BUFFER(made, CHAOS_MAX_ABI_JSON);
    if (types == NULL || (data.data == NULL && data.size > 0) || values == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "types, data and values may not be NULL");
    }
    if (data.size > CHAOS_MAX_ABI_DATA) {
        return error_set(err, CHAOS_E_ABI_FORMAT, "data", CHAOS_NO_OFFSET, "the data are too large");
    }
    CHAOS_TRY(abi_type_parse(slice_text(types), &type, err));
    decoder *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    d->out = json_writer_begin(&made);
    chaos_status status = decode(d, type, data.data == NULL ? slice("", 0) : data, err);
    free(d);
    CHAOS_TRY(status);
    return buffer_append(values, buffer_slice(&made))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "values", CHAOS_NO_OFFSET, "the values do not fit the buffer");
}
