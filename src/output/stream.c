/* Owns the mapping between a task's offsets and the bytes of its output files.
 * Must not: change a file, or decide what is dropped.
 * Thread: any; takes the catalog's `disk`. */
#include "output/stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "engine/refresh.h"
#include "store/output_file.h"

enum { NS_PER_MS = 1000 * 1000 };

/* What an output limit has done to the file of a stream. */
typedef struct limited {
    int64_t total; /* how many bytes the task wrote, if a host may have trimmed the file; else -1 */
    bool piped;
    uint64_t limit; /* that of the monitor's gap; 0: none */
} limited;

/* Few tasks have a limit; for the others this does not touch the disk. */
static int find_limited(tether_registry *registry, const char *task_id, tether_stream stream,
                        limited *found, tether_error *error)
{
    int code = TETHER_OK;
    tether__catalog *catalog = &registry->catalog;
    *found = (limited){.total = -1};
    uv_mutex_lock(&catalog->disk);
    tether__entry *entry = tether__catalog_find(catalog, task_id);
    if (entry == NULL || entry->record.task_id == NULL || entry->record.output_limit > 0)
        code = tether__refresh(catalog, task_id, TETHER__INSPECT_NOW, &entry, error);
    if (code == TETHER_OK) {
        const tether__record *record = &entry->record;
        found->total = stream == TETHER_STDERR ? record->stderr_total : record->stdout_total;
        found->piped = tether__record_is_piped(record);
        found->limit = tether__record_gap_limit(record);
    }
    uv_mutex_unlock(&catalog->disk);
    /* The output of a task with a damaged record can still be read. */
    return code == TETHER_ECORRUPT ? TETHER_OK : code;
}

/* Opens the file, then reads the record, then measures the file. If the record has no total, the
 * opened file is complete, because the total is stored before the file is trimmed. If it has one,
 * the task writes nothing more, and the total minus the file's size was dropped, no matter whether
 * the file was opened before or after the trim. */
static int open_file(tether_registry *registry, const char *task_id, tether_stream stream,
                     tether__output *output, tether_error *error)
{
    tether__dir *bundle;
    limited found = {.total = -1};
    tether__file_stamp stamp = {.mtime_ns = 0};
    int code = tether__bundle_open(&registry->session, task_id, &bundle, error);
    if (code != TETHER_OK)
        return code;
    code = tether__os_file_open(bundle, tether__output_file_name(stream), &output->file, &stamp,
                                error);
    tether__os_dir_close(bundle);
    if (code == TETHER_ENOTASK)
        return TETHER_OK;
    code = tether__bundle_result(&registry->session, task_id, code, error);
    if (code == TETHER_OK)
        code = find_limited(registry, task_id, stream, &found, error);
    output->changed_ms = stamp.mtime_ns / NS_PER_MS;
    output->piped = found.piped;
    output->limit = found.limit;
    if (code == TETHER_OK)
        code = tether__output_measure(output, error);
    if (code == TETHER_OK && found.total > 0 && (uint64_t)found.total > output->end) {
        output->dropped = (uint64_t)found.total - output->end;
        output->end = (uint64_t)found.total;
    }
    return code;
}

int tether__output_open(tether_registry *registry, const char *task_id, tether_stream stream,
                        tether__output *output, tether_error *error)
{
    tether_error problem = {0};
    *output = TETHER__OUTPUT_NONE;
    int code = open_file(registry, task_id, stream, output, &problem);
    if (code == TETHER_OK)
        return code;
    tether__output_close(output);
    tether__error_set(error, &problem);
    return code;
}

int tether__output_measure(tether__output *output, tether_error *error)
{
    uint64_t size;
    if (output->file.handle < 0)
        return TETHER_OK;
    int code = tether__os_file_size(&output->file, &size, error);
    if (code == TETHER_OK)
        output->end = output->dropped + size;
    return code;
}

/* --- Dropped bytes --- */

static tether__gap gap_at(const tether__output *output, uint64_t end)
{
    if (output->dropped > 0)
        return (tether__gap){0, output->dropped};
    return tether__gap_within(output->limit, end);
}

tether__gap tether__output_gap(const tether__output *output)
{
    return gap_at(output, output->end);
}

int tether__output_skip(tether__output *output, uint64_t *offset, tether_error *error)
{
    int code = tether__output_measure(output, error);
    tether__gap gap = tether__output_gap(output);
    if (code == TETHER_OK && *offset >= gap.begin && *offset < gap.end)
        *offset = gap.end;
    return code;
}

static int fail_dropped(tether__gap gap, tether_error *error)
{
    return tether__fail(error, TETHER_EDROPPED, 0, "read output",
                        "the bytes from %" PRIu64 " to %" PRIu64
                        " were dropped by the task's output limit; read from byte %" PRIu64 " on",
                        gap.begin, gap.end - 1, gap.end);
}

/* Judges what was read by the size after the read: a monitor gives space back only after the file
 * has grown, so what was read and is not in the gap of this size is what the task wrote. */
static int check_gap(const tether__output *output, uint64_t offset, size_t *got,
                     tether_error *error)
{
    uint64_t size;
    int code = tether__os_file_size(&output->file, &size, error);
    tether__gap gap = gap_at(output, size);
    if (code == TETHER_OK && offset >= gap.begin && offset < gap.end)
        code = fail_dropped(gap, error);
    if (code != TETHER_OK)
        *got = 0;
    else if (offset < gap.begin && gap.begin<gap.end && * got> gap.begin - offset)
        *got = (size_t)(gap.begin - offset);
    return code;
}

int tether__output_read(const tether__output *output, uint64_t offset, void *buffer, size_t size,
                        size_t *got, tether_error *error)
{
    *got = 0;
    if (output->file.handle < 0)
        return TETHER_OK;
    if (offset < output->dropped)
        return fail_dropped(tether__output_gap(output), error);
    int code =
        tether__os_file_pread(&output->file, offset - output->dropped, buffer, size, got, error);
    return code == TETHER_OK && output->limit > 0 ? check_gap(output, offset, got, error) : code;
}

/* --- Truncated files --- */

static bool all_zero(const char *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == '\0')
        size--;
    return size == 0;
}

/* Returns whether the bytes in front of `place` are those that were read. Zeros are accepted, and
 * remembered, because they are a hole: a writer without O_APPEND went on at its old offset after a
 * truncation, or the blocks were given back to the disk. What follows the hole is what the task
 * wrote next. */
static bool accept_tail(tether__output *output, const char *now)
{
    bool same = memcmp(now, output->tail, output->tail_size) == 0;
    if (!same && !all_zero(now, output->tail_size))
        return false;
    memcpy(output->tail, now, output->tail_size);
    return true;
}

/* Not where a monitor alone has the file and drops what is between. */
static int check_tail(tether__output *output, bool *truncated, tether_error *error)
{
    char now[TETHER__OUTPUT_TAIL];
    size_t got;
    uint64_t begin = output->place - output->dropped - output->tail_size;
    int code = tether__os_file_pread(&output->file, begin, now, output->tail_size, &got, error);
    *truncated = code == TETHER_OK && (got < output->tail_size || !accept_tail(output, now));
    return code;
}

/* Notes that a block was read: keeps its last bytes. */
static void keep_tail(tether__output *output, uint64_t offset, const char *block, size_t size)
{
    if (size == 0 || offset + size <= output->place)
        return;
    size_t keep = 0;
    if (offset == output->place && size < sizeof output->tail) {
        keep = sizeof output->tail - size;
        keep = output->tail_size < keep ? output->tail_size : keep;
        memmove(output->tail, output->tail + output->tail_size - keep, keep);
    }
    size_t fresh = size < sizeof output->tail ? size : sizeof output->tail;
    memcpy(output->tail + keep, block + size - fresh, fresh);
    output->tail_size = keep + fresh;
    output->place = offset + size;
}

/* Checks after the read: a truncation in between makes the bytes that were read doubtful. */
int tether__output_read_on(tether__output *output, uint64_t offset, void *buffer, size_t size,
                           size_t *got, bool *truncated, tether_error *error)
{
    *truncated = false;
    int code = tether__output_read(output, offset, buffer, size, got, error);
    if (code == TETHER_OK && output->tail_size > 0 && output->limit == 0)
        code = check_tail(output, truncated, error);
    if (code != TETHER_OK || *truncated)
        *got = 0;
    if (code != TETHER_OK || !*truncated) {
        keep_tail(output, offset, buffer, *got);
        return code;
    }
    output->place = 0;
    output->tail_size = 0;
    return tether__output_measure(output, error);
}

bool tether__output_is_beyond_end(tether__output *output, uint64_t offset)
{
    return output->file.handle >= 0 && offset > output->place &&
           tether__output_measure(output, NULL) == TETHER_OK && offset > output->end;
}

void tether__output_close(tether__output *output)
{
    tether__os_file_close(&output->file);
}

int tether__output_times(tether_registry *registry, const char *task_id, tether__times *times,
                         tether_error *error)
{
    tether__dir *bundle;
    *times = (tether__times){.items = NULL};
    int code = tether__bundle_open(&registry->session, task_id, &bundle, error);
    if (code != TETHER_OK)
        return code;
    code = tether__times_read(bundle, times, error);
    tether__os_dir_close(bundle);
    return tether__bundle_result(&registry->session, task_id, code, error);
}
