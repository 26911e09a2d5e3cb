/* chain.h - what the programs share that speak to a chain: from options to a chain, its registries and an account that
 * sends; names of intents; what is said at the end. */
#ifndef COMMON_CHAIN_CHAIN_H
#define COMMON_CHAIN_CHAIN_H

#include <chaoschain/chaoschain.h>
#include <chaoschain/erc8004.h>
#include <chaoschain/eth.h>

#include "programs/common/common.h"

/* -------------------------------------------------------------- commands ---- */

/* A command of a program: `chaoschain GROUP VERB`, or without a group (NULL) `chaoschain VERB`. argv[0] of `run` is the
 * last word of the command; it returns the exit code. */
typedef struct chain_command {
    const char *group, *verb;
    int (*run)(int argc, char **argv);
    const char *summary;
} chain_command;
typedef struct chain_group {
    const char *name, *summary;
} chain_group;
typedef struct chain_program {
    const char *name; /* of the program, which `chaoschain` hands its verbs over to */
    const chain_command *commands;
    size_t command_count;
    const chain_group *groups;
    size_t group_count;
} chain_program;
/* Finds the command, or helps; keeps the process from being dumped or traced before it runs one. The exit code. */
int chain_run(const chain_program *program, int argc, char **argv);

#define CHAIN_EXIT_NOTES \
    "Exit code: 0 done, 3 malformed input, 5 environment (network, node, file; the contract refused),\n" \
    "7 funds missing, 8 registries disagree, 64 usage, 70 internal."

int chain_exit(chaos_status status);
/* Says an error, and on a line of its own what to do about it; returns the exit code. */
int chain_fault(const char *program, const chaos_error *err);
struct chain_session;
int session_fault(const struct chain_session *s, const chaos_error *err); /* the same, unless it was said before */
chaos_status usage_error(chaos_error *err, const char *option, const char *value, const char *wanted);
chaos_status no_memory(chaos_error *err);

/* --------------------------------------------------------------- options ---- */

/* Every table begins with NET_ROWS (which chain, which registries), those of commands that send with NET_ROWS and
 * SEND_ROWS; a command's own rows follow. */
enum {
    NET_OPT_NETWORK,
    NET_OPT_RPC,
    NET_OPT_IDENTITY,
    NET_OPT_REPUTATION,
    NET_OPT_VALIDATION,
    NET_OPT_JSON,
    NET_OPT_HELP,
    NET_OPT_COUNT,
    SEND_OPT_KEYSTORE = NET_OPT_COUNT,
    SEND_OPT_PASSPHRASE_FD,
    SEND_OPT_JOURNAL,
    SEND_OPT_CONFIRMATIONS,
    SEND_OPT_MAX_FEE,
    SEND_OPT_WAIT,
    SEND_OPT_DRY_RUN,
    SEND_OPT_YES,
    SEND_OPT_COUNT
};

#define NET_ROWS                                                                                                   \
    [NET_OPT_NETWORK] = { "--network", "NAME|FILE", 1, false,                                                      \
                          "base-sepolia, eip155:N, ..., or a file; \"local\" is the default" },                    \
    [NET_OPT_RPC] = { "--rpc", "URL", CHAOS_MAX_ENDPOINTS, false, "a node; again for a second one to fall back on" }, \
    [NET_OPT_IDENTITY] = { "--identity", "ADDR", 1, false, "the identity registry, if not the network's" },         \
    [NET_OPT_REPUTATION] = { "--reputation", "ADDR", 1, false, "the reputation registry" },                        \
    [NET_OPT_VALIDATION] = { "--validation", "ADDR", 1, false, "the validation registry" },                        \
    [NET_OPT_JSON] = { "--json", NULL, 1, false, "one line of JSON" },                                             \
    [NET_OPT_HELP] = { "--help", NULL, 0, false, "print this" }

#define SEND_ROWS                                                                                                  \
    [SEND_OPT_KEYSTORE] = { "--keystore", "FILE", 1, false, "the account that sends and pays" },                    \
    [SEND_OPT_PASSPHRASE_FD] = { "--passphrase-fd", "N", 1, false,                                                 \
                                 "read its passphrase there; asked on the terminal otherwise" },                   \
    [SEND_OPT_JOURNAL] = { "--journal", "FILE", 1, false, "what was sent; in the state folder by default" },        \
    [SEND_OPT_CONFIRMATIONS] = { "--confirmations", "N", 1, false, "blocks to wait for; 1 on local chains, else 2" }, \
    [SEND_OPT_MAX_FEE] = { "--max-fee", "GWEI", 1, false, "the most to pay per gas; 500 is the default" },          \
    [SEND_OPT_WAIT] = { "--wait", "SECONDS", 1, false, "for a transaction; 180 is the default" },                  \
    [SEND_OPT_DRY_RUN] = { "--dry-run", NULL, 1, false, "say what would be sent and what it costs" },              \
    [SEND_OPT_YES] = { "--yes", NULL, 1, false, "do not ask before paying on a main network" }

/* --------------------------------------------------------------- session ---- */

typedef struct chain_session {
    const char *program;
    const options *o;
    bool json, dry_run;
    int said; /* not 0: this exit code was said already */
    chaos_network network;
    bool has_identity, has_reputation, has_validation; /* given, over those of the network */
    chaos_address identity, reputation, validation;
    chaos_buffer urls_text; /* the URLs, each with its NUL */
    const char *urls[CHAOS_MAX_ENDPOINTS];
    size_t url_count;
    uint32_t deadline_ms; /* of each question to the chain; 0: the library's */
    chaos_rpc *rpc;
    chaos_registries *registries;
    chaos_account *account;
    chaos_sender *sender;
} chain_session;

/* From the options and the environment: network, endpoints, addresses. Nothing is asked yet. An agent named with its
 * chain (and registry) chooses the network where no --network is given; NULL: none is named. */
CHAOS_MUST_USE chaos_status session_read(chain_session *s, const options *o, const char *program,
                                         const chaos_agent_reference *agent, chaos_error *err);
/* The same without endpoints: for what asks no node. */
CHAOS_MUST_USE chaos_status session_network(chain_session *s, const options *o, const char *program,
                                            const chaos_agent_reference *agent, chaos_error *err);
bool is_network_file(const char *network); /* has a slash, or ends in .json: a file, else a name */
CHAOS_MUST_USE chaos_status session_connect(chain_session *s, chaos_error *err); /* rpc */
CHAOS_MUST_USE chaos_status session_registries(chain_session *s, chaos_error *err); /* rpc and registries */
/* Account, journal, sender; the question of a main network is asked here. After session_connect. */
CHAOS_MUST_USE chaos_status session_sender(chain_session *s, chaos_error *err);
/* All of it for a command that sends to a registry. */
CHAOS_MUST_USE chaos_status session_open(chain_session *s, const options *o, const char *program,
                                         const chaos_agent_reference *agent, chaos_error *err);
void session_close(chain_session *s);

/* 0, or an exit code: parses and does --help. */
int session_options(const option_table *table, int argc, char **argv, options *o, bool *helped);

/* An agent as people write it: "7", "eip155:N:7", "eip155:N:0x...:7". The registry and chain of a full name must be
 * those of the session: session_agent checks. */
CHAOS_MUST_USE chaos_status agent_parse(const char *text, chaos_agent_reference *agent, chaos_error *err);
CHAOS_MUST_USE chaos_status session_agent(const chain_session *s, chaos_agent_reference *agent, chaos_error *err);

/* Opens the keystore of that option (or of the environment's variable, when it is not NULL) with its passphrase. A
 * message about the passphrase is said here: s->said is its exit code then. */
CHAOS_MUST_USE chaos_status session_keystore(chain_session *s, size_t keystore_row, size_t passphrase_row,
                                          const char *variable, chaos_account **account, chaos_error *err);
/* From a descriptor, or from the terminal. 0, or the exit code after a message. */
CHAOS_MUST_USE int read_passphrase(const char *program, const char *fd_text, const char *keystore, bool confirm,
                                   passphrase *out);
/* The state folder's file, made with its folders (0700). */
CHAOS_MUST_USE chaos_status journal_path(const options *o, chaos_buffer *path, chaos_error *err);
/* The same without making anything. */
CHAOS_MUST_USE chaos_status journal_where(const options *o, chaos_buffer *path, chaos_error *err);
/* The path as given, or as a name in the user's folder of keystores: "alice" and "alice.json" do. */
CHAOS_MUST_USE chaos_status keystore_find(const char *given, chaos_buffer *path, chaos_error *err);
/* Of a folder in the user's data folder, made with mode 0700: where keystores are by default. */
CHAOS_MUST_USE chaos_status keystore_folder(chaos_buffer *path, bool make, chaos_error *err);

/* --------------------------------------------------------------- intents ---- */

/* What a command does has a name made from all that it says, so that the same command is done once. */
typedef struct intent_name {
    char text[CHAOS_MAX_INTENT_NAME + 1];
} intent_name;
typedef struct intent_hash {
    chaos_buffer said;
    bool failed;
} intent_hash;
void intent_begin(intent_hash *hash, const char *what);
void intent_add(intent_hash *hash, chaos_slice part); /* each with its length in front */
void intent_add_text(intent_hash *hash, const char *text_or_null);
/* Frees the hash. */
CHAOS_MUST_USE chaos_status intent_end(intent_hash *hash, const char *what, intent_name *name, chaos_error *err);

typedef enum intent_rule {
    INTENT_ONCE,  /* done before means done: to do it again is said with --again */
    INTENT_AGAIN, /* done before does not count: the chain's own state, or --again, says that it is wanted */
} intent_rule;
/* The name to use: `base`, or base/2, base/3, ... when those before it have ended (failed, given up, and with
 * INTENT_AGAIN also done). One that is under way is always gone on with. */
CHAOS_MUST_USE chaos_status intent_choose(chaos_sender *sender, const intent_name *base, intent_rule rule,
                                          intent_name *name, chaos_error *err);

/* ---------------------------------------------------------------- report ---- */

#define REPORT_MAX (4u * 1024u * 1024u)
#define REPORT_MAX_STEPS 16
#define LABEL_WIDTH 16
#define TEXT_WIDTH 82 /* of values: with label and space 100 columns */

/* "label           value"; the value printable ASCII, cut to the width. Returns false: out of memory. */
CHAOS_MUST_USE bool row_text(chaos_buffer *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Text that begins at this column, broken between words so that it fits the screen; its further lines begin there, too.
 * Ends the line. */
CHAOS_MUST_USE bool text_wrapped(chaos_buffer *out, int column, const char *text);
CHAOS_MUST_USE bool row_bytes(chaos_buffer *out, const char *label, chaos_slice untrusted);
CHAOS_MUST_USE bool row_hash(chaos_buffer *out, const char *label, const chaos_keccak *hash);
CHAOS_MUST_USE bool row_address(chaos_buffer *out, const char *label, const chaos_address *address);
CHAOS_MUST_USE bool row_time(chaos_buffer *out, const char *label, int64_t seconds);

#define ETHER_TEXT_SIZE 64
const char *ether_text(const chaos_u256 *wei, char text[ETHER_TEXT_SIZE]); /* "0.001234" */
const char *gwei_text(const chaos_u256 *wei, char text[ETHER_TEXT_SIZE]);
/* quantity * wei; false: it is more than 2^256 */
bool fee_of(uint64_t gas, const chaos_u256 *price, chaos_u256 *wei);
typedef struct hex_text {
    char text[67];
} hex_text;
hex_text hex_of(const chaos_keccak *hash);
typedef struct address_text {
    char text[CHAOS_ADDRESS_TEXT_SIZE];
} address_text;
address_text address_of(const chaos_address *address);
void json_error(json_writer *w, const char *key, const chaos_error *err); /* null where the status is OK */
void json_address(json_writer *w, const char *key, const chaos_address *address); /* EIP-55 */
void json_u256(json_writer *w, const char *key, const chaos_u256 *number);        /* decimal string */

/* What a command has sent: its steps in order, and what it found out. */
typedef struct tx_step {
    const char *what; /* "register", ... */
    intent_name intent;
    chaos_outcome outcome;
} tx_step;
typedef struct tx_report {
    const char *action; /* "agent register" */
    tx_step steps[REPORT_MAX_STEPS];
    size_t count;
    bool has_agent;
    chaos_agent_reference agent;
    bool has_wallet;
    chaos_address wallet;
    bool has_index;
    uint64_t feedback_index;
    bool has_request;
    chaos_keccak request_hash;
    const chaos_registry_addresses *addresses; /* NULL: none */
    chaos_slice uri; /* that the agent has now; empty: not told */
    const char *repeat; /* how to do it again, when it was done before; NULL: nothing is to say */
} tx_report;
/* Room for the next step; NULL with `err` when there are too many. */
tx_step *report_step(tx_report *report, const char *what, const intent_name *intent);
/* Prints it; returns the exit code. */
int report_say(const chain_session *s, const tx_report *report);

/* One of its steps alone: what was sent, or would be. A step of the library's own choice has no name of an intent. */
void report_json_step(json_writer *w, const char *key, const chain_session *s, const tx_step *step);
CHAOS_MUST_USE bool report_text_step(const chain_session *s, const tx_step *step, chaos_buffer *out);

/* ---------------------------------------------------------------- common ---- */

/* On the terminal alone, on one line that the next one replaces; progress_end clears it. */
void progress_blocks(void *context, uint64_t done, uint64_t head);
void progress_end(void);
void log_line(void *context, const char *line);
bool on_terminal(void);

/* --------------------------------------------------------------- looking ---- */

/* What is found of a node and of a registry, one by one, so that a good one does not hide a bad one. */
#define REGISTRY_COUNT 3
typedef struct node_finding {
    chaos_status status;
    chaos_error err;
    chaos_block head;
    int64_t milliseconds;
} node_finding;
typedef struct registry_finding {
    bool is_known; /* there is an address to look at */
    chaos_address address;
    size_t code_size;
    chaos_status status;
    chaos_error err;
    chaos_buffer version; /* of the caller's limit */
    bool has_owner, has_implementation;
    chaos_address owner, implementation;
} registry_finding;
/* Asks the session's endpoint `which` for its chain and its head, for at most `deadline_ms`. */
void look_at_node(const chain_session *s, size_t which, uint32_t deadline_ms, node_finding *node);
/* The registry as far as it answers, through the session's rpc, if it has one. */
void look_at_registry(const chain_session *s, chaos_registry_kind kind, registry_finding *found);
/* Scheme, host and port of a URL: what follows, and what stands before an @, may be somebody's access key. */
chaos_slice url_name(const char *url);

/* Reads a file whole and gives its Keccak-256. */
CHAOS_MUST_USE chaos_status hash_of_file(const char *option, const char *path, size_t limit, chaos_keccak *hash,
                                         chaos_error *err);
CHAOS_MUST_USE chaos_status read_hash(const char *option, const char *text, chaos_keccak *hash, chaos_error *err);
CHAOS_MUST_USE chaos_status read_count(const options *o, size_t row, const char *option, uint64_t max, uint64_t *out,
                                       chaos_error *err);
CHAOS_MUST_USE chaos_status read_address(const char *option, const char *text, chaos_address *out, chaos_error *err);
/* The nth operand; USAGE when it is missing or there are more than `count`. */
CHAOS_MUST_USE chaos_status read_operand(const options *o, size_t row, size_t nth, size_t count, const char *wanted,
                                         const char **out, chaos_error *err);

/* USAGE when there are more than `count` operands. */
CHAOS_MUST_USE chaos_status read_no_more(const options *o, size_t row, size_t count, chaos_error *err);

/* The files in a URI's own text: data:application/json;base64,... */
CHAOS_MUST_USE chaos_status data_uri_of(chaos_slice text, chaos_buffer *uri, chaos_error *err);

CHAOS_CLEANUP(chaos_account);

#endif
