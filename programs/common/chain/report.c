/* report.c - what a command that sends says at its end. */
#include "programs/common/chain/chain.h"

#include <inttypes.h>
#include <stdio.h>

#define SCHEMA "chaoschain/transaction/1"

tx_step *report_step(tx_report *report, const char *what, const intent_name *intent)
{
    if (report->count == REPORT_MAX_STEPS) {
        return NULL;
    }
    tx_step *step = &report->steps[report->count++];
    *step = (tx_step){ .what = what, .intent = *intent };
    return step;
}

/* Was anything sent for it, now or earlier? Else the chain was as it should be. */
static bool was_sent(const chaos_outcome *outcome)
{
    return outcome->attempts > 0;
}

static const char *state_name(const chain_session *s, const chaos_outcome *outcome)
{
    if (s->dry_run && !outcome->was_done) {
        return "dry-run";
    }
    if (!was_sent(outcome)) {
        return "nothing-to-do";
    }
    switch (outcome->state) {
    case CHAOS_INTENT_PLANNED:
        return "planned";
    case CHAOS_INTENT_SENT:
        return "sent";
    case CHAOS_INTENT_INCLUDED:
        return "included";
    case CHAOS_INTENT_CONFIRMED:
        return "confirmed";
    case CHAOS_INTENT_REVERTED:
        return "reverted";
    case CHAOS_INTENT_ABANDONED:
        return "abandoned";
    }
    return "unknown";
}

/* ------------------------------------------------------------------ JSON ---- */

void report_json_step(json_writer *w, const char *key, const chain_session *s, const tx_step *step)
{
    const chaos_outcome *o = &step->outcome;
    bool in_block = was_sent(o) && o->block_number > 0;
    json_write_object(w, key);
    json_write_unsigned(w, "attempts", o->attempts);
    if (in_block) {
        json_write_0x(w, "block_hash", slice(o->block_hash.bytes, sizeof o->block_hash.bytes));
        json_write_unsigned(w, "block_number", o->block_number);
    }
    json_u256(w, "gas_price", &o->gas_price);
    json_write_unsigned(w, "gas_used", o->gas_used);
    if (was_sent(o)) {
        json_write_0x(w, "hash", slice(o->transaction_hash.bytes, sizeof o->transaction_hash.bytes));
    }
    if (step->intent.text[0] != '\0') {
        json_write_text(w, "intent", step->intent.text);
    }
    if (was_sent(o)) {
        json_write_unsigned(w, "nonce", o->nonce);
    }
    json_write_text(w, "state", state_name(s, o));
    json_write_boolean(w, "was_done", o->was_done);
    json_write_text(w, "what", step->what);
    json_write_object_end(w);
}

static void json_addresses(json_writer *w, const chaos_registry_addresses *a)
{
    json_write_object(w, "registries");
    json_address(w, "identity", &a->identity);
    json_address(w, "reputation", &a->reputation);
    json_address(w, "validation", &a->validation);
    json_write_object_end(w);
}

static bool write_json(const chain_session *s, const tx_report *r, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    chaos_address sender = chaos_sender_address(s->sender);
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "action", r->action);
    if (r->has_agent) {
        chaos_agent_reference_format(&r->agent, agent);
        json_write_text(&w, "agent", agent);
    }
    json_write_unsigned(&w, "chain_id", s->network.chain_id);
    json_write_boolean(&w, "dry_run", s->dry_run);
    if (r->has_index) {
        json_write_unsigned(&w, "feedback_index", r->feedback_index);
    }
    if (r->addresses != NULL) {
        json_addresses(&w, r->addresses);
    }
    if (r->has_request) {
        json_write_0x(&w, "request_hash", slice(r->request_hash.bytes, sizeof r->request_hash.bytes));
    }
    json_write_text(&w, "schema", SCHEMA);
    json_address(&w, "sender", &sender);
    json_write_array(&w, "transactions");
    for (size_t i = 0; i < r->count; i++) {
        report_json_step(&w, NULL, s, &r->steps[i]);
    }
    json_write_array_end(&w);
    if (r->uri.size > 0) {
        json_write_bytes_as_text(&w, "uri", r->uri);
    }
    if (r->has_wallet) {
        json_address(&w, "wallet", &r->wallet);
    }
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

/* ------------------------------------------------------------------ text ---- */

static bool text_fee(const chain_session *s, const chaos_outcome *o, chaos_buffer *out)
{
    char ether[ETHER_TEXT_SIZE], gwei[ETHER_TEXT_SIZE];
    chaos_u256 wei;
    if (!fee_of(o->gas_used, &o->gas_price, &wei)) {
        return row_text(out, "  gas", "%" PRIu64, o->gas_used);
    }
    return row_text(out, s->dry_run ? "  fee, at most" : "  fee", "%s ETH (%" PRIu64 " gas at %s gwei)",
                    ether_text(&wei, ether), o->gas_used, gwei_text(&o->gas_price, gwei));
}

bool report_text_step(const chain_session *s, const tx_step *step, chaos_buffer *out)
{
    const chaos_outcome *o = &step->outcome;
    if (s->dry_run && !o->was_done) {
        return row_text(out, step->what, "would be sent (dry run)") && text_fee(s, o, out);
    }
    if (!was_sent(o)) {
        return row_text(out, step->what, "nothing to do: it is so already");
    }
    bool ok = row_text(out, step->what, "%s%s", state_name(s, o), o->was_done ? " (it was done before)" : "") &&
              row_text(out, "  transaction", "%s", hex_of(&o->transaction_hash).text);
    ok = ok && (o->block_number == 0 || row_text(out, "  block", "%" PRIu64, o->block_number));
    return ok && text_fee(s, o, out);
}

static bool done_before(const tx_report *r)
{
    return r->count > 0 && r->steps[0].outcome.was_done && was_sent(&r->steps[0].outcome);
}

static bool write_text(const chain_session *s, const tx_report *r, chaos_buffer *out)
{
    char agent[CHAOS_AGENT_REFERENCE_TEXT_SIZE];
    chaos_address sender = chaos_sender_address(s->sender);
    bool ok = true;
    if (r->has_agent) {
        chaos_agent_reference_format(&r->agent, agent);
        ok = row_text(out, "agent", "%s", agent);
    }
    ok = ok && (!r->has_wallet || row_address(out, "wallet", &r->wallet));
    ok = ok && (!r->has_index || row_text(out, "feedback", "number %" PRIu64 " of this client", r->feedback_index));
    ok = ok && (!r->has_request || row_hash(out, "request hash", &r->request_hash));
    if (ok && r->addresses != NULL) {
        ok = row_address(out, "identity", &r->addresses->identity) &&
             row_address(out, "reputation", &r->addresses->reputation) &&
             row_address(out, "validation", &r->addresses->validation);
    }
    ok = ok && (r->uri.size == 0 || row_bytes(out, "URI", r->uri));
    ok = ok && row_text(out, "sender", "%s on %s", address_of(&sender).text, s->network.name);
    for (size_t i = 0; ok && i < r->count; i++) {
        ok = report_text_step(s, &r->steps[i], out);
    }
    return ok && (r->repeat == NULL || !done_before(r) ||
                  buffer_append_format(out, "This was done before; nothing was sent for it now. %s\n", r->repeat));
}

int report_say(const chain_session *s, const tx_report *report)
{
    CHAOS_AUTO_BUFFER(out, REPORT_MAX);
    if (s->json ? !write_json(s, report, &out) : !write_text(s, report, &out)) {
        return say_failure(s->program, EXIT_INTERNAL, "out of memory");
    }
    return say_result(s->program, buffer_slice(&out), EXIT_AFFIRMING);
}
