/* typed_data.c - EIP-712: the digest of typed structured data, from the JSON of eth_signTypedData_v4.
 *
 * Strict, because a person or a program is shown these data before a key signs them: every member that a type has is
 * there, none that it has not, every value fits its type. The schema is read in typed_types.c, the values are hashed
 * in typed_values.c. */
#include "wire/typed.h"

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
static bool check_domain_type(const typed_set *set, const typed_struct *domain, fault *why)
{
    static const struct {
        const char *name, *type;
    } allowed[] = { { "name", "string" },
                    { "version", "string" },
                    { "chainId", "uint256" },
                    { "verifyingContract", "address" },
                    { "salt", "bytes32" } };
    for (size_t i = 0; i < domain->count; i++) {
        const typed_member *member = &domain->members[i];
        bool found = false;
        for (size_t k = 0; k < CHAOS_ARRAY_SIZE(allowed) && !found; k++) {
            found = slice_is(member->name, allowed[k].name) && slice_is(member->type, allowed[k].type);
        }
        if (!found) {
            return typed_refuse(set, why, "domain", member->name,
                                "a domain has no such member, or it has another type");
        }
    }
    return domain->count > 0 || typed_refuse(set, why, "domain", domain->name, "the domain is empty");
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

static bool digest_of(typed_set *set, const request *r, chaos_keccak *out, fault *why)
{
    uint8_t whole[2 + 2 * ABI_WORD] = { 0x19, 0x01 };
    chaos_keccak separator, message;
    typed_struct *domain = typed_find(set, slice_text("EIP712Domain"));
    typed_struct *primary = typed_find(set, r->primary_type);
    if (domain == NULL) {
        return typed_refuse(set, why, "types", r->types, "the type EIP712Domain is missing");
    }
    if (primary == NULL || primary == domain) {
        return typed_refuse(set, why, "primaryType", r->primary_type, "the primary type is not one of the types");
    }
    if (!check_domain_type(set, domain, why) ||
        !typed_hash_struct(set, domain, r->domain, "domain", &separator, why) ||
        !typed_hash_struct(set, primary, r->message, "message", &message, why)) {
        return false;
    }
    memcpy(whole + 2, separator.bytes, ABI_WORD);
    memcpy(whole + 2 + ABI_WORD, message.bytes, ABI_WORD);
    *out = hash_keccak(slice(whole, sizeof whole));
    return true;
}

bool typed_data_digest(chaos_slice text, chaos_keccak *out, chaos_slice *domain_name, fault *why)
{
    request r = { 0 };
    if (text.size > CHAOS_MAX_TYPED_DATA) {
        return fault_set(why, CHAOS_E_TYPED_DATA_FORMAT, "typed data", CHAOS_NO_OFFSET, "more than 256 KiB");
    }
    if (!read_request(text, &r, why)) {
        return false;
    }
    typed_set *set = malloc(sizeof *set); /* what is counted in it is written before it is read */
    if (set == NULL) {
        return fault_set(why, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    set->text = text;
    bool ok = typed_types_read(r.types, set, why) && digest_of(set, &r, out, why);
    free(set);
    if (ok && domain_name != NULL) {
        *domain_name = name_of(r.domain);
    }
    return ok;
}
