/* loader.c - a plug-in's file becomes code in this process: only after its owner, its mode and its folder were
 * looked at, and
 * through the descriptor that was looked at. It is never unloaded: its code may be on some thread's stack. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tee/internal.h"

#define MAX_PLUGIN (64 * 1024 * 1024)
#define MAX_TEXT 4096

static chaos_status refuse(const char *field, const char *path, const char *why, chaos_error *err)
{
    char quoted[100];
    (void)error_set(err, CHAOS_E_PROVIDER, field, CHAOS_NO_OFFSET, "%s", why);
    error_found(err, "%s", error_quote(quoted, sizeof quoted, slice(path, strnlen(path, MAX_TEXT))));
    return CHAOS_E_PROVIDER;
}

/* -------------------------------------------------------------------- file ---- */

static bool is_owned(const struct stat *status)
{
    return status->st_uid == 0 || status->st_uid == geteuid();
}

static chaos_status check_file(int fd, const char *path, chaos_error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        return refuse("file", path, "the plug-in is no regular file", err);
    }
    if (!is_owned(&status)) {
        return refuse("owner", path, "the plug-in belongs neither to root nor to this user", err);
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refuse("mode", path, "others than its owner can write the plug-in", err);
    }
    if (status.st_size > MAX_PLUGIN) {
        return refuse("size", path, "the plug-in is larger than 64 MiB", err);
    }
    return CHAOS_OK;
}

/* Who can write the folder can put another file under the name. */
static chaos_status check_folder(const char *path, chaos_error *err)
{
    struct stat status;
    char folder[MAX_TEXT];
    const char *end = strrchr(path, '/');
    size_t length = end == NULL ? 0 : (size_t)(end - path);
    if (length >= sizeof folder) {
        return refuse("folder", path, "the path is too long", err);
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    if (stat(end == NULL ? "." : length == 0 ? "/"
                                             : folder,
             &status) != 0) {
        return refuse("folder", path, "the plug-in's folder cannot be examined", err);
    }
    bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0;
    return is_owned(&status) && !others_write
               ? CHAOS_OK
               : refuse("folder", path, "others than root and this user can write the plug-in's folder", err);
}

static chaos_status open_file(const char *path, int *fd, chaos_error *err)
{
    CHAOS_TRY(check_folder(path, err));
    *fd = open(path,
               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a pipe would otherwise wait for its writer */
    if (*fd < 0) {
        return refuse("file", path,
                      errno == ELOOP ? "the plug-in is a symbolic link" : "the plug-in cannot be opened", err);
    }
    chaos_status status = check_file(*fd, path, err);
    if (status != CHAOS_OK) {
        (void)close(*fd);
        *fd = -1;
    }
    return status;
}

/* -------------------------------------------------------------------- code ---- */

typedef union entry_pointer { /* ISO C has no conversion from an object's address to a function's */
    void *object;
    chaos_provider_entry_function *function;
} entry_pointer;

/* The descriptor of what was loaded stays open: the loader knows an object by the name that it was opened by,
 * and would take
 * the next plug-in under the same number for this one. */
static chaos_status load(int fd, const char *path, entry_pointer *entry, chaos_error *err)
{
    char by_descriptor[64];
    (void)snprintf(by_descriptor, sizeof by_descriptor, "/proc/self/fd/%d", fd);
    void *handle = dlopen(by_descriptor, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *said = dlerror();
        (void)close(fd);
        return refuse("file", said == NULL ? path : said, "the plug-in cannot be loaded", err);
    }
    entry->object = dlsym(handle, CHAOS_PROVIDER_ENTRY);
    return entry->object != NULL ? CHAOS_OK
                                 : refuse("entry", path, "the plug-in does not export chaos_provider_entry", err);
}

#define MANDATORY_SIZE (offsetof(chaos_provider, close) + sizeof(((chaos_provider *)NULL)->close))

static bool has_members(const chaos_provider *plugin)
{
    return plugin->open != NULL && plugin->probe != NULL && plugin->key != NULL && plugin->sign_digest != NULL &&
           plugin->attest != NULL && plugin->key_free != NULL && plugin->close != NULL;
}

static chaos_status check_plugin(const chaos_provider *plugin, const char *path, const char *name,
                                 chaos_error *err)
{
    if (plugin == NULL) {
        return refuse("abi", path, "the plug-in does not speak this version of the provider protocol", err);
    }
    if (plugin->abi != CHAOS_PROVIDER_ABI) {
        (void)refuse("abi", path, "the plug-in speaks another version of the provider protocol", err);
        error_expected(err, "ABI %u, not %u", CHAOS_PROVIDER_ABI, plugin->abi);
        return CHAOS_E_PROVIDER;
    }
    if (plugin->size < MANDATORY_SIZE) {
        (void)refuse("size", path, "the plug-in's struct is too short", err);
        error_expected(err, "at least %zu bytes, not %u", MANDATORY_SIZE, plugin->size);
        return CHAOS_E_PROVIDER;
    }
    if (!has_members(plugin)) {
        return refuse("members", path, "the plug-in leaves out a member that every provider has", err);
    }
    if (plugin->name == NULL || strncmp(plugin->name, name, TEE_MAX_NAME) != 0) {
        return refuse("name", plugin->name == NULL ? "" : plugin->name,
                      "the plug-in has another name than its file", err);
    }
    return plugin->summary != NULL ? CHAOS_OK : refuse("summary", path, "the plug-in has no summary", err);
}

chaos_status plugin_load(const char *path, const char *name, const chaos_provider **plugin, chaos_error *err)
{
    entry_pointer entry = { NULL };
    int fd = -1;
    CHAOS_TRY(open_file(path, &fd, err));
    CHAOS_TRY(load(fd, path, &entry, err));
    const chaos_provider *given = entry.function(CHAOS_PROVIDER_ABI);
    CHAOS_TRY(check_plugin(given, path, name, err));
    *plugin = given;
    return CHAOS_OK;
}
