/* Owns moving what is damaged to the quarantine.
 * Must not: decide what is damaged, or take the session lock (its callers do).
 * Thread: any. */
#include "store/quarantine.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/process.h"
#include "store/bundle.h"
#include "store/ledger_read.h"

/* Creates a folder for one damaged task in the quarantine, with the reason in a file. */
static int create_quarantine_folder(const tether__session *session, const char *task_id,
                                    const char *reason, tether__dir **folder, tether_error *error)
{
    tether__dir *quarantine;
    char name[TETHER_ID_SIZE + 32], text[768], boot_id[TETHER__BOOT_ID_SIZE];
    *folder = NULL;
    int code = tether__store_quarantine(session->store, &quarantine, error);
    if (code != TETHER_OK)
        return code;
    tether__clock_frame own;
    code = tether__here_frame(&session->store->here, &own, error);
    if (code != TETHER_OK) {
        tether__os_dir_close(quarantine);
        return code;
    }
    int64_t now = tether__os_wall_ms();
    snprintf(name, sizeof name, "%s-%lld", task_id, (long long)now);
    tether__here_boot_id(&session->store->here, boot_id);
    snprintf(text, sizeof text,
             "session: %s\ntask: %s\nat: %lld\nuptime: %lld boot: %s\nreason: %.300s\n",
             session->id, task_id, (long long)now,
             (long long)(tether__os_uptime_ms() - own.boot_ns / 1000000), boot_id, reason);
    code = tether__os_dir_open(quarantine, name, true, folder, error);
    if (code == TETHER_OK)
        code = tether__os_file_replace(*folder, "reason.txt", text, strlen(text), false, error);
    tether__os_dir_close(quarantine);
    return code;
}

int tether__marker_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error)
{
    tether__dir *folder;
    int code = create_quarantine_folder(session, task_id, reason, &folder, error);
    if (code == TETHER_OK)
        code = tether__os_move(session->exits, task_id, folder, "exit-marker", error);
    tether__os_dir_close(folder);
    return code;
}

int tether__journal_quarantine(const tether__session *session, const char *lines, size_t size,
                               tether_error *error)
{
    tether__dir *folder;
    int code = create_quarantine_folder(session, "journal", "damaged lines", &folder, error);
    if (code == TETHER_OK)
        code = tether__os_file_replace(folder, "lines", lines, size, false, error);
    tether__os_dir_close(folder);
    return code;
}

/* Writes what the journal has of a task to its folder in the quarantine, as far as it can be read.
 */
static int quarantine_record(const tether__session *session, const char *task_id,
                             tether__dir *folder, tether_error *error)
{
    json_t *record;
    int code = tether__ledger_read(session, task_id, &record, NULL, NULL);
    if (code == TETHER_ECORRUPT || code == TETHER_ENOTASK)
        return TETHER_OK;
    char *text = code == TETHER_OK ? json_dumps(record, JSON_INDENT(1)) : NULL;
    json_decref(record);
    if (text == NULL)
        return tether__fail_memory(error, "quarantine record");
    code = tether__os_file_replace(folder, "record.json", text, strlen(text), false, error);
    free(text);
    return code;
}

/* The record is removed last: until then, a host that continues after a death repeats the rest. */
int tether__bundle_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error)
{
    tether__dir *folder;
    tether_error problem = {0};
    int code = create_quarantine_folder(session, task_id, reason, &folder, &problem);
    if (code == TETHER_OK)
        code = quarantine_record(session, task_id, folder, &problem);
    if (code == TETHER_OK)
        code = tether__os_move(session->tasks, task_id, folder, "bundle", &problem);
    if (code == TETHER_OK || code == TETHER_ENOTASK) {
        tether__os_move(session->exits, task_id, folder, "exit-marker", NULL);
        code = tether__bundle_remove_record(session, task_id, false, &problem);
    }
    tether__os_dir_close(folder);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}
