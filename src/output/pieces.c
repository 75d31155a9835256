/* Owns the division of a task's outputs into pieces, without what was dropped.
 * Must not: keep output in memory.
 * Thread: any. */
#include "output/pieces.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/grow.h"
#include "format/name.h"
#include "store/times_file.h"

static const char step[] = "read output";

static int open_streams(tether_registry *registry, const char *task_id, tether_view view,
                        tether__pieces *pieces, tether_error *error)
{
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        tether_view other = i == TETHER_STDOUT ? TETHER_VIEW_STDERR : TETHER_VIEW_STDOUT;
        if (view != other)
            code =
                tether__output_open(registry, task_id, (tether_stream)i, &pieces->part[i], error);
    }
    return code;
}

/* Returns false when memory is short. */
static bool add_piece(tether__pieces *pieces, size_t *capacity, tether__piece piece)
{
    void *items = pieces->items;
    if (piece.size == 0)
        return true;
    if (!tether__grow(&items, pieces->count, capacity, sizeof *pieces->items))
        return false;
    pieces->items = items;
    piece.place = pieces->total;
    pieces->items[pieces->count++] = piece;
    pieces->total += piece.size;
    return true;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Adds what is left of the bytes from `from` to `to`: they may lie on both sides of the gap. */
static bool add_range(tether__pieces *pieces, size_t *capacity, int stream, uint64_t from,
                      uint64_t to, int64_t time_ms)
{
    tether__gap gap = tether__output_gap(&pieces->part[stream]);
    tether__piece piece = {.stream = (tether_stream)stream, .time_ms = time_ms, .offset = from};
    uint64_t before = smaller(to, gap.begin);
    piece.size = before > from ? before - from : 0;
    if (!add_piece(pieces, capacity, piece))
        return false;
    piece.offset = from > gap.end ? from : gap.end;
    piece.offset = piece.offset > before ? piece.offset : before;
    piece.size = to > piece.offset ? to - piece.offset : 0;
    return add_piece(pieces, capacity, piece);
}

/* Adds all points of time that are known, and then what came after the last of them. */
static bool divide(tether__pieces *pieces, const tether__times *times)
{
    uint64_t done[2] = {0, 0};
    size_t capacity = 0;
    for (size_t point = 0; point <= times->count; point++) {
        bool last = point == times->count;
        for (int i = 0; i < 2; i++) {
            const tether__output *part = &pieces->part[i];
            uint64_t to = last ? part->end : smaller(times->items[point].size[i], part->end);
            int64_t time_ms = last ? part->changed_ms : times->items[point].time_ms;
            if (part->file.handle < 0 || to <= done[i])
                continue;
            if (!add_range(pieces, &capacity, i, done[i], to, time_ms))
                return false;
            done[i] = to;
        }
    }
    return true;
}

int tether__pieces_open(tether_registry *registry, const char *task_id, tether_view view,
                        tether__pieces *pieces, tether_error *error)
{
    tether__times times = {.items = NULL};
    *pieces = (tether__pieces){.part = {TETHER__OUTPUT_NONE, TETHER__OUTPUT_NONE}};
    int code = open_streams(registry, task_id, view, pieces, error);
    if (code == TETHER_OK && (pieces->part[0].piped || pieces->part[1].piped))
        code = tether__output_times(registry, task_id, &times, error);
    if (code == TETHER_OK && !divide(pieces, &times))
        code = tether__fail_memory(error, step);
    tether__times_dispose(&times);
    return code;
}

/* Returns the piece at a place that is in one. */
static const tether__piece *find_piece(const tether__pieces *pieces, uint64_t place)
{
    size_t low = 0, high = pieces->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (pieces->items[middle].place <= place)
            low = middle;
        else
            high = middle;
    }
    return &pieces->items[low];
}

int tether__pieces_read(const tether__pieces *pieces, uint64_t place, void *buffer, size_t size,
                        size_t *got, tether_error *error)
{
    *got = 0;
    if (place >= pieces->total)
        return TETHER_OK;
    const tether__piece *piece = find_piece(pieces, place);
    uint64_t begin = place - piece->place, left = piece->size - begin;
    return tether__output_read(&pieces->part[piece->stream], piece->offset + begin, buffer,
                               left < size ? (size_t)left : size, got, error);
}

bool tether__pieces_is_first_byte(const tether__pieces *pieces, uint64_t place)
{
    if (place >= pieces->total)
        return false;
    const tether__piece *piece = find_piece(pieces, place);
    return piece->offset + (place - piece->place) == 0;
}

void tether__pieces_close(tether__pieces *pieces)
{
    for (int i = 0; i < 2; i++)
        tether__output_close(&pieces->part[i]);
    free(pieces->items);
    pieces->items = NULL;
}

/* --- The public list --- */

struct tether_pieces {
    tether__piece *items;
    size_t count;
};

int tether_pieces_open(tether_registry *registry, const char *task_id, tether_view view,
                       tether_pieces **pieces, tether_error *error)
{
    tether__pieces found;
    *pieces = NULL;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK && ((int)view < TETHER_VIEW_BOTH || view > TETHER_VIEW_STDERR))
        code = tether__fail(error, TETHER_EINVAL, 0, step, "the view is unknown");
    if (code != TETHER_OK)
        return code;
    code = tether__pieces_open(registry, task_id, view, &found, error);
    tether_pieces *list = code == TETHER_OK ? calloc(1, sizeof *list) : NULL;
    if (code == TETHER_OK && list == NULL)
        code = tether__fail_memory(error, step);
    if (list != NULL) {
        *list = (tether_pieces){found.items, found.count};
        found.items = NULL;
    }
    tether__pieces_close(&found);
    *pieces = list;
    return code;
}

size_t tether_pieces_count(const tether_pieces *pieces)
{
    return pieces->count;
}

int tether_pieces_get(const tether_pieces *pieces, size_t number, tether_piece *piece)
{
    if (number >= pieces->count || piece->size != sizeof *piece)
        return TETHER_EINVAL;
    const tether__piece *item = &pieces->items[number];
    *piece = (tether_piece){.size = sizeof *piece,
                            .stream = item->stream,
                            .offset = item->offset,
                            .bytes = item->size,
                            .time = item->time_ms};
    return TETHER_OK;
}

void tether_pieces_free(tether_pieces *pieces)
{
    if (pieces == NULL)
        return;
    free(pieces->items);
    free(pieces);
}
