/* typed_data.c - EIP-712: the digest of typed structured data, from the JSON of eth_signTypedData_v4.
 *
 * Strict, because a person or a program is shown these data before a key signs them: every member that a type
 * has is there, none
 * that it has not, every value fits its type. No recursion on what a stranger sent: structs and arrays that
 * are open lie on a
 * stack of limited depth. */
#include "wire/internal.h"

#define MAX_TYPES 64
#define MAX_MEMBERS 64 /* of one type */
#define MAX_ALL_MEMBERS 512
#define MAX_DEPTH 16
#define MAX_TYPE_TEXT 16384u /* of encodeType */
#define MAX_WORDS (CHAOS_MAX_TYPED_DATA / 2)
#define WORD 32

typedef struct member {
    chaos_slice name, type;
} member;

typedef struct struct_type {
    chaos_slice name;
    size_t begin, count; /* of members */
    bool has_hash;
    chaos_keccak hash; /* typeHash */
} struct_type;

typedef struct type_set {
    size_t count, member_count;
    struct_type types[MAX_TYPES];
    member members[MAX_ALL_MEMBERS];
} type_set;

static bool refuse(fault *why, const char *field, const char *reason)
{
    return fault_set(why, CHAOS_E_TYPED_DATA_FORMAT, field, CHAOS_NO_OFFSET, reason);
}

static bool no_memory(fault *why)
{
    return fault_set(why, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

/* ------------------------------------------------------------------ types ---- */

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_identifier(chaos_slice text)
{
    bool ok = text.size > 0 && is_letter(text.data[0]);
    for (size_t i = 1; ok && i < text.size; i++) {
        ok = is_letter(text.data[i]) || (text.data[i] >= '0' && text.data[i] <= '9');
    }
    return ok;
}

static bool starts_with(chaos_slice text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* Decimal digits without a leading zero, at most max; 0 for anything else. */
static unsigned small_number(chaos_slice digits, unsigned max)
{
    unsigned number = 0;
    if (digits.size == 0 || digits.size > 6 || digits.data[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return 0;
        }
        number = 10 * number + (digits.data[i] - (unsigned)'0');
    }
    return number <= max ? number : 0;
}

typedef enum atom_kind {
    ATOM_NONE,
    ATOM_UINT,
    ATOM_INT,
    ATOM_BOOL,
    ATOM_ADDRESS,
    ATOM_FIXED,
    ATOM_BYTES,
    ATOM_STRING
} atom_kind;
typedef struct atom {
    atom_kind kind;
    unsigned size; /* bits of a number, bytes of bytesN */
} atom;

static atom sized(atom_kind kind, chaos_slice type, size_t prefix, unsigned max, unsigned step)
{
    unsigned size = small_number(slice(type.data + prefix, type.size - prefix), max);
    atom a = { size > 0 && size % step == 0 ? kind : ATOM_NONE, size };
    return a;
}

/* "uint256", "bytes4", ...; kind NONE for anything else ("uint" and "int" are no types of EIP-712). */
static atom atom_of(chaos_slice type)
{
    static const struct {
        const char *name;
        atom_kind kind;
    } plain[] = {
        { "bool", ATOM_BOOL }, { "address", ATOM_ADDRESS }, { "bytes", ATOM_BYTES }, { "string", ATOM_STRING }
    };
    atom none = { ATOM_NONE, 0 };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(plain); i++) {
        if (slice_is(type, plain[i].name)) {
            none.kind = plain[i].kind;
            return none;
        }
    }
    if (starts_with(type, "uint")) {
        return sized(ATOM_UINT, type, 4, 256, 8);
    }
    if (starts_with(type, "int")) {
        return sized(ATOM_INT, type, 3, 256, 8);
    }
    return starts_with(type, "bytes") ? sized(ATOM_FIXED, type, 5, WORD, 1) : none;
}

/* "T[3]" or "T[]": the element's type and how many (0: any number). False: no array; *wrong: brackets that are
 * none. */
static bool array_of(chaos_slice type, chaos_slice *element, unsigned *count, bool *wrong)
{
    *wrong = false;
    if (type.size == 0 || type.data[type.size - 1] != ']') {
        return false;
    }
    size_t open = type.size - 1;
    while (open > 0 && type.data[open] != '[') {
        open--;
    }
    chaos_slice digits = slice(type.data + open + 1, type.size - open - 2);
    *count = small_number(digits, 100000);
    *wrong = open == 0 || (digits.size > 0 && *count == 0);
    *element = slice(type.data, open);
    return !*wrong;
}

static struct_type *find_type(type_set *set, chaos_slice name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal(set->types[i].name, name)) {
            return &set->types[i];
        }
    }
    return NULL;
}

/* The type without its brackets. */
static chaos_slice base_of(chaos_slice type)
{
    chaos_slice element = type;
    unsigned count;
    bool wrong;
    while (array_of(type, &element, &count, &wrong)) {
        type = element;
    }
    return type;
}

static void read_member(json *j, member *out)
{
    chaos_slice key;
    while (json_key(j, &key)) {
        if (slice_is(key, "name")) {
            out->name = json_plain_string(j, "types");
        } else if (slice_is(key, "type")) {
            out->type = json_plain_string(j, "types");
        } else {
            json_refuse(j, "types", "a member has a name and a type, and nothing else");
        }
    }
}

static void read_type(json *j, type_set *set, chaos_slice name)
{
    struct_type *type = &set->types[set->count];
    *type = (struct_type){ .name = name, .begin = set->member_count };
    json_enter_array(j, "types");
    while (json_element(j)) {
        if (type->count == MAX_MEMBERS || set->member_count == MAX_ALL_MEMBERS) {
            json_refuse(j, "types", "too many members");
            return;
        }
        member *m = &set->members[set->member_count++];
        *m = (member){ slice("", 0), slice("", 0) };
        json_enter_object(j, "types");
        read_member(j, m);
        type->count++;
    }
    set->count++;
}

static bool read_types(chaos_slice text, type_set *set, fault *why)
{
    json j;
    chaos_slice key;
    json_begin(&j, text, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(&j, "types");
    while (json_key(&j, &key)) {
        if (set->count == MAX_TYPES) {
            json_refuse(&j, "types", "too many types");
            break;
        }
        read_type(&j, set, key);
    }
    json_end(&j);
    *why = j.r.why;
    return json_ok(&j);
}

static bool check_type(type_set *set, const struct_type *type, fault *why)
{
    if (!is_identifier(type->name) || atom_of(type->name).kind != ATOM_NONE) {
        return refuse(why, "types", "a type's name is no identifier, or that of an elementary type");
    }
    for (size_t i = 0; i < type->count; i++) {
        const member *m = &set->members[type->begin + i];
        chaos_slice base = base_of(m->type);
        if (!is_identifier(m->name)) {
            return refuse(why, "types", "a member's name is no identifier");
        }
        if (atom_of(base).kind == ATOM_NONE && find_type(set, base) == NULL) {
            return refuse(why, "types", "a member has a type that is not known");
        }
        for (size_t k = 0; k < i; k++) {
            if (slice_equal(m->name, set->members[type->begin + k].name)) {
                return refuse(why, "types", "a type has a member twice");
            }
        }
    }
    return true;
}

/* ------------------------------------------------------------- encodeType ---- */

static int order(chaos_slice a, chaos_slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int by_bytes = memcmp(a.data, b.data, size);
    return by_bytes != 0 ? by_bytes : (a.size > b.size) - (a.size < b.size);
}

static bool append_type(const type_set *set, const struct_type *type, chaos_buffer *out)
{
    bool ok = buffer_append(out, type->name) && buffer_append_text(out, "(");
    for (size_t i = 0; ok && i < type->count; i++) {
        const member *m = &set->members[type->begin + i];
        ok = (i == 0 || buffer_append_text(out, ",")) && buffer_append(out, m->type) &&
             buffer_append_text(out, " ") && buffer_append(out, m->name);
    }
    return ok && buffer_append_text(out, ")");
}

/* Every struct type that `from` refers to, itself first, the others in the order of their names. */
static size_t referred(type_set *set, struct_type *from, struct_type *list[MAX_TYPES])
{
    size_t count = 1;
    list[0] = from;
    for (size_t done = 0; done < count; done++) {
        for (size_t i = 0; i < list[done]->count; i++) {
            struct_type *type = find_type(set, base_of(set->members[list[done]->begin + i].type));
            bool known = type == NULL;
            for (size_t k = 0; k < count && !known; k++) {
                known = list[k] == type;
            }
            if (!known) {
                list[count++] = type;
            }
        }
    }
    for (size_t i = 2; i < count; i++) { /* insertion; there are at most 64 */
        for (size_t k = i; k > 1 && order(list[k]->name, list[k - 1]->name) < 0; k--) {
            struct_type *moved = list[k];
            list[k] = list[k - 1];
            list[k - 1] = moved;
        }
    }
    return count;
}

static bool type_hash(type_set *set, struct_type *type, fault *why)
{
    CHAOS_AUTO_BUFFER(text, MAX_TYPE_TEXT);
    struct_type *list[MAX_TYPES];
    if (type->has_hash) {
        return true;
    }
    size_t count = referred(set, type, list);
    for (size_t i = 0; i < count; i++) {
        if (!append_type(set, list[i], &text)) {
            return refuse(why, "types", "the types are too long");
        }
    }
    type->hash = hash_keccak(buffer_slice(&text));
    type->has_hash = true;
    return true;
}

/* ------------------------------------------------------------------ atoms ---- */

/* Multiplies by `base` and adds; false: over 256 bits. */
static bool push_digit(uint8_t word[WORD], unsigned base, unsigned digit)
{
    unsigned carry = digit;
    for (size_t i = WORD; i > 0; i--) {
        carry += base * word[i - 1];
        word[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
    return carry == 0;
}

static int digit_of(uint8_t c, unsigned base)
{
    int value = c >= '0' && c <= '9'                     ? c - '0'
                : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                         : -1;
    return value < (int)base ? value : -1;
}

static bool parse_magnitude(chaos_slice text, uint8_t word[WORD])
{
    bool hex = text.size > 2 && text.data[0] == '0' && text.data[1] == 'x';
    unsigned base = hex ? 16 : 10;
    chaos_slice digits = hex ? slice(text.data + 2, text.size - 2) : text;
    memset(word, 0, WORD);
    if (digits.size == 0 || digits.size > 80 || (!hex && digits.size > 1 && digits.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < digits.size; i++) {
        int digit = digit_of(digits.data[i], base);
        if (digit < 0 || !push_digit(word, base, (unsigned)digit)) {
            return false;
        }
    }
    return true;
}

static void negate(uint8_t word[WORD])
{
    unsigned carry = 1;
    for (size_t i = WORD; i > 0; i--) {
        carry += (uint8_t)~word[i - 1];
        word[i - 1] = (uint8_t)(carry & 0xffu);
        carry >>= 8;
    }
}

/* Do the bits above the type's own say nothing but its sign? */
static bool fits(const uint8_t word[WORD], unsigned bits, uint8_t filling)
{
    for (size_t i = 0; i < WORD - bits / 8; i++) {
        if (word[i] != filling) {
            return false;
        }
    }
    return true;
}

static bool encode_number(chaos_slice text, const atom *a, uint8_t word[WORD])
{
    bool negative = text.size > 1 && text.data[0] == '-';
    chaos_slice magnitude = negative ? slice(text.data + 1, text.size - 1) : text;
    if (!parse_magnitude(magnitude, word) || (negative && a->kind == ATOM_UINT)) {
        return false;
    }
    if (a->kind == ATOM_UINT) {
        return fits(word, a->size, 0);
    }
    const size_t sign = WORD - a->size / 8;
    if (negative) { /* down to exactly -2^(N-1), whose magnitude has the sign bit and no other */
        negate(word);
        return slice_is_zero(slice(word, WORD)) ? false : fits(word, a->size, 0xff) && (word[sign] & 0x80) != 0;
    }
    return fits(word, a->size, 0) && (word[sign] & 0x80) == 0;
}

static bool decode_hex(chaos_slice text, chaos_buffer *out)
{
    if (text.size < 2 || text.size % 2 != 0 || text.data[0] != '0' || text.data[1] != 'x') {
        return false;
    }
    size_t size = (text.size - 2) / 2;
    uint8_t *bytes = buffer_reserve(out, size + 1);
    if (bytes == NULL || !hex_decode(slice(text.data + 2, text.size - 2), bytes, size)) {
        return false;
    }
    out->size += size;
    return true;
}

static bool encode_bytes(chaos_slice text, const atom *a, uint8_t word[WORD])
{
    CHAOS_AUTO_BUFFER(bytes, CHAOS_MAX_TYPED_DATA + 1);
    if (!decode_hex(text, &bytes)) {
        return false;
    }
    memset(word, 0, WORD);
    if (a->kind == ATOM_BYTES) {
        chaos_keccak hash = hash_keccak(buffer_slice(&bytes));
        memcpy(word, hash.bytes, WORD);
        return true;
    }
    size_t wanted = a->kind == ATOM_ADDRESS ? 20 : a->size;
    if (bytes.size != wanted) {
        return false;
    }
    memcpy(a->kind == ATOM_ADDRESS ? word + WORD - 20 : word, bytes.data, wanted);
    return true;
}

/* A value as its word. Numbers may be JSON numbers or strings; everything else has one form. */
static bool encode_atom(chaos_slice raw, const atom *a, uint8_t word[WORD], fault *why)
{
    CHAOS_AUTO_BUFFER(storage, CHAOS_MAX_TYPED_DATA + 1);
    json j;
    bool ok;
    json_begin(&j, raw, CHAOS_E_TYPED_DATA_FORMAT);
    json_kind kind = json_peek(&j);
    bool is_number = a->kind == ATOM_UINT || a->kind == ATOM_INT;
    memset(word, 0, WORD);
    if (a->kind == ATOM_BOOL) {
        word[WORD - 1] = json_boolean(&j, "message");
        ok = true;
    } else if (is_number && kind == JSON_KIND_NUMBER) {
        json_skip(&j, "message", NULL);
        /* below 2^53: what follows 16 digits is not exact elsewhere */
        ok = raw.size <= 16 && encode_number(raw, a, word);
    } else {
        chaos_slice text = json_decoded_string(&j, "message", &storage);
        if (!json_ok(&j)) {
            *why = j.r.why;
            return false;
        }
        if (a->kind == ATOM_STRING) {
            chaos_keccak hash = hash_keccak(text);
            memcpy(word, hash.bytes, WORD);
            return true;
        }
        ok = is_number ? encode_number(text, a, word) : encode_bytes(text, a, word);
    }
    if (!json_ok(&j)) {
        *why = j.r.why;
        return false;
    }
    return ok || refuse(why, "message", "a value does not fit its type");
}

/* ------------------------------------------------------------------ values ---- */

/* A struct or an array that is open. */
typedef struct frame {
    struct_type *type;   /* NULL: an array */
    chaos_slice element; /* of an array: its elements' type */
    size_t next, count;
    chaos_slice values[MAX_MEMBERS]; /* of a struct, in the order of the type */
    json list;                       /* of an array */
    chaos_buffer words;
} frame;

typedef struct hasher {
    type_set *set;
    size_t depth;
    frame *frames; /* MAX_DEPTH */
    const char *field;
    fault *why;
} hasher;

static bool open_struct(hasher *h, struct_type *type, chaos_slice raw)
{
    frame *f = &h->frames[h->depth];
    json j;
    chaos_slice key;
    bool seen[MAX_MEMBERS] = { false };
    f->type = type;
    f->count = type->count;
    json_begin(&j, raw, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(&j, h->field);
    while (json_key(&j, &key)) {
        size_t place = 0;
        while (place < type->count && !slice_equal(key, h->set->members[type->begin + place].name)) {
            place++;
        }
        if (place == type->count) {
            json_refuse(&j, h->field, "a member that the type does not have");
            break;
        }
        json_skip(&j, h->field, &f->values[place]);
        seen[place] = true;
    }
    json_end(&j);
    if (!json_ok(&j)) {
        *h->why = j.r.why;
        return false;
    }
    for (size_t i = 0; i < type->count; i++) {
        if (!seen[i]) {
            return refuse(h->why, h->field, "a member of the type is missing");
        }
    }
    return type_hash(h->set, type, h->why);
}

static bool open_array(hasher *h, chaos_slice element, unsigned count, chaos_slice raw)
{
    frame *f = &h->frames[h->depth];
    f->type = NULL;
    f->element = element;
    f->count = count;
    json_begin(&f->list, raw, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_array(&f->list, h->field);
    return json_ok(&f->list) || refuse(h->why, h->field, "an array is expected here");
}

/* An atom becomes a word of the innermost frame; a struct or an array a new frame. */
static bool push(hasher *h, chaos_slice type, chaos_slice raw)
{
    uint8_t word[WORD];
    chaos_slice element;
    unsigned count;
    bool wrong;
    atom a = atom_of(type);
    if (a.kind != ATOM_NONE) {
        frame *top = &h->frames[h->depth - 1];
        return encode_atom(raw, &a, word, h->why) &&
               (buffer_append(&top->words, slice(word, sizeof word)) || no_memory(h->why));
    }
    if (h->depth == MAX_DEPTH) {
        return refuse(h->why, h->field, "the data are nested too deeply");
    }
    frame *f = &h->frames[h->depth];
    f->next = 0;
    f->words.size = 0;
    f->words.limit = (size_t)MAX_WORDS * WORD;
    if (array_of(type, &element, &count, &wrong)) {
        if (!open_array(h, element, count, raw)) {
            return false;
        }
    } else {
        struct_type *known = wrong ? NULL : find_type(h->set, type);
        if (known == NULL) {
            return refuse(h->why, "types", "a type is not known");
        }
        if (!open_struct(h, known, raw)) {
            return false;
        }
    }
    h->depth++;
    return true;
}

/* The next child of the innermost frame; false: it has no more (or a fault). */
static bool next_child(hasher *h, chaos_slice *type, chaos_slice *raw)
{
    frame *f = &h->frames[h->depth - 1];
    if (f->type == NULL) {
        if (!json_element(&f->list)) {
            return false;
        }
        json_skip(&f->list, h->field, raw);
        *type = f->element;
        f->next++;
        return json_ok(&f->list);
    }
    if (f->next == f->count) {
        return false;
    }
    *type = h->set->members[f->type->begin + f->next].type;
    *raw = f->values[f->next++];
    return true;
}

static bool close_frame(hasher *h, chaos_keccak *out)
{
    frame *f = &h->frames[h->depth - 1];
    if (f->type == NULL) {
        json_end(&f->list);
        if (!json_ok(&f->list)) {
            *h->why = f->list.r.why;
            return false;
        }
        if (f->count != 0 && f->next != f->count) {
            return refuse(h->why, h->field, "an array has another length than its type");
        }
        *out = hash_keccak(buffer_slice(&f->words));
    } else {
        CHAOS_AUTO_BUFFER(whole, (MAX_MEMBERS + 1) * WORD);
        if (!buffer_append(&whole, slice(f->type->hash.bytes, WORD)) ||
            !buffer_append(&whole, buffer_slice(&f->words))) {
            return no_memory(h->why);
        }
        *out = hash_keccak(buffer_slice(&whole));
    }
    h->depth--;
    return h->depth == 0 || buffer_append(&h->frames[h->depth - 1].words, slice(out->bytes, WORD)) ||
           no_memory(h->why);
}

static bool hash_with(hasher *h, chaos_slice type, chaos_slice raw, chaos_keccak *out)
{
    if (!push(h, type, raw)) {
        return false;
    }
    while (h->depth > 0) {
        chaos_slice child_type, child_raw;
        bool ok = next_child(h, &child_type, &child_raw) ? push(h, child_type, child_raw) : close_frame(h, out);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* hashStruct of a value of this type. */
static bool hash_struct(type_set *set, chaos_slice type, chaos_slice raw, const char *field, chaos_keccak *out,
                        fault *why)
{
    hasher h = { .set = set, .field = field, .why = why };
    h.frames = calloc(MAX_DEPTH, sizeof *h.frames);
    if (h.frames == NULL) {
        return no_memory(why);
    }
    bool ok = hash_with(&h, type, raw, out);
    for (size_t i = 0; i < MAX_DEPTH; i++) {
        chaos_buffer_free(&h.frames[i].words);
    }
    free(h.frames);
    return ok;
}

/* ------------------------------------------------------------------- whole ---- */

typedef struct request {
    chaos_slice types, primary_type, domain, message;
} request;

static bool read_request(chaos_slice text, request *out, fault *why)
{
    json j;
    chaos_slice key;
    bool has_types = false, has_primary = false, has_domain = false, has_message = false;
    json_begin(&j, text, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(&j, "typed data");
    while (json_key(&j, &key)) {
        if (slice_is(key, "types")) {
            json_skip(&j, "types", &out->types);
            has_types = true;
        } else if (slice_is(key, "primaryType")) {
            out->primary_type = json_plain_string(&j, "primaryType");
            has_primary = true;
        } else if (slice_is(key, "domain")) {
            json_skip(&j, "domain", &out->domain);
            has_domain = true;
        } else if (slice_is(key, "message")) {
            json_skip(&j, "message", &out->message);
            has_message = true;
        } else {
            json_refuse(&j, "typed data", "a member that typed data do not have");
        }
    }
    json_require(&j, has_types, "types");
    json_require(&j, has_primary, "primaryType");
    json_require(&j, has_domain, "domain");
    json_require(&j, has_message, "message");
    json_end(&j);
    *why = j.r.why;
    return json_ok(&j);
}

/* The members that a domain may have, with their types. */
static bool check_domain_type(const type_set *set, const struct_type *domain, fault *why)
{
    static const struct {
        const char *name, *type;
    } allowed[] = { { "name", "string" },
                    { "version", "string" },
                    { "chainId", "uint256" },
                    { "verifyingContract", "address" },
                    { "salt", "bytes32" } };
    for (size_t i = 0; i < domain->count; i++) {
        const member *m = &set->members[domain->begin + i];
        bool found = false;
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(allowed) && !found; k++) {
            found = slice_is(m->name, allowed[k].name) && slice_is(m->type, allowed[k].type);
        }
        if (!found) {
            return refuse(why, "domain", "a domain has no such member, or it has another type");
        }
    }
    return domain->count > 0 || refuse(why, "domain", "the domain is empty");
}

/* The domain's name without its quotes, as it stands in the text. */
static chaos_slice name_of(chaos_slice domain)
{
    json j;
    chaos_slice key, raw = slice("", 0), name = slice("", 0);
    json_begin(&j, domain, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(&j, "domain");
    while (json_key(&j, &key)) {
        json_skip(&j, "domain", &raw);
        if (slice_is(key, "name") && raw.size >= 2) {
            name = slice(raw.data + 1, raw.size - 2);
        }
    }
    return name;
}

static bool digest_of(type_set *set, const request *r, chaos_keccak *out, fault *why)
{
    uint8_t whole[2 + 2 * WORD] = { 0x19, 0x01 };
    chaos_keccak separator, message;
    for (size_t i = 0; i < set->count; i++) {
        if (!check_type(set, &set->types[i], why)) {
            return false;
        }
    }
    const struct_type *domain = find_type(set, slice_text("EIP712Domain"));
    if (domain == NULL) {
        return refuse(why, "types", "the type EIP712Domain is missing");
    }
    if (find_type(set, r->primary_type) == NULL || slice_is(r->primary_type, "EIP712Domain")) {
        return refuse(why, "primaryType", "the primary type is not one of the types");
    }
    if (!check_domain_type(set, domain, why) ||
        !hash_struct(set, slice_text("EIP712Domain"), r->domain, "domain", &separator, why) ||
        !hash_struct(set, r->primary_type, r->message, "message", &message, why)) {
        return false;
    }
    memcpy(whole + 2, separator.bytes, WORD);
    memcpy(whole + 2 + WORD, message.bytes, WORD);
    *out = hash_keccak(slice(whole, sizeof whole));
    return true;
}

bool typed_data_digest(chaos_slice text, chaos_keccak *out, chaos_slice *domain_name, fault *why)
{
    request r = { 0 };
    if (text.size > CHAOS_MAX_TYPED_DATA) {
        return refuse(why, "typed data", "more than 256 KiB");
    }
    if (!read_request(text, &r, why)) {
        return false;
    }
    type_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return no_memory(why);
    }
    bool ok = read_types(r.types, set, why) && digest_of(set, &r, out, why);
    free(set);
    if (ok && domain_name != NULL) {
        *domain_name = name_of(r.domain);
    }
    return ok;
}
