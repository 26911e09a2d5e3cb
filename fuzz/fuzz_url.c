/* fuzz_url.c - strangers' URLs: what is read has a host that says one thing to every reader, content within its limit, and a
 * path that stays below its CID. The first byte chooses the reader. */
#include "net/internal.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 4096u

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* The host that libcurl would go to is the one that was judged. */
static void compare_with_libcurl(chaos_slice text, const url_parts *parts)
{
    char url[NET_MAX_URL + 1] = "", *host = NULL;
    struct sockaddr_in6 in6;
    struct in6_addr address;
    CURLU *u = curl_url();
    memcpy(url, text.data, text.size);
    require(u != NULL && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK);
    require(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    if (parts->host[0] == '[') { /* libcurl writes it in the shortest form */
        memcpy(&in6, &parts->address, sizeof in6);
        host[strlen(host) - 1] = '\0';
        require(inet_pton(AF_INET6, host + 1, &address) == 1 && memcmp(&address, &in6.sin6_addr, sizeof address) == 0);
    } else {
        require(strcasecmp(host, parts->host) == 0);
    }
    curl_free(host);
    curl_url_cleanup(u);
}

static void fuzz_web(chaos_slice text)
{
    static const net_fetch_options loose = { .allow_http = true, .allow_any_port = true };
    url_parts parts;
    chaos_error err = { .status = CHAOS_OK };
    if (url_read(text, &loose, &parts, &err) != CHAOS_OK) {
        require(err.status == CHAOS_E_USAGE && err.text[0] != '\0');
        return;
    }
    require(text.size <= NET_MAX_URL && parts.port >= 1 && parts.port <= 65535 && parts.host[0] != '\0');
    require(strpbrk(parts.host, "@/\\?# %") == NULL);
    for (size_t i = 0; i < text.size; i++) {
        require(text.data[i] > ' ' && text.data[i] < 0x7f);
    }
    compare_with_libcurl(text, &parts);
}

static void fuzz_data(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(out, LIMIT);
    char type[NET_MAX_MEDIA_TYPE] = "";
    chaos_error err = { .status = CHAOS_OK };
    if (!url_has_scheme(text, "data:")) {
        return;
    }
    if (data_url_read(text, &out, type, &err) != CHAOS_OK) {
        require(err.status != CHAOS_OK && out.size == 0 && type[0] == '\0');
        return;
    }
    require(out.size <= LIMIT && type[0] != '\0' && strnlen(type, sizeof type) < sizeof type);
}

static void fuzz_ipfs(chaos_slice text)
{
    ipfs_url url;
    if (ipfs_url_read(text, &url, NULL) == CHAOS_OK) {
        require(url.text.size <= CID_MAX_TEXT && url.path.size != 1);
        require(url.path.size == 0 || url.path.data[0] == '/');
        (void)cid_compare(&url.id, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        const chaos_slice text = slice(data + 1, size - 1);
        if (data[0] % 3 == 0) {
            fuzz_web(text);
        } else if (data[0] % 3 == 1) {
            fuzz_data(text);
        } else {
            fuzz_ipfs(text);
        }
    }
    return 0;
}
