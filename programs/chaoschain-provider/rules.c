/* rules.c - the table of rules, in the order in which they run and are shown. An id is for programs: it is never
 * changed and never used again for another rule. */
#include "kit.h"

#define TEE_HERE "tee-here" /* skipped where the TEE is missing, and with it every rule that needs it */
#define PROBE_KILL_MS (CHAOS_TEE_PROBE_MS + 500u)

const kit_rule kit_rules[] = {
    /* the file */
    {
        .id = "file-name",
        .title = "the file is called chaoschain-provider-NAME.so, NAME of [a-z0-9-]{1,31}",
        .mend = "name it after the provider",
        .run = rule_file_name,
    },
    {
        .id = "file-kind",
        .title = "it is a regular file of at most 64 MiB, and no symbolic link",
        .mend = "install the file itself",
        .run = rule_file_kind,
    },
    {
        .id = "file-owner",
        .title = "it belongs to root or to this user",
        .mend = "chown it, or install it as the user who runs it",
        .run = rule_file_owner,
        .needs = { "file-kind" },
    },
    {
        .id = "file-mode",
        .title = "nobody but its owner can write it",
        .mend = "chmod go-w FILE",
        .run = rule_file_mode,
        .needs = { "file-owner" },
    },
    {
        .id = "file-folder",
        .title = "nobody but root and this user can write its folder",
        .mend = "chmod go-w the folder",
        .run = rule_file_folder,
        .needs = { "file-mode" },
    },
    {
        .id = "elf-exports",
        .title = "it exports chaos_provider_entry and nothing else",
        .mend = "compile with -fvisibility=hidden, and give that one function default visibility",
        .run = rule_elf_exports,
        .needs = { "file-folder" },
    },
    {
        .id = "elf-imports",
        .title = "it links nothing of this project and calls nothing that a provider may not",
        .mend = "use what the host lends: HTTP, JSON, keys, the log",
        .run = rule_elf_imports,
        .needs = { "elf-exports" },
    },
    /* the table */
    {
        .id = "load",
        .title = "it can be loaded",
        .mend = "link with -Wl,--no-undefined to see what is missing; do nothing in constructors",
        .run = rule_load,
        .needs = { "elf-exports" },
    },
    {
        .id = "entry",
        .title = "chaos_provider_entry gives the same table of this ABI each time",
        .mend = "return &provider for CHAOS_PROVIDER_ABI",
        .run = rule_entry,
        .needs = { "load" },
    },
    {
        .id = "entry-unknown-abi",
        .title = "for an ABI that it does not know it gives NULL",
        .mend = "compare the argument with CHAOS_PROVIDER_ABI",
        .run = rule_entry_unknown,
        .needs = { "load" },
    },
    {
        .id = "table-size",
        .title = "the table's size reaches to 'close'",
        .mend = ".size = sizeof(chaos_provider)",
        .run = rule_table_size,
        .needs = { "entry" },
    },
    {
        .id = "table-members",
        .title = "every member that is not optional is there",
        .mend = "write the missing call; it may say NOT_AVAILABLE",
        .run = rule_table_members,
        .needs = { "table-size" },
    },
    {
        .id = "table-name",
        .title = "the table's name is the one in the file's name",
        .mend = "use one name for both",
        .run = rule_table_name,
        .needs = { "table-members" },
    },
    {
        .id = "table-summary",
        .title = "the summary is one line of 1 to 127 printable ASCII characters",
        .mend = "shorten it",
        .run = rule_table_summary,
        .needs = { "table-members" },
    },
    /* opening */
    {
        .id = "open",
        .title = "open succeeds without the TEE, with {} too, and contacts nothing",
        .mend = "leave everything that needs the TEE to the calls",
        .run = rule_open,
        .needs = { "table-members" },
    },
    {
        .id = "open-unknown",
        .title = "an option that it does not know is refused with USAGE",
        .mend = "call host->json_keys with the options that you know",
        .run = rule_open_unknown,
        .needs = { "open" },
    },
    {
        .id = "open-malformed",
        .title = "options that are not one JSON object are refused",
        .mend = "read options with host->json_keys first",
        .run = rule_open_malformed,
        .needs = { "open" },
    },
    {
        .id = "open-type",
        .title = "an option of a wrong type is refused",
        .mend = "read each with host->json_text or its like, and keep the status",
        .run = rule_open_type,
        .needs = { "open" },
    },
    {
        .id = "open-failed",
        .title = "an opening that failed leaves nothing behind, and the next one works",
        .mend = "free in open what open has made; close is not called then",
        .run = rule_open_failed,
        .needs = { "open", "open-unknown" },
    },
    {
        .id = "open-repeat",
        .title = "opened and closed again and again it keeps no file, thread or memory",
        .mend = "free in close all that open made",
        .run = rule_open_repeat,
        .needs = { "open" },
    },
    {
        .id = "open-several",
        .title = "several can be open at once, and are closed in any order",
        .mend = "keep all state in self, none in globals",
        .run = rule_open_several,
        .needs = { "open" },
    },
    /* is it there? */
    {
        .id = "probe-time",
        .title = "probe answers within its time limit, one second at most",
        .mend = "give timeout_ms to each exchange, and make few",
        .run = rule_probe_time,
        .needs = { "open" },
        .limit_ms = PROBE_KILL_MS,
    },
    {
        .id = "probe-mute",
        .title = "probe keeps its time limit when a server says nothing",
        .mend = "set total_timeout_ms from timeout_ms",
        .run = rule_probe_mute,
        .needs = { "probe-time" },
        .limit_ms = PROBE_KILL_MS,
    },
    {
        .id = "probe-why",
        .title = "probe says why not, and the same when it is asked again",
        .mend = "chaos_provider_fail(err, TEE_UNAVAILABLE, ...)",
        .run = rule_probe_why,
        .needs = { "probe-time" },
    },
    {
        .id = "probe-pure",
        .title = "probe changes nothing and gives no results",
        .mend = "look, do not touch",
        .run = rule_probe_pure,
        .needs = { "probe-time" },
    },
    {
        .id = TEE_HERE,
        .title = "the TEE is here, or something that stands in for it",
        .mend = "run this in the TEE, beside a simulator (--endpoint), or with a recording (--replay)",
        .run = rule_tee_here,
        .needs = { "probe-why" },
    },
    {
        .id = "not-here",
        .title = "where probe says no, key and attest fail and say why",
        .mend = "let probe and the calls look at the same thing",
        .run = rule_not_here,
        .needs = { "probe-why" },
    },
    /* keys */
    {
        .id = "key-emits",
        .title = "key emits public-key and, where there is one, dstack-kms-chain: each once, nothing else",
        .mend = "emit what provider.h lists for this call, and keep emit's status",
        .run = rule_key_emits,
        .needs = { TEE_HERE },
    },
    {
        .id = "key-public",
        .title = "the public key is the 65 bytes 04 X Y of a point of the curve",
        .mend = "emit host->key_public's bytes",
        .run = rule_key_public,
        .needs = { "key-emits" },
    },
    {
        .id = "key-chain",
        .title = "a key's chain is of that key, path and purpose; a fresh key has none",
        .mend = "give the TEE's signatures as they are, with the path and purpose of the call",
        .run = rule_key_chain,
        .needs = { "key-public" },
    },
    {
        .id = "key-same",
        .title = "the same path gives the same key",
        .mend = "derive the identity key from the path, or keep it under the path",
        .run = rule_key_same,
        .needs = { "key-public" },
    },
    {
        .id = "key-different",
        .title = "different paths give different keys, also where only the last byte differs",
        .mend = "put all of the path into the derivation",
        .run = rule_key_different,
        .needs = { "key-public" },
    },
    {
        .id = "key-fresh",
        .title = "each key of the purpose \"session\" is a new one",
        .mend = "host->key_generate for CHAOS_KEY_FRESH",
        .run = rule_key_fresh,
        .needs = { "key-public" },
    },
    {
        .id = "key-algorithm",
        .title = "an algorithm other than secp256k1 is refused",
        .mend = "compare the argument; give USAGE or NOT_AVAILABLE",
        .run = rule_key_algorithm,
        .needs = { "key-public" },
    },
    {
        .id = "key-purpose",
        .title = "a purpose of the caller's own is refused, or gives the same key again",
        .mend = "make fresh keys for CHAOS_KEY_FRESH alone",
        .run = rule_key_purpose,
        .needs = { "key-public" },
    },
    {
        .id = "key-odd-path",
        .title = "a path of odd characters is refused in words, or is a path like others",
        .mend = "never use a path as a format, a file's name or JSON text as it is",
        .run = rule_key_odd_path,
        .needs = { "key-public" },
    },
    {
        .id = "key-repeat",
        .title = "keys made, used and freed again and again leave nothing",
        .mend = "free in key_free all that key made",
        .run = rule_key_repeat,
        .needs = { "key-public", "sign-works" },
    },
    /* signatures */
    {
        .id = "sign-works",
        .title = "sign_digest succeeds, or fails with a status that a provider may give, and a text",
        .mend = "host->key_sign, or the TEE's own; see provider.h for the statuses",
        .run = rule_sign_works,
        .needs = { "key-public" },
    },
    {
        .id = "sign-recovers",
        .title = "a signature is over exactly the digest, by exactly the key",
        .mend = "do not hash the digest again",
        .run = rule_sign_recovers,
        .needs = { "sign-works" },
    },
    {
        .id = "sign-low-s",
        .title = "s is at most half the order",
        .mend = "use n - s instead of s, and turn v over",
        .run = rule_sign_low_s,
        .needs = { "sign-works" },
    },
    {
        .id = "sign-v",
        .title = "v is 27 or 28, and recovers",
        .mend = "v = 27 + recovery id",
        .run = rule_sign_v,
        .needs = { "sign-recovers" },
    },
    {
        .id = "sign-own-key",
        .title = "of several keys each signs with itself, in whatever order they are freed",
        .mend = "keep a key's state in its handle",
        .run = rule_sign_own_key,
        .needs = { "sign-recovers" },
    },
    /* evidence */
    {
        .id = "attest-size",
        .title = "the parts of one call have at most 1 MiB together",
        .mend = "leave out what no verifier needs",
        .run = rule_attest_size,
        .needs = { TEE_HERE },
    },
    {
        .id = "attest-emits",
        .title = "attest succeeds and emits known parts, each once, none empty",
        .mend = "emit what provider.h lists for this call",
        .run = rule_attest_emits,
        .needs = { "attest-size" },
    },
    {
        .id = "attest-quote",
        .title = "there is one quote, and a strict reader reads it",
        .mend = "emit the quote as the TEE gave it",
        .run = rule_attest_quote,
        .needs = { "attest-emits" },
    },
    {
        .id = "attest-report-data",
        .title = "the quote is over exactly the report data of the call",
        .mend = "pass all 64 bytes on as they are: no hash, no padding",
        .run = rule_attest_report_data,
        .needs = { "attest-quote" },
    },
    {
        .id = "attest-log",
        .title = "the event log replays to the registers of the quote",
        .mend = "take log and quote of one moment",
        .run = rule_attest_log,
        .needs = { "attest-quote" },
    },
    {
        .id = "invoke",
        .title = "an unknown method is refused, a reply is JSON, and no method gives out a key",
        .mend = "refuse what you do not know, and what would export or use a key unseen",
        .run = rule_invoke,
        .needs = { TEE_HERE },
    },
    /* manners */
    {
        .id = "emit-place",
        .title = "results are emitted in key, attest and invoke alone",
        .mend = "emit while the call runs that the result is of",
        .run = rule_emit_place,
        .needs = { "probe-time", "sign-works" },
    },
    {
        .id = "http-bounds",
        .title = "every request is within what the host lends",
        .mend = "see chaos_http_request",
        .run = rule_http_bounds,
        .needs = { "probe-time" },
    },
    {
        .id = "http-down",
        .title = "when nobody answers, the call fails and says so",
        .mend = "return host->http's status",
        .run = rule_http_down,
        .needs = { "probe-time" },
    },
    {
        .id = "http-garbage",
        .title = "nonsense for an answer is refused in words, and never becomes a key or evidence",
        .mend = "look at the HTTP status; read with host->json_*, and keep the status",
        .run = rule_http_garbage,
        .needs = { TEE_HERE },
    },
    {
        .id = "after-errors",
        .title = "after a call that failed the next one works",
        .mend = "leave self as it was when a call fails",
        .run = rule_after_errors,
        .needs = { "key-same", "sign-works", "attest-emits" },
    },
    {
        .id = "gives-back",
        .title = "every reply is ended with http_free, every host key with key_free, once each",
        .mend = "free on each way out of a function",
        .run = rule_gives_back,
        .needs = { "probe-time" },
    },
    {
        .id = "prints-nothing",
        .title = "nothing goes to standard output or standard error",
        .mend = "host->log",
        .run = rule_prints_nothing,
        .needs = { "probe-time" },
    },
    {
        .id = "starts-nothing",
        .title = "no thread and no process is started",
        .mend = "do the work in the call",
        .run = rule_starts_nothing,
        .needs = { "probe-time" },
    },
    {
        .id = "process-state",
        .title = "signals, environment, working folder, umask and open files stay as they are",
        .mend = "undo what you must change, before the call returns",
        .run = rule_process_state,
        .needs = { "probe-time" },
    },
    {
        .id = "leaves-no-files",
        .title = "no file is left in the working folder, HOME or TMPDIR",
        .mend = "keep nothing on disk",
        .run = rule_leaves_no_files,
        .needs = { "probe-time" },
    },
    {
        .id = "threads",
        .title = "several openings work in several threads, and one in one thread after the other",
        .mend = "no globals that change, no thread-local state",
        .run = rule_threads,
        .needs = { "sign-v" },
    },
    {
        .id = "secrets-said",
        .title = "no secret is in a log line, an error, a result or a request",
        .mend = "log what happened, never with what",
        .run = rule_secrets_said,
        .needs = { "key-public" },
    },
    {
        .id = "secrets-left",
        .title = "after close no secret is left in memory",
        .mend = "host->wipe every buffer that held it, on each way out",
        .run = rule_secrets_left,
        .needs = { "key-public" },
    },
    {
        .id = "library",
        .title = "libchaoschain makes a key, evidence and a signature with it",
        .mend = "see the error: it is what users would see",
        .run = rule_library,
        .needs = { "sign-v", "sign-low-s", "attest-log", "attest-report-data" },
    },
};

const size_t kit_rule_count = CHAOS_ARRAY_SIZE(kit_rules);
_Static_assert(CHAOS_ARRAY_SIZE(kit_rules) <= KIT_MAX_RULES, "KIT_MAX_RULES is too small");

size_t kit_rule_find(const char *id)
{
    for (size_t i = 0; i < kit_rule_count; i++) {
        if (strcmp(kit_rules[i].id, id) == 0) {
            return i;
        }
    }
    return KIT_MAX_RULES;
}
