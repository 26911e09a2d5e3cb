/* guest_quotes.c - GetQuote and the quotes of the older tappd: what goes into the report data, and what comes back. */
#include <openssl/evp.h>

#include "sim/guest_state.h"

#define DEFAULT_TAG "app-data"
#define MAX_CONTENT (2u * 1024u * 1024u)

/* ------------------------------------------------------------ report data ---- */

typedef struct hash_row {
    const char *name, *openssl; /* NULL: Keccak of this size */
    size_t keccak_size;
} hash_row;

static const hash_row hashes[] = {
    { "sha512", "SHA512", 0 }, /* the default stands first */
    { "sha256", "SHA256", 0 },
    { "sha384", "SHA384", 0 },
    { "sha3-256", "SHA3-256", 0 },
    { "sha3-384", "SHA3-384", 0 },
    { "sha3-512", "SHA3-512", 0 },
    { "keccak256", NULL, 32 },
    { "keccak384", NULL, 48 },
    { "keccak512", NULL, 64 },
};

static const hash_row *find_hash(chaos_slice name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(hashes); i++) {
        if (slice_is(name, hashes[i].name)) {
            return &hashes[i];
        }
    }
    return name.size == 0 ? &hashes[0] : NULL;
}

static bool hash_content(const hash_row *row, chaos_slice content, uint8_t out[GUEST_REPORT_DATA_SIZE])
{
    unsigned size = 0;
    memset(out, 0, GUEST_REPORT_DATA_SIZE);
    if (row->openssl == NULL) {
        sim_keccak(content, out, row->keccak_size);
        return true;
    }
    EVP_MD *md = EVP_MD_fetch(NULL, row->openssl, NULL);
    bool ok = md != NULL && EVP_Digest(content.data, content.size, out, &size, md, NULL) == 1;
    EVP_MD_free(md);
    return ok;
}

bool guest_hash_report_data(chaos_slice algorithm, chaos_slice tag, chaos_slice data,
                            uint8_t out[GUEST_REPORT_DATA_SIZE], const char **name)
{
    CHAOS_AUTO_BUFFER(content, MAX_CONTENT);
    const hash_row *row = find_hash(algorithm);
    *name = row == NULL ? NULL : row->name;
    return row != NULL && buffer_append(&content, tag.size > 0 ? tag : slice_text(DEFAULT_TAG)) &&
           buffer_append_text(&content, ":") && buffer_append(&content, data) &&
           hash_content(row, buffer_slice(&content), out);
}

bool guest_pad_report_data(const guest_arguments *a, uint8_t out[GUEST_REPORT_DATA_SIZE], guest_answer *answer)
{
    memset(out, 0, GUEST_REPORT_DATA_SIZE);
    if (a->report_data.size > GUEST_REPORT_DATA_SIZE) {
        guest_refuse(answer, "Report data is too long: %zu bytes, at most 64", a->report_data.size);
        return false;
    }
    if (a->report_data.size > 0) {
        memcpy(out, a->report_data.data, a->report_data.size);
    }
    return true;
}

/* ----------------------------------------------------------------- answers ---- */

/* The members that both APIs have; the caller ends the object. Members go in the order of their names. */
static bool begin_answer(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE], chaos_buffer *quote,
                         guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(log, CHAOS_MAX_EVENT_LOG);
    if (!guest_quote_locked(g, report_data, quote) || !guest_log_locked(g, g->strip, &log)) {
        guest_fault(answer);
        return false;
    }
    json_write_object(&answer->w, NULL);
    json_write_bytes_as_text(&answer->w, "event_log", buffer_slice(&log));
    return true;
}

void guest_get_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
    uint8_t report_data[GUEST_REPORT_DATA_SIZE];
    char vm_config[GUEST_VM_CONFIG_SIZE];
    if (!guest_pad_report_data(a, report_data, answer) || !begin_answer(g, report_data, &quote, answer)) {
        return;
    }
    json_write_hex(&answer->w, "quote", buffer_slice(&quote));
    json_write_hex(&answer->w, "report_data", slice(report_data, sizeof report_data));
    json_write_text(&answer->w, "vm_config", guest_vm_config(g, vm_config));
    json_write_object_end(&answer->w);
}

static void answer_tappd(guest *g, const uint8_t report_data[GUEST_REPORT_DATA_SIZE], const char *algorithm,
                         chaos_slice prefix, guest_answer *answer)
{
    CHAOS_AUTO_BUFFER(quote, CHAOS_MAX_EVIDENCE);
    if (begin_answer(g, report_data, &quote, answer)) {
        json_write_text(&answer->w, "hash_algorithm", algorithm);
        json_write_bytes_as_text(&answer->w, "prefix", prefix);
        json_write_hex(&answer->w, "quote", buffer_slice(&quote));
        json_write_object_end(&answer->w);
    }
}

/* All 64 bytes as they come: no padding here, unlike GetQuote. */
void guest_raw_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    if (a->report_data.size != GUEST_REPORT_DATA_SIZE) {
        guest_refuse(answer, "invalid content length: %zu bytes, not 64", a->report_data.size);
        return;
    }
    answer_tappd(g, a->report_data.data, "raw", slice("", 0), answer);
}

void guest_tdx_quote(guest *g, const guest_arguments *a, guest_answer *answer)
{
    uint8_t report_data[GUEST_REPORT_DATA_SIZE];
    const char *name;
    if (slice_is(a->hash_algorithm, "raw")) {
        guest_raw_quote(g, a, answer);
    } else if (guest_hash_report_data(a->hash_algorithm, a->prefix, a->report_data, report_data, &name)) {
        answer_tappd(g, report_data, name, a->prefix.size > 0 ? a->prefix : slice_text(DEFAULT_TAG), answer);
    } else if (name == NULL) {
        guest_refuse(answer, "invalid hash algorithm");
    } else {
        guest_fault(answer);
    }
}
