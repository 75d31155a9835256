/* Owns reading the end of a task's output: the last bytes or lines of its streams as one text.
 * Must not: hold more in memory than one block and the returned text.
 * Thread: any. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/name.h"
#include "output/pieces.h"
#include "tether/output.h"

enum { DEFAULT_BYTES = 64 * 1024, BLOCK_BYTES = 8 * 1024, CHARACTER_BYTES = 4 };

/* How often the end is searched again because the task truncates its output at the same time. */
enum { ATTEMPTS = 100 };

static const char step[] = "read the end of the output";

/* What is left of the streams. Positions are places in it. */
typedef struct text_view {
    tether__pieces pieces;
    uint64_t total;
    bool changed; /* after it was measured, a file became shorter or a part of it was dropped */
} text_view;

static void view_close(text_view *view)
{
    tether__pieces_close(&view->pieces);
}

static int view_open(tether_registry *registry, const char *task_id, tether_view which,
                     text_view *view, tether_error *error)
{
    int code = tether__pieces_open(registry, task_id, which, &view->pieces, error);
    view->total = view->pieces.total;
    view->changed = false;
    if (code != TETHER_OK)
        view_close(view);
    return code;
}

static int fail_changed(text_view *view, tether_error *error)
{
    view->changed = true;
    return tether__fail(error, TETHER_EIO, 0, step,
                        "the output changed each time it was read, because the task truncates it "
                        "or its limit drops it again and again; read it later");
}

/* Reads the whole range. view_open has measured the files, so a short read means that the task has
 * truncated one of them since. */
static int view_read(text_view *view, uint64_t from, char *buffer, size_t size, tether_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t got;
        int code = tether__pieces_read(&view->pieces, from + done, buffer + done, size - done, &got,
                                       error);
        if (code == TETHER_EDROPPED || (code == TETHER_OK && got == 0))
            return fail_changed(view, error);
        if (code != TETHER_OK)
            return code;
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

/* Returns whether some bytes of a stream were dropped. */
static bool lacks_some(const tether__output *output)
{
    tether__gap gap = tether__output_gap(output);
    return gap.begin < gap.end;
}

/* A start that was counted in bytes may be inside a character: moves it to the next one. */
static int skip_cut_character(text_view *view, uint64_t *start, tether_error *error)
{
    char bytes[CHARACTER_BYTES];
    size_t got;
    if (*start == view->total || tether__pieces_is_first_byte(&view->pieces, *start))
        return TETHER_OK;
    int code = tether__pieces_read(&view->pieces, *start, bytes, sizeof bytes, &got, error);
    if (code == TETHER_EDROPPED)
        return fail_changed(view, error);
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
        *truncated =
            start > 0 || lacks_some(&view.pieces.part[0]) || lacks_some(&view.pieces.part[1]);
    *again = view.changed;
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
