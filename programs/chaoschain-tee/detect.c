/* detect.c - chaoschain providers --detect: which TEE is this machine, and why not the others? */
#include "programs/common/tee/open_tee.h"
#include "tee_program.h"

#define PROGRAM "chaoschain providers"
#define MAX_REPORT 16384u

static bool write_text(const chaos_detection *found, chaos_buffer *out)
{
    const bool has_hypervisor = found->hypervisor[0] != '\0';
    return buffer_append_format(out, "processor %s, %s%s\n",
                                found->processor[0] == '\0' ? "unknown" : found->processor,
                                has_hypervisor ? "in a virtual machine under " : "no virtual machine",
                                has_hypervisor ? found->hypervisor : "") &&
           write_detection(found, out) &&
           buffer_append_format(out, "--tee-provider auto: %s\n",
                                found->picked == NULL ? "none; a simulated TEE must be asked for by name"
                                                      : found->picked);
}

static bool write_json(const chaos_detection *found, chaos_buffer *out)
{
    json_writer w = json_writer_begin(out);
    json_write_object(&w, NULL);
    json_write_text(&w, "hypervisor", found->hypervisor[0] == '\0' ? NULL : found->hypervisor);
    json_write_text(&w, "picked", found->picked);
    json_write_text(&w, "processor", found->processor[0] == '\0' ? NULL : found->processor);
    json_write_text(&w, "schema", "chaoschain/detection/1");
    json_write_array(&w, "tees");
    for (size_t i = 0; i < found->count; i++) {
        json_write_object(&w, NULL);
        json_write_boolean(&w, "here", found->tees[i].is_here);
        json_write_text(&w, "name", found->tees[i].name);
        json_write_text(&w, "reason", found->tees[i].reason);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    json_write_object_end(&w);
    return json_writer_status(&w) == CHAOS_OK && buffer_append_text(out, "\n");
}

int detect_tee(bool as_json)
{
    CHAOS_AUTO_BUFFER(out, MAX_REPORT);
    chaos_detection found;
    chaos_error err = { 0 };
    if (chaos_tee_detect(NULL, &found, &err) != CHAOS_OK) {
        return tee_fault(PROGRAM, &err);
    }
    const bool ok = as_json ? write_json(&found, &out) : write_text(&found, &out);
    return ok ? say_result(PROGRAM, buffer_slice(&out), found.picked != NULL ? EXIT_AFFIRMING : EXIT_ENVIRONMENT)
              : say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
}
