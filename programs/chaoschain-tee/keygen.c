/* keygen.c - chaoschain keygen: a key made by the TEE, and evidence that it was. */
#include "tee_program.h"

#define PROGRAM "chaoschain keygen"
#define MAX_REPORT 4096u

enum {
    OPT_EVIDENCE_OUT = KEY_OPT_COUNT,
    OPT_JSON
};

static const option_row rows[] = {
    KEY_ROWS,
    [OPT_EVIDENCE_OUT] = { "--evidence-out", "FILE", 1, false, "write the key's envelope there" },
    [OPT_JSON] = { "--json", NULL, 1, false, "one line of JSON" },
};

static const option_table table = {
    .program = PROGRAM,
    .synopsis = "Usage: " PROGRAM " --tee-provider NAME [OPTION]...\n"
                "Has the TEE make a secp256k1 key (or make it again: the same path is the same key), checks the\n"
                "evidence and shows the public key. The private key stays where it is.",
    .rows = rows,
    .count = CHAOS_ARRAY_SIZE(rows),
    .notes = KEY_NOTES,
};

typedef struct key_report {
    char address[CHAOS_ADDRESS_TEXT_SIZE];
    uint8_t public_key[65];
    chaos_keccak evidence_hash;
} key_report;

static bool write_json(const chaos_keypair *key, const key_report *r, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "address", r->address);
    json_write_text(&w, "algorithm", chaos_keypair_algorithm(key));
    json_write_0x(&w, "evidence_hash", slice(r->evidence_hash.bytes, sizeof r->evidence_hash.bytes));
    json_write_text(&w, "provider", chaos_keypair_provider(key));
    json_write_0x(&w, "public_key", slice(r->public_key, sizeof r->public_key));
    json_write_text(&w, "reference", chaos_keypair_reference(key));
    json_write_text(&w, "schema", "chaoschain/key/1");
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_text(const chaos_keypair *key, const key_report *r, chaos_buffer *out)
{
    char public_key[2 * sizeof r->public_key + 1] = { 0 };
    char hash[2 * sizeof r->evidence_hash.bytes + 1] = { 0 };
    hex_encode(slice(r->public_key, sizeof r->public_key), public_key);
    hex_encode(slice(r->evidence_hash.bytes, sizeof r->evidence_hash.bytes), hash);
    return buffer_append_format(out,
                                "address      %s\n"
                                "public key   0x%s\n"
                                "private key  %s (stays in the TEE)\n"
                                "evidence     0x%s\n",
                                r->address, public_key, chaos_keypair_reference(key), hash);
}

static int show(const options *o, const chaos_keypair *key)
{
    CHAOS_AUTO_BUFFER(out, MAX_REPORT);
    const chaos_evidence *evidence = chaos_keypair_evidence(key);
    const char *path = options_value(o, OPT_EVIDENCE_OUT, 0);
    chaos_address address = chaos_keypair_address(key);
    key_report report = { .evidence_hash = chaos_evidence_hash(evidence) };
    chaos_error err = { 0 };
    chaos_address_format(&address, report.address);
    chaos_keypair_public_key(key, report.public_key);
    bool ok = options_has(o, OPT_JSON) ? write_json(key, &report, &out) : write_text(key, &report, &out);
    if (!ok) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    if (path != NULL &&
        output_write("--evidence-out", path, chaos_evidence_bytes(evidence), 0666, &err) != CHAOS_OK) {
        return tee_fault(PROGRAM, &err);
    }
    return say_result(PROGRAM, buffer_slice(&out), EXIT_AFFIRMING);
}

int verb_keygen(int argc, char **argv)
{
    options o;
    tee_session session = { .program = PROGRAM };
    int code = options_parse(&table, argc, argv, &o);
    if (code != 0) {
        return code;
    }
    if (options_has(&o, KEY_OPT_HELP)) {
        return options_help(&table);
    }
    guard_process();
    code = tee_session_open(&o, false, &session);
    if (code == EXIT_AFFIRMING) {
        code = show(&o, session.bound);
    }
    tee_session_close(&session);
    return code;
}
