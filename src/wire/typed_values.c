/* typed_values.c - hashStruct. No recursion on what a stranger sent: structs and arrays that are open lie on a stack of
 * limited depth. */
#include "wire/typed.h"

#define MAX_WORDS (MAX_ARRAY_ELEMENTS + 1)

/* A struct or an array that is open. */
typedef struct frame {
    typed_struct *type;                    /* NULL: an array */
    chaos_slice raw;                       /* the value */
    chaos_slice element;                   /* of an array: its elements' type */
    size_t next, count;                    /* of an array without a number: count 0 */
    chaos_slice values[TYPED_MAX_MEMBERS]; /* of a struct, in the order of the type */
    json list;                             /* of an array */
    chaos_buffer words;                    /* what is hashed: of a struct its type's hash first */
} frame;

typedef struct hasher {
    typed_set *set;
    size_t depth;
    frame *frames[TYPED_MAX_DEPTH]; /* made when a depth is first reached, used again */
    chaos_buffer scratch;           /* one string or bytes */
    const char *field;
    fault *why;
} hasher;

static bool refuse(hasher *h, chaos_slice place, const char *reason)
{
    return typed_refuse(h->set, h->why, h->field, place, reason);
}

static bool no_memory(hasher *h)
{
    return fault_set(h->why, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

/* --------------------------------------------------------------- opening ---- */

static frame *new_frame(hasher *h, chaos_slice raw)
{
    if (h->depth == TYPED_MAX_DEPTH) {
        (void)refuse(h, raw, "the data are nested too deeply");
        return NULL;
    }
    frame *f = h->frames[h->depth];
    if (f == NULL) {
        f = malloc(sizeof *f); /* 5 KiB that are written before they are read */
        if (f == NULL) {
            (void)no_memory(h);
            return NULL;
        }
        h->frames[h->depth] = f;
        f->words = (chaos_buffer)CHAOS_BUFFER_INIT((size_t)MAX_WORDS * ABI_WORD);
    }
    f->raw = raw;
    f->next = 0;
    f->words.size = 0;
    return f;
}

/* Where the values of the members stand. */
static bool find_values(hasher *h, frame *f)
{
    json j;
    chaos_slice key;
    const typed_struct *type = f->type;
    memset(f->values, 0, type->count * sizeof f->values[0]);
    json_begin(&j, f->raw, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(&j, h->field);
    while (json_key(&j, &key)) {
        size_t place = 0;
        while (place < type->count && !slice_equal(key, type->members[place].name)) {
            place++;
        }
        if (place == type->count) {
            json_refuse(&j, h->field, "a member that the type does not have");
            break;
        }
        json_skip(&j, h->field, &f->values[place]);
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return typed_fault(h->set, h->why, f->raw, &j);
    }
    for (size_t i = 0; i < type->count; i++) {
        if (f->values[i].data == NULL) {
            return refuse(h, f->raw, "a member of the type is missing");
        }
    }
    return true;
}

static bool open_struct(hasher *h, typed_struct *type, chaos_slice raw)
{
    frame *f = new_frame(h, raw);
    if (f == NULL) {
        return false;
    }
    f->type = type;
    f->count = type->count;
    if (!find_values(h, f) || !typed_type_hash(h->set, type, h->why)) {
        return false;
    }
    h->depth++;
    return buffer_append(&f->words, slice(type->hash.bytes, ABI_WORD)) || no_memory(h);
}

static bool open_array(hasher *h, chaos_slice element, size_t count, chaos_slice raw)
{
    frame *f = new_frame(h, raw);
    if (f == NULL) {
        return false;
    }
    f->type = NULL;
    f->element = element;
    f->count = count;
    json_begin(&f->list, raw, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_array(&f->list, h->field);
    h->depth++;
    return json_ok(&f->list) || typed_fault(h->set, h->why, raw, &f->list);
}

/* ---------------------------------------------------------------- values ---- */

static bool append_value(hasher *h, const elementary *type, chaos_slice raw)
{
    frame *top = h->frames[h->depth - 1];
    uint8_t word[ABI_WORD];
    json j;
    json_begin(&j, raw, CHAOS_E_TYPED_DATA_FORMAT);
    if (type->kind == ELEMENTARY_BYTES || type->kind == ELEMENTARY_STRING) {
        h->scratch.size = 0;
        json_dynamic(&j, h->field, type->kind, &h->scratch);
        chaos_keccak hash = hash_keccak(buffer_slice(&h->scratch));
        memcpy(word, hash.bytes, ABI_WORD);
    } else {
        json_word(&j, h->field, type, word);
    }
    json_end(&j);
    if (!json_ok(&j)) {
        return typed_fault(h->set, h->why, raw, &j);
    }
    return buffer_append(&top->words, slice(word, sizeof word)) || no_memory(h);
}

/* A value becomes a word of the innermost frame; a struct or an array a new frame. */
static bool push(hasher *h, chaos_slice type, chaos_slice raw)
{
    chaos_slice element;
    size_t count;
    bool wrong;
    elementary e = elementary_of(type);
    if (e.kind != ELEMENTARY_NONE) {
        return append_value(h, &e, raw);
    }
    if (type_is_array(type, &element, &count, &wrong)) {
        return open_array(h, element, count, raw);
    }
    typed_struct *known = wrong ? NULL : typed_find(h->set, type);
    return known == NULL ? refuse(h, raw, "a type is not known") : open_struct(h, known, raw);
}

/* The next child of the innermost frame; false: it has no more (or a fault, which its end shows). */
static bool next_child(hasher *h, chaos_slice *type, chaos_slice *raw)
{
    frame *f = h->frames[h->depth - 1];
    if (f->type != NULL) {
        if (f->next == f->count) {
            return false;
        }
        *type = f->type->members[f->next].type;
        *raw = f->values[f->next++];
        return true;
    }
    if (!json_element(&f->list)) {
        return false;
    }
    if (f->next == MAX_ARRAY_ELEMENTS) {
        json_refuse(&f->list, h->field, "an array has more than 8192 elements");
        return false;
    }
    json_skip(&f->list, h->field, raw);
    *type = f->element;
    f->next++;
    return json_ok(&f->list);
}

static bool close_frame(hasher *h, chaos_keccak *out)
{
    frame *f = h->frames[h->depth - 1];
    if (f->type == NULL) {
        json_end(&f->list);
        if (!json_ok(&f->list)) {
            return typed_fault(h->set, h->why, f->raw, &f->list);
        }
        if (f->count != 0 && f->next != f->count) {
            return refuse(h, f->raw, "an array has another length than its type");
        }
    }
    *out = hash_keccak(buffer_slice(&f->words));
    h->depth--;
    return h->depth == 0 || buffer_append(&h->frames[h->depth - 1]->words, slice(out->bytes, ABI_WORD)) ||
           no_memory(h);
}

static bool hash_all(hasher *h, typed_struct *type, chaos_slice raw, chaos_keccak *out)
{
    bool ok = open_struct(h, type, raw);
    while (ok && h->depth > 0) {
        chaos_slice child_type, child_raw;
        ok = next_child(h, &child_type, &child_raw) ? push(h, child_type, child_raw) : close_frame(h, out);
    }
    return ok;
}

bool typed_hash_struct(typed_set *set, typed_struct *type, chaos_slice raw, const char *field, chaos_keccak *out,
                       fault *why)
{
    hasher h = { .set = set, .field = field, .why = why };
    h.scratch = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_TYPED_DATA + 1);
    bool ok = hash_all(&h, type, raw, out);
    for (size_t i = 0; i < TYPED_MAX_DEPTH && h.frames[i] != NULL; i++) {
        chaos_buffer_free(&h.frames[i]->words);
        free(h.frames[i]);
    }
    chaos_buffer_free(&h.scratch);
    return ok;
}
