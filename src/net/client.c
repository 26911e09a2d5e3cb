/* client.c - exchanges whose connections stay open: libcurl keeps them with its handle. */
#include <curl/curl.h>

#include "net/internal.h"

struct net_client {
    CURL *handle;
};

chaos_status net_client_new(net_client **client, chaos_error *err)
{
    if (client == NULL) {
        return error_set(err, CHAOS_E_USAGE, "client", CHAOS_NO_OFFSET, "client may not be NULL");
    }
    CHAOS_TRY(net_init(err));
    net_client *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->handle = curl_easy_init();
    }
    if (made == NULL || made->handle == NULL) {
        free(made);
        return error_set(err, CHAOS_E_MEMORY, "http", CHAOS_NO_OFFSET, NULL);
    }
    *client = made;
    return CHAOS_OK;
}

void net_client_free(net_client *client)
{
    if (client != NULL) {
        curl_easy_cleanup(client->handle);
        free(client);
    }
}

chaos_status net_client_exchange(net_client *client, const net_request *request, net_reply *reply, chaos_error *err)
{
    if (client == NULL) {
        return error_set(err, CHAOS_E_USAGE, "client", CHAOS_NO_OFFSET, "client may not be NULL");
    }
    return exchange_with(client->handle, true, request, NULL, reply, err);
}
