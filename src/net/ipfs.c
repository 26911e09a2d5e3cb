/* ipfs.c - ipfs: URLs through gateways, one after the other, until one gives bytes that the CID names. */
#include <stdio.h>

#include "net/internal.h"

#define SCHEME_SIZE (sizeof "ipfs://" - 1)
#define MAX_PATH 1024u

static chaos_status refuse(chaos_slice url, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_USAGE, "url", CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, url));
    return CHAOS_E_USAGE;
}

/* "." and "..", also as %2e: gateways and proxies would climb out of /ipfs/. */
static bool is_dots(chaos_slice segment)
{
    size_t dots = 0;
    for (size_t i = 0; i < segment.size; i++) {
        const bool escaped = segment.size - i >= 3 && segment.data[i] == '%' && segment.data[i + 1] == '2' &&
                             (segment.data[i + 2] | 0x20) == 'e';
        if (segment.data[i] != '.' && !escaped) {
            return false;
        }
        dots++;
        i += escaped ? 2 : 0;
    }
    return dots == 1 || dots == 2;
}

static const char *judge_path(chaos_slice path)
{
    const char *bad = path.size > MAX_PATH ? "the path in the ipfs: URL is too long" : url_judge_path(path);
    if (bad != NULL) {
        return bad;
    }
    for (size_t i = 0; i < path.size; i++) {
        size_t end = i + 1;
        if (path.data[i] == '?') {
            return "an ipfs: URL has no query";
        }
        if (path.data[i] != '/') {
            continue;
        }
        while (end < path.size && path.data[end] != '/' && path.data[end] != '?') {
            end++;
        }
        if (is_dots(slice(path.data + i + 1, end - i - 1))) {
            return "the path in the ipfs: URL has a part . or ..";
        }
    }
    return NULL;
}

chaos_status ipfs_url_read(chaos_slice url, ipfs_url *out, chaos_error *err)
{
    ipfs_url made = { .text = slice(NULL, 0) };
    if (!url_has_scheme(url, "ipfs://")) {
        return refuse(url, "an ipfs: URL begins with ipfs://", err);
    }
    const chaos_slice rest = slice(url.data + SCHEME_SIZE, url.size - SCHEME_SIZE);
    const uint8_t *mark = rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
    made.text = slice(rest.data, mark == NULL ? rest.size : (size_t)(mark - rest.data));
    made.path = slice(rest.data + made.text.size, rest.size - made.text.size);
    if (!cid_read(made.text, &made.id)) {
        return refuse(made.text, "ipfs:// goes on with a CID of SHA-256 (version 0, or 1 in base32, base58, base16)",
                      err);
    }
    const char *bad = judge_path(made.path);
    if (bad != NULL) {
        return refuse(url, bad, err);
    }
    if (made.path.size == 1) { /* "/" alone */
        made.path.size = 0;
    }
    *out = made;
    return CHAOS_OK;
}

static chaos_status make_url(const char *gateway, const ipfs_url *name, char url[NET_MAX_URL + 1], chaos_error *err)
{
    const chaos_slice base = slice(gateway, strnlen(gateway, NET_MAX_URL));
    const bool web = url_has_scheme(base, "http://") || url_has_scheme(base, "https://");
    if (!web || gateway[base.size - 1] != '/') {
        return error_set(err, CHAOS_E_USAGE, "gateways", CHAOS_NO_OFFSET,
                         "a gateway is a web URL that ends in /, like https://HOST/ipfs/");
    }
    int n = snprintf(url, NET_MAX_URL + 1, "%s%.*s%.*s", gateway, (int)name->text.size, (const char *)name->text.data,
                     (int)name->path.size, (const char *)name->path.data);
    return n > 0 && (size_t)n <= NET_MAX_URL
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "gateways", CHAOS_NO_OFFSET, "gateway and path are too long together");
}

/* What a gateway gave, against its name. Below a path the CID names a folder, which is not looked at. */
static chaos_status judge(const ipfs_url *name, const char *url, net_fetched *got, chaos_error *err)
{
    char quoted[100];
    const cid_match match = name->path.size > 0 ? CID_UNKNOWN : cid_compare(&name->id, buffer_slice(&got->bytes));
    if (match != CID_OTHER) {
        got->bond = match == CID_SAME ? NET_BOND_HASHED : NET_BOND_NONE;
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_CONTENT_HASH, "url", CHAOS_NO_OFFSET, NULL);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice_text(url)));
    return CHAOS_E_CONTENT_HASH;
}

static chaos_status try_gateway(const fetching *f, const char *gateway, const ipfs_url *name, net_fetched *out,
                                chaos_error *err)
{
    char url[NET_MAX_URL + 1];
    net_fetched got = { .bytes = CHAOS_BUFFER_INIT(0) };
    CHAOS_TRY(make_url(gateway, name, url, err));
    CHAOS_TRY(fetch_web(f, slice_text(url), true, &got, err));
    chaos_status status = judge(name, url, &got, err);
    if (status != CHAOS_OK) {
        net_fetched_clear(&got);
        return status;
    }
    *out = got;
    return CHAOS_OK;
}

/* Each gateway has its share of the time that is left. The error is the first; that bytes were wrong weighs more
 * than that nobody had any. */
chaos_status fetch_ipfs(const fetching *f, chaos_slice url, net_fetched *out, chaos_error *err)
{
    const net_fetch_options *o = f->options;
    ipfs_url name;
    chaos_error first = { .status = CHAOS_OK };
    CHAOS_TRY(ipfs_url_read(url, &name, err));
    if (o->gateway_count == 0) {
        return error_set(err, CHAOS_E_NOT_AVAILABLE, "gateways", CHAOS_NO_OFFSET,
                         "an ipfs: URL needs a gateway, and none is configured");
    }
    for (size_t i = 0; i < o->gateway_count; i++) {
        fetching share = *f;
        chaos_error found;
        const uint64_t now = fetch_now_ms();
        if (now < f->deadline_ms) {
            share.deadline_ms = now + (f->deadline_ms - now) / (o->gateway_count - i);
        }
        chaos_status status = try_gateway(&share, o->gateways[i], &name, out, &found);
        if (status == CHAOS_OK) {
            return CHAOS_OK;
        }
        if (first.status == CHAOS_OK || (status == CHAOS_E_CONTENT_HASH && first.status != CHAOS_E_CONTENT_HASH)) {
            first = found;
        }
    }
    if (err != NULL) {
        *err = first;
    }
    return first.status;
}
