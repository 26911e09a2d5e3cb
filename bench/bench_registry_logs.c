/* bench_registry_logs.c - 100,000 logs of the registries: decoded alone, and read from a node's JSON before that, beside
 * Keccak-256 of the same bytes as the raw primitive. Best of several rounds; the two raw rows show what is noise. */
#include "erc8004/erc8004.h"
#include "eth/rpc.h"

#include <stdio.h>
#include <time.h>

enum {
    LOGS = 100000,
    LOGS_OF_ANSWER = 5000, /* of one answer of a node: 20 answers */
    KINDS = 4,
    ROUNDS = 7
};

typedef struct sample {
    chaos_log log;
    uint8_t data[512];
} sample;

static sample samples[KINDS];
volatile uint8_t bench_sink; /* so that the work is done */

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench-registry-logs: %s\n", what);
        exit(1);
    }
}

static void fill(sample *s, chaos_event_kind kind, size_t topics, const char *hashed, const char *const *texts,
                 size_t numbers, size_t text_count, bool numbers_first)
{
    CHAOS_AUTO_BUFFER(out, sizeof s->data);
    abi_writer w = abi_writer_begin(&out, numbers + text_count);
    for (size_t i = 0; i < numbers + text_count; i++) {
        bool number = numbers_first ? i < numbers : i >= text_count;
        if (number) {
            abi_write_unsigned(&w, 7);
        } else {
            abi_write_bytes(&w, slice_text(texts[numbers_first ? i - numbers : i]));
        }
    }
    must(abi_writer_end(&w), "a sample is too large");
    memcpy(s->data, out.data, out.size);
    s->log.data = slice(s->data, out.size);
    s->log.topic_count = topics;
    s->log.topics[0] = chaos_event_topic(kind);
    if (hashed != NULL) {
        s->log.topics[topics - 1] = hash_keccak(slice_text(hashed));
    }
}

static void make_samples(void)
{
    static const char *const uri[] = { "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi" };
    static const char *const metadata[] = { "tee.evidenceHash", "01234567890123456789012345678901" };
    fill(&samples[0], CHAOS_EVENT_REGISTERED, 3, NULL, uri, 0, 1, true);
    fill(&samples[1], CHAOS_EVENT_METADATA_SET, 3, metadata[0], metadata, 0, 2, true);
    fill(&samples[2], CHAOS_EVENT_VALIDATION_REQUEST, 4, NULL, uri, 0, 1, true);
    fill(&samples[3], CHAOS_EVENT_RESPONSE_APPENDED, 4, NULL, uri, 1, 1, true);
    /* feedbackIndex, URI, hash: one number in front of the text and one behind */
    CHAOS_AUTO_BUFFER(out, sizeof samples[3].data);
    abi_writer w = abi_writer_begin(&out, 3);
    abi_write_unsigned(&w, 1);
    abi_write_bytes(&w, slice_text(uri[0]));
    abi_write_unsigned(&w, 9);
    must(abi_writer_end(&w), "a sample is too large");
    memcpy(samples[3].data, out.data, out.size);
    samples[3].log.data = slice(samples[3].data, out.size);
}

static void write_log(json_writer *j, const sample *s, uint32_t index)
{
    json_write_object(j, NULL);
    json_write_0x(j, "address", slice(s->log.address.bytes, sizeof s->log.address.bytes));
    json_write_0x(j, "blockHash", slice(s->log.block_hash.bytes, sizeof s->log.block_hash.bytes));
    rpc_write_quantity(j, "blockNumber", 1000);
    json_write_0x(j, "data", s->log.data);
    rpc_write_quantity(j, "logIndex", index);
    json_write_array(j, "topics");
    for (size_t i = 0; i < s->log.topic_count; i++) {
        json_write_0x(j, NULL, slice(s->log.topics[i].bytes, sizeof s->log.topics[i].bytes));
    }
    json_write_array_end(j);
    json_write_0x(j, "transactionHash", slice(s->log.transaction_hash.bytes, sizeof s->log.transaction_hash.bytes));
    rpc_write_quantity(j, "transactionIndex", 0);
    json_write_object_end(j);
}

static void write_answer(chaos_buffer *out)
{
    json_writer j = json_writer_begin(out);
    json_write_array(&j, NULL);
    for (uint32_t i = 0; i < LOGS_OF_ANSWER; i++) {
        write_log(&j, &samples[i % KINDS], i);
    }
    json_write_array_end(&j);
    must(json_writer_status(&j) == CHAOS_OK, "the answer is too large");
}

/* ------------------------------------------------------------------- rounds ---- */

static double raw(const chaos_buffer *answer)
{
    double begin = now();
    (void)answer;
    for (size_t i = 0; i < LOGS; i++) {
        bench_sink ^= hash_keccak(samples[i % KINDS].log.data).bytes[0];
    }
    return now() - begin;
}

static double decode(const chaos_buffer *answer)
{
    double begin = now();
    (void)answer;
    for (size_t i = 0; i < LOGS; i++) {
        chaos_event event;
        must(chaos_event_read(&samples[i % KINDS].log, &event, NULL) == CHAOS_OK, "a log is refused");
    }
    return now() - begin;
}

static double read_and_decode(const chaos_buffer *answer)
{
    double begin = now();
    for (size_t turn = 0; turn < LOGS / LOGS_OF_ANSWER; turn++) {
        CHAOS_AUTO(chaos_logs, logs);
        json j;
        json_begin(&j, buffer_slice(answer), CHAOS_E_NODE);
        logs = rpc_read_logs(&j);
        json_end(&j);
        must(json_ok(&j) && chaos_logs_count(logs) == LOGS_OF_ANSWER, "the answer is refused");
        for (size_t i = 0; i < LOGS_OF_ANSWER; i++) {
            chaos_event event;
            must(chaos_event_read(chaos_logs_at(logs, i), &event, NULL) == CHAOS_OK, "a log is refused");
        }
    }
    return now() - begin;
}

int main(void)
{
    static const struct {
        const char *name;
        double (*run)(const chaos_buffer *answer);
    } rows[] = {
        { "Keccak-256 of the data (raw)", raw },
        { "the same again (A/A)", raw },
        { "decoded", decode },
        { "read from JSON and decoded", read_and_decode },
    };
    double best[CHAOS_ARRAY_SIZE(rows)];
    CHAOS_AUTO_BUFFER(answer, 16u << 20);
    make_samples();
    write_answer(&answer);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
            double seconds = rows[i].run(&answer);
            best[i] = round == 0 || seconds < best[i] ? seconds : best[i];
        }
    }
    (void)printf("%-32s %12s %12s %8s\n", "100,000 logs of the registries", "ms", "us per log", "x raw");
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(rows); i++) {
        (void)printf("%-32s %12.1f %12.3f %8.2f\n", rows[i].name, best[i] * 1e3, best[i] * 1e6 / LOGS,
                     best[i] / best[0]);
    }
    return 0;
}
