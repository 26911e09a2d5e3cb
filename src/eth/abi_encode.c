/* abi_encode.c - JSON values as contract data, along a type that is known at run time only. */
#include "eth/abi_type.h"

#define MAX_VALUES_TEXT (8u << 20)

/* A tuple or an array that is open. */
typedef struct frame {
    const abi_node *node;
    const abi_node *member; /* of a tuple: the next one */
    chaos_slice raw;
    size_t next;
    bool is_own;                         /* it has a head and a tail of its own */
    chaos_slice values[ABI_MAX_MEMBERS]; /* of a tuple */
    json list;                           /* of an array */
} frame;

typedef struct encoder {
    chaos_slice text;
    size_t depth;
    frame *frames[ABI_MAX_TYPE_DEPTH + 1];
    abi_writer writer;
    chaos_buffer scratch;
    fault why;
} encoder;

static bool refuse(encoder *e, chaos_slice place, const char *reason)
{
    e->why = (fault){ .status = CHAOS_E_ABI_FORMAT,
                      .field = "values",
                      .offset = (size_t)(place.data - e->text.data),
                      .reason = reason };
    return false;
}

static bool keep_fault(encoder *e, chaos_slice part, const json *j)
{
    e->why = j->r.why;
    if (e->why.offset != CHAOS_NO_OFFSET) {
        e->why.offset += (size_t)(part.data - e->text.data);
    }
    return false;
}

/* ---------------------------------------------------------------- opening ---- */

static frame *push_frame(encoder *e, const abi_node *node, chaos_slice raw)
{
    if (e->frames[e->depth] == NULL) {
        e->frames[e->depth] = malloc(sizeof(frame));
    }
    frame *f = e->frames[e->depth];
    if (f == NULL) {
        e->why = (fault){ .status = CHAOS_E_MEMORY, .offset = CHAOS_NO_OFFSET };
        return NULL;
    }
    f->node = node;
    f->member = node->child;
    f->raw = raw;
    f->next = 0;
    f->is_own = node->dynamic && e->depth > 0;
    e->depth++;
    return f;
}

/* By name, when the value is an object. */
static void take_member(json *j, frame *f, chaos_slice key)
{
    size_t place = 0;
    for (const abi_node *member = f->node->child; member != NULL; member = member->next, place++) {
        if (member->name.size > 0 && slice_equal(member->name, key) && f->values[place].data == NULL) {
            json_skip(j, "values", &f->values[place]);
            return;
        }
    }
    rd_fail(&j->r, j->bad_value, "values", rd_offset(&j->r), "a member that the tuple does not have");
}

static bool open_tuple(encoder *e, const abi_node *node, chaos_slice raw)
{
    json j;
    size_t count = 0;
    frame *f = push_frame(e, node, raw);
    if (f == NULL) {
        return false;
    }
    memset(f->values, 0, node->count * sizeof f->values[0]);
    json_begin(&j, raw, CHAOS_E_ABI_FORMAT);
    if (json_peek(&j) == JSON_KIND_OBJECT) {
        chaos_slice key;
        json_enter_object(&j, "values");
        for (; json_key(&j, &key); count++) {
            take_member(&j, f, key);
        }
    } else {
        json_enter_array(&j, "values");
        for (; json_element(&j); count++) {
            json_skip(&j, "values", count < node->count ? &f->values[count] : NULL);
        }
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return keep_fault(e, raw, &j);
    }
    if (count != node->count) {
        return refuse(e, raw, "another number of values than the tuple has members");
    }
    if (f->is_own) {
        abi_open_tuple(&e->writer, node->head);
    }
    return true;
}

static bool count_elements(encoder *e, chaos_slice raw, size_t *count)
{
    json j;
    json_begin(&j, raw, CHAOS_E_ABI_FORMAT);
    json_enter_array(&j, "values");
    for (*count = 0; json_element(&j); ++*count) {
        json_skip(&j, "values", NULL);
    }
    json_end(&j);
    return json_ok(&j) || keep_fault(e, raw, &j);
}

static bool open_array(encoder *e, const abi_node *node, chaos_slice raw)
{
    size_t count = 0;
    if (!count_elements(e, raw, &count)) {
        return false;
    }
    if (node->count != 0 && count != node->count) {
        return refuse(e, raw, "another number of values than the array has elements");
    }
    if (count > ABI_MAX_VALUES) {
        return refuse(e, raw, "there are too many values");
    }
    frame *f = push_frame(e, node, raw);
    if (f == NULL) {
        return false;
    }
    if (node->count == 0) {
        abi_open_array(&e->writer, count, count * node->child->words);
    } else if (f->is_own) {
        abi_open_tuple(&e->writer, node->head);
    }
    json_begin(&f->list, raw, CHAOS_E_ABI_FORMAT);
    json_enter_array(&f->list, "values");
    return true;
}

/* ----------------------------------------------------------------- values ---- */

static bool write_value(encoder *e, const abi_node *node, chaos_slice raw)
{
    uint8_t word[ABI_WORD] = { 0 };
    json j;
    json_begin(&j, raw, CHAOS_E_ABI_FORMAT);
    if (node->dynamic) {
        e->scratch.size = 0;
        json_dynamic(&j, "values", node->value.kind, &e->scratch);
    } else {
        json_word(&j, "values", &node->value, word);
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return keep_fault(e, raw, &j);
    }
    if (node->dynamic) {
        abi_write_bytes(&e->writer, buffer_slice(&e->scratch));
    } else {
        abi_write_word(&e->writer, word);
    }
    return true;
}

static bool push(encoder *e, const abi_node *node, chaos_slice raw)
{
    switch (node->kind) {
    case ABI_VALUE:
        return write_value(e, node, raw);
    case ABI_TUPLE:
        return open_tuple(e, node, raw);
    case ABI_ARRAY:
        return open_array(e, node, raw);
    }
    return false;
}

static bool next_child(encoder *e, const abi_node **node, chaos_slice *raw)
{
    frame *f = e->frames[e->depth - 1];
    if (f->node->kind == ABI_ARRAY) {
        *node = f->node->child;
        if (!json_element(&f->list)) {
            return false;
        }
        json_skip(&f->list, "values", raw);
        return true;
    }
    if (f->member == NULL) {
        return false;
    }
    *node = f->member;
    *raw = f->values[f->next++];
    f->member = f->member->next;
    return true;
}

static bool encode(encoder *e, const abi_type *type)
{
    bool ok = open_tuple(e, &type->nodes[0], e->text);
    while (ok && e->depth > 0) {
        const abi_node *node;
        chaos_slice raw;
        if (next_child(e, &node, &raw)) {
            ok = push(e, node, raw);
            continue;
        }
        if (e->frames[--e->depth]->is_own) {
            abi_close(&e->writer);
        }
    }
    return ok;
}

chaos_status chaos_abi_encode(const char *types, chaos_slice values, chaos_buffer *data, chaos_error *err)
{
    CHAOS_AUTO(abi_type, type);
    CHAOS_AUTO_BUFFER(made, CHAOS_MAX_ABI_DATA);
    encoder e = { .text = values };
    if (types == NULL || values.data == NULL || data == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "types, values and data may not be NULL");
    }
    if (values.size > MAX_VALUES_TEXT) {
        return error_set(err, CHAOS_E_USAGE, "values", CHAOS_NO_OFFSET, "the values are too large");
    }
    CHAOS_TRY(abi_type_parse(slice_text(types), &type, err));
    e.scratch = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_ABI_DATA);
    e.writer = abi_writer_begin(&made, type->nodes[0].head);
    bool ok = encode(&e, type);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(e.frames); i++) {
        free(e.frames[i]);
    }
    chaos_buffer_free(&e.scratch);
    if (!ok) {
        return fault_to_error(&e.why, err);
    }
    if (!abi_writer_end(&e.writer) || !buffer_append(data, buffer_slice(&made))) {
        return error_set(err, CHAOS_E_USAGE, "data", CHAOS_NO_OFFSET, "the data are larger than they may be");
    }
    return CHAOS_OK;
}

/* -------------------------------------------------------------- functions ---- */

/* "name(types)" as the name and the list between the parentheses. */
static bool split_signature(const char *signature, chaos_slice *name, chaos_slice *list)
{
    size_t size = strlen(signature);
    const char *open = strchr(signature, '(');
    if (open == NULL || open == signature || signature[size - 1] != ')' ||
        (signature[0] >= '0' && signature[0] <= '9')) {
        return false;
    }
    *name = slice(signature, (size_t)(open - signature));
    *list = slice(open + 1, size - name->size - 2);
    for (size_t i = 0; i < name->size; i++) {
        uint8_t c = name->data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$')) {
            return false;
        }
    }
    return true;
}

chaos_status chaos_abi_hash(const char *signature, chaos_keccak *hash, chaos_error *err)
{
    CHAOS_AUTO(abi_type, type);
    CHAOS_AUTO_BUFFER(text, 16384);
    chaos_slice name, list;
    if (signature == NULL || hash == NULL || !split_signature(signature, &name, &list)) {
        return error_set(err, CHAOS_E_USAGE, "signature", CHAOS_NO_OFFSET,
                         "a signature is a name and its types, as in \"transfer(address,uint256)\"");
    }
    CHAOS_TRY(abi_type_parse(list, &type, err));
    if (!buffer_append(&text, name) || !buffer_append_text(&text, "(") || !abi_type_write(type, &text) ||
        !buffer_append_text(&text, ")")) {
        return error_set(err, CHAOS_E_USAGE, "signature", CHAOS_NO_OFFSET, "the signature is too long");
    }
    *hash = hash_keccak(buffer_slice(&text));
    return CHAOS_OK;
}

chaos_status chaos_abi_encode_call(const char *signature, chaos_slice values, chaos_buffer *data, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(types, 8192);
    CHAOS_AUTO_BUFFER(made, CHAOS_MAX_ABI_DATA + 4);
    chaos_keccak hash;
    chaos_slice name, list;
    CHAOS_TRY(chaos_abi_hash(signature, &hash, err));
    if (data == NULL || !split_signature(signature, &name, &list) || !buffer_append(&types, list) ||
        !buffer_append(&types, slice("", 1))) {
        return error_set(err, CHAOS_E_USAGE, "signature", CHAOS_NO_OFFSET, "the signature is too long");
    }
    if (!buffer_append(&made, slice(hash.bytes, 4))) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    CHAOS_TRY(chaos_abi_encode((const char *)types.data, values, &made, err));
    return buffer_append(data, buffer_slice(&made))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "data", CHAOS_NO_OFFSET, "the data are larger than they may be");
}
