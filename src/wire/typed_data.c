/* typed_data.c - EIP-712: the digest of typed structured data, from the JSON of eth_signTypedData_v4.
 *
 * Strict, because a person or a program is shown these data before a key signs them: every member that a type has is
 * there, none that it has not, every value fits its type. The schema is read in typed_types.c, the values are hashed
 * in typed_values.c. */
#include "wire/typed.h"

/* A value is hashed where it stands when what it needs stands before it, and later otherwise. */
typedef struct part {
    chaos_slice raw; /* data NULL: not seen yet */
    bool hashed;
    chaos_keccak hash;
} part;

typedef struct request {
    typed_set set;
    bool has_types;
    chaos_slice types, primary_type; /* where they stand */
    part domain, message;
} request;

/* The members that a domain may have, with their types. */
static const struct {
    const char *name, *type;
} domain_members[] = { { "name", "string" },
                       { "version", "string" },
                       { "chainId", "uint256" },
                       { "verifyingContract", "address" },
                       { "salt", "bytes32" } };
enum {
    USUAL_MEMBERS = 4 /* the first four: what domain_type_hash is of */
};

/* The member's place in the table; its end: there is none like it. */
static size_t find_domain_member(const typed_member *member)
{
    size_t i = 0;
    while (i < CHAOS_ARRAY_SIZE(domain_members) &&
           !(slice_is(member->name, domain_members[i].name) && slice_is(member->type, domain_members[i].type))) {
        i++;
    }
    return i;
}

static void check_domain_type(json *j, const typed_set *set, typed_struct *domain)
{
    bool is_usual = domain->count == USUAL_MEMBERS;
    for (size_t i = 0; i < domain->count; i++) {
        const typed_member *member = &domain->members[i];
        size_t place = find_domain_member(member);
        if (place == CHAOS_ARRAY_SIZE(domain_members)) {
            typed_refuse(j, set, "domain", member->name, "a domain has no such member, or it has another type");
        }
        is_usual = is_usual && place == i;
    }
    if (domain->count == 0) {
        typed_refuse(j, set, "domain", domain->name, "the domain is empty");
    }
    if (is_usual) { /* spares a Keccak of the nine or so that typed data need */
        domain->has_hash = true;
        domain->hash = domain_type_hash;
    }
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

static void hash_domain(json *j, request *r)
{
    typed_struct *type = typed_find(&r->set, slice_text("EIP712Domain"));
    if (type == NULL) {
        typed_refuse(j, &r->set, "types", r->types, "the type EIP712Domain is missing");
        return;
    }
    check_domain_type(j, &r->set, type);
    typed_hash_struct(j, &r->set, type, "domain", &r->domain.hash);
    r->domain.hashed = true;
}

static void hash_message(json *j, request *r)
{
    typed_struct *type = typed_find(&r->set, r->primary_type);
    if (type == NULL || slice_is(r->primary_type, "EIP712Domain")) {
        typed_refuse(j, &r->set, "primaryType", r->primary_type, "the primary type is not one of the types");
        return;
    }
    typed_hash_struct(j, &r->set, type, "message", &r->message.hash);
    r->message.hashed = true;
}

static void read_part(json *j, request *r, part *out, bool is_ready, void (*hash)(json *j, request *r),
                      const char *field)
{
    if (!is_ready) {
        json_skip(j, field, &out->raw);
        return;
    }
    (void)json_peek(j); /* to its begin */
    const uint8_t *begin = j->r.cur;
    hash(j, r);
    out->raw = slice(begin, (size_t)(j->r.cur - begin));
}

static void read_member(json *j, request *r, chaos_slice key)
{
    if (slice_is(key, "types")) {
        r->types = slice(j->r.cur, 0);
        typed_types_read(j, &r->set);
        r->has_types = true;
    } else if (slice_is(key, "primaryType")) {
        r->primary_type = json_plain_string(j, "primaryType");
    } else if (slice_is(key, "domain")) {
        read_part(j, r, &r->domain, r->has_types, hash_domain, "domain");
    } else if (slice_is(key, "message")) {
        read_part(j, r, &r->message, r->has_types && r->primary_type.data != NULL, hash_message, "message");
    } else {
        json_refuse(j, "typed data", "a member that typed data do not have");
    }
}

/* What had to wait; the reader begins anew at the value. */
static void hash_later(json *j, request *r, part *waiting, void (*hash)(json *j, request *r))
{
    if (!json_ok(j) || waiting->hashed) {
        return;
    }
    json_begin(j, waiting->raw, CHAOS_E_TYPED_DATA_FORMAT);
    j->r.base = r->set.text.data; /* offsets stay those of the whole */
    hash(j, r);
    json_end(j);
}

static void read_request(json *j, request *r)
{
    chaos_slice key;
    json_begin(j, r->set.text, CHAOS_E_TYPED_DATA_FORMAT);
    json_enter_object(j, "typed data");
    while (json_key(j, &key)) {
        read_member(j, r, key);
    }
    json_require(j, r->has_types, "types");
    json_require(j, r->primary_type.data != NULL, "primaryType");
    json_require(j, r->domain.raw.data != NULL, "domain");
    json_require(j, r->message.raw.data != NULL, "message");
    json_end(j);
    hash_later(j, r, &r->domain, hash_domain);
    hash_later(j, r, &r->message, hash_message);
}

bool typed_data_digest(chaos_slice text, chaos_keccak *out, chaos_slice *domain_name, fault *why)
{
    uint8_t whole[2 + 2 * ABI_WORD] = { 0x19, 0x01 };
    if (text.size > CHAOS_MAX_TYPED_DATA) {
        return fault_set(why, CHAOS_E_TYPED_DATA_FORMAT, "typed data", CHAOS_NO_OFFSET, "more than 256 KiB");
    }
    struct {
        json j;
        request r;
    } *work = malloc(sizeof *work); /* 30 KiB, of which little is used */
    if (work == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    request *r = &work->r;
    r->set.text = text;
    r->has_types = false;
    r->primary_type = r->types = slice(NULL, 0);
    r->domain = r->message = (part){ 0 };
    read_request(&work->j, r);
    *why = work->j.r.why;
    bool ok = json_ok(&work->j);
    if (ok) {
        memcpy(whole + 2, r->domain.hash.bytes, ABI_WORD);
        memcpy(whole + 2 + ABI_WORD, r->message.hash.bytes, ABI_WORD);
        *out = hash_keccak(slice(whole, sizeof whole));
        if (domain_name != NULL) {
            *domain_name = name_of(r->domain.raw);
        }
    }
    free(work);
    return ok;
}
