/* provider.c - the TEE provider `simulated`: a guest agent inside the plug-in, for machines without a TEE. Formats, signatures and
 * event log are real; the root that they lead to says "ChaosChain Simulator", and every verdict shows it. */
#include <chaoschain/provider.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/guest.h"

#define MAX_SEED 128
#define MAX_PATH 1024
#define MAX_COMPOSE (512u * 1024u)
#define LINK_HEX (2 * 65 + 1)

typedef struct simulated {
    const chaos_host *host;
    guest *machine;
} simulated;

static chaos_slice text_of(const char *text)
{
    chaos_slice s = { (const uint8_t *)text, strlen(text) };
    return s;
}

/* ----------------------------------------------------------------- options ---- */

typedef struct sim_options {
    guest_options guest;
    char seed[MAX_SEED], compose_path[MAX_PATH];
    chaos_buffer compose;
} sim_options;

static bool has(const chaos_host *host, chaos_slice json_text, const char *place)
{
    chaos_slice raw;
    return host->json_raw(host, json_text, place, &raw, NULL) == CHAOS_OK;
}

static chaos_status bad(const char *what, chaos_error *err)
{
    return chaos_provider_fail(err, CHAOS_E_USAGE, "%s", what);
}

static chaos_status read_compose(sim_options *o, chaos_error *err)
{
    int fd = open(o->compose_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "app_compose_file cannot be opened: %s", strerror(errno));
    }
    chaos_status status = CHAOS_OK;
    for (;;) {
        uint8_t bytes[4096];
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 || (n > 0 && !buffer_append(&o->compose, slice(bytes, (size_t)n)))) {
            status = bad("app_compose_file cannot be read, or has more than 512 KiB", err);
        }
        if (n <= 0 || status != CHAOS_OK) {
            break;
        }
    }
    (void)close(fd);
    o->guest.app_compose = buffer_slice(&o->compose);
    return status;
}

static chaos_status read_options(const chaos_host *host, const char *text, sim_options *o, chaos_error *err)
{
    static const char *const known[] = { "seed", "now", "app_compose_file", "app_id", "strip", NULL };
    chaos_slice options = text_of(text);
    chaos_slice strip;
    uint64_t now = 0;
    size_t size = 0;
    chaos_status status = host->json_keys(host, options, known, err);
    if (status != CHAOS_OK) {
        return status;
    }
    if (has(host, options, "seed")) {
        if (host->json_text(host, options, "seed", o->seed, sizeof o->seed, NULL) != CHAOS_OK) {
            return bad("seed is a text of at most 127 bytes", err);
        }
        o->guest.seed = o->seed;
    }
    if (has(host, options, "now")) {
        if (host->json_unsigned(host, options, "now", 2493072000u, &now, NULL) != CHAOS_OK || now < 1580515200u) {
            return bad("now is Unix seconds of the years 2020 to 2048", err);
        }
        o->guest.now = (int64_t)now;
    }
    if (has(host, options, "app_id")) {
        o->guest.has_app_id = true;
        if (host->json_bytes(host, options, "app_id", o->guest.app_id, sizeof o->guest.app_id, &size, NULL) != CHAOS_OK ||
            size != sizeof o->guest.app_id) {
            return bad("app_id is 40 hex digits", err);
        }
    }
    if (host->json_raw(host, options, "strip", &strip, NULL) == CHAOS_OK) {
        o->guest.strip = slice_is(strip, "true");
        if (!o->guest.strip && !slice_is(strip, "false")) {
            return bad("strip is true or false", err);
        }
    }
    if (!has(host, options, "app_compose_file")) {
        return CHAOS_OK;
    }
    return host->json_text(host, options, "app_compose_file", o->compose_path, sizeof o->compose_path, NULL) == CHAOS_OK
               ? read_compose(o, err)
               : bad("app_compose_file is a path", err);
}

/* ----------------------------------------------------------------- members ---- */

static chaos_status make(const chaos_host *host, const sim_options *options, simulated **made, chaos_error *err)
{
    chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    simulated *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "out of memory");
    }
    s->host = host;
    if (guest_new(&options->guest, &s->machine, &why) != CHAOS_OK) {
        free(s);
        return chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "the simulated machine cannot be made: %s", why.text);
    }
    *made = s;
    return CHAOS_OK;
}

static chaos_status sim_open(const chaos_host *host, const char *options_json, void **self, chaos_error *err)
{
    sim_options options = { .compose = CHAOS_BUFFER_INIT(MAX_COMPOSE) };
    simulated *made = NULL;
    chaos_status status = read_options(host, options_json, &options, err);
    if (status == CHAOS_OK) {
        status = make(host, &options, &made, err);
    }
    chaos_buffer_free(&options.compose);
    if (status == CHAOS_OK) {
        host->log(host, CHAOS_LOG_WARNING, "everything this provider says is SIMULATED: no hardware is behind it");
        *self = made;
    }
    return status;
}

static void sim_close(void *self)
{
    simulated *s = self;
    guest_free(s->machine);
    free(s);
}

static chaos_status sim_probe(void *self, uint32_t timeout_ms, chaos_error *err)
{
    (void)self;
    (void)timeout_ms;
    (void)err;
    return CHAOS_OK;
}

static void link_hex(const uint8_t link[65], char out[LINK_HEX])
{
    hex_encode(slice(link, 65), out);
    out[LINK_HEX - 1] = '\0';
}

static chaos_status emit_chain(const simulated *s, const char *path, const char *purpose, uint8_t links[GUEST_MAX_CHAIN][65],
                               chaos_error *err)
{
    char text[2048], quoted_path[600], quoted_purpose[256], first[LINK_HEX], second[LINK_HEX];
    chaos_status status = s->host->json_quote(s->host, path, quoted_path, sizeof quoted_path, err);
    if (status == CHAOS_OK) {
        status = s->host->json_quote(s->host, purpose, quoted_purpose, sizeof quoted_purpose, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    link_hex(links[0], first);
    link_hex(links[1], second);
    (void)snprintf(text, sizeof text,
                   "{\"algorithm\":\"secp256k1\",\"path\":%s,\"purpose\":%s,\"signature_chain\":[\"%s\",\"%s\"]}", quoted_path,
                   quoted_purpose, first, second);
    return s->host->emit(s->host, "dstack-kms-chain", text_of(text), err);
}

static chaos_status derive(const simulated *s, const char *path, const char *purpose, chaos_host_key **key,
                           chaos_error *err)
{
    uint8_t secret[32], links[GUEST_MAX_CHAIN][65];
    chaos_error why = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    if (guest_key(s->machine, text_of(path), text_of(purpose), secret, links, &why) != CHAOS_OK) {
        return chaos_provider_fail(err, CHAOS_E_USAGE, "%s", why.text);
    }
    chaos_status status = s->host->key_import(s->host, secret, key, err);
    return status == CHAOS_OK ? emit_chain(s, path, purpose, links, err) : status;
}

static chaos_status sim_key(void *self, const char *path, const char *purpose, const char *algorithm, void **key,
                            chaos_error *err)
{
    const simulated *s = self;
    uint8_t public_key[65];
    chaos_host_key *made = NULL;
    if (strcmp(algorithm, "secp256k1") != 0) {
        return bad("the algorithm of keys is secp256k1", err);
    }
    chaos_status status = strcmp(purpose, CHAOS_KEY_FRESH) == 0 ? s->host->key_generate(s->host, &made, err)
                                                                : derive(s, path, purpose, &made, err);
    if (status == CHAOS_OK) {
        s->host->key_public(s->host, made, public_key);
        status = s->host->emit(s->host, "public-key", slice(public_key, sizeof public_key), err);
    }
    if (status != CHAOS_OK) {
        s->host->key_free(s->host, made);
        return status;
    }
    *key = made;
    return CHAOS_OK;
}

static chaos_status sim_sign_digest(void *self, void *key, const uint8_t digest[32], uint8_t rsv[65], chaos_error *err)
{
    const simulated *s = self;
    return s->host->key_sign(s->host, key, digest, rsv, err);
}

static void sim_key_free(void *self, void *key)
{
    const simulated *s = self;
    s->host->key_free(s->host, key);
}

static chaos_status sim_attest(void *self, const uint8_t report_data[64], chaos_error *err)
{
    const simulated *s = self;
    chaos_report_data wanted;
    chaos_buffer quote = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE);
    chaos_buffer log = CHAOS_BUFFER_INIT(CHAOS_MAX_EVENT_LOG);
    memcpy(wanted.bytes, report_data, sizeof wanted.bytes);
    chaos_status status = guest_quote(s->machine, &wanted, &quote, &log, NULL);
    if (status != CHAOS_OK) {
        status = chaos_provider_fail(err, CHAOS_E_TEE_UNAVAILABLE, "the simulated quote could not be made");
    }
    if (status == CHAOS_OK) {
        status = s->host->emit(s->host, "tdx-quote", buffer_slice(&quote), err);
    }
    if (status == CHAOS_OK) {
        status = s->host->emit(s->host, "dstack-event-log", buffer_slice(&log), err);
    }
    if (status == CHAOS_OK) {
        status = s->host->emit(s->host, "dstack-app-compose", guest_app_compose(s->machine), err);
    }
    chaos_buffer_free(&quote);
    chaos_buffer_free(&log);
    return status;
}

/* ------------------------------------------------------------------- files ---- */

static chaos_status write_file(const char *folder, const char *name, chaos_slice bytes, chaos_error *err)
{
    char path[MAX_PATH + 64], temporary[MAX_PATH + 80];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool ok = fd >= 0;
    for (size_t done = 0; ok && done < bytes.size;) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);
        ok = n > 0;
        done += n > 0 ? (size_t)n : 0;
    }
    ok = (fd < 0 || close(fd) == 0) && ok && rename(temporary, path) == 0;
    if (!ok) {
        int reason = errno;
        (void)unlink(temporary);
        return chaos_provider_fail(err, CHAOS_E_USAGE, "cannot write %s: %s", name, strerror(reason));
    }
    return CHAOS_OK;
}

/* WriteFiles {"folder"}: what a relying party holds of this machine. */
static chaos_status write_files(const simulated *s, const char *params, chaos_error *err)
{
    static const char *const known[] = { "folder", NULL };
    char folder[MAX_PATH];
    char reply[512] = "{\"files\":[";
    const char *name;
    chaos_slice bytes;
    chaos_status status = s->host->json_keys(s->host, text_of(params), known, err);
    if (status == CHAOS_OK && s->host->json_text(s->host, text_of(params), "folder", folder, sizeof folder, NULL) != CHAOS_OK) {
        status = bad("folder is missing", err);
    }
    for (size_t i = 0; status == CHAOS_OK && guest_file(s->machine, i, &name, &bytes); i++) {
        size_t used = strlen(reply);
        (void)snprintf(reply + used, sizeof reply - used, "%s\"%s\"", i == 0 ? "" : ",", name);
        status = write_file(folder, name, bytes, err);
    }
    if (status != CHAOS_OK) {
        return status;
    }
    size_t used = strlen(reply);
    (void)snprintf(reply + used, sizeof reply - used, "]}");
    return s->host->emit(s->host, "reply", text_of(reply), err);
}

static chaos_status sim_invoke(void *self, const char *method, const char *params_json, chaos_error *err)
{
    return strcmp(method, "WriteFiles") == 0 ? write_files(self, params_json, err)
                                             : bad("the simulated provider has one method, WriteFiles", err);
}

static const chaos_provider provider = {
    .abi = CHAOS_PROVIDER_ABI,
    .size = sizeof(chaos_provider),
    .name = "simulated",
    .summary = "no hardware: real formats under a simulated root",
    .open = sim_open,
    .probe = sim_probe,
    .key = sim_key,
    .sign_digest = sim_sign_digest,
    .attest = sim_attest,
    .key_free = sim_key_free,
    .close = sim_close,
    .invoke = sim_invoke,
};

__attribute__((visibility("default"))) const chaos_provider *chaos_provider_entry(uint32_t abi);

const chaos_provider *chaos_provider_entry(uint32_t abi)
{
    return abi == CHAOS_PROVIDER_ABI ? &provider : NULL;
}
