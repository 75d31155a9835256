/* Owns reading the end of a task's output: the last bytes or lines of its streams as one text.
 * Must not: hold more in memory than one block and the returned text.
 * Thread: any. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/name.h"
#include "output/stream.h"
#include "tether/output.h"

enum { DEFAULT_BYTES = 64 * 1024, BLOCK_BYTES = 8 * 1024, CHARACTER_BYTES = 4 };

/* How often the end is searched again because the task truncates its output at the same time. */
enum { ATTEMPTS = 10 };

static const char step[] = "read the end of the output";

/* Standard output followed by standard error, as far as they are selected and exist. Positions
 * count from the first byte that is left. */
typedef struct text_view {
    tether__output part[2];
    uint64_t size[2];
    uint64_t total;
    bool truncated; /* a file became shorter after it was measured */
} text_view;

static void view_close(text_view *view)
{
    tether__output_close(&view->part[0]);
    tether__output_close(&view->part[1]);
}

static int view_open(tether_registry *registry, const char *task_id, tether_view which,
                     text_view *view, tether_error *error)
{
    int code = TETHER_OK;
    *view = (text_view){.part = {TETHER__OUTPUT_NONE, TETHER__OUTPUT_NONE}};
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        tether_view other = i == TETHER_STDOUT ? TETHER_VIEW_STDERR : TETHER_VIEW_STDOUT;
        if (which == other)
            continue;
        code = tether__output_open(registry, task_id, (tether_stream)i, &view->part[i], error);
        view->size[i] = view->part[i].end - view->part[i].dropped;
        view->total += view->size[i];
    }
    if (code != TETHER_OK)
        view_close(view);
    return code;
}

/* Reads from the part that contains `from`, up to its end. */
static int view_read_part(const text_view *view, uint64_t from, char *buffer, size_t size,
                          size_t *got, tether_error *error)
{
    int i = from < view->size[0] ? 0 : 1;
    uint64_t position = i == 0 ? from : from - view->size[0];
    uint64_t left = view->size[i] - position;
    size_t want = left < size ? (size_t)left : size;
    return tether__output_read(&view->part[i], view->part[i].dropped + position, buffer, want, got,
                               error);
}

/* Reads the whole range. view_open has measured the files, so a short read means that the task has
 * truncated one of them since. */
static int view_read(text_view *view, uint64_t from, char *buffer, size_t size, tether_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t got;
        int code = view_read_part(view, from + done, buffer + done, size - done, &got, error);
        if (code != TETHER_OK)
            return code;
        view->truncated = got == 0;
        if (got == 0)
            return tether__fail(
                error, TETHER_EIO, 0, step,
                "the output became shorter each time it was read, because the task truncates it "
                "again and again; read it later");
        done += got;
    }
    return TETHER_OK;
}

/* Finds where the last `lines` lines begin, but not before `lowest`. A newline at the very end
 * starts no line. Reads backwards, so that the size of the output does not matter. */
static int find_lines(text_view *view, uint64_t lines, uint64_t lowest, uint64_t *start,
                      tether_error *error)
{
    char block[BLOCK_BYTES];
    uint64_t from = view->total, ends = 0;
    while (from > lowest) {
        size_t size = from - lowest < sizeof block ? (size_t)(from - lowest) : sizeof block;
        from -= size;
        int code = view_read(view, from, block, size, error);
        if (code != TETHER_OK)
            return code;
        while (size-- > 0) {
            if (block[size] != '\n' || from + size == view->total - 1)
                continue;
            if (++ends == lines) {
                *start = from + size + 1;
                return TETHER_OK;
            }
        }
    }
    return TETHER_OK;
}

/* Returns whether a position is the first byte that the task wrote to a stream. No character can be
 * cut there. */
static bool is_first_byte(const text_view *view, uint64_t position)
{
    return (position == 0 && view->size[0] > 0 && view->part[0].dropped == 0) ||
           (position == view->size[0] && view->part[1].dropped == 0);
}

/* A start that was counted in bytes may be inside a character: moves it to the next one. */
static int skip_cut_character(const text_view *view, uint64_t *start, tether_error *error)
{
    char bytes[CHARACTER_BYTES];
    size_t got;
    if (*start == view->total || is_first_byte(view, *start))
        return TETHER_OK;
    int code = view_read_part(view, *start, bytes, sizeof bytes, &got, error);
    if (code == TETHER_OK)
        *start += tether__utf8_skip_tail(bytes, got);
    return code;
}

static int find_start(text_view *view, uint64_t bytes, uint64_t lines, uint64_t *start,
                      tether_error *error)
{
    int code = TETHER_OK;
    uint64_t lowest = view->total > bytes ? view->total - bytes : 0;
    *start = lowest;
    if (lines > 0)
        code = find_lines(view, lines, lowest, start, error);
    if (code == TETHER_OK && *start == lowest)
        code = skip_cut_character(view, start, error);
    return code;
}

static int copy_from(text_view *view, uint64_t start, char **text, size_t *size,
                     tether_error *error)
{
    uint64_t length = view->total - start;
    char *copy = length < SIZE_MAX ? malloc((size_t)length + 1) : NULL;
    if (copy == NULL)
        return tether__fail(error, TETHER_ENOMEM, 0, step,
                            "no memory for %" PRIu64 " bytes of output; request fewer", length);
    int code = view_read(view, start, copy, (size_t)length, error);
    if (code != TETHER_OK) {
        free(copy);
        return code;
    }
    copy[length] = '\0';
    *text = copy;
    *size = (size_t)length;
    return TETHER_OK;
}

typedef struct tail_request {
    tether_view view;
    uint64_t bytes;
    uint64_t lines;
} tail_request;

/* Reads the end once. Sets *again if a file became shorter meanwhile. */
static int read_tail(tether_registry *registry, const char *task_id, const tail_request *request,
                     char **text, size_t *size, bool *truncated, bool *again, tether_error *error)
{
    text_view view;
    uint64_t start;
    *again = false;
    int code = view_open(registry, task_id, request->view, &view, error);
    if (code != TETHER_OK)
        return code;
    code = find_start(&view, request->bytes, request->lines, &start, error);
    if (code == TETHER_OK)
        code = copy_from(&view, start, text, size, error);
    if (code == TETHER_OK && truncated != NULL)
        *truncated = start > 0 || view.part[0].dropped > 0 || view.part[1].dropped > 0;
    *again = view.truncated;
    view_close(&view);
    return code;
}

int tether_output_tail(tether_registry *registry, const char *task_id, tether_view which,
                       uint64_t bytes, uint64_t lines, char **text, size_t *size, bool *truncated,
                       tether_error *error)
{
    const tail_request request = {which, bytes > 0 ? bytes : DEFAULT_BYTES, lines};
    tether_error problem = {0};
    bool again = true;
    *text = NULL;
    *size = 0;
    if (truncated != NULL)
        *truncated = false;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK && ((int)which < TETHER_VIEW_BOTH || which > TETHER_VIEW_STDERR))
        code = tether__fail(error, TETHER_EINVAL, 0, step, "the view is unknown");
    if (code != TETHER_OK)
        return code;
    for (int attempt = 0; again && attempt < ATTEMPTS; attempt++)
        code = read_tail(registry, task_id, &request, text, size, truncated, &again, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}
