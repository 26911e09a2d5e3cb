/* kit.h - the conformance kit: the rules of <chaoschain/provider.h> and of plug-in files, each run against one
 * plug-in in a process of its own, that may crash, hang or end.
 *
 *   rules.c        the table: id, sentence, how to mend, which rules must have passed before
 *   rule_*.c       the rules themselves, by the part of the protocol that they speak of
 *   kit_host.c     the host that the plug-in sees: it notes what the plug-in does, and fails on purpose when told to
 *   exchange.c     HTTP exchanges: done, recorded, or taken from a recording
 *   child.c        the process of one rule
 *   orphans.c      what a rule's process has started and left
 *   report.c       text and JSON */
#ifndef CHAOSCHAIN_PROVIDER_KIT_H
#define CHAOSCHAIN_PROVIDER_KIT_H

#include <chaoschain/provider.h>
#include <chaoschain/tee.h>

#include <limits.h>
#include <sys/types.h>

#include "codec/codec.h"
#include "crypto/crypto.h"
#include "programs/common/common.h"
#include "tee/tee.h"

#define KIT_MAX_RULES 96
#define KIT_MAX_NEEDS 8
#define KIT_MAX_WHY 400
#define KIT_PATH "chaoschain/provider-check" /* of the identity key that the rules make */

/* --------------------------------------------------------------- results ---- */

typedef enum kit_result {
    KIT_UNSET = 0,
    KIT_PASS,
    KIT_FAIL,
    KIT_SKIPPED,       /* could not be tried here: the TEE is missing */
    KIT_NOT_RUN,       /* a rule that it needs has failed */
    KIT_NOT_APPLICABLE /* the provider does nothing that the rule speaks of */
} kit_result;

const char *kit_result_word(kit_result result); /* "pass", "fail", "skipped", "not-run", "not-applicable" */

typedef struct kit_outcome {
    kit_result result;
    char why[KIT_MAX_WHY]; /* printable ASCII; may be empty for a pass */
} kit_outcome;

/* --------------------------------------------------------------- subject ---- */

typedef enum kit_source { KIT_LIVE, KIT_RECORD, KIT_REPLAY } kit_source;

typedef struct kit_subject {
    char path[PATH_MAX]; /* of the plug-in's file, absolute */
    char name[TEE_MAX_NAME]; /* as the file's name says; "" if it does not */
    const char *options;     /* JSON */
    kit_source source;
    const char *recording;   /* folder; NULL: KIT_LIVE */
    char sandbox[64];        /* an empty folder of this run */
    uint32_t limit_ms;       /* of a rule that has no shorter limit of its own */
} kit_subject;

/* ------------------------------------------------------------------ host ---- */

typedef enum kit_http_mode { /* what an exchange comes to */
    KIT_HTTP_REAL = 0,
    KIT_HTTP_FORBIDDEN, /* it fails, and was a fault of the plug-in */
    KIT_HTTP_DOWN,      /* NETWORK: nobody answers */
    KIT_HTTP_MUTE,      /* TIMEOUT, after the request's own time limits */
    KIT_HTTP_GIVEN,     /* the status and body below */
    KIT_HTTP_CUT        /* the first half of the real answer's body */
} kit_http_mode;

typedef enum kit_emit_fault { /* what the plug-in did wrong with host->emit */
    KIT_EMIT_NONE = 0,
    KIT_EMIT_OUTSIDE, /* in a call that has no results */
    KIT_EMIT_NAME,
    KIT_EMIT_TWICE,
    KIT_EMIT_EMPTY,
    KIT_EMIT_LARGE
} kit_emit_fault;

#define KIT_MAX_LIVE 64    /* replies and keys that the plug-in holds at one time */
#define KIT_MAX_SECRETS 64
#define KIT_MAX_TEXTS (4u * 1024u * 1024u)

typedef struct kit_part {
    char name[64];
    size_t begin, size;
} kit_part;

struct kit_run;

/* `shown` is first: the plug-in gives its address back. One for each opening. */
typedef struct kit_host {
    chaos_host shown;
    tee_host real; /* what libchaoschain lends: JSON, keys, exchanges */
    struct kit_run *run;
    host_call call;
    kit_part parts[HOST_MAX_PARTS];
    size_t part_count;
    chaos_buffer emitted;
    kit_emit_fault emit_fault; /* the first of this opening */
    char emit_text[160];
    const void *replies[KIT_MAX_LIVE], *keys[KIT_MAX_LIVE]; /* held by the plug-in */
    const char *pointer_fault; /* it gave back what it does not hold */
} kit_host;

void kit_host_init(kit_host *host, struct kit_run *run);
void kit_host_clear(kit_host *host);
void kit_host_begin(kit_host *host, host_call call); /* forgets the parts of the call before */
chaos_slice kit_host_part(const kit_host *host, const char *name); /* data NULL: not emitted */
size_t kit_host_held(const kit_host *host);                        /* replies and keys not given back */

/* --------------------------------------------------------------- exchange ---- */

typedef struct kit_exchange {
    chaos_status status; /* CHAOS_OK, or why there is no answer */
    int http_status;
    char content_type[64];
    chaos_buffer body; /* wiped */
} kit_exchange;

/* The next exchange of this rule, wherever it comes from. */
CHAOS_MUST_USE chaos_status kit_exchange_do(struct kit_run *run, kit_host *host, const chaos_http_request *request,
                                            kit_exchange *out, chaos_error *err);
/* The folder of a recording: made (0700, and empty before), or looked into. USAGE, FILE_IO. */
CHAOS_MUST_USE chaos_status kit_recording_begin(const char *folder, const kit_subject *subject, chaos_error *err);
/* Is it a recording, and of this provider? Appends the options that the plug-in is to be opened with: those of then,
 * but with an endpoint that leads nowhere for a socket, as no exchange leaves. USAGE, FILE_IO. */
CHAOS_MUST_USE chaos_status kit_recording_read(const kit_subject *subject, chaos_buffer *options_json,
                                               chaos_error *err);

/* ------------------------------------------------------------------- run ---- */

/* Shared between the process of a rule and the one that started it, which reads it when the former has ended and
 * believes no length in it. */
typedef struct kit_page {
    char call[32]; /* the plug-in's function that is running; "" for none */
    bool is_done;
    kit_outcome outcome;
    uint32_t exchanges; /* that the plug-in asked for, over all rules */
} kit_page;

typedef struct kit_run {
    const kit_subject *subject;
    const char *rule; /* its id */
    kit_page *page;
    const chaos_provider *plugin; /* after kit_load */
    pthread_mutex_t lock;         /* of what follows, for rules with threads */
    kit_http_mode http_mode;
    int http_status; /* of KIT_HTTP_GIVEN */
    chaos_slice http_body;
    bool http_forbidden_fault;
    const char *http_bounds_fault; /* a request that the host refuses */
    unsigned exchanges, recorded;  /* of this rule */
    char missing[120];             /* what a recording has no answer to: then the rule says nothing */
    char known[16][64];            /* members of the options that the plug-in has asked json_keys for */
    size_t known_count;
    uint8_t secrets[KIT_MAX_SECRETS][32]; /* masked: what key_import was given */
    size_t secret_count;
    chaos_buffer texts; /* log lines and error texts */
} kit_run;

#define KIT_SECRET_MASK 0x5c

/* The first failure stays; a skip does not hide a failure. */
void kit_fail(kit_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kit_skip(kit_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kit_not_applicable(kit_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
void kit_note(kit_run *run, const char *format, ...) __attribute__((format(printf, 2, 3))); /* to a pass */
bool kit_has_failed(const kit_run *run);
void kit_remember_text(kit_run *run, const char *text, size_t size);

/* ----------------------------------------------------------------- calls ---- */

/* An opened plug-in, and calls to it that note what is running and what was said. */
typedef struct kit_tee {
    kit_run *run;
    kit_host host;
    void *self;
    bool is_open;
    chaos_error failure; /* of the last call that failed; its texts ended and printable */
} kit_tee;

typedef struct kit_key {
    void *handle;
    bool is_made;
    k1_point point;
} kit_key;

/* Loads the plug-in; false after kit_fail. */
bool kit_load(kit_run *run);
const chaos_provider *kit_entry(kit_run *run, uint32_t abi); /* after kit_load_object */
bool kit_load_object(kit_run *run);
void kit_unload_object(kit_run *run); /* after kit_load_object; nothing of it is used any more */

chaos_status kit_open(kit_run *run, kit_tee *tee, const char *options_json);
chaos_status kit_probe(kit_tee *tee, uint32_t timeout_ms);
chaos_status kit_key_raw(kit_tee *tee, const char *path, const char *purpose, const char *algorithm, kit_key *key);
chaos_status kit_sign(kit_tee *tee, const kit_key *key, const uint8_t digest[32], uint8_t rsv[65]);
chaos_status kit_attest(kit_tee *tee, const uint8_t report_data[64]);
chaos_status kit_invoke(kit_tee *tee, const char *method, const char *params);
void kit_key_free(kit_tee *tee, kit_key *key);
void kit_close(kit_tee *tee);

/* Opens with the subject's options, or fails the rule. */
bool kit_must_open(kit_run *run, kit_tee *tee);
/* An identity key with its point, or the rule fails. */
bool kit_must_make_key(kit_tee *tee, const char *path, const char *purpose, kit_key *key);
/* A call failed as it should: with a status that a provider may give, and with a text. Else the rule fails. */
bool kit_failed_well(kit_tee *tee, const char *what, chaos_status status);
/* "STATUS: text" of the call that failed last. */
void kit_what_it_said(const kit_tee *tee, chaos_status status, char *out, size_t capacity);
/* 32 bytes that are the same in every run: the hash of a label and a number. */
void kit_digest(const char *label, unsigned number, uint8_t out[32]);
/* One of everything: probe, two keys, signatures, evidence, an unknown method. Failures do not matter here. */
void kit_session(kit_tee *tee);

/* ------------------------------------------------------------------ rules ---- */

typedef struct kit_rule {
    const char *id, *title, *mend;
    void (*run)(kit_run *run);
    const char *needs[KIT_MAX_NEEDS];
    uint32_t limit_ms; /* 0: the subject's */
} kit_rule;

extern const kit_rule kit_rules[];
extern const size_t kit_rule_count;
/* KIT_MAX_RULES when there is none. */
size_t kit_rule_find(const char *id);

/* Runs the rule in a process of its own, which is killed with all that it started at the time limit. */
void kit_child_run(const kit_subject *subject, const kit_rule *rule, kit_outcome *outcome, uint32_t *exchanges);

#define KIT_MAX_CHILDREN 64
typedef struct kit_children {
    pid_t pids[KIT_MAX_CHILDREN];
    size_t count;
} kit_children;

void kit_children_now(kit_children *list);
/* From here on what loses its parent becomes a child of this process; *had: those that are its children already. */
void kit_adopt(kit_children *had);
/* Kills the children that are not in `had`, and theirs. */
void kit_end_orphans(const kit_children *had);

#define KIT_RULE(name) void name(kit_run *run)
KIT_RULE(rule_file_name);
KIT_RULE(rule_file_kind);
KIT_RULE(rule_file_owner);
KIT_RULE(rule_file_mode);
KIT_RULE(rule_file_folder);
KIT_RULE(rule_elf_exports);
KIT_RULE(rule_elf_imports);
KIT_RULE(rule_load);
KIT_RULE(rule_entry);
KIT_RULE(rule_entry_unknown);
KIT_RULE(rule_table_size);
KIT_RULE(rule_table_members);
KIT_RULE(rule_table_name);
KIT_RULE(rule_table_summary);
KIT_RULE(rule_open);
KIT_RULE(rule_open_unknown);
KIT_RULE(rule_open_malformed);
KIT_RULE(rule_open_type);
KIT_RULE(rule_open_failed);
KIT_RULE(rule_open_repeat);
KIT_RULE(rule_open_several);
KIT_RULE(rule_probe_time);
KIT_RULE(rule_probe_mute);
KIT_RULE(rule_probe_why);
KIT_RULE(rule_probe_pure);
KIT_RULE(rule_probe_repeat);
KIT_RULE(rule_tee_here);
KIT_RULE(rule_not_here);
KIT_RULE(rule_key_emits);
KIT_RULE(rule_key_public);
KIT_RULE(rule_key_chain);
KIT_RULE(rule_key_same);
KIT_RULE(rule_key_different);
KIT_RULE(rule_key_fresh);
KIT_RULE(rule_key_algorithm);
KIT_RULE(rule_key_purpose);
KIT_RULE(rule_key_odd_path);
KIT_RULE(rule_key_repeat);
KIT_RULE(rule_sign_works);
KIT_RULE(rule_sign_recovers);
KIT_RULE(rule_sign_low_s);
KIT_RULE(rule_sign_v);
KIT_RULE(rule_sign_own_key);
KIT_RULE(rule_attest_size);
KIT_RULE(rule_attest_emits);
KIT_RULE(rule_attest_quote);
KIT_RULE(rule_attest_report_data);
KIT_RULE(rule_attest_log);
KIT_RULE(rule_attest_repeat);
KIT_RULE(rule_invoke);
KIT_RULE(rule_emit_place);
KIT_RULE(rule_http_bounds);
KIT_RULE(rule_http_down);
KIT_RULE(rule_http_garbage);
KIT_RULE(rule_after_errors);
KIT_RULE(rule_gives_back);
KIT_RULE(rule_prints_nothing);
KIT_RULE(rule_starts_nothing);
KIT_RULE(rule_process_state);
KIT_RULE(rule_leaves_no_files);
KIT_RULE(rule_threads);
KIT_RULE(rule_secrets_said);
KIT_RULE(rule_secrets_left);
KIT_RULE(rule_library);

/* ----------------------------------------------------------------- report ---- */

typedef struct kit_report {
    const kit_subject *subject;
    const bool *is_wanted; /* by rule */
    const kit_outcome *outcomes;
    uint32_t exchanges;
} kit_report;

int kit_report_exit(const kit_report *report); /* 0 conforms, 1 something could not be tried, 2 something failed */
CHAOS_MUST_USE bool kit_report_text(const kit_report *report, chaos_buffer *out);
CHAOS_MUST_USE bool kit_report_json(const kit_report *report, chaos_buffer *out);
CHAOS_MUST_USE bool kit_rules_text(chaos_buffer *out); /* --list */

#endif
