/* rule_file.c - the plug-in as a file, before any of it runs: name, owner, mode, and the tables of an ELF object. */
#define _GNU_SOURCE /* O_NOFOLLOW */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

#define MAX_PLUGIN (64 * 1024 * 1024)

/* -------------------------------------------------------------------- file ---- */

KIT_RULE(rule_file_name)
{
    char quoted[80];
    const char *slash = strrchr(run->subject->path, '/');
    if (run->subject->name[0] == '\0') {
        kit_fail(run, "the file is called '%s'",
                 error_quote(quoted, sizeof quoted, slice_text(slash == NULL ? run->subject->path : slash + 1)));
    }
}

static bool look(kit_run *run, struct stat *status)
{
    if (lstat(run->subject->path, status) == 0) {
        return true;
    }
    kit_fail(run, "the file cannot be examined: %s", strerror(errno));
    return false;
}

KIT_RULE(rule_file_kind)
{
    struct stat status;
    if (!look(run, &status)) {
        return;
    }
    if (S_ISLNK(status.st_mode)) {
        kit_fail(run, "it is a symbolic link");
    } else if (!S_ISREG(status.st_mode)) {
        kit_fail(run, "it is no regular file");
    } else if (status.st_size > MAX_PLUGIN) {
        kit_fail(run, "it has %lld bytes, more than 64 MiB", (long long)status.st_size);
    }
}

static bool is_owned(const struct stat *status)
{
    return status->st_uid == 0 || status->st_uid == geteuid();
}

KIT_RULE(rule_file_owner)
{
    struct stat status;
    if (look(run, &status) && !is_owned(&status)) {
        kit_fail(run, "it belongs to user %lu, and this is user %lu", (unsigned long)status.st_uid,
                 (unsigned long)geteuid());
    }
}

KIT_RULE(rule_file_mode)
{
    struct stat status;
    if (look(run, &status) && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        kit_fail(run, "its mode is %04o", (unsigned)status.st_mode & 07777u);
    }
}

KIT_RULE(rule_file_folder)
{
    struct stat status;
    char folder[PATH_MAX];
    char *slash;
    (void)snprintf(folder, sizeof folder, "%s", run->subject->path);
    slash = strrchr(folder, '/');
    if (slash == NULL || stat((*slash = '\0', folder[0] == '\0' ? "/" : folder), &status) != 0) {
        kit_fail(run, "the folder cannot be examined: %s", strerror(errno));
    } else if (!is_owned(&status)) {
        kit_fail(run, "the folder belongs to user %lu", (unsigned long)status.st_uid);
    } else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0) {
        kit_fail(run, "the folder's mode is %04o", (unsigned)status.st_mode & 07777u);
    }
}

/* --------------------------------------------------------------------- ELF ---- */

typedef struct elf_file {
    const uint8_t *bytes;
    size_t size;
    const Elf64_Sym *symbols; /* of .dynsym */
    size_t symbol_count;
    const Elf64_Dyn *dynamic;
    size_t dynamic_count;
    const char *strings; /* of .dynstr, ended by NUL */
    size_t strings_size;
} elf_file;

/* The table at [offset, offset + size), aligned for its entries; NULL: not in the file. */
static const void *table_at(const elf_file *f, uint64_t offset, uint64_t size)
{
    return offset % 8 == 0 && offset <= f->size && size <= f->size - offset ? f->bytes + offset : NULL;
}

static bool take_strings(elf_file *f, const Elf64_Shdr *section)
{
    f->strings = section->sh_offset <= f->size && section->sh_size <= f->size - section->sh_offset
                     ? (const char *)f->bytes + section->sh_offset
                     : NULL;
    f->strings_size = section->sh_size;
    return f->strings != NULL && f->strings_size > 0 && f->strings[f->strings_size - 1] == '\0';
}

static bool take_section(elf_file *f, const Elf64_Shdr *sections, size_t count, const Elf64_Shdr *section)
{
    if (section->sh_type == SHT_DYNSYM) {
        f->symbols = table_at(f, section->sh_offset, section->sh_size);
        f->symbol_count = section->sh_size / sizeof *f->symbols;
        return f->symbols != NULL && section->sh_link < count && take_strings(f, &sections[section->sh_link]);
    }
    if (section->sh_type == SHT_DYNAMIC) {
        f->dynamic = table_at(f, section->sh_offset, section->sh_size);
        f->dynamic_count = section->sh_size / sizeof *f->dynamic;
        return f->dynamic != NULL;
    }
    return true;
}

/* NULL, or what is wrong with it. */
static const char *elf_read(elf_file *f)
{
    const Elf64_Ehdr *header = table_at(f, 0, sizeof *header);
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return "it is no ELF file";
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_type != ET_DYN) {
        return "it is no shared object of 64 bits, little-endian";
    }
    const Elf64_Shdr *sections = table_at(f, header->e_shoff, (uint64_t)header->e_shnum * sizeof *sections);
    if (sections == NULL || header->e_shentsize != sizeof *sections) {
        return "its section headers cannot be read (stripped of them?)";
    }
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (!take_section(f, sections, header->e_shnum, &sections[i])) {
            return "its dynamic tables are damaged";
        }
    }
    return f->symbols == NULL || f->dynamic == NULL ? "it has no dynamic tables" : NULL;
}

static const char *string_at(const elf_file *f, uint64_t offset)
{
    return offset < f->strings_size ? f->strings + offset : "";
}

static bool elf_open(kit_run *run, elf_file *f)
{
    struct stat status;
    const char *wrong = "the file cannot be read";
    int fd = open(run->subject->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    memset(f, 0, sizeof *f);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        f->bytes = bytes == MAP_FAILED ? NULL : bytes;
        f->size = (size_t)status.st_size;
        wrong = f->bytes == NULL ? wrong : elf_read(f);
    }
    if (fd >= 0) {
        (void)close(fd); /* the mapping stays; this process ends with the rule */
    }
    if (wrong != NULL) {
        kit_fail(run, "%s", wrong);
    }
    return wrong == NULL;
}

static bool is_exported(const Elf64_Sym *symbol)
{
    const unsigned binding = ELF64_ST_BIND(symbol->st_info);
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    return symbol->st_shndx != SHN_UNDEF && (binding == STB_GLOBAL || binding == STB_WEAK) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

KIT_RULE(rule_elf_exports)
{
    elf_file f;
    bool has_entry = false;
    char quoted[80];
    if (!elf_open(run, &f)) {
        return;
    }
    for (size_t i = 1; i < f.symbol_count; i++) {
        const char *name = string_at(&f, f.symbols[i].st_name);
        if (!is_exported(&f.symbols[i])) {
            continue;
        }
        if (strcmp(name, CHAOS_PROVIDER_ENTRY) == 0) {
            has_entry = true;
        } else {
            kit_fail(run, "it exports '%s'", error_quote(quoted, sizeof quoted, slice_text(name)));
        }
    }
    if (!has_entry) {
        kit_fail(run, "it does not export %s", CHAOS_PROVIDER_ENTRY);
    }
}

/* What a provider may not do by itself: the host lends it, or nobody may. */
static const struct forbidden {
    const char *name, *why;
} forbidden[] = {
    { "socket", "opens sockets" },
    { "connect", "opens connections" },
    { "getaddrinfo", "looks names up" },
    { "pthread_create", "starts threads" },
    { "thrd_create", "starts threads" },
    { "fork", "starts processes" },
    { "vfork", "starts processes" },
    { "posix_spawn", "starts processes" },
    { "posix_spawnp", "starts processes" },
    { "system", "starts processes" },
    { "popen", "starts processes" },
    { "execve", "becomes another program" },
    { "execv", "becomes another program" },
    { "execvp", "becomes another program" },
    { "signal", "installs signal handlers" },
    { "sigaction", "installs signal handlers" },
    { "setenv", "changes the environment" },
    { "putenv", "changes the environment" },
    { "unsetenv", "changes the environment" },
    { "clearenv", "changes the environment" },
    { "printf", "prints" },
    { "puts", "prints" },
    { "putchar", "prints" },
    { "vprintf", "prints" },
    { "__printf_chk", "prints" },
    { "__vprintf_chk", "prints" },
    { "exit", "ends the process" },
    { "_exit", "ends the process" },
    { "abort", "ends the process" },
    { "dlopen", "loads code" },
};

static void check_import(kit_run *run, const char *name)
{
    char quoted[80];
    if (strncmp(name, "chaos_", 6) == 0) {
        kit_fail(run, "it needs '%s' of this project's libraries",
                 error_quote(quoted, sizeof quoted, slice_text(name)));
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(forbidden); i++) {
        if (strcmp(name, forbidden[i].name) == 0) {
            kit_fail(run, "it calls %s(): a provider that %s", name, forbidden[i].why);
        }
    }
}

KIT_RULE(rule_elf_imports)
{
    elf_file f;
    char quoted[80];
    if (!elf_open(run, &f)) {
        return;
    }
    for (size_t i = 0; i < f.dynamic_count && f.dynamic[i].d_tag != DT_NULL; i++) {
        const char *name = string_at(&f, f.dynamic[i].d_un.d_val);
        if (f.dynamic[i].d_tag == DT_NEEDED && strncmp(name, "libchaoschain", 13) == 0) {
            kit_fail(run, "it links %s", error_quote(quoted, sizeof quoted, slice_text(name)));
        } else if (f.dynamic[i].d_tag == DT_RPATH || f.dynamic[i].d_tag == DT_RUNPATH) {
            kit_fail(run, "it has libraries looked for in %s", error_quote(quoted, sizeof quoted, slice_text(name)));
        }
    }
    for (size_t i = 1; i < f.symbol_count; i++) {
        if (f.symbols[i].st_shndx == SHN_UNDEF) {
            check_import(run, string_at(&f, f.symbols[i].st_name));
        }
    }
}
