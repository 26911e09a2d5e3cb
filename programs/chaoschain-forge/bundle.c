/* bundle.c - the files of one forged bundle. */
#include "forge_program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define MODE 0644u
#define EXPECT_MAX 4096u

static int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) {
        return EXIT_AFFIRMING;
    }
    int reason = errno;
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "cannot make the folder '%s': %s", shown(path).text,
                       strerror(reason));
}

static int write_file(const char *folder, const char *name, chaos_slice bytes)
{
    char path[PATH_MAX];
    chaos_error err = { 0 };
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        return say_failure(PROGRAM, EXIT_ENVIRONMENT, "the path of '%s' is too long", name);
    }
    return output_write("--out", path, bytes, MODE, &err) == CHAOS_OK ? EXIT_AFFIRMING
                                                                      : say_fault(PROGRAM, EXIT_ENVIRONMENT, &err);
}

static int write_contents(const char *folder, const forge_bundle *made)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/content", folder);
    if (made->content_count == 0 || length < 0 || (size_t)length >= sizeof path) {
        return EXIT_AFFIRMING;
    }
    int code = make_folder(path);
    for (size_t i = 0; code == EXIT_AFFIRMING && i < made->content_count; i++) {
        char name[2 * sizeof made->content_hash[i].bytes + 1] = { 0 };
        hex_encode(slice(made->content_hash[i].bytes, sizeof made->content_hash[i].bytes), name);
        code = write_file(path, name, slice_text(made->content[i]));
    }
    return code;
}

static bool append_hex(chaos_buffer *out, const char *before, chaos_slice bytes, const char *after)
{
    char digits[65] = { 0 };
    hex_encode(bytes, digits);
    return buffer_append_format(out, "%s0x%s%s", before, digits, after);
}

/* What an agent's relying party could read from a chain, as options of verify-bundle, one a line. */
static bool describe(const forge_bundle *made, chaos_buffer *out)
{
    const chaos_binding *binding = &made->sessions[0];
    char before[64];
    bool good = append_hex(out, "--expect-identity-key=",
                           slice(binding->identity_key.bytes, sizeof binding->identity_key.bytes), "\n");
    (void)snprintf(before, sizeof before, "--expect-head=%llu:", (unsigned long long)made->last);
    good = good && append_hex(out, before, slice(made->last_digest.bytes, sizeof made->last_digest.bytes), "@160\n");
    for (size_t i = 0; good && i < CHAOS_ARRAY_SIZE(made->sessions); i++) {
        const chaos_binding *session = &made->sessions[i];
        (void)snprintf(before, sizeof before, "--expect-block=%llu:", (unsigned long long)session->anchor_block);
        good = append_hex(out, before, slice(session->nonce.bytes, sizeof session->nonce.bytes), "\n");
    }
    return good;
}

int write_bundle(const char *folder, const forge_bundle *made, const forge_break *broken)
{
    CHAOS_AUTO_BUFFER(expect, EXPECT_MAX);
    CHAOS_AUTO_BUFFER(expected, EXPECT_MAX);
    char time_text[TIME_TEXT_SIZE];
    char now[TIME_TEXT_SIZE + 1];
    (void)snprintf(now, sizeof now, "%s\n", time_format(made->evidence.now, time_text));
    if (!describe(made, &expect) ||
        (broken != NULL && !buffer_append_format(&expected, "%s\n", chaos_status_name(broken->expected)))) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    const struct {
        const char *name;
        chaos_slice bytes;
    } files[] = {
        { "bundle.jsonl", buffer_slice(&made->text) },
        { "collateral.json", buffer_slice(&made->evidence.collateral) },
        { "trust-root.der", buffer_slice(&made->evidence.root) },
        { "policy.json", buffer_slice(&made->evidence.policy) },
        { "now.txt", slice_text(now) },
        { "expect.txt", buffer_slice(&expect) },
        { "expected.txt", buffer_slice(&expected) },
    };
    int code = make_folder(folder);
    for (size_t i = 0; code == EXIT_AFFIRMING && i < CHAOS_ARRAY_SIZE(files); i++) {
        code = files[i].bytes.size == 0 ? EXIT_AFFIRMING : write_file(folder, files[i].name, files[i].bytes);
    }
    return code == EXIT_AFFIRMING ? write_contents(folder, made) : code;
}
