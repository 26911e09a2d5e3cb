/* tees.c - which TEE this machine is, by every provider that is known, each asked in a process of its own. */
#include "doctor.h"

#include <stdio.h>
#include <sys/stat.h>

#include "programs/common/tee/open_tee.h"

/* What a provider says while it is asked is no finding. */
static void say_nothing(void *context, const char *name, chaos_log_level level, const char *line)
{
    (void)context;
    (void)name;
    (void)level;
    (void)line;
}

/* True: the hardware is here. */
static bool probe_known(examination *x, const chaos_tee_registry *registry, const chaos_tee_known *known)
{
    chaos_error reason = { 0 };
    if (!known->is_built) {
        found(x, known->name, FOUND_SKIPPED, NULL, "this version has no plug-in for it yet");
        return false;
    }
    if (chaos_tee_probe(registry, known->name, NULL, &reason) == CHAOS_OK) {
        found(x, known->name, FOUND_OK, NULL, "available%s",
              known->is_hardware ? "" : " (a simulation: it proves nothing)");
        return known->is_hardware;
    }
    found_error(x, known->name, FOUND_SKIPPED, NULL, &reason);
    return false;
}

/* The provider that the agent is to use must be there, with its own options. */
static void probe_chosen(examination *x, const char *provider)
{
    CHAOS_AUTO_BUFFER(text, TEE_MAX_OPTIONS);
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_tee_registry *registry = NULL;
    chaos_error reason = { 0 };
    const tee_choice choice = {
        .provider = provider,
        .endpoint = options_value(&x->o, AGENT_OPT_TEE_ENDPOINT, 0),
        .options = options_value(&x->o, AGENT_OPT_TEE_OPTIONS, 0),
        .plugin = options_value(&x->o, AGENT_OPT_TEE_PLUGIN, 0),
    };
    where.plugin_path = choice.plugin;
    where.log = say_nothing;
    chaos_status status = tee_provider_options(&choice, &text, &reason);
    status = status != CHAOS_OK ? status : chaos_tee_registry_new(&where, &registry, &reason);
    status = status != CHAOS_OK ? status
                                : chaos_tee_probe(registry, provider, (const char *)text.data, &reason);
    if (status == CHAOS_OK) {
        found(x, "agent's TEE", FOUND_OK, NULL, "%s is available", provider);
    } else {
        found_error(x, "agent's TEE", FOUND_FAIL,
                    status == CHAOS_E_PROVIDER_MISSING ? NULL
                                                       : "run it in that TEE, or beside dstack-simulator on a laptop",
                    &reason);
    }
    chaos_tee_registry_free(registry);
}

/* ------------------------------------------------------------- guest agent ---- */

static bool is_local(const examination *x)
{
    return x->has_session && x->s.network.kind == CHAOS_NETWORK_LOCAL;
}

static void look_at_path(examination *x, const char *path, const char *of)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        found(x, "guest agent", FOUND_FAIL, "start it, or unset the variable", "%s names %s, and nothing is there", of,
              path);
    } else if (S_ISDIR(status.st_mode)) {
        found(x, "guest agent", FOUND_FAIL, "mount the socket; where it is missing, a container runtime makes a folder",
              "%s is a folder and no socket", path);
    } else if (!S_ISSOCK(status.st_mode)) {
        found(x, "guest agent", FOUND_FAIL, NULL, "%s is no socket", path);
    } else {
        found(x, "guest agent", FOUND_OK, NULL, "the socket %s is there", path);
    }
}

/* A simulator by the environment takes the TEE's place wherever this machine is. */
static bool look_at_variables(examination *x)
{
    static const char *const variables[] = { "DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT" };
    bool any = false;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value == NULL || value[0] == '\0') {
            continue;
        }
        any = true;
        if (value[0] == '/') {
            look_at_path(x, value, variables[i]);
        }
        found(x, "simulator", is_local(x) ? FOUND_OK : FOUND_WARN,
              is_local(x) ? NULL : "unset it where the TEE is to be real",
              "%s is set: phala-dstack speaks to a simulator", variables[i]);
    }
    return any;
}

static void look_at_guest_agent(examination *x)
{
    static const char *const paths[] = { "/var/run/dstack.sock", "/var/run/tappd.sock" };
    struct stat status;
    bool any = look_at_variables(x);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(paths); i++) {
        if (lstat(paths[i], &status) == 0) {
            look_at_path(x, paths[i], "dstack");
            any = true;
        }
    }
    if (!any) {
        found(x, "guest agent", FOUND_SKIPPED, NULL,
              "no dstack socket: this is no dstack VM, and no simulator is named");
    }
}

void look_at_tees(examination *x)
{
    chaos_tee_registry_options where = CHAOS_TEE_REGISTRY_OPTIONS_INIT;
    chaos_tee_registry *registry = NULL;
    chaos_error err = { 0 };
    size_t here = 0;
    const char *provider = options_value(&x->o, AGENT_OPT_PROVIDER, 0);
    where.log = say_nothing;
    if (chaos_tee_registry_new(&where, &registry, &err) != CHAOS_OK) {
        found_error(x, "providers", FOUND_FAIL, NULL, &err);
        return;
    }
    for (size_t i = 0; i < chaos_tee_known_count(); i++) {
        here += probe_known(x, registry, chaos_tee_known_at(i)) ? 1 : 0;
    }
    chaos_tee_registry_free(registry);
    if (provider != NULL && strcmp(provider, "auto") == 0) {
        found(x, "agent's TEE", here == 1 ? FOUND_OK : FOUND_FAIL, here == 1 ? NULL : "name one: --tee-provider NAME",
              "auto: %zu of the providers above that are hardware are available", here);
    } else if (provider != NULL) {
        probe_chosen(x, provider);
    } else {
        found(x, "agent's TEE", FOUND_SKIPPED, NULL, "no --tee-provider; who only verifies needs none");
    }
    look_at_guest_agent(x);
}
