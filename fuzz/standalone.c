/* standalone.c - runs a fuzz target without libFuzzer, as a regression test: every file of the named files and
 * folders, whole and cut at every length up to a limit, each in an allocation of exactly its size so that a read past
 * the end is one past the allocation, too. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE (4u * 1024u * 1024u)
#define MAX_CUT 4096u
#define MAX_NAME 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long runs, files;

static void run_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL) {
        fprintf(stderr, "standalone: out of memory\n");
        exit(EXIT_FAILURE);
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(MAX_FILE);
    size_t size = 0;
    int failed = file == NULL || data == NULL;

    if (!failed) {
        size = fread(data, 1, MAX_FILE, file);
        failed = ferror(file);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    if (failed) {
        fprintf(stderr, "standalone: cannot read %s: %s\n", path, strerror(errno));
        free(data);
        return -1;
    }
    for (size_t cut = 0; cut < size && cut <= MAX_CUT; cut++) {
        run_exact(data, cut);
    }
    run_exact(data, size);
    free(data);
    files++;
    return 0;
}

static int run_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    int result = 0;

    if (count < 0) {
        fprintf(stderr, "standalone: cannot read %s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        char name[MAX_NAME];
        int length = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);

        if (length < 0 || (size_t)length >= sizeof(name)) {
            result = -1;
        } else if (entries[i]->d_name[0] != '.') {
            result |= run_file(name);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

int main(int argc, char **argv)
{
    int result = 0;

    run_exact(NULL, 0);
    for (int i = 1; i < argc; i++) {
        struct stat status;

        if (stat(argv[i], &status) != 0) {
            fprintf(stderr, "standalone: no such file: %s\n", argv[i]);
            result = -1;
        } else {
            result |= S_ISDIR(status.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
        }
    }
    printf("%lu files, %lu runs\n", files, runs);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
