/* chain_program.h - the verbs of chaoschain that look at a chain, judge, answer and send, without a TEE. */
#ifndef CHAOSCHAIN_CHAIN_PROGRAM_H
#define CHAOSCHAIN_CHAIN_PROGRAM_H

#include "programs/common/chain/chain.h"

/* argv[0] is the last word of the command. Each returns the exit code. */
int validation_request(int argc, char **argv);
int validation_respond(int argc, char **argv);
int validation_status(int argc, char **argv);
int feedback_give(int argc, char **argv);
int feedback_revoke(int argc, char **argv);
int feedback_list(int argc, char **argv);
int chain_deploy(int argc, char **argv);
int chain_doctor(int argc, char **argv);
int account_new(int argc, char **argv);
int account_list(int argc, char **argv);
int verb_validate(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_reputation(int argc, char **argv);
int verb_verify_bundle(int argc, char **argv); /* with --rpc */

/* ----------------------------------------------------------------- judging ---- */

/* What a judge brings himself: roots, policy, collateral, and where content is found. The rows stand from `base` on. */
enum {
    JUDGE_OPT_TRUST_ROOT,
    JUDGE_OPT_POLICY,
    JUDGE_OPT_COLLATERAL,
    JUDGE_OPT_CACHE,
    JUDGE_OPT_SERVICE,
    JUDGE_OPT_AT,
    JUDGE_OPT_CONTENT,
    JUDGE_OPT_BASE,
    JUDGE_OPT_GATEWAY,
    JUDGE_OPT_LOCAL,
    JUDGE_OPT_COUNT
};

#define JUDGE_ROWS(base)                                                                                           \
    [(base) + JUDGE_OPT_TRUST_ROOT] = { "--trust-root", "FILE", 8, false,                                          \
                                        "trust this root too: DER or PEM; repeatable" },                           \
    [(base) + JUDGE_OPT_POLICY] = { "--policy", "FILE", 1, false, "a policy file, or the word default" },          \
    [(base) + JUDGE_OPT_COLLATERAL] = { "--collateral", "FILE", 1, false, "your own collateral" },                 \
    [(base) + JUDGE_OPT_CACHE] = { "--collateral-cache", "DIR", 1, false,                                          \
                                   "fetch collateral as 'collateral fetch' does, and keep it there" },             \
    [(base) + JUDGE_OPT_SERVICE] = { "--collateral-service", "URL", 1, false,                                      \
                                     "with --collateral-cache: a PCCS to ask; default: Intel's service" },         \
    [(base) + JUDGE_OPT_AT] = { "--at", "TIME", 1, false, "judge as of this time: RFC 3339 or Unix seconds" }, \
    [(base) + JUDGE_OPT_CONTENT] = { "--content", "FOLDER", 1, false,                                              \
                                     "content by its name: looked into first; reports are put there" },            \
    [(base) + JUDGE_OPT_BASE] = { "--content-base", "URL", 1, false, "the folder's URL: https://HOST/PATH/" },     \
    [(base) + JUDGE_OPT_GATEWAY] = { "--gateway", "URL", CHAOS_MAX_GATEWAYS, false,                                \
                                     "an IPFS gateway: https://HOST/ipfs/; repeatable; CHAOS_IPFS_GATEWAY" },      \
    [(base) + JUDGE_OPT_LOCAL] = { "--allow-local", NULL, 1, false, "fetch from http:// and from this machine, too" }

typedef struct judging {
    chaos_trust *trust;
    chaos_buffer policy, collateral;
    chaos_content *content;
    bool has_time;
    int64_t at; /* --at */
    chaos_validator *validator;
    chaos_collateral_cache *cache; /* NULL: none */
} judging;
#define JUDGE_INIT \
    { NULL, CHAOS_BUFFER_INIT(CHAOS_MAX_POLICY), CHAOS_BUFFER_INIT(CHAOS_MAX_COLLATERAL), NULL, false, 0, NULL, NULL }
/* From the options; the validator of the session's registries, and of its sender where it has one. */
CHAOS_MUST_USE chaos_status judge_open(judging *j, const chain_session *s, size_t base, chaos_error *err);
int64_t judge_now(const judging *j);
void judge_close(judging *j);
/* One object of JSON and a verdict's as its last member "verdict" (null where there is none), and the line's end. */
CHAOS_MUST_USE bool json_with_verdict(chaos_buffer *object, const chaos_verdict *verdict);

CHAOS_CLEANUP(chaos_request_file);

#endif
