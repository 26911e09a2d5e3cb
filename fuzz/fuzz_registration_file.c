/* fuzz_registration_file.c - what is read of anybody's registration file is written as a file that reads the same. */
#include <chaoschain/erc8004.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void require_same_text(const char *a, const char *b)
{
    require((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

static void require_same(const chaos_registration_fields *a, const chaos_registration_fields *b)
{
    require_same_text(a->name, b->name);
    require_same_text(a->description, b->description);
    require_same_text(a->image, b->image);
    require(a->active == b->active && a->x402_support == b->x402_support);
    require(a->service_count == b->service_count && a->registration_count == b->registration_count);
    require(a->supported_trust_count == b->supported_trust_count);
    for (size_t i = 0; i < a->service_count; i++) {
        require_same_text(a->services[i].name, b->services[i].name);
        require_same_text(a->services[i].endpoint, b->services[i].endpoint);
        require_same_text(a->services[i].version, b->services[i].version);
    }
    for (size_t i = 0; i < a->registration_count; i++) {
        const chaos_registration *r = &a->registrations[i], *s = &b->registrations[i];
        require(r->chain_id == s->chain_id && memcmp(&r->agent_id, &s->agent_id, sizeof r->agent_id) == 0);
        require(memcmp(&r->identity_registry, &s->identity_registry, sizeof r->identity_registry) == 0);
    }
    for (size_t i = 0; i < a->supported_trust_count; i++) {
        require_same_text(a->supported_trust[i], b->supported_trust[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(text, 2 * CHAOS_MAX_REGISTRATION_FILE);
    chaos_registration_file *file = NULL, *again = NULL;
    chaos_error err = { 0 };
    if (chaos_registration_file_parse(slice(data, size), &file, &err) != CHAOS_OK) {
        require(err.status != CHAOS_OK && err.field != NULL && file == NULL);
        return 0;
    }
    const chaos_registration_fields *fields = chaos_registration_file_fields(file);
    require(fields->name[0] != '\0');
    /* Ids given as text may be no JSON integers, and a member that was not given may make the file too large. */
    if (chaos_registration_file_write(fields, &text, &err) == CHAOS_OK) {
        require(chaos_registration_file_parse(buffer_slice(&text), &again, &err) == CHAOS_OK);
        require_same(fields, chaos_registration_file_fields(again));
    } else {
        require(err.status == CHAOS_E_USAGE || err.status == CHAOS_E_LIMIT);
    }
    chaos_registration_file_free(again);
    chaos_registration_file_free(file);
    return 0;
}
