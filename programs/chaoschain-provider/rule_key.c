/* rule_key.c - keys: what is emitted, the public key, its chain, and which key a path gives. */
#include <secp256k1.h>
#include <stdio.h>

#include "kit.h"
#include "wire/wire.h"

#define SECP256K1 "secp256k1"
#define LONGEST_PATH 255

static bool same_point(const k1_point *a, const k1_point *b)
{
    return memcmp(a->x, b->x, sizeof a->x) == 0 && memcmp(a->y, b->y, sizeof a->y) == 0;
}

static void emits(kit_run *run, kit_tee *tee, const char *path, const char *purpose)
{
    char said[200];
    kit_key key;
    chaos_status status = kit_key_raw(tee, path, purpose, SECP256K1, &key);
    if (tee->host.emit_fault != KIT_EMIT_NONE && tee->host.emit_fault != KIT_EMIT_OUTSIDE) {
        kit_fail(run, "%s", tee->host.emit_text);
    } else if (status != CHAOS_OK) {
        kit_what_it_said(tee, status, said, sizeof said);
        kit_fail(run, "key of purpose \"%s\" fails: %s", purpose, said);
    }
    kit_key_free(tee, &key);
}

KIT_RULE(rule_key_emits)
{
    static kit_tee tee;
    if (kit_must_open(run, &tee)) {
        emits(run, &tee, KIT_PATH, CHAOS_KEY_AGENT);
        emits(run, &tee, "", CHAOS_KEY_FRESH);
        kit_close(&tee);
    }
}

static void check_public(kit_run *run, kit_tee *tee, const char *path, const char *purpose)
{
    kit_key key;
    secp256k1_pubkey parsed;
    chaos_status status = kit_key_raw(tee, path, purpose, SECP256K1, &key);
    const chaos_slice bytes = kit_host_part(&tee->host, "public-key");
    if (status != CHAOS_OK || bytes.data == NULL) {
        kit_fail(run, "a key of purpose \"%s\" was made, and no public-key emitted", purpose);
    } else if (bytes.size != 65 || bytes.data[0] != 4) {
        kit_fail(run, "it has %zu bytes and begins with %02x", bytes.size, bytes.data[0]);
    } else if (secp256k1_ec_pubkey_parse(secp256k1_context_static, &parsed, bytes.data, bytes.size) != 1) {
        kit_fail(run, "it is no point of the curve");
    }
    kit_key_free(tee, &key);
}

KIT_RULE(rule_key_public)
{
    static kit_tee tee;
    if (kit_must_open(run, &tee)) {
        check_public(run, &tee, KIT_PATH, CHAOS_KEY_AGENT);
        check_public(run, &tee, "", CHAOS_KEY_FRESH);
        kit_close(&tee);
    }
}

/* ------------------------------------------------------------------- chain ---- */

/* keccak(PURPOSE ":" lower-case hex of the compressed key): what the application's root key signs. */
static chaos_keccak key_claim(const k1_point *point)
{
    uint8_t compressed[33];
    char digits[2 * sizeof compressed + 1] = { 0 };
    char text[sizeof CHAOS_KEY_AGENT + sizeof digits + 1];
    k1_compress(point, compressed);
    hex_encode(slice(compressed, sizeof compressed), digits);
    const int length = snprintf(text, sizeof text, "%s:%s", CHAOS_KEY_AGENT, digits);
    return hash_keccak(slice(text, (size_t)length));
}

/* The key that the first link recovers to: the same for every key of one application. */
static bool app_root_of(kit_run *run, kit_tee *tee, const char *path, k1_point *root)
{
    kms_chain chain;
    kit_key key;
    fault why;
    bool ok = false;
    if (!kit_must_make_key(tee, path, CHAOS_KEY_AGENT, &key)) {
        return false;
    }
    const chaos_slice bytes = kit_host_part(&tee->host, "dstack-kms-chain");
    const chaos_keccak claim = key_claim(&key.point);
    if (bytes.data == NULL) {
        kit_not_applicable(run, "it gives no chain: none but dstack's KMS has one");
    } else if (!kms_chain_read(bytes, &chain, &why)) {
        kit_fail(run, "it is malformed: %s: %s", why.field == NULL ? "chain" : why.field,
                 why.reason == NULL ? chaos_status_text(why.status) : why.reason);
    } else if (!slice_is(chain.path, path) || !slice_is(chain.purpose, CHAOS_KEY_AGENT)) {
        kit_fail(run, "it is of another path or purpose than the key that was asked for");
    } else if (k1_recover(claim.bytes, chain.key_link, chain.key_link + 32, chain.key_link[64], root) != K1_GOOD) {
        kit_fail(run, "no key can have made its first link");
    } else {
        ok = true;
    }
    kit_key_free(tee, &key);
    return ok;
}

KIT_RULE(rule_key_chain)
{
    static kit_tee tee;
    k1_point first, second;
    kit_key key;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    if (app_root_of(run, &tee, KIT_PATH, &first) && app_root_of(run, &tee, KIT_PATH "/2", &second) &&
        !same_point(&first, &second)) {
        kit_fail(run, "the chains of two keys lead to two application keys: the first link is over something else");
    }
    if (kit_must_make_key(&tee, "", CHAOS_KEY_FRESH, &key)) {
        if (kit_host_part(&tee.host, "dstack-kms-chain").data != NULL) {
            kit_fail(run, "a key that should come from randomness has a chain");
        }
        kit_key_free(&tee, &key);
    }
    kit_close(&tee);
}

/* ------------------------------------------------------------------- which ---- */

static bool point_of(kit_tee *tee, const char *path, const char *purpose, k1_point *point)
{
    kit_key key;
    if (!kit_must_make_key(tee, path, purpose, &key)) {
        return false;
    }
    *point = key.point;
    kit_key_free(tee, &key);
    return true;
}

KIT_RULE(rule_key_same)
{
    static kit_tee tee, other;
    k1_point first, again, later;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    if (point_of(&tee, KIT_PATH, CHAOS_KEY_AGENT, &first) && point_of(&tee, KIT_PATH, CHAOS_KEY_AGENT, &again) &&
        !same_point(&first, &again)) {
        kit_fail(run, "the path \"%s\" gave two keys in one opening", KIT_PATH);
    }
    if (!kit_has_failed(run) && kit_open(run, &other, run->subject->options) == CHAOS_OK) {
        if (point_of(&other, KIT_PATH, CHAOS_KEY_AGENT, &later)) {
            kit_note(run, same_point(&first, &later) ? "in another opening, too"
                                                     : "within one opening; another opening gives another key, which "
                                                       "the provider's page must say");
        }
        kit_close(&other);
    }
    kit_close(&tee);
}

KIT_RULE(rule_key_different)
{
    static kit_tee tee;
    static char longest[2][LONGEST_PATH + 1];
    memset(longest[0], 'p', LONGEST_PATH);
    memset(longest[1], 'p', LONGEST_PATH);
    longest[1][LONGEST_PATH - 1] = 'q';
    const char *const paths[] = { KIT_PATH, KIT_PATH "/", KIT_PATH "/2", "Chaoschain/provider-check",
                                  longest[0], longest[1] };
    k1_point points[CHAOS_ARRAY_SIZE(paths)];
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(paths) && !kit_has_failed(run); i++) {
        (void)point_of(&tee, paths[i], CHAOS_KEY_AGENT, &points[i]);
        for (size_t k = 0; k < i && !kit_has_failed(run); k++) {
            if (same_point(&points[i], &points[k])) {
                kit_fail(run, "the paths \"%.40s\" and \"%.40s\" (%zu and %zu bytes) give the same key", paths[k],
                         paths[i], strlen(paths[k]), strlen(paths[i]));
            }
        }
    }
    kit_close(&tee);
}

KIT_RULE(rule_key_fresh)
{
    static kit_tee tee, other;
    k1_point points[3], identity;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    const bool made = kit_open(run, &other, run->subject->options) == CHAOS_OK &&
                      point_of(&tee, "", CHAOS_KEY_FRESH, &points[0]) &&
                      point_of(&tee, "", CHAOS_KEY_FRESH, &points[1]) &&
                      point_of(&other, "", CHAOS_KEY_FRESH, &points[2]) &&
                      point_of(&tee, KIT_PATH, CHAOS_KEY_AGENT, &identity);
    if (made && same_point(&points[0], &points[1])) {
        kit_fail(run, "two session keys of one opening are the same key");
    } else if (made && same_point(&points[0], &points[2])) {
        kit_fail(run, "the session keys of two openings are the same key");
    } else if (made && same_point(&points[0], &identity)) {
        kit_fail(run, "the session key is the identity key");
    }
    kit_close(&other);
    kit_close(&tee);
}

/* ------------------------------------------------------------ what is refused ---- */

KIT_RULE(rule_key_algorithm)
{
    static const char *const unknown[] = { "", "ed25519", "P-256", "SECP256K1", "secp256k1 ", "secp256k1\"," };
    static kit_tee tee;
    char what[80];
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (size_t i = 0; i < 2 * CHAOS_ARRAY_SIZE(unknown); i++) {
        const bool fresh = i % 2 != 0;
        kit_key key;
        chaos_status status = kit_key_raw(&tee, fresh ? "" : KIT_PATH, fresh ? CHAOS_KEY_FRESH : CHAOS_KEY_AGENT,
                                          unknown[i / 2], &key);
        (void)snprintf(what, sizeof what, "the algorithm \"%s\", purpose \"%s\"", unknown[i / 2],
                       fresh ? CHAOS_KEY_FRESH : CHAOS_KEY_AGENT);
        (void)kit_failed_well(&tee, what, status);
        kit_key_free(&tee, &key);
    }
    kit_close(&tee);
}

/* A purpose of the caller's own is refused, or it is a key that the path gives again. */
KIT_RULE(rule_key_purpose)
{
    static const char *const others[] = { "wallet", "Session", "session " };
    static kit_tee tee;
    k1_point first, again;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(others) && !kit_has_failed(run); i++) {
        kit_key key;
        chaos_status status = kit_key_raw(&tee, KIT_PATH, others[i], SECP256K1, &key);
        if (status != CHAOS_OK) {
            (void)kit_failed_well(&tee, "a purpose of the caller's own", status);
            continue;
        }
        kit_key_free(&tee, &key);
        if (point_of(&tee, KIT_PATH, others[i], &first) && point_of(&tee, KIT_PATH, others[i], &again) &&
            !same_point(&first, &again)) {
            kit_fail(run, "the purpose \"%s\" gives another key each time; only \"%s\" may", others[i],
                     CHAOS_KEY_FRESH);
        }
    }
    kit_close(&tee);
}

KIT_RULE(rule_key_odd_path)
{
    static const char *const paths[] = { "%s%n%s%n", "../../../../etc/passwd", "a b;c&d|e$(f)`g`", "{}[]:,", " ", "/" };
    static kit_tee tee;
    k1_point first, again;
    if (!kit_must_open(run, &tee)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(paths) && !kit_has_failed(run); i++) {
        kit_key key;
        chaos_status status = kit_key_raw(&tee, paths[i], CHAOS_KEY_AGENT, SECP256K1, &key);
        if (status != CHAOS_OK) {
            (void)kit_failed_well(&tee, "an odd path", status);
            continue;
        }
        kit_key_free(&tee, &key);
        if (point_of(&tee, paths[i], CHAOS_KEY_AGENT, &first) && point_of(&tee, paths[i], CHAOS_KEY_AGENT, &again) &&
            !same_point(&first, &again)) {
            kit_fail(run, "the path \"%s\" gave two keys", paths[i]);
        }
    }
    kit_close(&tee);
}
