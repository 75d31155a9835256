/* Owns the members of a snapshot that are not in the record: running time, output paths, preview.
 * Must not: change a record.
 * Thread: any; the caller holds the catalog's `disk`. */
#include "engine/snapshot.h"

#include "base/error.h"
#include "base/text.h"
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
    return tether__record_set(&snapshot->signal_name, name[0] != '\0' ? name : NULL);
}

/* Fills in the paths and the preview; leaves both empty if the bundle was removed. */
static int read_output(const tether__session *session, const tether__record *record,
                       tether_snapshot *snapshot, tether_error *error)
{
    tether__dir *bundle;
    tether_error problem = {0};
    int code = tether__bundle_open(session, record->task_id, &bundle, &problem);
    if (code == TETHER_ENOTASK || code == TETHER_EGONE)
        return TETHER_OK;
    if (code != TETHER_OK) {
        tether__error_set(error, &problem);
        return code;
    }
    const char *folder = tether__os_dir_path(bundle);
    snapshot->output_path = tether__text_join(folder, TETHER__STDOUT_FILE);
    bool merged = record->stderr_path == NULL;
    if (!merged)
        snapshot->stderr_path = tether__text_join(folder, TETHER__STDERR_FILE);
    const int64_t totals[2] = {record->stdout_total, record->stderr_total};
    uint64_t dropped[2];
    code = tether__output_preview(bundle, totals, dropped, &snapshot->output_truncated,
                                  &snapshot->output_preview, error);
    snapshot->output_dropped = dropped[TETHER_STDOUT];
    snapshot->stderr_dropped = dropped[TETHER_STDERR];
    tether__os_dir_close(bundle);
    bool fits = snapshot->output_path != NULL && (merged || snapshot->stderr_path != NULL);
    return code == TETHER_OK && !fits ? tether__fail_memory(error, "make snapshot") : code;
}

int tether__snapshot_fill(const tether__session *session, const tether__entry *entry,
                          tether_snapshot *snapshot, tether_error *error)
{
    const tether__record *record = &entry->record;
    int code = tether__snapshot_copy(record, snapshot) && name_signal(snapshot)
                   ? TETHER_OK
                   : tether__fail_memory(error, "make snapshot");
    if (code == TETHER_OK && !tether_status_ended(record->status) && record->started_uptime_ms > 0)
        snapshot->duration_ms =
            tether__duration(0, 0, record->started_uptime_ms, tether__os_uptime_ms());
    if (code == TETHER_OK)
        code = read_output(session, record, snapshot, error);
    if (code != TETHER_OK)
        tether__snapshot_dispose(snapshot);
    return code;
}
