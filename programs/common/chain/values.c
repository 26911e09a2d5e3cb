/* values.c - what the commands read from their command line, and what they say when it is wrong. */
#include "programs/common/chain/chain.h"

#include "crypto/crypto.h"

#include <stdio.h>
#include <unistd.h>

#define DATA_PREFIX "data:application/json;base64,"

int chain_exit(chaos_status status)
{
    switch ((int)status) {
    case CHAOS_E_FUNDS:
        return EXIT_FUNDS;
    case CHAOS_E_REGISTRY:
        return EXIT_REGISTRIES;
    default:
        return exit_of_status(status);
    }
}

static const struct {
    chaos_status status;
    const char *next;
} advice[] = {
    { CHAOS_E_FUNDS, "send ether to the account, then repeat the command; nothing was sent" },
    { CHAOS_E_REGISTRY, "'chaoschain chain doctor' with the same options says which registry is what" },
    { CHAOS_E_CHAIN_ID, "give the --rpc of a node of the network, or the --network of the node" },
    { CHAOS_E_NETWORK, "is the node running? --rpc URL names another one" },
    { CHAOS_E_NODE, "is this the URL of a node, and may you use it now? --rpc URL names another one" },
    { CHAOS_E_TIMEOUT, "try again, or name another node with --rpc URL" },
    { CHAOS_E_UNCONFIRMED, "repeat the command: it goes on where it is, and sends nothing twice" },
    { CHAOS_E_FEE_LIMIT, "wait until the chain is cheaper, or allow more with --max-fee GWEI" },
    { CHAOS_E_NONCE_TAKEN, "use an account that nothing else sends with, or repeat the command" },
    { CHAOS_E_LOCKED, "wait for the other process, then repeat the command" },
    { CHAOS_E_STORE, "is there room on its disk, and may this user write to it and to its folder?" },
    { CHAOS_E_REORGANISED, "repeat the command" },
    { CHAOS_E_RECEIPT_HEAD, "give the newest copy of the agent's store; an older one would sign a sequence twice" },
    { CHAOS_E_TEE_UNAVAILABLE, "'chaoschain providers' says which TEEs this machine has, and why not the others" },
    { CHAOS_E_PASSPHRASE, "try again; a keystore cannot be opened without its passphrase" },
};

int chain_fault(const char *program, const chaos_error *err)
{
    int code = chain_exit(err->status);
    if (err->status == CHAOS_E_PROVIDER_MISSING) { /* two lines as they are: what is missing, how to install it */
        if (!say_text(STDERR_FILENO, err->text) || !say_text(STDERR_FILENO, "\n")) {
            return code; /* nobody is listening; the exit code still says it */
        }
        return code;
    }
    (void)say_fault(program, code, err);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(advice); i++) {
        if (advice[i].status == err->status) {
            char line[256];
            (void)snprintf(line, sizeof line, "%s: %s\n", program, advice[i].next);
            if (!say_text(STDERR_FILENO, line)) {
                return code;
            }
        }
    }
    return code;
}

int session_fault(const chain_session *s, const chaos_error *err)
{
    return s->said != 0 ? s->said : chain_fault(s->program, err);
}

chaos_status usage_error(chaos_error *err, const char *option, const char *value, const char *wanted)
{
    (void)error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "'%s' is not possible", shown(value).text);
    error_expected(err, "%s", wanted);
    return CHAOS_E_USAGE;
}

chaos_status no_memory(chaos_error *err)
{
    return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status hash_of_file(const char *option, const char *path, size_t limit, chaos_keccak *hash, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, 0);
    CHAOS_TRY(input_read(option, path, limit, &bytes, err));
    if (bytes.size > limit) {
        return error_set(err, CHAOS_E_USAGE, option, CHAOS_NO_OFFSET, "the file has more than %zu bytes", limit);
    }
    *hash = hash_keccak(buffer_slice(&bytes));
    return CHAOS_OK;
}

chaos_status read_hash(const char *option, const char *text, chaos_keccak *hash, chaos_error *err)
{
    return value_hex(text, hash->bytes, sizeof hash->bytes)
               ? CHAOS_OK
               : usage_error(err, option, text, "0x and 64 hex digits");
}

chaos_status read_count(const options *o, size_t row, const char *option, uint64_t max, uint64_t *out,
                        chaos_error *err)
{
    const char *text = options_value(o, row, 0);
    if (text == NULL || value_unsigned(text, max, out)) {
        return CHAOS_OK;
    }
    return usage_error(err, option, text, "a decimal number in its range");
}

chaos_status read_address(const char *option, const char *text, chaos_address *out, chaos_error *err)
{
    chaos_error why = { 0 };
    if (chaos_address_parse(text, out, &why) == CHAOS_OK) {
        return CHAOS_OK;
    }
    return usage_error(err, option, text, why.text[0] == '\0' ? "0x and 40 hex digits" : why.text);
}

chaos_status read_no_more(const options *o, size_t row, size_t count, chaos_error *err)
{
    const char *extra = options_value(o, row, count);
    return extra == NULL ? CHAOS_OK : usage_error(err, "arguments", extra, "no further argument");
}

chaos_status read_operand(const options *o, size_t row, size_t nth, size_t count, const char *wanted,
                          const char **out, chaos_error *err)
{
    const char *text = options_value(o, row, nth);
    const char *extra = options_value(o, row, count);
    if (extra != NULL) {
        return usage_error(err, "arguments", extra, wanted);
    }
    if (text == NULL) {
        (void)error_set(err, CHAOS_E_USAGE, "arguments", CHAOS_NO_OFFSET, "an argument is missing");
        error_expected(err, "%s", wanted);
        return CHAOS_E_USAGE;
    }
    *out = text;
    return CHAOS_OK;
}

chaos_status data_uri_of(chaos_slice text, chaos_buffer *uri, chaos_error *err)
{
    return buffer_append_text(uri, DATA_PREFIX) && base64_encode(text, uri) ? CHAOS_OK : no_memory(err);
}

chaos_status agent_parse(const char *text, chaos_agent_reference *agent, chaos_error *err)
{
    *agent = (chaos_agent_reference){ 0 };
    if (value_u256(slice_text(text), &agent->agent_id)) {
        return CHAOS_OK; /* an id: the chain is that of the session */
    }
    return chaos_agent_reference_parse(text, agent, err);
}
