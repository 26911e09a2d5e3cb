/* bundle_maker.c - an agent's receipts as a bundle: two sessions, the first of them over, chained, signed, and with
 * contents. */
#include <stdio.h>

#include "sim/bundle.h"

#define MAX_TEXT (1024u * 1024u * 1024u)

enum {
    DEFAULT_FIRST = 3,
    DEFAULT_SECOND = 2,
    V_BASE = 27
};

/* ---------------------------------------------------------------- breaks ---- */

size_t forge_bundle_break_count(void)
{
    return bundle_break_count;
}

const forge_break *forge_bundle_break_at(size_t index)
{
    return index < bundle_break_count ? &bundle_breaks[index].shown : NULL;
}

static const bundle_break *find(const char *name)
{
    for (size_t i = 0; i < bundle_break_count; i++) {
        if (strcmp(bundle_breaks[i].shown.name, name) == 0) {
            return &bundle_breaks[i];
        }
    }
    return NULL;
}

const forge_break *forge_bundle_break_find(const char *name)
{
    const bundle_break *row = name == NULL ? NULL : find(name);
    return row == NULL ? NULL : &row->shown;
}

/* -------------------------------------------------------------- evidence ---- */

static int64_t now_of(const forge_bundle_options *options)
{
    return options->now != 0 ? options->now : FORGE_DEFAULT_NOW;
}

static chaos_status make_session(bundle_recipe *r, unsigned session, chaos_error *err)
{
    const forge_bundle_options *options = r->options;
    forge_options chosen = { .now = options->now,
                             .seed = options->seed,
                             .has_stage = true,
                             .stage = r->stage[session],
                             .session = session };
    recipe model;
    if (!recipe_init(&model, FORGE_TDX4, &chosen)) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the session could not be made");
    }
    chaos_binding binding = model.envelope.binding.values;
    r->keys[session] = model.agent;
    recipe_free(&model);
    if (session == 0 && !r->at_one_time) { /* over for a day */
        binding.issued_at -= 2 * SESSION_SECONDS;
        binding.expires_at = binding.issued_at + SESSION_SECONDS;
    }
    binding.anchor_block = 100 + session;
    binding.nonce.bytes[0] = (uint8_t)(0xa0 + session);
    chosen.has_stage = false;
    chosen.binding = &binding;
    if (r->break_of[session] != NULL) {
        const forge_break *broken = forge_break_find(r->break_of[session]);
        return broken == NULL ? error_set(err, CHAOS_E_INTERNAL, "broken", CHAOS_NO_OFFSET, "there is no such break")
                              : forge_make(FORGE_TDX4, &chosen, broken, &r->sessions[session], err);
    }
    return forge_make_changed(FORGE_TDX4, &chosen, r->change[session], &r->sessions[session], err);
}

/* -------------------------------------------------------------- receipts ---- */

static chaos_keccak name_content(bundle_recipe *r, size_t receipt, const char *what)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%s of action %zu", what, receipt);
    const chaos_keccak hash = hash_keccak(slice_text(text));
    if (receipt < 2 && r->content_count < FORGE_MAX_CONTENTS) {
        content_spec *content = &r->contents[r->content_count++];
        memcpy(content->text, text, sizeof text);
        content->hash = hash;
    }
    return hash;
}

static void add_line(bundle_recipe *r, bundle_kind kind, size_t index)
{
    r->lines[r->line_count++] = (line_spec){ kind, index };
}

static void plan_receipt(bundle_recipe *r, unsigned session, uint64_t nth)
{
    const chaos_binding *binding = &r->sessions[session].binding;
    const size_t index = r->receipt_count++;
    const size_t contents = r->content_count;
    receipt_spec *spec = &r->receipts[index];
    chaos_action *action = &spec->receipt.action;
    spec->session = spec->signing_session = session;
    action->chain_id = r->header.chain_id;
    action->agent_registry = r->header.agent_registry;
    action->agent_id = r->header.agent_id;
    action->sequence = r->options->first + index;
    memcpy(action->action_type, "chaoschain/demo", sizeof "chaoschain/demo");
    action->payload_hash = name_content(r, index, "payload");
    action->input_hash = name_content(r, index, "input");
    action->issued_at = binding->issued_at + nth % SESSION_SECONDS;
    add_line(r, BUNDLE_RECEIPT, index);
    for (size_t i = contents; i < r->content_count && !r->options->as_folder; i++) {
        add_line(r, BUNDLE_CONTENT, i);
    }
}

static const uint8_t *scalar_of(const bundle_recipe *r, const receipt_spec *spec)
{
    const agent_keyring *keys = &r->keys[spec->signing_session];
    if (spec->scalar != NULL) {
        return spec->scalar;
    }
    return keys->scalar[r->stage[spec->signing_session] == CHAOS_STAGE_IDENTITY ? AGENT_IDENTITY : AGENT_SESSION];
}

static bool sign(const uint8_t scalar[K1_SIZE], chaos_receipt *receipt)
{
    const chaos_keccak digest = chaos_action_digest(&receipt->action);
    if (!k1_sign(scalar, &digest, receipt->signature.bytes)) {
        return false;
    }
    receipt->signature.bytes[64] = (uint8_t)(receipt->signature.bytes[64] + V_BASE);
    return true;
}

static bool chain_and_sign(bundle_recipe *r)
{
    chaos_keccak previous = { { 0 } };
    if (r->options->first > 0) {
        previous = hash_keccak(slice_text("the receipt before"));
    }
    for (size_t i = 0; i < r->receipt_count; i++) {
        receipt_spec *spec = &r->receipts[i];
        chaos_action *action = &spec->receipt.action;
        if (!spec->keeps_previous) {
            action->previous = previous;
        }
        if (!spec->keeps_evidence) {
            action->evidence_hash = hash_keccak(buffer_slice(&r->sessions[spec->session].envelope));
        }
        if (!sign(scalar_of(r, spec), &spec->receipt)) {
            return false;
        }
        previous = chaos_action_digest(action);
    }
    return true;
}

bool forge_receipt_next(const uint8_t scalar[32], chaos_receipt *receipt)
{
    receipt->action.previous = chaos_action_digest(&receipt->action);
    receipt->action.sequence++;
    return sign(scalar, receipt);
}

bool forge_session_key(const forge_options *options, uint8_t scalar[32])
{
    recipe r;
    bool good = recipe_init(&r, FORGE_TDX4, options);
    memcpy(scalar, r.agent.scalar[AGENT_SESSION], K1_SIZE);
    recipe_free(&r);
    return good;
}

/* ------------------------------------------------------------------ lines ---- */

static uint64_t count_of(const forge_bundle_options *options, unsigned session)
{
    if (options->first_session == 0 && options->second_session == 0) {
        return session == 0 ? DEFAULT_FIRST : DEFAULT_SECOND;
    }
    return session == 0 ? options->first_session : options->second_session;
}

static bool plan(bundle_recipe *r)
{
    const uint64_t all = count_of(r->options, 0) + count_of(r->options, 1);
    r->receipts = calloc((size_t)all + 1, sizeof *r->receipts);
    r->lines = calloc((size_t)all + BUNDLE_ITEMS, sizeof *r->lines);
    if (r->receipts == NULL || r->lines == NULL) {
        return false;
    }
    add_line(r, BUNDLE_HEADER, 0);
    if (!r->options->no_collateral) {
        add_line(r, BUNDLE_COLLATERAL, 0);
    }
    for (unsigned session = 0; session < BUNDLE_SESSIONS; session++) {
        for (uint64_t i = 0; i < count_of(r->options, session); i++) {
            if (i == 0) {
                add_line(r, BUNDLE_ENVELOPE, session);
            }
            plan_receipt(r, session, i);
        }
    }
    return true;
}

/* A content whose hash is not that of its bytes: the library's writer would not write it. */
static bool write_content(const content_spec *content, chaos_buffer *out)
{
    CHAOS_AUTO_BUFFER(data, 1024);
    char digits[2 * KECCAK_SIZE + 1] = { 0 };
    hex_encode(slice(content->hash.bytes, sizeof content->hash.bytes), digits);
    return base64_encode(slice_text(content->text), &data) &&
           buffer_append_format(out, "{\"content\":{\"data\":\"%s\",\"hash\":\"0x%s\"}}\n", (const char *)data.data,
                                digits);
}

/* As the library's writer, but for its check that the action could stand in a receipt. */
static bool write_receipt(const chaos_receipt *receipt, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    receipt_write(&w, "receipt", receipt);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_envelope(const forge_result *session, chaos_buffer *out)
{
    return buffer_append_text(out, "{\"envelope\":") && buffer_append(out, buffer_slice(&session->envelope)) &&
           buffer_append_text(out, "}\n");
}

static bool write_line(const bundle_recipe *r, const line_spec *line, chaos_buffer *out)
{
    const bundle_header *header = &r->header;
    switch (line->kind) {
    case BUNDLE_HEADER:
        return chaos_bundle_write_header(&header->chain_id, &header->agent_registry, &header->agent_id, out, NULL) ==
               CHAOS_OK;
    case BUNDLE_COLLATERAL:
        return chaos_bundle_write_collateral(buffer_slice(&r->sessions[line->index].collateral), out, NULL) ==
               CHAOS_OK;
    case BUNDLE_ENVELOPE:
        return write_envelope(&r->sessions[line->index], out);
    case BUNDLE_RECEIPT:
        return write_receipt(&r->receipts[line->index].receipt, out);
    case BUNDLE_CONTENT:
        return write_content(&r->contents[line->index], out);
    }
    return false;
}

static bool write_text(const bundle_recipe *r, const bundle_break *row, chaos_buffer *out)
{
    for (size_t i = 0; i < r->line_count; i++) {
        if (!write_line(r, &r->lines[i], out)) {
            return false;
        }
    }
    return row == NULL || text_edit_apply(&row->edit, out);
}

/* ------------------------------------------------------------------ whole ---- */

static void show(const bundle_recipe *r, forge_bundle *out)
{
    const chaos_action *last = &r->receipts[r->receipt_count - 1].receipt.action;
    out->first = r->options->first;
    out->last = last->sequence;
    out->last_digest = chaos_action_digest(last);
    for (unsigned i = 0; i < BUNDLE_SESSIONS; i++) {
        out->sessions[i] = r->sessions[i].binding;
        out->session_first[i] = r->options->first + (i == 0 ? 0 : count_of(r->options, 0));
    }
    for (size_t i = 0; r->options->as_folder && i < r->content_count; i++) {
        out->content_hash[out->content_count] = r->contents[i].hash;
        memcpy(out->content[out->content_count++], r->contents[i].text, sizeof r->contents[i].text);
    }
}

static chaos_status make_into(bundle_recipe *r, const bundle_break *row, forge_bundle *out, chaos_error *err)
{
    if (row != NULL && row->evidence != NULL) {
        row->evidence(r);
    }
    for (unsigned i = 0; i < BUNDLE_SESSIONS; i++) {
        CHAOS_TRY(make_session(r, i, err));
    }
    const chaos_binding *binding = &r->sessions[0].binding;
    r->header = (bundle_header){ binding->chain_id, binding->identity_registry, binding->agent_id };
    bool good = plan(r);
    if (good && row != NULL && row->before != NULL) {
        row->before(r);
    }
    good = good && chain_and_sign(r);
    if (good && row != NULL && row->after != NULL) {
        row->after(r);
    }
    if (!good || !write_text(r, row, &out->text)) {
        return error_set(err, CHAOS_E_INTERNAL, NULL, CHAOS_NO_OFFSET, "the bundle could not be made");
    }
    show(r, out);
    return CHAOS_OK;
}

chaos_status forge_bundle_make(const forge_bundle_options *options, const forge_break *broken, forge_bundle *result,
                               chaos_error *err)
{
    static const forge_bundle_options defaults;
    const bundle_break *row = broken == NULL ? NULL : find(broken->name);
    const unsigned stage = options != NULL && options->by_identity_key ? CHAOS_STAGE_IDENTITY : CHAOS_STAGE_SESSION;
    bundle_recipe r = { .options = options != NULL ? options : &defaults, .stage = { stage, stage } };
    const forge_options plain = { .now = now_of(r.options), .seed = r.options->seed };

    memset(result, 0, sizeof *result);
    result->text.limit = MAX_TEXT;
    if (broken != NULL && row == NULL) {
        return error_set(err, CHAOS_E_USAGE, "broken", CHAOS_NO_OFFSET, "there is no such break of a bundle");
    }
    chaos_status status = forge_make(FORGE_TDX4, &plain, NULL, &result->evidence, err);
    if (status == CHAOS_OK) {
        status = make_into(&r, row, result, err);
    }
    for (unsigned i = 0; i < BUNDLE_SESSIONS; i++) {
        forge_result_free(&r.sessions[i]);
    }
    free(r.receipts);
    free(r.lines);
    if (status != CHAOS_OK) {
        forge_bundle_free(result);
    }
    return status;
}

void forge_bundle_free(forge_bundle *result)
{
    if (result != NULL) {
        forge_result_free(&result->evidence);
        chaos_buffer_free(&result->text);
    }
}
