/* export.c - receipts with all that proves them, as the folder form of a bundle (docs/receipts.md). */
#include "agent/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_ROOM (CHAOS_MAX_BUNDLE_LINE + 2)
#define MAX_PATH 4096
#define PART ".part"

typedef struct export_run {
    chaos_agent *agent;
    chaos_address registry;
    const char *folder;
    FILE *file;
    chaos_keccak last_session;
    bool has_session;
} export_run;

static chaos_status no_file(const char *path, chaos_error *err)
{
    int number = errno;

    (void)error_set(err, CHAOS_E_FILE_IO, "folder", CHAOS_NO_OFFSET, "cannot write");
    error_found(err, "%s: %s", path, strerror(number));
    return CHAOS_E_FILE_IO;
}

static chaos_status make_folder(const char *path, chaos_error *err)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? CHAOS_OK : no_file(path, err);
}

static bool write_all(int descriptor, chaos_slice bytes)
{
    while (bytes.size > 0) {
        const ssize_t written = write(descriptor, bytes.data, bytes.size);

        if (written <= 0) {
            return false;
        }
        bytes = slice(bytes.data + written, bytes.size - (size_t)written);
    }
    return fsync(descriptor) == 0;
}

/* Beside its name, and then under it: a process that is killed leaves nothing half written that a later run would take
 * for the content. The name is the content's hash, so what it replaces is the same, or was never it. */
static chaos_status write_whole(const char *path, chaos_slice bytes, chaos_error *err)
{
    char part[MAX_PATH + sizeof PART];
    int descriptor;
    bool ok;

    (void)snprintf(part, sizeof part, "%s" PART, path);
    descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0) {
        return no_file(part, err);
    }
    ok = write_all(descriptor, bytes);
    ok = close(descriptor) == 0 && ok && rename(part, path) == 0;
    if (!ok) {
        (void)no_file(path, err);
        (void)unlink(part);
    }
    return ok ? CHAOS_OK : CHAOS_E_FILE_IO;
}

static chaos_status put_line(export_run *run, chaos_buffer *line, chaos_error *err)
{
    bool ok = fwrite(line->data, 1, line->size, run->file) == line->size;

    line->size = 0;
    return ok ? CHAOS_OK : no_file(run->folder, err);
}

static chaos_status put_session(export_run *run, const chaos_keccak *hash, chaos_buffer *line, chaos_error *err)
{
    CHAOS_AUTO(chaos_evidence, evidence);
    CHAOS_AUTO_BUFFER(text, CHAOS_MAX_ENVELOPE);
    bool found = false;

    if (run->has_session && memcmp(run->last_session.bytes, hash->bytes, sizeof hash->bytes) == 0) {
        return CHAOS_OK;
    }
    CHAOS_TRY(agent_store_get_blob(run->agent->store, AGENT_BLOB_ENVELOPE, hash, &text, &found, err));
    if (!found) {
        return error_set(err, CHAOS_E_STORE, "envelope", CHAOS_NO_OFFSET,
                         "the store lacks the envelope that a receipt names");
    }
    CHAOS_TRY(chaos_envelope_parse(buffer_slice(&text), &evidence, err));
    CHAOS_TRY(chaos_bundle_write_envelope(evidence, line, err));
    run->last_session = *hash;
    run->has_session = true;
    return put_line(run, line, err);
}

static chaos_status put_content(export_run *run, const chaos_keccak *hash, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(bytes, AGENT_STORE_MAX_CONTENT);
    char hex[2 * sizeof hash->bytes + 1];
    char path[MAX_PATH];
    bool found = false;

    CHAOS_TRY(agent_store_get_blob(run->agent->store, AGENT_BLOB_CONTENT, hash, &bytes, &found, err));
    if (!found) {
        return CHAOS_OK; /* it was not kept: the bundle shows its hash alone */
    }
    hex_encode(slice(hash->bytes, sizeof hash->bytes), hex);
    hex[2 * sizeof hash->bytes] = '\0';
    (void)snprintf(path, sizeof path, "%s/content/%s", run->folder, hex);
    return write_whole(path, buffer_slice(&bytes), err);
}

static chaos_status put_receipt(export_run *run, uint64_t sequence, chaos_buffer *line, chaos_error *err)
{
    chaos_receipt receipt;

    CHAOS_TRY(agent_read_receipt(run->agent, sequence, &receipt, err));
    CHAOS_TRY(put_session(run, &receipt.action.evidence_hash, line, err));
    CHAOS_TRY(chaos_bundle_write_receipt(&receipt, line, err));
    CHAOS_TRY(put_line(run, line, err));
    CHAOS_TRY(put_content(run, &receipt.action.payload_hash, err));
    CHAOS_TRY(put_content(run, &receipt.action.input_hash, err));
    return put_content(run, &receipt.action.output_hash, err);
}

static chaos_status put_all(export_run *run, uint64_t from, uint64_t to, chaos_slice collateral, chaos_error *err)
{
    const chaos_u256 chain_id = chaos_u256_from(run->agent->network.chain_id);
    CHAOS_AUTO_BUFFER(line, LINE_ROOM);

    CHAOS_TRY(chaos_bundle_write_header(&chain_id, &run->registry, &run->agent->id, &line, err));
    CHAOS_TRY(put_line(run, &line, err));
    if (collateral.size > 0) {
        CHAOS_TRY(chaos_bundle_write_collateral(collateral, &line, err));
        CHAOS_TRY(put_line(run, &line, err));
    }
    for (uint64_t sequence = from; sequence <= to; sequence++) {
        CHAOS_TRY(put_receipt(run, sequence, &line, err));
    }
    return CHAOS_OK;
}

/* The bundle is written beside its name and gets it at the end: whole, or not at all. */
static chaos_status export_locked(export_run *run, uint64_t from, uint64_t to, chaos_slice collateral,
                                  chaos_error *err)
{
    char path[MAX_PATH];
    char part[MAX_PATH];
    chaos_status status;
    bool ok;

    CHAOS_TRY(make_folder(run->folder, err));
    (void)snprintf(path, sizeof path, "%s/content", run->folder);
    CHAOS_TRY(make_folder(path, err));
    (void)snprintf(path, sizeof path, "%s/bundle.jsonl", run->folder);
    (void)snprintf(part, sizeof part, "%s/bundle.jsonl" PART, run->folder);
    if (access(path, F_OK) == 0) {
        return error_set(err, CHAOS_E_USAGE, "folder", CHAOS_NO_OFFSET, "there is a bundle in this folder already");
    }
    run->file = fopen(part, "we");
    if (run->file == NULL) {
        return no_file(part, err);
    }
    status = put_all(run, from, to, collateral, err);
    ok = fflush(run->file) == 0 && fsync(fileno(run->file)) == 0;
    ok = fclose(run->file) == 0 && ok;
    if (status == CHAOS_OK && (!ok || rename(part, path) != 0)) {
        status = no_file(path, err);
    }
    if (status != CHAOS_OK) {
        (void)unlink(part);
    }
    return status;
}

chaos_status agent_export(chaos_agent *agent, const chaos_address *registry, uint64_t from, uint64_t to,
                          chaos_slice collateral, const char *folder, chaos_error *err)
{
    export_run run = { .agent = agent, .registry = *registry, .folder = folder };

    if (folder == NULL || strlen(folder) > 3900 || from > to) {
        return error_set(err, CHAOS_E_USAGE, "folder", CHAOS_NO_OFFSET, "a folder and a range of receipts are needed");
    }
    return export_locked(&run, from, to, collateral, err);
}

chaos_status chaos_agent_export(chaos_agent *agent, uint64_t from, uint64_t to, chaos_slice collateral,
                                const char *folder, chaos_error *err)
{
    chaos_address registry;
    chaos_status status;

    CHAOS_TRY(agent_needs_id(agent, err));
    registry = chaos_registries_address(agent->registries, CHAOS_REGISTRY_IDENTITY);
    (void)pthread_mutex_lock(&agent->lock);
    status = agent_export(agent, &registry, from, to, collateral, folder, err);
    (void)pthread_mutex_unlock(&agent->lock);
    return status;
}
