/* simulator.h - tsm-simulator: what the Linux kernel shows a TDX guest below /sys/kernel/config/tsm and
 * /sys/class/misc/tdx_guest, as a folder of its own.
 *
 * tree.c is the kernel's part, without a file system: names, generations, what a write and a read do, and each fault
 * that is asked for. mount.c shows it through FUSE. */
#ifndef TSM_SIMULATOR_H
#define TSM_SIMULATOR_H

#include <stdio.h>
#include <sys/types.h>

#include "programs/common/common.h"
#include "sim/td.h"

#define PROGRAM "tsm-simulator"

/* ----------------------------------------------------------------- faults ---- */

/* Where an errno can be asked for, and what else can go wrong. */
typedef enum fault_place {
    AT_MKDIR,
    AT_RMDIR,
    AT_PROVIDER,
    AT_GENERATION,
    AT_INBLOB,  /* write(2) */
    AT_OUTBLOB,
    AT_REGISTER, /* reading or extending one */
    /* Faults without an errno. */
    FOREIGN_WRITE,      /* somebody else writes inblob after us */
    LOST_WRITE,         /* the kernel takes inblob and forgets it */
    OTHER_PROVIDER,     /* the guest is of another TEE */
    EMPTY_QUOTE,        /* the quoting service is not set up */
    ENDLESS_QUOTE,
    OTHER_QUOTE,        /* a genuine quote for other report data */
    GARBAGE_QUOTE,
    GARBAGE_GENERATION,
    IGNORED_EXTEND,     /* the write succeeds, and the register stays */
    FOREIGN_EXTEND,     /* another extension comes just before */
    FAULT_PLACES
} fault_place;

#define MAX_FAULTS 8
typedef struct trouble {
    fault_place place;
    int error;      /* an errno, or 0 */
    unsigned times; /* 0: always */
} trouble;

typedef struct fault_list {
    trouble faults[MAX_FAULTS];
    size_t count;
} fault_list;

/* "outblob=EBUSY:2", "foreign-write", "empty-quote:1". False: no such fault, or too many. faults.c */
CHAOS_MUST_USE bool fault_read(const char *text, fault_list *list);
/* Does a fault at this place happen now? It is then used up by one. *error: its errno, or 0. */
bool fault_happens(fault_list *list, fault_place place, int *error);
bool fault_catalogue(chaos_buffer *out); /* for people */

/* ------------------------------------------------------------------- tree ---- */

typedef struct tree tree;
typedef struct handle handle; /* an open file */

typedef struct tree_options {
    td *machine;         /* borrowed */
    fault_list faults;
    unsigned delay_ms;   /* that a quote takes; another that is asked for meanwhile is EBUSY */
    bool has_registers;  /* measurements/ is there, as from Linux 6.16 on */
} tree_options;

tree *tree_new(const tree_options *how); /* NULL: no memory */
void tree_free(tree *t);

typedef struct node_status {
    bool is_folder;
    unsigned mode;
    size_t size;
} node_status;

/* All give 0 (or a count of bytes) or a negative errno, as the kernel would. Paths begin at the root of the tree. */
int tree_status(tree *t, const char *path, node_status *out);
typedef bool tree_name_function(void *context, const char *name);
int tree_list(tree *t, const char *path, tree_name_function *name, void *context);
int tree_mkdir(tree *t, const char *path);
int tree_rmdir(tree *t, const char *path);
int tree_open(tree *t, const char *path, int flags, handle **opened);
int tree_read(tree *t, handle *h, char *out, size_t size, off_t offset);
int tree_write(tree *t, handle *h, const char *bytes, size_t size, off_t offset);
int tree_flush(tree *t, handle *h); /* close(2): what was written is taken over; the result is lost */
void tree_close(tree *t, handle *h);

/* ------------------------------------------------------------------ mount ---- */

/* Shows the tree at `folder` until a signal ends it. `ready` is called when it is there; what it returns other than 0
 * ends it at once. 0 or an exit code after a message. */
int mount_and_serve(tree *t, const char *folder, int (*ready)(void *context), void *context);

#endif
