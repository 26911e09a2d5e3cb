/* fuzz_request_file.c - a request file that is read is written as a text that reads the same. */
#include <chaoschain/erc8004.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void require_same(const chaos_request_fields *a, const chaos_request_fields *b)
{
    require(a->chain_id == b->chain_id && a->created_at == b->created_at && a->content_count == b->content_count);
    require(memcmp(&a->identity_registry, &b->identity_registry, sizeof a->identity_registry) == 0);
    require(memcmp(&a->agent_id, &b->agent_id, sizeof a->agent_id) == 0);
    require(memcmp(&a->validator, &b->validator, sizeof a->validator) == 0);
    require(memcmp(&a->nonce, &b->nonce, sizeof a->nonce) == 0 && strcmp(a->evidence_uri, b->evidence_uri) == 0);
    for (size_t i = 0; i < a->content_count; i++) {
        require(strcmp(a->content[i].name, b->content[i].name) == 0);
        require(strcmp(a->content[i].uri, b->content[i].uri) == 0);
        require(memcmp(&a->content[i].hash, &b->content[i].hash, sizeof a->content[i].hash) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_REQUEST_FILE);
    chaos_request_file *file = NULL, *again = NULL;
    chaos_error err = { 0 };
    if (chaos_request_file_parse(slice(data, size), &file, &err) != CHAOS_OK) {
        require(err.status != CHAOS_OK && err.field != NULL && file == NULL);
        return 0;
    }
    require(chaos_request_file_write(chaos_request_file_fields(file), &text, &err) == CHAOS_OK);
    require(text.size <= size); /* the text of the writer is the shortest */
    require(chaos_request_file_parse(buffer_slice(&text), &again, &err) == CHAOS_OK);
    require_same(chaos_request_file_fields(file), chaos_request_file_fields(again));
    chaos_request_file_free(again);
    chaos_request_file_free(file);
    return 0;
}
