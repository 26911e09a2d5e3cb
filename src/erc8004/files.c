/* files.c - see files.h; and the names of identity registries. */
#include "erc8004/files.h"

#include <chaoschain/evidence.h>

#include <inttypes.h>
#include <stdio.h>

/* ------------------------------------------------------ registries' names ---- */

static const char name_prefix[] = "eip155:";

bool registry_name_read(chaos_slice text, uint64_t *chain_id, chaos_address *registry)
{
    const size_t prefix = sizeof name_prefix - 1;
    char address[CHAOS_ADDRESS_TEXT_SIZE] = "";
    chaos_address read_registry;
    chaos_u256 number;
    uint64_t chain = 0;
    if (text.size >= CHAOS_REGISTRY_NAME_SIZE || text.size <= prefix || memcmp(text.data, name_prefix, prefix) != 0) {
        return false;
    }
    chaos_slice rest = slice(text.data + prefix, text.size - prefix);
    const uint8_t *colon = memchr(rest.data, ':', rest.size);
    if (colon == NULL || rest.data + rest.size - colon != sizeof address) {
        return false;
    }
    memcpy(address, colon + 1, sizeof address - 1);
    if (!decimal_u256(slice(rest.data, (size_t)(colon - rest.data)), &number) || !chaos_u256_to(&number, &chain) ||
        chain == 0 || chaos_address_parse(address, &read_registry, NULL) != CHAOS_OK) {
        return false;
    }
    *chain_id = chain;
    *registry = read_registry;
    return true;
}

chaos_status chaos_registry_name_parse(const char *text, uint64_t *chain_id, chaos_address *registry,
                                       chaos_error *err)
{
    char quoted[CHAOS_REGISTRY_NAME_SIZE];
    if (text == NULL || chain_id == NULL || registry == NULL) {
        return error_set(err, CHAOS_E_USAGE, "agent_registry", CHAOS_NO_OFFSET, "no argument may be NULL");
    }
    chaos_slice given = slice(text, strnlen(text, CHAOS_REGISTRY_NAME_SIZE));
    if (registry_name_read(given, chain_id, registry)) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_USAGE, "agent_registry", CHAOS_NO_OFFSET, "this is no name of an identity registry");
    error_expected(err, "eip155:CHAIN:0xREGISTRY");
    error_found(err, "%s", error_quote(quoted, sizeof quoted, given));
    return CHAOS_E_USAGE;
}

void chaos_registry_name_format(uint64_t chain_id, const chaos_address *registry,
                                char text[CHAOS_REGISTRY_NAME_SIZE])
{
    char digits[2 * sizeof registry->bytes];
    hex_encode(slice(registry->bytes, sizeof registry->bytes), digits);
    (void)snprintf(text, CHAOS_REGISTRY_NAME_SIZE, "%s%" PRIu64 ":0x%.*s", name_prefix, chain_id, (int)sizeof digits,
                   digits);
}

/* --------------------------------------------------------------- reading ---- */

bool file_storage(chaos_buffer *storage, size_t json_size)
{
    /* A string takes two quotes in the JSON and one NUL here, so all of them fit. */
    *storage = (chaos_buffer)CHAOS_BUFFER_INIT(json_size + 1);
    return buffer_reserve(storage, json_size + 1) != NULL;
}

const char *file_text(json *j, const char *field, size_t min, size_t max, chaos_buffer *storage)
{
    static const uint8_t nul = 0;
    chaos_slice text = json_decoded_string(j, field, storage);
    if (text.size < min || text.size > max) {
        json_bad(j, text.size < min ? "an empty text" : "a longer text than there may be");
    }
    if (!json_ok(j)) {
        return "";
    }
    const char *begin = (const char *)storage->data + storage->size - text.size;
    rd_expect(&j->r, buffer_append(storage, slice(&nul, 1)), CHAOS_E_MEMORY, NULL);
    return json_ok(j) ? begin : "";
}

const char *file_uri(json *j, const char *field, size_t min, size_t max, chaos_buffer *storage)
{
    const char *uri = file_text(j, field, min, max, storage);
    for (const char *c = uri; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            json_bad(j, "a URI is printable ASCII without spaces");
            return "";
        }
    }
    return uri;
}

size_t file_key(const char *const *keys, size_t count, chaos_slice key)
{
    size_t which = 0;
    while (which < count && !slice_is(key, keys[which])) {
        which++;
    }
    return which;
}

/* --------------------------------------------------------------- writing ---- */

chaos_status file_written(const json_writer *w, const char *field, chaos_error *err)
{
    chaos_status status = json_writer_status(w);
    if (status == CHAOS_E_INTERNAL) {
        return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "a number is not below 2^53");
    }
    return status == CHAOS_OK ? CHAOS_OK : error_set(err, status, field, CHAOS_NO_OFFSET, NULL);
}

chaos_status file_refused(chaos_status status, chaos_error *err)
{
    if (chaos_status_class(status) != CHAOS_CLASS_FORMAT) {
        return status;
    }
    if (err != NULL) {
        err->status = CHAOS_E_USAGE;
        err->offset = CHAOS_NO_OFFSET; /* it counts in a text that the caller has not seen */
    }
    return CHAOS_E_USAGE;
}
