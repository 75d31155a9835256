/* Owns the public calls that read a task's output at an offset or wait for more of it.
 * Must not: change the output.
 * Thread: any; a call that waits must not run on a host's own loop. */
#include "tether/output.h"

#include "base/error.h"
#include "engine/core.h"
#include "engine/refresh.h"
#include "engine/waiting.h"
#include "format/name.h"
#include "output/stream.h"

static int open_stream(tether_registry *registry, const char *task_id, tether_stream stream,
                       tether__output *output, tether_error *error)
{
    *output = TETHER__OUTPUT_NONE;
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK && stream != TETHER_STDOUT && stream != TETHER_STDERR)
        code = tether__fail(error, TETHER_EINVAL, 0, "read output",
                            "%d is not a stream; use TETHER_STDOUT or TETHER_STDERR", (int)stream);
    if (code == TETHER_OK)
        code = tether__output_open(registry, task_id, stream, output, error);
    return code;
}

int tether_output_read(tether_registry *registry, const char *task_id, tether_stream stream,
                       uint64_t offset, void *buffer, size_t size, size_t *got, tether_error *error)
{
    tether__output output;
    *got = 0;
    int code = open_stream(registry, task_id, stream, &output, error);
    if (code == TETHER_OK)
        code = tether__output_read(&output, offset, buffer, size, got, error);
    tether__output_close(&output);
    return code;
}

int tether_output_size(tether_registry *registry, const char *task_id, tether_stream stream,
                       uint64_t *size, tether_error *error)
{
    tether__output output;
    int code = open_stream(registry, task_id, stream, &output, error);
    *size = code == TETHER_OK ? output.end : 0;
    tether__output_close(&output);
    return code;
}

int tether_output_dropped(tether_registry *registry, const char *task_id, tether_stream stream,
                          uint64_t *dropped, tether_error *error)
{
    tether__output output;
    int code = open_stream(registry, task_id, stream, &output, error);
    tether__gap gap = tether__output_gap(&output);
    *dropped = code == TETHER_OK && gap.begin == 0 ? gap.end : 0;
    tether__output_close(&output);
    return code;
}

int tether_output_gap(tether_registry *registry, const char *task_id, tether_stream stream,
                      uint64_t *offset, uint64_t *size, tether_error *error)
{
    tether__output output;
    int code = open_stream(registry, task_id, stream, &output, error);
    tether__gap gap = {0, 0};
    if (code == TETHER_OK)
        gap = tether__output_gap(&output);
    *offset = gap.begin;
    *size = gap.end - gap.begin;
    tether__output_close(&output);
    return code;
}

/* Sets *news if a stream has more or fewer bytes than `seen`, or the task has ended. */
static int check_news(tether_registry *registry, const char *task_id, const uint64_t seen[2],
                      bool *news, tether_error *error)
{
    tether__entry *entry;
    tether__catalog *catalog = &registry->catalog;
    *news = false;
    for (int stream = 0; stream < 2; stream++) {
        uint64_t size;
        int code = tether_output_size(registry, task_id, (tether_stream)stream, &size, error);
        if (code != TETHER_OK)
            return code;
        *news = *news || (size != seen[stream] && seen[stream] != UINT64_MAX);
    }
    if (*news)
        return TETHER_OK;
    uv_mutex_lock(&catalog->disk);
    int code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK)
        *news = entry->ended;
    uv_mutex_unlock(&catalog->disk);
    return code;
}

static int wait_for_news(tether__wait *wait, const char *task_id, const uint64_t seen[2],
                         tether_error *error)
{
    for (;;) {
        bool news = false;
        int code = tether__wait_prepare(wait, error);
        if (code == TETHER_OK)
            code = check_news(wait->registry, task_id, seen, &news, error);
        if (code == TETHER_OK && !news) {
            tether__wait_await_task(wait, task_id);
            code = tether__wait_sleep(wait, NULL, error);
        }
        if (code != TETHER_OK || news)
            return code;
    }
}

int tether_output_wait(tether_registry *registry, const char *task_id, uint64_t seen_stdout,
                       uint64_t seen_stderr, int64_t timeout_ms, tether_error *error)
{
    int tag;
    tether__wait wait;
    const uint64_t seen[2] = {seen_stdout, seen_stderr};
    int code = tether__check_task_id(task_id, error);
    if (code == TETHER_OK)
        code = tether__wait_begin(registry, "wait", timeout_ms, &wait, error);
    else
        return code;
    if (code != TETHER_OK) {
        tether__wait_end(&wait);
        return code;
    }
    /* A task of another host may be missing from the catalog. The refresh adds the task, because
     * only tasks in the catalog can be followed. */
    uv_mutex_lock(&registry->catalog.disk);
    code = tether__refresh(&registry->catalog, task_id, TETHER__INSPECT_NOW, NULL, error);
    uv_mutex_unlock(&registry->catalog.disk);
    if (code == TETHER_OK) {
        tether__reaper_follow(registry->reaper, task_id, &tag);
        wait.for_growth = true;
        wait.untold = tag < 0;
        code = wait_for_news(&wait, task_id, seen, error);
        tether__reaper_unfollow(registry->reaper, task_id);
    }
    tether__wait_end(&wait);
    return code;
}
