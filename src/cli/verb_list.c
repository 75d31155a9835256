/* Owns "tether list" and "tether status": printing the state of tasks.
 * Must not: change a task, or print its output beyond the preview.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/duration.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/resolve.h"
#include "cli/stream.h"
#include "cli/survivors.h"
#include "cli/table.h"
#include "cli/timeline_svg.h"
#include "cli/timeline_text.h"

const char verb_list_help[] =
    "tether list [--all | --orphans] [--last N] [--status S] [--name TEXT]\n"
    "            [--since DUR] [--all-sessions] [--project DIR]\n"
    "            [--timeline [--width N] | --svg]\n"
    "\n"
    "Lists the running tasks of the session, the newest first.\n"
    "\n"
    "  --all                include ended tasks\n"
    "  --orphans            ended tasks of which processes still run, and those\n"
    "                       processes; tether kill --orphans ends them\n"
    "  --last N             the last N tasks, running or ended\n"
    "  --status S           tasks with this status, such as failed, or with one of\n"
    "                       several (failed,lost), running or ended\n"
    "  --name TEXT          tasks with this name\n"
    "  --since DUR          tasks that ran in the last DUR, also ended ones\n"
    "  --all-sessions       include every session of the store\n"
    "  --project DIR        tasks that belong to this directory, in every session\n"
    "  --timeline           show when the tasks ran, as bars: | completed, x failed,\n"
    "                       killed or timed out, > running, ? ended, not known when\n"
    "  --width N            so many columns (default: the terminal's, else 80)\n"
    "  --svg                print that as a picture (SVG)\n";

const char verb_status_help[] =
    "tether status ID [--project DIR]\n"
    "\n"
    "Shows the state of one task; of a running one with a monitor, also what its\n"
    "processes use now.\n"
    "\n"
    "  --project DIR        search every session for the task, if it belongs to this\n"
    "                       directory\n";

enum {
    OPT_ALL = 1,
    OPT_ALL_SESSIONS,
    OPT_PROJECT,
    OPT_LAST,
    OPT_STATUS,
    OPT_NAME,
    OPT_ORPHANS,
    OPT_SINCE,
    OPT_TIMELINE,
    OPT_WIDTH,
    OPT_SVG
};

static const args_option list_options[] = {
    {"--all", ARGS_FLAG, OPT_ALL},           {"--all-sessions", ARGS_FLAG, OPT_ALL_SESSIONS},
    {"--orphans", ARGS_FLAG, OPT_ORPHANS},   {"--last", ARGS_VALUE, OPT_LAST},
    {"--status", ARGS_VALUE, OPT_STATUS},    {"--name", ARGS_VALUE, OPT_NAME},
    {"--project", ARGS_VALUE, OPT_PROJECT},  {"--since", ARGS_VALUE, OPT_SINCE},
    {"--timeline", ARGS_FLAG, OPT_TIMELINE}, {"--width", ARGS_VALUE, OPT_WIDTH},
    {"--svg", ARGS_FLAG, OPT_SVG},           {NULL, ARGS_FLAG, 0},
};

static const args_option status_options[] = {
    {"--project", ARGS_VALUE, OPT_PROJECT},
    {NULL, ARGS_FLAG, 0},
};

/* Columns of a timeline: where nothing is known, and at most. */
enum { WIDTH_DEFAULT = 80, WIDTH_MOST = 1000 };

typedef struct list_request {
    tether_list_options options;
    unsigned statuses; /* bit N: status N; 0: any */
    const char *name;  /* NULL: any */
    uint64_t last;     /* at most this many; UINT64_MAX: all */
    bool filtered;
    int64_t since_ms; /* only tasks that ran so long ago or later; -1: any */
    int64_t since;    /* that moment, in Unix milliseconds; 0: any */
    uint64_t width;   /* of a timeline; 0: that of the terminal */
    bool all, orphans, timeline, svg;
} list_request;

/* Explains an empty list, on a terminal only. */
static void print_none(const list_request *request)
{
    cli_stream *to = stream_stderr();
    bool all = request->options.scope != TETHER_LIST_RUNNING;

    if (!stream_is_terminal(to))
        return;
    if (request->orphans)
        stream_text(to, "no ended task has left processes");
    else
        stream_text(to, all ? "no tasks" : "no running tasks");
    if (request->options.project_root != NULL)
        stream_text(to, " of this project");
    else
        stream_text(to, request->options.all_sessions ? " in this store" : " in this session");
    if (request->filtered)
        stream_text(to, " that match");
    stream_text(to, all ? "\n" : " (tether list --all shows ended tasks)\n");
}

/* Of a task whose end is not known, its start counts. */
static bool ran_since(int64_t since, const tether_snapshot *task)
{
    int64_t last = task->finished_at != 0 ? task->finished_at : task->started_at;

    return !tether_status_ended(task->status) || last >= since;
}

static bool is_selected(const list_request *request, const tether_snapshot *task)
{
    if (request->statuses != 0 && (request->statuses >> task->status & 1) == 0)
        return false;
    if (request->since != 0 && !ran_since(request->since, task))
        return false;
    return request->name == NULL || (task->name != NULL && strcmp(task->name, request->name) == 0);
}

static bool shows_sessions(const list_request *request)
{
    return request->options.all_sessions || request->options.project_root != NULL;
}

static void put_svg(void *userdata, const char *bytes, size_t size)
{
    stream_write(userdata, bytes, size);
}

static int print_timeline(const cli_options *cli, const tether_snapshot *const *tasks, size_t count,
                          const list_request *request)
{
    const svg picture = {put_svg, stream_stdout()};
    size_t columns = request->width != 0 ? (size_t)request->width : stream_columns(stream_stdout());
    timeline plan;

    if (!timeline_init(&plan, tasks, count, moment_wall_ms(), request->since, 1))
        return print_no_memory(cli);
    if (request->svg)
        timeline_svg(&picture, &plan, shows_sessions(request));
    else if (count > 0)
        timeline_text(cli, &plan, columns == SIZE_MAX ? WIDTH_DEFAULT : columns,
                      shows_sessions(request));
    timeline_dispose(&plan);
    return 0;
}

static int print_tasks(const cli_options *cli, const tether_snapshot *const *tasks, size_t count,
                       const list_request *request)
{
    size_t i;

    for (i = 0; cli->json && i < count; i++) {
        int code = print_snapshot_json(cli, tasks[i]);

        if (code != 0)
            return code;
    }
    if (cli->json)
        return 0;
    if (count == 0)
        print_none(request);
    if (request->timeline)
        return print_timeline(cli, tasks, count, request);
    if (count > 0)
        table_print(cli, tasks, count, shows_sessions(request));
    for (i = 0; request->orphans && i < count; i++)
        survivors_print(stream_stdout(), i == 0 ? "\n" : "", tasks[i]);
    return 0;
}

/* Prints those tasks of the list, which begins with the newest, that are selected. */
static int print_list(const cli_options *cli, const tether_snapshot_list *list,
                      const list_request *request)
{
    const tether_snapshot **tasks = calloc(list->count + 1, sizeof *tasks);
    size_t count = 0, i;
    int code;

    if (tasks == NULL)
        return print_no_memory(cli);
    for (i = 0; i < list->count && count < request->last; i++) {
        if (is_selected(request, list->items[i]))
            tasks[count++] = list->items[i];
    }
    code = print_tasks(cli, tasks, count, request);
    free((void *)tasks);
    return code;
}

static bool find_status(const char *text, size_t size, tether_status *found)
{
    int status;

    for (status = TETHER_STATUS_STARTING; status <= TETHER_STATUS_LOST; status++) {
        const char *name = tether_status_text((tether_status)status);

        *found = (tether_status)status;
        if (strlen(name) == size && memcmp(name, text, size) == 0)
            return true;
    }
    return false;
}

/* Reads one status, or several with commas. */
static int take_status(const cli_options *cli, list_request *request, const char *value)
{
    const char *at = value;

    for (;;) {
        size_t size = strcspn(at, ",");
        tether_status status;

        if (!find_status(at, size, &status))
            return print_failure(cli, TETHER_EINVAL, "read arguments",
                                 "--status %.80s is unknown: give starting, running, paused, "
                                 "killing, completed, failed, killed, timed_out or lost, or "
                                 "several with commas",
                                 value);
        request->statuses |= 1u << status;
        if (at[size] == '\0')
            return 0;
        at += size + 1;
    }
}

static int take_list_option(const cli_options *cli, list_request *request, int id,
                            const char *value)
{
    switch (id) {
    case OPT_ALL:
        request->options.scope = TETHER_LIST_ALL;
        request->all = true;
        return 0;
    case OPT_ORPHANS:
        request->orphans = true;
        return 0;
    case OPT_ALL_SESSIONS:
        request->options.all_sessions = true;
        return 0;
    case OPT_PROJECT:
        request->options.project_root = value;
        return 0;
    case OPT_TIMELINE:
        request->timeline = true;
        return 0;
    case OPT_SVG:
        request->timeline = request->svg = true;
        return 0;
    case OPT_WIDTH:
        if (count_parse(value, &request->width) && request->width > 0 &&
            request->width <= WIDTH_MOST)
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--width %.80s is not a number of columns: give 1 to %d", value,
                             WIDTH_MOST);
    case OPT_SINCE:
        request->options.scope = TETHER_LIST_ALL;
        request->filtered = true;
        if (duration_parse(value, &request->since_ms))
            return 0;
        return print_bad_duration(cli, "--since", value);
    case OPT_NAME:
        request->name = value;
        request->filtered = true;
        if (value[0] != '\0')
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "the --name is empty, and no task has an empty name: give a text");
    case OPT_LAST:
        request->options.scope = TETHER_LIST_ALL;
        if (count_parse(value, &request->last))
            return 0;
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--last %.80s is not a number of tasks: give a number such as 5",
                             value);
    default:
        request->options.scope = TETHER_LIST_ALL;
        request->filtered = true;
        return take_status(cli, request, value);
    }
}

static int parse_list(const cli_options *cli, cli_args *args, list_request *request)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION) {
        int code = take_list_option(cli, request, id, value);

        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result == ARGS_OPERAND)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "unexpected argument %.80s: list takes none; tether status shows one task", value);
    if (request->orphans && request->all)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--all and --orphans exclude each other: --orphans lists those ended "
                             "tasks of which processes still run; leave one of them out");
    if (cli->json && request->timeline)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--json and --timeline exclude each other: the objects have "
                             "started_at and finished_at; leave one of them out");
    if (request->width != 0 && (!request->timeline || request->svg))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--width is that of a --timeline of text; give that, or leave "
                             "--width out");
    if (request->orphans)
        request->options.scope = TETHER_LIST_ORPHANS;
    if (request->since_ms >= 0)
        request->since = moment_wall_ms() - request->since_ms;
    return 0;
}

int verb_list(cli_options *cli, cli_args *args)
{
    list_request request = {0};
    tether_registry *registry;
    tether_snapshot_list *list;
    tether_error error = {0};
    int code;

    args->options = list_options;
    request.options.size = sizeof request.options;
    request.last = UINT64_MAX;
    request.since_ms = -1;
    code = parse_list(cli, args, &request);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code != 0)
        return code;
    /* The table has no column for it. */
    request.options.without_output = !cli->json;
    if (tether_list_in(registry, &request.options, &list, &error) != 0)
        return session_close(cli, registry, print_error(cli, &error));
    code = print_list(cli, list, &request);
    tether_snapshot_list_free(list);
    return session_close(cli, registry, code);
}

/* Adds what the task uses now, if it runs and that can be found out. The answer of a monitor that
 * is stopped would be missed, so its lack is told; a script has none. */
static void measure(const cli_options *cli, tether_registry *registry, tether_snapshot *snapshot)
{
    tether_error error = {0};
    int code;

    if (tether_status_ended(snapshot->status))
        return;
    code = tether_snapshot_measure(registry, snapshot, &error);
    if (code == TETHER_ENOANSWER && !cli->json)
        print_error_after(cli, "what the task uses now is not known", &error);
}

static int show_status(const cli_options *cli, const char *word, const char *project_root)
{
    tether_registry *registry;
    tether_snapshot *snapshot;
    tether_error error = {0};
    char task_id[TETHER_ID_SIZE];
    int code = session_open(cli, &registry);

    if (code != 0)
        return code;
    code = resolve_one(cli, registry, word, project_root, task_id);
    if (code != 0)
        return session_close(cli, registry, code);
    if (tether_find(registry, task_id, project_root, &snapshot, &error) != 0)
        return session_close(cli, registry, print_error(cli, &error));
    measure(cli, registry, snapshot);
    if (cli->json)
        code = print_snapshot_json(cli, snapshot);
    else
        print_details(snapshot);
    tether_snapshot_free(snapshot);
    return session_close(cli, registry, code);
}

int verb_status(cli_options *cli, cli_args *args)
{
    const char *task_id = NULL;
    const char *project_root = NULL;
    const char *value;
    args_result result;
    int id;

    args->options = status_options;
    while ((result = args_next(args, &id, &value)) == ARGS_OPERAND || result == ARGS_OPTION) {
        if (result == ARGS_OPTION)
            project_root = value;
        else if (task_id != NULL)
            return print_failure(
                cli, TETHER_EINVAL, "read arguments",
                "status takes only one task id; tether list --all shows all tasks");
        else
            task_id = value;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (task_id == NULL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "status needs a task id; tether list shows them");
    return show_status(cli, task_id, project_root);
}
