/* test_net_start.c - what the environment would have libcurl and OpenSSL do, and they do not: load code that OPENSSL_CONF
 * names, write keys to SSLKEYLOGFILE. Each in a process of its own, as both are decided once in a process; each beside a
 * control in which plain libcurl does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/net.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE BUILD_ROOT "/tests/plugins/chaoschain-provider-mark-loaded.so"

typedef struct place {
    char folder[32], config[64], mark[64], keys[64];
} place;

static place new_place(void)
{
    place p = { .folder = "/tmp/chaos-start-XXXXXX" };
    assert_non_null(mkdtemp(p.folder));
    (void)snprintf(p.config, sizeof p.config, "%s/openssl.cnf", p.folder);
    (void)snprintf(p.mark, sizeof p.mark, "%s/mark", p.folder);
    (void)snprintf(p.keys, sizeof p.keys, "%s/keys", p.folder);
    return p;
}

static void remove_place(const place *p)
{
    (void)unlink(p->config);
    (void)unlink(p->mark);
    (void)unlink(p->keys);
    assert_int_equal(rmdir(p->folder), 0);
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

/* -------------------------------------------------------- in the child ---- */

static int ask_plainly(const char *url)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *handle = curl_easy_init();
    if (handle == NULL) {
        return 1;
    }
    (void)curl_easy_setopt(handle, CURLOPT_URL, url);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, 20000L);
    CURLcode code = curl_easy_perform(handle);
    curl_easy_cleanup(handle);
    curl_global_cleanup();
    return code == CURLE_OK ? 1 : 0; /* nobody there, or nobody who is trusted */
}

static int ask_through_net(const char *url)
{
    const net_request request = { .method = "GET", .url = url, .total_timeout_ms = 20000 };
    net_reply reply;
    chaos_error err;
    return net_exchange(&request, &reply, &err) == CHAOS_E_NETWORK ? 0 : 1;
}

/* This program again, as `HOW URL` with the place's variables. */
static void run_child(const char *how, const char *url, const place *p)
{
    int status = 0;
    char config[128], mark[128], keys[128];
    (void)snprintf(config, sizeof config, "OPENSSL_CONF=%s", p->config);
    (void)snprintf(mark, sizeof mark, "CHAOS_TEST_MARK=%s", p->mark);
    (void)snprintf(keys, sizeof keys, "SSLKEYLOGFILE=%s", p->keys);
    char *const environment[] = { config, mark, keys, (char *)(uintptr_t) "ASAN_OPTIONS=detect_leaks=0", NULL };
    char *const arguments[] = { (char *)(uintptr_t) "test_net_start", (char *)(uintptr_t)how, (char *)(uintptr_t)url,
                                NULL };
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execve(BUILD_ROOT "/tests/test_net_start", arguments, environment);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* -------------------------------------------------------- OPENSSL_CONF ---- */

static void write_config(const place *p)
{
    FILE *file = fopen(p->config, "w");
    assert_non_null(file);
    assert_true(exists(MODULE));
    (void)fprintf(file, "openssl_conf = all\n[all]\nproviders = providers\n[providers]\nstranger = stranger\n"
                        "[stranger]\nmodule = " MODULE "\nactivate = 1\n");
    assert_int_equal(fclose(file), 0);
}

static void test_no_configuration(void **state)
{
    static const char nobody[] = "https://127.0.0.1:1/";
    place p = new_place();
    (void)state;
    write_config(&p);
    run_child("plainly", nobody, &p);
    assert_true(exists(p.mark)); /* the control: this configuration does load code */
    (void)unlink(p.mark);
    run_child("net", nobody, &p);
    assert_false(exists(p.mark));
    remove_place(&p);
}

/* ------------------------------------------------------- SSLKEYLOGFILE ---- */

typedef struct tls_server {
    int listener;
    char url[64];
    SSL_CTX *context;
    pthread_t thread;
} tls_server;

static void give_certificate(SSL_CTX *context)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_true(key != NULL && certificate != NULL);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -60));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void *shake_hands(void *context)
{
    tls_server *server = context;
    for (int i = 0; i < 2; i++) {
        int fd = accept(server->listener, NULL, NULL);
        SSL *ssl = SSL_new(server->context);
        if (fd >= 0 && ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
            (void)SSL_accept(ssl); /* the client does not like the certificate */
        }
        SSL_free(ssl);
        (void)close(fd);
    }
    return NULL;
}

static void start_tls(tls_server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    (void)snprintf(server->url, sizeof server->url, "https://127.0.0.1:%u/", ntohs(address.sin_port));
    server->context = SSL_CTX_new(TLS_server_method());
    assert_non_null(server->context);
    give_certificate(server->context);
    assert_int_equal(pthread_create(&server->thread, NULL, shake_hands, server), 0);
}

static size_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

static void test_no_key_log(void **state)
{
    place p = new_place();
    tls_server server;
    (void)state;
    start_tls(&server);
    run_child("plainly", server.url, &p);
    assert_true(size_of(p.keys) > 0); /* the control: libcurl writes keys where the variable says */
    (void)unlink(p.keys);
    run_child("net", server.url, &p);
    assert_int_equal(size_of(p.keys), 0); /* libcurl makes the file when it starts; no key comes into it */
    (void)pthread_join(server.thread, NULL);
    SSL_CTX_free(server.context);
    (void)close(server.listener);
    remove_place(&p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_configuration),
        cmocka_unit_test(test_no_key_log),
    };
    if (argc == 3) {
        return strcmp(argv[1], "net") == 0 ? ask_through_net(argv[2]) : ask_plainly(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
