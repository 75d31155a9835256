/* Owns followers: they return a task's output as it is written, until the task has ended.
 * Must not: wait for processes that outlive the task, or change the output.
 * Thread: one at a time per follower; a call that waits must not run on a host's own loop. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "os/clock.h"
#include "output/stream.h"
#include "tether/output.h"

/* One stream returns at most this many bytes before it is the other's turn, so that a flood on one
 * never starves the other. */
enum { TURN_BYTES = 1024 * 1024 };

/* While output keeps coming, the task's state is checked only this often, because each check reads
 * the marker. */
enum { CHECK_INTERVAL_MS = 100 };

/* How often one read skips what was dropped. */
enum { ATTEMPTS = 10 };

static const char step[] = "follow output";

/* The files stay open for the follower's lifetime: if a host trims them to the task's output limit,
 * the follower still reads what they held when it opened them. */
struct tether_follower {
    tether_registry *registry; /* NULL: the registry was closed during a read */
    char id[TETHER_ID_SIZE];
    bool selected[2];
    tether__output output[2];
    uint64_t offset[2];      /* of the next byte */
    uint64_t truncations[2]; /* how often the file was found truncated */
    bool ended;
    uint64_t end[2]; /* after the task has ended: the size at that moment. Leftover processes may
                        write more */
    int turn;        /* the stream to read first */
    uint64_t turn_bytes; /* bytes read from it in this turn */
    int64_t next_check;  /* monotonic */
    bool untold;         /* no event tells that the output has grown */
    tether__times times; /* the order in which both streams were written, as far as it was noted */
    size_t next_point;
};

/* Opens the selected files that are not open yet: a task that is just starting has none. */
static int open_outputs(tether_follower *f, tether_error *error)
{
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        if (f->selected[i] && f->output[i].file.handle < 0)
            code = tether__output_open(f->registry, f->id, (tether_stream)i, &f->output[i], error);
    }
    return code;
}

static int refresh_task(const tether_follower *f, bool *ended, tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &f->registry->catalog;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, f->id, TETHER__INSPECT_NOW, &entry, error);
    *ended = code == TETHER_OK && entry->ended;
    uv_mutex_unlock(&catalog->disk);
    return code;
}

/* Reads the order anew if both streams are followed and a monitor may have noted it. */
static int learn_order(tether_follower *f, tether_error *error)
{
    if (f->output[0].file.handle < 0 || f->output[1].file.handle < 0 || !f->output[0].piped)
        return TETHER_OK;
    tether__times_dispose(&f->times);
    f->next_point = 0;
    tether_error problem = {0};
    int code = tether__output_times(f->registry, f->id, &f->times, &problem);
    if (code == TETHER_ENOTASK) /* what is open can be read all the same */
        return TETHER_OK;
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Checks whether the task has ended, and then measures the sizes: in this order the sizes include
 * all that an ended task wrote. */
static int check_task(tether_follower *f, tether_error *error)
{
    bool ended;
    int code = open_outputs(f, error);
    if (code == TETHER_OK)
        code = refresh_task(f, &ended, error);
    f->next_check = tether__os_monotonic_ms() + CHECK_INTERVAL_MS;
    if (code != TETHER_OK || !ended)
        return code;
    code = open_outputs(f, error);
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        code = tether__output_measure(&f->output[i], error);
        f->end[i] = f->output[i].end;
    }
    if (code == TETHER_OK)
        code = learn_order(f, error);
    f->ended = code == TETHER_OK;
    return code;
}

/* Limits a read to what an ended task had written: 0 if all of it was read. */
static size_t limit_size(const tether_follower *f, int i, size_t size)
{
    if (!f->ended)
        return size;
    uint64_t left = f->end[i] > f->offset[i] ? f->end[i] - f->offset[i] : 0;
    return left < size ? (size_t)left : size;
}

/* The file was truncated: begins again at its start. What was written after the end of the task
 * does not belong to it. */
static void restart(tether_follower *f, int i)
{
    f->truncations[i]++;
    f->offset[i] = f->output[i].dropped;
    if (f->ended && f->output[i].end < f->end[i])
        f->end[i] = f->output[i].end;
}

/* Reads at the follower's offset. A truncation is looked for also after the last byte: the file may
 * have as many bytes as before, but others. */
static int read_here(tether_follower *f, int i, void *buffer, size_t size, size_t *got,
                     tether_error *error)
{
    bool truncated;
    tether__output *output = &f->output[i];
    int code = tether__output_read_on(output, f->offset[i], buffer, limit_size(f, i, size), got,
                                      &truncated, error);
    if (code == TETHER_OK && truncated) {
        restart(f, i);
        code = tether__output_read_on(output, f->offset[i], buffer, limit_size(f, i, size), got,
                                      &truncated, error);
    }
    f->offset[i] += *got;
    return code;
}

/* Reads what one stream has, and skips what was dropped. A task that writes much faster than this
 * drops what it finds again and again: then there is nothing now, and more is to come. */
static int read_stream(tether_follower *f, int i, void *buffer, size_t size, size_t *got,
                       tether_error *error)
{
    tether_error problem = {0};
    *got = 0;
    if (!f->selected[i] || f->output[i].file.handle < 0)
        return TETHER_OK;
    int code = TETHER_EDROPPED;
    for (int attempt = 0; code == TETHER_EDROPPED && attempt < ATTEMPTS; attempt++) {
        code = read_here(f, i, buffer, size, got, &problem);
        if (code == TETHER_EDROPPED &&
            tether__output_skip(&f->output[i], &f->offset[i], &problem) != TETHER_OK)
            code = problem.code;
    }
    if (code == TETHER_EDROPPED)
        return TETHER_OK;
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* A stream that was read to its end, or that used up its turn, waits for the other. */
static void update_turn(tether_follower *f, int i, size_t got, bool drained)
{
    f->turn_bytes = i == f->turn ? f->turn_bytes + got : got;
    f->turn = i;
    if (drained || f->turn_bytes >= TURN_BYTES) {
        f->turn = 1 - i;
        f->turn_bytes = 0;
    }
}

/* Finds which stream comes next by the order that was noted, and how much of it. False: not noted.
 */
static bool find_next(tether_follower *f, int *stream, uint64_t *size)
{
    for (; f->next_point < f->times.count; f->next_point++) {
        const tether__point *point = &f->times.items[f->next_point];
        for (*stream = 0; *stream < 2; ++*stream) {
            if (point->size[*stream] > f->offset[*stream]) {
                *size = point->size[*stream] - f->offset[*stream];
                return true;
            }
        }
    }
    return false;
}

/* Reads by the order that was noted. Where a stream has less than that says, such as after a
 * truncation, the order holds no longer. */
static int read_in_order(tether_follower *f, void *buffer, size_t size, tether_stream *stream,
                         size_t *got, tether_error *error)
{
    int i;
    uint64_t most;
    if (!find_next(f, &i, &most))
        return TETHER_OK;
    int code = read_stream(f, i, buffer, most < size ? (size_t)most : size, got, error);
    *stream = (tether_stream)i;
    if (code == TETHER_OK && *got == 0)
        f->next_point = f->times.count;
    return code;
}

static int read_streams(tether_follower *f, void *buffer, size_t size, tether_stream *stream,
                        size_t *got, tether_error *error)
{
    int first = f->ended ? TETHER_STDOUT : f->turn;
    int code = read_in_order(f, buffer, size, stream, got, error);
    for (int k = 0; k < 2 && code == TETHER_OK && *got == 0; k++) {
        int i = k == 0 ? first : 1 - first;
        code = read_stream(f, i, buffer, size, got, error);
        if (*got > 0) {
            *stream = (tether_stream)i;
            update_turn(f, i, *got, *got < size);
        }
    }
    return code;
}

static int read_or_wait(tether_follower *f, tether__wait *wait, void *buffer, size_t size,
                        tether_stream *stream, size_t *got, tether_error *error)
{
    bool check_due = tether__os_monotonic_ms() >= f->next_check;
    for (;;) {
        int code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK && check_due && !f->ended)
            code = check_task(f, error);
        if (code == TETHER_OK)
            code = read_streams(f, buffer, size, stream, got, error);
        if (code != TETHER_OK || *got > 0 || f->ended)
            return code;
        if (check_due) {
            tether__wait_await_task(wait, f->id);
            code = tether__wait_sleep(wait, NULL, error);
        }
        if (code != TETHER_OK)
            return code;
        check_due = true;
    }
}

static void init_follower(tether_follower *f, tether_registry *registry, const char *task_id,
                          tether_view view, const uint64_t offsets[2])
{
    f->registry = registry;
    strcpy(f->id, task_id);
    f->selected[TETHER_STDOUT] = view != TETHER_VIEW_STDERR;
    f->selected[TETHER_STDERR] = view != TETHER_VIEW_STDOUT;
    for (int i = 0; i < 2; i++) {
        f->output[i] = TETHER__OUTPUT_NONE;
        f->offset[i] = offsets != NULL ? offsets[i] : 0;
    }
}

/* An offset that the caller gave must still be in the file. */
static int check_offsets(const tether_follower *f, tether_error *error)
{
    size_t got;
    char byte;
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        if (f->selected[i])
            code = tether__output_read(&f->output[i], f->offset[i], &byte, 0, &got, error);
    }
    return code;
}

/* Opens the files before the first refresh of the task, because a refresh may trim them. */
static int attach(tether_follower *f, bool offsets_given, tether_error *error)
{
    int tag;
    bool ended;
    int code = open_outputs(f, error);
    if (code == TETHER_OK && offsets_given)
        code = check_offsets(f, error);
    if (code == TETHER_OK)
        code = learn_order(f, error);
    if (code == TETHER_OK)
        code = tether__rouse(f->registry, error);
    if (code == TETHER_OK)
        code = refresh_task(f, &ended, error);
    if (code != TETHER_OK)
        return code;
    tether__reaper_follow(f->registry->reaper, f->id, &tag);
    f->untold = tag < 0;
    return TETHER_OK;
}

static void close_outputs(tether_follower *f)
{
    tether__output_close(&f->output[0]);
    tether__output_close(&f->output[1]);
    tether__times_dispose(&f->times);
}

int tether_follow_open(tether_registry *registry, const char *task_id, tether_view view,
                       const uint64_t offsets[2], tether_follower **follower, tether_error *error)
{
    *follower = NULL;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK && ((int)view < TETHER_VIEW_BOTH || view > TETHER_VIEW_STDERR))
        code = tether__fail(error, TETHER_EINVAL, 0, step, "the view is unknown");
    if (code == TETHER_OK)
        code = tether__gate_enter(&registry->gate, error);
    if (code != TETHER_OK)
        return code;
    tether_follower *f = calloc(1, sizeof *f);
    if (f == NULL) {
        code = tether__fail_memory(error, step);
    } else {
        init_follower(f, registry, task_id, view, offsets);
        code = attach(f, offsets != NULL, error);
    }
    if (code != TETHER_OK && f != NULL) {
        close_outputs(f);
        free(f);
    } else if (code == TETHER_OK) {
        *follower = f;
    }
    tether__gate_leave(&registry->gate);
    return code;
}

int tether_follow_read(tether_follower *f, void *buffer, size_t size, int64_t timeout_ms,
                       tether_stream *stream, size_t *got, tether_error *error)
{
    *stream = TETHER_STDOUT;
    *got = 0;
    if (f->registry == NULL)
        return tether__fail(error, TETHER_ECLOSED, 0, step,
                            "the registry was closed; open it again to read further");
    if (size == 0)
        return tether__fail(error, TETHER_EINVAL, 0, step,
                            "the buffer has no bytes; give at least one");
    tether__wait wait;
    tether_registry *registry = f->registry;
    int code = tether__wait_begin(registry, step, timeout_ms, &wait, error);
    wait.for_growth = true;
    wait.untold = f->untold;
    if (code == TETHER_OK) {
        code = read_or_wait(f, &wait, buffer, size, stream, got, error);
        if (code == TETHER_ECLOSED)
            tether__reaper_unfollow(registry->reaper, f->id);
    }
    /* The closing registry waits for this thread, and may be freed as soon as tether__wait_end
     * returns. */
    if (code == TETHER_ECLOSED)
        f->registry = NULL;
    tether__wait_end(&wait);
    return code;
}

void tether_follow_place(const tether_follower *f, tether_stream stream, uint64_t *offset,
                         uint64_t *truncations)
{
    int i = stream == TETHER_STDERR ? 1 : 0;
    *offset = f->offset[i];
    *truncations = f->truncations[i];
}

void tether_follow_close(tether_follower *f)
{
    if (f == NULL)
        return;
    if (f->registry != NULL)
        tether__reaper_unfollow(f->registry->reaper, f->id);
    close_outputs(f);
    free(f);
}
