/* detect.c - --tee-provider auto, and how a detection is shown. */
#include <unistd.h>

#include "programs/common/tee/open_tee.h"

#define MAX_DETECTION 4096u

bool write_detection(const chaos_detection *found, chaos_buffer *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < found->count; i++) {
        const chaos_detected *one = &found->tees[i];
        ok = buffer_append_format(out, "  %-14s %-4s %s\n", one->name, one->is_here ? "yes" : "no", one->reason);
    }
    return ok;
}

static const char *reason_of(const chaos_detection *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->tees[i].name, name) == 0) {
            return found->tees[i].reason;
        }
    }
    return "";
}

static chaos_status say(const char *program, const chaos_detection *found, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, MAX_DETECTION);
    const bool ok = found->picked != NULL
                        ? buffer_append_format(&text, "%s: --tee-provider auto takes %s: %s\n", program, found->picked,
                                               reason_of(found, found->picked))
                        : buffer_append_format(&text, "%s: --tee-provider auto finds no TEE here:\n", program) &&
                              write_detection(found, &text);
    return ok && say_bytes(STDERR_FILENO, buffer_slice(&text))
               ? CHAOS_OK
               : error_set(err, CHAOS_E_FILE_IO, "standard error", CHAOS_NO_OFFSET, "cannot be written to");
}

chaos_status pick_provider(const char *program, const char **provider, chaos_error *err)
{
    chaos_detection found;
    CHAOS_TRY(chaos_tee_detect(NULL, &found, err));
    CHAOS_TRY(say(program, &found, err));
    if (found.picked == NULL) {
        return error_set(err, CHAOS_E_TEE_UNAVAILABLE, "--tee-provider", CHAOS_NO_OFFSET,
                         "this machine is no TEE that this version has a provider for; a simulated one must be "
                         "asked for by name");
    }
    *provider = found.picked;
    return CHAOS_OK;
}
