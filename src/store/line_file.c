/* Owns reading files of lines in blocks.
 * Must not: know what the lines mean.
 * Thread: any. */
#include "store/line_file.h"

#include <stdlib.h>

#include "base/error.h"

/* Most journals are short, and each new page of a buffer costs as much as a read. */
enum { BLOCK_SIZE = 16 * 1024 };

int tether__line_file_read(const tether__file *file, tether__lines *lines,
                           tether__line_visitor *visit, void *context, tether_error *error)
{
    static const char step[] = "read file";
    size_t size = 0;
    char *block = malloc(BLOCK_SIZE);
    int code = block != NULL ? TETHER_OK : tether__fail_memory(error, step);
    do {
        if (code == TETHER_OK)
            code = tether__os_file_pread(file, lines->next, block, BLOCK_SIZE, &size, error);
        if (code == TETHER_OK && !tether__lines_feed(lines, block, size, visit, context))
            code = tether__fail_memory(error, step);
    } while (code == TETHER_OK && size == BLOCK_SIZE);
    free(block);
    return code;
}
