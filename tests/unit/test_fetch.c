/* test_fetch.c - strangers' URLs: which are fetched, which addresses they may lead to, and what ties the bytes to them. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/internal.h"
#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

/* -------------------------------------------------------------- addresses ---- */

static const char *refusal_of(const char *text, bool allow_loopback)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return address_refusal((const struct sockaddr *)&in, sizeof in, allow_loopback);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return address_refusal((const struct sockaddr *)&in6, sizeof in6, allow_loopback);
}

/* The first and the last address of each range, and their neighbours outside. */
static void test_addresses(void **state)
{
    static const struct {
        const char *address, *words; /* NULL: public */
    } cases[] = {
        { "0.0.0.0", "this network" },
        { "0.255.255.255", "this network" },
        { "1.0.0.0", NULL },
        { "9.255.255.255", NULL },
        { "10.0.0.0", "private" },
        { "10.255.255.255", "private" },
        { "11.0.0.0", NULL },
        { "100.63.255.255", NULL },
        { "100.64.0.0", "carrier" },
        { "100.127.255.255", "carrier" },
        { "100.128.0.0", NULL },
        { "126.255.255.255", NULL },
        { "127.0.0.1", "loopback" },
        { "127.255.255.255", "loopback" },
        { "128.0.0.0", NULL },
        { "169.253.255.255", NULL },
        { "169.254.169.254", "link-local" },
        { "169.255.0.0", NULL },
        { "172.15.255.255", NULL },
        { "172.16.0.0", "private" },
        { "172.31.255.255", "private" },
        { "172.32.0.0", NULL },
        { "191.255.255.255", NULL },
        { "192.0.0.0", "protocol" },
        { "192.0.0.255", "protocol" },
        { "192.0.1.0", NULL },
        { "192.0.2.0", "documentation" },
        { "192.0.2.255", "documentation" },
        { "192.0.3.0", NULL },
        { "192.88.98.255", NULL },
        { "192.88.99.1", "6to4" },
        { "192.88.100.0", NULL },
        { "192.167.255.255", NULL },
        { "192.168.0.0", "private" },
        { "192.168.255.255", "private" },
        { "192.169.0.0", NULL },
        { "198.17.255.255", NULL },
        { "198.18.0.0", "benchmarks" },
        { "198.19.255.255", "benchmarks" },
        { "198.20.0.0", NULL },
        { "198.51.99.255", NULL },
        { "198.51.100.1", "documentation" },
        { "198.51.101.0", NULL },
        { "203.0.112.255", NULL },
        { "203.0.113.1", "documentation" },
        { "203.0.114.0", NULL },
        { "223.255.255.255", NULL },
        { "224.0.0.0", "multicast" },
        { "239.255.255.255", "multicast" },
        { "240.0.0.0", "reserved" },
        { "255.255.255.255", "reserved" },
        { "::", "this network" },
        { "::1", "loopback" },
        { "::2", "reserved" },
        { "::8.8.8.8", "reserved" },
        { "::ffff:8.8.8.8", "IPv4 address in IPv6" },
        { "::ffff:127.0.0.1", "IPv4 address in IPv6" },
        { "::fffe:8.8.8.8", "reserved" },
        { "64:ff9b::8.8.8.8", "NAT64" },
        { "64:ff9b::10.0.0.1", "NAT64" },
        { "64:ff9b:1::1", "NAT64" },
        { "64:ff9b:2::1", "reserved" },
        { "100::1", "reserved" },
        { "1fff:ffff::1", "reserved" },
        { "2000::1", NULL },
        { "2001::1", "protocol" },
        { "2001:1ff:ffff::1", "protocol" },
        { "2001:200::1", NULL },
        { "2001:db7:ffff::1", NULL },
        { "2001:db8::1", "documentation" },
        { "2001:db8:ffff::1", "documentation" },
        { "2001:db9::1", NULL },
        { "2002:7f00:1::1", "6to4" },
        { "2003::1", NULL },
        { "2606:4700:4700::1111", NULL },
        { "3ffe::1", NULL },
        { "3fff::1", "documentation" },
        { "3fff:fff:ffff::1", "documentation" },
        { "3fff:1000::1", NULL },
        { "4000::1", "reserved" },
        { "5f00::1", "reserved" },
        { "fbff::1", "reserved" },
        { "fc00::1", "private" },
        { "fdff::1", "private" },
        { "fe7f::1", "reserved" },
        { "fe80::1", "link-local" },
        { "febf::1", "link-local" },
        { "fec0::1", "private" },
        { "ff02::1", "multicast" },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const char *said = refusal_of(cases[i].address, false);
        if ((said == NULL) != (cases[i].words == NULL) || (said != NULL && strstr(said, cases[i].words) == NULL)) {
            fail_msg("%s: %s", cases[i].address, said == NULL ? "public" : said);
        }
    }
    assert_null(refusal_of("127.0.0.1", true));
    assert_null(refusal_of("127.9.9.9", true));
    assert_null(refusal_of("::1", true));
    assert_non_null(refusal_of("::ffff:127.0.0.1", true));
    assert_non_null(refusal_of("10.0.0.1", true));
    assert_non_null(refusal_of("0.0.0.0", true)); /* reaches the machine itself on Linux */
}

static void test_odd_addresses(void **state)
{
    struct sockaddr_in6 zone = { .sin6_family = AF_INET6, .sin6_scope_id = 1 };
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr other = { .sa_family = AF_UNIX };
    (void)state;
    assert_int_equal(inet_pton(AF_INET6, "2606:4700::1", &zone.sin6_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "8.8.8.8", &in.sin_addr), 1);
    assert_non_null(address_refusal((const struct sockaddr *)&zone, sizeof zone, false));
    zone.sin6_scope_id = 0;
    assert_null(address_refusal((const struct sockaddr *)&zone, sizeof zone, false));
    assert_non_null(address_refusal((const struct sockaddr *)&zone, sizeof zone - 1, false));
    assert_null(address_refusal((const struct sockaddr *)&in, sizeof in, false));
    assert_non_null(address_refusal((const struct sockaddr *)&in, sizeof in - 1, false));
    assert_non_null(address_refusal(&other, sizeof other, true));
}

/* -------------------------------------------------------------------- URLs ---- */

static const net_fetch_options strict;
static const net_fetch_options loose = { .allow_http = true, .allow_any_port = true };

static void test_urls(void **state)
{
    static const struct {
        const char *url, *host;
        unsigned port;
        bool is_loose, is_address;
    } good[] = {
        { "https://example.com", "example.com", 443, false, false },
        { "https://example.com/", "example.com", 443, false, false },
        { "HTTPS://Example.COM:443/a/b?c=d&e=%20#part", "Example.COM", 443, false, false },
        { "https://a-b_c.example/~x/(y)!$&'*+,;=:@", "a-b_c.example", 443, false, false },
        { "https://xn--bcher-kva.example?q", "xn--bcher-kva.example", 443, false, false },
        { "https://8.8.8.8/", "8.8.8.8", 443, false, true },
        { "https://[2606:4700::1111]/", "[2606:4700::1111]", 443, false, true },
        { "https://[2606:4700::1111]:443/", "[2606:4700::1111]", 443, false, true },
        { "http://example.com/", "example.com", 80, true, false },
        { "http://example.com:8080/", "example.com", 8080, true, false },
        { "https://example.com:65535/", "example.com", 65535, true, false },
        { "https://1.example/", "1.example", 443, false, false },
        { "https://example.c0m/", "example.c0m", 443, false, false },
    };
    static const struct {
        const char *url, *words;
        bool is_loose;
    } bad[] = {
        { "", "only https:", false },
        { "example.com", "only https:", true },
        { "//example.com/", "only https:", true },
        { "ftp://example.com/", "only https:", true },
        { "file:///etc/passwd", "only https:", true },
        { "javascript:alert(1)", "only https:", true },
        { "gopher://127.0.0.1:25/", "only https:", true },
        { "https:/example.com", "only https:", true },
        { "https:example.com", "only https:", true },
        { " https://example.com/", "only https:", true },
        { "http://example.com/", "http: is not allowed", false },
        { "https://example.com:80/", "port is not the usual", false },
        { "https://example.com:0443/", "port", true },
        { "https://example.com:0/", "port", true },
        { "https://example.com:/", "port", true },
        { "https://example.com:65536/", "port", true },
        { "https://example.com:99999999999/", "port", true },
        { "https://example.com:4a/", "port", true },
        { "https://a:b:443/", "port", true },
        { "https://user@example.com/", "user name", true },
        { "https://user:pass@example.com/", "user name", true },
        { "https://example.com:443@127.0.0.1/", "user name", true },
        { "https://@example.com/", "user name", true },
        { "https:///path", "1 to 253", true },
        { "https://", "1 to 253", true },
        { "https://?q", "1 to 253", true },
        { "https://example.com./", "empty part", true },
        { "https://.example.com/", "empty part", true },
        { "https://a..b/", "empty part", true },
        { "https://ex%61mple.com/", "host names have not", true },
        { "https://example.com\\@127.0.0.1/", "user name", true },
        { "https://example.com\\.evil/", "host names have not", true },
        { "https://exa mple.com/", "host names have not", true },
        { "https://b\xc3\xbc"
          "cher.example/",
          "host names have not", true },
        { "https://\xef\xbc\x91.example/", "host names have not", true },
        { "https://127.1/", "four decimal", true },
        { "https://0x7f.1/", "four decimal", true },
        { "https://0x7f000001/", "four decimal", true },
        { "https://2130706433/", "four decimal", true },
        { "https://0177.0.0.1/", "four decimal", true },
        { "https://127.0.0.01/", "four decimal", true },
        { "https://127.0.0.1.1/", "four decimal", true },
        { "https://256.0.0.1/", "four decimal", true },
        { "https://1.2.3/", "four decimal", true },
        { "https://a.0x1/", "four decimal", true },
        { "https://[::1/", "IPv6", true },
        { "https://[]/", "IPv6", true },
        { "https://[fe80::1%25eth0]/", "no IPv6 address", true },
        { "https://[fe80::1%eth0]/", "no IPv6 address", true },
        { "https://[1.2.3.4]/", "no IPv6 address", true },
        { "https://[::1]x/", "comes a port", true },
        { "https://[example.com]/", "no IPv6 address", true },
        { "https://::1/", "port", true },
        { "https://example.com/ a", "must be written with %", true },
        { "https://example.com/a\nb", "must be written with %", true },
        { "https://example.com/%", "two hex digits", true },
        { "https://example.com/%4", "two hex digits", true },
        { "https://example.com/%zz", "two hex digits", true },
        { "https://example.com/a\\b", "must be written with %", true },
        { "https://example.com/{x}", "must be written with %", true },
        { "https://example.com/#a#b", "must be written with %", true },
        { "https://example.com/\xc3\xa4", "must be written with %", true },
    };
    url_parts parts;
    chaos_error err;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(good); i++) {
        if (url_read(slice_text(good[i].url), good[i].is_loose ? &loose : &strict, &parts, &err) != CHAOS_OK) {
            fail_msg("%s: %s", good[i].url, err.text);
        }
        assert_string_equal(parts.host, good[i].host);
        assert_int_equal(parts.port, good[i].port);
        assert_int_equal(parts.address_size > 0, good[i].is_address);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        memset(&parts, 7, sizeof parts);
        chaos_status status = url_read(slice_text(bad[i].url), bad[i].is_loose ? &loose : &strict, &parts, &err);
        if (status != CHAOS_E_USAGE || strstr(err.text, bad[i].words) == NULL || parts.port != 0x07070707) {
            fail_msg("%s: %s: %s", bad[i].url, chaos_status_name(status), err.text);
        }
    }
}

static void test_url_sizes(void **state)
{
    char text[NET_MAX_URL + 16] = "https://a/";
    char host[300] = "https://";
    url_parts parts;
    (void)state;
    memset(text + 10, 'b', NET_MAX_URL + 1 - 10);
    assert_int_equal(url_read(slice(text, NET_MAX_URL), &strict, &parts, NULL), CHAOS_OK);
    assert_int_equal(url_read(slice(text, NET_MAX_URL + 1), &strict, &parts, NULL), CHAOS_E_USAGE);
    memset(host + 8, 'a', 254);
    assert_int_equal(url_read(slice(host, 8 + 253), &strict, &parts, NULL), CHAOS_OK);
    assert_int_equal(url_read(slice(host, 8 + 254), &strict, &parts, NULL), CHAOS_E_USAGE);
    assert_int_equal(url_read(slice("https://a\0b/", 12), &strict, &parts, NULL), CHAOS_E_USAGE); /* NUL inside */
    assert_int_equal(url_read(slice("https://a/\0b", 12), &strict, &parts, NULL), CHAOS_E_USAGE);
}

static void test_redirect_rules(void **state)
{
    (void)state;
    assert_null(url_judge_redirect(slice_text("https://a/"), slice_text("https://b/")));
    assert_null(url_judge_redirect(slice_text("http://a/"), slice_text("https://b/")));
    assert_null(url_judge_redirect(slice_text("http://a/"), slice_text("http://b/")));
    assert_non_null(url_judge_redirect(slice_text("https://a/"), slice_text("http://b/")));
    assert_non_null(url_judge_redirect(slice_text("https://a/"), slice_text("ftp://b/")));
    assert_non_null(url_judge_redirect(slice_text("https://a/"), slice_text("")));
}

/* -------------------------------------------------------------------- data: ---- */

static void test_data_urls(void **state)
{
    static const struct {
        const char *url, *type, *bytes;
    } good[] = {
        { "data:,", "text/plain", "" },
        { "data:,a", "text/plain", "a" },
        { "DATA:text/plain;charset=utf-8,a%2Cb%2c%20c", "text/plain", "a,b, c" },
        { "data:application/json,{\"a\": 1}", "application/json", "{\"a\": 1}" },
        { "data:application/json;utf8,{\"a\":\"\xc3\xa4\"}", "application/json", "{\"a\":\"\xc3\xa4\"}" },
        { "data:Application/JSON;base64,e30=", "application/json", "{}" },
        { "data:;BASE64,aGVsbG8=", "text/plain", "hello" },
        { "data:;base64,aGVsbG8%3D", "text/plain", "hello" },
        { "data:;base64,", "text/plain", "" },
        { "data:base64,aGVsbG8=", "base64", "aGVsbG8=" }, /* a type of that name */
        { "data:;base64;x=y,aGVsbG8=", "text/plain", "aGVsbG8=" },
    };
    static const struct {
        const char *url, *words;
    } bad[] = {
        { "data:", "comma" }, { "data:text/plain", "comma" }, { "data:;base64", "comma" }, { "data:;base64,aGVsbG8", "not base64" }, { "data:;base64,aGVsbG9=", "not base64" }, { "data:;base64,aGVs bG8=", "not base64" }, { "data:;base64,aGVsbG8=\n", "must be written" }, { "data:;base64,aGVsbG8-", "not base64" }, { "data:;base64,====", "not base64" }, { "data:;base64,a", "not base64" }, { "data:,%", "must be written" }, { "data:,%4", "must be written" }, { "data:,%4g", "must be written" }, { "data:,a#b", "must be written" }, { "data:,a\tb", "must be written" }, { "data:,a\x7f", "must be written" }, { "data:te xt,a", "media type" }, { "data:t\xc3\xa4xt,a", "media type" }, { "data:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,a", "media type" }, /* 64 */
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(good); i++) {
        net_fetched got;
        chaos_error err;
        if (net_fetch(slice_text(good[i].url), NULL, &got, &err) != CHAOS_OK) {
            fail_msg("%s: %s", good[i].url, err.text);
        }
        assert_true(slice_is(buffer_slice(&got.bytes), good[i].bytes));
        assert_string_equal(got.media_type, good[i].type);
        assert_int_equal(got.bond, NET_BOND_INLINE);
        assert_string_equal(got.url, "data:");
        net_fetched_clear(&got);
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        net_fetched got = { .bond = NET_BOND_HASHED };
        chaos_error err;
        chaos_status status = net_fetch(slice_text(bad[i].url), NULL, &got, &err);
        if (status != CHAOS_E_USAGE || strstr(err.text, bad[i].words) == NULL || got.bond != NET_BOND_HASHED) {
            fail_msg("%s: %s: %s", bad[i].url, chaos_status_name(status), err.text);
        }
    }
}

static void test_data_sizes(void **state)
{
    static const struct {
        const char *url;
        bool fits;
    } cases[] = {
        { "data:,1234", true },
        { "data:,12345", false },
        { "data:,%31%32%33%34", true },
        { "data:,%31%32%33%34%35", false },
        { "data:;base64,MTIzNA==", true },
        { "data:;base64,MTIzNDU=", false },
        { "data:;base64,MTIz", true },
        { "data:;base64,%4D%54%49%7A%4E%41%3D%3D", false }, /* longer than four characters a byte: not looked into */
        { "data:;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false },
    };
    const net_fetch_options four = { .max_bytes = 4 };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        net_fetched got;
        chaos_error err;
        chaos_status status = net_fetch(slice_text(cases[i].url), &four, &got, &err);
        if (status != (cases[i].fits ? CHAOS_OK : CHAOS_E_GUEST_AGENT)) {
            fail_msg("%s: %s", cases[i].url, chaos_status_name(status));
        }
        if (cases[i].fits) {
            net_fetched_clear(&got);
        } else {
            assert_string_equal(err.expected, "at most 4 bytes");
        }
    }
}

/* --------------------------------------------------------------------- CIDs ---- */

#define HELLO "hello world"
#define HELLO_V0 "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"
#define HELLO_FILE "bafybeihykld7uyxzogax6vgyvag42y7464eywpf55gxi5qpoisibh3c5wa"
#define HELLO_RAW "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"

static void test_cids(void **state)
{
    char long_text[301];
    memset(long_text, 'x', 300);
    long_text[300] = '\0';
    const struct {
        const char *cid, *content;
        cid_match match;
    } cases[] = {
        { HELLO_V0, HELLO, CID_SAME },
        { HELLO_FILE, HELLO, CID_SAME },
        { HELLO_RAW, HELLO, CID_SAME },
        { "zb2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn", HELLO, CID_SAME },
        { "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", HELLO, CID_SAME },
        { "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "", CID_SAME },
        { "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku", "", CID_SAME },
        { "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o", "hello world\n", CID_SAME },
        { "Qmaho9ndeJbsShhzzuaykpLi9SyVJ6FZ45uuStbjCbnr2P", long_text, CID_SAME },
        { HELLO_RAW, "hello worlD", CID_OTHER },
        { HELLO_RAW, "", CID_OTHER },
        { HELLO_V0, "hello worlD", CID_UNKNOWN },
        { HELLO_FILE, "", CID_UNKNOWN },
    };
    static const char *const bad[] = {
        "",
        "Q",
        "Qm",
        "b",
        "qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD",
        "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyf",      /* one digit less, */
        "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfDD",    /* one more, */
        "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyf0",     /* none of base58 */
        "Qmzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", /* too large */
        "Bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5f", /* spare bits */
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5ea",
        "bAfkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "f02551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", /* version 2 */
        "f01711220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", /* dag-cbor */
        "f01551320b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", /* SHA-512 */
        "f01551221b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", /* 33 bytes */
        "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9ff",
        "z1b2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn",
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        cid name;
        if (!cid_read(slice_text(cases[i].cid), &name) || cid_compare(&name, slice_text(cases[i].content)) != cases[i].match) {
            fail_msg("%s", cases[i].cid);
        }
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(bad); i++) {
        cid name;
        if (cid_read(slice_text(bad[i]), &name)) {
            fail_msg("%s is read", bad[i]);
        }
    }
}

/* Cut anywhere, or with another digit anywhere, it is no CID, or names something else. */
static void test_cids_changed(void **state)
{
    static const char *const sound[] = { HELLO_V0, HELLO_RAW, HELLO_FILE, "zb2rhj7crUKTQYRGCRATFaQ6YFLTde2YzdqbbhAASkL9uRDXn",
                                         "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9" };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(sound); i++) {
        const size_t whole = strlen(sound[i]);
        char text[CID_MAX_TEXT];
        cid name;
        for (size_t at = 0; at < whole; at++) {
            assert_false(cid_read(slice(sound[i], at), &name));
            for (const char *digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"; *digit != '\0'; digit++) {
                memcpy(text, sound[i], whole);
                text[at] = *digit;
                const bool same = strncasecmp(text, sound[i], whole) == 0 && (text[0] == 'f' || *digit == sound[i][at]);
                if (!same && cid_read(slice(text, whole), &name) && cid_compare(&name, slice_text(HELLO)) == CID_SAME) {
                    fail_msg("%.*s", (int)whole, text);
                }
            }
        }
    }
}

static void test_ipfs_urls(void **state)
{
    static const struct {
        const char *url, *path; /* NULL: refused */
    } cases[] = {
        { "ipfs://" HELLO_RAW, "" },
        { "IPFS://" HELLO_RAW "/", "" },
        { "ipfs://" HELLO_V0 "/a/b.json", "/a/b.json" },
        { "ipfs://" HELLO_V0 "/a%20b", "/a%20b" },
        { "ipfs://" HELLO_V0 "/...", "/..." },
        { "ipfs://" HELLO_V0 "/.a", "/.a" },
        { "ipfs:" HELLO_RAW, NULL },
        { "ipfs:/" HELLO_RAW, NULL },
        { "ipfs://", NULL },
        { "ipfs:///" HELLO_RAW, NULL },
        { "ipfs://ipfs/" HELLO_RAW, NULL },
        { "ipfs://" HELLO_RAW "?x", NULL },
        { "ipfs://" HELLO_V0 "/a?x", NULL },
        { "ipfs://" HELLO_V0 "/a#x", NULL },
        { "ipfs://" HELLO_V0 "/..", NULL },
        { "ipfs://" HELLO_V0 "/a/../../b", NULL },
        { "ipfs://" HELLO_V0 "/./a", NULL },
        { "ipfs://" HELLO_V0 "/%2e%2E/a", NULL },
        { "ipfs://" HELLO_V0 "/.%2e", NULL },
        { "ipfs://" HELLO_V0 "/a b", NULL },
        { "ipns://" HELLO_V0, NULL },
        { "ipfs://" HELLO_V0 "/\\", NULL },
        { "ipfs://" HELLO_V0 "/%", NULL },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        ipfs_url url;
        const chaos_status status = ipfs_url_read(slice_text(cases[i].url), &url, NULL);
        if (status != (cases[i].path == NULL ? CHAOS_E_USAGE : CHAOS_OK)) {
            fail_msg("%s: %s", cases[i].url, chaos_status_name(status));
        }
        assert_true(cases[i].path == NULL || slice_is(url.path, cases[i].path));
    }
}

/* ----------------------------------------------------------------- a server ---- */

typedef struct place {
    const char *target, *reply; /* NULL: 200 and `body` */
    const char *body;
} place;

typedef struct site {
    const place *places;
    size_t count;
    unsigned delay_ms;
} site;

static bool serve_site(void *context, const http_seen *seen, chaos_buffer *out)
{
    const site *s = context;
    const struct timespec delay = { 0, (long)s->delay_ms * 1000000 };
    (void)nanosleep(&delay, NULL);
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->places[i].target, seen->target) == 0) {
            return s->places[i].reply != NULL ? buffer_append_text(out, s->places[i].reply)
                                              : http_reply(out, 200, "Application/JSON; x=y", slice_text(s->places[i].body));
        }
    }
    return http_reply(out, 404, "text/html", slice_text("<html>"));
}

static http_server *open_site(site *s)
{
    return http_server_start(&(http_server_options){ .tcp = true, .answer = serve_site, .context = s });
}

#define LOCAL                                                                                         \
    {                                                                                                 \
        .allow_http = true, .allow_any_port = true, .allow_loopback = true, .total_timeout_ms = 20000 \
    }

static chaos_status fetch_at(const http_server *server, const char *path, const net_fetch_options *options, net_fetched *got, chaos_error *err)
{
    char url[256];
    (void)snprintf(url, sizeof url, "%s%s", http_server_url(server), path);
    return net_fetch(slice_text(url), options, got, err);
}

#define MOVED(where) "HTTP/1.1 302 Found\r\nLocation: " where "\r\nContent-Length: 0\r\n\r\n"

static const place places[] = {
    { "/a", NULL, "content" },
    { "/empty", NULL, "" },
    { "/1", MOVED("/a"), NULL },
    { "/2", "HTTP/1.1 301 Moved\r\nLocation: 1\r\nContent-Length: 0\r\n\r\n", NULL },
    { "/3", "HTTP/1.1 307 Moved\r\nLocation: ./2\r\nContent-Length: 0\r\n\r\n", NULL },
    { "/4", "HTTP/1.1 308 Moved\r\nLocation: 3\r\nContent-Length: 0\r\n\r\n", NULL },
    { "/loop", MOVED("/loop"), NULL },
    { "/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", NULL },
    { "/private", MOVED("http://10.0.0.1/"), NULL },
    { "/metadata", MOVED("http://169.254.169.254/latest/meta-data/"), NULL },
    { "/mapped", MOVED("http://[::ffff:127.0.0.1]/"), NULL },
    { "/file", MOVED("file:///etc/passwd"), NULL },
    { "/ftp", MOVED("ftp://127.0.0.1/"), NULL },
    { "/user", MOVED("http://user@127.0.0.1/"), NULL },
    { "/data", MOVED("data:,x"), NULL },
    { "/choices", "HTTP/1.1 300 Choose\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", NULL },
    { "/none", "HTTP/1.1 204 None\r\n\r\n", NULL },
    { "/part", "HTTP/1.1 206 Part\r\nContent-Length: 1\r\n\r\nc", NULL },
    { "/broken", "HTTP/1.1 500 Broken\r\nContent-Length: 6\r\n\r\nbroken", NULL },
};

static void test_fetch(void **state)
{
    static const struct {
        const char *path;
        chaos_status status;
        const char *words; /* of the error, or the bytes */
    } cases[] = {
        { "/a", CHAOS_OK, "content" },
        { "/empty", CHAOS_OK, "" },
        { "/1", CHAOS_OK, "content" },
        { "/3", CHAOS_OK, "content" },
        { "/4", CHAOS_E_GUEST_AGENT, "more than three times" },
        { "/loop", CHAOS_E_GUEST_AGENT, "more than three times" },
        { "/nowhere", CHAOS_E_GUEST_AGENT, "to nowhere" },
        { "/private", CHAOS_E_ADDRESS_REFUSED, "a private address" },
        { "/metadata", CHAOS_E_ADDRESS_REFUSED, "link-local" },
        { "/mapped", CHAOS_E_ADDRESS_REFUSED, "IPv4 address in IPv6" },
        { "/file", CHAOS_E_GUEST_AGENT, "to where it may not: only https:" },
        { "/ftp", CHAOS_E_GUEST_AGENT, "only https:" },
        { "/user", CHAOS_E_GUEST_AGENT, "user name" },
        { "/data", CHAOS_E_GUEST_AGENT, "only https:" },
        { "/missing", CHAOS_E_GUEST_AGENT, "HTTP 404" },
        { "/choices", CHAOS_E_GUEST_AGENT, "HTTP 300" },
        { "/none", CHAOS_E_GUEST_AGENT, "HTTP 204" },
        { "/part", CHAOS_E_GUEST_AGENT, "HTTP 206" },
        { "/broken", CHAOS_E_GUEST_AGENT, "HTTP 500" },
    };
    const net_fetch_options options = LOCAL;
    site s = { places, CHAOS_ARRAY_SIZE(places), 0 };
    http_server *server = open_site(&s);
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        net_fetched got = { .bond = NET_BOND_HASHED };
        chaos_error err = { 0 };
        chaos_status status = fetch_at(server, cases[i].path, &options, &got, &err);
        const bool right = status == cases[i].status && (status == CHAOS_OK ? slice_is(buffer_slice(&got.bytes), cases[i].words)
                                                                            : strstr(err.text, cases[i].words) != NULL);
        if (!right) {
            fail_msg("%s: %s: %s (%s)", cases[i].path, chaos_status_name(status), err.text, err.found);
        }
        assert_int_equal(got.bond, status == CHAOS_OK ? NET_BOND_NONE : NET_BOND_HASHED);
        if (status == CHAOS_OK) {
            assert_string_equal(got.media_type, "application/json");
            assert_string_equal(strrchr(got.url, '/'), cases[i].words[0] == '\0' ? "/empty" : "/a");
            net_fetched_clear(&got);
        }
    }
    http_server_stop(server);
}

static void test_fetch_limits(void **state)
{
    net_fetch_options options = LOCAL;
    site s = { places, CHAOS_ARRAY_SIZE(places), 0 };
    http_server *server = open_site(&s);
    net_fetched got;
    chaos_error err;
    (void)state;
    options.max_bytes = 7;
    assert_int_equal(fetch_at(server, "/a", &options, &got, &err), CHAOS_OK);
    net_fetched_clear(&got);
    options.max_bytes = 6;
    assert_int_equal(fetch_at(server, "/a", &options, &got, &err), CHAOS_E_GUEST_AGENT);
    assert_string_equal(err.expected, "at most 6 bytes");
    options.max_bytes = 0;
    options.total_timeout_ms = 500; /* each of four requests takes less */
    s.delay_ms = 200;
    assert_int_equal(fetch_at(server, "/3", &options, &got, &err), CHAOS_E_TIMEOUT);
    assert_int_equal(fetch_at(server, "/a", &options, &got, &err), CHAOS_OK);
    net_fetched_clear(&got);
    http_server_stop(server);
    options.max_bytes = NET_MAX_REPLY + 1;
    assert_int_equal(net_fetch(slice_text("data:,"), &options, &got, &err), CHAOS_E_USAGE);
    options.max_bytes = 0;
    options.total_timeout_ms = NET_MAX_TOTAL_TIMEOUT_MS + 1;
    assert_int_equal(net_fetch(slice_text("data:,"), &options, &got, &err), CHAOS_E_USAGE);
    assert_int_equal(net_fetch(slice_text("data:,"), NULL, NULL, &err), CHAOS_E_USAGE);
    assert_int_equal(net_fetch(slice(NULL, 0), NULL, &got, &err), CHAOS_E_USAGE);
}

/* ------------------------------------------------------------- name servers ---- */

/* What libcurl calls, in place of libc's: a name server that is slow for one name. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                                                       struct addrinfo **result)
{
    typedef int function(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (name != NULL && strcmp(name, "slow.example") == 0) {
        const struct timespec delay = { 3, 0 };
        (void)nanosleep(&delay, NULL);
        return EAI_AGAIN;
    }
    union {
        void *object;
        function *call;
    } real = { dlsym(RTLD_NEXT, "getaddrinfo") };
    return real.call(name, service, hints, result);
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_slow_name_server(void **state)
{
    const net_fetch_options options = { .total_timeout_ms = 200 };
    const struct timespec rest = { 3, 200000000 };
    const double begin = now();
    net_fetched got;
    chaos_error err;
    (void)state;
    assert_int_equal(net_fetch(slice_text("https://slow.example/"), &options, &got, &err), CHAOS_E_TIMEOUT);
    assert_true(now() - begin < 2.5);
    assert_string_equal(err.text, "no connection in time");
    (void)nanosleep(&rest, NULL); /* libcurl's thread ends and frees what it has */
}

/* ---------------------------------------------------------------- rebinding ---- */

/* A name that leads to this machine: nothing arrives at the server. Where loopback is allowed it does: the control. */
static void test_rebinding(void **state)
{
    site s = { places, CHAOS_ARRAY_SIZE(places), 0 };
    http_server *server = open_site(&s);
    static const char *const leads[] = { "127.0.0.1", "127.0.0.1,127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0" };
    net_fetch_options options = { .allow_http = true, .allow_any_port = true };
    char pin[96], url[64];
    const char *pinned[2] = { pin, NULL };
    net_fetched got;
    chaos_error err;
    (void)state;
    options.resolve = pinned;
    (void)snprintf(url, sizeof url, "http://public.example:%u/a", http_server_port(server));
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(leads); i++) {
        (void)snprintf(pin, sizeof pin, "public.example:%u:%s", http_server_port(server), leads[i]);
        chaos_status status = net_fetch(slice_text(url), &options, &got, &err);
        if (status != CHAOS_E_ADDRESS_REFUSED || strstr(err.found, "public.example") == NULL) {
            fail_msg("%s: %s: %s (%s)", leads[i], chaos_status_name(status), err.text, err.found);
        }
    }
    assert_int_equal(http_server_connections(server), 0);
    (void)snprintf(pin, sizeof pin, "public.example:%u:127.0.0.1", http_server_port(server));
    options.allow_loopback = true;
    assert_int_equal(net_fetch(slice_text(url), &options, &got, &err), CHAOS_OK);
    net_fetched_clear(&got);
    assert_int_equal(http_server_connections(server), 1);
    http_server_stop(server);
}

/* As a URL says it, and as a redirect does. */
static void test_literal_addresses(void **state)
{
    static const char *const urls[] = { "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/", "https://169.254.169.254/",
                                        "https://[::ffff:10.0.0.1]/", "https://[fe80::1]/", "https://100.64.0.1/" };
    net_fetched got;
    chaos_error err;
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(urls); i++) {
        assert_int_equal(net_fetch(slice_text(urls[i]), NULL, &got, &err), CHAOS_E_ADDRESS_REFUSED);
        assert_string_equal(err.field, "url");
    }
    assert_int_equal(net_fetch(slice_text("https://localhost/"), NULL, &got, &err), CHAOS_E_ADDRESS_REFUSED);
}

/* A second name is resolved and judged as well: the redirect of a public server leads inwards. */
static void test_redirect_by_name(void **state)
{
    site s = { NULL, 1, 0 };
    place moved = { "/", NULL, NULL };
    char reply[160], pin[2][64];
    const char *pinned[3] = { pin[0], pin[1], NULL };
    net_fetch_options options = LOCAL;
    net_fetched got;
    chaos_error err;
    (void)state;
    s.places = &moved;
    http_server *server = open_site(&s);
    (void)snprintf(reply, sizeof reply, "HTTP/1.1 302 Found\r\nLocation: http://inner.example:%u/\r\nContent-Length: 0\r\n\r\n", http_server_port(server));
    moved.reply = reply;
    (void)snprintf(pin[0], sizeof pin[0], "outer.example:%u:127.0.0.1", http_server_port(server));
    (void)snprintf(pin[1], sizeof pin[1], "inner.example:%u:192.168.7.7", http_server_port(server));
    options.resolve = pinned;
    char url[64];
    (void)snprintf(url, sizeof url, "http://outer.example:%u/", http_server_port(server));
    assert_int_equal(net_fetch(slice_text(url), &options, &got, &err), CHAOS_E_ADDRESS_REFUSED);
    assert_non_null(strstr(err.found, "192.168.7.7"));
    assert_int_equal(http_server_requests(server), 1);
    http_server_stop(server);
}

/* ----------------------------------------------------------------- gateways ---- */

static const place right[] = {
    { "/ipfs/" HELLO_RAW, NULL, HELLO },
    { "/ipfs/" HELLO_V0, NULL, HELLO },
    { "/ipfs/" HELLO_FILE, NULL, "the text of many blocks" },
    { "/ipfs/" HELLO_FILE "/a.json", NULL, "{}" },
};
static const place wrong[] = {
    { "/ipfs/" HELLO_RAW, NULL, "hello worlD" },
    { "/ipfs/" HELLO_V0, MOVED("https://10.0.0.1/"), NULL },
    { "/ipfs/" HELLO_FILE, MOVED("https://2130706433/"), NULL }, /* libcurl makes 127.0.0.1 of it */
};

static void test_gateways(void **state)
{
    site good = { right, CHAOS_ARRAY_SIZE(right), 0 }, bad = { wrong, CHAOS_ARRAY_SIZE(wrong), 0 };
    http_server *sound = open_site(&good), *lying = open_site(&bad);
    char a[64], b[64];
    (void)snprintf(a, sizeof a, "%s/ipfs/", http_server_url(sound));
    (void)snprintf(b, sizeof b, "%s/ipfs/", http_server_url(lying));
    const char *const only_a[] = { a }, *const only_b[] = { b }, *const both[] = { b, a }, *const dead[] = { "http://127.0.0.1:1/ipfs/", b };
    const char *const no_end[] = { http_server_url(sound) }, *const no_url[] = { "127.0.0.1/" };
    const struct {
        const char *url;
        const char *const *gateways;
        size_t count;
        chaos_status status;
        net_bond bond;
    } cases[] = {
        { "ipfs://" HELLO_RAW, only_a, 1, CHAOS_OK, NET_BOND_HASHED },
        { "ipfs://" HELLO_V0, only_a, 1, CHAOS_OK, NET_BOND_HASHED },
        { "ipfs://" HELLO_FILE, only_a, 1, CHAOS_OK, NET_BOND_NONE },
        { "ipfs://" HELLO_FILE "/a.json", only_a, 1, CHAOS_OK, NET_BOND_NONE },
        { "ipfs://" HELLO_RAW, only_b, 1, CHAOS_E_CONTENT_HASH, 0 },
        { "ipfs://" HELLO_RAW, both, 2, CHAOS_OK, NET_BOND_HASHED },
        { "ipfs://" HELLO_RAW, dead, 2, CHAOS_E_CONTENT_HASH, 0 },
        { "ipfs://" HELLO_RAW, dead, 1, CHAOS_E_NETWORK, 0 },
        { "ipfs://" HELLO_V0, only_b, 1, CHAOS_E_ADDRESS_REFUSED, 0 },
        { "ipfs://" HELLO_FILE, only_b, 1, CHAOS_E_ADDRESS_REFUSED, 0 },
        { "ipfs://" HELLO_V0 "/missing", only_a, 1, CHAOS_E_GUEST_AGENT, 0 },
        { "ipfs://" HELLO_RAW, NULL, 0, CHAOS_E_NOT_AVAILABLE, 0 },
        { "ipfs://" HELLO_RAW, no_end, 1, CHAOS_E_USAGE, 0 },
        { "ipfs://" HELLO_RAW, no_url, 1, CHAOS_E_USAGE, 0 },
        { "ipfs://nothing", only_a, 1, CHAOS_E_USAGE, 0 },
        { "ipfs://" HELLO_RAW, only_a, NET_FETCH_MAX_GATEWAYS + 1, CHAOS_E_USAGE, 0 },
    };
    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const net_fetch_options options = { .gateways = cases[i].gateways, .gateway_count = cases[i].count };
        net_fetched got;
        chaos_error err = { 0 };
        chaos_status status = net_fetch(slice_text(cases[i].url), &options, &got, &err);
        if (status != cases[i].status || (status == CHAOS_OK && got.bond != cases[i].bond)) {
            fail_msg("case %zu, %s: %s: %s (%s)", i, cases[i].url, chaos_status_name(status), err.text, err.found);
        }
        if (status == CHAOS_OK) {
            assert_non_null(strstr(got.url, "/ipfs/"));
            net_fetched_clear(&got);
        }
    }
    http_server_stop(sound);
    http_server_stop(lying);
}

/* A gateway that hangs has its share of the time, and the next one the rest. */
static void test_hanging_gateway(void **state)
{
    static const http_step hang[] = { { HTTP_READ, NULL, 0 }, { HTTP_WAIT, NULL, 60000 }, { HTTP_END, NULL, 0 } };
    static const http_step *const scripts[] = { hang };
    site good = { right, CHAOS_ARRAY_SIZE(right), 0 };
    http_server *sound = open_site(&good);
    http_server *hanging = http_server_start(&(http_server_options){ .tcp = true, .scripts = scripts, .script_count = 1 });
    char a[64], b[64];
    (void)snprintf(a, sizeof a, "%s/ipfs/", http_server_url(hanging));
    (void)snprintf(b, sizeof b, "%s/ipfs/", http_server_url(sound));
    const char *const gateways[] = { a, b };
    const net_fetch_options options = { .gateways = gateways, .gateway_count = 2, .total_timeout_ms = 2000 };
    net_fetched got;
    chaos_error err;
    (void)state;
    assert_int_equal(net_fetch(slice_text("ipfs://" HELLO_RAW), &options, &got, &err), CHAOS_OK);
    assert_int_equal(got.bond, NET_BOND_HASHED);
    net_fetched_clear(&got);
    http_server_stop(hanging);
    http_server_stop(sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_odd_addresses),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_url_sizes),
        cmocka_unit_test(test_redirect_rules),
        cmocka_unit_test(test_data_urls),
        cmocka_unit_test(test_data_sizes),
        cmocka_unit_test(test_cids),
        cmocka_unit_test(test_cids_changed),
        cmocka_unit_test(test_ipfs_urls),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_fetch_limits),
        cmocka_unit_test(test_slow_name_server),
        cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_literal_addresses),
        cmocka_unit_test(test_redirect_by_name),
        cmocka_unit_test(test_gateways),
        cmocka_unit_test(test_hanging_gateway),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
