/* test_resigned.c - one bit of everything that is signed is turned, and signed again: past the signatures, each reader and
 * each check has to stand alone. Whatever is turned, the answer is a verdict and no fault of ours; what is still accepted is
 * what nothing depends on, and never says another thing than the part it was read from. And what is signed by another PKI,
 * or asked at another time, gets what it must. */
#include "sim/resign.h"
#include "tests/support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static chaos_error err;

typedef struct answer {
    bool verified;
    int exit_code;
    char code[64], status[64];
} answer;

static answer ask(const resign_set *set, chaos_slice root, int64_t now)
{
    chaos_buffer quote = CHAOS_BUFFER_INIT(1u << 20), collateral = CHAOS_BUFFER_INIT(1u << 22);
    answer a = { 0 };

    assert_true(resign_make(set, &quote, &collateral));
    check_input input = { .quote = bytes_of(&quote),
                          .collateral = bytes_of(&collateral),
                          .extra_root = root,
                          .no_policy = true,
                          .now = now };
    json_t *verdict = check_to_json(&input, &a.exit_code);
    const char *status = json_string_value(json_object_get(json_object_get(verdict, "tcb"), "status"));
    a.verified = json_is_true(json_object_get(verdict, "verified"));
    (void)snprintf(a.code, sizeof a.code, "%s", verdict_error_code(verdict));
    (void)snprintf(a.status, sizeof a.status, "%s", status == NULL ? "" : status);
    json_decref(verdict);
    chaos_buffer_free(&quote);
    chaos_buffer_free(&collateral);
    return a;
}

/* ------------------------------------------------------------------- bits ---- */

static void turn_bits(resign_set *set, resign_part part, unsigned *accepted, unsigned *refused)
{
    chaos_buffer *bytes = &set->parts[part];

    for (size_t i = 0; i<bytes->size; i += bytes->size> 1500 ? 5 : 2) {
        bool is_text = part == RESIGN_TCB_INFO || part == RESIGN_QE_IDENTITY; /* the file is ASCII, or it is no file */
        uint8_t bit = (uint8_t)(1u << (i * 3 + 1) % (is_text ? 7 : 8));

        bytes->data[i] ^= bit;
        answer a = ask(set, bytes_of(&set->made.root), set->made.now);
        bytes->data[i] ^= bit;
        if (a.exit_code != 0 && a.exit_code != 3 && a.exit_code != 4 && a.exit_code != 5) {
            fail_msg("%s, byte %zu: exit code %d, %s", resign_names[part], i, a.exit_code, a.code);
        }
        if (strstr(a.code, "SIGNATURE") != NULL && strcmp(a.code, "QUOTE_SIGNATURE") != 0 &&
            strcmp(a.code, "QE_REPORT_SIGNATURE") != 0 && strcmp(a.code, "PCK_CERT_SIGNATURE") != 0 &&
            strcmp(a.code, "CRL_SIGNATURE") != 0 &&
            !(part == RESIGN_TCB_SIGNER && strcmp(a.code, "TCB_INFO_SIGNATURE") == 0) && /* its key is another now */
            strcmp(a.code, "SIGNATURE_DATA_SLACK") != 0) {
            fail_msg("%s, byte %zu: %s, though it is signed again", resign_names[part], i, a.code);
        }
        *(a.verified ? accepted : refused) += 1;
    }
}

static void test_bits(void **state)
{
    static const forge_kind kinds[] = { FORGE_SGX3, FORGE_TDX4 };

    (void)state;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(kinds); k++) {
        resign_set set;

        assert_true(resign_begin(&set, kinds[k], NULL));
        answer valid = ask(&set, bytes_of(&set.made.root), set.made.now);
        assert_true(valid.verified);
        assert_string_equal(valid.status, "UpToDate");
        for (resign_part part = 0; part < RESIGN_PARTS; part++) {
            unsigned accepted = 0, refused = 0;

            turn_bits(&set, part, &accepted, &refused);
            print_message("%s %-24s accepted %4u, refused %4u\n", k == 0 ? "sgx" : "tdx", resign_names[part], accepted,
                          refused);
            assert_true(refused > 0 || part == RESIGN_QUOTE);
        }
        resign_end(&set);
    }
}

/* ------------------------------------------------------------- metamorphic ---- */

/* The same statements, signed by another PKI: the same answer under that root, and none under the first. */
static void test_other_root(void **state)
{
    const forge_options options = { .seed = "another world" };
    resign_set here, there;

    (void)state;
    assert_true(resign_begin(&here, FORGE_TDX4, NULL));
    assert_true(resign_begin(&there, FORGE_TDX4, &options));
    answer a = ask(&here, bytes_of(&here.made.root), here.made.now);
    answer b = ask(&there, bytes_of(&there.made.root), there.made.now);
    assert_true(a.verified && b.verified);
    assert_string_equal(a.status, b.status);
    a = ask(&here, bytes_of(&there.made.root), here.made.now);
    assert_string_equal(a.code, "ROOT_UNTRUSTED");
    b = ask(&there, bytes_of(&here.made.root), there.made.now);
    assert_string_equal(b.code, "ROOT_UNTRUSTED");
    sim_keyring keys = here.keys; /* signed by the other's keys, under names of the first */
    memcpy(here.keys.scalar[KEY_ROOT], there.keys.scalar[KEY_ROOT], P256_SIZE);
    a = ask(&here, bytes_of(&here.made.root), here.made.now);
    assert_string_equal(a.code, "INTERMEDIATE_CA");
    here.keys = keys;
    memcpy(here.keys.scalar[KEY_TCB_SIGNER], there.keys.scalar[KEY_TCB_SIGNER], P256_SIZE);
    a = ask(&here, bytes_of(&here.made.root), here.made.now);
    assert_string_equal(a.code, "TCB_INFO_SIGNATURE");
    resign_end(&here);
    resign_end(&there);
}

/* Around each date: inside good, one second outside refused, by a reason that is a date. */
static void test_dates(void **state)
{
    chaos_collateral_facts f;
    resign_set set;
    chaos_trust *trust = NULL;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    assert_int_equal(chaos_trust_new(&trust, &err), CHAOS_OK);
    assert_int_equal(chaos_trust_add_root(trust, bytes_of(&set.made.root), &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_seal(set.collateral, trust, set.made.now, &err), CHAOS_OK);
    assert_int_equal(chaos_collateral_get_facts(set.collateral, &f, &err), CHAOS_OK);
    assert_true(ask(&set, bytes_of(&set.made.root), f.valid_from).verified);
    assert_true(ask(&set, bytes_of(&set.made.root), f.valid_to).verified);
    const int64_t dates[] = { f.tcb_info_issued, f.qe_identity_issued, f.root_ca_crl_issued, f.pck_crl_issued,
                              f.tcb_info_next_update, f.qe_identity_next_update, f.root_ca_crl_next_update,
                              f.pck_crl_next_update };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(dates); i++) {
        answer a = ask(&set, bytes_of(&set.made.root), i < 4 ? dates[i] - 1 : dates[i] + 1);

        assert_false(a.verified);
        assert_non_null(strstr(a.code, i < 4 ? "NOT_YET_VALID" : "EXPIRED"));
        assert_string_equal(a.status, "UpToDate"); /* a date hides nothing else */
    }
    chaos_trust_free(trust);
    resign_end(&set);
}

/* The text between `from` and the bracket that closes the array which begins there. */
static chaos_slice array_of(chaos_slice text, const char *name)
{
    char key[64];
    size_t depth = 0;
    const uint8_t *at = NULL;

    (void)snprintf(key, sizeof key, "\"%s\":[", name);
    for (size_t i = 0; i + strlen(key) <= text.size; i++) {
        if (memcmp(text.data + i, key, strlen(key)) == 0) {
            at = text.data + i + strlen(key) - 1; /* the last of this name: the platform's own levels */
        }
    }
    assert_non_null(at);
    for (const uint8_t *c = at; c < text.data + text.size; c++) {
        depth += *c == '[' ? 1 : 0;
        depth -= *c == ']' ? 1 : 0;
        if (depth == 0) {
            return slice(at + 1, (size_t)(c - at) - 1);
        }
    }
    fail_msg("no end of %s", name);
    return text;
}

/* Splits objects that follow one another. */
static size_t split(chaos_slice objects, chaos_slice *out, size_t most)
{
    size_t depth = 0, count = 0;
    const uint8_t *begin = NULL;

    for (const uint8_t *c = objects.data; c < objects.data + objects.size; c++) {
        begin = *c == '{' && depth == 0 ? c : begin;
        depth += *c == '{' ? 1 : 0;
        if (*c == '}' && --depth == 0) {
            assert_true(count < most);
            out[count++] = slice(begin, (size_t)(c - begin) + 1);
        }
    }
    return count;
}

/* The order of levels in the file changes nothing. */
static void test_permuted_levels(void **state)
{
    static const resign_part parts[] = { RESIGN_TCB_INFO, RESIGN_QE_IDENTITY };
    resign_set set;

    (void)state;
    assert_true(resign_begin(&set, FORGE_TDX4, NULL));
    answer want = ask(&set, bytes_of(&set.made.root), set.made.now);
    for (size_t p = 0; p < CHAOS_ARRAY_SIZE(parts); p++) {
        chaos_buffer *text = &set.parts[parts[p]], was = *text, other = CHAOS_BUFFER_INIT(1u << 20);
        chaos_slice levels = array_of(bytes_of(text), "tcbLevels"), level[8];
        size_t count = split(levels, level, 8);

        assert_true(count >= 2);
        for (size_t first = 0; first < count; first++) {
            other.size = 0;
            assert_true(buffer_append(&other, slice(text->data, (size_t)(levels.data - text->data))));
            for (size_t i = 0; i < count; i++) {
                assert_true(i == 0 || buffer_append_text(&other, ","));
                assert_true(buffer_append(&other, level[(first + count - i) % count]));
            }
            assert_true(buffer_append(&other, slice(levels.data + levels.size,
                                                    (size_t)(text->data + text->size - levels.data) - levels.size)));
            set.parts[parts[p]] = other;
            answer got = ask(&set, bytes_of(&set.made.root), set.made.now);
            set.parts[parts[p]] = was;
            if (!got.verified || strcmp(got.status, want.status) != 0) {
                fail_msg("%s, from level %zu: %s %s", resign_names[parts[p]], first, got.code, got.status);
            }
        }
        chaos_buffer_free(&other);
    }
    resign_end(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_other_root),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_permuted_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
