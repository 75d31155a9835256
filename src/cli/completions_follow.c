/* Owns the loop of "completions --follow", and its reminders.
 * Must not: lease or acknowledge a completion without --drain.
 * Thread: the main one; reminders are printed on the registry's event thread. */
#include "cli/completions_follow.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "cli/drain.h"
#include "cli/duration.h"
#include "cli/escape.h"
#include "cli/print.h"
#include "cli/reader.h"
#include "cli/stream.h"

typedef struct follower {
    const cli_options *cli;
    const completions_follow *choice;
    tether_completion_options options;
    tether_registry *registry;
    uv_mutex_t lock;               /* guards standard output */
    tether_snapshot_list *printed; /* what was pending at the last look, sorted by compare_tasks */
} follower;

/* Task ids are unique only within their session. */
static int compare_tasks(const void *left, const void *right)
{
    const tether_snapshot *a = *(tether_snapshot *const *)left;
    const tether_snapshot *b = *(tether_snapshot *const *)right;
    int order = strcmp(a->task_id, b->task_id);

    if (order != 0 || a->session_id == NULL || b->session_id == NULL)
        return order;
    return strcmp(a->session_id, b->session_id);
}

static bool is_printed(const follower *f, const tether_snapshot *task)
{
    return f->printed != NULL && f->printed->count > 0 &&
           bsearch((const void *)&task, (const void *)f->printed->items, f->printed->count,
                   sizeof *f->printed->items, compare_tasks) != NULL;
}

/* Prints what was not pending at the last look. Completions that were acknowledged since then drop
 * out of the list: they are never pending again. */
static int print_new(follower *f)
{
    tether_snapshot_list *list;
    tether_error error = {0};
    int code = 0;
    size_t i;

    if (tether_completions_peek(f->registry, &f->options, &list, &error) != 0)
        return print_error(f->cli, &error);
    for (i = 0; i < list->count && code == 0; i++) {
        if (!is_printed(f, list->items[i]))
            code = drain_print(f->cli, list->items[i], f->choice->all_sessions);
    }
    if (list->count > 0)
        qsort((void *)list->items, list->count, sizeof *list->items, compare_tasks);
    tether_snapshot_list_free(f->printed);
    f->printed = list;
    return code != 0 ? code : print_flush(f->cli, NULL);
}

/* Drains or prints what is pending now; sets *stop if the loop must end. A failed acknowledgement
 * is reported but does not end the loop: that completion is pending again once this process has
 * ended.
 */
static int drain_or_print(follower *f, bool *stop)
{
    int code;

    uv_mutex_lock(&f->lock);
    if (f->choice->drain) {
        code = drain_pending(f->cli, f->registry, &f->options, stop);
    } else {
        code = print_new(f);
        *stop = code != 0 || reader_gone();
    }
    /* Writing a reminder may have failed on the event thread. */
    if (!*stop && stream_failed(stream_stdout())->code != 0) {
        code = print_flush(f->cli, NULL);
        *stop = true;
    }
    uv_mutex_unlock(&f->lock);
    return code;
}

static int follow(follower *f)
{
    /* Wake up at least this often to notice that a reminder could not be written. */
    int64_t wait_ms = f->choice->remind_ms > 0 ? f->choice->remind_ms : -1;

    for (;;) {
        tether_error error = {0};
        bool stop = false;
        int code = drain_or_print(f, &stop);

        if (stop)
            return code;
        f->options.seen = f->choice->drain ? NULL : f->printed;
        code = tether_completions_wait(f->registry, &f->options, wait_ms, &error);
        if (code == 0 || code == TETHER_ETIMEDOUT)
            continue;
        uv_mutex_lock(&f->lock);
        code = print_error(f->cli, &error);
        uv_mutex_unlock(&f->lock);
        return code;
    }
}

static void print_reminder(const cli_options *cli, const tether_event *event)
{
    const tether_snapshot *task = event->snapshot;
    cli_stream *to = stream_stdout();
    char duration[DURATION_TEXT_SIZE];

    if (cli->json) {
        stream_text(to, "{\"kind\":\"reminder\",\"task_id\":");
        escape_json_string(to, task->task_id);
        stream_text(to, ",\"session_id\":");
        escape_json_string(to, task->session_id);
        stream_text(to, ",\"name\":");
        escape_json_string(to, task->name);
        stream_text(to, ",\"command\":");
        escape_json_string(to, task->command);
        stream_format(to, ",\"status\":\"%s\",\"elapsed_ms\":%" PRId64 "}\n",
                      tether_status_text(task->status), event->elapsed_ms);
        return;
    }
    duration_format(event->elapsed_ms, duration);
    stream_format(to, "%s  still %s after %s  ", task->task_id, tether_status_text(task->status),
                  duration);
    if (task->command != NULL)
        escape_line(to, task->command, stream_is_terminal(to) ? 60 : SIZE_MAX);
    stream_text(to, "\n");
}

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    follower *f = userdata;

    (void)registry;
    if (event->kind != TETHER_EVENT_REMINDER)
        return;
    uv_mutex_lock(&f->lock);
    print_reminder(f->cli, event);
    stream_flush(stream_stdout());
    uv_mutex_unlock(&f->lock);
}

static int run_with_lock(follower *f)
{
    tether_open_options options = {.leave_watches = 1};
    int code;

    options.reminder_ms = f->choice->remind_ms > 0 ? f->choice->remind_ms : TETHER_NO_REMINDER;
    /* Only reminders are events: tether_completions_wait reports what is pending. */
    if (f->choice->remind_ms > 0) {
        options.on_event = on_event;
        options.userdata = f;
    }
    f->options.size = sizeof f->options;
    f->options.all_sessions = f->choice->all_sessions;
    code = session_open_with(f->cli, &options, &f->registry);
    if (code != 0)
        return code;
    reader_watch(f->registry, NULL, NULL);
    code = follow(f);
    tether_snapshot_list_free(f->printed);
    return session_close(f->cli, f->registry, code);
}

int completions_follow_run(const cli_options *cli, const completions_follow *choice)
{
    follower f = {0};
    int code;

    f.cli = cli;
    f.choice = choice;
    if (uv_mutex_init(&f.lock) != 0)
        return print_no_memory(cli);
    code = run_with_lock(&f);
    uv_mutex_destroy(&f.lock);
    return code;
}
