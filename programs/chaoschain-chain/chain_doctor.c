/* chain_doctor.c - chaoschain chain doctor: looks at nodes and registries one by one, and says what is wrong. */
#include "chain_program.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define PROGRAM "chaoschain chain doctor"
#define OUT_MAX (1024u * 1024u)
#define OLD_HEAD_S 120 /* a public chain has a block more often than that */
#define NODE_MS 10000  /* for each node */

static const option_row rows[] = { NET_ROWS };

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " [OPTION]...\n"
                "Asks each node for its chain and its head, and looks at each registry: code, version, who may change\n"
                "it, and whether the three belong together. This is what every other command checks before it sends.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = CHAIN_EXIT_NOTES,
};

typedef struct diagnosis {
    node_finding nodes[CHAOS_MAX_ENDPOINTS];
    registry_finding registries[REGISTRY_COUNT];
    chaos_status status; /* of the whole */
    chaos_error err;
} diagnosis;

static void diagnose(chain_session *s, diagnosis *d)
{
    for (size_t i = 0; i < s->url_count; i++) {
        look_at_node(s, i, NODE_MS, &d->nodes[i]);
    }
    d->status = session_registries(s, &d->err);
    if (d->status == CHAOS_OK) {
        d->status = chaos_identity_check_domain(s->registries, NULL, &d->err);
    }
    for (size_t i = 0; i < REGISTRY_COUNT; i++) {
        look_at_registry(s, (chaos_registry_kind)i, &d->registries[i]);
    }
}

/* ------------------------------------------------------------------ showing ---- */

static bool text_node(const char *url, const node_finding *node, bool local, chaos_buffer *out)
{
    if (!row_bytes(out, "node", url_name(url))) {
        return false;
    }
    if (node->status != CHAOS_OK) {
        return row_text(out, "  fault", "%s: %s", chaos_status_name(node->status), node->err.text);
    }
    int64_t age = (int64_t)time(NULL) - node->head.timestamp;
    return row_text(out, "  head", "block %" PRIu64 ", %" PRId64 " s old%s; answered in %" PRId64 " ms",
                    node->head.number, age, !local && age > OLD_HEAD_S ? " (behind?)" : "", node->milliseconds);
}

static bool text_registry(chaos_registry_kind kind, const registry_finding *r, chaos_buffer *out)
{
    if (!r->is_known) {
        return row_text(out, chaos_registry_name(kind), "no address is known");
    }
    bool ok = row_address(out, chaos_registry_name(kind), &r->address);
    if (r->code_size == 0) {
        return ok && row_text(out, "  fault", "there is no contract at this address");
    }
    ok = ok && (r->version.size == 0
                    ? row_text(out, "  code", "%zu bytes", r->code_size)
                    : row_text(out, "  version", "%.*s, %zu bytes of code", (int)r->version.size,
                               (const char *)r->version.data, r->code_size));
    if (ok && r->has_owner) {
        ok = row_text(out, "  changed by", "%s", address_of(&r->owner).text);
    }
    return ok && (!r->has_implementation || row_address(out, "  behind it", &r->implementation));
}

static bool write_text(const chain_session *s, const diagnosis *d, chaos_buffer *out)
{
    bool ok = row_text(out, "network", "%s, chain %" PRIu64, s->network.name, s->network.chain_id);
    for (size_t i = 0; ok && i < s->url_count; i++) {
        ok = text_node(s->urls[i], &d->nodes[i], s->network.kind == CHAOS_NETWORK_LOCAL, out);
    }
    for (size_t i = 0; ok && i < REGISTRY_COUNT; i++) {
        ok = text_registry((chaos_registry_kind)i, &d->registries[i], out);
    }
    return ok && (d->status != CHAOS_OK || row_text(out, "verdict", "all of it fits together"));
}

static void json_fault(json_writer *w, chaos_status status, const chaos_error *err)
{
    if (status == CHAOS_OK) {
        json_write_null(w, "error");
        return;
    }
    json_write_object(w, "error");
    json_write_text(w, "code", chaos_status_name(status));
    json_write_text(w, "field", err->field);
    json_write_text(w, "text", err->text);
    json_write_object_end(w);
}

static void json_node(json_writer *w, const char *url, const node_finding *node)
{
    json_write_object(w, NULL);
    json_fault(w, node->status, &node->err);
    if (node->status == CHAOS_OK) {
        json_write_unsigned(w, "head", node->head.number);
        json_write_unsigned(w, "milliseconds", (uint64_t)node->milliseconds);
        json_write_unsigned(w, "timestamp", (uint64_t)node->head.timestamp);
    }
    json_write_bytes_as_text(w, "url", url_name(url));
    json_write_object_end(w);
}

static void json_registry(json_writer *w, chaos_registry_kind kind, const registry_finding *r)
{
    json_write_object(w, chaos_registry_name(kind));
    json_write_text(w, "address", r->is_known ? address_of(&r->address).text : NULL);
    json_write_unsigned(w, "code_size", r->code_size);
    json_write_text(w, "implementation", r->has_implementation ? address_of(&r->implementation).text : NULL);
    json_write_text(w, "owner", r->has_owner ? address_of(&r->owner).text : NULL);
    if (r->version.size > 0) {
        json_write_bytes_as_text(w, "version", buffer_slice(&r->version));
    } else {
        json_write_null(w, "version");
    }
    json_write_object_end(w);
}

static bool write_json(const chain_session *s, const diagnosis *d, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_unsigned(&w, "chain_id", s->network.chain_id);
    json_fault(&w, d->status, &d->err);
    json_write_text(&w, "network", s->network.name);
    json_write_array(&w, "nodes");
    for (size_t i = 0; i < s->url_count; i++) {
        json_node(&w, s->urls[i], &d->nodes[i]);
    }
    json_write_array_end(&w);
    json_write_object(&w, "registries");
    for (size_t i = 0; i < REGISTRY_COUNT; i++) {
        json_registry(&w, (chaos_registry_kind)i, &d->registries[i]);
    }
    json_write_object_end(&w);
    json_write_text(&w, "schema", "chaoschain/chain/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static int report(const chain_session *s, const diagnosis *d)
{
    CHAOS_AUTO_BUFFER(out, OUT_MAX);
    if (s->json ? !write_json(s, d, &out) : !write_text(s, d, &out)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    int code = say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING);
    return code != EXIT_AFFIRMING || d->status == CHAOS_OK ? code : chain_fault(PROGRAM, &d->err);
}

int chain_doctor(int argc, char **argv)
{
    options o;
    bool helped = false;
    chaos_error err = { 0 };
    diagnosis d = { .status = CHAOS_OK };
    chain_session s = { .program = PROGRAM };
    int code = session_options(&table, argc, argv, &o, &helped);
    if (code != 0 || helped) {
        return code;
    }
    if (session_read(&s, &o, PROGRAM, NULL, &err) != CHAOS_OK) {
        code = session_fault(&s, &err);
    } else {
        for (size_t i = 0; i < REGISTRY_COUNT; i++) {
            d.registries[i].version = (chaos_buffer)CHAOS_BUFFER_INIT(256);
        }
        diagnose(&s, &d);
        code = report(&s, &d);
    }
    for (size_t i = 0; i < REGISTRY_COUNT; i++) {
        chaos_buffer_free(&d.registries[i].version);
    }
    session_close(&s);
    return code;
}
