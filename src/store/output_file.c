/* Owns the reading of output files and the creation of previews.
 * Must not: change output files; the task itself writes them.
 * Thread: any. */
#include "store/output_file.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/gap.h"
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

/* What a preview needs of one stream. */
typedef struct part {
    tether__file file;
    uint64_t size; /* of the file */
    tether__gap gap;
} part;

static tether__gap gap_of(const tether__record *record, tether_stream stream, uint64_t size)
{
    int64_t total = stream == TETHER_STDERR ? record->stderr_total : record->stdout_total;
    if (total > 0 && (uint64_t)total > size)
        return (tether__gap){0, (uint64_t)total - size};
    return tether__gap_within(tether__record_gap_limit(record), size);
}

static int open_part(tether__dir *bundle, const tether__record *record, tether_stream stream,
                     part *p, tether_error *error)
{
    tether_error problem = {0};
    tether__file_stamp stamp;
    int64_t total = stream == TETHER_STDERR ? record->stderr_total : record->stdout_total;
    /* A file need not be opened to see that it is empty. */
    if (total <= 0 &&
        tether__os_file_stamp(bundle, tether__output_file_name(stream), &stamp, NULL) ==
            TETHER_OK &&
        stamp.size == 0)
        return TETHER_OK;
    int code =
        tether__os_file_open(bundle, tether__output_file_name(stream), &p->file, NULL, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_EGONE || code == TETHER_ECORRUPT)
        return TETHER_OK;
    if (code == TETHER_OK)
        code = tether__os_file_size(&p->file, &p->size, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    p->gap = gap_of(record, stream, p->size);
    return code;
}

/* Reads the end of one stream's file from `from` on, but no byte from before a gap, also if that
 * grows during the read. */
static int read_end(const part *p, const tether__record *record, tether_stream stream,
                    uint64_t from, char *bytes, size_t *got, tether_error *error)
{
    uint64_t size = p->size;
    bool may_drop = tether__record_gap_limit(record) > 0;
    bool has_gap = may_drop && p->gap.begin < p->gap.end;
    uint64_t start = has_gap && from < p->gap.end ? p->gap.end : from;
    *got = 0;
    if (start >= p->size)
        return TETHER_OK;
    int code = tether__os_file_pread(&p->file, start, bytes, (size_t)(p->size - start), got, error);
    if (code != TETHER_OK || !may_drop)
        return code;
    code = tether__os_file_size(&p->file, &size, error);
    tether__gap gap = gap_of(record, stream, size);
    uint64_t left = gap.begin < gap.end ? gap.end : 0;
    size_t lost = left > start ? (size_t)(left - start < *got ? left - start : *got) : 0;
    memmove(bytes, bytes + lost, *got - lost);
    *got -= lost;
    return code;
}

/* Reads the ends of both files, as far as they fit. *first receives how many of the bytes are of
 * standard output. */
static int read_ends(const part parts[2], const tether__record *record, char *bytes, size_t *used,
                     size_t *first, tether_error *error)
{
    int code = TETHER_OK;
    uint64_t whole = parts[0].size + parts[1].size;
    uint64_t skip = whole > TETHER__PREVIEW_BYTES ? whole - TETHER__PREVIEW_BYTES : 0;
    *used = *first = 0;
    for (int i = 0; code == TETHER_OK && i < 2; i++) {
        uint64_t from = skip < parts[i].size ? skip : parts[i].size;
        size_t got = 0;
        skip -= from;
        if (from < parts[i].size)
            code = read_end(&parts[i], record, (tether_stream)i, from, bytes + *used, &got, error);
        *used += got;
        *first = i == TETHER_STDOUT ? *used : *first;
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

int tether__output_preview(tether__dir *bundle, const tether__record *record, uint64_t dropped[2],
                           bool *truncated, char **text, tether_error *error)
{
    char bytes[TETHER__PREVIEW_BYTES + 1];
    part parts[2] = {{.file = {-1}}, {.file = {-1}}};
    size_t used = 0, first = 0;
    int code = TETHER_OK;
    *text = NULL;
    /* Both files stay open until they are read, so that the bytes match the sizes. */
    for (int i = 0; i < 2; i++) {
        if (code == TETHER_OK)
            code = open_part(bundle, record, (tether_stream)i, &parts[i], error);
        dropped[i] = parts[i].gap.end - parts[i].gap.begin;
    }
    if (code == TETHER_OK)
        code = read_ends(parts, record, bytes, &used, &first, error);
    for (int i = 0; i < 2; i++)
        tether__os_file_close(&parts[i].file);
    if (code != TETHER_OK)
        return code;
    used = separate(bytes, used, first);
    *truncated = parts[0].size + parts[1].size > TETHER__PREVIEW_BYTES || dropped[0] > 0 ||
                 dropped[1] > 0 || used > TETHER__PREVIEW_BYTES;
    size_t start = used > TETHER__PREVIEW_BYTES ? 1 : 0;
    start += *truncated ? tether__utf8_skip_tail(bytes + start, used - start) : 0;
    *text = tether__utf8_repair(bytes + start, used - start);
    return *text != NULL ? TETHER_OK : tether__fail_memory(error, "read output");
}
