/* open_tee.c - see open_tee.h. */
#include "programs/common/tee/open_tee.h"

chaos_status tee_provider_options(const tee_choice *choice, chaos_buffer *out, chaos_error *err)
{
    bool ok = true;
    if (choice->endpoint == NULL) {
        ok = buffer_append_text(out, choice->options == NULL ? "{}" : choice->options);
    } else if (choice->options != NULL) {
        return error_set(err, CHAOS_E_USAGE, "--tee-endpoint", CHAOS_NO_OFFSET,
                         "write the endpoint into --tee-options, or leave those out");
    } else {
        json_writer w = json_writer_begin(out);
        json_write_object(&w, NULL);
        json_write_text(&w, "endpoint", choice->endpoint);
        json_write_object_end(&w);
        ok = json_writer_status(&w) == CHAOS_OK;
    }
    return ok ? CHAOS_OK
              : error_set(err, CHAOS_E_USAGE, "--tee-options", CHAOS_NO_OFFSET, "more than %u bytes",
                          TEE_MAX_OPTIONS);
}

/* What belongs to one provider cannot be said before it is known which one it is. */
static chaos_status check_auto(const tee_choice *choice, chaos_error *err)
{
    return choice->endpoint == NULL && choice->options == NULL && choice->plugin == NULL
               ? CHAOS_OK
               : error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET,
                           "\"" TEE_AUTO "\" takes this machine as it is: name the provider to give it options");
}

chaos_status open_tee(const tee_choice *choice, chaos_tee_registry **registry, chaos_tee **tee, chaos_error *err)
{
    CHAOS_AUTO_BUFFER(text, TEE_MAX_OPTIONS);
    const chaos_tee_provider *provider = NULL;
    const char *name = choice->provider;
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    if (name == NULL) {
        return error_set(err, CHAOS_E_USAGE, "--tee-provider", CHAOS_NO_OFFSET,
                         "which TEE? 'chaoschain providers' lists them");
    }
    if (strcmp(name, TEE_AUTO) == 0) {
        CHAOS_TRY(check_auto(choice, err));
        CHAOS_TRY(pick_provider("chaoschain", &name, err));
    }
    where.plugin_path = choice->plugin;
    CHAOS_TRY(tee_provider_options(choice, &text, err));
    CHAOS_TRY(chaos_tee_registry_new(&where, registry, err));
    CHAOS_TRY(chaos_tee_find(*registry, name, &provider, err));
    return chaos_tee_open(provider, (const char *)text.data, tee, err);
}
