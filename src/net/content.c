/* content.c - a folder of bytes by the name that is made of them (CIDv1, raw, SHA-256), and what others published. */
#include <chaoschain/net.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "net/fetch.h"

#define SCHEME "ipfs://"
#define CID_TEXT 59 /* "b" and 36 bytes in base32 */
#define MAX_NAME 96
#define MAX_PATH 4096
#define DEFAULT_TIMEOUT_MS 20000u

struct chaos_content {
    char *folder, *base;
    char *gateways[CHAOS_MAX_GATEWAYS];
    size_t gateway_count;
    bool allow_local;
    uint32_t timeout_ms;
};

void chaos_content_free(chaos_content *content)
{
    if (content != NULL) {
        for (size_t i = 0; i < content->gateway_count; i++) {
            free(content->gateways[i]);
        }
        free(content->folder);
        free(content->base);
        free(content);
    }
}

/* ------------------------------------------------------------------- CID ---- */

/* 01 (CIDv1) 55 (raw) 12 (SHA-256) 20 (32 bytes) and the digest, in base32 without padding behind its letter. */
static void cid_of(chaos_slice bytes, char text[CID_TEXT + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    const chaos_sha256 digest = hash_sha256(bytes);
    uint8_t cid[4 + sizeof digest.bytes] = { 0x01, 0x55, 0x12, 0x20 };
    unsigned bits = 0;
    unsigned held = 0;
    size_t length = 1;

    memcpy(cid + 4, digest.bytes, sizeof digest.bytes);
    text[0] = 'b';
    for (size_t i = 0; i < sizeof cid; i++) {
        held = (held << 8 | cid[i]) & 0x1fffu; /* at most 12 bits count */
        for (bits += 8; bits >= 5; bits -= 5) {
            text[length++] = alphabet[held >> (bits - 5) & 31u];
        }
    }
    text[length++] = alphabet[held << (5 - bits) & 31u];
    text[length] = '\0';
}

/* ---------------------------------------------------------------- folder ---- */

static chaos_status no_file(const char *what, const char *path, chaos_error *err)
{
    const int number = errno;

    (void)error_set(err, CHAOS_E_FILE_IO, "folder", CHAOS_NO_OFFSET, "cannot %s", what);
    error_found(err, "%s: %s", path, strerror(number));
    return CHAOS_E_FILE_IO;
}

static bool write_all(int descriptor, chaos_slice bytes)
{
    size_t done = 0;

    while (done < bytes.size) {
        ssize_t written = write(descriptor, bytes.data + done, bytes.size - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

/* Under another name first, then under its own: whole, or not at all. */
static chaos_status write_whole(const chaos_content *content, const char *name, chaos_slice bytes, chaos_error *err)
{
    char path[MAX_PATH];
    char part[MAX_PATH];
    int descriptor;
    bool ok;

    (void)snprintf(path, sizeof path, "%s/%s", content->folder, name);
    (void)snprintf(part, sizeof part, "%s/.part-XXXXXX", content->folder);
    descriptor = mkstemp(part);
    if (descriptor < 0) {
        return no_file("write", part, err);
    }
    ok = fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 && write_all(descriptor, bytes) &&
         fchmod(descriptor, 0644) == 0 && fsync(descriptor) == 0;
    ok = close(descriptor) == 0 && ok && rename(part, path) == 0;
    if (!ok) {
        chaos_status status = no_file("write", path, err);
        (void)unlink(part);
        return status;
    }
    return CHAOS_OK;
}

/* *found false: there is no such file. */
static chaos_status read_whole(const chaos_content *content, const char *name, chaos_buffer *bytes, bool *found,
                               chaos_error *err)
{
    char path[MAX_PATH];
    uint8_t block[65536];
    chaos_status status = CHAOS_OK;
    ssize_t got = 1;
    int descriptor;

    (void)snprintf(path, sizeof path, "%s/%s", content->folder, name);
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *found = descriptor >= 0;
    if (descriptor < 0) {
        return errno == ENOENT ? CHAOS_OK : no_file("read", path, err);
    }
    while (status == CHAOS_OK && got > 0) {
        got = read(descriptor, block, sizeof block);
        if (got < 0) {
            status = no_file("read", path, err);
        } else if (!buffer_append(bytes, slice(block, (size_t)got))) {
            status = error_set(err, CHAOS_E_LIMIT, "content", CHAOS_NO_OFFSET, "%s is larger than %zu bytes", name,
                               bytes->limit);
        }
    }
    (void)close(descriptor);
    return status;
}

/* ------------------------------------------------------------------ open ---- */

static chaos_status copy(const char *text, char **out, chaos_error *err)
{
    if (text == NULL) {
        return CHAOS_OK;
    }
    *out = strdup(text);
    return *out != NULL ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

static chaos_status check_options(const chaos_content_options *options, chaos_error *err)
{
    const size_t base = options->base == NULL ? 0 : strlen(options->base);

    if (options->size != sizeof *options) {
        return error_set(err, CHAOS_E_USAGE, "options", CHAOS_NO_OFFSET, "begin with CHAOS_CONTENT_OPTIONS_INIT");
    }
    if (options->folder != NULL && strlen(options->folder) > MAX_PATH - MAX_NAME - 32) {
        return error_set(err, CHAOS_E_USAGE, "folder", CHAOS_NO_OFFSET, "the folder's path is too long");
    }
    if (base > 0 && (base > NET_MAX_URL - MAX_NAME || options->base[base - 1] != '/')) {
        return error_set(err, CHAOS_E_USAGE, "base", CHAOS_NO_OFFSET, "the base is a URL that ends with /");
    }
    return CHAOS_OK;
}

static chaos_status fill(chaos_content *made, const chaos_content_options *options, chaos_error *err)
{
    CHAOS_TRY(copy(options->folder, &made->folder, err));
    CHAOS_TRY(copy(options->base, &made->base, err));
    for (size_t i = 0; i < CHAOS_MAX_GATEWAYS && options->gateways[i] != NULL; i++) {
        CHAOS_TRY(copy(options->gateways[i], &made->gateways[i], err));
        made->gateway_count++;
    }
    made->allow_local = options->allow_local;
    made->timeout_ms = options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : options->timeout_ms;
    if (made->folder != NULL && mkdir(made->folder, 0755) != 0 && errno != EEXIST) {
        return no_file("make", made->folder, err);
    }
    return CHAOS_OK;
}

chaos_status chaos_content_open(const chaos_content_options *options, chaos_content **content, chaos_error *err)
{
    static const chaos_content_options defaults = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_content *made;
    chaos_status status;

    if (content == NULL) {
        return error_set(err, CHAOS_E_USAGE, "content", CHAOS_NO_OFFSET, NULL);
    }
    options = options == NULL ? &defaults : options;
    CHAOS_TRY(check_options(options, err));
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    status = fill(made, options, err);
    if (status != CHAOS_OK) {
        chaos_content_free(made);
        return status;
    }
    *content = made;
    return CHAOS_OK;
}

/* ------------------------------------------------------------------- put ---- */

chaos_status chaos_content_put(chaos_content *content, chaos_slice bytes, char uri[CHAOS_CONTENT_URI_SIZE],
                               chaos_error *err)
{
    char cid[CID_TEXT + 1];

    if (content == NULL || content->folder == NULL || uri == NULL || (bytes.data == NULL && bytes.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, "content", CHAOS_NO_OFFSET, "publishing needs a folder");
    }
    cid_of(bytes, cid);
    CHAOS_TRY(write_whole(content, cid, bytes, err));
    (void)snprintf(uri, CHAOS_CONTENT_URI_SIZE, SCHEME "%s", cid);
    return CHAOS_OK;
}

/* Letters of no CID: a name cannot take the place of content. */
static bool is_name(const char *name)
{
    const size_t length = strnlen(name, MAX_NAME + 1);

    return length > 0 && length <= MAX_NAME && name[0] != '.' && strchr(name, '-') != NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length;
}

static chaos_status check_name(const chaos_content *content, const char *name, chaos_error *err)
{
    if (content == NULL || content->folder == NULL || content->base == NULL) {
        return error_set(err, CHAOS_E_USAGE, "content", CHAOS_NO_OFFSET,
                         "named content needs a folder and the base of its URIs");
    }
    return name != NULL && is_name(name)
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "name", CHAOS_NO_OFFSET,
                           "a name has up to %d of a-z 0-9 . and -, with at least one -", MAX_NAME);
}

chaos_status chaos_content_named_uri(const chaos_content *content, const char *name, char *uri, size_t uri_capacity,
                                     chaos_error *err)
{
    CHAOS_TRY(check_name(content, name, err));
    if (strlen(content->base) + strlen(name) >= uri_capacity) {
        return error_set(err, CHAOS_E_USAGE, "uri", CHAOS_NO_OFFSET, "the URI is too long");
    }
    (void)snprintf(uri, uri_capacity, "%s%s", content->base, name);
    return CHAOS_OK;
}

chaos_status chaos_content_put_named(chaos_content *content, const char *name, chaos_slice bytes, chaos_error *err)
{
    CHAOS_TRY(check_name(content, name, err));
    return write_whole(content, name, bytes, err);
}

/* ------------------------------------------------------------------- get ---- */

static chaos_status wrong_bytes(const char *uri, chaos_error *err)
{
    (void)error_set(err, CHAOS_E_CONTENT_HASH, "uri", CHAOS_NO_OFFSET, NULL);
    error_found(err, "%s", uri);
    return CHAOS_E_CONTENT_HASH;
}

/* Of the folder, if it is there. */
static chaos_status get_here(const chaos_content *content, const char *uri, chaos_buffer *bytes, bool *found,
                             bool *committed, chaos_error *err)
{
    const size_t base = content->base == NULL ? 0 : strlen(content->base);
    const size_t before = bytes->size;
    char cid[CID_TEXT + 1];

    *found = false;
    if (content->folder == NULL) {
        return CHAOS_OK;
    }
    if (base > 0 && strncmp(uri, content->base, base) == 0) {
        if (!is_name(uri + base)) {
            return error_set(err, CHAOS_E_USAGE, "uri", CHAOS_NO_OFFSET, "no content can have this name");
        }
        *committed = false;
        CHAOS_TRY(read_whole(content, uri + base, bytes, found, err));
        return *found ? CHAOS_OK
                      : error_set(err, CHAOS_E_NOT_FOUND, "uri", CHAOS_NO_OFFSET, "the folder has no %s", uri + base);
    }
    if (strncmp(uri, SCHEME, strlen(SCHEME)) != 0 || strlen(uri) != strlen(SCHEME) + CID_TEXT ||
        strspn(uri + strlen(SCHEME), "abcdefghijklmnopqrstuvwxyz234567") != CID_TEXT) {
        return CHAOS_OK;
    }
    CHAOS_TRY(read_whole(content, uri + strlen(SCHEME), bytes, found, err));
    if (!*found) {
        return CHAOS_OK;
    }
    cid_of(slice(bytes->data + before, bytes->size - before), cid);
    if (strcmp(cid, uri + strlen(SCHEME)) != 0) {
        bytes->size = before;
        return wrong_bytes(uri, err);
    }
    *committed = true;
    return CHAOS_OK;
}

static chaos_status get_elsewhere(const chaos_content *content, const char *uri, chaos_buffer *bytes, bool *committed,
                                  chaos_error *err)
{
    const char *gateways[CHAOS_MAX_GATEWAYS];
    net_fetch_options options = { 0 };
    net_fetched fetched = { 0 };
    bool fits;

    for (size_t i = 0; i < content->gateway_count; i++) {
        gateways[i] = content->gateways[i];
    }
    options.max_bytes = bytes->limit - bytes->size < NET_MAX_REPLY ? bytes->limit - bytes->size : NET_MAX_REPLY;
    options.total_timeout_ms = content->timeout_ms;
    options.allow_http = options.allow_any_port = options.allow_loopback = content->allow_local;
    options.gateways = gateways;
    options.gateway_count = content->gateway_count;
    CHAOS_TRY(net_fetch(slice_text(uri), &options, &fetched, err));
    *committed = fetched.bond != NET_BOND_NONE;
    fits = buffer_append(bytes, buffer_slice(&fetched.bytes));
    net_fetched_clear(&fetched);
    return fits ? CHAOS_OK : error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
}

chaos_status chaos_content_get(chaos_content *content, const char *uri, chaos_buffer *bytes, bool *committed,
                               chaos_error *err)
{
    bool found;
    bool fixed = false;

    if (content == NULL || uri == NULL || bytes == NULL || committed == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET,
                         "content, URI, bytes and committed may not be NULL");
    }
    CHAOS_TRY(get_here(content, uri, bytes, &found, &fixed, err));
    if (!found) {
        CHAOS_TRY(get_elsewhere(content, uri, bytes, &fixed, err));
    }
    *committed = fixed;
    return CHAOS_OK;
}
