/* typed_values.c - hashStruct, in one pass over the values. No recursion on what a stranger sent: structs and arrays
 * that are open lie on a stack of limited depth. */
#include "wire/typed.h"

#define MAX_WORDS (MAX_ARRAY_ELEMENTS + 1)

/* A struct or an array that is open. */
typedef struct frame {
    typed_struct *type;  /* NULL: an array */
    chaos_slice element; /* of an array: its elements' type */
    size_t count, next;  /* of an array: how many there must be (0: any number), how many there were */
    uint64_t seen;       /* of a struct: members by their place */
    size_t place;        /* where its hash goes in the words of what holds it */
    chaos_buffer words;  /* what is hashed: of a struct its type's hash, then the members in the order of the type */
} frame;
_Static_assert(TYPED_MAX_MEMBERS <= 64, "a bit for each member");

typedef struct hasher {
    json *j;
    typed_set *set;
    const char *field;
    size_t depth;
    size_t made; /* frames whose buffers are in use; kept for the next value of that depth */
    frame frames[TYPED_MAX_DEPTH];
    chaos_buffer scratch; /* one string or bytes */
} hasher;

static void no_memory(hasher *h)
{
    rd_fail(&h->j->r, CHAOS_E_MEMORY, h->field, rd_offset(&h->j->r), NULL);
}

/* --------------------------------------------------------------- opening ---- */

/* A frame with room for the words that are known to come. */
static frame *push_frame(hasher *h, size_t place, size_t words)
{
    if (h->depth == TYPED_MAX_DEPTH) {
        json_refuse(h->j, h->field, "the data are nested too deeply");
        return NULL;
    }
    frame *f = &h->frames[h->depth];
    if (h->depth == h->made) {
        f->words = (chaos_buffer)CHAOS_BUFFER_INIT((size_t)MAX_WORDS * ABI_WORD);
        h->made++;
    }
    f->words.size = 0;
    if (buffer_reserve(&f->words, words * ABI_WORD) == NULL) {
        no_memory(h);
        return NULL;
    }
    f->place = place;
    f->next = 0;
    f->seen = 0;
    h->depth++;
    return f;
}

static void open_struct(hasher *h, typed_struct *type, size_t place)
{
    frame *f = push_frame(h, place, 1 + type->count);
    if (f == NULL) {
        return;
    }
    typed_type_hash(h->j, h->set, type);
    memcpy(f->words.data, type->hash.bytes, ABI_WORD);
    f->words.size = (1 + type->count) * ABI_WORD; /* none is hashed before each is filled */
    f->type = type;
    json_enter_object(h->j, h->field);
}

static void open_array(hasher *h, chaos_slice element, size_t count, size_t place)
{
    frame *f = push_frame(h, place, 1);
    if (f == NULL) {
        return;
    }
    f->type = NULL;
    f->element = element;
    f->count = count;
    json_enter_array(h->j, h->field);
}

/* ---------------------------------------------------------------- values ---- */

static void put_word(hasher *h, size_t place, const uint8_t word[ABI_WORD])
{
    memcpy(h->frames[h->depth - 1].words.data + place, word, ABI_WORD);
}

static void take_value(hasher *h, const elementary *type, size_t place)
{
    uint8_t word[ABI_WORD];
    if (type->kind == ELEMENTARY_BYTES || type->kind == ELEMENTARY_STRING) {
        h->scratch.size = 0;
        json_dynamic(h->j, h->field, type->kind, &h->scratch);
        chaos_keccak hash = hash_keccak(buffer_slice(&h->scratch));
        put_word(h, place, hash.bytes);
    } else {
        json_word(h->j, h->field, type, word);
        put_word(h, place, word);
    }
}

/* The next value becomes the word at `place` of the innermost frame; a struct or an array a new frame first. */
static void take(hasher *h, chaos_slice type, size_t place)
{
    chaos_slice element;
    size_t count;
    bool wrong;
    if (type_is_array(type, &element, &count, &wrong)) {
        open_array(h, element, count, place);
        return;
    }
    elementary e = elementary_of(type);
    if (e.kind != ELEMENTARY_NONE) {
        take_value(h, &e, place);
        return;
    }
    typed_struct *known = typed_find(h->set, type);
    if (known == NULL) {
        json_refuse(h->j, h->field, "a type is not known");
        return;
    }
    open_struct(h, known, place);
}

static void take_member(hasher *h, frame *f, chaos_slice key)
{
    size_t i = 0;
    const typed_member *members = f->type->members;
    while (i < f->type->count && !slice_equal(key, members[i].name)) {
        i++;
    }
    if (i == f->type->count) {
        json_refuse(h->j, h->field, "a member that the type does not have");
        return;
    }
    f->seen |= (uint64_t)1 << i;
    size_t place = (1 + i) * ABI_WORD;
    if (members[i].is_array) {
        take(h, members[i].type, place);
    } else if (members[i].target != NULL) {
        open_struct(h, members[i].target, place);
    } else {
        take_value(h, &members[i].value, place);
    }
}

static void take_element(hasher *h, frame *f)
{
    size_t place = f->words.size;
    if (f->next == MAX_ARRAY_ELEMENTS) {
        json_refuse(h->j, h->field, "an array has more than 8192 elements");
        return;
    }
    if (buffer_reserve(&f->words, ABI_WORD) == NULL) {
        no_memory(h);
        return;
    }
    f->words.size += ABI_WORD;
    f->next++;
    take(h, f->element, place);
}

static void close_frame(hasher *h, chaos_keccak *out)
{
    frame *f = &h->frames[h->depth - 1];
    const size_t members = f->type == NULL ? 0 : f->type->count;
    const uint64_t all = members == 0 ? 0 : UINT64_MAX >> (64 - members);
    if (f->type == NULL && f->count != 0 && f->next != f->count) {
        json_refuse(h->j, h->field, "an array has another length than its type");
    } else if (f->seen != all) {
        json_refuse(h->j, h->field, "a member of the type is missing");
    }
    *out = hash_keccak(buffer_slice(&f->words));
    h->depth--;
    if (h->depth > 0) {
        put_word(h, f->place, out->bytes);
    }
}

static void hash_all(hasher *h, typed_struct *type, chaos_keccak *out)
{
    open_struct(h, type, 0);
    while (h->depth > 0 && json_ok(h->j)) {
        frame *f = &h->frames[h->depth - 1];
        const bool is_struct = f->type != NULL;
        chaos_slice key = { NULL, 0 };
        if (is_struct && json_key(h->j, &key)) {
            take_member(h, f, key);
        } else if (!is_struct && json_element(h->j)) {
            take_element(h, f);
        } else if (json_ok(h->j)) {
            close_frame(h, out);
        }
    }
}

void typed_hash_struct(json *j, typed_set *set, typed_struct *type, const char *field, chaos_keccak *out)
{
    hasher h = { .j = j, .set = set, .field = field };
    h.scratch = (chaos_buffer)CHAOS_BUFFER_INIT(CHAOS_MAX_TYPED_DATA + 1);
    if (json_ok(j)) {
        hash_all(&h, type, out);
    }
    for (size_t i = 0; i < h.made; i++) {
        chaos_buffer_free(&h.frames[i].words);
    }
    chaos_buffer_free(&h.scratch);
}
