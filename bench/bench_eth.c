/* bench_eth.c - signing, hashing and reading for Ethereum, beside the raw primitives and (with node) viem, in one run.
 *
 *   bench-eth            table: medians of interleaved rounds, with an A/A row; by the clock on the wall, and in processor
 *                        time, which other programs do not lengthen
 *   bench-eth PEER.mjs   the same with rows of viem: bench/bench_eth_peer.mjs, answering one round at a time
 * Rows that the build does not have are left out and said so. */
#include "eth/eth.h"
#include "wire/wire.h"

#ifdef CHAOS_BENCH_GCRYPT
#include <gcrypt.h>
#endif
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 11
#define ROUND_SECONDS 0.05
#define LARGE 16384
#define LOGS 100000u

static struct input {
    secp256k1_context *context;
    uint8_t scalar[32], digest[32];
    secp256k1_ecdsa_recoverable_signature signature;
    chaos_account *account;
    chaos_transaction transaction;
    uint8_t call[260];
    chaos_buffer typed;
    uint8_t large[LARGE];
    chaos_buffer log; /* the data of one Registered event */
    volatile uint8_t sink;
} in;

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench-eth: %s failed\n", what);
        exit(1);
    }
}

static const char typed_text[] =
    "{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":\"string\"},"
    "{\"name\":\"chainId\",\"type\":\"uint256\"},{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
    "\"AgentWalletSet\":[{\"name\":\"agentId\",\"type\":\"uint256\"},{\"name\":\"newWallet\",\"type\":\"address\"},"
    "{\"name\":\"owner\",\"type\":\"address\"},{\"name\":\"deadline\",\"type\":\"uint256\"}]},\"primaryType\":"
    "\"AgentWalletSet\",\"domain\":{\"name\":\"ERC8004IdentityRegistry\",\"version\":\"1\",\"chainId\":84532,"
    "\"verifyingContract\":\"0x8004a818bfb912233c491871b3d84c89a494bd9e\"},\"message\":{\"agentId\":\"22\",\"newWallet\":"
    "\"0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc\",\"owner\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\","
    "\"deadline\":\"1700001406\"}}";

static void load(void)
{
    static const char values[] = "[\"ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/agent.json\"]";
    uint8_t copy[32];
    guarded_key *key = NULL;
    memset(in.scalar, 0x46, sizeof in.scalar);
    memset(in.digest, 0x17, sizeof in.digest);
    memset(in.large, 0x5a, sizeof in.large);
    memset(in.call, 0x33, sizeof in.call);
    memcpy(copy, in.scalar, sizeof copy);
    in.context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    must(in.context != NULL, "context");
    must(secp256k1_ecdsa_sign_recoverable(in.context, &in.signature, in.digest, in.scalar, NULL, NULL) == 1, "sign");
    must(guarded_key_import(copy, &key, NULL) == CHAOS_OK, "key");
    must(account_from_key(&key, &in.account, NULL) == CHAOS_OK, "account");
    in.transaction = (chaos_transaction)CHAOS_TRANSACTION_INIT;
    in.transaction.chain_id = 84532;
    in.transaction.nonce = 7;
    in.transaction.gas_limit = 200000;
    in.transaction.max_fee.bytes[27] = 9;
    in.transaction.max_priority_fee.bytes[28] = 5;
    in.transaction.has_to = true;
    in.transaction.data = slice(in.call, sizeof in.call);
    in.typed = (chaos_buffer)CHAOS_BUFFER_INIT(4096);
    in.log = (chaos_buffer)CHAOS_BUFFER_INIT(4096);
    must(buffer_append_text(&in.typed, typed_text), "typed data");
    must(chaos_abi_encode("string", slice_text(values), &in.log, NULL) == CHAOS_OK, "log");
}

/* ------------------------------------------------------------------- rows ---- */

static void raw_sign(void)
{
    secp256k1_ecdsa_recoverable_signature signature;
    must(secp256k1_ecdsa_sign_recoverable(in.context, &signature, in.digest, in.scalar, NULL, NULL) == 1, "sign");
}

static void raw_sign_and_recover(void)
{
    secp256k1_pubkey key;
    raw_sign();
    must(secp256k1_ecdsa_recover(in.context, &key, &in.signature, in.digest) == 1, "recover");
}

static void sign_transaction(void)
{
    CHAOS_AUTO_BUFFER(raw, CHAOS_MAX_TRANSACTION);
    chaos_keccak hash;
    must(chaos_account_sign_transaction(in.account, &in.transaction, &raw, &hash, NULL) == CHAOS_OK, "transaction");
}

static void hash_typed_data(void)
{
    chaos_keccak digest;
    fault why;
    must(typed_data_digest(buffer_slice(&in.typed), &digest, NULL, &why), "typed data");
    in.sink = digest.bytes[0];
}

static void keccak_small(void)
{
    chaos_keccak hash = hash_keccak(slice(in.large, 32));
    in.sink = hash.bytes[0];
}

static void keccak_large(void)
{
    chaos_keccak hash = hash_keccak(slice(in.large, LARGE));
    in.sink = hash.bytes[0];
}

#ifdef CHAOS_BENCH_GCRYPT
static void gcrypt_small(void)
{
    uint8_t hash[32];
    gcry_md_hash_buffer(GCRY_MD_SHA3_256, hash, in.large, 32);
    in.sink = hash[0];
}

static void gcrypt_large(void)
{
    uint8_t hash[32];
    gcry_md_hash_buffer(GCRY_MD_SHA3_256, hash, in.large, LARGE);
    in.sink = hash[0];
}
#endif

/* What a reader of logs does with one: topics to numbers and addresses, the data along their types. A decoder of the
 * registries' events is called here, in place of the loop's body, when one is to be measured. */
static void decode_one_log(void)
{
    abi_reader a = abi_reader_begin(buffer_slice(&in.log), CHAOS_E_ABI_FORMAT);
    abi_reader topics = abi_reader_begin(slice(in.digest, sizeof in.digest), CHAOS_E_ABI_FORMAT);
    uint8_t agent_id[ABI_WORD];
    abi_word(&topics, "agentId", agent_id);
    chaos_slice uri = abi_bytes(&a, "agentURI");
    must(abi_ok(&a) && abi_ok(&topics) && uri.size > 0, "log");
    in.sink = agent_id[31];
}

static void decode_logs(void)
{
    for (unsigned i = 0; i < LOGS; i++) {
        decode_one_log();
    }
}

/* ------------------------------------------------------------------- peers ---- */

static struct {
    FILE *ask, *answer;
    pid_t process;
} peer;

static bool start_peer(const char *script)
{
    int to[2], from[2];
    must(pipe(to) == 0 && pipe(from) == 0, "pipe");
    peer.process = fork();
    must(peer.process >= 0, "fork");
    if (peer.process == 0) {
        (void)dup2(to[0], 0);
        (void)dup2(from[1], 1);
        (void)close(to[1]);
        (void)close(from[0]);
        (void)execlp("node", "node", script, (char *)NULL);
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    peer.ask = fdopen(to[1], "w");
    peer.answer = fdopen(from[0], "r");
    char line[64];
    return peer.ask != NULL && peer.answer != NULL && fgets(line, sizeof line, peer.answer) != NULL &&
           strcmp(line, "ready\n") == 0;
}

/* Microseconds of one call, measured by the peer itself in a round of its own. */
static double peer_round(const char *row)
{
    char line[64];
    must(fprintf(peer.ask, "%s\n", row) > 0 && fflush(peer.ask) == 0 &&
             fgets(line, sizeof line, peer.answer) != NULL,
         row);
    return strtod(line, NULL);
}

/* ------------------------------------------------------------------- table ---- */

static double seconds(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

typedef struct duration { /* microseconds */
    double wall, processor;
} duration;

static duration each(void (*work)(void))
{
    double used = seconds(CLOCK_THREAD_CPUTIME_ID), begin = seconds(CLOCK_MONOTONIC), end;
    unsigned count = 0, batch = 1;
    do {
        for (unsigned i = 0; i < batch; i++) {
            work();
        }
        count += batch;
        end = seconds(CLOCK_MONOTONIC);
        batch = end - begin < ROUND_SECONDS / 100 ? 2 * batch : batch;
    } while (end - begin < ROUND_SECONDS);
    used = seconds(CLOCK_THREAD_CPUTIME_ID) - used;
    return (duration){ (end - begin) / count * 1e6, used / count * 1e6 };
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct row {
    const char *name;
    void (*work)(void); /* NULL: a row of the peer, by the name that it knows */
    const char *peer;
    size_t beside; /* the row that the ratio refers to */
} row;

#define ITSELF SIZE_MAX

static const row rows[] = {
    { "raw sign_recoverable (A)", raw_sign, NULL, 0 },
    { "raw sign_recoverable (A again)", raw_sign, NULL, 0 },
    { "raw sign_recoverable, then raw recover", raw_sign_and_recover, NULL, 0 },
    { "EIP-1559 transaction, 260 B, signed and checked", sign_transaction, NULL, 2 },
    { "viem: the same, not checked", NULL, "transaction", 3 },
    { "EIP-712 digest from JSON, 4 fields", hash_typed_data, NULL, 5 },
    { "viem: the same from objects", NULL, "typed", 5 },
#ifdef CHAOS_BENCH_GCRYPT
    { "libgcrypt SHA3-256, 32 B", gcrypt_small, NULL, 7 },
    { "Keccak-256, 32 B", keccak_small, NULL, 7 },
    { "libgcrypt SHA3-256, 16 KiB", gcrypt_large, NULL, 9 },
    { "Keccak-256, 16 KiB", keccak_large, NULL, 9 },
#else
    { "Keccak-256, 32 B", keccak_small, NULL, 7 },
    { "Keccak-256, 16 KiB", keccak_large, NULL, 8 },
#endif
    { "100,000 logs decoded", decode_logs, NULL, ITSELF },
};

#define ROWS CHAOS_ARRAY_SIZE(rows)

typedef struct times { /* of one row: round by round, then sorted */
    double wall[ROUNDS], processor[ROUNDS];
} times;

static times all[ROWS];

static void print_row(size_t i, bool has_peer)
{
    const size_t middle = ROUNDS / 2;
    const row *r = &rows[i];
    const times *t = &all[i], *beside = &all[r->beside == ITSELF ? i : r->beside];
    if (r->work == NULL && !has_peer) {
        (void)printf("%-50s %11s\n", r->name, "no peer");
        return;
    }
    (void)printf("%-50s %11.3f %11.3f %11.3f", r->name, t->wall[middle], t->wall[0], t->wall[ROUNDS - 1]);
    if (r->work == NULL) {
        (void)printf(" %11s %9.3f\n", "", t->wall[middle] / beside->wall[middle]);
    } else {
        (void)printf(" %11.3f %9.3f %9.3f\n", t->processor[middle], t->wall[middle] / beside->wall[middle],
                     t->processor[middle] / beside->processor[middle]);
    }
}

static void print(bool has_peer)
{
    (void)printf("Ethereum, one thread, medians of %d interleaved rounds\n", ROUNDS);
    (void)printf("%-50s %11s %11s %11s %11s %9s %9s\n", "", "median us", "min", "max", "CPU us", "ratio", "CPU ratio");
    for (size_t i = 0; i < ROWS; i++) {
        qsort(all[i].wall, ROUNDS, sizeof all[i].wall[0], by_value);
        qsort(all[i].processor, ROUNDS, sizeof all[i].processor[0], by_value);
    }
    for (size_t i = 0; i < ROWS; i++) {
        print_row(i, has_peer);
    }
}

int main(int argc, char **argv)
{
    bool has_peer = argc == 2 && start_peer(argv[1]);
    load();
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            if (rows[i].work != NULL) {
                const duration d = each(rows[i].work);
                all[i].wall[round] = d.wall;
                all[i].processor[round] = d.processor;
            } else if (has_peer) {
                all[i].wall[round] = peer_round(rows[i].peer);
            }
        }
    }
    print(has_peer);
    if (has_peer) {
        (void)fclose(peer.ask);
        (void)fclose(peer.answer);
        (void)waitpid(peer.process, NULL, 0);
    }
    chaos_account_free(in.account);
    secp256k1_context_destroy(in.context);
    chaos_buffer_free(&in.typed);
    chaos_buffer_free(&in.log);
    return 0;
}
