/* test_dstack_hostile.c - guest agents that lie, break off or talk nonsense, in front of the plug-in phala-dstack as it is
 * built, through the public API. Each differs from a sound agent in one answer, and is refused with the status and the
 * words that this deserves; no error and no log line shows anything of the key. */
#define _GNU_SOURCE /* unshare */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h>

#include "codec/codec.h"
#include "sim/guest.h"
#include "tests/support/http_server.h"
#include "tests/support/support.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROVIDERS BUILD_ROOT "/lib/chaoschain/providers"
#define PATH "chaoschain/default"
#define PURPOSE CHAOS_KEY_AGENT

/* ----------------------------------------------------------- the bad agent ---- */

typedef enum wrong {
    NOTHING,
    MEMBER,        /* `member` of the answer is `text`, in JSON */
    NO_MEMBER,     /* it is left out */
    TWICE,         /* it comes a second time, as `text` */
    BODY,          /* HTTP `http`, `type`, and `text` as the body */
    RAW,           /* `text` is all that is sent */
    EDIT,          /* `edit` works on the answer */
    OTHER_DATA,    /* the quote is for other report data, and the answer says so */
    OTHER_DATA_LIE /* ... and the answer says the opposite */
} wrong;

typedef struct agent_case {
    const char *name;
    const char *method; /* whose answer is wrong: "GetKey" */
    wrong how;
    const char *member, *text;
    int http;
    const char *type;
    void (*edit)(json_t *answer);
    chaos_status status;
    const char *field; /* of the error; NULL: the plug-in refused, and words say it */
    const char *words;
} agent_case;

typedef struct world {
    guest *guest, *stranger;
    guest_api api;
    const agent_case *bad;
    chaos_tee_registry *registry;
    const chaos_tee_provider *provider;
    char key_hex[65];
    char said[4096]; /* log lines */
} world;

static void listen_to(void *context, const char *name, chaos_log_level level, const char *line)
{
    world *w = context;
    size_t used = strlen(w->said);
    (void)snprintf(w->said + used, sizeof w->said - used, "%s %d: %s\n", name, (int)level, line);
}

static const char *method_of(const char *target)
{
    const char *name = strrchr(target, '/') + 1;
    return strncmp(name, "Tappd.", 6) == 0 ? name + 6 : name;
}

static void set_member(json_t *answer, const char *member, const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    assert_int_equal(json_object_set_new(answer, member, value), 0);
}

/* The sound answer's text with the member a second time, at its end. */
static char *twice(json_t *answer, const char *member, const char *text)
{
    char *sound = json_dumps(answer, JSON_COMPACT), *made = NULL;
    size_t size = strlen(sound) + strlen(member) + strlen(text) + 8;
    made = malloc(size);
    assert_non_null(made);
    (void)snprintf(made, size, "%.*s,\"%s\":%s}", (int)strlen(sound) - 1, sound, member, text);
    free(sound);
    return made;
}

static bool spoil(const agent_case *bad, const guest_reply *sound, const char *asked_data, chaos_buffer *out)
{
    json_t *answer = json_loadb((const char *)sound->body.data, sound->body.size, 0, NULL);
    char *text = NULL;
    assert_non_null(answer);
    if (bad->how == MEMBER) {
        set_member(answer, bad->member, bad->text);
    } else if (bad->how == NO_MEMBER) {
        assert_int_equal(json_object_del(answer, bad->member), 0);
    } else if (bad->how == EDIT) {
        bad->edit(answer);
    } else if (bad->how == OTHER_DATA_LIE) {
        json_object_set_new(answer, "report_data", json_string(asked_data));
    }
    text = bad->how == TWICE ? twice(answer, bad->member, bad->text) : json_dumps(answer, JSON_COMPACT);
    bool ok = http_reply(out, sound->status, sound->content_type, slice_text(text));
    explicit_bzero(text, strlen(text));
    free(text);
    json_decref(answer);
    return ok;
}

static bool answer(void *context, const http_seen *seen, chaos_buffer *out)
{
    world *w = context;
    const agent_case *bad = w->bad;
    const bool is_bad = bad->how != NOTHING && strcmp(method_of(seen->target), bad->method) == 0;
    guest_request request = { w->api, seen->method, seen->target, "", "application/json", seen->body, false };
    char other[160], asked[129] = "";
    guest_reply sound;
    if (is_bad && bad->how == RAW) {
        assert_true(buffer_append_text(out, bad->text));
        return false;
    }
    if (is_bad && bad->how == BODY) {
        return http_reply(out, bad->http, bad->type, slice_text(bad->text));
    }
    if (is_bad && (bad->how == OTHER_DATA || bad->how == OTHER_DATA_LIE)) {
        (void)snprintf(asked, sizeof asked, "%.128s", (const char *)seen->body.data + strlen("{\"report_data\":\""));
        (void)snprintf(other, sizeof other, "{\"report_data\":\"%s%.126s\"}", strncmp(asked, "00", 2) == 0 ? "01" : "00", asked + 2);
        request.body = slice_text(other);
    }
    assert_int_equal(guest_handle(w->guest, &request, &sound, NULL), CHAOS_OK);
    bool ok = is_bad ? spoil(bad, &sound, asked, out)
                     : http_reply(out, sound.status, sound.content_type, buffer_slice(&sound.body));
    guest_reply_clear(&sound);
    return ok;
}

/* ------------------------------------------------------------------- edits ---- */

static void edit_string(json_t *object, const char *member, size_t drop, const char *append)
{
    const char *old = json_string_value(json_object_get(object, member));
    size_t size = strlen(old) + strlen(append) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%.*s%s", (int)(strlen(old) - drop), old, append);
    json_object_set_new(object, member, json_string(text));
    free(text);
}

static void cut_quote(json_t *a)
{
    edit_string(a, "quote", 2, "");
}
static void halve_quote(json_t *a)
{
    edit_string(a, "quote", strlen(json_string_value(json_object_get(a, "quote"))) / 2 & ~(size_t)1, "");
}
static void lengthen_quote(json_t *a)
{
    edit_string(a, "quote", 0, "01");
}
static void odd_quote(json_t *a)
{
    edit_string(a, "quote", 1, "");
}
static void odd_key(json_t *a)
{
    edit_string(a, "key", 1, "");
}
static void short_key(json_t *a)
{
    edit_string(a, "key", 2, "");
}
static void long_key(json_t *a)
{
    edit_string(a, "key", 0, "00");
}
static void key_not_hex(json_t *a)
{
    edit_string(a, "key", 2, "zz");
}

static void huge_quote(json_t *a)
{
    size_t size = 2 * (64u * 1024u + 1);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, '0', size);
    text[size] = '\0';
    json_object_set_new(a, "quote", json_string(text));
    free(text);
}

static json_t *events_of(const json_t *a)
{
    json_t *events = json_loads(json_string_value(json_object_get(a, "event_log")), 0, NULL);
    assert_true(json_array_size(events) > 2);
    return events;
}

static void put_events(json_t *a, json_t *events)
{
    char *text = json_dumps(events, JSON_COMPACT);
    json_object_set_new(a, "event_log", json_string(text));
    free(text);
    json_decref(events);
}

static void drop_last_event(json_t *a)
{
    json_t *events = events_of(a);
    json_array_remove(events, json_array_size(events) - 1);
    put_events(a, events);
}

static void repeat_last_event(json_t *a)
{
    json_t *events = events_of(a);
    json_array_append_new(events, json_deep_copy(json_array_get(events, json_array_size(events) - 1)));
    put_events(a, events);
}

/* Another application id in the log, its digest left: who reads the names alone would believe it. */
static void change_payload(json_t *a)
{
    json_t *events = events_of(a);
    bool changed = false;
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);
        if (strcmp(json_string_value(json_object_get(event, "event")), "app-id") == 0) {
            edit_string(event, "event_payload", 2, strstr(json_string_value(json_object_get(event, "event_payload")), "00") == NULL ? "00" : "01");
            changed = true;
        }
    }
    assert_true(changed);
    put_events(a, events);
}

static void cut_event_log(json_t *a)
{
    edit_string(a, "event_log", 1, "");
}

static void one_link(json_t *a)
{
    json_array_remove(json_object_get(a, "signature_chain"), 1);
}

static void no_links(json_t *a)
{
    json_array_clear(json_object_get(a, "signature_chain"));
}

static void set_link(json_t *a, size_t index, const char *text)
{
    json_array_set_new(json_object_get(a, "signature_chain"), index, json_string(text));
}

static void short_link(json_t *a)
{
    const char *old = json_string_value(json_array_get(json_object_get(a, "signature_chain"), 0));
    char text[129];
    (void)snprintf(text, sizeof text, "%.128s", old);
    set_link(a, 0, text);
}

static void long_link(json_t *a)
{
    char text[133];
    (void)snprintf(text, sizeof text, "%s00", json_string_value(json_array_get(json_object_get(a, "signature_chain"), 0)));
    set_link(a, 0, text);
}

static void link_of_zeros(json_t *a)
{
    char text[131];
    memset(text, '0', sizeof text - 1);
    text[130] = '\0';
    set_link(a, 0, text);
}

/* The mirrored signature of the same point: n - s. */
static void link_with_high_s(json_t *a)
{
    const char *old = json_string_value(json_array_get(json_object_get(a, "signature_chain"), 0));
    static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
                                       0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41 };
    uint8_t bytes[65];
    char text[131] = { 0 };
    assert_true(hex_decode(slice_text(old), bytes, sizeof bytes));
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        int digit = order[i] - bytes[32 + i] - borrow;
        borrow = digit < 0;
        bytes[32 + i] = (uint8_t)(digit & 0xff);
    }
    bytes[64] ^= 1;
    hex_encode(slice(bytes, sizeof bytes), text);
    set_link(a, 0, text);
}

static void link_with_id_4(json_t *a)
{
    char text[131];
    (void)snprintf(text, sizeof text, "%.128s04", json_string_value(json_array_get(json_object_get(a, "signature_chain"), 0)));
    set_link(a, 0, text);
}

static void no_kms(json_t *a)
{
    set_link(a, 1, "");
}

static void three_links(json_t *a)
{
    json_array_append_new(json_object_get(a, "signature_chain"), json_string("00"));
}

static void deep(json_t *a)
{
    json_t *inner = json_array();
    for (int i = 0; i < 200; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, inner);
        inner = outer;
    }
    json_object_set_new(a, "extra", inner);
}

static void upper_key(json_t *a)
{
    char text[65];
    (void)snprintf(text, sizeof text, "%s", json_string_value(json_object_get(a, "key")));
    for (char *p = text; *p != '\0'; p++) {
        *p = (char)(*p >= 'a' && *p <= 'f' ? *p - 32 : *p);
    }
    json_object_set_new(a, "key", json_string(text));
    explicit_bzero(text, sizeof text);
}

static void set_compose(json_t *a, const char *compose)
{
    json_t *details = json_loads(json_string_value(json_object_get(a, "tcb_info")), 0, NULL);
    assert_non_null(details);
    json_object_set_new(details, "app_compose", json_string(compose));
    char *text = json_dumps(details, JSON_COMPACT);
    json_object_set_new(a, "tcb_info", json_string(text));
    free(text);
    json_decref(details);
}

static char *letters(size_t count)
{
    char *text = malloc(count + 1);
    assert_non_null(text);
    memset(text, 'x', count);
    text[count] = '\0';
    return text;
}

static void set_long_compose(json_t *a, size_t count)
{
    char *text = letters(count);
    set_compose(a, text);
    free(text);
}

static void other_compose(json_t *a)
{
    set_compose(a, "{\"another\":\"file\"}");
}

static void longest_compose(json_t *a)
{
    set_long_compose(a, 256 * 1024);
}

static void too_long_compose(json_t *a)
{
    set_long_compose(a, 256 * 1024 + 1);
}

static void too_long_config(json_t *a)
{
    char *text = letters(64 * 1024 + 1);
    json_object_set_new(a, "vm_config", json_string(text));
    free(text);
}

/* -------------------------------------------------------------------- cases ---- */

#define JSON_TYPE "application/json"
#define ZERO_KEY "\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ORDER_KEY "\"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141\""
#define ABOVE_KEY "\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\""
#define SAYS(member_, text_) MEMBER, member_, text_, 0, NULL, NULL
#define LACKS(member_) NO_MEMBER, member_, NULL, 0, NULL, NULL
#define HAS_TWICE(member_, text_) TWICE, member_, text_, 0, NULL, NULL
#define ANSWERS(http_, type_, text_) BODY, NULL, text_, http_, type_, NULL
#define SENDS(text_) RAW, NULL, text_, 0, NULL, NULL
#define EDITS(edit_) EDIT, NULL, NULL, 0, NULL, edit_
#define AGENT CHAOS_E_GUEST_AGENT, NULL
#define BROKEN(field_) CHAOS_E_PROVIDER, field_

static const agent_case cases[] = {
    { "sound", "", NOTHING, NULL, NULL, 0, NULL, NULL, CHAOS_OK, NULL, NULL },
    /* answers that are errors */
    { "GetKey refused", "GetKey", ANSWERS(400, JSON_TYPE, "{\n  \"error\": \"kms: no such \\\"app\\\"\"\n}"), AGENT, "refuses GetKey: HTTP 400: kms: no such \"app\"" },
    { "refused in protobuf", "GetKey", ANSWERS(400, "application/octet-stream", "\x0a\x0bout of disk"), AGENT, "HTTP 400: out of disk" },
    { "refused with 200", "GetKey", ANSWERS(200, JSON_TYPE, "{\"error\":\"not today\"}"), AGENT, "HTTP 200: not today" },
    { "refused with 500", "GetKey", ANSWERS(500, JSON_TYPE, "{\"error\":\"\"}"), AGENT, "HTTP 500" },
    { "a page", "GetKey", ANSWERS(404, "text/html", "<html><title>404 Not Found</title>\r\n</html>"), AGENT, "HTTP 404: <html><title>404 Not Found</title> </html>" },
    { "a method that is not there", "GetKey", ANSWERS(400, JSON_TYPE, "{\"error\":\"Service not found: GetKey\"}"), AGENT, "Service not found: GetKey" },
    { "a method that is not there, newer", "GetQuote", ANSWERS(404, JSON_TYPE, "{\"error\":\"Service not found: GetQuote\"}"), AGENT, "HTTP 404: Service not found" },
    { "redirected", "GetKey", ANSWERS(302, JSON_TYPE, "{}"), AGENT, "HTTP 302" },
    { "terminal codes in an error", "GetKey", ANSWERS(400, JSON_TYPE, "{\"error\":\"\\u001b[31mred\\u0007\\u202e\"}"), AGENT, "\\x1b[31mred\\x07" },
    { "an error of another kind", "GetKey", ANSWERS(400, JSON_TYPE, "{\"error\":{\"a\":1}}"), AGENT, "HTTP 400: {\"error\":{\"a\":1}}" },
    /* answers that are no answers */
    { "nothing", "GetKey", SENDS(""), AGENT, "without an answer" },
    { "not HTTP", "GetKey", SENDS("{\"key\":\"00\"}"), AGENT, "not HTTP" },
    { "cut", "GetKey", SENDS("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"key\":\"00"), AGENT, "cut short" },
    { "no body", "GetKey", ANSWERS(200, JSON_TYPE, ""), AGENT, "\"key\"" },
    { "no object", "GetKey", ANSWERS(200, JSON_TYPE, "[]"), AGENT, "\"key\"" },
    { "null", "GetKey", ANSWERS(200, JSON_TYPE, "null"), AGENT, "\"key\"" },
    { "two objects", "GetKey", ANSWERS(200, JSON_TYPE, "{}{}"), AGENT, "\"key\"" },
    { "no JSON", "GetKey", ANSWERS(200, "text/html", "<html>welcome</html>"), AGENT, "\"key\"" },
    { "a byte order mark", "GetKey", ANSWERS(200, JSON_TYPE, "\xef\xbb\xbf{}"), AGENT, "\"key\"" },
    { "bytes beyond UTF-8", "GetKey", ANSWERS(200, JSON_TYPE, "{\"key\":\"\xff\xfe\"}"), AGENT, "key" },
    { "deep", "GetKey", EDITS(deep), AGENT, "key" },
    /* keys */
    { "no key", "GetKey", LACKS("key"), AGENT, "\"key\"" },
    { "key null", "GetKey", SAYS("key", "null"), AGENT, "\"key\"" },
    { "key a number", "GetKey", SAYS("key", "7"), AGENT, "\"key\"" },
    { "key an array", "GetKey", SAYS("key", "[7]"), AGENT, "\"key\"" },
    { "key empty", "GetKey", SAYS("key", "\"\""), AGENT, "0 bytes" },
    { "key of 31 bytes", "GetKey", EDITS(short_key), AGENT, "31 bytes" },
    { "key of 33 bytes", "GetKey", EDITS(long_key), AGENT, "key" },
    { "key of odd length", "GetKey", EDITS(odd_key), AGENT, "key" },
    { "key not hex", "GetKey", EDITS(key_not_hex), AGENT, "key" },
    { "key not ASCII", "GetKey", SAYS("key", "\"\xc3\xa4\xc3\xa4\""), AGENT, "key" },
    { "key 0", "GetKey", SAYS("key", ZERO_KEY), AGENT, "not in the range" },
    { "key n", "GetKey", SAYS("key", ORDER_KEY), AGENT, "not in the range" },
    { "key beyond n", "GetKey", SAYS("key", ABOVE_KEY), AGENT, "not in the range" },
    { "key twice", "GetKey", HAS_TWICE("key", ZERO_KEY), AGENT, "key" },
    { "key in upper case", "GetKey", EDITS(upper_key), CHAOS_OK, NULL, NULL },
    { "further members", "GetKey", SAYS("further", "{\"a\":[1,2,null]}"), CHAOS_OK, NULL, NULL },
    /* chains */
    { "no chain", "GetKey", LACKS("signature_chain"), AGENT, "signature_chain" },
    { "chain a string", "GetKey", SAYS("signature_chain", "\"00\""), AGENT, "signature_chain" },
    { "chain empty", "GetKey", EDITS(no_links), AGENT, "signature_chain[0]" },
    { "chain of one", "GetKey", EDITS(one_link), AGENT, "signature_chain[1]" },
    { "chain of three", "GetKey", EDITS(three_links), AGENT, "signature_chain" },
    { "chain of numbers", "GetKey", SAYS("signature_chain", "[1,2]"), AGENT, "signature_chain[0]" },
    { "link of 64 bytes", "GetKey", EDITS(short_link), AGENT, "64 bytes" },
    { "link of 66 bytes", "GetKey", EDITS(long_link), AGENT, "signature_chain[0]" },
    { "link of zeros", "GetKey", EDITS(link_of_zeros), BROKEN("dstack-kms-chain"), "no key can have made" },
    { "link with a high s", "GetKey", EDITS(link_with_high_s), BROKEN("dstack-kms-chain"), "no key can have made" },
    { "link with recovery id 4", "GetKey", EDITS(link_with_id_4), BROKEN("dstack-kms-chain"), "" },
    { "no KMS", "GetKey", EDITS(no_kms), CHAOS_OK, NULL, NULL },
    /* quotes */
    { "quote for other data", "GetQuote", OTHER_DATA, NULL, NULL, 0, NULL, NULL, AGENT, "for other report data" },
    { "quote for other data, denied", "GetQuote", OTHER_DATA_LIE, NULL, NULL, 0, NULL, NULL, BROKEN("report_data"), "for other report data" },
    { "report data not hex", "GetQuote", SAYS("report_data", "\"zz\""), AGENT, "report_data" },
    { "report data null", "GetQuote", SAYS("report_data", "null"), CHAOS_OK, NULL, NULL }, /* as if left out */
    { "report data left out", "GetQuote", LACKS("report_data"), CHAOS_OK, NULL, NULL },
    { "report data cut", "GetQuote", SAYS("report_data", "\"00\""), AGENT, "for other report data" },
    { "no quote", "GetQuote", LACKS("quote"), AGENT, "\"quote\"" },
    { "quote null", "GetQuote", SAYS("quote", "null"), AGENT, "\"quote\"" },
    { "quote empty", "GetQuote", SAYS("quote", "\"\""), CHAOS_E_NOT_AVAILABLE, NULL, "no TDX quote" },
    { "quote cut by a byte", "GetQuote", EDITS(cut_quote), CHAOS_E_PROVIDER, "", "malformed" },
    { "half a quote", "GetQuote", EDITS(halve_quote), CHAOS_E_PROVIDER, "", "malformed" },
    { "quote with a byte more", "GetQuote", EDITS(lengthen_quote), CHAOS_E_PROVIDER, "", "malformed" },
    { "quote of odd length", "GetQuote", EDITS(odd_quote), AGENT, "\"quote\"" },
    { "quote beyond its limit", "GetQuote", EDITS(huge_quote), AGENT, "\"quote\"" },
    { "quote that is too short", "GetQuote", SAYS("quote", "\"0400020000000000\""), AGENT, "has 8 bytes, and is none" },
    { "quote twice", "GetQuote", HAS_TWICE("quote", "\"00\""), AGENT, "quote" },
    /* event logs */
    { "no event log", "GetQuote", LACKS("event_log"), AGENT, "\"event_log\"" },
    { "event log empty", "GetQuote", SAYS("event_log", "\"\""), AGENT, "event_log" },
    { "event log an array", "GetQuote", SAYS("event_log", "[]"), AGENT, "event_log" },
    { "event log cut", "GetQuote", EDITS(cut_event_log), CHAOS_E_PROVIDER, "", "malformed" },
    { "event log of no events", "GetQuote", SAYS("event_log", "\"[]\""), BROKEN("rtmr3"), "RTMR3_MISMATCH" },
    { "an event less", "GetQuote", EDITS(drop_last_event), BROKEN("rtmr3"), "RTMR3_MISMATCH" },
    { "an event twice", "GetQuote", EDITS(repeat_last_event), BROKEN("rtmr3"), "RTMR3_MISMATCH" },
    { "an event's payload changed", "GetQuote", EDITS(change_payload), CHAOS_E_PROVIDER, "", "EVENT_DIGEST" },
    { "VM configuration a number", "GetQuote", SAYS("vm_config", "7"), AGENT, "vm_config" },
    { "VM configuration beyond what verifiers read", "GetQuote", EDITS(too_long_config), CHAOS_OK, NULL, NULL },
    { "VM configuration left out", "GetQuote", LACKS("vm_config"), CHAOS_OK, NULL, NULL },
    /* what belongs to it */
    { "another compose file", "Info", EDITS(other_compose), CHAOS_E_PROVIDER, "", "APP_COMPOSE" },
    { "another one, the longest", "Info", EDITS(longest_compose), CHAOS_E_PROVIDER, "", "APP_COMPOSE" },
    { "a compose file beyond what verifiers read", "Info", EDITS(too_long_compose), CHAOS_OK, NULL, NULL }, /* left out */
    { "no Info", "Info", ANSWERS(400, JSON_TYPE, "{\"error\":\"busy\"}"), CHAOS_OK, NULL, NULL },
    { "Info without details", "Info", LACKS("tcb_info"), CHAOS_OK, NULL, NULL },
    { "Info that is no JSON", "Info", ANSWERS(200, JSON_TYPE, "{"), CHAOS_OK, NULL, NULL },
    /* versions */
    { "too old", "Version", SAYS("version", "\"0.4.9\""), CHAOS_E_NOT_AVAILABLE, NULL, "0.4.9" },
    { "built from source", "Version", SAYS("version", "\"main-deadbeef\""), CHAOS_OK, NULL, NULL },
    { "a far version", "Version", SAYS("version", "\"99999999999999999999.0\""), CHAOS_OK, NULL, NULL },
    { "version a number", "Version", SAYS("version", "5"), AGENT, "version" },
    { "version a page", "Version", ANSWERS(200, "text/html", "<html>welcome</html>"), AGENT, "version" },
    { "no guest agent at all", "Version", ANSWERS(404, "text/html", "<html>404</html>"), AGENT, "HTTP 404" },
    { "an agent that fails", "Version", ANSWERS(500, JSON_TYPE, "{\"error\":\"panic\"}"), AGENT, "HTTP 500: panic" },
    { "older than Version", "Version", ANSWERS(400, JSON_TYPE, "{\"error\":\"Service not found: Version\"}"), CHAOS_OK, NULL, NULL },
    { "older than Version, newer server", "Version", ANSWERS(404, JSON_TYPE, "{\"error\":\"Service not found: Version\"}"), CHAOS_OK, NULL, NULL },
};

static const agent_case tappd_cases[] = {
    { "sound", "", NOTHING, NULL, NULL, 0, NULL, NULL, CHAOS_OK, NULL, NULL },
    { "no secp256k1 keys", "DeriveK256Key", ANSWERS(400, JSON_TYPE, "{\"error\":\"Service not found: DeriveK256Key\"}"), AGENT, "refuses DeriveK256Key: HTTP 400: Service not found" },
    { "answers as dstack.sock does", "DeriveK256Key", ANSWERS(200, JSON_TYPE, "{\"key\":\"00\",\"signature_chain\":[]}"), AGENT, "\"k256_key\"" },
    { "no key", "DeriveK256Key", LACKS("k256_key"), AGENT, "\"k256_key\"" },
    { "no chain", "DeriveK256Key", LACKS("k256_signature_chain"), AGENT, "k256_signature_chain" },
    { "key 0", "DeriveK256Key", SAYS("k256_key", ZERO_KEY), AGENT, "not in the range" },
    { "quote for other data", "RawQuote", OTHER_DATA, NULL, NULL, 0, NULL, NULL, BROKEN("report_data"), "for other report data" },
    { "quote with its prefix", "RawQuote", EDITS(lengthen_quote), CHAOS_E_PROVIDER, "", "malformed" },
    { "no event log", "RawQuote", LACKS("event_log"), AGENT, "\"event_log\"" },
    { "an event less", "RawQuote", EDITS(drop_last_event), BROKEN("rtmr3"), "RTMR3_MISMATCH" },
};

/* -------------------------------------------------------------------- running ---- */

static bool shows_key(const world *w, const chaos_error *err)
{
    char part[17];
    for (size_t i = 0; i + 16 <= 64; i += 16) {
        (void)snprintf(part, sizeof part, "%.16s", w->key_hex + i);
        if (strstr(err->text, part) != NULL || strstr(err->found, part) != NULL || strstr(err->expected, part) != NULL ||
            strstr(w->said, part) != NULL) {
            return true;
        }
    }
    return false;
}

static chaos_status make_key(const world *w, const http_server *server, chaos_error *err)
{
    char options[256];
    chaos_tee *tee = NULL;
    chaos_keypair *keypair = NULL;
    (void)snprintf(options, sizeof options, "{\"endpoint\":\"%s\",\"api\":\"%s\",\"timeout_ms\":20000}", http_server_socket(server),
                   w->api == GUEST_API_TAPPD ? "tappd" : "dstack");
    assert_int_equal(chaos_tee_open(w->provider, options, &tee, NULL), CHAOS_OK);
    chaos_status status = chaos_tee_generate_key(tee, NULL, &keypair, err);
    if (status == CHAOS_OK) {
        assert_non_null(chaos_keypair_evidence(keypair));
    } else {
        assert_null(keypair);
    }
    chaos_keypair_free(keypair);
    chaos_tee_free(tee);
    return status;
}

static bool run(world *w, const agent_case *c)
{
    chaos_error err = { 0 };
    w->bad = c;
    w->said[0] = '\0';
    http_server *server = http_server_start(&(http_server_options){ .answer = answer, .context = w });
    chaos_status status = make_key(w, server, &err);
    http_server_stop(server);
    bool right = status == c->status && (status == CHAOS_OK || strstr(err.text, c->words) != NULL);
    if (right && status != CHAOS_OK && (c->field == NULL || c->field[0] != '\0')) {
        right = c->field == NULL ? err.field == NULL : err.field != NULL && strcmp(err.field, c->field) == 0;
    }
    if (!right) {
        print_error("%s: %s [%s]: %s (%s; %s)\n", c->name, chaos_status_name(status), err.field == NULL ? "-" : err.field, err.text,
                    err.expected, err.found);
    }
    if (shows_key(w, &err)) {
        print_error("%s: the key is shown\n", c->name);
        return false;
    }
    return right;
}

static void run_all(world *w, guest_api api, const agent_case *all, size_t count)
{
    size_t wrong_ones = 0;
    w->api = api;
    for (size_t i = 0; i < count; i++) {
        wrong_ones += run(w, &all[i]) ? 0 : 1;
    }
    assert_int_equal(wrong_ones, 0);
}

static void test_dstack_agents(void **state)
{
    run_all(*state, GUEST_API_DSTACK, cases, CHAOS_ARRAY_SIZE(cases));
}

static void test_tappd_agents(void **state)
{
    run_all(*state, GUEST_API_TAPPD, tappd_cases, CHAOS_ARRAY_SIZE(tappd_cases));
}

/* -------------------------------------------------------- forged, and recoverable ---- */

/* A key and a chain that hang together and are another application's: only who knows the KMS root can tell, and the relying
 * party does. A chain that is another key's recovers to some root that nobody knows. */
static bool answer_of_stranger(void *context, const http_seen *seen, chaos_buffer *out)
{
    world *w = context;
    guest_request request = { GUEST_API_DSTACK, seen->method, seen->target, "", "application/json", seen->body, false };
    guest_reply sound;
    guest *g = strcmp(method_of(seen->target), "GetKey") == 0 ? w->stranger : w->guest;
    assert_int_equal(guest_handle(g, &request, &sound, NULL), CHAOS_OK);
    bool ok = http_reply(out, sound.status, sound.content_type, buffer_slice(&sound.body));
    guest_reply_clear(&sound);
    return ok;
}

static bool answer_with_foreign_chain(void *context, const http_seen *seen, chaos_buffer *out)
{
    world *w = context;
    guest_request request = { GUEST_API_DSTACK, seen->method, seen->target, "", "application/json", seen->body, false };
    guest_reply own, foreign;
    assert_int_equal(guest_handle(w->guest, &request, &own, NULL), CHAOS_OK);
    if (strcmp(method_of(seen->target), "GetKey") == 0) {
        assert_int_equal(guest_handle(w->stranger, &request, &foreign, NULL), CHAOS_OK);
        json_t *a = json_loadb((const char *)own.body.data, own.body.size, 0, NULL);
        json_t *b = json_loadb((const char *)foreign.body.data, foreign.body.size, 0, NULL);
        json_object_set(a, "signature_chain", json_object_get(b, "signature_chain"));
        char *text = json_dumps(a, JSON_COMPACT);
        own.body.size = 0;
        assert_true(buffer_append_text(&own.body, text));
        free(text);
        json_decref(a);
        json_decref(b);
        guest_reply_clear(&foreign);
    }
    bool ok = http_reply(out, own.status, own.content_type, buffer_slice(&own.body));
    guest_reply_clear(&own);
    return ok;
}

static void take_file(guest *g, const char *wanted, chaos_buffer *out)
{
    const char *name = NULL;
    chaos_slice bytes;
    for (size_t i = 0; guest_file(g, i, &name, &bytes); i++) {
        if (strcmp(name, wanted) == 0) {
            assert_true(buffer_append(out, bytes));
            return;
        }
    }
    fail_msg("no file %s", wanted);
}

/* What a relying party says that holds the files of the sound guest. */
static void judge(world *w, http_answer_function *agent, const char *wanted)
{
    CHAOS_AUTO_BUFFER(collateral, 1u << 20);
    CHAOS_AUTO_BUFFER(root, 1u << 16);
    CHAOS_AUTO_BUFFER(policy, 1u << 16);
    chaos_tee *tee = NULL;
    chaos_keypair *keypair = NULL;
    char options[256];
    http_server *server = http_server_start(&(http_server_options){ .answer = agent, .context = w });
    (void)snprintf(options, sizeof options, "{\"endpoint\":\"%s\"}", http_server_socket(server));
    assert_int_equal(chaos_tee_open(w->provider, options, &tee, NULL), CHAOS_OK);
    assert_int_equal(chaos_tee_generate_key(tee, NULL, &keypair, NULL), CHAOS_OK);
    take_file(w->guest, "collateral.json", &collateral);
    take_file(w->guest, "trust-root.der", &root);
    take_file(w->guest, "policy.json", &policy);
    assert_true(buffer_append(&policy, slice("", 1)));
    const check_input input = { .envelope = chaos_evidence_bytes(chaos_keypair_evidence(keypair)),
                                .collateral = buffer_slice(&collateral),
                                .extra_root = buffer_slice(&root),
                                .policy_json = (const char *)policy.data,
                                .now = (int64_t)time(NULL),
                                .expected = wanted };
    json_t *verdict = check_to_json(&input, NULL);
    assert_string_equal(verdict_error_code(verdict), wanted);
    json_decref(verdict);
    chaos_keypair_free(keypair);
    chaos_tee_free(tee);
    http_server_stop(server);
}

static void test_forged_chains(void **state)
{
    world *w = *state;
    static const agent_case sound = { .how = NOTHING };
    w->bad = &sound;
    w->api = GUEST_API_DSTACK;
    judge(w, answer, "");
    judge(w, answer_of_stranger, "KMS_ROOT");
    judge(w, answer_with_foreign_chain, "KMS_ROOT");
}

/* --------------------------------------------------- variables left behind ---- */

static int open_with_variable(world *w, bool looks_like_cvm)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/dstack.sock" };
    chaos_tee *tee = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (looks_like_cvm && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return 2;
    }
    w->said[0] = '\0';
    if (setenv("DSTACK_SIMULATOR_ENDPOINT", "/nowhere/simulator.sock", 1) != 0 ||
        chaos_tee_open(w->provider, NULL, &tee, NULL) != CHAOS_OK) {
        return 3;
    }
    chaos_tee_free(tee);
    (void)close(fd);
    bool names_it = strstr(w->said, "/nowhere/simulator.sock, not from hardware") != NULL;
    bool shouts = strstr(w->said, "phala-dstack 4: DSTACK_SIMULATOR_ENDPOINT IS SET ON A MACHINE") != NULL &&
                  strstr(w->said, "dstack.sock)") != NULL;
    bool warns = strstr(w->said, "phala-dstack 3: DSTACK_SIMULATOR_ENDPOINT is set") != NULL;
    return names_it && shouts == looks_like_cvm && warns != looks_like_cvm ? 0 : 4;
}

/* In a child with an empty /run of its own. 77: this machine gives no such thing. */
static int in_private_run(world *w, bool looks_like_cvm)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if ((unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "/run", "tmpfs", 0, NULL) != 0) {
            _exit(77);
        }
        _exit(open_with_variable(w, looks_like_cvm));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_variable_in_a_cvm(void **state)
{
    const int result = in_private_run(*state, true);
    if (result == 77) {
        print_message("no private mounts on this machine: nothing to see\n");
        return;
    }
    assert_int_equal(result, 0);
    assert_int_equal(in_private_run(*state, false), 0);
}

/* A key over http:// to another machine is warned of; on this one, or over https://, it is not. */
static void test_plain_http(void **state)
{
    static const struct {
        const char *endpoint;
        bool warns;
    } endpoints[] = {
        { "http://localhost:8090", false },
        { "HTTP://LOCALHOST/x", false },
        { "http://127.0.0.1:8090", false },
        { "http://[::1]:8090", false },
        { "https://agent.example", false },
        { "/run/dstack.sock", false },
        { "http://agent.example:8090", true },
        { "http://10.0.0.1", true },
        { "http://127.0.0.1.example/", true },
        { "http://localhost.example", true },
        { "http://[::2]", true },
        { "http://localhost@evil.example", true },
    };
    world *w = *state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(endpoints); i++) {
        char options[128];
        chaos_tee *tee = NULL;
        w->said[0] = '\0';
        (void)snprintf(options, sizeof options, "{\"endpoint\":\"%s\"}", endpoints[i].endpoint);
        assert_int_equal(chaos_tee_open(w->provider, options, &tee, NULL), CHAOS_OK);
        chaos_tee_free(tee);
        if ((strstr(w->said, "phala-dstack 3: the guest agent's endpoint is http://") != NULL) != endpoints[i].warns) {
            fail_msg("%s: %s", endpoints[i].endpoint, w->said);
        }
    }
}

static int begin(void **state)
{
    static world w;
    uint8_t secret[32], links[GUEST_MAX_CHAIN][65];
    chaos_tee_registry_options options = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    const guest_options fixed = { .seed = "hostile" };
    options.search_path = PROVIDERS;
    options.log = listen_to;
    options.log_context = &w;
    const guest_options other = { .seed = "stranger" };
    if (guest_new(&fixed, &w.guest, NULL) != CHAOS_OK || guest_new(&other, &w.stranger, NULL) != CHAOS_OK || chaos_tee_registry_new(&options, &w.registry, NULL) != CHAOS_OK ||
        chaos_tee_find(w.registry, "phala-dstack", &w.provider, NULL) != CHAOS_OK ||
        guest_key(w.guest, slice_text(PATH), slice_text(PURPOSE), secret, links, NULL) != CHAOS_OK) {
        return -1;
    }
    hex_encode(slice(secret, sizeof secret), w.key_hex);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    world *w = *state;
    chaos_tee_registry_free(w->registry);
    guest_free(w->guest);
    guest_free(w->stranger);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dstack_agents),
        cmocka_unit_test(test_tappd_agents),
        cmocka_unit_test(test_forged_chains),
        cmocka_unit_test(test_variable_in_a_cvm),
        cmocka_unit_test(test_plain_http),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
