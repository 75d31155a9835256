/* Owns the reading of output files and the making of previews.
 * Must not: change them; the task writes them itself.
 * Thread: any. */
#include "output_file.h"

#include <string.h>

#include "bundle.h"
#include "utf8.h"

static const char *file_of(tether_stream stream)
{
    return stream == TETHER_STDERR ? TETHER__STDERR_FILE : TETHER__STDOUT_FILE;
}

int tether__output_file_size(tether__dir *bundle, tether_stream stream, uint64_t *size,
                             tether_error *error)
{
    tether__file_stamp stamp;
    *size = 0;
    int code = tether__os_file_stamp(bundle, file_of(stream), &stamp, error);
    if (code == TETHER_OK)
        *size = stamp.size;
    return code == TETHER_ENOTASK ? TETHER_OK : code;
}

int tether__output_file_read(tether__dir *bundle, tether_stream stream, uint64_t offset,
                             void *buffer, size_t size, size_t *got, tether_error *error)
{
    int code = tether__os_file_read_at(bundle, file_of(stream), offset, buffer, size, got, error);
    return code == TETHER_ENOTASK ? TETHER_OK : code;
}

char *tether__output_preview(tether__dir *bundle, bool *truncated)
{
    char bytes[TETHER__PREVIEW_BYTES];
    uint64_t size[2];
    size_t used = 0;
    tether__output_file_size(bundle, TETHER_STDOUT, &size[0], NULL);
    tether__output_file_size(bundle, TETHER_STDERR, &size[1], NULL);
    uint64_t total = size[0] + size[1];
    uint64_t skip = total > TETHER__PREVIEW_BYTES ? total - TETHER__PREVIEW_BYTES : 0;
    *truncated = skip > 0;
    for (int stream = 0; stream < 2; stream++) {
        uint64_t from = skip < size[stream] ? skip : size[stream];
        size_t want = (size_t)(size[stream] - from);
        size_t got;
        skip -= from;
        tether__output_file_read(bundle, (tether_stream)stream, from, bytes + used, want, &got,
                                 NULL);
        used += got;
    }
    size_t start = *truncated ? tether__utf8_skip_tail(bytes, used) : 0;
    return tether__utf8_repair(bytes + start, used - start);
}
