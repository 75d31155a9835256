/* Owns followers: a task's output as it comes, to its end.
 * Must not: wait for processes that a task has left behind, or change anything.
 * Thread: one at a time per follower; waiting not on a host's own loop. */
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

/* One stream is read for at most so many bytes before the other has its turn, so that a flood on
 * one never starves the other. */
enum { ROUND_BYTES = 1024 * 1024 };

/* While output keeps coming, the task's state is looked at only so often: a look reads its marker.
 */
enum { LOOK_PAUSE_MS = 100 };

static const char step[] = "follow output";

/* The files stay open: what was there when the follower came is read to its end also where the
 * task's output limit cuts it meanwhile. */
struct tether_follower {
    tether_registry *registry; /* NULL: the registry was closed while this one waited */
    char id[TETHER_ID_SIZE];
    bool shown[2];
    tether__output output[2];
    uint64_t offset[2]; /* of the next byte */
    bool ended;
    uint64_t end[2];   /* once it has ended: what was there then, whoever writes on */
    int turn;          /* the stream that is looked at first */
    uint64_t taken;    /* by it in this round */
    int64_t next_look; /* monotonic */
};

/* Opens what is not open: a task that is just being started has no files yet. */
static int open_outputs(tether_follower *f, tether_error *error)
{
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        if (f->shown[i] && f->output[i].file.handle < 0)
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

/* Whether it has ended, and only then how much it wrote: that is all of it. */
static int look(tether_follower *f, tether_error *error)
{
    bool ended;
    int code = open_outputs(f, error);
    if (code == TETHER_OK)
        code = refresh_task(f, &ended, error);
    f->next_look = tether__os_monotonic_ms() + LOOK_PAUSE_MS;
    if (code != TETHER_OK || !ended)
        return code;
    code = open_outputs(f, error);
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        code = tether__output_measure(&f->output[i], error);
        f->end[i] = f->output[i].end;
    }
    f->ended = code == TETHER_OK;
    return code;
}

/* Reads from one stream what is there. */
static int take_from(tether_follower *f, int i, void *buffer, size_t size, size_t *got,
                     tether_error *error)
{
    const tether__output *output = &f->output[i];
    *got = 0;
    if (!f->shown[i] || output->file.handle < 0)
        return TETHER_OK;
    if (f->offset[i] < output->dropped)
        f->offset[i] = output->dropped;
    if (f->ended && f->offset[i] >= f->end[i])
        return TETHER_OK;
    if (f->ended && f->end[i] - f->offset[i] < size)
        size = (size_t)(f->end[i] - f->offset[i]);
    int code = tether__output_read(output, f->offset[i], buffer, size, got, error);
    f->offset[i] += *got;
    return code;
}

/* Keeps account of whose turn it is: a stream that was read to its end has to wait for the other.
 */
static void pass_turn(tether_follower *f, int i, size_t got, bool drained)
{
    f->taken = i == f->turn ? f->taken + got : got;
    f->turn = i;
    if (drained || f->taken >= ROUND_BYTES) {
        f->turn = 1 - i;
        f->taken = 0;
    }
}

static int take(tether_follower *f, void *buffer, size_t size, tether_stream *stream, size_t *got,
                tether_error *error)
{
    int first = f->ended ? TETHER_STDOUT : f->turn;
    int code = TETHER_OK;
    for (int k = 0; k < 2 && code == TETHER_OK && *got == 0; k++) {
        int i = k == 0 ? first : 1 - first;
        code = take_from(f, i, buffer, size, got, error);
        if (*got > 0) {
            *stream = (tether_stream)i;
            pass_turn(f, i, *got, *got < size);
        }
    }
    return code;
}

static int read_or_wait(tether_follower *f, tether__wait *wait, void *buffer, size_t size,
                        tether_stream *stream, size_t *got, tether_error *error)
{
    bool looking = tether__os_monotonic_ms() >= f->next_look;
    for (;;) {
        int code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK && looking && !f->ended)
            code = look(f, error);
        if (code == TETHER_OK)
            code = take(f, buffer, size, stream, got, error);
        if (code != TETHER_OK || *got > 0 || f->ended)
            return code;
        if (looking)
            code = tether__wait_sleep(wait, NULL, error);
        if (code != TETHER_OK)
            return code;
        looking = true;
    }
}

static void begin(tether_follower *f, tether_registry *registry, const char *task_id,
                  tether_view view, const uint64_t offsets[2])
{
    f->registry = registry;
    strcpy(f->id, task_id);
    f->shown[TETHER_STDOUT] = view != TETHER_VIEW_STDERR;
    f->shown[TETHER_STDERR] = view != TETHER_VIEW_STDOUT;
    for (int i = 0; i < 2; i++) {
        f->output[i] = TETHER__OUTPUT_NONE;
        f->offset[i] = offsets != NULL ? offsets[i] : 0;
    }
}

/* A place that was asked for by its number must be there. */
static int check_offsets(const tether_follower *f, tether_error *error)
{
    size_t got;
    char byte;
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        if (f->shown[i])
            code = tether__output_read(&f->output[i], f->offset[i], &byte, 0, &got, error);
    }
    return code;
}

/* The files are opened before the first look at the task, which may cut them. */
static int attach(tether_follower *f, bool offsets_given, tether_error *error)
{
    bool ended;
    int code = open_outputs(f, error);
    if (code == TETHER_OK && offsets_given)
        code = check_offsets(f, error);
    if (code == TETHER_OK)
        code = refresh_task(f, &ended, error);
    if (code == TETHER_OK)
        tether__reaper_follow(f->registry->reaper, f->id, NULL);
    return code;
}

static void detach_files(tether_follower *f)
{
    tether__output_close(&f->output[0]);
    tether__output_close(&f->output[1]);
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
        begin(f, registry, task_id, view, offsets);
        code = attach(f, offsets != NULL, error);
    }
    if (code != TETHER_OK && f != NULL) {
        detach_files(f);
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
        return tether__fail(error, TETHER_ECLOSED, 0, step, "the registry was closed");
    if (size == 0)
        return tether__fail(error, TETHER_EINVAL, 0, step, "the buffer has no room");
    tether__wait wait;
    tether_registry *registry = f->registry;
    int code = tether__wait_begin(registry, step, timeout_ms, &wait, error);
    if (code == TETHER_OK) {
        code = read_or_wait(f, &wait, buffer, size, stream, got, error);
        if (code == TETHER_ECLOSED)
            tether__reaper_unfollow(registry->reaper, f->id);
    }
    /* The registry waits for this thread, and may be gone as soon as it has left. */
    if (code == TETHER_ECLOSED)
        f->registry = NULL;
    tether__wait_end(&wait);
    return code;
}

void tether_follow_close(tether_follower *f)
{
    if (f == NULL)
        return;
    if (f->registry != NULL)
        tether__reaper_unfollow(f->registry->reaper, f->id);
    detach_files(f);
    free(f);
}
