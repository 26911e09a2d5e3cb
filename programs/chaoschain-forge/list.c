/* list.c - the catalogue of breaks. */
#include "forge_program.h"

#define LIST_MAX (1024u * 1024u)

/* The breaks of evidence, then those of bundles. */
static const forge_break *break_at(size_t i)
{
    const size_t count = forge_break_count();
    return i < count ? forge_break_at(i) : forge_bundle_break_at(i - count);
}

static size_t break_count(void)
{
    return forge_break_count() + forge_bundle_break_count();
}

static const char *kinds_text(const forge_break *b)
{
    const bool sgx = (b->kinds & 1u << FORGE_SGX3) != 0;
    const bool tdx = (b->kinds & 1u << FORGE_TDX4) != 0;
    if (b->envelope) {
        return "tdx envelope";
    }
    if (b->kinds == 0) {
        return "bundle";
    }
    if (sgx && tdx) {
        return "sgx tdx";
    }
    return sgx ? "sgx" : "tdx";
}

static bool write_table(chaos_buffer *out)
{
    bool good = true;
    for (size_t i = 0; good && i < break_count(); i++) {
        const forge_break *b = break_at(i);
        good = buffer_append_format(out, "%-46s %-30s %-12s  %s\n", b->name, chaos_status_name(b->expected),
                                    kinds_text(b), b->summary);
    }
    return good;
}

static void write_kinds(json_writer *w, unsigned kinds)
{
    json_write_array(w, "kinds");
    if (kinds == 0) {
        json_write_text(w, NULL, "bundle");
    }
    if ((kinds & 1u << FORGE_SGX3) != 0) {
        json_write_text(w, NULL, "sgx");
    }
    if ((kinds & 1u << FORGE_TDX4) != 0) {
        json_write_text(w, NULL, "tdx");
    }
    json_write_array_end(w);
}

static bool write_json(chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_array(&w, NULL);
    for (size_t i = 0; i < break_count(); i++) {
        const forge_break *b = break_at(i);
        json_write_object(&w, NULL);
        json_write_boolean(&w, "envelope", b->envelope);
        json_write_text(&w, "expected", chaos_status_name(b->expected));
        write_kinds(&w, b->kinds);
        json_write_text(&w, "name", b->name);
        json_write_text(&w, "summary", b->summary);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

int list_breaks(bool as_json)
{
    CHAOS_AUTO_BUFFER(text, LIST_MAX);
    if (!(as_json ? write_json(&text) : write_table(&text))) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    return say_result(PROGRAM, buffer_slice(&text), EXIT_AFFIRMING);
}
