/* tree.c - report/ as drivers/virt/coco/tsm does it for a TDX guest, and measurements/ as the tdx_guest driver does.
 *
 *   report/NAME/provider, generation   text
 *   report/NAME/inblob                 write only; taken over when it is closed
 *   report/NAME/outblob                the quote, made by the first read after inblob was written, then kept
 *   measurements/rtmr3:sha384, ...     48 bytes; writing 48 extends */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#include "simulator.h"

#define MAX_ENTRIES 32
#define MAX_ENTRY_NAME 128
#define MAX_INBLOB 64
#define ENDLESS_SIZE (16u * 1024u * 1024u)
#define GARBAGE "this is no quote"

typedef enum attribute {
    ATTR_PROVIDER,
    ATTR_GENERATION,
    ATTR_INBLOB,
    ATTR_OUTBLOB,
    ATTR_COUNT
} attribute;

static const struct {
    const char *name;
    unsigned mode;
} attributes[ATTR_COUNT] = {
    [ATTR_PROVIDER] = { "provider", 0444 },
    [ATTR_GENERATION] = { "generation", 0444 },
    [ATTR_INBLOB] = { "inblob", 0200 },
    [ATTR_OUTBLOB] = { "outblob", 0444 },
};

#define MRTD_FILE TD_REGISTERS /* beside the four RTMRs */
static const char *const registers[TD_REGISTERS + 1] = { "rtmr0:sha384", "rtmr1:sha384", "rtmr2:sha384",
                                                         "rtmr3:sha384", "mrtd:sha384" };

typedef struct entry {
    char name[MAX_ENTRY_NAME];   /* "": free */
    uint64_t generation, quoted; /* of writes; of the write that outblob is of */
    uint8_t inblob[MAX_INBLOB];
    size_t inblob_size;
    chaos_buffer quote;
    unsigned serial; /* of this use of the place: an open file outlives its entry */
} entry;

struct tree {
    pthread_mutex_t lock;
    tree_options how;
    entry entries[MAX_ENTRIES];
    unsigned serials;
    bool is_quoting;
};

typedef enum node_kind {
    NODE_NONE,
    NODE_ROOT,
    NODE_REPORT,
    NODE_ENTRY,
    NODE_ATTRIBUTE,
    NODE_MEASUREMENTS,
    NODE_REGISTER
} node_kind;

typedef struct node {
    node_kind kind;
    entry *of;                 /* NODE_ENTRY, NODE_ATTRIBUTE */
    size_t index;              /* of the attribute, of the register */
    char name[MAX_ENTRY_NAME]; /* directly below report/, whether it is there or not */
} node;

struct handle {
    node at;
    unsigned serial;
    uint8_t written[MAX_INBLOB];
    size_t written_size;
    bool has_written, is_loaded, is_endless;
    chaos_buffer content;
};

tree *tree_new(const tree_options *how)
{
    tree *t = calloc(1, sizeof *t);
    if (t != NULL && pthread_mutex_init(&t->lock, NULL) != 0) {
        free(t);
        return NULL;
    }
    if (t != NULL) {
        t->how = *how;
    }
    return t;
}

void tree_free(tree *t)
{
    if (t != NULL) {
        for (size_t i = 0; i < MAX_ENTRIES; i++) {
            chaos_buffer_free(&t->entries[i].quote);
        }
        (void)pthread_mutex_destroy(&t->lock);
        free(t);
    }
}

static bool happens(tree *t, fault_place place)
{
    int ignored;
    return fault_happens(&t->how.faults, place, &ignored);
}

/* ------------------------------------------------------------------- names ---- */

static entry *find_entry(tree *t, const char *name)
{
    for (size_t i = 0; i < MAX_ENTRIES; i++) {
        if (name[0] != '\0' && strcmp(t->entries[i].name, name) == 0) {
            return &t->entries[i];
        }
    }
    return NULL;
}

static void find_in_report(tree *t, const char *rest, node *out)
{
    const char *slash = strchr(rest, '/');
    const size_t length = slash == NULL ? strlen(rest) : (size_t)(slash - rest);
    if (length == 0 || length >= sizeof out->name) {
        return;
    }
    memcpy(out->name, rest, length);
    out->name[length] = '\0';
    out->of = find_entry(t, out->name);
    if (out->of == NULL || slash == NULL) {
        out->kind = out->of == NULL ? NODE_NONE : NODE_ENTRY;
        return;
    }
    for (size_t i = 0; i < ATTR_COUNT; i++) {
        if (strcmp(slash + 1, attributes[i].name) == 0) {
            out->kind = NODE_ATTRIBUTE;
            out->index = i;
        }
    }
}

static node find(tree *t, const char *path)
{
    static const char report[] = "/report", measurements[] = "/measurements";
    node out = { .kind = NODE_NONE };
    if (strcmp(path, "/") == 0) {
        out.kind = NODE_ROOT;
    } else if (strcmp(path, report) == 0) {
        out.kind = NODE_REPORT;
    } else if (strncmp(path, "/report/", sizeof report) == 0) {
        find_in_report(t, path + sizeof report, &out);
    } else if (t->how.has_registers && strcmp(path, measurements) == 0) {
        out.kind = NODE_MEASUREMENTS;
    }
    for (size_t i = 0; t->how.has_registers && strncmp(path, "/measurements/", sizeof measurements) == 0 &&
                       i < CHAOS_ARRAY_SIZE(registers);
         i++) {
        if (strcmp(path + sizeof measurements, registers[i]) == 0) {
            out.kind = NODE_REGISTER;
            out.index = i;
        }
    }
    return out;
}

static unsigned mode_of(const node *at)
{
    const unsigned of_register = at->index == MRTD_FILE ? 0444 : 0644;
    return at->kind == NODE_REGISTER ? of_register : attributes[at->index].mode;
}

int tree_status(tree *t, const char *path, node_status *out)
{
    (void)pthread_mutex_lock(&t->lock);
    const node at = find(t, path);
    (void)pthread_mutex_unlock(&t->lock);
    *out = (node_status){ .is_folder = at.kind != NODE_ATTRIBUTE && at.kind != NODE_REGISTER, .mode = 0755 };
    if (at.kind == NODE_ATTRIBUTE) {
        out->mode = mode_of(&at);
        out->size = 4096; /* as configfs says of its attributes, whatever is in them */
    } else if (at.kind == NODE_REGISTER) {
        out->mode = mode_of(&at);
        out->size = TD_REGISTER_SIZE;
    }
    return at.kind == NODE_NONE ? -ENOENT : 0;
}

int tree_list(tree *t, const char *path, tree_name_function *name, void *context)
{
    bool more = true;
    (void)pthread_mutex_lock(&t->lock);
    const node at = find(t, path);
    if (at.kind == NODE_ROOT) {
        more = name(context, "report") && (!t->how.has_registers || name(context, "measurements"));
    }
    for (size_t i = 0; more && at.kind == NODE_REPORT && i < MAX_ENTRIES; i++) {
        more = t->entries[i].name[0] == '\0' || name(context, t->entries[i].name);
    }
    for (size_t i = 0; more && at.kind == NODE_ENTRY && i < ATTR_COUNT; i++) {
        more = name(context, attributes[i].name);
    }
    for (size_t i = 0; more && at.kind == NODE_MEASUREMENTS && i < CHAOS_ARRAY_SIZE(registers); i++) {
        more = name(context, registers[i]);
    }
    (void)pthread_mutex_unlock(&t->lock);
    return at.kind == NODE_NONE ? -ENOENT : at.kind == NODE_ATTRIBUTE || at.kind == NODE_REGISTER ? -ENOTDIR
                                                                                                  : 0;
}

/* ----------------------------------------------------------------- entries ---- */

static int make_entry(tree *t, const node *at)
{
    int error = 0;
    if (at->kind != NODE_NONE) {
        return -EEXIST;
    }
    if (at->name[0] == '\0') {
        return -EPERM; /* folders are made below report/ alone */
    }
    if (fault_happens(&t->how.faults, AT_MKDIR, &error)) {
        return -error;
    }
    for (size_t i = 0; i < MAX_ENTRIES; i++) {
        entry *e = &t->entries[i];
        if (e->name[0] == '\0') {
            *e = (entry){ .serial = ++t->serials, .quote = CHAOS_BUFFER_INIT(CHAOS_MAX_EVIDENCE) };
            memcpy(e->name, at->name, strlen(at->name) + 1);
            return 0;
        }
    }
    return -ENOMEM;
}

int tree_mkdir(tree *t, const char *path)
{
    (void)pthread_mutex_lock(&t->lock);
    node at = find(t, path);
    if (strrchr(path, '/') != path + strlen("/report")) {
        at.name[0] = '\0'; /* not directly below report/ */
    }
    const int result = make_entry(t, &at);
    (void)pthread_mutex_unlock(&t->lock);
    return result;
}

int tree_rmdir(tree *t, const char *path)
{
    int result = 0, error = 0;
    (void)pthread_mutex_lock(&t->lock);
    const node at = find(t, path);
    if (at.kind != NODE_ENTRY) {
        result = at.kind == NODE_NONE ? -ENOENT : at.kind == NODE_ATTRIBUTE || at.kind == NODE_REGISTER ? -ENOTDIR
                                                                                                        : -EPERM;
    } else if (fault_happens(&t->how.faults, AT_RMDIR, &error)) {
        result = -error;
    } else { /* attributes vanish with their entry */
        chaos_buffer_free(&at.of->quote);
        at.of->name[0] = '\0';
    }
    (void)pthread_mutex_unlock(&t->lock);
    return result;
}

/* -------------------------------------------------------------- open, close ---- */

static bool may_open(const node *at, int flags)
{
    const unsigned mode = mode_of(at);
    const int access_mode = flags & O_ACCMODE;
    return (access_mode == O_RDONLY || (mode & 0200) != 0) && (access_mode == O_WRONLY || (mode & 0400) != 0);
}

int tree_open(tree *t, const char *path, int flags, handle **opened)
{
    (void)pthread_mutex_lock(&t->lock);
    const node at = find(t, path);
    (void)pthread_mutex_unlock(&t->lock);
    if (at.kind != NODE_ATTRIBUTE && at.kind != NODE_REGISTER) {
        return at.kind == NODE_NONE ? -ENOENT : -EISDIR;
    }
    if (!may_open(&at, flags)) {
        return -EACCES;
    }
    handle *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return -ENOMEM;
    }
    h->at = at;
    h->serial = at.of == NULL ? 0 : at.of->serial;
    h->content.limit = CHAOS_MAX_EVIDENCE;
    *opened = h;
    return 0;
}

/* NULL: the entry has been removed since. */
static entry *entry_of(const handle *h)
{
    entry *e = h->at.of;
    return e != NULL && e->serial == h->serial && e->name[0] != '\0' ? e : NULL;
}

static void take_inblob(tree *t, entry *e, const handle *h)
{
    if (happens(t, LOST_WRITE)) {
        return;
    }
    memcpy(e->inblob, h->written, h->written_size);
    e->inblob_size = h->written_size;
    e->generation++;
    if (happens(t, FOREIGN_WRITE)) {
        e->inblob[0] ^= 0xff;
        e->generation++;
    }
}

static void extend_register(tree *t, const handle *h)
{
    if (happens(t, FOREIGN_EXTEND)) {
        td_extend(t->how.machine, (unsigned)h->at.index, h->written);
    }
    if (!happens(t, IGNORED_EXTEND)) {
        td_extend(t->how.machine, (unsigned)h->at.index, h->written);
    }
}

int tree_flush(tree *t, handle *h)
{
    (void)pthread_mutex_lock(&t->lock);
    entry *e = entry_of(h);
    if (h->has_written && h->at.kind == NODE_REGISTER) {
        extend_register(t, h);
    } else if (h->has_written && e != NULL) {
        take_inblob(t, e, h);
    }
    h->has_written = false;
    (void)pthread_mutex_unlock(&t->lock);
    return 0;
}

void tree_close(tree *t, handle *h)
{
    (void)t;
    chaos_buffer_free(&h->content);
    free(h);
}

/* -------------------------------------------------------------------- write ---- */

int tree_write(tree *t, handle *h, const char *bytes, size_t size, off_t offset)
{
    const bool is_register = h->at.kind == NODE_REGISTER;
    int error = 0;
    (void)pthread_mutex_lock(&t->lock);
    const bool fails = fault_happens(&t->how.faults, is_register ? AT_REGISTER : AT_INBLOB, &error);
    (void)pthread_mutex_unlock(&t->lock);
    if (fails) {
        return -error;
    }
    if (is_register && (offset != 0 || size != TD_REGISTER_SIZE)) {
        return -EINVAL;
    }
    if (offset < 0 || (uint64_t)offset + size > MAX_INBLOB) {
        return -EFBIG;
    }
    memcpy(h->written + offset, bytes, size);
    h->written_size = (size_t)offset + size > h->written_size ? (size_t)offset + size : h->written_size;
    h->has_written = size > 0;
    return (int)size;
}

/* --------------------------------------------------------------------- read ---- */

static int add_text(handle *h, const char *text)
{
    return buffer_append_text(&h->content, text) ? 0 : -ENOMEM;
}

static int load_text(tree *t, handle *h, const entry *e)
{
    char number[32];
    int error = 0;
    if (fault_happens(&t->how.faults, h->at.index == ATTR_PROVIDER ? AT_PROVIDER : AT_GENERATION, &error)) {
        return -error;
    }
    if (h->at.index == ATTR_PROVIDER) {
        return add_text(h, happens(t, OTHER_PROVIDER) ? "sev_guest\n" : "tdx_guest\n");
    }
    (void)snprintf(number, sizeof number, "%llu\n", (unsigned long long)e->generation);
    return add_text(h, happens(t, GARBAGE_GENERATION) ? "many\n" : number);
}

static int load_register(tree *t, handle *h)
{
    uint8_t value[TD_REGISTER_SIZE];
    int error = 0;
    if (fault_happens(&t->how.faults, AT_REGISTER, &error)) {
        return -error;
    }
    if (h->at.index == MRTD_FILE) {
        td_read_mr_td(t->how.machine, value);
    } else {
        td_read_rtmr(t->how.machine, (unsigned)h->at.index, value);
    }
    return buffer_append(&h->content, slice(value, sizeof value)) ? 0 : -ENOMEM;
}

/* The lock is held, but not while the quote "takes its time". */
static int make_quote(tree *t, entry *e, const handle *h)
{
    uint8_t report_data[TD_REPORT_DATA_BYTES];
    const struct timespec delay = { t->how.delay_ms / 1000, (long)(t->how.delay_ms % 1000) * 1000000 };
    memcpy(report_data, e->inblob, sizeof report_data);
    if (happens(t, OTHER_QUOTE)) {
        report_data[sizeof report_data - 1] ^= 0x01;
    }
    const uint64_t generation = e->generation;
    e->quote.size = 0;
    t->is_quoting = true;
    (void)pthread_mutex_unlock(&t->lock);
    (void)nanosleep(&delay, NULL);
    (void)pthread_mutex_lock(&t->lock);
    t->is_quoting = false;
    if (entry_of(h) != e) {
        return -ENXIO;
    }
    if (!td_quote(t->how.machine, report_data, &e->quote)) {
        return -EIO;
    }
    e->quoted = generation;
    return 0;
}

static int load_quote(tree *t, handle *h, entry *e)
{
    int error = 0;
    if (fault_happens(&t->how.faults, AT_OUTBLOB, &error)) {
        return -error;
    }
    if (e->inblob_size != MAX_INBLOB) {
        return -EINVAL;
    }
    h->is_endless = happens(t, ENDLESS_QUOTE);
    if (h->is_endless || happens(t, EMPTY_QUOTE)) {
        return 0;
    }
    if (happens(t, GARBAGE_QUOTE)) {
        return add_text(h, GARBAGE);
    }
    if (t->is_quoting) {
        return -EBUSY;
    }
    if (e->quoted != e->generation) {
        const int result = make_quote(t, e, h);
        if (result != 0) {
            return result;
        }
    }
    return buffer_append(&h->content, buffer_slice(&e->quote)) ? 0 : -ENOMEM;
}

static int load(tree *t, handle *h)
{
    entry *e = entry_of(h);
    if (h->at.kind == NODE_REGISTER) {
        return load_register(t, h);
    }
    if (e == NULL) {
        return -ENXIO;
    }
    return h->at.index == ATTR_OUTBLOB ? load_quote(t, h, e) : load_text(t, h, e);
}

int tree_read(tree *t, handle *h, char *out, size_t size, off_t offset)
{
    (void)pthread_mutex_lock(&t->lock);
    const int result = h->is_loaded ? 0 : load(t, h);
    h->is_loaded = result == 0;
    (void)pthread_mutex_unlock(&t->lock);
    if (result != 0) {
        return result;
    }
    if (h->is_endless) {
        const size_t left = offset < (off_t)ENDLESS_SIZE ? ENDLESS_SIZE - (size_t)offset : 0;
        const size_t count = size < left ? size : left;
        memset(out, 'x', count);
        return (int)count;
    }
    if (offset < 0 || (size_t)offset >= h->content.size) {
        return 0;
    }
    const size_t left = h->content.size - (size_t)offset;
    const size_t count = size < left ? size : left;
    memcpy(out, h->content.data + offset, count);
    return (int)count;
}
