/* Owns finding where the end of an output begins, by lines and by bytes.
 * Must not: buffer more of the output than one chunk, however large it is.
 * Thread: the main one. */
#include "cli/output_view.h"

#include <stdio.h>

#include "cli/utf8.h"

#define CHUNK_BYTES (64 * 1024)

/* How often the end is searched again because the task truncates its output, or the output limit
 * trims it, at the same time. */
#define ATTEMPTS 10

/* Reads [from, from + size) of the view. Returns false and sets *error on failure. A file that ends
 * before its view was truncated by the task since. */
static bool view_read(output_view *view, uint64_t from, char *buffer, size_t size,
                      tether_error *error)
{
    size_t done = 0;

    while (done < size) {
        uint64_t at = from + done;
        bool first = at < view->size[0];
        tether_stream stream = first ? TETHER_STDOUT : TETHER_STDERR;
        uint64_t place = first ? at : at - view->size[0];
        uint64_t left = view->size[stream] - place;
        size_t want = left < size - done ? (size_t)left : size - done;
        size_t got;

        if (tether_output_read(view->registry, view->task_id, stream, view->first[stream] + place,
                               buffer + done, want, &got, error) != 0)
            return false;
        view->shorter = got == 0;
        if (got == 0) {
            error->code = TETHER_EIO;
            error->os_error = 0;
            snprintf(error->step, sizeof error->step, "read output");
            snprintf(error->message, sizeof error->message,
                     "the output of task %s became shorter each time it was read, because the task "
                     "truncates it again and again; run the command later",
                     view->task_id);
            return false;
        }
        done += got;
    }
    return true;
}

/* Finds the start of the last lines. The newline at the very end does not start another line. Reads
 * backwards, so the time does not depend on the size of the output before them. */
static bool find_lines(output_view *view, uint64_t lines, uint64_t *start, tether_error *error)
{
    static char chunk[CHUNK_BYTES];
    uint64_t total = view->size[0] + view->size[1];
    uint64_t from = total;
    uint64_t ends = 0;

    *start = total;
    while (lines > 0 && from > 0) {
        size_t size = from < sizeof chunk ? (size_t)from : sizeof chunk;

        from -= size;
        if (!view_read(view, from, chunk, size, error))
            return false;
        while (size-- > 0) {
            if (chunk[size] != '\n' || from + size == total - 1)
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
    bool second = place >= view->size[0];
    tether_stream stream = second ? TETHER_STDERR : TETHER_STDOUT;
    uint64_t begin = second ? view->size[0] : 0;
    uint64_t left = begin + view->size[stream] - place;
    size_t size = left < 4 ? (size_t)left : 4;
    char bytes[4];

    *count = 0;
    if (size == 0 || (place == begin && view->first[stream] == 0))
        return true;
    if (!view_read(view, place, bytes, size, error))
        return false;
    *count = utf8_continued_start(bytes, size);
    return true;
}

/* Finds where --tail and --bytes start in the view. */
static bool find_start(output_view *view, const output_request *request, uint64_t *start,
                       tether_error *error)
{
    uint64_t total = view->size[0] + view->size[1];
    uint64_t by_bytes = request->bytes < total ? total - request->bytes : 0;
    uint64_t cut;

    *start = 0;
    if (request->lines != UINT64_MAX && !find_lines(view, request->lines, start, error))
        return false;
    if (request->bytes == UINT64_MAX || by_bytes < *start)
        return true;
    if (!count_continued(view, by_bytes, &cut, error))
        return false;
    *start = by_bytes + cut;
    return true;
}

static bool measure(const output_request *request, output_view *view, tether_error *error)
{
    int i;

    for (i = 0; i < 2; i++) {
        tether_stream stream = (tether_stream)i;
        uint64_t end;

        view->first[i] = 0;
        view->size[i] = 0;
        if (!request->shown[i])
            continue;
        /* Read the dropped count before the size: if the output limit trims the file in between,
         * reading the dropped bytes fails with TETHER_EDROPPED. */
        if (tether_output_dropped(view->registry, view->task_id, stream, &view->first[i], error) !=
                0 ||
            tether_output_size(view->registry, view->task_id, stream, &end, error) != 0)
            return false;
        view->size[i] = end - view->first[i];
    }
    return true;
}

static void split(const output_view *view, uint64_t start, uint64_t offset[2])
{
    uint64_t in_first = start < view->size[0] ? start : view->size[0];

    offset[0] = view->first[0] + in_first;
    offset[1] = view->first[1] + start - in_first;
}

bool output_view_find(const output_request *request, output_view *view, uint64_t offset[2],
                      tether_error *error)
{
    int i;

    for (i = 0; i < ATTEMPTS; i++) {
        uint64_t start;

        view->shorter = false;
        if (measure(request, view, error) && find_start(view, request, &start, error)) {
            split(view, start, offset);
            return true;
        }
        if (error->code != TETHER_EDROPPED && !view->shorter)
            return false;
    }
    return false;
}
