/* faults.c - what can be asked to go wrong, and how often. */
#include <errno.h>

#include "simulator.h"

#define MAX_TIMES 1000000u

static const struct place_row {
    const char *name, *summary;
    bool has_errno;
} places[FAULT_PLACES] = {
    [AT_MKDIR] = { "mkdir", "making an entry fails", true },
    [AT_RMDIR] = { "rmdir", "removing an entry fails", true },
    [AT_PROVIDER] = { "provider", "reading provider fails", true },
    [AT_GENERATION] = { "generation", "reading generation fails", true },
    [AT_INBLOB] = { "inblob", "writing inblob fails", true },
    [AT_OUTBLOB] = { "outblob", "reading outblob fails", true },
    [AT_REGISTER] = { "register", "reading or extending a register fails", true },
    [FOREIGN_WRITE] = { "foreign-write", "somebody else writes into the same entry", false },
    [LOST_WRITE] = { "lost-write", "inblob is taken and forgotten", false },
    [OTHER_PROVIDER] = { "other-provider", "the guest is of another TEE", false },
    [EMPTY_QUOTE] = { "empty-quote", "no quoting service answers the host: the quote is empty", false },
    [ENDLESS_QUOTE] = { "endless-quote", "the quote does not end", false },
    [OTHER_QUOTE] = { "other-quote", "the quote is for other report data", false },
    [GARBAGE_QUOTE] = { "garbage-quote", "the quote is no quote", false },
    [GARBAGE_GENERATION] = { "garbage-generation", "generation is no number", false },
    [IGNORED_EXTEND] = { "ignored-extend", "extending a register changes nothing", false },
    [FOREIGN_EXTEND] = { "foreign-extend", "somebody else extends the same register just before", false },
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    { "EACCES", EACCES },
    { "EAGAIN", EAGAIN },
    { "EBUSY", EBUSY },
    { "EEXIST", EEXIST },
    { "EINTR", EINTR },
    { "EINVAL", EINVAL },
    { "EIO", EIO },
    { "ENOENT", ENOENT },
    { "ENOSPC", ENOSPC },
    { "ENOTTY", ENOTTY },
    { "ENXIO", ENXIO },
    { "EPERM", EPERM },
    { "ETIMEDOUT", ETIMEDOUT },
};

static bool read_place(chaos_slice name, bool has_errno, fault_place *place)
{
    for (size_t i = 0; i < FAULT_PLACES; i++) {
        if (places[i].has_errno == has_errno && slice_is(name, places[i].name)) {
            *place = (fault_place)i;
            return true;
        }
    }
    return false;
}

static bool read_error(chaos_slice name, int *number)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(errors); i++) {
        if (slice_is(name, errors[i].name)) {
            *number = errors[i].number;
            return true;
        }
    }
    return false;
}

bool fault_read(const char *text, fault_list *list)
{
    trouble made = { .error = 0 };
    uint64_t times = 0;
    const size_t whole = strcspn(text, ":");
    const size_t name = strcspn(text, "=:");
    const bool has_errno = text[name] == '=';
    if (list->count == MAX_FAULTS) {
        return false;
    }
    if (text[whole] == ':' && (!value_unsigned(text + whole + 1, MAX_TIMES, &times) || times == 0)) {
        return false;
    }
    if (!read_place(slice(text, name), has_errno, &made.place) ||
        (has_errno && !read_error(slice(text + name + 1, whole - name - 1), &made.error))) {
        return false;
    }
    made.times = (unsigned)times;
    list->faults[list->count++] = made;
    return true;
}

bool fault_happens(fault_list *list, fault_place place, int *error)
{
    for (size_t i = 0; i < list->count; i++) {
        trouble *f = &list->faults[i];
        if (f->place != place) {
            continue;
        }
        *error = f->error;
        if (f->times == 1) {
            *f = list->faults[--list->count];
        } else if (f->times > 1) {
            f->times--;
        }
        return true;
    }
    return false;
}

bool fault_catalogue(chaos_buffer *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < FAULT_PLACES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%s%s", places[i].name, places[i].has_errno ? "=ERRNO" : "");
        ok = buffer_append_format(out, "%-20s %s\n", name, places[i].summary);
    }
    ok = ok && buffer_append_text(out, "ERRNO is one of");
    for (size_t i = 0; ok && i < CHAOS_ARRAY_SIZE(errors); i++) {
        ok = buffer_append_format(out, " %s", errors[i].name);
    }
    return ok && buffer_append_text(out, "\n");
}
