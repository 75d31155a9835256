/* Runs a fuzz target once for each file of its arguments. CTest passes it the whole corpus. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_LIMIT = 1 << 20 };

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_LIMIT);
    if (file == NULL || data == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        free(data);
        if (file != NULL)
            fclose(file);
        return 1;
    }
    size_t size = fread(data, 1, INPUT_LIMIT, file);
    fclose(file);
    /* A block of exactly this size, so that a sanitizer detects any read beyond its end. */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL) {
        free(data);
        return 1;
    }
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i]);
    if (argc < 2)
        fputs("no corpus was given\n", stderr);
    return failed;
}
