/* fuzz_json.c - the JSON reader against itself and the writer: json_skip and a walk through every value
 * judge alike, and what the writer makes of a string reads back as that string. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_TEXT (1u << 20)
#define BAD CHAOS_E_POLICY_FORMAT /* what the walk demands beyond RFC 8259 */

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void walk_scalar(json *j, chaos_buffer *scratch)
{
    switch (json_peek(j)) {
    case JSON_KIND_OBJECT:
        json_enter_object(j, "it");
        return;
    case JSON_KIND_ARRAY:
        json_enter_array(j, "it");
        return;
    case JSON_KIND_STRING:
        (void)json_decoded_string(j, "it", scratch);
        return;
    case JSON_KIND_NUMBER:
        (void)json_unsigned(j, "it", UINT64_MAX);
        return;
    case JSON_KIND_TRUE:
    case JSON_KIND_FALSE:
        (void)json_boolean(j, "it");
        return;
    case JSON_KIND_NULL:
        json_skip(j, "it", NULL);
        return;
    case JSON_KIND_NONE:
        return;
    }
}

static fault walk(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(scratch, MAX_TEXT);
    json j;
    json_begin(&j, text, BAD);
    do {
        walk_scalar(&j, &scratch);
        bool another = false;
        while (json_ok(&j) && j.depth > 0 && !another) {
            chaos_slice key;
            another = j.in_object[j.depth - 1] ? json_key(&j, &key) : json_element(&j);
        }
    } while (json_ok(&j) && j.depth > 0);
    json_end(&j);
    return j.r.why;
}

static void check_fault(const fault *why, size_t size)
{
    must(why->field != NULL && why->offset <= size);
    must(why->status == CHAOS_E_JSON || why->status == CHAOS_E_JSON_DEPTH ||
         why->status == CHAOS_E_JSON_DUPLICATE_KEY || why->status == BAD);
}

static void skip_and_walk_agree(chaos_slice text)
{
    json j;
    chaos_slice whole;
    json_begin(&j, text, BAD);
    json_skip(&j, "it", &whole);
    json_end(&j);
    must(whole.data >= text.data || whole.size == 0);
    fault walked = walk(text);
    if (walked.status == CHAOS_OK) {
        must(json_ok(&j));
        return;
    }
    check_fault(&walked, text.size);
    if (!json_ok(&j)) {
        check_fault(&j.r.why, text.size);
        must(j.r.why.status != BAD);
        must(walked.status == BAD || (walked.status == j.r.why.status && walked.offset == j.r.why.offset));
        return;
    }
    must(walked.status == BAD);
}

static void writer_and_reader_agree(chaos_slice text)
{
    CHAOS_AUTO_BUFFER(written, 8 * MAX_TEXT);
    CHAOS_AUTO_BUFFER(read, 8 * MAX_TEXT);
    CHAOS_AUTO_BUFFER(again, 8 * MAX_TEXT);
    json_writer w = json_writer_begin(&written);
    json_write_bytes_as_text(&w, NULL, text);
    must(json_writer_status(&w) == CHAOS_OK);
    json j;
    json_begin(&j, buffer_slice(&written), BAD);
    chaos_slice back = json_decoded_string(&j, "it", &read);
    bool has_nul = text.size > 0 && memchr(text.data, 0, text.size) != NULL;
    must(json_ok(&j) == !has_nul);
    if (has_nul) {
        return;
    }
    json_end(&j);
    must(json_ok(&j));
    w = json_writer_begin(&again);
    json_write_bytes_as_text(&w, NULL, back);
    must(slice_equal(buffer_slice(&again), buffer_slice(&written)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_TEXT) {
        return 0;
    }
    chaos_slice text = slice(data, size);
    skip_and_walk_agree(text);
    writer_and_reader_agree(text);
    return 0;
}
