/* support.c - see support.h. */
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const simulated_policy = "{\"schema\":\"chaoschain/policy/1\",\"anchors\":[\"simulated\"]}";

const char *vectors_root(void)
{
    const char *root = getenv("CHAOS_VECTORS");
    struct stat about;

    if (root == NULL || root[0] == '\0') {
        root = SOURCE_ROOT "/../shared/vectors";
    }
    return stat(root, &about) == 0 && S_ISDIR(about.st_mode) ? root : NULL;
}

bool read_file(const char *path, chaos_buffer *out)
{
    static const size_t limit = 8u * 1024 * 1024;
    FILE *file = fopen(path, "rb");
    size_t got;

    if (file == NULL) {
        return false;
    }
    *out = (chaos_buffer)CHAOS_BUFFER_INIT(limit);
    out->data = malloc(limit);
    got = out->data == NULL ? 0 : fread(out->data, 1, limit, file);
    out->size = got;
    out->capacity = limit;
    (void)fclose(file);
    return out->data != NULL;
}

bool read_vector(const char *name, chaos_buffer *out)
{
    char path[1024];

    (void)snprintf(path, sizeof path, "%s/%s", vectors_root(), name);
    return read_file(path, out);
}

json_t *read_vector_json(const char *name)
{
    char path[1024];
    json_error_t why;
    json_t *value;

    (void)snprintf(path, sizeof path, "%s/%s", vectors_root(), name);
    value = json_load_file(path, JSON_ALLOW_NUL, &why);
    if (value == NULL) {
        fail_msg("%s: %s", path, why.text);
    }
    return value;
}

static void must(chaos_status status, const chaos_error *err)
{
    if (status != CHAOS_OK) {
        fail_msg("%s: %s (%s)", chaos_status_name(status), err->text, err->field == NULL ? "" : err->field);
    }
}

static chaos_policy *policy_for(const check_input *input)
{
    chaos_policy *policy = NULL;
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };

    if (input->no_policy) {
        must(chaos_policy_none(&policy, &err), &err);
    } else if (input->policy_json == NULL) {
        must(chaos_policy_default(&policy, &err), &err);
    } else {
        chaos_slice text = { (const uint8_t *)input->policy_json, strlen(input->policy_json) };
        must(chaos_policy_parse(text, &policy, &err), &err);
    }
    return policy;
}

static chaos_status check(const check_input *input, const chaos_trust *trust, const chaos_policy *policy,
                          chaos_verdict **verdict, chaos_error *err)
{
    const chaos_expectation nothing = CHAOS_EXPECTATION_INIT;
    const chaos_expectation *expected = input->expectation == NULL ? &nothing : input->expectation;

    if (input->envelope.size > 0) {
        return chaos_check(input->envelope, input->collateral, trust, policy, expected, input->now, NULL, verdict, err);
    }
    return chaos_check_quote(input->quote, input->event_log, input->collateral, trust, policy, expected, input->now,
                             NULL, verdict, err);
}

json_t *check_to_json(const check_input *input, int *exit_code)
{
    chaos_error err = { CHAOS_OK, NULL, 0, "", "", "" };
    chaos_buffer text = CHAOS_BUFFER_INIT(CHAOS_MAX_VERDICT);
    chaos_policy *policy = policy_for(input);
    chaos_trust *trust = NULL;
    chaos_verdict *verdict = NULL;
    json_error_t why;
    json_t *value;

    must(chaos_trust_new(&trust, &err), &err);
    if (input->extra_root.size > 0) {
        must(chaos_trust_add_root(trust, input->extra_root, &err), &err);
    }
    if (check(input, trust, policy, &verdict, &err) != CHAOS_OK) {
        fail_msg("expected %s, found no verdict: %s: %s", input->expected == NULL ? "a verdict" : input->expected,
                 chaos_status_name(err.status), err.text);
    }
    must(chaos_verdict_write_json(verdict, &text, &err), &err);
    if (exit_code != NULL) {
        *exit_code = chaos_verdict_exit_code(verdict);
    }
    value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL) {
        fail_msg("the verdict is not JSON: %s at %d", why.text, why.position);
    }
    chaos_buffer_free(&text);
    chaos_verdict_free(verdict);
    chaos_trust_free(trust);
    chaos_policy_free(policy);
    return value;
}

const char *verdict_error_code(const json_t *verdict)
{
    const char *code = json_string_value(json_object_get(json_object_get(verdict, "error"), "code"));

    return code == NULL ? "" : code;
}
