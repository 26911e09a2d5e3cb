/* typed_types.c - the schema of typed data: the struct types, what may not be one, and encodeType.
 *
 * A type that no one refers to is read and checked like the others and then plays no part: one set of types for
 * several messages is usual. A type may hold itself in an array without a number (EIP-712 supports recursive types);
 * one that holds itself otherwise has no value that ends, and is refused. */
#include "wire/typed.h"

void typed_refuse(json *j, const typed_set *set, const char *field, chaos_slice place, const char *reason)
{
    rd_fail(&j->r, j->bad_value, field, (size_t)(place.data - set->text.data), reason);
}

/* --------------------------------------------------------------- reading ---- */

static bool is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || c == '_' || c == '$';
}

static bool is_identifier(chaos_slice text)
{
    bool ok = text.size > 0 && is_letter(text.data[0]);
    for (size_t i = 1; ok && i < text.size; i++) {
        ok = is_letter(text.data[i]) || (text.data[i] >= '0' && text.data[i] <= '9');
    }
    return ok;
}

typed_struct *typed_find(typed_set *set, chaos_slice name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (slice_equal(set->types[i].name, name)) {
            return &set->types[i];
        }
    }
    return NULL;
}

static void read_member(json *j, typed_member *out)
{
    chaos_slice key;
    bool has_name = false, has_type = false;
    json_enter_object(j, "types");
    while (json_key(j, &key)) {
        if (slice_is(key, "name")) {
            out->name = json_plain_string(j, "types");
            has_name = true;
        } else if (slice_is(key, "type")) {
            out->type = json_plain_string(j, "types");
            has_type = true;
        } else {
            json_refuse(j, "types", "a member has a name and a type, and nothing else");
        }
    }
    if (!has_name || !has_type) {
        json_refuse(j, "types", "a member has a name and a type");
    }
}

static void read_type(json *j, typed_set *set, chaos_slice name)
{
    typed_struct *type = &set->types[set->count++];
    *type = (typed_struct){ .name = name, .members = &set->members[set->member_count] };
    json_enter_array(j, "types");
    while (json_element(j)) {
        if (type->count == TYPED_MAX_MEMBERS || set->member_count == TYPED_MAX_ALL_MEMBERS) {
            json_refuse(j, "types", "too many members");
            return;
        }
        typed_member *member = &set->members[set->member_count++];
        *member = (typed_member){ .name = slice(j->r.cur, 0), .type = slice(j->r.cur, 0) };
        read_member(j, member);
        type->count++;
    }
}

static void read_types(json *j, typed_set *set)
{
    chaos_slice key;
    set->count = 0;
    set->member_count = 0;
    json_enter_object(j, "types");
    while (json_key(j, &key)) {
        if (set->count == TYPED_MAX_TYPES) {
            json_refuse(j, "types", "too many types");
            return;
        }
        read_type(j, set, key);
    }
}

/* -------------------------------------------------------------- checking ---- */

static void check_member(json *j, typed_set *set, typed_member *member)
{
    chaos_slice base = member->type, element;
    size_t count;
    bool wrong;
    while (type_is_array(base, &element, &count, &wrong)) {
        member->may_be_empty = member->may_be_empty || count == 0;
        base = element;
    }
    if (!is_identifier(member->name)) {
        typed_refuse(j, set, "types", member->name, "a member's name is no identifier");
    }
    member->value = elementary_of(base);
    if (member->value.kind == ELEMENTARY_NONE) {
        member->target = typed_find(set, base);
        if (member->target == NULL) {
            typed_refuse(j, set, "types", member->type, "a member has a type that is not known");
        }
    }
    member->is_array = base.size != member->type.size;
}

static void check_type(json *j, typed_set *set, const typed_struct *type)
{
    if (!is_identifier(type->name)) {
        typed_refuse(j, set, "types", type->name, "a type's name is no identifier");
    }
    if (elementary_is_reserved(type->name)) {
        typed_refuse(j, set, "types", type->name, "a struct has the name of an elementary type");
    }
    for (size_t i = 0; i < type->count && json_ok(j); i++) {
        check_member(j, set, &type->members[i]);
        for (size_t k = 0; k < i; k++) {
            if (slice_equal(type->members[i].name, type->members[k].name)) {
                typed_refuse(j, set, "types", type->members[i].name, "a type has a member twice");
            }
        }
    }
}

static bool has_end(const typed_struct *type)
{
    for (size_t i = 0; i < type->count; i++) {
        const typed_member *member = &type->members[i];
        if (member->target != NULL && !member->may_be_empty && !member->target->ends) {
            return false;
        }
    }
    return true;
}

/* Types that hold only types that end, end; what is left when no more are found holds itself. */
static void check_ends(json *j, typed_set *set)
{
    size_t left = set->count;
    for (bool found = true; found && left > 0;) {
        found = false;
        for (size_t i = 0; i < set->count; i++) {
            if (!set->types[i].ends && has_end(&set->types[i])) {
                set->types[i].ends = true;
                found = true;
                left--;
            }
        }
    }
    for (size_t i = 0; left > 0 && i < set->count; i++) {
        if (!set->types[i].ends) {
            typed_refuse(j, set, "types", set->types[i].name, "a type holds itself, so no value of it ends");
            return;
        }
    }
}

void typed_types_read(json *j, typed_set *set)
{
    read_types(j, set);
    for (size_t i = 0; i < set->count && json_ok(j); i++) {
        check_type(j, set, &set->types[i]);
    }
    if (json_ok(j)) {
        check_ends(j, set);
    }
}

/* ------------------------------------------------------------- encodeType ---- */

static int order(chaos_slice a, chaos_slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int by_bytes = memcmp(a.data, b.data, size);
    return by_bytes != 0 ? by_bytes : (a.size > b.size) - (a.size < b.size);
}

static uint8_t *put(uint8_t *at, chaos_slice text, char after)
{
    memcpy(at, text.data, text.size);
    at[text.size] = (uint8_t)after;
    return at + text.size + 1;
}

/* "Name(type name,type name)" */
static bool append_type(const typed_struct *type, chaos_buffer *out)
{
    size_t size = type->name.size + 1 + (type->count == 0 ? 1 : 0);
    for (size_t i = 0; i < type->count; i++) {
        size += type->members[i].type.size + 1 + type->members[i].name.size + 1;
    }
    uint8_t *at = buffer_reserve(out, size);
    if (at == NULL) {
        return false;
    }
    at = put(at, type->name, '(');
    for (size_t i = 0; i < type->count; i++) {
        at = put(at, type->members[i].type, ' ');
        at = put(at, type->members[i].name, i + 1 == type->count ? ')' : ',');
    }
    if (type->count == 0) {
        *at = ')';
    }
    out->size += size;
    return true;
}

static bool is_listed(typed_struct *const *list, size_t count, const typed_struct *type)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

/* Every struct type that `from` refers to, itself first, the others in the order of their names. */
static size_t referred(typed_struct *from, typed_struct *list[TYPED_MAX_TYPES])
{
    size_t count = 1;
    list[0] = from;
    for (size_t done = 0; done < count; done++) {
        for (size_t i = 0; i < list[done]->count; i++) {
            typed_struct *target = list[done]->members[i].target;
            if (target != NULL && !is_listed(list, count, target)) {
                list[count++] = target;
            }
        }
    }
    for (size_t i = 2; i < count; i++) { /* insertion; there are at most 64 */
        for (size_t k = i; k > 1 && order(list[k]->name, list[k - 1]->name) < 0; k--) {
            typed_struct *moved = list[k];
            list[k] = list[k - 1];
            list[k - 1] = moved;
        }
    }
    return count;
}

void typed_type_hash(json *j, typed_set *set, typed_struct *type)
{
    CHAOS_AUTO_BUFFER(text, TYPED_MAX_TYPE_TEXT);
    typed_struct *list[TYPED_MAX_TYPES];
    if (type->has_hash) {
        return;
    }
    if (buffer_reserve(&text, text.limit) == NULL) { /* so that what fails below is the limit, and not memory */
        rd_fail(&j->r, CHAOS_E_MEMORY, "types", rd_offset(&j->r), NULL);
        return;
    }
    size_t count = referred(type, list);
    for (size_t i = 0; i < count; i++) {
        if (!append_type(list[i], &text)) {
            typed_refuse(j, set, "types", type->name, "the types are too long");
            return;
        }
    }
    type->hash = hash_keccak(buffer_slice(&text));
    type->has_hash = true;
}
