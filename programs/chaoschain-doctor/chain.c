/* chain.c - network, nodes, clock and registries. */
#include "doctor.h"

#include <inttypes.h>
#include <stdio.h>

#define NODE_MS 3000   /* for each node, and for each question about the registries after them */
#define OLD_HEAD_S 120 /* a public chain has a block more often than that */
#define AHEAD_S 15     /* that a block's time may lie ahead of a right clock */

static bool is_local(const examination *x)
{
    return x->s.network.kind == CHAOS_NETWORK_LOCAL;
}

/* The clock of the machine against that of the chain: bindings, sessions and collateral all depend on it. */
static void look_at_clock(examination *x, const node_finding *node)
{
    const int64_t age = x->now - node->head.timestamp;
    if (is_local(x)) {
        found(x, "clock", FOUND_SKIPPED, NULL, "the time of a local chain is nobody's");
    } else if (age < -AHEAD_S) {
        found(x, "clock", FOUND_FAIL, "set this machine's clock (chronyd, systemd-timesyncd)",
              "the newest block is %" PRId64 " s in the future", -age);
    } else if (age > OLD_HEAD_S) {
        found(x, "clock", FOUND_WARN, "compare with another node: --rpc URL",
              "the newest block is %" PRId64 " s old: the node is behind, or this clock is ahead", age);
    } else {
        found(x, "clock", FOUND_OK, NULL, "%" PRId64 " s after the newest block", age);
    }
}

/* True: it answers. */
static bool look_at_one_node(examination *x, size_t which, bool compare_clock)
{
    node_finding node = { .status = CHAOS_OK };
    char quoted[160];
    const char *url = error_quote(quoted, sizeof quoted, url_name(x->s.urls[which]));
    look_at_node(&x->s, which, NODE_MS, &node);
    if (node.status != CHAOS_OK) {
        found(x, "node", names_network(x) ? FOUND_FAIL : FOUND_SKIPPED,
              node.status == CHAOS_E_CHAIN_ID ? "give the --rpc of a node of this network, or its --network"
              : is_local(x)                   ? "start it (anvil), or name another one: --rpc URL"
                                              : "name another node: --rpc URL",
              "%s: %s: %s", url, chaos_status_name(node.status), node.err.text);
        return false;
    }
    found(x, "node", FOUND_OK, NULL, "%s: chain %" PRIu64 ", block %" PRIu64 ", answered in %" PRId64 " ms", url,
          x->s.network.chain_id, node.head.number, node.milliseconds);
    if (compare_clock) {
        look_at_clock(x, &node);
    }
    return true;
}

/* ---------------------------------------------------------------- registries ---- */

static void show_registry(examination *x, chaos_registry_kind kind)
{
    registry_finding r = { .version = CHAOS_BUFFER_INIT(256) };
    char name[32], version[64];
    look_at_registry(&x->s, kind, &r);
    (void)snprintf(name, sizeof name, "%s registry", chaos_registry_name(kind));
    if (!r.is_known) {
        found(x, name, FOUND_SKIPPED, NULL, "no address is known");
    } else if (r.version.size == 0) {
        found(x, name, FOUND_SKIPPED, NULL, "this network has none at %s", address_of(&r.address).text);
    } else {
        found(x, name, FOUND_OK, NULL, "%s, version %s", address_of(&r.address).text,
              error_quote(version, sizeof version, buffer_slice(&r.version)));
    }
    chaos_buffer_free(&r.version);
}

static void look_at_registries(examination *x)
{
    chaos_error err = { 0 };
    x->s.deadline_ms = NODE_MS;
    chaos_status status = session_registries(&x->s, &err);
    if (status == CHAOS_OK) {
        status = chaos_identity_check_domain(x->s.registries, NULL, &err);
    }
    if (status == CHAOS_E_USAGE && !options_has(&x->o, NET_OPT_IDENTITY)) {
        found(x, "registries", names_network(x) ? FOUND_WARN : FOUND_SKIPPED,
              "chaoschain chain deploy --rpc URL --keystore FILE --out network.json; then --network ./network.json",
              "no registries are known on %s", x->s.network.name);
        return;
    }
    if (status != CHAOS_OK) {
        found_error(x, "registries", FOUND_FAIL, "chaoschain chain doctor, with the same options", &err);
        return;
    }
    for (int i = 0; i < REGISTRY_COUNT; i++) {
        show_registry(x, (chaos_registry_kind)i);
    }
}

void look_at_chain(examination *x)
{
    bool any = false;
    if (!x->has_session) {
        found_error(x, "network", FOUND_FAIL, "chaoschain chain doctor --help", &x->session_err);
        return;
    }
    found(x, "network", names_network(x) ? FOUND_OK : FOUND_SKIPPED, NULL, "%s, chain %" PRIu64 "%s", x->s.network.name,
          x->s.network.chain_id, names_network(x) ? "" : ": none is named (--network), so this one is tried");
    for (size_t i = 0; i < x->s.url_count; i++) {
        any = look_at_one_node(x, i, !any) || any;
    }
    if (any) {
        look_at_registries(x);
    } else {
        found(x, "registries", FOUND_SKIPPED, NULL, "no node answers");
    }
}
