/* fuzz_bundle.c - the lines of a bundle are the same in whatever pieces they come; what is malformed is said to be so; and
 * nobody's root proves nothing. */
#include "check/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

typedef struct memory_source {
    chaos_slice text;
    size_t chunk;
} memory_source;

static chaos_status read_memory(void *context, uint8_t *into, size_t capacity, size_t *got, chaos_error *err)
{
    memory_source *m = context;
    size_t size = m->text.size < m->chunk ? m->text.size : m->chunk;
    (void)err;
    size = size < capacity ? size : capacity;
    if (size > 0) {
        memcpy(into, m->text.data, size);
    }
    m->text = slice(m->text.data + size, m->text.size - size);
    *got = size;
    return CHAOS_OK;
}

static chaos_bundle_source source_of(memory_source *m)
{
    chaos_bundle_source source = CHAOS_BUNDLE_SOURCE_INIT;
    source.context = m;
    source.read = read_memory;
    return source;
}

/* How it ends: with which fault, where, after how many lines of which kinds. */
typedef struct ending {
    chaos_status status;
    size_t offset;
    uint64_t lines;
    uint64_t kinds;
} ending;

static ending read_all(chaos_slice text, size_t chunk)
{
    memory_source m = { text, chunk };
    const chaos_bundle_source source = source_of(&m);
    ending end = { CHAOS_OK, 0, 0, 0 };
    bundle_reader r;
    bundle_line line;
    bool more = true;
    fault why = { 0 };
    bundle_reader_begin(&r, &source);
    while (more) {
        require(bundle_next(&r, &line, &more, &why, NULL) == CHAOS_OK);
        require(!more || why.status == CHAOS_OK);
        end.kinds = more ? 7 * end.kinds + (uint64_t)line.kind : end.kinds;
    }
    end.status = why.status;
    end.offset = why.offset;
    end.lines = r.line;
    require(end.status == CHAOS_OK || chaos_status_class(end.status) == CHAOS_CLASS_FORMAT);
    require(end.status == CHAOS_OK || end.offset <= text.size);
    bundle_reader_end(&r);
    return end;
}

static void check_all(chaos_slice text)
{
    const chaos_bundle_expectation nothing = CHAOS_BUNDLE_EXPECTATION_INIT;
    memory_source m = { text, SIZE_MAX };
    const chaos_bundle_source source = source_of(&m);
    CHAOS_AUTO_BUFFER(out, CHAOS_MAX_VERDICT);
    chaos_trust *trust = NULL;
    chaos_policy *policy = NULL;
    chaos_verdict *verdict = NULL;
    require(chaos_trust_new(&trust, NULL) == CHAOS_OK && chaos_policy_none(&policy, NULL) == CHAOS_OK);
    require(chaos_check_bundle(&source, slice(NULL, 0), trust, policy, &nothing, 1767225600, NULL, &verdict, NULL) ==
            CHAOS_OK);
    require(chaos_verdict_verified(verdict) != CHAOS_VERIFIED_TRUE && chaos_verdict_error(verdict) != NULL);
    require(chaos_verdict_write_json(verdict, &out, NULL) == CHAOS_OK);
    chaos_verdict_free(verdict);
    chaos_policy_free(policy);
    chaos_trust_free(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const chaos_slice text = slice(data, size);
    const ending whole = read_all(text, SIZE_MAX);
    const ending pieces = read_all(text, 1 + size % 13);
    require(whole.status == pieces.status && whole.offset == pieces.offset && whole.lines == pieces.lines &&
            whole.kinds == pieces.kinds);
    check_all(text);
    return 0;
}
