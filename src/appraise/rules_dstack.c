/* rules_dstack.c - rules about what a replayed event log and a KMS chain say of the application.
 *
 * Whatever runs in a TD can extend RTMR3, so the log's word counts only beside an OS that the policy pins. The KMS root
 * and the machine are proven by a signature chain and by Intel's certificate, and count by themselves. */
#include "appraise/internal.h"

#include <stdio.h>

#define NOT_THE_LOG_ALONE "any guest can say so: mr_td and rtmr0 to rtmr2 are not pinned"
#define NOT_RECOMPUTED "the guest's word, not recomputed from the image: it pins no code"

static bool policy_asks_dstack(const chaos_policy *policy)
{
    const policy_list *const lists[] = {
        &policy->dstack.app_id,
        &policy->dstack.compose_hash,
        &policy->dstack.os_image_hash,
        &policy->dstack.device_id,
        &policy->dstack.instance_id,
        &policy->dstack.key_provider,
        &policy->dstack.kms_root,
    };
    return any_list_has_values(lists, CHAOS_ARRAY_SIZE(lists));
}

/* A claim that is absent is in no list. */
static comparison compare_claim(const appraisal *a, check_id id, const policy_list *list, bool has,
                                const void *bytes, size_t size)
{
    return compare_list(a, id, list, slice(bytes, has ? size : 0));
}

static comparison compare_log(const appraisal *a, check_id id, const policy_list *list, bool has,
                              const void *bytes, size_t size)
{
    if (has && list_has_values(list) && !os_is_pinned(a)) {
        leave_open(a, id, NOT_THE_LOG_ALONE, slice(bytes, size));
    }
    return compare_claim(a, id, list, has, bytes, size);
}

static chaos_status rule_application(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    const chaos_policy *policy = a->policy;
    comparison app = compare_log(a, CHECK_POLICY_APP_ID, &policy->dstack.app_id, claims->has_app_id,
                                 claims->app_id, sizeof claims->app_id);
    comparison compose = compare_log(a, CHECK_POLICY_COMPOSE_HASH, &policy->dstack.compose_hash,
                                     claims->has_compose_hash, claims->compose_hash,
                                     sizeof claims->compose_hash);
    comparison instance = compare_log(a, CHECK_POLICY_INSTANCE_ID, &policy->dstack.instance_id,
                                      claims->has_instance_id, claims->instance_id,
                                      sizeof claims->instance_id);

    CHECK(a->run, app.accepted, POLICY_APP_ID, APP_ID, "app_id", v_text(app.expected), v_found(app.found));
    CHECK(a->run, compose.accepted, POLICY_COMPOSE_HASH, COMPOSE_HASH, "compose_hash", v_text(compose.expected),
          v_found(compose.found));
    CHECK(a->run, instance.accepted, POLICY_INSTANCE_ID, INSTANCE_ID, "instance_id", v_text(instance.expected),
          v_found(instance.found));
    return CHAOS_OK;
}

/* A row that passed says what its passing is worth. */
static void explain_pass(const appraisal *a, check_id id, const char *why, chaos_slice found)
{
    check_row *row = &a->run->rows[id];

    if (row->result == CHECK_PASSED) {
        (void)snprintf(row->expected, sizeof row->expected, "%s", why);
        (void)error_hex(row->found, sizeof row->found, found);
    }
}

static chaos_status rule_os_image(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    comparison image = compare_log(a, CHECK_POLICY_OS_IMAGE_HASH, &a->policy->dstack.os_image_hash,
                                   claims->has_os_image_hash, claims->os_image_hash,
                                   sizeof claims->os_image_hash);

    CHECK(a->run, image.accepted, POLICY_OS_IMAGE_HASH, OS_IMAGE_HASH, "os_image_hash", v_text(image.expected),
          v_found(image.found));
    explain_pass(a, CHECK_POLICY_OS_IMAGE_HASH, NOT_RECOMPUTED, image.found);
    return CHAOS_OK;
}

/* The only text among them; it is a stranger's, and shown as one. */
static chaos_status rule_key_provider(const appraisal *a)
{
    const policy_list *list = &a->policy->dstack.key_provider;
    size_t size = strnlen(a->claims->key_provider, sizeof a->claims->key_provider);
    chaos_slice name = slice(a->claims->key_provider, size);
    char quoted[ROW_TEXT];
    comparison provider;

    (void)error_quote(quoted, sizeof quoted, name);
    if (!list_has_values(list)) {
        note_text(a->run, CHECK_POLICY_KEY_PROVIDER, list->kind == LIST_ANY ? NOTE_ANY : NOTE_NONE, quoted);
        return CHAOS_OK;
    }
    provider = compare_log(a, CHECK_POLICY_KEY_PROVIDER, list, size > 0, name.data, size);
    if (a->run->rows[CHECK_POLICY_KEY_PROVIDER].result == CHECK_NOT_CHECKED) {
        note_text(a->run, CHECK_POLICY_KEY_PROVIDER, NOT_THE_LOG_ALONE, quoted); /* a name, not its hex */
    }
    CHECK(a->run, provider.accepted, POLICY_KEY_PROVIDER, KEY_PROVIDER, "key_provider",
          v_text(provider.expected), size == 0 ? v_text("nothing") : v_text(quoted));
    return CHAOS_OK;
}

static chaos_status rule_kms_root(const appraisal *a)
{
    const chaos_claims *claims = a->claims;
    comparison root = compare_claim(a, CHECK_POLICY_KMS_ROOT, &a->policy->dstack.kms_root, claims->has_kms_root,
                                    claims->kms_root, sizeof claims->kms_root);

    CHECK(a->run, root.accepted, POLICY_KMS_ROOT, KMS_ROOT, "kms_root", v_text(root.expected),
          v_found(root.found));
    return CHAOS_OK;
}

/* dstack's name of a machine is the SHA-256 of its PPID, which the PCK certificate proves. */
static chaos_status rule_device(const appraisal *a)
{
    const pck_extension *pck = &a->claims->pck;
    chaos_sha256 id = hash_sha256(slice(pck->ppid, sizeof pck->ppid));
    const policy_list *list = &a->policy->dstack.device_id;

    if (!list_has_values(list)) {
        return CHAOS_OK;
    }
    comparison device = compare_list(a, CHECK_POLICY_DSTACK, list, slice(id.bytes, sizeof id.bytes));
    CHECK(a->run, device.accepted, POLICY_DSTACK, PLATFORM, "device_id", v_text(device.expected),
          v_hex(device.found));
    return CHAOS_OK;
}

void appraise_dstack(const appraisal *a)
{
    static chaos_status (*const rules[])(const appraisal *) = {
        rule_application,
        rule_os_image,
        rule_key_provider,
        rule_kms_root,
        rule_device,
    };
    bool has_log = a->claims->has_binding || a->claims->has_event_log;

    if (!has_log && policy_asks_dstack(a->policy)) {
        leave_open(a, CHECK_POLICY_DSTACK, "a bare quote does not show what the policy names", slice("", 0));
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rules) && has_log; i++) {
        (void)rules[i](a); /* the run collects what fails */
    }
}
