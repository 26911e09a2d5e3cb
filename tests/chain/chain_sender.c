/* chain_sender.c - a program that makes COUNT transfers and ends: what is killed, and started again, by kill_everywhere.sh
 * and by tests of two processes.
 *
 *     chain_sender send URL JOURNAL KEYFILE NAME COUNT [together]
 *         Intent NAME/i pays 1000 + i wei to the receiver 0xc0ffee00...i: one after the other, or all under way together.
 *         Exit code 0: everything is confirmed, by this run or an earlier one.
 *     chain_sender fund URL KEYFILE
 *         Makes the file with a new key and gives its account 100 ether (anvil). Prints a snapshot's number.
 *     chain_sender check URL KEYFILE COUNT SNAPSHOT
 *         Exit code 0: the account has sent COUNT transactions, and receivers 1 to COUNT have what they should, once.
 *         Then everything since the snapshot is undone, and the number of a new one printed. */
#include <stdio.h>

#include "codec/codec.h"
#include "eth/eth.h"
#include "eth/u256.h"

static chaos_status read_key(const char *path, chaos_account **account, chaos_error *err)
{
    uint8_t scalar[32];
    char hex[65] = "";
    guarded_key *key = NULL;
    FILE *file = fopen(path, "re");
    bool ok = file != NULL && fread(hex, 1, 64, file) == 64 && hex_decode(slice(hex, 64), scalar, sizeof scalar);
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!ok) {
        return error_set(err, CHAOS_E_FILE_IO, "key", CHAOS_NO_OFFSET, "the key file has no 64 hex digits");
    }
    CHAOS_TRY(guarded_key_import(scalar, &key, err));
    return account_from_key(&key, account, err);
}

static chaos_intent transfer(const char *base, unsigned i, char name[64])
{
    chaos_intent intent = CHAOS_INTENT_INIT;
    (void)snprintf(name, 64, "%s/%u", base, i);
    intent.name = name;
    intent.has_to = true;
    intent.to = (chaos_address){ { 0xc0, 0xff, 0xee } };
    intent.to.bytes[18] = (uint8_t)(i >> 8);
    intent.to.bytes[19] = (uint8_t)i;
    intent.value = u256_from(1000 + i);
    return intent;
}

static chaos_status do_all(chaos_sender *sender, const char *base, unsigned count, bool together, chaos_error *err)
{
    chaos_outcome outcome;
    char name[64];
    for (unsigned i = 1; i <= count; i++) {
        chaos_intent intent = transfer(base, i, name);
        CHAOS_TRY(together ? chaos_sender_submit(sender, &intent, &outcome, err)
                           : chaos_sender_send(sender, &intent, &outcome, err));
    }
    for (unsigned i = 1; together && i <= count; i++) {
        (void)transfer(base, i, name);
        CHAOS_TRY(chaos_sender_wait(sender, name, &outcome, err));
    }
    return CHAOS_OK;
}

static void print_line(void *context, const char *line)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", line);
}

typedef struct session {
    chaos_account *account;
    chaos_rpc *rpc;
    chaos_sender *sender;
} session;

static chaos_status open_rpc(const char *url, session *s, chaos_error *err)
{
    const char *urls[] = { url };
    chaos_rpc_options options = CHAOS_RPC_OPTIONS_INIT;
    options.urls = urls;
    options.url_count = 1;
    return chaos_rpc_open(&options, &s->rpc, err);
}

/* ------------------------------------------------------------------- send ---- */

static chaos_status send_all(char **argv, bool together, session *s, chaos_error *err)
{
    chaos_sender_options options = CHAOS_SENDER_OPTIONS_INIT;
    size_t finished = 0;
    CHAOS_TRY(read_key(argv[2], &s->account, err));
    CHAOS_TRY(open_rpc(argv[0], s, err));
    options.rpc = s->rpc;
    options.account = s->account;
    options.journal = argv[1];
    options.poll_ms = 5;
    options.log = getenv("CHAOS_TEST_VERBOSE") != NULL ? print_line : NULL;
    CHAOS_TRY(chaos_sender_open(&options, &s->sender, err));
    CHAOS_TRY(chaos_sender_resume(s->sender, &finished, err));
    return do_all(s->sender, argv[3], (unsigned)strtoul(argv[4], NULL, 10), together, err);
}

/* ------------------------------------------------------------- fund, check ---- */

static chaos_status snapshot(session *s, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(id, 100);
    CHAOS_TRY(chaos_rpc_request(s->rpc, "evm_snapshot", "[]", &id, err));
    (void)printf("%.*s\n", (int)id.size, (const char *)id.data);
    return CHAOS_OK;
}

/* The scalar leaves this process for a file that the test removes. */
static chaos_status make_key(const char *path, chaos_error *err)
{
    uint8_t scalar[32];
    char hex[64];
    FILE *random = fopen("/dev/urandom", "re");
    FILE *file = fopen(path, "wxe");
    bool ok = random != NULL && file != NULL && fread(scalar, 1, sizeof scalar, random) == sizeof scalar;
    hex_encode(slice(scalar, sizeof scalar), hex);
    ok = ok && fwrite(hex, 1, sizeof hex, file) == sizeof hex;
    if (random != NULL) {
        (void)fclose(random);
    }
    ok = file != NULL && fclose(file) == 0 && ok;
    return ok ? CHAOS_OK : error_set(err, CHAOS_E_FILE_IO, "key", CHAOS_NO_OFFSET, "the key file cannot be made");
}

static chaos_status fund(char **argv, session *s, chaos_error *err)
{
    char params[128], hex[41] = "";
    CHAOS_AUTO_BUFFER(result, 100);
    CHAOS_TRY(make_key(argv[1], err));
    CHAOS_TRY(read_key(argv[1], &s->account, err));
    CHAOS_TRY(open_rpc(argv[0], s, err));
    chaos_address address = chaos_account_address(s->account);
    hex_encode(slice(address.bytes, sizeof address.bytes), hex);
    (void)snprintf(params, sizeof params, "[\"0x%s\",\"0x56bc75e2d63100000\"]", hex);
    CHAOS_TRY(chaos_rpc_request(s->rpc, "anvil_setBalance", params, &result, err));
    return snapshot(s, err);
}

static chaos_status check_number(const char *what, unsigned i, uint64_t found, uint64_t expected, chaos_error *err)
{
    if (found == expected) {
        return CHAOS_OK;
    }
    (void)error_set(err, CHAOS_E_INTERNAL, "check", CHAOS_NO_OFFSET, "%s %u is wrong", what, i);
    error_expected(err, "%llu", (unsigned long long)expected);
    error_found(err, "%llu", (unsigned long long)found);
    return CHAOS_E_INTERNAL;
}

static chaos_status check(char **argv, session *s, chaos_error *err)
{
    unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
    uint64_t number = 0;
    char params[64], name[64];
    CHAOS_AUTO_BUFFER(result, 100);
    CHAOS_TRY(read_key(argv[1], &s->account, err));
    CHAOS_TRY(open_rpc(argv[0], s, err));
    chaos_address address = chaos_account_address(s->account);
    CHAOS_TRY(chaos_rpc_transaction_count(s->rpc, &address, NULL, &number, err));
    CHAOS_TRY(check_number("the number of transactions of account", 0, number, count, err));
    for (unsigned i = 1; i <= count; i++) {
        chaos_intent intent = transfer("", i, name);
        chaos_u256 wei;
        CHAOS_TRY(chaos_rpc_balance(s->rpc, &intent.to, NULL, &wei, err));
        CHAOS_TRY(check_number("the balance of receiver", i, u256_to_u64(&wei, &number) ? number : 0, 1000 + i, err));
    }
    (void)snprintf(params, sizeof params, "[%.40s]", argv[3]);
    CHAOS_TRY(chaos_rpc_request(s->rpc, "evm_revert", params, &result, err));
    return snapshot(s, err);
}

/* ------------------------------------------------------------------- main ---- */

int main(int argc, char **argv)
{
    session s = { NULL, NULL, NULL };
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    chaos_status status = error_set(&err, CHAOS_E_USAGE, NULL, CHAOS_NO_OFFSET, "see the beginning of chain_sender.c");
    if (argc >= 7 && strcmp(argv[1], "send") == 0) {
        status = send_all(argv + 2, argc > 7, &s, &err);
    } else if (argc == 4 && strcmp(argv[1], "fund") == 0) {
        status = fund(argv + 2, &s, &err);
    } else if (argc == 6 && strcmp(argv[1], "check") == 0) {
        status = check(argv + 2, &s, &err);
    }
    if (status != CHAOS_OK) {
        (void)fprintf(stderr, "chain_sender: %s: %s (%s; %s)\n", chaos_status_name(status), err.text, err.expected,
                      err.found);
    }
    chaos_sender_free(s.sender);
    chaos_rpc_free(s.rpc);
    chaos_account_free(s.account);
    return status == CHAOS_OK ? 0 : 1;
}
