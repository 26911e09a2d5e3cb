/* test_erc8004_values.c - numbers, names, a file of networks, metadata of a TEE, calldata and means: what needs no node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "erc8004/erc8004.h"
#include "erc8004/log_reader.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

/* ---------------------------------------------------------------- numbers ---- */

static void test_u256(void **state)
{
    static const char most[] = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    static const char *const wrong[] = { "", "00", "01", "-1", "+1", " 1", "1 ", "0x1", "1e3",
                                         "115792089237316195423570985008687907853269984665640564039457584007913129639936",
                                         "1157920892373161954235709850086879078532699846656405640394575840079131296399350" };
    chaos_u256 number;
    char text[CHAOS_U256_TEXT_SIZE];
    uint64_t small = 7;
    (void)state;
    assert_int_equal(chaos_u256_parse(most, &number, NULL), CHAOS_OK);
    for (size_t i = 0; i < sizeof number.bytes; i++) {
        assert_int_equal(number.bytes[i], 0xff);
    }
    chaos_u256_format(&number, text);
    assert_string_equal(text, most);
    assert_false(chaos_u256_to(&number, &small));
    assert_int_equal(small, 7); /* untouched */
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_error err = { 0 };
        assert_int_equal(chaos_u256_parse(wrong[i], &number, &err), CHAOS_E_USAGE);
        assert_string_equal(err.field, "number");
    }
    assert_int_equal(chaos_u256_parse(NULL, &number, NULL), CHAOS_E_USAGE);
    number = chaos_u256_from(UINT64_MAX);
    assert_true(chaos_u256_to(&number, &small) && small == UINT64_MAX);
    number = chaos_u256_from(0);
    chaos_u256_format(&number, text);
    assert_string_equal(text, "0");
}

static void test_decimals(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
        uint8_t decimals;
    } right[] = {
        { "0", 0, 0 },
        { "87", 87, 0 },
        { "-1", -1, 0 },
        { "99.77", 9977, 2 },
        { "-0.32", -32, 2 },
        { "-3.2", -32, 1 },
        { "0.000000000000000001", 1, 18 },
        { "1.000", 1000, 3 },
    };
    static const char *const wrong[] = { "", "-", ".", "1.", ".5", "01", "00", "-01.5", "1.2.3", "+1", "1,5", " 1", "1 ",
                                         "--1", "0.0000000000000000001", "0x10",
                                         "100000000000000000000000000000000000001",
                                         "-100000000000000000000000000000000000001",
                                         "100000000000000000000000000000000000000000000000000000000000000000000000000000" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(right); i++) {
        chaos_int128 value, wanted = chaos_int128_from(right[i].value);
        uint8_t decimals = 99;
        char text[CHAOS_DECIMAL_TEXT_SIZE];
        assert_int_equal(chaos_decimal_parse(right[i].text, &value, &decimals, NULL), CHAOS_OK);
        assert_true(value.high == wanted.high && value.low == wanted.low);
        assert_int_equal(decimals, right[i].decimals);
        chaos_decimal_format(&value, decimals, text);
        assert_string_equal(text, right[i].text);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_int128 value = { 3, 4 };
        uint8_t decimals = 99;
        chaos_error err = { 0 };
        if (chaos_decimal_parse(wrong[i], &value, &decimals, &err) != CHAOS_E_USAGE) {
            fail_msg("accepted: %s", wrong[i]);
        }
        assert_true(value.high == 3 && decimals == 99 && strcmp(err.field, "value") == 0);
    }
    static const char largest[] = "-100000000000000000000.000000000000000000";
    chaos_int128 value;
    uint8_t decimals;
    char text[CHAOS_DECIMAL_TEXT_SIZE];
    assert_int_equal(chaos_decimal_parse(largest, &value, &decimals, NULL), CHAOS_OK);
    chaos_decimal_format(&value, decimals, text);
    assert_string_equal(text, largest);
    chaos_int128 least = { INT64_MIN, 0 }; /* -2^127 fits in a text, too */
    chaos_decimal_format(&least, 18, text);
    assert_string_equal(text, "-170141183460469231731.687303715884105728");
}

/* 2^127 - 1 and -2^127 are the ends. */
static void test_wide(void **state)
{
    wide number = { .negative = false };
    chaos_int128 out;
    (void)state;
    number.magnitude.bytes[16] = 0x80; /* 2^127 */
    assert_false(wide_to(&number, &out));
    number.negative = true;
    assert_true(wide_to(&number, &out) && out.high == INT64_MIN && out.low == 0);
    number.magnitude.bytes[31] = 1;
    assert_false(wide_to(&number, &out));
    memset(number.magnitude.bytes, 0xff, sizeof number.magnitude.bytes);
    assert_false(wide_times_ten(&number, 1));
    wide one = wide_from(&(chaos_int128){ 0, 1 });
    memset(number.magnitude.bytes, 0xff, sizeof number.magnitude.bytes);
    number.negative = false;
    assert_false(wide_add(&number, &one));
    wide minus_two = wide_from(&(chaos_int128){ -1, (uint64_t)-2 });
    assert_true(wide_add(&one, &minus_two) && wide_to(&one, &out) && out.high == -1 && out.low == UINT64_MAX);
}

static void test_references(void **state)
{
    static const char *const right[] = {
        "eip155:84532:42",
        "eip155:1:0",
        "eip155:84532:0x8004A818BFB912233c491871b3d84c89A494BD9e:42",
        ("eip155:31337:0x5FbDB2315678afecb367f032d93F642f64180aa3:"
         "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
    };
    static const char *const wrong[] = { "", "eip155:", "eip155:1", "eip155:1:", "eip155::1", "eip155:0:1", "eip155:01:1",
                                         "eip155:1:01", "eip155:1:-1", "eip155:1:1 ", "EIP155:1:1", "84532:1",
                                         "eip155:1:0x8004A818BFB912233c491871b3d84c89A494BD9e",
                                         "eip155:1:0x8004A818BFB912233c491871b3d84c89A494BD9e:",
                                         "eip155:1:0x8004A818BFB912233c491871b3d84c89A494BD9E:1", /* checksum */
                                         "eip155:1:0x8004A818BFB912233c491871b3d84c89A494BD:1",
                                         "eip155:1:0x8004a818bfb912233c491871b3d84c89a494bd9e:1:1",
                                         "eip155:18446744073709551616:1", "eip155:9223372036854775808:1" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(right); i++) {
        chaos_agent_reference reference;
        char text[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
        assert_int_equal(chaos_agent_reference_parse(right[i], &reference, NULL), CHAOS_OK);
        chaos_agent_reference_format(&reference, text);
        assert_string_equal(text, right[i]);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_agent_reference reference = { .chain_id = 7 };
        if (chaos_agent_reference_parse(wrong[i], &reference, NULL) != CHAOS_E_USAGE) {
            fail_msg("accepted: %s", wrong[i]);
        }
        assert_int_equal(reference.chain_id, 7);
    }
    chaos_agent_reference longest = { .chain_id = UINT64_MAX, .has_registry = true };
    char text[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    memset(&longest.agent_id, 0xff, sizeof longest.agent_id);
    chaos_agent_reference_format(&longest, text);
    assert_true(strlen(text) < sizeof text - 1);
}

/* --------------------------------------------------------------- networks ---- */

static const char networks_file[] = SOURCE_ROOT "/data/networks.json";

static void same_network(const chaos_network *a, const chaos_network *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->rpc_url, b->rpc_url);
    assert_string_equal(a->rpc_variable, b->rpc_variable);
    assert_int_equal(a->kind, b->kind);
    assert_true(a->chain_id == b->chain_id && a->first_block == b->first_block);
    assert_memory_equal(&a->identity, &b->identity, sizeof a->identity);
    assert_memory_equal(&a->reputation, &b->reputation, sizeof a->reputation);
    assert_memory_equal(&a->validation, &b->validation, sizeof a->validation);
}

/* The table in the library and the file are the same, row by row and name by name. */
static void test_file_equals_table(void **state)
{
    json_t *file = json_load_file(networks_file, JSON_REJECT_DUPLICATES, NULL), *row;
    json_t *list = json_object_get(file, "networks");
    size_t i;
    (void)state;
    assert_int_equal(json_array_size(list), chaos_network_count());
    json_array_foreach(list, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const char *also = json_string_value(json_object_get(row, "also"));
        chaos_network built_in, loaded;
        assert_string_equal(name, chaos_network_name_at(i));
        assert_int_equal(chaos_network_find(name, &built_in, NULL), CHAOS_OK);
        assert_int_equal(chaos_network_load(networks_file, name, &loaded, NULL), CHAOS_OK);
        same_network(&built_in, &loaded);
        if (also != NULL) {
            assert_int_equal(chaos_network_find(also, &built_in, NULL), CHAOS_OK);
            assert_int_equal(chaos_network_load(networks_file, also, &loaded, NULL), CHAOS_OK);
            same_network(&built_in, &loaded);
            assert_string_equal(built_in.name, name);
        }
    }
    json_decref(file);
}

static chaos_status load(const char *text, const char *name, chaos_network *network, chaos_error *err)
{
    char path[] = "/tmp/networks.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(descriptor);
    chaos_status status = chaos_network_load(path, name, network, err);
    (void)unlink(path);
    return status;
}

#define FILE_OF(row) "{\"schema\":\"chaoschain/networks/1\",\"networks\":[" row "]}"
#define MINE "{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":4242," \
             "\"identity\":\"0x5FbDB2315678afecb367f032d93F642f64180aa3\",\"first_block\":7}"

static void test_own_file(void **state)
{
    static const struct {
        const char *text, *field;
    } wrong[] = {
        { "", "networks" },
        { "[]", "schema" },
        { "{\"schema\":\"chaoschain/networks/2\",\"networks\":[]}", "schema" },
        { "{\"schema\":\"chaoschain/networks/1\",\"networks\":[],\"more\":1}", "schema" },
        { "{\"schema\":\"chaoschain/networks/1\",\"networks\":{}}", "schema" },
        { "{\"schema\":\"chaoschain/networks/1\",\"schema\":\"chaoschain/networks/1\",\"networks\":[]}", "networks" },
        { FILE_OF(""), "network" },
        { FILE_OF("1"), "networks" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1,\"colour\":\"red\"}"), "networks" },
        { FILE_OF("{\"kind\":\"local\",\"chain_id\":1}"), "name" },
        { FILE_OF("{\"name\":\"a b\",\"kind\":\"local\",\"chain_id\":1}"), "name" },
        { FILE_OF("{\"name\":\"mine\",\"chain_id\":1}"), "kind" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"mine\",\"chain_id\":1}"), "kind" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\"}"), "chain_id" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":0}"), "chain_id" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":-1}"), "chain_id" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":\"1\"}"), "chain_id" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1.0}"), "chain_id" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1,\"first_block\":-1}"), "first_block" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1,\"identity\":\"0x12\"}"), "identity" },
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1,"
                  "\"identity\":\"0x5fbDB2315678afecb367f032d93F642f64180aa3\"}"),
          "identity" }, /* checksum */
        { FILE_OF("{\"name\":\"mine\",\"kind\":\"local\",\"chain_id\":1,\"rpc_url\":7}"), "rpc_url" },
        { FILE_OF(MINE "," MINE), "name" },
        { FILE_OF("{\"name\":\"other\",\"kind\":\"local\",\"chain_id\":0}," MINE), "chain_id" }, /* all of the file */
    };
    chaos_network network;
    (void)state;
    assert_int_equal(load(FILE_OF(MINE), "MINE", &network, NULL), CHAOS_OK);
    assert_true(network.chain_id == 4242 && network.first_block == 7 && network.kind == CHAOS_NETWORK_LOCAL);
    assert_int_equal(network.identity.bytes[19], 0xa3);
    assert_int_equal(load(FILE_OF(MINE), "eip155:4242", &network, NULL), CHAOS_OK);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_error err = { 0 };
        network.chain_id = 9;
        chaos_status status = load(wrong[i].text, "mine", &network, &err);
        if (status != CHAOS_E_USAGE || strcmp(err.field, wrong[i].field) != 0) {
            fail_msg("%s: %s at %s", wrong[i].text, chaos_status_name(status), err.field);
        }
        assert_int_equal(network.chain_id, 9);
    }
    assert_int_equal(chaos_network_load("/nowhere/networks.json", "mine", &network, NULL), CHAOS_E_FILE_IO);
    assert_int_equal(chaos_network_load("/tmp", "mine", &network, NULL), CHAOS_E_FILE_IO);
    chaos_error err;
    assert_int_equal(chaos_network_load("/dev/zero", "mine", &network, &err), CHAOS_E_USAGE);
    assert_non_null(strstr(err.text, "1 MiB"));
}

/* --------------------------------------------------------------- metadata ---- */

static void test_measurement(void **state)
{
    static const uint8_t right[] = { 0xcb, 0x68, 0x0d, 0xb8, 0x79, 0x3b, 0x4d, 0xf9, 0xff, 0xd2, 0x9c,
                                     0x6c, 0x9e, 0x9b, 0x25, 0xd1, 0x23, 0x08, 0x7a, 0x72, 0x17, 0x45,
                                     0xee, 0x70, 0xa4, 0x09, 0x4c, 0x95, 0x17, 0x21, 0x99, 0xe4 };
    chaos_tdx_workload w;
    (void)state;
    memset(w.mr_td, 1, sizeof w.mr_td);
    memset(w.rtmr0, 2, sizeof w.rtmr0);
    memset(w.rtmr1, 3, sizeof w.rtmr1);
    memset(w.rtmr2, 4, sizeof w.rtmr2);
    memset(w.mr_config_id, 5, sizeof w.mr_config_id);
    memset(w.compose_hash, 6, sizeof w.compose_hash);
    memset(w.td_attributes, 7, sizeof w.td_attributes);
    memset(w.xfam, 8, sizeof w.xfam);
    chaos_keccak made = chaos_tee_measurement(&w);
    assert_memory_equal(made.bytes, right, sizeof right);
    w.xfam[7] ^= 1;
    made = chaos_tee_measurement(&w);
    assert_memory_not_equal(made.bytes, right, sizeof right);
}

static void test_tee_metadata(void **state)
{
    chaos_tee_metadata m = { .present = 0x1ff, .expires = 1767312000 }, back = { .present = 0 };
    chaos_tee_entries entries;
    (void)state;
    (void)snprintf(m.arch, sizeof m.arch, "tdx");
    (void)snprintf(m.evidence_uri, sizeof m.evidence_uri, "ipfs://x/%s", "\xc3\xa9");
    memset(m.key.bytes, 0x11, sizeof m.key.bytes);
    memset(m.binding.bytes, 0x22, sizeof m.binding.bytes);
    memset(m.evidence_hash.bytes, 0x33, sizeof m.evidence_hash.bytes);
    memset(m.measurement.bytes, 0x44, sizeof m.measurement.bytes);
    assert_int_equal(chaos_tee_metadata_write(&m, &entries, NULL), CHAOS_OK);
    assert_int_equal(entries.count, CHAOS_TEE_FIELD_COUNT);
    for (size_t i = 0; i < entries.count; i++) {
        assert_true(chaos_tee_metadata_take(&back, slice_text(entries.entries[i].key), entries.entries[i].value));
    }
    assert_true(back.present == m.present && back.malformed == 0 && back.expires == m.expires);
    assert_string_equal(back.arch, "tdx");
    assert_string_equal(back.evidence_uri, m.evidence_uri);
    assert_memory_equal(&back.key, &m.key, sizeof m.key);
    assert_memory_equal(&back.measurement, &m.measurement, sizeof m.measurement);
    static const uint8_t expires[] = { 0, 0, 0, 0, 0x69, 0x57, 0x0a, 0x80 };
    assert_memory_equal(entries.entries[7].value.data, expires, sizeof expires);
    m.present = 0; /* the version is written even alone */
    assert_int_equal(chaos_tee_metadata_write(&m, &entries, NULL), CHAOS_OK);
    assert_int_equal(entries.count, 1);
    assert_string_equal(entries.entries[0].key, "tee.v");
    m.present = CHAOS_TEE_FIELD_ARCH;
    (void)snprintf(m.arch, sizeof m.arch, "vax");
    chaos_error err;
    assert_int_equal(chaos_tee_metadata_write(&m, &entries, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "tee.arch");
    m.present = CHAOS_TEE_FIELD_EXPIRES;
    m.expires = -1;
    assert_int_equal(chaos_tee_metadata_write(&m, &entries, &err), CHAOS_E_USAGE);
    assert_string_equal(err.field, "tee.expires");
}

/* One byte more or less, or another form, and the member is malformed, not present. */
static void test_malformed_metadata(void **state)
{
    static const struct {
        const char *key, *value;
        size_t size;
        unsigned field;
    } wrong[] = {
        { "tee.v", "\x02", 1, CHAOS_TEE_FIELD_VERSION },
        { "tee.v", "\x01\x00", 2, CHAOS_TEE_FIELD_VERSION },
        { "tee.arch", "TDX", 3, CHAOS_TEE_FIELD_ARCH },
        { "tee.arch", "tdx\0", 4, CHAOS_TEE_FIELD_ARCH },
        { "tee.key", "0123456789012345678", 19, CHAOS_TEE_FIELD_KEY },
        { "tee.key", "012345678901234567890", 21, CHAOS_TEE_FIELD_KEY },
        { "tee.binding", "0123456789012345678901234567890", 31, CHAOS_TEE_FIELD_BINDING },
        { "tee.evidenceHash", "012345678901234567890123456789012", 33, CHAOS_TEE_FIELD_EVIDENCE_HASH },
        { "tee.evidenceURI", "a\0b", 3, CHAOS_TEE_FIELD_EVIDENCE_URI },
        { "tee.evidenceURI", "\xc3", 1, CHAOS_TEE_FIELD_EVIDENCE_URI },
        { "tee.measurement", "0", 1, CHAOS_TEE_FIELD_MEASUREMENT },
        { "tee.expires", "1234567", 7, CHAOS_TEE_FIELD_EXPIRES },
        { "tee.expires", "123456789", 9, CHAOS_TEE_FIELD_EXPIRES },
        { "tee.expires", "\x80\0\0\0\0\0\0\0", 8, CHAOS_TEE_FIELD_EXPIRES },
        { "tee.simulated", "\0", 1, CHAOS_TEE_FIELD_SIMULATED },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(wrong); i++) {
        chaos_tee_metadata m = { .present = wrong[i].field };
        assert_true(chaos_tee_metadata_take(&m, slice_text(wrong[i].key), slice(wrong[i].value, wrong[i].size)));
        assert_int_equal(m.present, 0);
        assert_int_equal(m.malformed, wrong[i].field);
        assert_true(chaos_tee_metadata_take(&m, slice_text(wrong[i].key), slice("", 0))); /* cleared: absent */
        assert_int_equal(m.present | m.malformed, 0);
    }
    chaos_tee_metadata m = { .present = 0 };
    static const uint8_t long_uri[CHAOS_MAX_EVIDENCE_URI + 1] = { 'x' };
    assert_false(chaos_tee_metadata_take(&m, slice_text("tee.head"), slice("x", 1)));
    assert_false(chaos_tee_metadata_take(&m, slice("tee.v\0", 6), slice("\1", 1)));
    assert_true(chaos_tee_metadata_take(&m, slice_text("tee.evidenceURI"), slice(long_uri, sizeof long_uri)));
    assert_int_equal(m.malformed, CHAOS_TEE_FIELD_EVIDENCE_URI);
}

static void test_head_and_answer(void **state)
{
    chaos_tee_head head = { .sequence = 0x0102030405060708 };
    chaos_tee_answer answer;
    uint8_t value[64];
    (void)state;
    memset(head.digest.bytes, 0xdd, sizeof head.digest.bytes);
    chaos_tee_head_write(&head, value);
    assert_memory_equal(value, "\1\2\3\4\5\6\7\10\xdd\xdd", 10);
    assert_int_equal(value[39], 0xdd);
    memset(answer.request_hash.bytes, 0xaa, 32);
    memset(answer.envelope_hash.bytes, 0xbb, 32);
    chaos_tee_answer_write(&answer, value);
    assert_true(value[0] == 0xaa && value[31] == 0xaa && value[32] == 0xbb && value[63] == 0xbb);
}

/* ------------------------------------------------------------------ calls ---- */

/* A call that does not fit its signature is never written. */
static void test_calls(void **state)
{
    chaos_u256 id = chaos_u256_from(1);
    chaos_address address = { { 1 } };
    CHAOS_AUTO_BUFFER(out, 4096);
    (void)state;
    assert_int_equal(call_write(&out, "ownerOf(uint256)", ARGUMENTS(arg_u256(&id)), NULL), CHAOS_OK);
    assert_int_equal(out.size, 36);
    out.size = 0;
    assert_int_equal(call_write(&out, "ownerOf(uint256)", NO_ARGUMENTS, NULL), CHAOS_E_INTERNAL);
    assert_int_equal(call_write(&out, "ownerOf(uint256)", ARGUMENTS(arg_address(&address)), NULL), CHAOS_E_INTERNAL);
    assert_int_equal(call_write(&out, "ownerOf(uint256)", ARGUMENTS(arg_u256(&id), arg_u256(&id)), NULL),
                     CHAOS_E_INTERNAL);
    assert_int_equal(call_write(&out, "f(string)", ARGUMENTS(arg_bytes(slice("a", 1))), NULL), CHAOS_E_INTERNAL);
    assert_int_equal(call_write(&out, "getVersion", NO_ARGUMENTS, NULL), CHAOS_E_INTERNAL);
    static const uint8_t large[4096];
    chaos_error err;
    assert_int_equal(call_write(&out, "f(bytes)", ARGUMENTS(arg_bytes(slice(large, sizeof large))), &err),
                     CHAOS_E_USAGE);
    assert_int_equal(out.size, 0); /* untouched */
}

/* ------------------------------------------------------------------ means ---- */

static void put_word(chaos_buffer *out, chaos_int128 value)
{
    uint8_t word[ABI_WORD];
    int128_to_word(&value, word);
    assert_true(buffer_append(out, slice(word, sizeof word)));
}

typedef struct vote {
    const char *value; /* decimal, its decimals behind the point */
    bool revoked;
} vote;

/* The return data of readAllFeedback for these votes, without tags. */
static chaos_feedback_list *list_of(const vote *votes, size_t count)
{
    CHAOS_AUTO_BUFFER(data, 65536);
    chaos_feedback_list *list = NULL;
    abi_writer w = abi_writer_begin(&data, 7);
    for (unsigned column = 0; column < 7; column++) {
        abi_open_array(&w, count, count);
        for (size_t i = 0; i < count; i++) {
            chaos_int128 value;
            uint8_t decimals, word[ABI_WORD];
            assert_int_equal(chaos_decimal_parse(votes[i].value, &value, &decimals, NULL), CHAOS_OK);
            int128_to_word(&value, word);
            switch (column) {
            case 2:
                abi_write_word(&w, word);
                break;
            case 3:
                abi_write_unsigned(&w, decimals);
                break;
            case 4:
            case 5:
                abi_write_bytes(&w, slice("", 0));
                break;
            case 6:
                abi_write_unsigned(&w, votes[i].revoked);
                break;
            default:
                abi_write_unsigned(&w, i + 1);
                break;
            }
        }
        abi_close(&w);
    }
    assert_true(abi_writer_end(&w));
    assert_int_equal(reply_all_feedback(&data, &list, NULL), CHAOS_OK);
    return list;
}

static void test_means(void **state)
{
    static const struct {
        const char *mean;
        unsigned decimals;
        size_t count; /* that counts */
        size_t votes;
        vote vote[4];
    } cases[] = {
        { "0", 0, 0, 0, { { NULL, false } } },
        { "0", 0, 0, 1, { { "5", true } } },
        { "482", 1, 2, 2, { { "99.77", false }, { "-3.2", false } } }, /* 48.28 at the lower of two: 48.2 */
        { "61", 0, 3, 3, { { "99.77", false }, { "-3.2", false }, { "87", false } } },
        { "-1", 0, 2, 2, { { "-1", false }, { "-2", false } } },
        { "9977", 2, 1, 2, { { "99.77", false }, { "-3.2", true } } },
        { "49999999999999999950000000000000000000", 0, 2, 2, { { "-100000000000000000000.000000000000000000", false }, { "100000000000000000000000000000000000000", false } } },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        chaos_feedback_summary summary;
        char text[CHAOS_DECIMAL_TEXT_SIZE];
        CHAOS_AUTO(chaos_feedback_list, list);
        list = list_of(cases[i].vote, cases[i].votes);
        assert_int_equal(chaos_feedback_list_summary(list, &summary, NULL), CHAOS_OK);
        chaos_decimal_format(&summary.value, 0, text);
        assert_string_equal(text, cases[i].mean);
        assert_int_equal(summary.decimals, cases[i].decimals);
        assert_int_equal(summary.count, cases[i].count);
    }
    /* Where the contract's last step wraps, ours says so. */
    static const vote wraps[] = { { "100000000000000000000000000000000000000", false },
                                  { "0.000000000000000001", false },
                                  { "0.000000000000000001", false } };
    chaos_feedback_summary summary = { .count = 77 };
    CHAOS_AUTO(chaos_feedback_list, list);
    list = list_of(wraps, 3);
    assert_int_equal(chaos_feedback_list_summary(list, &summary, NULL), CHAOS_E_LIMIT);
    assert_int_equal(summary.count, 77);
}

/* The seven arrays must be of one length. */
static void test_ragged_list(void **state)
{
    CHAOS_AUTO_BUFFER(data, 4096);
    chaos_feedback_list *list = NULL;
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        put_word(&data, chaos_int128_from(7 * 32 + (i == 6 ? 32 : 0)));
    }
    put_word(&data, chaos_int128_from(0));
    put_word(&data, chaos_int128_from(1));
    put_word(&data, chaos_int128_from(1));
    chaos_error err;
    assert_int_equal(reply_all_feedback(&data, &list, &err), CHAOS_E_NODE);
    assert_non_null(strstr(err.text, "one length"));
    assert_null(list);
    assert_int_equal(data.size, 10 * 32); /* still the caller's */
}

/* ----------------------------------------------------------------- ranges ---- */

static void test_range(void **state)
{
    log_range r = log_range_begin(0);
    (void)state;
    assert_int_equal(r.size, 2000);
    assert_true(log_range_fail(&r, 100, 2000, slice_text("query returned more than 10000 results")));
    assert_int_equal(r.size, 1000);
    assert_true(log_range_fail(&r, 0x64, 1000, slice_text("this range should work: [0x64, 0xC7]")));
    assert_int_equal(r.size, 100);
    assert_true(log_range_fail(&r, 100, 100, slice_text("[0x65, 0x70]"))); /* of other blocks: half */
    assert_int_equal(r.size, 50);
    assert_true(log_range_fail(&r, 100, 50, slice_text("[0x64, 0x95]"))); /* not smaller: half */
    assert_int_equal(r.size, 25);
    assert_true(log_range_fail(&r, 0x64, 25, slice_text("[0x64,0x64]")));
    assert_int_equal(r.size, 1);
    assert_false(log_range_fail(&r, 100, 1, slice_text("")));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(r.size, 1);
        log_range_succeed(&r);
    }
    assert_int_equal(r.size, 2);
    for (int i = 0; i < 10; i++) {
        log_range_succeed(&r);
    }
    assert_int_equal(r.size, 3);
    for (int i = 0; i < 1000; i++) {
        log_range_succeed(&r);
    }
    assert_int_equal(r.size, LOG_RANGE_MOST);
    static const char *const odd[] = { "[", "[0x", "[0x1", "[0x1,", "[0x1, 0x2", "[0x1, 0x2)", "[0x, 0x2]", "[[[[[" };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(odd); i++) {
        r = log_range_begin(10);
        assert_true(log_range_fail(&r, 1, 10, slice_text(odd[i])));
        assert_int_equal(r.size, 5);
    }
}

static void test_tail(void **state)
{
    log_tail tail;
    chaos_keccak hash = { { 0 } };
    (void)state;
    log_tail_begin(&tail, 3, 10);
    assert_null(log_tail_hash(&tail, 9));
    for (uint8_t i = 10; i < 15; i++) {
        hash.bytes[0] = i;
        log_tail_push(&tail, &hash);
    }
    assert_null(log_tail_hash(&tail, 11)); /* three are remembered */
    assert_null(log_tail_hash(&tail, 15));
    for (uint8_t i = 12; i < 15; i++) {
        assert_int_equal(log_tail_hash(&tail, i)->bytes[0], i);
    }
    log_tail_cut(&tail, 13);
    assert_true(tail.next == 13 && log_tail_hash(&tail, 12)->bytes[0] == 12 && log_tail_hash(&tail, 11) == NULL);
    hash.bytes[0] = 99;
    log_tail_jump(&tail, 1000, &hash);
    assert_true(tail.next == 1001 && log_tail_hash(&tail, 1000)->bytes[0] == 99 && log_tail_hash(&tail, 999) == NULL);
    log_tail_cut(&tail, 5);
    assert_true(tail.next == 5 && tail.known == 0);
}

/* ----------------------------------------------------------------- events ---- */

static void test_unknown_event(void **state)
{
    chaos_log log = { .topic_count = 1 };
    chaos_event event = { .kind = CHAOS_EVENT_COUNT };
    (void)state;
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_OK);
    assert_int_equal(event.kind, CHAOS_EVENT_UNKNOWN);
    log.topic_count = 0; /* an anonymous event */
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_OK);
    log.topic_count = 5;
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_E_USAGE);
    assert_null(chaos_event_name(CHAOS_EVENT_UNKNOWN));
    assert_null(chaos_event_name(CHAOS_EVENT_COUNT));
}

/* The kinds that no recorded call makes. */
static void test_rare_events(void **state)
{
    uint8_t words[64] = { 0 };
    chaos_event event;
    (void)state;
    words[31] = 2;
    words[63] = 5;
    chaos_log log = { .topic_count = 1, .data = slice(words, sizeof words) };
    log.topics[0] = chaos_event_topic(CHAOS_EVENT_BATCH_METADATA_UPDATE);
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_OK);
    assert_true(event.agent_id.bytes[31] == 2 && event.of.batch_metadata_update.last.bytes[31] == 5);
    log.topics[0] = chaos_event_topic(CHAOS_EVENT_INITIALIZED);
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_OK);
    assert_int_equal(event.of.initialized.version, 2);
    words[0] = 1; /* no uint64 */
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_E_ABI_FORMAT);
    log.topics[0] = chaos_event_topic(CHAOS_EVENT_DOMAIN_CHANGED);
    assert_int_equal(chaos_event_read(&log, &event, NULL), CHAOS_OK);
    assert_int_equal(event.kind, CHAOS_EVENT_DOMAIN_CHANGED);
}

/* ------------------------------------------------------------ generations ---- */

static void test_generations(void **state)
{
    chaos_network network;
    chaos_address old, none = { { 0 } };
    (void)state;
    assert_int_equal(chaos_address_parse("0x8004CB39f29c09145F24Ad9dDe2A108C1A2cdfC5", &old, NULL), CHAOS_OK);
    assert_non_null(strstr(generation_of_address(&old), "bytes32"));
    assert_int_equal(chaos_address_parse("0xf66e7CBdAE1Cb710fee7732E4e1f173624e137A7", &old, NULL), CHAOS_OK);
    assert_non_null(strstr(generation_of_address(&old), "ChaosChain"));
    assert_null(generation_of_address(&none));
    assert_int_equal(chaos_network_find("base-sepolia", &network, NULL), CHAOS_OK);
    assert_null(generation_of_address(&network.validation));
    static const uint8_t bytes32_tags[] = { 0x60, 0x80, 0x63, 0x30, 0xe5, 0x99, 0x3a, 0x14 };
    static const uint8_t agent_exists[] = { 0x63, 0xde, 0x99, 0xf1, 0x57 };
    assert_non_null(generation_of_code(CHAOS_REGISTRY_VALIDATION, slice(bytes32_tags, sizeof bytes32_tags)));
    assert_null(generation_of_code(CHAOS_REGISTRY_IDENTITY, slice(bytes32_tags, sizeof bytes32_tags)));
    assert_null(generation_of_code(CHAOS_REGISTRY_VALIDATION, slice(bytes32_tags, 6)));
    assert_non_null(generation_of_code(CHAOS_REGISTRY_IDENTITY, slice(agent_exists, sizeof agent_exists)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u256),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_file_equals_table),
        cmocka_unit_test(test_own_file),
        cmocka_unit_test(test_measurement),
        cmocka_unit_test(test_tee_metadata),
        cmocka_unit_test(test_malformed_metadata),
        cmocka_unit_test(test_head_and_answer),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_ragged_list),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_unknown_event),
        cmocka_unit_test(test_rare_events),
        cmocka_unit_test(test_generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
