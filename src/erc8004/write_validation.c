/* write_validation.c - requests, whose hash is one key for all agents, and answers, which are given once. */
#include "erc8004/erc8004.h"

#define VALIDATION CHAOS_REGISTRY_VALIDATION
#define MAX_TAG 1024u

/* Is the request there, and as we want it? NOT_FOUND: nobody has made it. */
static chaos_status find_request(const registry_write *write, const chaos_address *validator,
                                 const chaos_u256 *agent_id, const chaos_keccak *request_hash, chaos_error *err)
{
    chaos_validation there;
    char owner[CHAOS_ADDRESS_TEXT_SIZE], id[CHAOS_U256_TEXT_SIZE];
    CHAOS_TRY(chaos_validation_status(write->registries, request_hash, NULL, &there, NULL, err));
    if (memcmp(there.validator.bytes, validator->bytes, sizeof validator->bytes) == 0 &&
        memcmp(there.agent_id.bytes, agent_id->bytes, sizeof agent_id->bytes) == 0) {
        return CHAOS_OK;
    }
    chaos_address_format(&there.validator, owner);
    chaos_u256_format(&there.agent_id, id);
    (void)error_set(err, CHAOS_E_REVERTED, "requestHash", CHAOS_NO_OFFSET,
                    "this request hash is taken by another request: somebody was faster, or it was made of too little");
    error_expected(err, "a new one, or ours");
    error_found(err, "validator %s, agent %.20s", owner, id);
    return CHAOS_E_REVERTED;
}

chaos_status chaos_validation_request(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_address *validator, const chaos_u256 *agent_id, const char *uri,
                                      const chaos_keccak *request_hash, chaos_outcome *outcome, chaos_error *err)
{
    registry_write write = { registries, sender, intent, VALIDATION };
    bool begun = false;
    CHAOS_TRY(write_begin(&write, err));
    if (validator == NULL || agent_id == NULL || uri == NULL || request_hash == NULL) {
        return usage(err, "request", "no argument but the outcome may be NULL");
    }
    CHAOS_TRY(write_is_begun(&write, &begun, err));
    chaos_error why = { .status = CHAOS_OK };
    chaos_status there = begun ? CHAOS_E_NOT_FOUND : find_request(&write, validator, agent_id, request_hash, &why);
    if (there == CHAOS_OK) {
        write_nothing(outcome);
        return CHAOS_OK;
    }
    if (there != CHAOS_E_NOT_FOUND) {
        if (err != NULL) {
            *err = why;
        }
        return there;
    }
    return write_send(&write, "validationRequest(address,uint256,string,bytes32)",
                      ARGUMENTS(arg_address(validator), arg_u256(agent_id), arg_text(uri), arg_hash(request_hash)),
                      outcome, err);
}

static chaos_status another_answer(const chaos_validation *there, chaos_slice tag, chaos_error *err)
{
    char quoted[40];
    (void)error_set(err, CHAOS_E_USAGE, "response", CHAOS_NO_OFFSET,
                    "this request has another answer already: a validator answers once");
    error_expected(err, "no answer, or this one");
    error_found(err, "%u, tag \"%s\"", there->response, error_quote(quoted, sizeof quoted, tag));
    return CHAOS_E_USAGE;
}

/* *done: this very answer is there. */
static chaos_status check_answer(const registry_write *write, const chaos_keccak *request_hash, uint8_t response,
                                 const chaos_keccak *response_hash, const char *wanted_tag, bool *done,
                                 chaos_error *err)
{
    chaos_validation there;
    CHAOS_AUTO_BUFFER(tag, MAX_TAG);
    chaos_slice wanted = slice_text(wanted_tag == NULL ? "" : wanted_tag);
    CHAOS_TRY(chaos_validation_status(write->registries, request_hash, NULL, &there, &tag, err));
    chaos_address sender = chaos_sender_address(write->sender);
    if (memcmp(sender.bytes, there.validator.bytes, sizeof sender.bytes) != 0) {
        char expected[CHAOS_ADDRESS_TEXT_SIZE], found[CHAOS_ADDRESS_TEXT_SIZE];
        chaos_address_format(&there.validator, expected);
        chaos_address_format(&sender, found);
        (void)error_set(err, CHAOS_E_REVERTED, "validatorAddress", CHAOS_NO_OFFSET,
                        "the sender is not the validator of this request");
        error_expected(err, "%s", expected);
        error_found(err, "%s", found);
        return CHAOS_E_REVERTED;
    }
    *done = there.is_answered;
    bool same = there.response == response && slice_equal(buffer_slice(&tag), wanted) &&
                memcmp(there.response_hash.bytes, response_hash->bytes, sizeof response_hash->bytes) == 0;
    if (there.is_answered && !same) {
        return another_answer(&there, buffer_slice(&tag), err);
    }
    return CHAOS_OK;
}

chaos_status chaos_validation_respond(const chaos_registries *registries, chaos_sender *sender, const char *intent,
                                      const chaos_keccak *request_hash, uint8_t response, const char *uri,
                                      const chaos_keccak *response_hash, const char *tag, chaos_outcome *outcome,
                                      chaos_error *err)
{
    registry_write write = { registries, sender, intent, VALIDATION };
    bool begun = false, done = false;
    CHAOS_TRY(write_begin(&write, err));
    if (request_hash == NULL || response_hash == NULL || response > 100) {
        return usage(err, "response", "hashes may not be NULL, and a response is 0 to 100");
    }
    CHAOS_TRY(write_is_begun(&write, &begun, err));
    if (!begun) {
        CHAOS_TRY(check_answer(&write, request_hash, response, response_hash, tag, &done, err));
    }
    if (done) {
        write_nothing(outcome);
        return CHAOS_OK;
    }
    return write_send(&write, "validationResponse(bytes32,uint8,string,bytes32,string)",
                      ARGUMENTS(arg_hash(request_hash), arg_number(response), arg_text(uri), arg_hash(response_hash),
                                arg_text(tag)),
                      outcome, err);
}
