/* studio.h - genesis-studio: the life of an attested agent, played by processes that meet on the chain and in a folder.
 *
 * The director (director.c) starts chain, simulator and roles; a role (alice.c, bob.c, charlie.c, mallory.c, judge.c)
 * does its steps and reports each as one line of JSON (step.c); whoever has the terminal shows the lines (view.c). */
#ifndef GENESIS_STUDIO_STUDIO_H
#define GENESIS_STUDIO_STUDIO_H

#include <limits.h>
#include <stdio.h>
#include <sys/types.h>

#include <chaoschain/chaoschain.h>

#include "programs/common/common.h"

#define PROGRAM "genesis-studio"

enum { /* beside those of common.h */
    EXIT_FAILED = 1, /* a step failed */
};

#define TDX_PROVIDER "intel-tdx"
#define LOCAL_CHAIN 31337u
#define RECENT_BLOCKS 5000u /* how far back a demonstration looks for its own events */
#define ACTIONS 3           /* of Alice, each a receipt */
#define SERVICE "shopping"  /* tag2 of feedback about Alice */

/* -------------------------------------------------------------- settings ---- */

typedef struct settings {
    const char *program; /* as it was called, for commands that can be pasted */
    const char *network, *rpc, *identity, *reputation, *validation;
    const char *tee_provider, *tee_endpoint, *old_endpoint; /* NULL: not given */
    const char *trust_root, *collateral, *policy;           /* Bob's */
    const char *agents, *validator;
    const char *state, *local_evidence, *evidence_base, *json, *seed, *broken;
    bool resume, dry_run;
    int report_fd; /* -1: this process has the terminal */
    unsigned wait_s;
    char state_path[PATH_MAX], evidence_path[PATH_MAX];
} settings;

/* 0 or an exit code; *helped: the help was printed. */
int settings_read(int argc, char **argv, settings *s, bool *helped);
bool has_tee(const settings *s); /* false: none was chosen */

/* ----------------------------------------------------------------- steps ---- */

typedef enum step_status {
    STEP_PASS,
    STEP_FAIL,
    STEP_SKIPPED,
    STEP_SIMULATED, /* as announced, with evidence for which no hardware vouches */
    STEP_STATUS_COUNT
} step_status;

#define STEP_ROWS 10
typedef struct step {
    const char *id; /* NULL: none is under way */
    char text[160], reason[240], expected[64], found[64];
    struct {
        char name[20], value[160];
    } rows[STEP_ROWS];
    size_t row_count;
    bool has_tx, has_block, has_evidence;
    chaos_keccak tx, evidence_hash;
    uint64_t block, gas;
    int64_t began_ms;
} step;

#define LINE_MAX_SIZE 8192u /* of a reported step */

struct view;
typedef struct report {
    const char *role;  /* "alice" */
    int fd;            /* where lines go; -1: to the view */
    struct view *view; /* NULL with an fd */
    step now;
    int exit_code; /* of the first failure; 0: none */
} report;

const char *step_status_name(step_status status);
void step_begin(report *r, const char *id, const char *what); /* `what` is shown while it goes on */
void step_row(report *r, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void step_row_address(report *r, const char *name, const chaos_address *address);
void step_evidence(report *r, const chaos_keccak *hash);
/* Hash, block and gas of a transaction, read from the chain; one that is unknown is left out. */
void step_transaction(report *r, chaos_rpc *rpc, const chaos_keccak *hash);
void step_expected(report *r, const char *expected, const char *found);
void step_end(report *r, step_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
void step_reached(const report *r, const char *id); /* where a test may end the process */
void step_skip(report *r, const char *id, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The step fails with this error; returns the exit code. */
int step_fail(report *r, const chaos_error *err);
/* The same with words of ours: a result that is not as announced. */
int step_fail_text(report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
int exit_of_error(const chaos_error *err);

/* ------------------------------------------------------------------ view ---- */

typedef struct view view;
typedef struct run_facts {
    const char *network, *tee_provider, *agents;
    uint64_t chain_id;
} run_facts;

/* NULL: no memory, or the transcript cannot be written (a message was said). */
view *view_new(const settings *s);
void view_free(view *v);
bool view_begin(view *v, const run_facts *facts);
void view_line(view *v, chaos_slice line); /* of a role; what is no step is passed over */
void view_say(view *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
void view_command(view *v, const char *const *argv); /* as it can be pasted, in at most 100 columns */
void view_file(view *v, const char *path);           /* a text file, as it is */
int view_end(view *v, int code, uint64_t transactions, double seconds); /* the totals; returns the code to exit with */
size_t view_count(const view *v, step_status status);
bool view_quiet(const view *v); /* the transcript goes to standard output: nothing else may */

/* The transcript with everything that differs from run to run replaced by labels in the order of appearance. */
CHAOS_MUST_USE bool normalise(chaos_slice transcript, chaos_buffer *out);

/* ------------------------------------------------------------- processes ---- */

typedef struct child {
    pid_t pid; /* 0: not running */
    int fd;    /* of its reports, -1: none */
} child;

typedef struct start {
    const char *const *argv; /* argv[0] is the path */
    const char *log;         /* file of its standard output and error; NULL: ours */
    bool pipe_fd3;           /* its descriptor 3 writes to child.fd */
    bool pipe_stdout;        /* its standard output does */
    bool own_session;        /* what is sent to our group, as by a terminal or by timeout, does not reach it */
    int death_signal;        /* when this process dies */
} start;

CHAOS_MUST_USE chaos_status child_start(const start *how, child *c, chaos_error *err);
/* SIGTERM, and waits; what ended is left alone. */
void child_stop(child *c);
int child_wait(child *c); /* exit code; 128 + signal */
/* The path of a program beside this one. */
CHAOS_MUST_USE chaos_status path_beside(const char *name, char path[PATH_MAX], chaos_error *err);
CHAOS_MUST_USE chaos_status anvil_start(const char *state, child *c, char url[64], chaos_error *err);
typedef struct simulator_start {
    const char *socket, *held, *log, *seed, *compose; /* compose NULL: its own */
} simulator_start;
CHAOS_MUST_USE chaos_status simulator_start_up(const simulator_start *how, child *c, chaos_error *err);
/* The kernel of a simulated TDX guest, shown at `root`; its quotes are asked for at root/report. */
CHAOS_MUST_USE chaos_status tsm_start_up(const char *root, const char *held, const char *log, const char *seed,
                                         child *c, chaos_error *err);
/* Runs a program beside this one and keeps its standard output; what it says besides goes into the file `log`. */
CHAOS_MUST_USE chaos_status run_beside(const char *const *argv, const char *log, chaos_buffer *out, int *code,
                                       chaos_error *err);

/* ----------------------------------------------------------------- state ---- */

/* Makes the state folder. One of an earlier run is emptied without --resume where its keys are worth nothing (a local
 * chain); elsewhere that is refused. 0 or an exit code. */
int state_open(const settings *s, bool worthless, int *lock);
CHAOS_MUST_USE chaos_status state_path(const settings *s, const char *name, char path[PATH_MAX], chaos_error *err);
/* Random text that is made once and kept. */
CHAOS_MUST_USE chaos_status state_secret(const settings *s, const char *name, char text[65], chaos_error *err);
/* A path in a folder on tmpfs that belongs to this state folder, and to this user alone. What lies there ends with the
 * machine, as a TDX guest's keys end with the guest. */
CHAOS_MUST_USE chaos_status state_volatile(const settings *s, const char *name, char path[PATH_MAX], chaos_error *err);
CHAOS_MUST_USE chaos_status make_folder(const char *path, unsigned mode, chaos_error *err);
CHAOS_MUST_USE chaos_status write_text(const char *path, chaos_slice text, chaos_error *err);

/* ----------------------------------------------------------------- world ---- */

/* What a role holds of the chain. */
typedef struct world {
    const settings *s;
    report *r;
    chaos_network network;
    chaos_rpc *rpc;
    chaos_registries *registries;
    chaos_account *account;
    chaos_sender *sender;
    chaos_content *content;
    char store[PATH_MAX];
} world;

CHAOS_MUST_USE chaos_status world_network(const settings *s, chaos_network *network, chaos_error *err);
CHAOS_MUST_USE chaos_status world_connect(world *w, const settings *s, report *r, chaos_error *err);
CHAOS_MUST_USE chaos_status world_registries(world *w, chaos_error *err);
CHAOS_MUST_USE chaos_status world_account(const settings *s, const char *role, chaos_account **account,
                                          chaos_error *err);
CHAOS_MUST_USE chaos_status world_sender(world *w, const char *role, chaos_error *err);
/* All of it for a role; its account has funds, or FUNDS. */
CHAOS_MUST_USE chaos_status world_open(world *w, const settings *s, report *r, const char *role, chaos_error *err);
void world_close(world *w);
CHAOS_MUST_USE chaos_status world_content(world *w, chaos_error *err);
bool is_local(const world *w);
/* On a local chain the account gets money where it has too little. */
CHAOS_MUST_USE chaos_status fund(world *w, const chaos_address *address, uint64_t gas, chaos_error *err);
const char *faucet_of(const chaos_network *network); /* NULL: none is known */

/* A line of text that roles leave for each other in the evidence folder: "alice", "bob", "challenge". */
#define NOTE_SIZE 512
CHAOS_MUST_USE chaos_status note_put(world *w, const char *name, const char *text, chaos_error *err);
CHAOS_MUST_USE bool note_get(world *w, const char *name, char text[NOTE_SIZE]);
CHAOS_MUST_USE chaos_status note_wait(world *w, const char *name, char text[NOTE_SIZE], chaos_error *err);
void pause_ms(unsigned ms);

/* What Alice leaves: "AGENT_ID OUTPUT_URI". */
CHAOS_MUST_USE chaos_status read_alice(world *w, chaos_u256 *agent_id, char output_uri[CHAOS_CONTENT_URI_SIZE],
                                       chaos_error *err);
CHAOS_MUST_USE chaos_status read_validator(world *w, chaos_address *validator, chaos_error *err);
/* A plain agent without a TEE: Bob, Charlie. */
CHAOS_MUST_USE chaos_status register_plain(world *w, const char *name, const char *description, const char *intent,
                                           chaos_u256 *agent_id, chaos_keccak *tx, chaos_error *err);

/* The provider of the command line. The registry is freed after the TEE. */
typedef struct opened_tee {
    chaos_tee_registry *registry;
    chaos_tee *tee;
} opened_tee;
CHAOS_MUST_USE chaos_status tee_open(const settings *s, const char *endpoint, opened_tee *t, chaos_error *err);
void tee_close(opened_tee *t);
/* Is it there? In a helper process; nothing of the provider is loaded here. */
CHAOS_MUST_USE chaos_status tee_probe(const settings *s, const char *endpoint, chaos_error *err);

/* What a validator holds, from the command line alone. */
typedef struct beliefs {
    chaos_trust *trust;
    chaos_policy *policy;
    chaos_buffer policy_bytes, collateral;
} beliefs;
CHAOS_MUST_USE chaos_status beliefs_read(const char *trust_root, const char *collateral, const char *policy, beliefs *b,
                                         chaos_error *err);
void beliefs_free(beliefs *b);

/* The newest request to the validator, and the answer that its file names. */
typedef struct answered {
    chaos_keccak request_hash;
    uint64_t block; /* of the request */
    chaos_u256 agent_id;
    chaos_buffer envelope;
} answered;
#define ANSWERED_INIT { .envelope = CHAOS_BUFFER_INIT(CHAOS_MAX_ENVELOPE) }
CHAOS_MUST_USE chaos_status find_answer(world *w, const chaos_address *validator, answered *a, chaos_error *err);
/* The newest tee.head of an agent with the block that has it; NOT_FOUND. */
CHAOS_MUST_USE chaos_status find_head(world *w, const chaos_u256 *agent_id, chaos_head *head, chaos_error *err);

/* ------------------------------------------------------------------ work ---- */

/* What Alice does, and what anybody can do again: the intent, the offers that fit, the cart. */
typedef struct shopping {
    char intent[512], offers[2048], cart[512]; /* JSON */
    char summary[100];
} shopping;
CHAOS_MUST_USE bool shop(const char *seed, shopping *out);

/* ----------------------------------------------------------------- roles ---- */

int play_alice(const settings *s, report *r);
int play_alice_answer(const settings *s, report *r);
int play_bob(const settings *s, report *r);
int play_bob_attacks(const settings *s, report *r);
int play_charlie(const settings *s, report *r);
int play_mallory(const settings *s, report *r);
int direct(const settings *given, view *v);

typedef struct attack {
    const char *name;    /* of --break */
    const char *title;
    const char *control; /* what is accepted beside it */
    chaos_status status; /* that it must be refused with */
} attack;
#define ATTACK_COUNT 7
extern const attack attacks[ATTACK_COUNT];
const attack *attack_find(const char *name); /* NULL */
bool attack_is_wanted(const settings *s, const attack *a);

#endif
