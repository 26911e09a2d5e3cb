/* http_server.h - an HTTP server for tests that says exactly what it is told to say, right or wrong: byte by byte from a
 * script, or by a function that answers each request. Threads of its own; a Unix socket in a new folder, or 127.0.0.1. */
#ifndef SUPPORT_HTTP_SERVER_H
#define SUPPORT_HTTP_SERVER_H

#include "base/base.h"

/* --------------------------------------------------------------- scripts ---- */

typedef enum http_act {
    HTTP_END,    /* of the script: close the connection */
    HTTP_READ,   /* one request: header lines and as much of a body as Content-Length says */
    HTTP_SEND,   /* text */
    HTTP_REPEAT, /* text, `number` times; 0: until the client goes away */
    HTTP_DRIP,   /* text, a byte each `number` milliseconds */
    HTTP_WAIT,   /* `number` milliseconds, or until the server is stopped */
    HTTP_RESET   /* end with a TCP reset */
} http_act;

typedef struct http_step {
    http_act act;
    const char *text;
    unsigned number;
} http_step;

/* ---------------------------------------------------------------- answers ---- */

typedef struct http_seen {
    unsigned connection, request; /* numbers from 0; the request counts over all connections */
    const char *method, *target;
    chaos_slice head, body;
} http_seen;

#define HTTP_MAX_REPLY (20u * 1024u * 1024u)

/* Appends the whole reply to `out`, status line included; false: close the connection. Called by one thread at a time. */
typedef bool http_answer_function(void *context, const http_seen *seen, chaos_buffer *out);

/* A reply with these parts, Content-Length included. */
CHAOS_MUST_USE bool http_reply(chaos_buffer *out, int status, const char *content_type, chaos_slice body);

/* ----------------------------------------------------------------- server ---- */

typedef struct http_server http_server;

typedef struct http_server_options {
    bool tcp;                        /* else a Unix socket */
    const http_step *const *scripts; /* one for each connection in turn; the last one serves all further ones */
    size_t script_count;
    http_answer_function *answer;    /* instead of scripts */
    void *context;
} http_server_options;

/* Listens when it returns; ends the test when it cannot. */
http_server *http_server_start(const http_server_options *options);
const char *http_server_url(const http_server *server);    /* "http://127.0.0.1:PORT", or "http://localhost" */
const char *http_server_socket(const http_server *server); /* path; NULL for TCP */
unsigned http_server_port(const http_server *server);
unsigned http_server_connections(http_server *server);     /* so far */
unsigned http_server_requests(http_server *server);
/* Ends all connections and threads, removes the socket, wipes what was read and sent. */
void http_server_stop(http_server *server);

#endif
