/* tee_program.h - the verbs of chaoschain that need a TEE provider: providers, keygen, attest, sign. */
#ifndef CHAOSCHAIN_TEE_PROGRAM_H
#define CHAOSCHAIN_TEE_PROGRAM_H

#include <chaoschain/chaoschain.h>
#include <chaoschain/tee.h>

#include "programs/common/common.h"

/* argv[0] is the verb. Each returns the exit code. */
int verb_providers(int argc, char **argv);
int verb_keygen(int argc, char **argv);
int verb_attest(int argc, char **argv);
int verb_sign(int argc, char **argv);
int detect_tee(bool as_json); /* of `providers`; the exit code */

/* ------------------------------------------------- options of a key's verbs ---- */

/* keygen, attest and sign say in the same words which TEE, which key and what shall be bound. Their tables begin with
 * KEY_ROWS; rows of their own follow from KEY_OPT_COUNT on. */
enum {
    KEY_OPT_PROVIDER,
    KEY_OPT_ENDPOINT,
    KEY_OPT_OPTIONS,
    KEY_OPT_PLUGIN,
    KEY_OPT_PATH,
    KEY_OPT_AGENT,
    KEY_OPT_LABEL,
    KEY_OPT_GENERATION,
    KEY_OPT_STAGE,
    KEY_OPT_NONCE,
    KEY_OPT_ANCHOR_BLOCK,
    KEY_OPT_SUBJECT,
    KEY_OPT_TLS_SPKI_HASH,
    KEY_OPT_AGENT_URI,
    KEY_OPT_MEETS,
    KEY_OPT_EXPIRES_IN,
    KEY_OPT_COLLATERAL,
    KEY_OPT_HELP,
    KEY_OPT_COUNT
};

#define KEY_ROWS                                                                                                  \
    [KEY_OPT_PROVIDER] = { "--tee-provider", "NAME", 1, false, "which TEE: phala-dstack, intel-tdx, ...; or auto" }, \
    [KEY_OPT_ENDPOINT] = { "--tee-endpoint", "WHERE", 1, false, "its socket or URL, if not the usual one" },      \
    [KEY_OPT_OPTIONS] = { "--tee-options", "JSON", 1, false, "further options of the provider, a JSON object" },  \
    [KEY_OPT_PLUGIN] = { "--tee-plugin", "FILE", 1, false, "take the provider from this plug-in file" },          \
    [KEY_OPT_PATH] = { "--path", "PATH", 1, false, "of the key; the same path is the same key" },                 \
    [KEY_OPT_AGENT] = { "--agent", "AGENT", 1, false, "eip155:CHAIN:0xREGISTRY[:ID]: the agent's identity key" }, \
    [KEY_OPT_LABEL] = { "--label", "LABEL", 1, false, "of that key, [a-z0-9-]{1,32}; \"agent\" is the default" }, \
    [KEY_OPT_GENERATION] = { "--generation", "N", 1, false, "of that key; 0 is the default" },                    \
    [KEY_OPT_STAGE] = { "--stage", "N", 1, false, "of the binding; see below for the default" },                  \
    [KEY_OPT_NONCE] = { "--nonce", "HEX", 1, false, "32 bytes that the verifier chose" },                         \
    [KEY_OPT_ANCHOR_BLOCK] = { "--anchor-block", "N", 1, false, "the block whose hash the nonce is" },            \
    [KEY_OPT_SUBJECT] = { "--subject", "HEX", 1, false, "stage 2: the hash of the validation request" },          \
    [KEY_OPT_TLS_SPKI_HASH] = { "--tls-spki-hash", "HEX", 1, false, "stage 3: SHA-256 of the TLS key's SPKI" },   \
    [KEY_OPT_AGENT_URI] = { "--registration-file", "FILE", 1, false, "bind the Keccak-256 of this file" },        \
    [KEY_OPT_MEETS] = { "--meets-policy", "FILE", 1, false, "bind the Keccak-256 of this policy" },               \
    [KEY_OPT_EXPIRES_IN] = { "--expires-in", "SECONDS", 1, false, "from now; a day is the default" },             \
    [KEY_OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "carry this collateral in the envelope" },         \
    [KEY_OPT_HELP] = { "--help", NULL, 0, false, "print this" }

#define KEY_NOTES                                                                                                  \
    "Without --agent the binding is of stage 4, \"this TEE made this key\". With --agent the key is the agent's\n" \
    "identity key; the stage is 0 without an id, 1 with one. Stages 2, 3 and 5 bind a session key, made anew by\n" \
    "each run and endorsed by the identity key.\n"                                                                 \
    "Exit code: 0 done, 3 malformed input, 5 environment (no such TEE, its provider not installed, a file),\n"     \
    "64 usage, 70 internal."

/* The opened TEE, the key that the options ask for, and its evidence. */
typedef struct tee_session {
    const char *program;
    chaos_tee_registry *registry;
    chaos_tee *tee;
    chaos_keypair *identity; /* endorses `session`; NULL when the bound key is no session key */
    chaos_keypair *bound;    /* the key that the evidence is about, and that signs */
} tee_session;

/* 0, or the exit code after a message. `session_wanted`: bind a session key (stage 5) unless --stage says otherwise. */
int tee_session_open(const options *o, bool session_wanted, tee_session *session);
void tee_session_close(tee_session *session);

/* Says an error: the two lines of a missing provider as they are, anything else as every program does. */
int tee_fault(const char *program, const chaos_error *err);
/* No core dump, no debugger of another user: this process is about to hold keys. */
void guard_process(void);

CHAOS_CLEANUP(chaos_tee_registry);
CHAOS_CLEANUP(chaos_signature);

#endif
