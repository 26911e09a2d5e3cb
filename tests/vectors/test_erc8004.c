/* test_erc8004.c - the registries' API against what the official contracts answered: every recorded call's calldata, every
 * read through the public function on a node that plays it back, every refusal, every log. */
#include "erc8004/erc8004.h"
#include "tests/support/http_server.h"

#include "tests/support/support.h" /* jansson has a macro of the name of a reader's function */

#include <stdio.h>
#include <strings.h>

#define MAX_BYTES (256u * 1024u)

typedef struct world {
    json_t *vectors;
    json_t *read;  /* the one that is asked for now */
    json_t *logs;  /* what eth_getLogs answers */
    bool asked;    /* the read's calldata came */
    bool refused;  /* the read is a refusal: answer with its error */
    uint64_t time; /* of the head */
    unsigned cut;  /* > 0: so many bytes of the return data only (1: none) */
    http_server *server;
    chaos_rpc *rpc;
    chaos_registries *registries;
} world;

/* ------------------------------------------------------------------- text ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static void hex_bytes(const char *text, chaos_buffer *out)
{
    size_t size = strlen(text) / 2 - 1;
    assert_true(text[0] == '0' && text[1] == 'x');
    uint8_t *room = buffer_reserve(out, size + 1);
    assert_non_null(room);
    assert_true(hex_decode(slice(text + 2, 2 * size), room, size));
    out->size += size;
}

static chaos_address address_of(const json_t *value)
{
    chaos_address address;
    assert_int_equal(chaos_address_parse(json_string_value(value), &address, NULL), CHAOS_OK);
    return address;
}

static chaos_u256 number_of(const json_t *value)
{
    chaos_u256 number;
    if (json_is_integer(value)) {
        return chaos_u256_from((uint64_t)json_integer_value(value));
    }
    assert_int_equal(chaos_u256_parse(json_string_value(value), &number, NULL), CHAOS_OK);
    return number;
}

static uint64_t small_of(const json_t *value)
{
    chaos_u256 number = number_of(value);
    uint64_t small = 0;
    assert_true(chaos_u256_to(&number, &small));
    return small;
}

static chaos_keccak hash_value(const json_t *value)
{
    chaos_keccak hash;
    CHAOS_AUTO_BUFFER(bytes, 64);
    hex_bytes(json_string_value(value), &bytes);
    assert_int_equal(bytes.size, 32);
    memcpy(hash.bytes, bytes.data, 32);
    return hash;
}

static chaos_int128 int128_of(const json_t *value) /* beyond 10^38, too */
{
    const char *text = json_string_value(value);
    wide number = { .negative = text[0] == '-' };
    chaos_int128 out;
    assert_int_equal(chaos_u256_parse(text + number.negative, &number.magnitude, NULL), CHAOS_OK);
    assert_true(wide_to(&number, &out));
    return out;
}

static void same_address(const char *label, const json_t *expected, const chaos_address *found)
{
    char text[CHAOS_ADDRESS_TEXT_SIZE];
    chaos_address_format(found, text);
    if (strcmp(text, json_string_value(expected)) != 0) {
        fail_msg("%s: %s, expected %s", label, text, json_string_value(expected));
    }
}

static void same_number(const char *label, const json_t *expected, uint64_t found)
{
    if (small_of(expected) != found) {
        fail_msg("%s: %llu, expected %s", label, (unsigned long long)found, json_string_value(expected));
    }
}

static void same_hash(const char *label, const json_t *expected, const chaos_keccak *found)
{
    chaos_keccak right = hash_value(expected);
    if (memcmp(right.bytes, found->bytes, sizeof right.bytes) != 0) {
        fail_msg("%s: another hash than %s", label, json_string_value(expected));
    }
}

static void same_text(const char *label, const json_t *expected, chaos_slice found)
{
    if (json_string_length(expected) != found.size ||
        (found.size > 0 && memcmp(json_string_value(expected), found.data, found.size) != 0)) {
        fail_msg("%s: another text than %s", label, json_string_value(expected));
    }
}

static void same_bytes(const char *label, const json_t *expected, chaos_slice found)
{
    CHAOS_AUTO_BUFFER(right, MAX_BYTES);
    hex_bytes(json_string_value(expected), &right);
    if (!slice_equal(buffer_slice(&right), found)) {
        fail_msg("%s: other bytes than %s", label, json_string_value(expected));
    }
}

static void same_int128(const char *label, const json_t *expected, const chaos_int128 *found)
{
    chaos_int128 right = int128_of(expected);
    if (right.high != found->high || right.low != found->low) {
        fail_msg("%s: another value than %s", label, json_string_value(expected));
    }
}

/* ------------------------------------------------------------------- node ---- */

static json_t *find_read(const world *w, const char *to, const char *data)
{
    json_t *list = json_object_get(w->vectors, "chain_reads"), *read;
    json_t *places = json_object_get(w->vectors, "chain_deployment");
    size_t i;
    json_array_foreach(list, i, read)
    {
        if (strcmp(text_of(read, "calldata"), data) == 0 &&
            strcasecmp(text_of(places, text_of(read, "registry")), to) == 0) {
            return read;
        }
    }
    return NULL;
}

static json_t *answer_call(world *w, json_t *call, json_t **error)
{
    const char *data = text_of(call, "data"), *to = text_of(call, "to");
    json_t *places = json_object_get(w->vectors, "chain_deployment");
    bool is_current = w->read != NULL && strcmp(text_of(w->read, "calldata"), data) == 0 &&
                      strcasecmp(text_of(places, text_of(w->read, "registry")), to) == 0;
    w->asked = w->asked || is_current;
    if (is_current && w->refused) {
        *error = json_incref(json_object_get(w->read, "error"));
        return NULL;
    }
    json_t *read = is_current ? w->read : find_read(w, to, data);
    if (read == NULL) { /* an index, or an empty list */
        return json_string("0x0000000000000000000000000000000000000000000000000000000000000020"
                           "0000000000000000000000000000000000000000000000000000000000000000");
    }
    const char *whole = text_of(read, "returndata");
    return is_current && w->cut > 0 ? json_stringn(whole, 2 * (size_t)w->cut) : json_string(whole);
}

/* Blocks of one second each; the head, 0x40, has the time of the read's last update. */
static json_t *block_json(const world *w, const char *id)
{
    char number[24], time[24];
    unsigned long long height = strlen(id) < 20 && id[0] == '0' ? strtoull(id, NULL, 16) : 0x40;
    (void)snprintf(number, sizeof number, "0x%llx", height);
    (void)snprintf(time, sizeof time, "0x%llx", (unsigned long long)w->time + height - 0x40);
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "number", number, "hash",
                     "0x1111111111111111111111111111111111111111111111111111111111111111", "parentHash",
                     "0x2222222222222222222222222222222222222222222222222222222222222222", "timestamp", time,
                     "gasLimit", "0x1c9c380", "baseFeePerGas", "0x1");
}

static json_t *answer_method(world *w, const char *method, json_t *params, json_t **error)
{
    if (strcmp(method, "eth_chainId") == 0) {
        return json_string("0x7a69");
    }
    if (strcmp(method, "eth_blockNumber") == 0) {
        return json_string("0x40");
    }
    if (strncmp(method, "eth_getBlockBy", 14) == 0) {
        return block_json(w, json_string_value(json_array_get(params, 0)));
    }
    if (strcmp(method, "eth_getCode") == 0) {
        return json_string("0x6001");
    }
    if (strcmp(method, "eth_getStorageAt") == 0) {
        return json_string("0x0000000000000000000000000000000000000000000000000000000000000000");
    }
    if (strcmp(method, "eth_getLogs") == 0) {
        return json_deep_copy(w->logs);
    }
    if (strcmp(method, "eth_call") == 0) {
        return answer_call(w, json_array_get(params, 0), error);
    }
    *error = json_pack("{s:i,s:s}", "code", -32601, "message", "Method not found");
    return NULL;
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    world *w = context;
    json_t *request = json_loadb((const char *)seen->body.data, seen->body.size, 0, NULL), *error = NULL;
    json_t *result = answer_method(w, text_of(request, "method"), json_object_get(request, "params"), &error);
    json_t *reply = json_pack("{s:s,s:O}", "jsonrpc", "2.0", "id", json_object_get(request, "id"));
    (void)json_object_set_new(reply, error != NULL ? "error" : "result", error != NULL ? error : result);
    char *text = json_dumps(reply, JSON_COMPACT | JSON_ENSURE_ASCII);
    bool sent = http_reply(out, 200, "application/json", slice_text(text));
    free(text);
    json_decref(reply);
    json_decref(request);
    return sent;
}

/* ------------------------------------------------------------------ world ---- */

static int begin(void **state)
{
    char path[4096];
    world *w = calloc(1, sizeof *w);
    *state = w;
    if (vectors_root() == NULL) {
        return 0;
    }
    (void)snprintf(path, sizeof path, "%s/erc8004/vectors.json", vectors_root());
    w->vectors = json_load_file(path, JSON_ALLOW_NUL, NULL);
    w->logs = json_array();
    w->time = 0x6553f4f4;
    http_server_options server = { .tcp = true, .answer = answer, .context = w };
    w->server = http_server_start(&server);
    const char *url = http_server_url(w->server);
    chaos_rpc_options options = CHAOS_RPC_OPTIONS_INIT;
    options.urls = &url;
    options.url_count = 1;
    assert_int_equal(chaos_rpc_open(&options, &w->rpc, NULL), CHAOS_OK);
    json_t *places = json_object_get(w->vectors, "chain_deployment");
    chaos_registries_options open = CHAOS_REGISTRIES_OPTIONS_INIT;
    open.rpc = w->rpc;
    open.has_identity = open.has_reputation = open.has_validation = true;
    open.identity = address_of(json_object_get(places, "identity"));
    open.reputation = address_of(json_object_get(places, "reputation"));
    open.validation = address_of(json_object_get(places, "validation"));
    chaos_error err = { 0 };
    if (chaos_registries_open(&open, &w->registries, &err) != CHAOS_OK) {
        fail_msg("open: %s", err.text);
    }
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_registries_free(w->registries);
    chaos_rpc_free(w->rpc);
    if (w->server != NULL) {
        http_server_stop(w->server);
    }
    json_decref(w->logs);
    json_decref(w->vectors);
    free(w);
    return 0;
}

static json_t *section(world *w, const char *name)
{
    REQUIRE_VECTORS();
    json_t *list = json_object_get(w->vectors, name);
    assert_true(json_array_size(list) > 0);
    return list;
}

/* --------------------------------------------------------------- calldata ---- */

#define MAX_ITEMS 16

typedef struct storage { /* what arguments point at */
    chaos_u256 words[MAX_ARGUMENTS];
    chaos_address addresses[MAX_ARGUMENTS], lists[MAX_ITEMS];
    chaos_metadata_entry entries[MAX_ITEMS];
    chaos_buffer bytes[MAX_ITEMS + MAX_ARGUMENTS];
    size_t buffers;
} storage;

static chaos_slice stored_bytes(storage *s, const json_t *value)
{
    chaos_buffer *b = &s->bytes[s->buffers++];
    *b = (chaos_buffer)CHAOS_BUFFER_INIT(MAX_BYTES);
    hex_bytes(json_string_value(value), b);
    return buffer_slice(b);
}

static argument entries_argument(storage *s, const json_t *list)
{
    size_t i;
    json_t *entry;
    json_array_foreach((json_t *)(uintptr_t)list, i, entry)
    {
        bool pair = json_is_array(entry);
        s->entries[i].key = json_string_value(pair ? json_array_get(entry, 0) : json_object_get(entry, "metadataKey"));
        s->entries[i].value = stored_bytes(s, pair ? json_array_get(entry, 1) : json_object_get(entry, "metadataValue"));
    }
    return arg_entries(s->entries, json_array_size(list));
}

static argument list_argument(storage *s, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        s->lists[i] = address_of(item);
    }
    return arg_addresses(s->lists, json_array_size(list));
}

/* The argument of this type from the vector's text. */
static argument argument_of(storage *s, size_t i, chaos_slice type, const json_t *value)
{
    if (slice_is(type, "address")) {
        s->addresses[i] = address_of(value);
        return arg_address(&s->addresses[i]);
    }
    if (slice_is(type, "int128")) {
        return arg_int128(int128_of(value));
    }
    if (slice_is(type, "uint64") || slice_is(type, "uint8")) {
        return arg_number(small_of(value));
    }
    if (slice_is(type, "uint256")) {
        s->words[i] = number_of(value);
        return arg_u256(&s->words[i]);
    }
    if (slice_is(type, "bytes32") || slice_is(type, "bytes4")) {
        chaos_slice bytes = stored_bytes(s, value);
        memcpy(s->words[i].bytes, bytes.data, bytes.size);
        return arg_u256(&s->words[i]);
    }
    if (slice_is(type, "bool")) {
        return arg_boolean(json_is_true(value));
    }
    if (slice_is(type, "bytes")) {
        return arg_bytes(stored_bytes(s, value));
    }
    if (slice_is(type, "address[]")) {
        return list_argument(s, value);
    }
    if (slice_is(type, "(string,bytes)[]")) {
        return entries_argument(s, value);
    }
    assert_true(slice_is(type, "string"));
    return arg_text(json_string_value(value));
}

static void check_calldata(const json_t *entry)
{
    const char *signature = text_of(entry, "function");
    json_t *args = json_object_get(entry, "args"), *value;
    storage s = { .buffers = 0 };
    argument arguments[MAX_ARGUMENTS];
    const char *place = strchr(signature, '(') + 1;
    size_t i;
    CHAOS_AUTO_BUFFER(out, MAX_BYTES);
    json_array_foreach(args, i, value)
    {
        size_t size = *place == '(' ? strlen("(string,bytes)[]") : strcspn(place, ",)");
        arguments[i] = argument_of(&s, i, slice(place, size), value);
        place += size + (place[size] == ',');
    }
    assert_int_equal(call_write(&out, signature, arguments, json_array_size(args), NULL), CHAOS_OK);
    same_bytes(text_of(entry, "label"), json_object_get(entry, "calldata"), buffer_slice(&out));
    for (i = 0; i < s.buffers; i++) {
        chaos_buffer_free(&s.bytes[i]);
    }
}

static void test_calldata(void **state)
{
    static const char *const sections[] = { "chain_calls", "chain_reads", "chain_reverts" };
    size_t count = 0;
    for (size_t k = 0; k < CHAOS_ARRAY_SIZE(sections); k++) {
        json_t *list = section(*state, sections[k]), *entry;
        size_t i;
        json_array_foreach(list, i, entry)
        {
            check_calldata(entry);
            count++;
        }
    }
    assert_int_equal(count, 53 + 81 + 58);
}

/* ------------------------------------------------------------------ reads ---- */

typedef struct asking {
    world *w;
    const char *label;
    json_t *args, *decoded;
    chaos_registry_kind kind;
    chaos_error err;
} asking;

#define ARG(i) json_array_get(a->args, (i))
#define WANT(i) json_array_get(a->decoded, (i))
#define TELL(call)                   \
    do {                             \
        chaos_status told_ = (call); \
        if (told_ != CHAOS_OK) {     \
            return told_;            \
        }                            \
    } while (0)

static chaos_status want_text(asking *a, chaos_status status, const chaos_buffer *text)
{
    TELL(status);
    same_text(a->label, WANT(0), buffer_slice(text));
    return CHAOS_OK;
}

static chaos_status want_address(asking *a, chaos_status status, const chaos_address *found)
{
    TELL(status);
    same_address(a->label, WANT(0), found);
    return CHAOS_OK;
}

static chaos_status want_boolean(asking *a, chaos_status status, const bool *found)
{
    TELL(status);
    assert_int_equal(json_is_true(WANT(0)), *found);
    return CHAOS_OK;
}

static chaos_status want_count(asking *a, chaos_status status, const uint64_t *found)
{
    TELL(status);
    same_number(a->label, WANT(0), *found);
    return CHAOS_OK;
}

static size_t addresses_of(const json_t *list, chaos_address out[MAX_ITEMS])
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        out[i] = address_of(json_array_get(list, i));
    }
    return json_array_size(list);
}

static chaos_status ask_name(asking *a)
{
    CHAOS_AUTO_BUFFER(text, 256);
    return want_text(a, chaos_identity_name(a->w->registries, NULL, &text, &a->err), &text);
}

static chaos_status ask_symbol(asking *a)
{
    CHAOS_AUTO_BUFFER(text, 256);
    return want_text(a, chaos_identity_symbol(a->w->registries, NULL, &text, &a->err), &text);
}

static chaos_status ask_version(asking *a)
{
    CHAOS_AUTO_BUFFER(text, 256);
    return want_text(a, chaos_registry_version(a->w->registries, a->kind, NULL, &text, &a->err), &text);
}

static chaos_status ask_upgrade_version(asking *a) /* a proxy's own: there is no public call */
{
    CHAOS_AUTO_BUFFER(reply, 4096);
    CHAOS_AUTO_BUFFER(text, 256);
    TELL(registry_call(a->w->registries, a->kind, NULL, "UPGRADE_INTERFACE_VERSION()", NO_ARGUMENTS, &reply, NULL,
                       &a->err));
    return want_text(a, reply_bytes(buffer_slice(&reply), "text", &text, &a->err), &text);
}

static chaos_status ask_domain(asking *a)
{
    return chaos_identity_check_domain(a->w->registries, NULL, &a->err);
}

static chaos_status ask_registry_owner(asking *a)
{
    chaos_address owner = { { 0 } };
    return want_address(a, chaos_registry_owner(a->w->registries, a->kind, NULL, &owner, &a->err), &owner);
}

static chaos_status ask_supports(asking *a)
{
    bool supported = false;
    uint32_t id = (uint32_t)strtoul(json_string_value(ARG(0)), NULL, 16);
    return want_boolean(a, chaos_identity_supports(a->w->registries, id, NULL, &supported, &a->err), &supported);
}

static chaos_status ask_owner(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address owner = { { 0 } };
    return want_address(a, chaos_agent_owner(a->w->registries, &id, NULL, &owner, &a->err), &owner);
}

static chaos_status ask_wallet(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address wallet = { { 0 } };
    return want_address(a, chaos_agent_wallet(a->w->registries, &id, NULL, &wallet, &a->err), &wallet);
}

static chaos_status ask_approved(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address approved = { { 0 } };
    return want_address(a, chaos_agent_approved(a->w->registries, &id, NULL, &approved, &a->err), &approved);
}

static chaos_status ask_balance(asking *a)
{
    chaos_address owner = address_of(ARG(0));
    chaos_u256 count;
    TELL(chaos_agent_balance(a->w->registries, &owner, NULL, &count, &a->err));
    uint64_t small = 0;
    assert_true(chaos_u256_to(&count, &small));
    return want_count(a, CHAOS_OK, &small);
}

static chaos_status ask_uri(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    CHAOS_AUTO_BUFFER(uri, MAX_BYTES);
    return want_text(a, chaos_agent_uri(a->w->registries, &id, NULL, &uri, &a->err), &uri);
}

static chaos_status ask_metadata(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    CHAOS_AUTO_BUFFER(value, MAX_BYTES);
    TELL(chaos_agent_metadata(a->w->registries, &id, json_string_value(ARG(1)), NULL, &value, &a->err));
    same_bytes(a->label, WANT(0), buffer_slice(&value));
    return CHAOS_OK;
}

static chaos_status ask_operator(asking *a)
{
    chaos_address owner = address_of(ARG(0)), other = address_of(ARG(1));
    bool is = false;
    return want_boolean(a, chaos_agent_is_operator(a->w->registries, &owner, &other, NULL, &is, &a->err), &is);
}

static chaos_status ask_authorized(asking *a)
{
    chaos_address spender = address_of(ARG(0));
    chaos_u256 id = number_of(ARG(1));
    bool is = false;
    return want_boolean(a, chaos_agent_is_authorized(a->w->registries, &spender, &id, NULL, &is, &a->err), &is);
}

static chaos_status ask_identity_registry(asking *a)
{
    CHAOS_AUTO_BUFFER(reply, 4096);
    chaos_address address = { { 0 } };
    TELL(registry_call(a->w->registries, a->kind, NULL, "getIdentityRegistry()", NO_ARGUMENTS, &reply, NULL, &a->err));
    return want_address(a, reply_address(buffer_slice(&reply), "identity", &address, &a->err), &address);
}

static chaos_status ask_last_index(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address client = address_of(ARG(1));
    uint64_t index = 0;
    return want_count(a, chaos_feedback_last_index(a->w->registries, &id, &client, NULL, &index, &a->err), &index);
}

static chaos_status ask_feedback(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address client = address_of(ARG(1));
    CHAOS_AUTO(chaos_feedback_list, list);
    TELL(chaos_feedback_read(a->w->registries, &id, &client, small_of(ARG(2)), NULL, &list, &a->err));
    assert_int_equal(chaos_feedback_list_count(list), 1);
    const chaos_feedback *f = chaos_feedback_list_at(list, 0);
    same_int128(a->label, WANT(0), &f->value);
    same_number(a->label, WANT(1), f->decimals);
    same_text(a->label, WANT(2), f->tag1);
    same_text(a->label, WANT(3), f->tag2);
    assert_int_equal(json_is_true(WANT(4)), f->is_revoked);
    return CHAOS_OK;
}

static chaos_status ask_clients(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    CHAOS_AUTO(chaos_address_list, list);
    TELL(chaos_feedback_clients(a->w->registries, &id, NULL, &list, &a->err));
    assert_int_equal(chaos_address_list_count(list), json_array_size(WANT(0)));
    for (size_t i = 0; i < chaos_address_list_count(list); i++) {
        same_address(a->label, json_array_get(WANT(0), i), chaos_address_list_at(list, i));
    }
    return CHAOS_OK;
}

static chaos_status ask_feedback_summary(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address clients[MAX_ITEMS];
    size_t count = addresses_of(ARG(1), clients);
    chaos_feedback_summary summary = { .count = 0 };
    if (count == 2 && memcmp(&clients[0], &clients[1], sizeof clients[0]) == 0) {
        assert_int_equal(chaos_feedback_summary_of(a->w->registries, &id, clients, count, "", "", NULL, &summary, NULL),
                         CHAOS_E_USAGE);
        a->w->asked = true; /* not asked on purpose */
        return CHAOS_OK;
    }
    TELL(chaos_feedback_summary_of(a->w->registries, &id, clients, count, json_string_value(ARG(2)),
                                   json_string_value(ARG(3)), NULL, &summary, &a->err));
    same_number(a->label, WANT(0), summary.count);
    same_int128(a->label, WANT(1), &summary.value);
    same_number(a->label, WANT(2), summary.decimals);
    return CHAOS_OK;
}

static chaos_status ask_all_feedback(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address clients[MAX_ITEMS];
    size_t count = addresses_of(ARG(1), clients);
    CHAOS_AUTO(chaos_feedback_list, list);
    TELL(chaos_feedback_read_all(a->w->registries, &id, clients, count, json_string_value(ARG(2)),
                                 json_string_value(ARG(3)), json_is_true(ARG(4)), NULL, &list, &a->err));
    assert_int_equal(chaos_feedback_list_count(list), json_array_size(WANT(0)));
    for (size_t i = 0; i < chaos_feedback_list_count(list); i++) {
        const chaos_feedback *f = chaos_feedback_list_at(list, i);
        same_address(a->label, json_array_get(WANT(0), i), &f->client);
        same_number(a->label, json_array_get(WANT(1), i), f->index);
        same_int128(a->label, json_array_get(WANT(2), i), &f->value);
        same_number(a->label, json_array_get(WANT(3), i), f->decimals);
        same_text(a->label, json_array_get(WANT(4), i), f->tag1);
        same_text(a->label, json_array_get(WANT(5), i), f->tag2);
        assert_int_equal(json_is_true(json_array_get(WANT(6), i)), f->is_revoked);
    }
    return CHAOS_OK;
}

static chaos_status ask_response_count(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address client = address_of(ARG(1)), responders[MAX_ITEMS];
    size_t responder_count = addresses_of(ARG(3), responders);
    uint64_t count = 0;
    bool all = slice_is_zero(slice(client.bytes, sizeof client.bytes));
    return want_count(a,
                      chaos_feedback_response_count(a->w->registries, &id, all ? NULL : &client, small_of(ARG(2)),
                                                    responders, responder_count, NULL, &count, &a->err),
                      &count);
}

/* The logs that the node has of the request. */
static json_t *logs_of(world *w, const char *hash, bool answered)
{
    json_t *list = json_object_get(w->vectors, "chain_calls"), *call, *log, *found = json_array();
    size_t i, k;
    json_array_foreach(list, i, call)
    {
        json_array_foreach(json_object_get(call, "logs"), k, log)
        {
            bool is_answer = strncmp(text_of(log, "event"), "ValidationResponse(", 19) == 0;
            const json_t *topic = json_array_get(json_object_get(log, "topics"), 3);
            if ((is_answer || strncmp(text_of(log, "event"), "ValidationRequest(", 18) == 0) && is_answer == answered &&
                strcmp(json_string_value(topic), hash) == 0 && json_array_size(found) == 0) {
                json_t *copy = json_deep_copy(log);
                (void)json_object_del(copy, "event");
                (void)json_object_del(copy, "decoded");
                (void)json_object_set_new(copy, "blockNumber", json_string("0x40"));
                (void)json_object_set_new(copy, "blockHash", json_string("0x1111111111111111111111111111111111111111"
                                                                         "111111111111111111111111"));
                (void)json_object_set_new(copy, "transactionHash", json_string(text_of(call, "txHash")));
                (void)json_object_set_new(copy, "transactionIndex", json_string("0x0"));
                (void)json_object_set_new(copy, "logIndex", json_string("0x0"));
                (void)json_array_append_new(found, copy);
            }
        }
    }
    return found;
}

static chaos_status ask_status(asking *a)
{
    chaos_keccak hash = hash_value(ARG(0));
    chaos_validation v = { .response = 101 };
    CHAOS_AUTO_BUFFER(tag, 256);
    bool answered = strstr(a->label, "responded") != NULL;
    json_decref(a->w->logs);
    a->w->logs = logs_of(a->w, json_string_value(ARG(0)), answered);
    a->w->time = a->decoded == NULL ? 0x6553f4f4 : small_of(WANT(5));
    chaos_status status = chaos_validation_status(a->w->registries, &hash, NULL, &v, &tag, &a->err);
    TELL(status);
    same_address(a->label, WANT(0), &v.validator);
    same_number(a->label, WANT(2), v.response);
    same_hash(a->label, WANT(3), &v.response_hash);
    same_text(a->label, WANT(4), buffer_slice(&tag));
    same_number(a->label, WANT(5), (uint64_t)v.last_update);
    assert_true(v.is_answered == answered);
    return CHAOS_OK;
}

static chaos_status ask_validation_summary(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    chaos_address validators[MAX_ITEMS];
    size_t n = addresses_of(ARG(1), validators);
    uint64_t count = 0;
    uint8_t mean = 0;
    TELL(chaos_validation_summary(a->w->registries, &id, validators, n, json_string_value(ARG(2)), NULL, &count, &mean,
                                  &a->err));
    same_number(a->label, WANT(0), count);
    same_number(a->label, WANT(1), mean);
    return CHAOS_OK;
}

static chaos_status want_hashes(asking *a, chaos_status status, chaos_hash_list *const *found)
{
    TELL(status);
    const chaos_hash_list *list = *found;
    assert_int_equal(chaos_hash_list_count(list), json_array_size(WANT(0)));
    for (size_t i = 0; i < chaos_hash_list_count(list); i++) {
        same_hash(a->label, json_array_get(WANT(0), i), chaos_hash_list_at(list, i));
    }
    return CHAOS_OK;
}

static chaos_status ask_of_agent(asking *a)
{
    chaos_u256 id = number_of(ARG(0));
    CHAOS_AUTO(chaos_hash_list, list);
    return want_hashes(a, chaos_validation_of_agent(a->w->registries, &id, NULL, &list, &a->err), &list);
}

static chaos_status ask_of_validator(asking *a)
{
    chaos_address validator = address_of(ARG(0));
    CHAOS_AUTO(chaos_hash_list, list);
    return want_hashes(a, chaos_validation_of_validator(a->w->registries, &validator, NULL, &list, &a->err), &list);
}

static const struct {
    const char *function;
    chaos_status (*ask)(asking *a);
} askers[] = {
    { "name()", ask_name },
    { "symbol()", ask_symbol },
    { "getVersion()", ask_version },
    { "UPGRADE_INTERFACE_VERSION()", ask_upgrade_version },
    { "eip712Domain()", ask_domain },
    { "owner()", ask_registry_owner },
    { "supportsInterface(bytes4)", ask_supports },
    { "ownerOf(uint256)", ask_owner },
    { "getAgentWallet(uint256)", ask_wallet },
    { "getApproved(uint256)", ask_approved },
    { "balanceOf(address)", ask_balance },
    { "tokenURI(uint256)", ask_uri },
    { "getMetadata(uint256,string)", ask_metadata },
    { "isApprovedForAll(address,address)", ask_operator },
    { "isAuthorizedOrOwner(address,uint256)", ask_authorized },
    { "getIdentityRegistry()", ask_identity_registry },
    { "getLastIndex(uint256,address)", ask_last_index },
    { "readFeedback(uint256,address,uint64)", ask_feedback },
    { "getClients(uint256)", ask_clients },
    { "getSummary(uint256,address[],string,string)", ask_feedback_summary },
    { "readAllFeedback(uint256,address[],string,string,bool)", ask_all_feedback },
    { "getResponseCount(uint256,address,uint64,address[])", ask_response_count },
    { "getValidationStatus(bytes32)", ask_status },
    { "getSummary(uint256,address[],string)", ask_validation_summary },
    { "getAgentValidations(uint256)", ask_of_agent },
    { "getValidatorRequests(address)", ask_of_validator },
};

static chaos_status ask(world *w, json_t *read, asking *a, bool *has_function)
{
    chaos_registry_kind kind = CHAOS_REGISTRY_IDENTITY;
    while (strcmp(chaos_registry_name(kind), text_of(read, "registry")) != 0) {
        kind++;
    }
    *a = (asking){ .w = w, .label = text_of(read, "label"), .args = json_object_get(read, "args"), .decoded = json_object_get(read, "decoded"), .kind = kind };
    w->read = read;
    w->asked = false;
    *has_function = true;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(askers); i++) {
        if (strcmp(askers[i].function, text_of(read, "function")) == 0) {
            return askers[i].ask(a);
        }
    }
    *has_function = false;
    return CHAOS_OK;
}

static void test_reads(void **state)
{
    world *w = *state;
    json_t *list = section(w, "chain_reads"), *read;
    size_t i;
    w->refused = false;
    w->cut = 0;
    json_array_foreach(list, i, read)
    {
        asking a;
        bool has_function;
        chaos_status status = ask(w, read, &a, &has_function);
        if (status != CHAOS_OK || !w->asked || !has_function) {
            fail_msg("%s: %s %s %s", a.label, chaos_status_name(status), a.err.text, w->asked ? "" : "(not asked)");
        }
    }
}

/* Return data that end early are refused, each at every word's end and in the middle. */
static void test_cut_replies(void **state)
{
    world *w = *state;
    json_t *list = section(w, "chain_reads"), *read;
    size_t i;
    json_array_foreach(list, i, read)
    {
        size_t whole = strlen(text_of(read, "returndata")) / 2; /* with "0x" as one */
        bool text_last = true;
        for (unsigned cut = 1; cut < whole; cut += 16) {
            asking a;
            bool has_function;
            w->cut = cut;
            chaos_status status = ask(w, read, &a, &has_function);
            /* The padding of a text at the very end is not needed, as in the EVM. */
            text_last = text_last && status == CHAOS_OK;
            if (status == CHAOS_OK && has_function && w->asked && cut + 32 <= whole &&
                strstr(a.label, "counted twice") == NULL) {
                fail_msg("%s: accepted %u of %zu bytes", a.label, cut - 1, whole - 1);
            }
            if (status != CHAOS_OK && status != CHAOS_E_NODE) {
                fail_msg("%s: %s", a.label, chaos_status_name(status));
            }
        }
    }
    w->cut = 0;
}

/* Every refusal comes as REVERTED with its name, or NOT_FOUND where it says that nothing is there. */
static void test_refusals(void **state)
{
    world *w = *state;
    json_t *list = section(w, "chain_reverts"), *entry;
    size_t i, reads = 0;
    json_array_foreach(list, i, entry)
    {
        char text[200], name[64];
        const char *reason = text_of(entry, "reason");
        CHAOS_AUTO_BUFFER(data, MAX_BYTES);
        hex_bytes(text_of(json_object_get(entry, "error"), "data"), &data);
        chaos_revert_text(buffer_slice(&data), text);
        size_t size = strcspn(reason, "(");
        (void)snprintf(name, sizeof name, "%.*s", (int)size, reason);
        const char *inside = strncmp(reason, "Error(", 6) == 0 ? "Error(" : NULL;
        if (data.size > 0 && strstr(text, inside != NULL ? "\"" : name) == NULL) {
            fail_msg("%s: %s is not in %s", text_of(entry, "label"), name, text);
        }
        if (inside != NULL) { /* Error("text") */
            char wanted[128];
            (void)snprintf(wanted, sizeof wanted, "%.*s", (int)(strlen(reason + 6) - 1), reason + 6);
            assert_non_null(strstr(text, wanted));
        }
        asking a;
        bool has_function;
        w->refused = true;
        chaos_status status = ask(w, entry, &a, &has_function);
        w->refused = false;
        if (!has_function || !w->asked) {
            continue; /* a write, or refused before it is asked */
        }
        bool nothing = strstr(reason, "ERC721NonexistentToken") != NULL || strstr(reason, "unknown") != NULL ||
                       strstr(reason, "index ") != NULL;
        assert_int_equal(status, nothing ? CHAOS_E_NOT_FOUND : CHAOS_E_REVERTED);
        reads++;
    }
    assert_true(reads >= 7);
}

/* ------------------------------------------------------------------- logs ---- */

static const json_t *decoded(const json_t *log, const char *key)
{
    const json_t *value = json_object_get(json_object_get(log, "decoded"), key);
    assert_non_null(value);
    return value;
}

static void check_identity_event(const json_t *log, const chaos_event *e)
{
    const char *name = chaos_event_name(e->kind);
    switch ((int)e->kind) {
    case CHAOS_EVENT_REGISTERED:
        same_text(name, decoded(log, "agentURI"), e->of.registered.uri);
        same_address(name, decoded(log, "owner"), &e->of.registered.owner);
        break;
    case CHAOS_EVENT_URI_UPDATED:
        same_text(name, decoded(log, "newURI"), e->of.uri_updated.uri);
        same_address(name, decoded(log, "updatedBy"), &e->of.uri_updated.updated_by);
        break;
    case CHAOS_EVENT_METADATA_SET:
        same_text(name, decoded(log, "metadataKey"), e->of.metadata_set.key);
        same_bytes(name, decoded(log, "metadataValue"), e->of.metadata_set.value);
        break;
    case CHAOS_EVENT_TRANSFER:
        same_address(name, decoded(log, "from"), &e->of.transfer.from);
        same_address(name, decoded(log, "to"), &e->of.transfer.to);
        break;
    case CHAOS_EVENT_APPROVAL:
        same_address(name, decoded(log, "owner"), &e->of.approval.owner);
        same_address(name, decoded(log, "approved"), &e->of.approval.approved);
        break;
    case CHAOS_EVENT_APPROVAL_FOR_ALL:
        same_address(name, decoded(log, "operator"), &e->of.approval_for_all.operator_);
        assert_int_equal(json_is_true(decoded(log, "approved")), e->of.approval_for_all.approved);
        break;
    case CHAOS_EVENT_UPGRADED:
        same_address(name, decoded(log, "implementation"), &e->of.upgraded.implementation);
        break;
    case CHAOS_EVENT_OWNERSHIP_TRANSFERRED:
        same_address(name, decoded(log, "previousOwner"), &e->of.ownership_transferred.previous);
        same_address(name, decoded(log, "newOwner"), &e->of.ownership_transferred.next);
        break;
    default:
        break;
    }
}

static void check_other_event(const json_t *log, const chaos_event *e)
{
    const char *name = chaos_event_name(e->kind);
    switch ((int)e->kind) {
    case CHAOS_EVENT_NEW_FEEDBACK:
        same_address(name, decoded(log, "clientAddress"), &e->of.new_feedback.client);
        same_number(name, decoded(log, "feedbackIndex"), e->of.new_feedback.index);
        same_int128(name, decoded(log, "value"), &e->of.new_feedback.value);
        same_number(name, decoded(log, "valueDecimals"), e->of.new_feedback.decimals);
        same_text(name, decoded(log, "tag1"), e->of.new_feedback.tag1);
        same_text(name, decoded(log, "tag2"), e->of.new_feedback.tag2);
        same_text(name, decoded(log, "endpoint"), e->of.new_feedback.endpoint);
        same_text(name, decoded(log, "feedbackURI"), e->of.new_feedback.uri);
        same_hash(name, decoded(log, "feedbackHash"), &e->of.new_feedback.hash);
        break;
    case CHAOS_EVENT_FEEDBACK_REVOKED:
        same_address(name, decoded(log, "clientAddress"), &e->of.feedback_revoked.client);
        same_number(name, decoded(log, "feedbackIndex"), e->of.feedback_revoked.index);
        break;
    case CHAOS_EVENT_RESPONSE_APPENDED:
        same_address(name, decoded(log, "clientAddress"), &e->of.response_appended.client);
        same_address(name, decoded(log, "responder"), &e->of.response_appended.responder);
        same_number(name, decoded(log, "feedbackIndex"), e->of.response_appended.index);
        same_text(name, decoded(log, "responseURI"), e->of.response_appended.uri);
        same_hash(name, decoded(log, "responseHash"), &e->of.response_appended.hash);
        break;
    case CHAOS_EVENT_VALIDATION_REQUEST:
        same_address(name, decoded(log, "validatorAddress"), &e->of.validation_request.validator);
        same_text(name, decoded(log, "requestURI"), e->of.validation_request.uri);
        same_hash(name, decoded(log, "requestHash"), &e->of.validation_request.request_hash);
        break;
    case CHAOS_EVENT_VALIDATION_RESPONSE:
        same_address(name, decoded(log, "validatorAddress"), &e->of.validation_response.validator);
        same_hash(name, decoded(log, "requestHash"), &e->of.validation_response.request_hash);
        same_number(name, decoded(log, "response"), e->of.validation_response.response);
        same_text(name, decoded(log, "responseURI"), e->of.validation_response.uri);
        same_hash(name, decoded(log, "responseHash"), &e->of.validation_response.response_hash);
        same_text(name, decoded(log, "tag"), e->of.validation_response.tag);
        break;
    default:
        break;
    }
}

/* A log with one thing wrong: short data, a topic missing, a topic too many, a hash of another text. */
static void check_broken(const chaos_log *log, const chaos_event *right)
{
    chaos_event event = { .kind = CHAOS_EVENT_COUNT };
    chaos_log broken = *log;
    for (size_t size = 0; size < log->data.size; size += 16) {
        broken.data.size = size;
        chaos_status status = chaos_event_read(&broken, &event, NULL);
        assert_true(status == CHAOS_E_ABI_FORMAT || (status == CHAOS_OK && size + 32 > log->data.size));
    }
    broken = *log;
    broken.topic_count--;
    if (broken.topic_count > 0) {
        assert_int_equal(chaos_event_read(&broken, &event, NULL), CHAOS_E_ABI_FORMAT);
    }
    broken = *log;
    broken.topic_count++;
    if (broken.topic_count <= 4) {
        assert_int_equal(chaos_event_read(&broken, &event, NULL), CHAOS_E_ABI_FORMAT);
    }
    if (right->kind == CHAOS_EVENT_METADATA_SET || right->kind == CHAOS_EVENT_NEW_FEEDBACK) {
        broken = *log;
        broken.topics[right->kind == CHAOS_EVENT_METADATA_SET ? 2 : 3].bytes[31] ^= 1;
        chaos_error err;
        assert_int_equal(chaos_event_read(&broken, &event, &err), CHAOS_E_ABI_FORMAT);
        assert_non_null(strstr(err.text, "hash"));
    }
}

static void check_log(world *w, const json_t *log)
{
    chaos_log made = { .address = address_of(json_object_get(log, "address")) };
    chaos_event event;
    CHAOS_AUTO_BUFFER(data, MAX_BYTES);
    json_t *topics = json_object_get(log, "topics"), *topic;
    size_t i;
    json_array_foreach(topics, i, topic)
    {
        made.topics[i] = hash_value(topic);
    }
    made.topic_count = json_array_size(topics);
    hex_bytes(text_of(log, "data"), &data);
    made.data = buffer_slice(&data);
    assert_int_equal(chaos_registries_event(w->registries, &made, &event, NULL), CHAOS_OK);
    const char *signature = text_of(log, "event");
    size_t size = strcspn(signature, "(");
    assert_non_null(chaos_event_name(event.kind));
    assert_int_equal(strlen(chaos_event_name(event.kind)), size);
    assert_memory_equal(chaos_event_name(event.kind), signature, size);
    static const char *const id_names[] = { "agentId", "tokenId", "_tokenId" };
    for (i = 0; i < CHAOS_ARRAY_SIZE(id_names); i++) {
        const json_t *id = json_object_get(json_object_get(log, "decoded"), id_names[i]);
        if (id != NULL) {
            chaos_u256 right = number_of(id);
            assert_memory_equal(right.bytes, event.agent_id.bytes, sizeof right.bytes);
        }
    }
    check_identity_event(log, &event);
    check_other_event(log, &event);
    check_broken(&made, &event);
    made.address.bytes[0] ^= 1; /* of another contract */
    assert_int_equal(chaos_registries_event(w->registries, &made, &event, NULL), CHAOS_OK);
    assert_int_equal(event.kind, CHAOS_EVENT_UNKNOWN);
}

static void test_logs(void **state)
{
    world *w = *state;
    json_t *list = section(w, "chain_calls"), *call, *log;
    size_t i, k, count = 0;
    json_array_foreach(list, i, call)
    {
        json_array_foreach(json_object_get(call, "logs"), k, log)
        {
            check_log(w, log);
            count++;
        }
    }
    assert_true(count > 70);
}

/* The topics of the table are the hashes of the contracts' own signatures. */
static void test_topics(void **state)
{
    static const char *const files[] = { "Identity", "Reputation", "Validation" };
    bool seen[CHAOS_EVENT_COUNT] = { false };
    (void)section(*state, "chain_calls");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(files); i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "erc8004/%sRegistry.abi.json", files[i]);
        json_t *abi = read_vector_json(name), *entry, *input;
        size_t k, n;
        json_array_foreach(abi, k, entry)
        {
            if (strcmp(text_of(entry, "type"), "event") != 0) {
                continue;
            }
            char signature[256];
            size_t size = (size_t)snprintf(signature, sizeof signature, "%s(", text_of(entry, "name"));
            json_array_foreach(json_object_get(entry, "inputs"), n, input)
            {
                size += (size_t)snprintf(signature + size, sizeof signature - size, "%s%s", n > 0 ? "," : "",
                                         text_of(input, "type"));
            }
            (void)snprintf(signature + size, sizeof signature - size, ")");
            chaos_keccak topic = hash_keccak(slice_text(signature));
            bool found = false;
            for (unsigned kind = 1; kind < CHAOS_EVENT_COUNT; kind++) {
                chaos_keccak ours = chaos_event_topic((chaos_event_kind)kind);
                if (memcmp(ours.bytes, topic.bytes, sizeof topic.bytes) == 0) {
                    assert_string_equal(chaos_event_name((chaos_event_kind)kind), text_of(entry, "name"));
                    found = seen[kind] = true;
                }
            }
            if (!found) {
                fail_msg("no decoder for %s", signature);
            }
        }
        json_decref(abi);
    }
    for (unsigned kind = 1; kind < CHAOS_EVENT_COUNT; kind++) {
        assert_true(seen[kind]);
    }
}

/* --------------------------------------------------------------- networks ---- */

static void test_networks(void **state)
{
    (void)section(*state, "chain_calls");
    json_t *file = read_vector_json("erc8004/networks.json"), *row;
    json_t *list = json_object_get(file, "networks");
    size_t i, count = 0;
    assert_int_equal(json_array_extend(list, json_object_get(file, "in_scripts_but_not_readme")), 0);
    json_array_foreach(list, i, row)
    {
        char name[32], number[24];
        chaos_network network;
        json_int_t chain = json_integer_value(json_object_get(row, "chainId"));
        if (chain == 0) {
            continue; /* its chain id is not known */
        }
        bool is_main = strcmp(text_of(row, "kind"), "mainnet") == 0;
        json_t *addresses = json_object_get(file, is_main ? "mainnet_addresses" : "testnet_addresses");
        (void)snprintf(name, sizeof name, "eip155:%lld", (long long)chain);
        (void)snprintf(number, sizeof number, "%lld", (long long)chain);
        assert_int_equal(chaos_network_find(name, &network, NULL), CHAOS_OK);
        if (network.kind != (is_main ? CHAOS_NETWORK_MAIN : CHAOS_NETWORK_TEST)) {
            fail_msg("%s is not in the list", text_of(row, "name"));
        }
        same_address(name, json_object_get(addresses, "identity"), &network.identity);
        same_address(name, json_object_get(addresses, "reputation"), &network.reputation);
        same_address(name, json_object_get(addresses, "validation_create2"), &network.validation);
        json_t *block = json_object_get(json_object_get(file, "identity_deploy_block"), number);
        assert_true((uint64_t)json_integer_value(block) == network.first_block);
        count++;
    }
    assert_true(count >= 50);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calldata),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_cut_replies),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
