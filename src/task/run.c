/* Owns the foreground run that may become a background task.
 * Must not: restart or end the task when the wait is over.
 * Thread: any but that of a host's own loop. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/core.h"
#include "engine/reaper.h"
#include "output/stream.h"
#include "task/task.h"
#include "tether/task.h"

enum { DEFAULT_LIMIT = 1024 * 1024 };

/* Reads from *offset up to the measured end into `text`. */
static int read_from(const tether__output *output, uint64_t offset, char *text, size_t *size,
                     tether_error *error)
{
    int code = TETHER_OK;
    size_t want = offset < output->end ? (size_t)(output->end - offset) : 0, got = 1;
    for (*size = 0; code == TETHER_OK && got > 0 && *size < want; *size += got)
        code = tether__output_read(output, offset + *size, text + *size, want - *size, &got, error);
    text[*size] = '\0';
    return code;
}

/* Reads the last `limit` bytes of an open stream, or all if there are fewer, but nothing from
 * before a gap. What a running task drops during the read is missing at the start. */
static int read_end(tether__output *output, size_t limit, char **text, size_t *size,
                    uint64_t *offset, tether_error *error)
{
    tether_error problem = {0};
    const uint64_t end = output->end;
    tether__gap gap = tether__output_gap(output);
    *offset = end > limit ? end - limit : 0;
    if (gap.begin < gap.end && *offset < gap.end)
        *offset = gap.end;
    *text = malloc((size_t)(end - *offset) + 1);
    if (*text == NULL)
        return tether__fail_memory(error, "read output");
    int code = read_from(output, *offset, *text, size, &problem);
    /* Each time the gap has grown; once it has reached the end, nothing is left to read. */
    while (code == TETHER_EDROPPED) {
        code = tether__output_measure(output, &problem);
        *offset = tether__output_gap(output).end;
        output->end = end;
        if (code == TETHER_OK)
            code = read_from(output, *offset, *text, size, &problem);
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Opens the stream only once: an open file keeps what a host trims during the read. */
static int read_stream(tether_registry *registry, const char *id, tether_stream stream,
                       size_t limit, char **text, size_t *size, uint64_t *offset,
                       tether_error *error)
{
    tether__output output;
    int code = tether__output_open(registry, id, stream, &output, error);
    if (code == TETHER_OK)
        code = read_end(&output, limit, text, size, offset, error);
    tether__output_close(&output);
    return code;
}

/* Takes the snapshot before the output, so that the output is complete if the snapshot says that
 * the task has ended. */
static int fill(tether_registry *registry, const char *id, size_t limit, tether_outcome *outcome,
                tether_error *error)
{
    int code = tether__task_snapshot(registry, id, &outcome->snapshot, error);
    if (code == TETHER_OK)
        code = read_stream(registry, id, TETHER_STDOUT, limit, &outcome->output,
                           &outcome->output_size, &outcome->output_offset, error);
    if (code == TETHER_OK)
        code = read_stream(registry, id, TETHER_STDERR, limit, &outcome->errors,
                           &outcome->errors_size, &outcome->errors_offset, error);
    return code;
}

static int run(tether_registry *registry, const tether_spec *spec, int64_t wait_ms, size_t limit,
               tether_outcome *outcome, tether_error *error)
{
    tether_error problem = {0};
    char id[TETHER_ID_SIZE];
    int code = tether_spawn(registry, spec, id, error);
    if (code != TETHER_OK)
        return code;
    const char *ids[] = {id};
    code = tether_wait(registry, ids, 1, TETHER_WAIT_ALL, wait_ms, NULL, &problem);
    if (code == TETHER_OK || code == TETHER_ETIMEDOUT)
        code = fill(registry, id, limit, outcome, &problem);
    if (code == TETHER_OK)
        return TETHER_OK;
    return tether__fail(error, code, problem.os_error, problem.step,
                        "task %s was started, but then: %.400s", id, problem.message);
}

int tether_run(tether_registry *registry, const tether_spec *spec, int64_t wait_ms, size_t limit,
               tether_outcome **out, tether_error *error)
{
    *out = NULL;
    /* Checks this before anything is started. */
    if (wait_ms != 0 && tether__reaper_is_current(registry->reaper))
        return tether__fail(error, TETHER_EINVAL, 0, "run",
                            "the loop's own thread cannot wait for its events; call this from "
                            "another thread, or with a wait of 0");
    tether_outcome *outcome = calloc(1, sizeof *outcome);
    if (outcome == NULL)
        return tether__fail_memory(error, "run");
    outcome->size = sizeof *outcome;
    int code = run(registry, spec, wait_ms, limit != 0 ? limit : DEFAULT_LIMIT, outcome, error);
    if (code != TETHER_OK) {
        tether_outcome_free(outcome);
        return code;
    }
    *out = outcome;
    return TETHER_OK;
}

void tether_outcome_free(tether_outcome *outcome)
{
    if (outcome == NULL)
        return;
    tether_snapshot_free(outcome->snapshot);
    free(outcome->output);
    free(outcome->errors);
    free(outcome);
}
