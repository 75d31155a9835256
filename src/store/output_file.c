/* Owns the reading of output files and the creation of previews.
 * Must not: change output files; the task itself writes them.
 * Thread: any. */
#include "store/output_file.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "store/bundle.h"

const char *tether__output_file_name(tether_stream stream)
{
    return stream == TETHER_STDERR ? TETHER__STDERR_FILE : TETHER__STDOUT_FILE;
}

int tether__output_file_size(tether__dir *bundle, tether_stream stream, uint64_t *size,
                             tether_error *error)
{
    tether__file_stamp stamp;
    tether_error problem = {0};
    *size = 0;
    int code = tether__os_file_stamp(bundle, tether__output_file_name(stream), &stamp, &problem);
    if (code == TETHER_OK)
        *size = stamp.size;
    if (code == TETHER_ENOTASK)
        return TETHER_OK;
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Opens the file of a stream; stores its size, and how many bytes the limit has dropped from it. */
static int open_and_measure(tether__dir *bundle, tether_stream stream, int64_t total,
                            tether__file *file, uint64_t *size, uint64_t *dropped,
                            tether_error *error)
{
    tether_error problem = {0};
    tether__file_stamp stamp;
    /* A file need not be opened to see that it is empty. */
    if (total <= 0 &&
        tether__os_file_stamp(bundle, tether__output_file_name(stream), &stamp, NULL) ==
            TETHER_OK &&
        stamp.size == 0)
        return TETHER_OK;
    int code = tether__os_file_open(bundle, tether__output_file_name(stream), file, NULL, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_EGONE || code == TETHER_ECORRUPT)
        return TETHER_OK;
    if (code == TETHER_OK)
        code = tether__os_file_size(file, size, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    else if (total > 0 && (uint64_t)total > *size)
        *dropped = (uint64_t)total - *size;
    return code;
}

/* Reads the ends of both files, as far as they fit. *first receives how many of the bytes are of
 * standard output. */
static int read_ends(const tether__file files[2], const uint64_t size[2], char *bytes, size_t *used,
                     size_t *first, tether_error *error)
{
    int code = TETHER_OK;
    uint64_t whole = size[0] + size[1];
    uint64_t skip = whole > TETHER__PREVIEW_BYTES ? whole - TETHER__PREVIEW_BYTES : 0;
    *used = *first = 0;
    for (int stream = 0; code == TETHER_OK && stream < 2; stream++) {
        uint64_t from = skip < size[stream] ? skip : size[stream];
        size_t got = 0;
        skip -= from;
        if (from < size[stream])
            code = tether__os_file_pread(&files[stream], from, bytes + *used,
                                         (size_t)(size[stream] - from), &got, error);
        *used += got;
        *first = stream == TETHER_STDOUT ? *used : *first;
    }
    return code;
}

/* Puts a newline between the two outputs if the first ends without one, so that the first line of
 * the second is not glued to it. Returns how many bytes there are then. */
static size_t separate(char *bytes, size_t used, size_t first)
{
    if (first == 0 || first == used || bytes[first - 1] == '\n')
        return used;
    memmove(bytes + first + 1, bytes + first, used - first);
    bytes[first] = '\n';
    return used + 1;
}

int tether__output_preview(tether__dir *bundle, const int64_t totals[2], uint64_t dropped[2],
                           bool *truncated, char **text, tether_error *error)
{
    char bytes[TETHER__PREVIEW_BYTES + 1];
    tether__file files[2] = {{-1}, {-1}};
    uint64_t size[2] = {0, 0};
    size_t used = 0, first = 0;
    int code = TETHER_OK;
    *text = NULL;
    /* Both files stay open until they are read, so that the bytes match the sizes. */
    for (int stream = 0; stream < 2; stream++) {
        dropped[stream] = 0;
        if (code == TETHER_OK)
            code = open_and_measure(bundle, (tether_stream)stream, totals[stream], &files[stream],
                                    &size[stream], &dropped[stream], error);
    }
    if (code == TETHER_OK)
        code = read_ends(files, size, bytes, &used, &first, error);
    for (int stream = 0; stream < 2; stream++)
        tether__os_file_close(&files[stream]);
    if (code != TETHER_OK)
        return code;
    used = separate(bytes, used, first);
    *truncated = size[0] + size[1] > TETHER__PREVIEW_BYTES || dropped[0] > 0 || dropped[1] > 0 ||
                 used > TETHER__PREVIEW_BYTES;
    size_t start = used > TETHER__PREVIEW_BYTES ? 1 : 0;
    start += *truncated ? tether__utf8_skip_tail(bytes + start, used - start) : 0;
    *text = tether__utf8_repair(bytes + start, used - start);
    return *text != NULL ? TETHER_OK : tether__fail_memory(error, "read output");
}
