/* report.c - what is said when there is no verdict, or when the verdict is that collateral is missing. */
#include "verify_program.h"

#include "crypto/crypto.h"
#include "wire/wire.h"

#include <unistd.h>

#define REPORT_MAX 8192u

/* ----------------------------------------------------------------- faults ---- */

static void write_text_or_null(json_writer *w, const char *key, const char *text)
{
    json_write_text(w, key, text != NULL && text[0] != '\0' ? text : NULL);
}

static void write_error(json_writer *w, const chaos_error *err)
{
    json_write_object(w, "error");
    json_write_text(w, "code", chaos_status_name(err->status));
    write_text_or_null(w, "expected", err->expected);
    json_write_text(w, "field", err->field);
    write_text_or_null(w, "found", err->found);
    if (err->offset == CHAOS_NO_OFFSET) {
        json_write_null(w, "offset");
    } else {
        json_write_unsigned(w, "offset", err->offset);
    }
    json_write_text(w, "stage", chaos_status_stage(err->status));
    write_text_or_null(w, "text", err->text);
    json_write_object_end(w);
}

chaos_status report_write_fault(int64_t now, bool is_envelope, const chaos_error *err, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_null(&w, "anchor");
    json_write_array(&w, "checks");
    json_write_array_end(&w);
    json_write_object(&w, "claims");
    json_write_object_end(&w);
    write_error(&w, err);
    json_write_time(&w, "now", now);
    json_write_null(&w, "policy_hash");
    json_write_text(&w, "schema", "chaoschain/verdict/1");
    json_write_text(&w, "scope", is_envelope ? "agent" : "platform");
    json_write_null(&w, "tcb");
    json_write_null(&w, "tee");
    json_write_text(&w, "tier", "NONE");
    json_write_null(&w, "verified");
    json_write_object_end(&w);
    return json_writer_status(&w);
}

int report_fault(const int64_t *json_now, const given_evidence *evidence, int code, const chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, REPORT_MAX);
    if (json_now != NULL && report_write_fault(*json_now, evidence->is_envelope, err, &text) == CHAOS_OK &&
        buffer_append_text(&text, "\n")) {
        return say_result(PROGRAM, buffer_slice(&text), code);
    }
    return say_fault(PROGRAM, code, err);
}

/* ------------------------------------------------------ missing collateral ---- */

#define MAX_CHAIN 3
#define MAX_PATH_SHOWN 1024

/* FMSPC and CA of the quote's own PCK certificate, believed by nobody: they only choose what to fetch. */
static bool read_platform(const dcap_quote *quote, char fmspc[13], const char **ca)
{
    fault why = { 0 };
    uint8_t storage[MAX_CHAIN * MAX_CERTIFICATE];
    chaos_slice der[MAX_CHAIN];
    certificate leaf;
    pck_extension extension;
    if (quote->cert_data_type != CERT_PCK_CHAIN ||
        pem_read(quote->cert_data, "CERTIFICATE", CHAOS_E_PCK_CHAIN_FORMAT, CHAOS_E_PCK_CHAIN_LENGTH, storage,
                 sizeof storage, der, MAX_CHAIN, &why) == 0 ||
        !certificate_read(der[0], CHAOS_E_PCK_CHAIN_FORMAT, &leaf, &why) ||
        !pck_extension_read(leaf.sgx_extension, &extension, &why)) {
        return false;
    }
    hex_encode(slice(extension.fmspc, sizeof extension.fmspc), fmspc);
    fmspc[12] = '\0';
    *ca = extension.has_platform_instance_id ? "platform" : "processor";
    return true;
}

static bool find_platform(const given_evidence *given, char fmspc[13], const char **ca)
{
    chaos_evidence *evidence = NULL;
    chaos_slice bytes = buffer_slice(&given->bytes);
    chaos_status status = given->is_envelope ? chaos_envelope_parse(bytes, &evidence, NULL)
                                             : chaos_evidence_parse(bytes, &evidence, NULL);
    if (status != CHAOS_OK) {
        return false;
    }
    bool found = read_platform(&evidence->quote, fmspc, ca);
    chaos_evidence_free(evidence);
    return found;
}

/* The path as one word for a shell. What a terminal would not show as it is is not repeated: `instead` is. */
static bool append_shell_word(chaos_buffer *out, const char *path, const char *instead)
{
    bool plain = true;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '\'') {
            return buffer_append_text(out, instead);
        }
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        plain = plain && (letter || strchr("-_./+,:=@%", *c) != NULL);
    }
    if (strcmp(path, "-") == 0 || strlen(path) > MAX_PATH_SHOWN) {
        return buffer_append_text(out, instead);
    }
    return plain ? buffer_append_text(out, path) : buffer_append_format(out, "'%s'", path);
}

static bool write_hint(const given_evidence *given, chaos_buffer *out)
{
    char fmspc[13];
    const char *ca = NULL;
    bool ok = buffer_append_format(
                  out, "Nothing was judged: a quote needs Intel's collateral. This fetches it:\n"
                       "  chaoschain collateral fetch %s ",
                  given->is_envelope ? "--evidence" : "--quote") &&
              append_shell_word(out, given->path, given->is_envelope ? "ENVELOPE_FILE" : "QUOTE_FILE") &&
              buffer_append_text(out, " --out collateral.json");
    if (ok && find_platform(given, fmspc, &ca)) {
        ok = buffer_append_format(out, "  # FMSPC %s, CA %s", fmspc, ca);
    }
    return ok && buffer_append_text(out, "\nThen add: --collateral collateral.json\n");
}

void report_missing_collateral(const given_evidence *evidence)
{
    CHAOS_AUTO_BUFFER(text, REPORT_MAX);
    if (!write_hint(evidence, &text) || !say_bytes(STDERR_FILENO, buffer_slice(&text))) {
        return; /* a hint only: the verdict has been given */
    }
}
