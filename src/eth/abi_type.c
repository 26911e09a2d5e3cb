/* abi_type.c - reads the types of contract parameters, "uint256,(string,bytes32[])[]", into a tree. */
#include "eth/abi_type.h"

#define MAX_TEXT 8192u

typedef struct parser {
    abi_type *type;
    chaos_slice text;
    size_t at;
    size_t depth;
    abi_node *open[ABI_MAX_TYPE_DEPTH + 1]; /* tuples whose members are being read; open[0] is the list */
    const char *why;
} parser;

static bool fail(parser *p, const char *why)
{
    p->why = why;
    return false;
}

static uint8_t current(const parser *p)
{
    return p->at < p->text.size ? p->text.data[p->at] : 0;
}

static void skip_spaces(parser *p)
{
    while (current(p) == ' ') {
        p->at++;
    }
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

static chaos_slice take_word(parser *p)
{
    size_t begin = p->at;
    while (is_word(current(p))) {
        p->at++;
    }
    return slice(p->text.data + begin, p->at - begin);
}

/* ------------------------------------------------------------------ tree ---- */

static abi_node *new_node(parser *p)
{
    if (p->type->count == ABI_MAX_NODES) {
        (void)fail(p, "there are too many types");
        return NULL;
    }
    abi_node *node = &p->type->nodes[p->type->count++];
    memset(node, 0, sizeof *node);
    return node;
}

/* A new member of the innermost open tuple. */
static abi_node *new_member(parser *p)
{
    abi_node *tuple = p->open[p->depth];
    if (tuple->count == ABI_MAX_MEMBERS) {
        (void)fail(p, "a tuple has more than 64 members");
        return NULL;
    }
    abi_node *node = new_node(p);
    if (node == NULL) {
        return NULL;
    }
    if (tuple->child == NULL) {
        tuple->child = node;
    } else {
        tuple->last->next = node;
    }
    tuple->last = node;
    tuple->count++;
    return node;
}

static bool finish_tuple(parser *p, abi_node *tuple)
{
    tuple->head = 0;
    tuple->dynamic = false;
    tuple->depth = 0;
    for (const abi_node *member = tuple->child; member != NULL; member = member->next) {
        tuple->head += member->words;
        tuple->dynamic = tuple->dynamic || member->dynamic;
        tuple->depth = member->depth > tuple->depth ? member->depth : tuple->depth;
    }
    tuple->depth++;
    tuple->words = tuple->dynamic ? 1 : tuple->head;
    if (tuple != p->open[0] && tuple->depth > ABI_MAX_TYPE_DEPTH) {
        return fail(p, "the types are nested too deeply");
    }
    return tuple->head <= ABI_MAX_STATIC_WORDS || fail(p, "a type is too large");
}

/* The node becomes an array, and a new one its element. */
static bool wrap(parser *p, abi_node *node, size_t count)
{
    abi_node *element = new_node(p);
    if (element == NULL) {
        return false;
    }
    if (node->words == 0) {
        return fail(p, "an array of nothing");
    }
    *element = *node;
    element->next = NULL;
    node->kind = ABI_ARRAY;
    node->count = count;
    node->child = element;
    node->last = NULL;
    node->dynamic = count == 0 || element->dynamic;
    node->head = count * element->words; /* at most 8192 times 65536 */
    node->words = node->dynamic ? 1 : node->head;
    node->depth = element->depth + 1;
    if (node->depth > ABI_MAX_TYPE_DEPTH) {
        return fail(p, "the types are nested too deeply");
    }
    return node->head <= ABI_MAX_STATIC_WORDS || fail(p, "a type is too large");
}

/* --------------------------------------------------------------- grammar ---- */

static bool read_brackets(parser *p, abi_node *node)
{
    while (current(p) == '[') {
        size_t begin = p->at++, count = 0;
        while (current(p) >= '0' && current(p) <= '9' && count <= MAX_ARRAY_ELEMENTS) {
            count = 10 * count + (current(p) - (size_t)'0');
            p->at++;
        }
        bool sized = p->at > begin + 1;
        if (current(p) != ']' || count > MAX_ARRAY_ELEMENTS || (sized && p->text.data[begin + 1] == '0')) {
            return fail(p, "brackets hold nothing or a number from 1 to 8192");
        }
        p->at++;
        if (!wrap(p, node, count)) {
            return false;
        }
    }
    return true;
}

static bool read_value_type(parser *p, abi_node *node)
{
    chaos_slice word = take_word(p);
    /* the compiler's short names */
    word = slice_is(word, "uint") ? slice_text("uint256") : slice_is(word, "int") ? slice_text("int256")
                                                                                  : word;
    node->kind = ABI_VALUE;
    node->value = elementary_of(word);
    node->dynamic = node->value.kind == ELEMENTARY_BYTES || node->value.kind == ELEMENTARY_STRING;
    node->words = 1;
    if (node->value.kind == ELEMENTARY_NONE) {
        p->at -= p->at > 0 && word.size > 0 ? word.size : 0;
        return fail(p, "not a type of the ABI");
    }
    return true;
}

static bool open_tuple(parser *p, abi_node *node)
{
    if (p->depth == ABI_MAX_TYPE_DEPTH) {
        return fail(p, "the types are nested too deeply");
    }
    node->kind = ABI_TUPLE;
    p->open[++p->depth] = node;
    p->at++; /* '(' */
    skip_spaces(p);
    return true;
}

/* Brackets, name, and what closes: after it stands a comma (*more) or the end. */
static bool after_type(parser *p, abi_node *node, bool *more)
{
    for (;;) {
        if (!read_brackets(p, node)) {
            return false;
        }
        skip_spaces(p);
        node->name = take_word(p);
        skip_spaces(p);
        *more = current(p) == ',';
        if (*more || (p->at == p->text.size && p->depth == 0)) {
            p->at += *more;
            return true;
        }
        if (current(p) != ')' || p->depth == 0) {
            return fail(p, "a comma, a closing parenthesis or the end is expected");
        }
        p->at++;
        node = p->open[p->depth--];
        if (!finish_tuple(p, node)) {
            return false;
        }
    }
}

static bool read_list(parser *p)
{
    bool more = false;
    skip_spaces(p);
    if (p->at == p->text.size) {
        return true; /* no parameters */
    }
    do {
        skip_spaces(p);
        abi_node *node = new_member(p);
        if (node == NULL) {
            return false;
        }
        if (p->text.size - p->at > 5 && memcmp(p->text.data + p->at, "tuple(", 6) == 0) {
            p->at += 5;
        }
        bool is_tuple = current(p) == '(';
        if (!(is_tuple ? open_tuple(p, node) : read_value_type(p, node))) {
            return false;
        }
        if (is_tuple && current(p) != ')') {
            more = true; /* its first member */
            continue;
        }
        if (is_tuple) { /* an empty one */
            p->at++;
            p->depth--;
            if (!finish_tuple(p, node)) {
                return false;
            }
        }
        if (!after_type(p, node, &more)) {
            return false;
        }
    } while (more);
    return true;
}

void abi_type_free(abi_type *type)
{
    if (type != NULL) {
        chaos_buffer_free(&type->text);
        free(type);
    }
}

chaos_status abi_type_parse(chaos_slice list, abi_type **type, chaos_error *err)
{
    CHAOS_AUTO(abi_type, made);
    parser p = { 0 };
    if (list.size > MAX_TEXT) {
        return error_set(err, CHAOS_E_USAGE, "types", CHAOS_NO_OFFSET, "the types are longer than %u bytes", MAX_TEXT);
    }
    made = malloc(sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    made->text = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_TEXT + 1);
    made->count = 0;
    if (!buffer_append(&made->text, list) || !buffer_append(&made->text, slice("", 1))) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    p.type = made;
    p.text = slice(made->text.data, list.size);
    p.open[0] = new_node(&p);
    p.open[0]->kind = ABI_TUPLE;
    if (!read_list(&p) || !finish_tuple(&p, p.open[0])) {
        return error_set(err, CHAOS_E_USAGE, "types", p.at, "%s", p.why);
    }
    CHAOS_GIVE(type, made);
    return CHAOS_OK;
}

/* --------------------------------------------------------------- writing ---- */

static bool write_value_type(const abi_node *node, chaos_buffer *out)
{
    static const char *const names[] = {
        [ELEMENTARY_UINT] = "uint",
        [ELEMENTARY_INT] = "int",
        [ELEMENTARY_BOOL] = "bool",
        [ELEMENTARY_ADDRESS] = "address",
        [ELEMENTARY_FIXED_BYTES] = "bytes",
        [ELEMENTARY_BYTES] = "bytes",
        [ELEMENTARY_STRING] = "string",
    };
    return node->value.size == 0 ? buffer_append_text(out, names[node->value.kind])
                                 : buffer_append_format(out, "%s%u", names[node->value.kind], node->value.size);
}

static bool write_brackets(const abi_node *node, chaos_buffer *out)
{
    return node->count == 0 ? buffer_append_text(out, "[]") : buffer_append_format(out, "[%zu]", node->count);
}

/* An array's brackets stand behind its element, so the way down is kept. */
bool abi_type_write(const abi_type *type, chaos_buffer *out)
{
    const abi_node *path[ABI_MAX_TYPE_DEPTH + 2];
    size_t depth = 0;
    const abi_node *node = type->nodes[0].child;
    bool ok = true;
    while (ok && node != NULL) {
        if (node->kind != ABI_VALUE && (node->kind == ABI_ARRAY || node->child != NULL)) {
            ok = node->kind == ABI_ARRAY || buffer_append_text(out, "(");
            path[depth++] = node;
            node = node->child;
            continue;
        }
        ok = node->kind == ABI_VALUE ? write_value_type(node, out) : buffer_append_text(out, "()");
        while (ok && depth > 0 && node->next == NULL) {
            node = path[--depth];
            ok = node->kind == ABI_ARRAY ? write_brackets(node, out) : buffer_append_text(out, ")");
        }
        node = node->next;
        ok = ok && (node == NULL || buffer_append_text(out, ","));
    }
    return ok;
}
