/* Owns what a caller may ask for as the command at the end of a task, and what a monitor is told of
 * it: the part of the task's JSON that is known at the start, and the command's variables.
 * Must not: run anything, or say how a task ends.
 * Thread: any. */
#include "task/on_end.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/orders.h"
#include "format/snapshot.h"
#include "os/host.h"
#include "shell/cmd_line.h"
#include "store/bundle.h"

static const char step[] = "write orders";

enum { DEFAULT_MS = 60000, TEXT_LIMIT = 64 * 1024 };

static int refuse(const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_EINVAL, 0, "check spec", "%s", why);
}

/* cmd would run the first line, or the first part, alone. */
static int check_cmd_text(const char *text, tether_error *error)
{
    if (strpbrk(text, "\r\n") != NULL)
        return refuse("the command at the end has more than one line, of which cmd runs the first "
                      "alone; put it into a file, and give the file's name",
                      error);
    return tether__cmd_units(text) <= TETHER__CMD_LINE_LIMIT
               ? TETHER_OK
               : refuse("the command at the end is longer than a line of cmd; put it into a file, "
                        "and give the file's name",
                        error);
}

int tether__on_end_check(const tether_spec *spec, tether_error *error)
{
    if (spec->on_end_timeout_ms < 0)
        return refuse("the time limit of the command at the end is negative; give 0 or more",
                      error);
    if (spec->on_end == NULL)
        return spec->on_end_timeout_ms == 0
                   ? TETHER_OK
                   : refuse("a time limit is given for a command at the end, but no command; give "
                            "on_end",
                            error);
    if (spec->on_end[0] == '\0')
        return refuse("the command at the end is empty; give a text, or none at all", error);
    if (strlen(spec->on_end) > TEXT_LIMIT)
        return refuse("the command at the end has more than 65536 bytes; put it into a file, and "
                      "give the file's name",
                      error);
    return tether__os_shell_rules()->windows ? check_cmd_text(spec->on_end, error) : TETHER_OK;
}

/* What the monitor adds, and what cannot be known while the record may still change. */
static const char *const not_yet[] = {"status",
                                      "reason",
                                      "exit_code",
                                      "signal",
                                      "signal_name",
                                      "pipeline_statuses",
                                      "finished_at",
                                      "finished_at_rfc3339",
                                      "duration_ms",
                                      "deadline_at",
                                      "deadline_at_rfc3339",
                                      "user_ms",
                                      "system_ms",
                                      "peak_memory",
                                      "process_count",
                                      "memory_now",
                                      "processes_now",
                                      "survivors",
                                      "survivor_count",
                                      "child_pid",
                                      "output_preview",
                                      "output_truncated",
                                      "output_dropped",
                                      "stderr_dropped",
                                      "output_lost",
                                      "compressed",
                                      "notify_on_completion",
                                      "completion_delivered",
                                      "on_end_exit_code",
                                      "on_end_error",
                                      "read_only"};

/* The object without its last brace: the monitor goes on. NULL when memory is short; the caller
 * frees it. */
static char *open_json(const tether_snapshot *snapshot)
{
    char *text = tether_snapshot_json(snapshot);
    json_t *object = text != NULL ? json_loads(text, 0, NULL) : NULL;
    free(text);
    for (size_t i = 0; i < sizeof not_yet / sizeof not_yet[0]; i++)
        (void)json_object_del(object, not_yet[i]);
    text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (text != NULL)
        text[strlen(text) - 1] = '\0';
    return text;
}

/* Fills a snapshot as the task's end will have it. */
static bool fill(tether__spawn_plan *plan, tether_snapshot *snapshot)
{
    const char *folder = tether__os_dir_path(plan->bundle);
    if (!tether__snapshot_copy(&plan->record, snapshot))
        return false;
    snapshot->output_path = tether__text_join(folder, TETHER__STDOUT_FILE);
    if (!plan->spec.merge_output)
        snapshot->stderr_path = tether__text_join(folder, TETHER__STDERR_FILE);
    return snapshot->output_path != NULL &&
           (plan->spec.merge_output || snapshot->stderr_path != NULL);
}

typedef struct variables {
    tether__text texts[8];
    const char *list[9]; /* NULL-terminated */
    size_t count;
    bool failed;
} variables;

/* An empty value takes the variable away. */
static void set(variables *v, const char *name, const char *value, const char *end)
{
    tether__text *text = &v->texts[v->count];
    tether__text_add_string(text, name);
    tether__text_add_string(text, "=");
    tether__text_add_string(text, value != NULL ? value : "");
    tether__text_add_string(text, end);
    v->failed = v->failed || text->failed;
    v->list[v->count++] = text->bytes;
}

/* The cookie is no task's, and so tells the command from the processes of the task. */
static void set_all(variables *v, const tether__spawn_plan *plan, const tether_snapshot *snapshot)
{
    set(v, "TETHER_TASK_ID", plan->id, ".on-end");
    set(v, "TETHER_ID", plan->id, "");
    set(v, "TETHER_NAME", snapshot->name, "");
    set(v, "TETHER_COMMAND", snapshot->command, "");
    set(v, "TETHER_SESSION", snapshot->session_id, "");
    set(v, "TETHER_STORE", tether__os_dir_path(plan->registry->session.store->root), "");
    set(v, "TETHER_STDOUT", snapshot->output_path, "");
    set(v, "TETHER_STDERR", snapshot->stderr_path, "");
}

int tether__on_end_order(tether__spawn_plan *plan, tether_error *error)
{
    variables v = {.count = 0};
    tether_snapshot snapshot = {.size = sizeof snapshot};
    bool filled = fill(plan, &snapshot);
    char *json = filled ? open_json(&snapshot) : NULL;
    if (json != NULL) {
        set_all(&v, plan, &snapshot);
        const tether__orders orders = {
            .on_end = plan->spec.on_end,
            .on_end_ms =
                plan->spec.on_end_timeout_ms != 0 ? plan->spec.on_end_timeout_ms : DEFAULT_MS,
            .on_end_json = json,
            .on_end_environment = v.list,
        };
        if (!v.failed)
            tether__orders_add_on_end(&orders, &plan->orders);
    }
    for (size_t i = 0; i < v.count; i++)
        tether__text_dispose(&v.texts[i]);
    tether__snapshot_dispose(&snapshot);
    bool complete = json != NULL && !v.failed && !plan->orders.failed;
    free(json);
    return complete ? TETHER_OK : tether__fail_memory(error, step);
}
