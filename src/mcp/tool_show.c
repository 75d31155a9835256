/* Owns the tools that show tasks.
 * Must not: change anything.
 * Thread: the main one. */
#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/grep.h"
#include "mcp/reply.h"
#include "mcp/shown.h"
#include "mcp/tool_steps.h"
#include "mcp/view.h"

enum { LIST_LIMIT = 50, LIST_MOST = 10000, PAGE_BYTES = 16 * 1024, PAGE_MOST = 256 * 1024 };

int tool_status(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    tether_snapshot *snapshot;
    const char *id = NULL;
    (void)over;
    int code = arguments_needed_text(call->arguments, "task_id", &id, error);
    if (code == TETHER_OK)
        code = tether_status_get(call->host->registry, id, &snapshot, error);
    if (code != TETHER_OK)
        return code;
    result->value = reply_snapshot(snapshot);
    reply_line(&result->text, snapshot);
    if (snapshot->output_preview != NULL && snapshot->output_preview[0] != '\0') {
        buffer_format(&result->text, "%s\n",
                      snapshot->output_truncated ? "The end of its output:" : "Its output:");
        reply_fenced(&result->text, snapshot->output_preview, strlen(snapshot->output_preview));
    }
    tether_snapshot_free(snapshot);
    return TETHER_OK;
}

/* Which of the tasks are wanted. */
typedef struct mcp_filter {
    tether_list_options options;
    const json_t *states; /* NULL: all */
    const char *name;
    int64_t limit;
} mcp_filter;

static int take_filter(const mcp_call *call, mcp_filter *f, tether_error *error)
{
    bool all = false;
    int code = arguments_flag(call->arguments, "all", &all, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "all_sessions", &f->options.all_sessions, error);
    if (code == TETHER_OK)
        code = arguments_text(call->arguments, "project", &f->options.project_root, error);
    if (code == TETHER_OK)
        code = arguments_text(call->arguments, "name", &f->name, error);
    if (code == TETHER_OK)
        code = arguments_number(call->arguments, "limit", 1, LIST_MOST, &f->limit, error);
    f->states = json_object_get(call->arguments, "status");
    if (json_is_null(f->states))
        f->states = NULL;
    f->options.scope = all || f->states != NULL ? TETHER_LIST_ALL : TETHER_LIST_RUNNING;
    return code;
}

static bool is_wanted(const mcp_filter *f, const tether_snapshot *task)
{
    const json_t *value;
    size_t i;
    bool state = f->states == NULL;
    json_array_foreach((json_t *)(uintptr_t)f->states, i, value)
    {
        const char *text = json_string_value(value);
        state = state || (text != NULL && strcmp(text, tether_status_text(task->status)) == 0);
    }
    if (!state || f->name == NULL)
        return state;
    return (task->name != NULL && strstr(task->name, f->name) != NULL) ||
           (task->command != NULL && strstr(task->command, f->name) != NULL);
}

int tool_list(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    mcp_filter f = {.options = {.size = sizeof f.options, .without_output = true},
                    .limit = LIST_LIMIT};
    tether_snapshot_list *list;
    (void)over;
    int code = take_filter(call, &f, error);
    if (code == TETHER_OK)
        code = tether_list_in(call->host->registry, &f.options, &list, error);
    if (code != TETHER_OK)
        return code;
    json_t *tasks = json_array();
    int64_t total = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_wanted(&f, list->items[i]) || ++total > f.limit)
            continue;
        json_array_append_new(tasks, reply_snapshot(list->items[i]));
        reply_line(&result->text, list->items[i]);
    }
    tether_snapshot_list_free(list);
    result->value = json_pack("{s:o, s:I}", "tasks", tasks, "total", (json_int_t)total);
    if (total == 0)
        buffer_text(&result->text, "There are no such tasks.\n");
    else if (total > f.limit)
        buffer_format(&result->text, "These are the newest %d of %d.\n", (int)f.limit, (int)total);
    return TETHER_OK;
}

static int take_part(const mcp_call *call, shown_part *part, int64_t *offset, tether_error *error)
{
    int64_t bytes = PAGE_BYTES, lines = 0;
    int code = arguments_number(call->arguments, "bytes", 4, PAGE_MOST, &bytes, error);
    if (code == TETHER_OK)
        code = arguments_number(call->arguments, "lines", 1, INT32_MAX, &lines, error);
    if (code == TETHER_OK)
        code = arguments_number(call->arguments, "offset", 0, INT64_MAX / 2, offset, error);
    if (code == TETHER_OK)
        code = arguments_flag(call->arguments, "readable", &part->readable, error);
    if (code == TETHER_OK)
        code = view_take(call->arguments, &part->view, error);
    if (code == TETHER_OK)
        code = arguments_text(call->arguments, "pattern", &part->pattern, error);
    if (part->pattern != NULL && part->pattern[0] == '\0')
        part->pattern = NULL;
    part->bytes = (uint64_t)bytes;
    part->lines = (uint64_t)lines;
    if (code == TETHER_OK && lines > 0 && (*offset >= 0 || part->pattern != NULL))
        return failure(error, TETHER_EINVAL, "read arguments",
                       "lines excludes offset and pattern: it counts from the end; leave it out");
    return code;
}

int tool_output(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    shown_part part = {.view = TETHER_VIEW_BOTH};
    const char *id = NULL;
    int64_t offset = -1;
    (void)over;
    int code = arguments_needed_text(call->arguments, "task_id", &id, error);
    if (code == TETHER_OK)
        code = take_part(call, &part, &offset, error);
    if (code != TETHER_OK)
        return code;
    if (offset >= 0) {
        part.view = part.view == TETHER_VIEW_STDERR ? TETHER_VIEW_STDERR : TETHER_VIEW_STDOUT;
        part.offset = (uint64_t)offset;
    }
    if (part.pattern != NULL) {
        code = grep_output(call->host->registry, id, &part, error);
    } else if (offset >= 0) {
        code = shown_page(call->host->registry, id, &part, error);
    } else {
        code = shown_tail(call->host->registry, id, &part, error);
    }
    if (code == TETHER_OK) {
        result->value = json_pack("{s:s}", "task_id", id);
        shown_put(&part, result);
    }
    shown_dispose(&part);
    return code;
}
