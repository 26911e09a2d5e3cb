/* test_enclave_identity.c - enclave identities: accepted texts, and neighbours that are wrong in one place. */
#include "wire/wire.h"

#include "tests/support/edit.h"
#include "tests/support/tree.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HEX32 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define LEVEL(n, status) \
    "{\"tcb\":{\"isvsvn\":" #n "},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"" status "\"}"

static const char good[] =
    "{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":\"2025-12-20T10:00:00Z\",\"nextUpdate\":\"2026-01-19T10:00:00Z\","
    "\"tcbEvaluationDataNumber\":18,\"miscselect\":\"01020304\",\"miscselectMask\":\"FFFFFFFE\","
    "\"attributes\":\"11000000000000000000000000000000\",\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
    "\"mrsigner\":\"" HEX32 "\",\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},\"tcbDate\":"
    "\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\",\"advisoryIDs\":[\"INTEL-SA-00477\"]}," LEVEL(
        3, "OutOfDate") "," LEVEL(1, "Revoked") "]}";

static bool read_text(chaos_slice text, enclave_identity *out, fault *why)
{
    memset(out, 0xee, sizeof(*out));
    bool ok = enclave_identity_read(text, out, why);
    assert_int_equal(ok, why->status == CHAOS_OK);
    assert_true(ok || (out->level_count == 0 && out->version == 0));
    return ok;
}

static void expect(const char *text, chaos_status status, const char *field, const char *what)
{
    enclave_identity identity;
    fault why;
    (void)read_text(slice_text(text), &identity, &why);
    bool same_field = field == NULL || (why.field != NULL && strcmp(why.field, field) == 0);
    if (why.status != status || !same_field) {
        fail_msg("%s: got %s in %s, want %s in %s", what, chaos_status_name(why.status),
                 why.field == NULL ? "nothing" : why.field, chaos_status_name(status), field == NULL ? "any" : field);
    }
}

static void test_good(void **state)
{
    enclave_identity identity;
    fault why;
    (void)state;
    assert_true(read_text(slice_text(good), &identity, &why));
    assert_int_equal(identity.id, IDENTITY_TD_QE);
    assert_int_equal(identity.version, 2);
    assert_int_equal(identity.issue_date, 1766224800);
    assert_int_equal(identity.next_update, 1768816800);
    assert_int_equal(identity.evaluation_number, 18);
    assert_int_equal(identity.misc_select[0], 1); /* memory order */
    assert_int_equal(identity.misc_select[3], 4);
    assert_int_equal(identity.misc_select_mask[3], 0xfe);
    assert_int_equal(identity.attributes[0], 0x11);
    assert_int_equal(identity.attributes_mask[0], 0xfb);
    assert_int_equal(identity.mr_signer[31], 0xef);
    assert_int_equal(identity.isv_prod_id, 2);
    assert_int_equal(identity.level_count, 3);
    assert_int_equal(identity.levels[0].isv_svn, 4);
    assert_int_equal(identity.levels[0].status, CHAOS_TCB_UP_TO_DATE);
    assert_int_equal(identity.levels[0].tcb_date, 1710288000);
    assert_int_equal(identity.levels[1].status, CHAOS_TCB_OUT_OF_DATE);
    assert_int_equal(identity.levels[2].status, CHAOS_TCB_REVOKED);
    chaos_slice cursor = identity.levels[0].advisories;
    chaos_slice id;
    assert_true(advisory_next(&cursor, &id));
    assert_true(slice_is(id, "INTEL-SA-00477"));
    assert_false(advisory_next(&cursor, &id));
}

typedef struct edit_case {
    const char *from, *to;
    chaos_status status;
    const char *field;
} edit_case;

#define BAD CHAOS_E_QE_IDENTITY_FORMAT
static const edit_case edits[] = {
    { "\"TD_QE\"", "\"QE\"", CHAOS_OK, NULL },
    { "\"TD_QE\"", "\"QVE\"", CHAOS_OK, NULL },
    { "\"TD_QE\"", "\"QAE\"", CHAOS_OK, NULL },
    { "\"version\":2", "\"version\":1", CHAOS_OK, NULL }, /* judged by who uses it */
    { "\"version\":2", "\"version\":2,\"news\":[{\"a\":null}]", CHAOS_OK, NULL },
    { "\"isvprodid\":2", "\"isvprodid\":65535", CHAOS_OK, NULL },
    { "{\"isvsvn\":4}", "{\"isvsvn\":65535}", CHAOS_OK, NULL },
    { ",\"advisoryIDs\":[\"INTEL-SA-00477\"]", "", CHAOS_OK, NULL },
    { "\"TD_QE\"", "\"td_qe\"", BAD, "id" },
    { "\"TD_QE\"", "\"TDQE\"", BAD, "id" },
    { "\"TD_QE\"", "\"\"", BAD, "id" },
    { "\"TD_QE\"", "null", BAD, "id" },
    { "\"id\":\"TD_QE\",", "", BAD, "id" },
    { "\"version\":2,", "", BAD, "version" },
    { "\"version\":2", "\"version\":0", BAD, "version" },
    { "\"version\":2", "\"version\":3", BAD, "version" },
    { "\"version\":2", "\"version\":258", BAD, "version" },
    { "\"version\":2", "\"version\":\"2\"", BAD, "version" },
    { "\"issueDate\":\"2025-12-20T10:00:00Z\",", "", BAD, "issueDate" },
    { "\"nextUpdate\":\"2026-01-19T10:00:00Z\",", "", BAD, "nextUpdate" },
    { "2025-12-20T10:00:00Z", "2025-12-20t10:00:00z", BAD, "issueDate" },
    { "2026-01-19T10:00:00Z", "2026-01-19 10:00:00Z", BAD, "nextUpdate" },
    { "\"tcbEvaluationDataNumber\":18,", "", BAD, "tcbEvaluationDataNumber" },
    { "DataNumber\":18", "DataNumber\":4294967296", BAD, "tcbEvaluationDataNumber" },
    { "\"miscselect\":\"01020304\",", "", BAD, "miscselect" },
    { "01020304", "0102030", BAD, "miscselect" },
    { "01020304", "010203045", BAD, "miscselect" },
    { "\"miscselectMask\":\"FFFFFFFE\",", "", BAD, "miscselectMask" },
    { "FFFFFFFE", "0xFFFFFFFE", BAD, "miscselectMask" },
    { "\"attributes\":\"11000000000000000000000000000000\",", "", BAD, "attributes" },
    { "11000000000000000000000000000000", "11", BAD, "attributes" },
    { "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",", "", BAD, "attributesMask" },
    { "FBFFFFFFFFFFFFFF0000000000000000", "00", BAD, "attributesMask" },
    { "\"mrsigner\":\"" HEX32 "\",", "", BAD, "mrsigner" },
    { "\"mrsigner\":\"0", "\"mrsigner\":\"", BAD, "mrsigner" },
    { "\"mrsigner\":\"0", "\"mrsigner\":\"x", BAD, "mrsigner" },
    { "\"isvprodid\":2,", "", BAD, "isvprodid" },
    { "\"isvprodid\":2", "\"isvprodid\":65538", BAD, "isvprodid" },
    { "\"isvprodid\":2", "\"isvprodid\":-2", BAD, "isvprodid" },
    { "\"tcbLevels\":[", "\"tcbLevel\":[", BAD, "tcbLevels" },
    { "\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", BAD, "tcbLevels" },
    { "\"tcbLevels\":[", "\"tcbLevels\":null,\"x\":[", BAD, "tcbLevels" },
    { "\"tcbLevels\":[", "\"tcbLevels\":[[],", BAD, "tcbLevels" },
    { "\"tcb\":{", "\"tcb\":4,\"x\":{", BAD, "tcbLevels.tcb" },
    { "\"tcb\":{", "\"tcc\":{", BAD, "tcbLevels.tcb" },
    { "{\"isvsvn\":4}", "{}", BAD, "tcbLevels.tcb.isvsvn" },
    { "{\"isvsvn\":4}", "{\"isvsvn\":65536}", BAD, "tcbLevels.tcb.isvsvn" },
    { "{\"isvsvn\":4}", "{\"isvsvn\":4.0}", BAD, "tcbLevels.tcb.isvsvn" },
    { "{\"isvsvn\":4}", "{\"isvsvn\":1}", BAD, "tcbLevels" },
    { "\"tcbDate\"", "\"date\"", BAD, "tcbLevels.tcbDate" },
    { "2024-03-13T00:00:00Z", "13 March 2024", BAD, "tcbLevels.tcbDate" },
    { "\"tcbStatus\"", "\"status\"", BAD, "tcbLevels.tcbStatus" },
    { "UpToDate", "SWHardeningNeeded", BAD, "tcbLevels.tcbStatus" },
    { "UpToDate", "ConfigurationNeeded", BAD, "tcbLevels.tcbStatus" },
    { "UpToDate", "ConfigurationAndSWHardeningNeeded", BAD, "tcbLevels.tcbStatus" },
    { "UpToDate", "OutOfDateConfigurationNeeded", BAD, "tcbLevels.tcbStatus" },
    { "UpToDate", "upToDate", BAD, "tcbLevels.tcbStatus" },
    { "\"INTEL-SA-00477\"", "477", BAD, "tcbLevels.advisoryIDs" },
    { "\"INTEL-SA-00477\"", "\"INTEL-SA-00477\",[]", BAD, "tcbLevels.advisoryIDs" },
    { "{\"id\"", "[{\"id\"", BAD, "enclaveIdentity" },
    { "]}", "]}]", CHAOS_E_JSON, NULL },
    { "\"version\":2", "\"version\":02", CHAOS_E_JSON, NULL },
    { "\"version\":2", "\"version\":2,\"version\":2", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { "{\"isvsvn\":4}", "{\"isvsvn\":4,\"isvsvn\":4}", CHAOS_E_JSON_DUPLICATE_KEY, NULL },
    { "\"version\":2", "\"version\":2,\"x\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", CHAOS_E_JSON_DEPTH, NULL },
};

static void test_one_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(edits); i++) {
        char *text = edited(good, edits[i].from, edits[i].to);
        expect(text, edits[i].status, edits[i].field, edits[i].to);
        free(text);
    }
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(good); size++) {
        uint8_t *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy + 1, good, size);
        enclave_identity identity;
        fault why;
        assert_false(read_text(slice(copy + 1, size), &identity, &why));
        assert_int_equal(why.status, CHAOS_E_JSON);
        free(copy);
    }
}

static void expect_levels(size_t count, size_t step, chaos_status status)
{
    static char list[40000];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) { /* step is odd: every number once, in disorder */
        char number[24];
        (void)snprintf(number, sizeof(number), "\"isvsvn\":%zu", i * step % 127);
        char *level = edited(LEVEL(3, "OutOfDate"), "\"isvsvn\":3", number);
        size += (size_t)snprintf(list + size, sizeof(list) - size, "%s%s", i > 0 ? "," : "", level);
        free(level);
    }
    char *text = edited(good, LEVEL(3, "OutOfDate") "," LEVEL(1, "Revoked"), list);
    char *other = edited(text, "\"isvsvn\":4", "\"isvsvn\":300");
    enclave_identity identity;
    fault why;
    assert_int_equal(read_text(slice_text(other), &identity, &why), status == CHAOS_OK);
    assert_int_equal(why.status, status);
    for (size_t i = 1; i < identity.level_count; i++) {
        assert_true(identity.levels[i - 1].isv_svn > identity.levels[i].isv_svn);
    }
    free(other);
    free(text);
}

static void test_levels_are_sorted_and_limited(void **state)
{
    (void)state;
    expect_levels(MAX_IDENTITY_LEVELS - 1, 1, CHAOS_OK);
    expect_levels(MAX_IDENTITY_LEVELS - 1, 126, CHAOS_OK);
    expect_levels(MAX_IDENTITY_LEVELS - 1, 45, CHAOS_OK);
    expect_levels(MAX_IDENTITY_LEVELS, 1, BAD);
}

/* --------------------------------------------------------------- vectors ---- */

static void skip_without_vectors(void)
{
    if (!vectors_present()) {
        print_message("SKIPPED: no vectors\n");
        skip();
    }
}

static chaos_slice inner_of(const chaos_buffer *file)
{
    json j;
    chaos_slice key;
    chaos_slice inner = slice("", 0);
    json_begin(&j, buffer_slice(file), CHAOS_E_JSON);
    json_enter_object(&j, "file");
    while (json_key(&j, &key)) {
        bool wanted = slice_is(key, "enclaveIdentity") || slice_is(key, "qeIdentity");
        chaos_slice text;
        json_skip(&j, "member", &text);
        if (wanted) {
            inner = text;
        }
    }
    return inner;
}

static void compare_hex(const uint8_t *bytes, size_t size, const tree *want)
{
    uint8_t other[48];
    assert_true(size <= sizeof(other));
    assert_true(hex_decode(slice_text(tree_text(want)), other, size));
    assert_memory_equal(bytes, other, size);
}

static void compare_with_tree(const char *name)
{
    chaos_buffer file = vector_file(name);
    enclave_identity identity;
    fault why;
    if (!read_text(inner_of(&file), &identity, &why)) {
        fail_msg("%s: %s in %s", name, chaos_status_name(why.status), why.field);
    }
    tree *whole = tree_parse((const char *)file.data, file.size);
    const tree *want = tree_get(whole, "enclaveIdentity");
    assert_int_equal(identity.version, tree_number(tree_get(want, "version")));
    assert_int_equal(identity.evaluation_number, tree_number(tree_get(want, "tcbEvaluationDataNumber")));
    assert_int_equal(identity.isv_prod_id, tree_number(tree_get(want, "isvprodid")));
    compare_hex(identity.misc_select, 4, tree_get(want, "miscselect"));
    compare_hex(identity.misc_select_mask, 4, tree_get(want, "miscselectMask"));
    compare_hex(identity.attributes, 16, tree_get(want, "attributes"));
    compare_hex(identity.attributes_mask, 16, tree_get(want, "attributesMask"));
    compare_hex(identity.mr_signer, 32, tree_get(want, "mrsigner"));
    const tree *levels = tree_get(want, "tcbLevels");
    assert_int_equal(identity.level_count, tree_size(levels));
    for (size_t i = 0; i < identity.level_count; i++) {
        const tree *level = tree_at(levels, i);
        assert_int_equal(identity.levels[i].isv_svn, tree_number(tree_get(tree_get(level, "tcb"), "isvsvn")));
        assert_int_equal(identity.levels[i].status,
                         tcb_status_from_text(slice_text(tree_text(tree_get(level, "tcbStatus")))));
    }
    tree_free(whole);
    chaos_buffer_free(&file);
}

static void test_real_identities(void **state)
{
    (void)state;
    skip_without_vectors();
    assert_true(vector_folder("dcap/identity", compare_with_tree) >= 40);
}

static void test_made_up_identities(void **state)
{
    size_t refused = 0;
    (void)state;
    skip_without_vectors();
    tree *cases = tree_load("dcap/synthetic/cases.json");
    for (size_t i = 0; i < tree_size(cases); i++) {
        const char *name = tree_text(tree_get(tree_at(cases, i), "name"));
        const char *want = tree_text(tree_get(tree_at(cases, i), "strict_expect"));
        char path[512];
        (void)snprintf(path, sizeof(path), "dcap/synthetic/%s/collateral.json", name);
        tree *collateral = tree_load(path);
        chaos_status status = strncmp(want, "reject:QE_IDENTITY_FORMAT", 25) == 0 ? BAD : CHAOS_OK;
        status = strcmp(name, "qeid_duplicate_key_signed") == 0 ? CHAOS_E_JSON_DUPLICATE_KEY : status;
        refused += status != CHAOS_OK;
        expect(tree_text(tree_get(collateral, "qe_identity")), status, NULL, name);
        tree_free(collateral);
    }
    assert_true(refused >= 6);
    tree_free(cases);
}

/* Texts of another test suite: version 1 lacks levels; of version 2 the complete ones pass. */
static void negative_file(const char *name)
{
    const char *file_name = strrchr(name, '/') + 1;
    if (strstr(file_name, "identity") == NULL) {
        return;
    }
    bool is_good = strstr(file_name, "data_v2_") != NULL &&
                   (strstr(file_name, "_missing_") == NULL || strstr(file_name, "_missing_signature") != NULL);
    chaos_buffer file = vector_file(name);
    enclave_identity identity;
    fault why;
    if (read_text(inner_of(&file), &identity, &why) != is_good) {
        fail_msg("%s: %s in %s", name, chaos_status_name(why.status), why.field == NULL ? "nothing" : why.field);
    }
    chaos_buffer_free(&file);
}

static void test_foreign_negatives(void **state)
{
    (void)state;
    skip_without_vectors();
    assert_true(vector_folder("dcap/json-negative", negative_file) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_one_change),
        cmocka_unit_test(test_truncated_at_every_length),
        cmocka_unit_test(test_levels_are_sorted_and_limited),
        cmocka_unit_test(test_real_identities),
        cmocka_unit_test(test_made_up_identities),
        cmocka_unit_test(test_foreign_negatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
