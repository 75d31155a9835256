/* Owns the members of a snapshot that are not in the record: running time, output paths, preview.
 * Must not: change a record.
 * Thread: any; the caller holds the catalog's `disk`. */
#include "engine/snapshot.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "format/snapshot.h"
#include "format/verdict.h"
#include "os/clock.h"
#include "os/signal.h"
#include "store/bundle.h"
#include "store/output_file.h"

/* Returns false when memory is short. */
static bool name_signal(tether_snapshot *snapshot)
{
    char name[TETHER__SIGNAL_NAME_SIZE] = "";
    if (snapshot->signal != 0)
        tether__os_signal_name(snapshot->signal, name);
    return tether__utf8_set(&snapshot->signal_name, name[0] != '\0' ? name : NULL);
}

/* Returns false when memory is short. */
static bool name_outputs(const tether__session *session, const tether__record *record,
                         tether_snapshot *snapshot)
{
    bool merged = record->stderr_path == NULL;
    char *folder = tether__text_join(tether__os_dir_path(session->tasks), record->task_id);
    if (folder != NULL)
        snapshot->output_path = tether__text_join(folder, TETHER__STDOUT_FILE);
    if (folder != NULL && !merged)
        snapshot->stderr_path = tether__text_join(folder, TETHER__STDERR_FILE);
    free(folder);
    return snapshot->output_path != NULL && (merged || snapshot->stderr_path != NULL);
}

int tether__snapshot_fill_record(const tether__session *session, const tether__entry *entry,
                                 tether_snapshot *snapshot, tether_error *error)
{
    const tether__record *record = &entry->record;
    if (!tether__snapshot_copy(record, snapshot) || !name_signal(snapshot) ||
        !name_outputs(session, record, snapshot)) {
        tether__snapshot_dispose(snapshot);
        return tether__fail_memory(error, "make snapshot");
    }
    if (!tether_status_ended(record->status) && record->started_uptime_ms > 0)
        snapshot->duration_ms =
            tether__duration(0, 0, record->started_uptime_ms, tether__os_uptime_ms());
    return TETHER_OK;
}

/* Reads the preview; leaves it and the paths empty if the bundle was removed. */
static int read_output(const tether__session *session, const tether__record *record,
                       tether_snapshot *snapshot, tether_error *error)
{
    tether__dir *bundle;
    tether_error problem = {0};
    int code = tether__bundle_open(session, record->task_id, &bundle, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_EGONE) {
        (void)tether__utf8_set(&snapshot->output_path, NULL);
        (void)tether__utf8_set(&snapshot->stderr_path, NULL);
        return TETHER_OK;
    }
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    uint64_t dropped[2];
    code = tether__output_preview(bundle, record, dropped, &snapshot->output_truncated,
                                  &snapshot->output_preview, error);
    snapshot->output_dropped = dropped[TETHER_STDOUT];
    snapshot->stderr_dropped = dropped[TETHER_STDERR];
    tether__os_dir_close(bundle);
    return code;
}

int tether__snapshot_fill(const tether__session *session, const tether__entry *entry,
                          tether_snapshot *snapshot, tether_error *error)
{
    int code = tether__snapshot_fill_record(session, entry, snapshot, error);
    if (code == TETHER_OK)
        code = read_output(session, &entry->record, snapshot, error);
    if (code != TETHER_OK)
        tether__snapshot_dispose(snapshot);
    return code;
}
