/* Owns finding where the shown part of an output begins, by lines, bytes and time.
 * Must not: buffer more of the output than one chunk, however large it is.
 * Thread: the main one. */
#include "cli/output_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/utf8.h"

#define CHUNK_BYTES (64 * 1024)

/* How often the end is searched again because the task truncates its output, or the output limit
 * drops some of it, at the same time. */
#define ATTEMPTS 10

/* --- The pieces --- */

static bool set_error(tether_error *error, int code, const char *message)
{
    error->code = code;
    error->os_error = 0;
    snprintf(error->step, sizeof error->step, "read output");
    snprintf(error->message, sizeof error->message, "%s", message);
    return false;
}

static bool take_pieces(output_view *view, const tether_pieces *pieces, tether_error *error)
{
    size_t i;

    view->total = 0;
    view->next[0] = view->next[1] = 0;
    view->count = tether_pieces_count(pieces);
    free(view->pieces);
    view->pieces = calloc(view->count + 1, sizeof *view->pieces);
    if (view->pieces == NULL)
        return set_error(error, TETHER_ENOMEM, "no memory for the list of pieces");
    for (i = 0; i < view->count; i++) {
        tether_piece piece;

        piece.size = sizeof piece;
        if (tether_pieces_get(pieces, i, &piece) != 0)
            return set_error(error, TETHER_EINVAL, "the library is of another version");
        view->pieces[i].stream = piece.stream;
        view->pieces[i].offset = piece.offset;
        view->pieces[i].size = piece.bytes;
        view->pieces[i].time = piece.time;
        view->pieces[i].place = view->total;
        view->total += piece.bytes;
        view->next[piece.stream] = piece.offset + piece.bytes;
    }
    return true;
}

static bool measure(const output_request *request, output_view *view, tether_error *error)
{
    tether_view which = !request->shown[TETHER_STDERR]   ? TETHER_VIEW_STDOUT
                        : !request->shown[TETHER_STDOUT] ? TETHER_VIEW_STDERR
                                                         : TETHER_VIEW_BOTH;
    tether_pieces *pieces;
    bool done;

    view->changed = false;
    if (tether_pieces_open(view->registry, view->task_id, which, &pieces, error) != 0)
        return false;
    done = take_pieces(view, pieces, error);
    tether_pieces_free(pieces);
    return done;
}

/* Returns the number of the piece that has the byte at a place. */
static size_t find_piece(const output_view *view, uint64_t place)
{
    size_t low = 0;
    size_t high = view->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (view->pieces[middle].place <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Reads [from, from + size) of the view. Returns false and sets *error on failure. A file that ends
 * before its view was truncated by the task since. */
static bool view_read(output_view *view, uint64_t from, char *buffer, size_t size,
                      tether_error *error)
{
    size_t done = 0;

    while (done < size) {
        const output_piece *piece = &view->pieces[find_piece(view, from + done)];
        uint64_t begin = from + done - piece->place;
        uint64_t left = piece->size - begin;
        size_t want = left < size - done ? (size_t)left : size - done;
        size_t got;
        int code = tether_output_read(view->registry, view->task_id, piece->stream,
                                      piece->offset + begin, buffer + done, want, &got, error);

        view->changed = code == TETHER_EDROPPED || (code == 0 && got == 0);
        if (view->changed)
            return set_error(error, TETHER_EIO,
                             "the output changed each time it was read, because the task truncates "
                             "it or its limit drops it again and again; run the command later");
        if (code != 0)
            return false;
        done += got;
    }
    return true;
}

/* --- The start --- */

/* Finds the start of the last lines. The newline at the very end does not start another line. Reads
 * backwards, so the time does not depend on the size of the output before them. */
static bool find_lines(output_view *view, uint64_t lines, uint64_t *start, tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t from = view->total;
    uint64_t ends = 0;

    *start = view->total;
    while (lines > 0 && from > 0) {
        size_t size = from < sizeof chunk ? (size_t)from : sizeof chunk;

        from -= size;
        if (!view_read(view, from, chunk, size, error))
            return false;
        while (size-- > 0) {
            if (chunk[size] != '\n' || from + size == view->total - 1)
                continue;
            if (++ends == lines) {
                *start = from + size + 1;
                return true;
            }
        }
        *start = from;
    }
    return true;
}

/* Counts the bytes at a place that continue a UTF-8 character which began before it. The count is 0
 * at the start of a stream. */
static bool count_continued(output_view *view, uint64_t place, uint64_t *count, tether_error *error)
{
    const output_piece *piece;
    uint64_t left;
    size_t size;
    char bytes[4];

    *count = 0;
    if (place >= view->total)
        return true;
    piece = &view->pieces[find_piece(view, place)];
    left = piece->place + piece->size - place;
    size = left < sizeof bytes ? (size_t)left : sizeof bytes;
    if (piece->offset + (place - piece->place) == 0)
        return true;
    if (!view_read(view, place, bytes, size, error))
        return false;
    *count = utf8_continued_start(bytes, size);
    return true;
}

static uint64_t find_time(const output_view *view, int64_t since)
{
    size_t i;

    for (i = 0; i < view->count; i++) {
        if (view->pieces[i].time >= since)
            return view->pieces[i].place;
    }
    return view->total;
}

/* Finds where --tail, --bytes and --since start in the view: the one that shows least counts. */
static bool find_start(output_view *view, const output_request *request, uint64_t *start,
                       tether_error *error)
{
    uint64_t by_bytes = request->bytes < view->total ? view->total - request->bytes : 0;
    uint64_t by_time = request->since > 0 ? find_time(view, request->since) : 0;
    uint64_t cut = 0;

    *start = 0;
    if (request->lines != UINT64_MAX && !find_lines(view, request->lines, start, error))
        return false;
    if (request->bytes != UINT64_MAX && by_bytes >= *start) {
        if (!count_continued(view, by_bytes, &cut, error))
            return false;
        *start = by_bytes + cut;
    }
    if (by_time > *start)
        *start = by_time;
    return true;
}

/* Removes what is before the start. */
static void cut_off(output_view *view, uint64_t start)
{
    size_t first = 0;
    size_t i;

    while (first < view->count && view->pieces[first].place + view->pieces[first].size <= start)
        first++;
    view->count -= first;
    for (i = 0; i < view->count; i++)
        view->pieces[i] = view->pieces[first + i];
    if (view->count > 0 && view->pieces[0].place < start) {
        uint64_t skipped = start - view->pieces[0].place;

        view->pieces[0].offset += skipped;
        view->pieces[0].size -= skipped;
        view->pieces[0].place = start;
    }
}

bool output_view_find(const output_request *request, output_view *view, tether_error *error)
{
    int i;

    for (i = 0; i < ATTEMPTS; i++) {
        uint64_t start;

        if (measure(request, view, error) && find_start(view, request, &start, error)) {
            cut_off(view, start);
            return true;
        }
        if (!view->changed)
            return false;
    }
    return false;
}

bool output_view_start_at(output_view *view, uint64_t offset, uint64_t *left)
{
    size_t i = 0;

    while (i < view->count && view->pieces[i].offset + view->pieces[i].size <= offset)
        i++;
    if (i == view->count) {
        view->count = 0;
        return true;
    }
    *left = view->pieces[i].offset;
    if (offset < *left)
        return false;
    cut_off(view, view->pieces[i].place + offset - *left);
    return true;
}

void output_view_free(output_view *view)
{
    free(view->pieces);
    view->pieces = NULL;
}
