/* make_evidence.c - writes forged evidence for the installed example: quote.bin, collateral.json, root.der and, in
 * now.txt, the time to verify it at. */
#include "sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

static bool write_file(const char *folder, const char *name, chaos_slice bytes)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = length > 0 && (size_t)length < sizeof(path) ? fopen(path, "wb") : NULL;
    bool good = file != NULL && fwrite(bytes.data, 1, bytes.size, file) == bytes.size;

    if (file != NULL && fclose(file) != 0) {
        good = false;
    }
    if (!good) {
        fprintf(stderr, "make_evidence: cannot write %s\n", path);
    }
    return good;
}

int main(int argc, char **argv)
{
    forge_options options = { 0 };
    forge_result made = { 0 };
    chaos_error error;
    char now[32];

    if (argc != 2) {
        fprintf(stderr, "usage: make_evidence FOLDER\n");
        return 64;
    }
    if (forge_make(FORGE_TDX4, &options, NULL, &made, &error) != CHAOS_OK) {
        fprintf(stderr, "make_evidence: %s\n", error.text);
        return EXIT_FAILURE;
    }
    (void)snprintf(now, sizeof(now), "%" PRId64, made.now);

    bool good = write_file(argv[1], "quote.bin", buffer_slice(&made.quote)) &&
                write_file(argv[1], "collateral.json", buffer_slice(&made.collateral)) &&
                write_file(argv[1], "root.der", buffer_slice(&made.root)) &&
                write_file(argv[1], "now.txt", slice_text(now));

    forge_result_free(&made);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
