/* sign.c - signatures by a key that the plug-in holds. The core makes the digest of what is signed, and
 * gives a signature out only after it has recovered the key from it. */
#include "tee/internal.h"

#define V_FIRST 27 /* Ethereum's v: 27 + recovery id 0 or 1 */
#define OWN_DOMAIN "ChaosChain TEE"

/* -------------------------------------------------------------- one digest ---- */

/* (n - 1) / 2, the largest s that is low */
static const uint8_t half_order[32] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                        0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0 };

static bool same_point(const k1_point *a, const k1_point *b)
{
    return memcmp(a->x, b->x, sizeof a->x) == 0 && memcmp(a->y, b->y, sizeof a->y) == 0;
}

static chaos_status check_signature(const chaos_tee *tee, const chaos_keypair *keypair,
                                    const chaos_keccak *digest, const uint8_t rsv[65], chaos_error *err)
{
    const uint8_t v = rsv[64];
    k1_point signer;
    k1_result result;

    if (v != V_FIRST && v != V_FIRST + 1) {
        return provider_broke(tee, "signature", err, "v of its signature is %u and not 27 or 28", v);
    }
    if (memcmp(rsv + 32, half_order, sizeof half_order) > 0) {
        return provider_broke(tee, "signature", err, "s of its signature is high");
    }
    result = k1_recover(digest->bytes, rsv, rsv + 32, (unsigned)v - V_FIRST, &signer);
    if (result == K1_BACKEND_FAILED) {
        return error_set(err, CHAOS_E_CRYPTO, NULL, CHAOS_NO_OFFSET, NULL);
    }
    if (result != K1_GOOD) {
        return provider_broke(tee, "signature", err, "its signature is none of any key");
    }
    if (!same_point(&signer, &keypair->point)) {
        return provider_broke(tee, "signature", err, "its signature is not of the public key that it gave");
    }
    return CHAOS_OK;
}

chaos_status sign_locked(chaos_tee *tee, const chaos_keypair *keypair, const chaos_keccak *digest,
                         chaos_signature65 *out, chaos_error *err)
{
    const chaos_provider *plugin = tee->provider->plugin;
    chaos_signature65 made = { { 0 } };
    plugin_call call;

    call_begin(&call, tee, HOST_CALL_NONE);
    CHAOS_TRY(call_end(
        &call, plugin->sign_digest(tee->self, keypair->handle, digest->bytes, made.bytes, &call.failure),
        err));
    CHAOS_TRY(check_signature(tee, keypair, digest, made.bytes, err));
    *out = made;
    return CHAOS_OK;
}

chaos_status keypair_check(const chaos_tee *tee, const chaos_keypair *keypair, chaos_error *err)
{
    if (tee == NULL || keypair == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "tee and keypair may not be NULL");
    }
    if (keypair->tee != tee) {
        return error_set(err, CHAOS_E_USAGE, "keypair", CHAOS_NO_OFFSET, "the keypair is of another tee");
    }
    return CHAOS_OK;
}

chaos_status keypair_sign_digest(chaos_tee *tee, const chaos_keypair *keypair, const chaos_keccak *digest,
                                 chaos_signature65 *out, chaos_error *err)
{
    chaos_status status;

    CHAOS_TRY(keypair_check(tee, keypair, err));
    tee_lock(tee);
    status = sign_locked(tee, keypair, digest, out, err);
    tee_unlock(tee);
    return status;
}

/* ------------------------------------------------------------ typed things ---- */

static chaos_status sign_and_wrap(chaos_tee *tee, const chaos_keypair *keypair, chaos_digest_kind kind,
                                  const chaos_keccak *digest, chaos_signature **signature, chaos_error *err)
{
    chaos_signature65 bytes;

    CHAOS_TRY(keypair_sign_digest(tee, keypair, digest, &bytes, err));
    return signature_new(kind, digest, &bytes, keypair->evidence, signature, err);
}

static chaos_status check_call(const chaos_tee *tee, chaos_slice message, size_t limit,
                               const chaos_keypair *keypair, chaos_signature *const *signature,
                               chaos_error *err)
{
    CHAOS_TRY(keypair_check(tee, keypair, err));
    if (signature == NULL || (message.data == NULL && message.size > 0)) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "message and signature may not be NULL");
    }
    if (message.size > limit) {
        (void)error_set(err, CHAOS_E_USAGE, "message", CHAOS_NO_OFFSET,
                        "the message is too large to be signed");
        error_expected(err, "at most %zu bytes", limit);
        error_found(err, "%zu bytes", message.size);
        return CHAOS_E_USAGE;
    }
    return CHAOS_OK;
}

chaos_status chaos_tee_sign(chaos_tee *tee, chaos_slice message, const chaos_keypair *keypair,
                            chaos_signature **signature, chaos_error *err)
{
    chaos_keccak digest;

    CHAOS_TRY(check_call(tee, message, CHAOS_MAX_SIGNED_MESSAGE, keypair, signature, err));
    CHAOS_TRY(message_digest(CHAOS_DIGEST_EIP191, message, &digest, err));
    return sign_and_wrap(tee, keypair, CHAOS_DIGEST_EIP191, &digest, signature, err);
}

/* Is the name, as it stands in the JSON text, ours once its escapes are undone? */
static chaos_status is_own_domain(chaos_slice name, bool *own, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(quoted, name.size + 2);
    CHAOS_AUTO_BUFFER(decoded, name.size + 2);
    chaos_slice content;
    json j;

    if (!buffer_append_text(&quoted, "\"") || !buffer_append(&quoted, name) ||
        !buffer_append_text(&quoted, "\"")) {
        return error_set(err, CHAOS_E_MEMORY, NULL, CHAOS_NO_OFFSET, NULL);
    }
    json_begin(&j, buffer_slice(&quoted), CHAOS_E_TYPED_DATA_FORMAT);
    content = json_decoded_string(&j, "domain.name", &decoded);
    json_end(&j);
    if (!json_ok(&j)) {
        return fault_to_error(&j.r.why, err);
    }
    *own = slice_is(content, OWN_DOMAIN);
    return CHAOS_OK;
}

chaos_status typed_data_to_sign(chaos_slice typed_data, chaos_keccak *digest, chaos_error *err)
{
    chaos_slice name = { NULL, 0 };
    fault why = { 0 };
    bool own = true;

    if (!typed_data_digest(typed_data.data == NULL ? slice("", 0) : typed_data, digest, &name, &why)) {
        return fault_to_error(&why, err);
    }
    CHAOS_TRY(is_own_domain(name, &own, err));
    if (own) {
        return error_set(err, CHAOS_E_USAGE, "domain.name", CHAOS_NO_OFFSET,
                         "what is signed in the domain \"%s\" is made by the calls that check what it says",
                         OWN_DOMAIN);
    }
    return CHAOS_OK;
}

chaos_status chaos_tee_sign_typed_data(chaos_tee *tee, chaos_slice typed_data, const chaos_keypair *keypair,
                                       chaos_signature **signature, chaos_error *err)
{
    chaos_keccak digest;

    CHAOS_TRY(check_call(tee, typed_data, CHAOS_MAX_TYPED_DATA, keypair, signature, err));
    CHAOS_TRY(typed_data_to_sign(typed_data, &digest, err));
    return sign_and_wrap(tee, keypair, CHAOS_DIGEST_EIP712, &digest, signature, err);
}

/* ----------------------------------------------------------------- actions ---- */

static chaos_status refuse_action(const char *field, const char *why, chaos_error *err)
{
    return error_set(err, CHAOS_E_USAGE, field, CHAOS_NO_OFFSET, "the action is not one that this key may sign: %s",
                     why);
}

/* What every verifier is going to refuse is not signed. */
static chaos_status check_action(const chaos_action *action, const chaos_evidence *evidence, chaos_error *err)
{
    chaos_binding binding;
    const chaos_keccak hash = chaos_evidence_hash(evidence);

    CHAOS_TRY(chaos_action_check(action, err));
    if (!chaos_evidence_binding(evidence, &binding) ||
        (binding.stage != CHAOS_STAGE_SESSION && binding.stage != CHAOS_STAGE_IDENTITY)) {
        return refuse_action("keypair", "its evidence is neither of a session nor of an identity", err);
    }
    if (memcmp(&action->chain_id, &binding.chain_id, sizeof binding.chain_id) != 0) {
        return refuse_action("chainId", "it is of another chain", err);
    }
    if (memcmp(&action->agent_registry, &binding.identity_registry, sizeof binding.identity_registry) != 0) {
        return refuse_action("agentRegistry", "it is of another registry", err);
    }
    if (memcmp(&action->agent_id, &binding.agent_id, sizeof binding.agent_id) != 0) {
        return refuse_action("agentId", "it is of another agent", err);
    }
    if (memcmp(&action->evidence_hash, &hash, sizeof hash) != 0) {
        return refuse_action("evidenceHash", "it names other evidence", err);
    }
    if (action->issued_at < binding.issued_at || action->issued_at > binding.expires_at) {
        return refuse_action("issuedAt", "it is not in the time of the session", err);
    }
    return CHAOS_OK;
}

chaos_status chaos_tee_sign_action(chaos_tee *tee, const chaos_action *action, const chaos_keypair *keypair,
                                   chaos_signature65 *signature, chaos_error *err)
{
    CHAOS_TRY(keypair_check(tee, keypair, err));
    if (action == NULL || signature == NULL) {
        return error_set(err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "action and signature may not be NULL");
    }
    CHAOS_TRY(check_action(action, keypair->evidence, err));
    const chaos_keccak digest = chaos_action_digest(action);
    return keypair_sign_digest(tee, keypair, &digest, signature, err);
}
