/* mount.c - the tree as a folder, through FUSE. Nothing is cached by the kernel: each call arrives at tree.c. */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "simulator.h"

#define PREDECESSOR_MS 5000
#define MAX_THREADS 8

static tree *tree_of_call(void)
{
    return fuse_get_context()->private_data;
}

static handle *handle_of(const struct fuse_file_info *info)
{
    return (handle *)(uintptr_t)info->fh;
}

/* ------------------------------------------------------------------- calls ---- */

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)connection;
    config->direct_io = 1;
    config->entry_timeout = 0;
    config->attr_timeout = 0;
    config->negative_timeout = 0;
    config->hard_remove = 1;
    return fuse_get_context()->private_data;
}

static int on_getattr(const char *path, struct stat *status, struct fuse_file_info *info)
{
    node_status at;
    (void)info;
    const int result = tree_status(tree_of_call(), path, &at);
    memset(status, 0, sizeof *status);
    if (result == 0) {
        status->st_mode = (at.is_folder ? S_IFDIR : S_IFREG) | (mode_t)at.mode;
        status->st_nlink = at.is_folder ? 2 : 1;
        status->st_size = (off_t)at.size;
        status->st_uid = getuid();
        status->st_gid = getgid();
    }
    return result;
}

typedef struct listing {
    fuse_fill_dir_t fill;
    void *buffer;
} listing;

static bool add_name(void *context, const char *name)
{
    const listing *l = context;
    return l->fill(l->buffer, name, NULL, 0, (enum fuse_fill_dir_flags)0) == 0;
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                      enum fuse_readdir_flags flags)
{
    listing l = { fill, buffer };
    (void)offset;
    (void)info;
    (void)flags;
    return add_name(&l, ".") && add_name(&l, "..") ? tree_list(tree_of_call(), path, add_name, &l) : -ENOMEM;
}

static int on_mkdir(const char *path, mode_t mode)
{
    (void)mode;
    return tree_mkdir(tree_of_call(), path);
}

static int on_rmdir(const char *path)
{
    return tree_rmdir(tree_of_call(), path);
}

static int on_unlink(const char *path)
{
    (void)path;
    return -EPERM; /* attributes go with their entry */
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
    (void)path;
    (void)size;
    (void)info;
    return 0; /* O_TRUNC means nothing to an attribute */
}

static int on_open(const char *path, struct fuse_file_info *info)
{
    handle *h = NULL;
    const int result = tree_open(tree_of_call(), path, info->flags, &h);
    info->fh = (uint64_t)(uintptr_t)h;
    return result;
}

static int on_read(const char *path, char *out, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    return tree_read(tree_of_call(), handle_of(info), out, size, offset);
}

static int on_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)path;
    return tree_write(tree_of_call(), handle_of(info), bytes, size, offset);
}

static int on_flush(const char *path, struct fuse_file_info *info)
{
    (void)path;
    return tree_flush(tree_of_call(), handle_of(info));
}

static int on_release(const char *path, struct fuse_file_info *info)
{
    (void)path;
    tree_close(tree_of_call(), handle_of(info));
    return 0;
}

static const struct fuse_operations operations = {
    .init = on_init,
    .getattr = on_getattr,
    .readdir = on_readdir,
    .mkdir = on_mkdir,
    .rmdir = on_rmdir,
    .unlink = on_unlink,
    .truncate = on_truncate,
    .open = on_open,
    .read = on_read,
    .write = on_write,
    .flush = on_flush,
    .release = on_release,
};

/* ------------------------------------------------------------------- folder ---- */

static int cannot(const char *what, const char *folder)
{
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "%s '%s': %s", what, shown(folder).text, strerror(errno));
}

/* Is something mounted there? -1: it cannot be said, errno has why. */
static int is_mounted(const char *folder)
{
    struct stat here, above;
    char parent[4096 + 4];
    if (stat(folder, &here) != 0) {
        return -1;
    }
    int n = snprintf(parent, sizeof parent, "%s/..", folder);
    if (n < 0 || (size_t)n >= sizeof parent || stat(parent, &above) != 0) {
        return -1;
    }
    return here.st_dev != above.st_dev;
}

/* The folder, made if need be, with nothing mounted on it. A simulator that was told to end a moment ago is waited for;
 * what one that was killed has left behind is taken away. */
static int prepare(const char *folder)
{
    const struct timespec pause = { 0, 20000000 };
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        return cannot("cannot make the folder", folder);
    }
    for (int waited_ms = 0; waited_ms < PREDECESSOR_MS; waited_ms += 20) {
        const int mounted = is_mounted(folder);
        if (mounted == 0) {
            return 0;
        }
        if (mounted < 0 && errno == ENOTCONN && umount2(folder, MNT_DETACH) != 0) {
            return say_failure(PROGRAM, EXIT_ENVIRONMENT,
                               "a simulator that was killed has left its mount at '%s': fusermount3 -u takes it away",
                               shown(folder).text);
        }
        if (mounted < 0 && errno != ENOTCONN) {
            return cannot("cannot look at", folder);
        }
        (void)nanosleep(&pause, NULL);
    }
    return say_failure(PROGRAM, EXIT_ENVIRONMENT, "something is mounted at '%s'", shown(folder).text);
}

/* -------------------------------------------------------------------- serve ---- */

static int serve(struct fuse *fuse, int (*ready)(void *context), void *context)
{
    struct fuse_session *session = fuse_get_session(fuse);
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    if (config == NULL || fuse_set_signal_handlers(session) != 0) {
        fuse_loop_cfg_destroy(config);
        return say_failure(PROGRAM, EXIT_INTERNAL, "no signal handlers");
    }
    fuse_loop_cfg_set_max_threads(config, MAX_THREADS);
    int code = ready(context);
    if (code == 0) {
        (void)fuse_loop_mt(fuse, config); /* its result is the signal that ended it */
    }
    fuse_remove_signal_handlers(session);
    fuse_loop_cfg_destroy(config);
    return code;
}

int mount_and_serve(tree *t, const char *folder, int (*ready)(void *context), void *context)
{
    static char name[] = PROGRAM, option[] = "-o", value[] = "fsname=" PROGRAM ",nosuid,nodev,noexec";
    char *argv[] = { name, option, value, NULL };
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    int code = prepare(folder);
    if (code != 0) {
        return code;
    }
    if (access("/dev/fuse", F_OK) != 0) {
        return cannot("this machine has no FUSE:", "/dev/fuse");
    }
    struct fuse *fuse = fuse_new(&args, &operations, sizeof operations, t);
    fuse_opt_free_args(&args);
    if (fuse == NULL) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "FUSE does not start");
    }
    if (fuse_mount(fuse, folder) != 0) {
        fuse_destroy(fuse);
        return say_failure(PROGRAM, EXIT_ENVIRONMENT,
                           "cannot mount at '%s': as another user than root the Debian package fuse3 is needed",
                           shown(folder).text);
    }
    code = serve(fuse, ready, context);
    fuse_unmount(fuse);
    fuse_destroy(fuse);
    return code;
}
