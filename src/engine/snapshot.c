/* Owns snapshots: their making from records, their freeing, their JSON.
 * Must not: change a record.
 * Thread: any; filling is under the catalog's `disk`. */
#include "engine/snapshot.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "os/clock.h"
#include "store/output_file.h"

static const char step[] = "make snapshot";

static bool copy_strings(const tether__record *record, tether_snapshot *snapshot)
{
    return tether__record_set(&snapshot->session_id, record->session_id) &&
           tether__record_set(&snapshot->name, record->name) &&
           tether__record_set(&snapshot->project_root, record->project_root) &&
           tether__record_set(&snapshot->command, record->command) &&
           tether__record_set(&snapshot->workdir, record->workdir) &&
           tether__record_set(&snapshot->shell, record->shell) &&
           tether__record_set(&snapshot->supervisor, record->supervisor) &&
           tether__record_set(&snapshot->survival, record->survival) &&
           tether__record_set(&snapshot->reason, record->reason);
}

static void copy_numbers(const tether__record *record, tether_snapshot *snapshot)
{
    strcpy(snapshot->task_id, record->task_id);
    snapshot->status = record->status;
    snapshot->exit_code = record->exit_code;
    snapshot->signal = (int)record->signal;
    snapshot->started_at = record->started_at;
    snapshot->finished_at = record->finished_at;
    snapshot->duration_ms = record->duration_ms;
    snapshot->timeout_ms = record->timeout_ms;
    snapshot->deadline_at = record->deadline_at;
    snapshot->child_pid = record->child_pid;
    snapshot->notify_on_completion = record->notify;
    snapshot->completion_delivered = record->delivered;
    snapshot->read_only = record->read_only;
    snapshot->output_limit = record->output_limit;
    if (!tether_status_ended(record->status) && record->started_uptime_ms > 0)
        snapshot->duration_ms =
            tether__duration(0, 0, record->started_uptime_ms, tether__os_uptime_ms());
}

/* Paths and preview. A bundle that went in the meantime leaves them absent. */
static bool look_at_output(const tether__session *session, const tether__record *record,
                           tether_snapshot *snapshot)
{
    tether__dir *bundle;
    if (tether__bundle_open(session, record->task_id, &bundle, NULL) != TETHER_OK)
        return true;
    const char *folder = tether__os_dir_path(bundle);
    snapshot->output_path = tether__text_join(folder, TETHER__STDOUT_FILE);
    bool merged = record->stderr_name == NULL;
    if (!merged)
        snapshot->stderr_path = tether__text_join(folder, TETHER__STDERR_FILE);
    const int64_t totals[2] = {record->stdout_total, record->stderr_total};
    uint64_t dropped[2];
    snapshot->output_preview =
        tether__output_preview(bundle, totals, dropped, &snapshot->output_truncated);
    snapshot->output_dropped = dropped[TETHER_STDOUT];
    snapshot->stderr_dropped = dropped[TETHER_STDERR];
    tether__os_dir_close(bundle);
    return snapshot->output_path != NULL && snapshot->output_preview != NULL &&
           (merged || snapshot->stderr_path != NULL);
}

static bool copy_pipeline(const tether__record *record, tether_snapshot *snapshot)
{
    return record->pipestatus == NULL ||
           tether__record_pipeline(record->pipestatus, &snapshot->pipeline_statuses,
                                   &snapshot->pipeline_count);
}

int tether__snapshot_fill(const tether__session *session, const tether__entry *entry,
                          tether_snapshot *snapshot, tether_error *error)
{
    *snapshot = (tether_snapshot){0};
    copy_numbers(&entry->record, snapshot);
    if (copy_strings(&entry->record, snapshot) && copy_pipeline(&entry->record, snapshot) &&
        look_at_output(session, &entry->record, snapshot))
        return TETHER_OK;
    tether__snapshot_dispose(snapshot);
    return tether__fail_memory(error, step);
}

void tether__snapshot_dispose(tether_snapshot *snapshot)
{
    free(snapshot->session_id);
    free(snapshot->name);
    free(snapshot->project_root);
    free(snapshot->command);
    free(snapshot->workdir);
    free(snapshot->shell);
    free(snapshot->supervisor);
    free(snapshot->survival);
    free(snapshot->reason);
    free(snapshot->output_path);
    free(snapshot->stderr_path);
    free(snapshot->output_preview);
    free(snapshot->survivors);
    free(snapshot->pipeline_statuses);
    *snapshot = (tether_snapshot){0};
}

void tether_snapshot_free(tether_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    tether__snapshot_dispose(snapshot);
    free(snapshot);
}

void tether_snapshot_list_free(tether_snapshot_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        tether__snapshot_dispose(&list->items[i]);
    free(list->items);
    free(list);
}

static json_t *text_or_null(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    /* The store's own path may be any bytes; JSON is UTF-8. */
    char *repaired = tether__utf8_repair(text, strlen(text));
    value = repaired != NULL ? json_string(repaired) : NULL;
    free(repaired);
    return value;
}

static json_t *number_or_null(int64_t number, int64_t absent)
{
    return number != absent ? json_integer(number) : json_null();
}

static json_t *survivors_or_null(const tether_snapshot *snapshot)
{
    if (!snapshot->survivors_known)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->survivor_count; i++)
        json_array_append_new(array, json_integer(snapshot->survivors[i]));
    return array;
}

static json_t *pipeline_or_null(const tether_snapshot *snapshot)
{
    if (snapshot->pipeline_statuses == NULL)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < snapshot->pipeline_count; i++)
        json_array_append_new(array, json_integer(snapshot->pipeline_statuses[i]));
    return array;
}

char *tether_snapshot_json(const tether_snapshot *s)
{
    const struct {
        const char *name;
        json_t *value;
    } members[] = {
        {"task_id", json_string(s->task_id)},
        {"session_id", text_or_null(s->session_id)},
        {"name", text_or_null(s->name)},
        {"project_root", text_or_null(s->project_root)},
        {"status", json_string(tether_status_text(s->status))},
        {"reason", text_or_null(s->reason)},
        {"exit_code", number_or_null(s->exit_code, TETHER_EXIT_UNKNOWN)},
        {"signal", number_or_null(s->signal, 0)},
        {"pipeline_statuses", pipeline_or_null(s)},
        {"command", text_or_null(s->command)},
        {"workdir", text_or_null(s->workdir)},
        {"shell", text_or_null(s->shell)},
        {"supervisor", text_or_null(s->supervisor)},
        {"survival", text_or_null(s->survival)},
        {"started_at", number_or_null(s->started_at, 0)},
        {"finished_at", number_or_null(s->finished_at, 0)},
        {"duration_ms", number_or_null(s->duration_ms, -1)},
        {"timeout_ms", json_integer(s->timeout_ms)},
        {"deadline_at", number_or_null(s->deadline_at, 0)},
        {"child_pid", number_or_null(s->child_pid, 0)},
        {"output_path", text_or_null(s->output_path)},
        {"stderr_path", text_or_null(s->stderr_path)},
        {"output_preview", text_or_null(s->output_preview)},
        {"output_truncated", json_boolean(s->output_truncated)},
        {"output_limit", number_or_null(s->output_limit, 0)},
        {"compressed", json_boolean(s->compressed)},
        {"output_dropped", json_integer((json_int_t)s->output_dropped)},
        {"stderr_dropped", json_integer((json_int_t)s->stderr_dropped)},
        {"notify_on_completion", json_boolean(s->notify_on_completion)},
        {"completion_delivered", json_boolean(s->completion_delivered)},
        {"read_only", json_boolean(s->read_only)},
        {"survivors", survivors_or_null(s)},
    };
    json_t *object = json_object();
    bool whole = object != NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        whole = json_object_set_new(object, members[i].name, members[i].value) == 0 && whole;
    char *text = whole ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}
