/* report.c - what was found, and what went wrong. */
#include "fetch_program.h"

#include <unistd.h>

#define REPORT_MAX 32768u

static void write_error(json_writer *w, const char *name, const chaos_error *err)
{
    if (err == NULL || err->status == CHAOS_OK) {
        json_write_null(w, name);
        return;
    }
    json_write_object(w, name);
    json_write_text(w, "code", chaos_status_name(err->status));
    json_write_text(w, "expected", err->expected[0] != '\0' ? err->expected : NULL);
    json_write_text(w, "field", err->field);
    json_write_text(w, "found", err->found[0] != '\0' ? err->found : NULL);
    json_write_text(w, "stage", chaos_status_stage(err->status));
    json_write_text(w, "text", err->text);
    json_write_object_end(w);
}

static void write_facts(json_writer *w, const chaos_collateral_facts *f)
{
    if (f == NULL) {
        json_write_null(w, "facts");
        return;
    }
    json_write_object(w, "facts");
    json_write_hex(w, "fmspc", slice(f->fmspc, sizeof f->fmspc));
    json_write_text(w, "pck_ca", f->platform_ca ? "platform" : "processor");
    json_write_unsigned(w, "qe_evaluation_number", f->qe_evaluation_number);
    json_write_unsigned(w, "tcb_evaluation_number", f->tcb_evaluation_number);
    json_write_time(w, "tcb_info_issued", f->tcb_info_issued);
    json_write_text(w, "tee", f->tee == CHAOS_TEE_TDX ? "tdx" : "sgx");
    json_write_time(w, "valid_from", f->valid_from);
    json_write_time(w, "valid_to", f->valid_to);
    json_write_object_end(w);
}

/* {"cache","error","facts","origin","schema","warning"}; `found` NULL: there is an error instead. */
static bool write_json(chaos_buffer *out, const char *folder, const chaos_cached_collateral *found,
                       const chaos_error *err)
{
    json_writer w = json_writer_begin(out);

    json_write_object(&w, NULL);
    json_write_text(&w, "cache", folder);
    write_error(&w, "error", err);
    write_facts(&w, found == NULL ? NULL : &found->facts);
    json_write_text(&w, "origin", found == NULL ? NULL : chaos_collateral_origin_name(found->origin));
    json_write_text(&w, "schema", "chaoschain/collateral-fetch/1");
    write_error(&w, "warning", found == NULL ? NULL : &found->failure);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

static bool write_sentence(chaos_buffer *out, const chaos_cached_collateral *found)
{
    const chaos_collateral_facts *f = &found->facts;
    const char *how = found->origin == CHAOS_ORIGIN_SERVICE ? "fetched and verified"
                      : found->origin == CHAOS_ORIGIN_CACHE ? "kept from before and verified again; nobody was asked"
                                                            : "kept from before and verified again; the service failed";
    char fmspc[2 * sizeof f->fmspc + 4];
    char until[TIME_TEXT_SIZE];

    return buffer_append_format(out, "Collateral for %s, FMSPC %s, %s CA, evaluation number %u, valid until %s: %s.\n",
                                f->tee == CHAOS_TEE_TDX ? "tdx" : "sgx",
                                error_hex(fmspc, sizeof fmspc, slice(f->fmspc, sizeof f->fmspc)),
                                f->platform_ca ? "platform" : "processor", f->tcb_evaluation_number,
                                time_format(f->valid_to, until), how);
}

static bool warn(const chaos_error *failure)
{
    CHAOS_AUTO_BUFFER(text, REPORT_MAX);

    return buffer_append_format(&text, PROGRAM ": warning: it was not renewed: %s (%s): %s%s%s\n",
                                chaos_status_name(failure->status), failure->field == NULL ? "-" : failure->field,
                                failure->text, failure->found[0] == '\0' ? "" : "; found ", failure->found) &&
           say_text(STDERR_FILENO, (const char *)text.data);
}

/* The collateral goes to --out; without it to standard output, unless that is for the JSON of --json. */
int report_found(const options *given, const char *folder, const chaos_cached_collateral *found, chaos_slice text)
{
    const char *out = options_value(given, OPT_OUT, 0);
    const bool as_json = options_has(given, OPT_JSON);
    CHAOS_AUTO_BUFFER(report, REPORT_MAX);
    chaos_error err = { 0 };

    if (!(as_json ? write_json(&report, folder, found, NULL) : write_sentence(&report, found))) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    if (found->failure.status != CHAOS_OK && !as_json && !warn(&found->failure)) {
        return EXIT_ENVIRONMENT;
    }
    if ((out != NULL || !as_json) &&
        output_write("--out", out == NULL ? "-" : out, text, 0644, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_status(err.status), &err);
    }
    if (as_json || (out != NULL && strcmp(out, "-") != 0)) {
        return say_result(PROGRAM, buffer_slice(&report), EXIT_AFFIRMING);
    }
    return say_text(STDERR_FILENO, (const char *)report.data) ? EXIT_AFFIRMING : EXIT_ENVIRONMENT;
}

int report_failure(const options *given, const chaos_error *err)
{
    CHAOS_AUTO_BUFFER(report, REPORT_MAX);
    const int code = exit_of_status(err->status);

    if (code != EXIT_USAGE && options_has(given, OPT_JSON) && write_json(&report, NULL, NULL, err)) {
        return say_result(PROGRAM, buffer_slice(&report), code);
    }
    return say_fault(PROGRAM, code, err);
}
