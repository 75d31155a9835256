/* Owns the end of what a task wrote: the last bytes or lines of its outputs as one text.
 * Must not: hold more in memory than a block and what is returned.
 * Thread: any. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/name.h"
#include "output/stream.h"
#include "tether/output.h"

enum { DEFAULT_BYTES = 64 * 1024, BLOCK_BYTES = 8 * 1024, CHARACTER_BYTES = 4 };

static const char step[] = "read the end of the output";

/* Standard output, then standard error, one behind the other, as far as they are asked for and
 * there. Places count from the first byte that is there. */
typedef struct text_view {
    tether__output part[2];
    uint64_t size[2];
    uint64_t total;
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
    *view = (text_view){{TETHER__OUTPUT_NONE, TETHER__OUTPUT_NONE}, {0, 0}, 0};
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

/* Reads as much of [from, from + size) as one part has. */
static int view_read_part(const text_view *view, uint64_t from, char *buffer, size_t size,
                          size_t *got, tether_error *error)
{
    int i = from < view->size[0] ? 0 : 1;
    uint64_t place = i == 0 ? from : from - view->size[0];
    uint64_t left = view->size[i] - place;
    size_t want = left < size ? (size_t)left : size;
    return tether__output_read(&view->part[i], view->part[i].dropped + place, buffer, want, got,
                               error);
}

/* Reads all of it. What was there a moment ago is there, unless somebody changed the file. */
static int view_read(const text_view *view, uint64_t from, char *buffer, size_t size,
                     tether_error *error)
{
    for (size_t done = 0; done < size;) {
        size_t got;
        int code = view_read_part(view, from + done, buffer + done, size - done, &got, error);
        if (code != TETHER_OK)
            return code;
        if (got == 0)
            return tether__fail(error, TETHER_EIO, 0, step,
                                "the output became shorter while it was read; somebody changed the "
                                "store's files, so read it again");
        done += got;
    }
    return TETHER_OK;
}

/* Where the last so many lines begin, not before `lowest`. The end of the last line is not the
 * start of another. Backwards, so that the size of all the rest does not matter. */
static int find_lines(const text_view *view, uint64_t lines, uint64_t lowest, uint64_t *start,
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

/* Whether a place is where a stream began; there no character is cut. */
static bool is_first_byte(const text_view *view, uint64_t place)
{
    return (place == 0 && view->size[0] > 0 && view->part[0].dropped == 0) ||
           (place == view->size[0] && view->part[1].dropped == 0);
}

/* Moves a start that was counted in bytes to the next whole character. */
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

static int find_start(const text_view *view, uint64_t bytes, uint64_t lines, uint64_t *start,
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

static int copy_from(const text_view *view, uint64_t start, char **text, size_t *size,
                     tether_error *error)
{
    uint64_t length = view->total - start;
    char *copy = length < SIZE_MAX ? malloc((size_t)length + 1) : NULL;
    if (copy == NULL)
        return tether__fail(error, TETHER_ENOMEM, 0, step,
                            "no memory for %" PRIu64 " bytes of output; ask for fewer", length);
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

int tether_output_tail(tether_registry *registry, const char *task_id, tether_view which,
                       uint64_t bytes, uint64_t lines, char **text, size_t *size, bool *truncated,
                       tether_error *error)
{
    text_view view;
    uint64_t start;
    *text = NULL;
    *size = 0;
    if (truncated != NULL)
        *truncated = false;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK && ((int)which < TETHER_VIEW_BOTH || which > TETHER_VIEW_STDERR))
        code = tether__fail(error, TETHER_EINVAL, 0, step, "the view is unknown");
    if (code == TETHER_OK)
        code = view_open(registry, task_id, which, &view, error);
    if (code != TETHER_OK)
        return code;
    code = find_start(&view, bytes > 0 ? bytes : DEFAULT_BYTES, lines, &start, error);
    if (code == TETHER_OK)
        code = copy_from(&view, start, text, size, error);
    if (code == TETHER_OK && truncated != NULL)
        *truncated = start > 0 || view.part[0].dropped > 0 || view.part[1].dropped > 0;
    view_close(&view);
    return code;
}
