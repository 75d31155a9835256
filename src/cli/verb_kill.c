/* Owns "tether kill": ending tasks, or sending them one signal.
 * Must not: send a signal itself; the library verifies which processes it signals.
 * Thread: the main one, plus one for each task while it ends several. */
#include "cli/verbs.h"

#include <string.h>

#include <uv.h>

#include "cli/duration.h"
#include "cli/ids.h"
#include "cli/moment.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/resolve.h"
#include "cli/waited.h"

#define BATCH_TASKS 16

/* The grace that tether_kill gives where none is chosen. */
#define DEFAULT_GRACE_MS 2000

const char verb_kill_help[] =
    "tether kill ID... | --all | --orphans [--grace DUR]\n"
    "tether kill ID... | --all --signal SIG\n"
    "\n"
    "Ends tasks with all their processes: sends TERM, waits for the grace, then\n"
    "sends KILL.\n"
    "\n"
    "  --all                all running tasks of the session\n"
    "  --orphans            what ended tasks of the session have left running; see\n"
    "                       tether list --orphans\n"
    "  --grace DUR          time between TERM and KILL (default: 2s; 0: none)\n"
    "  --signal SIG         send only this signal, by name (ABRT, RTMIN+3) or\n"
    "                       number, and return at once; tether reports how the\n"
    "                       command ends\n"
    "  -s SIG, -SIG         the same, as kill(1) spells it: -9, -KILL\n";

enum { OPT_SIGNAL = 1, OPT_DASH_SIGNAL, OPT_GRACE, OPT_ALL, OPT_ORPHANS };

/* Which tasks are meant where no ids are given. */
typedef struct kill_choice {
    bool all, orphans;
} kill_choice;

static const args_option kill_options[] = {
    {"--signal", ARGS_VALUE, OPT_SIGNAL},  {"-s", ARGS_VALUE, OPT_SIGNAL},
    {"--grace", ARGS_VALUE, OPT_GRACE},    {"--all", ARGS_FLAG, OPT_ALL},
    {"--orphans", ARGS_FLAG, OPT_ORPHANS}, {NULL, ARGS_FLAG, 0},
};

static int take_signal(const cli_options *cli, tether_kill_options *options, int id,
                       const char *value)
{
    options->signal = tether_signal_number(value);
    if (options->signal > 0)
        return 0;
    if (id == OPT_DASH_SIGNAL)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "-%.80s is neither an option nor a signal on this system; see tether "
                             "help kill",
                             value);
    return print_failure(cli, TETHER_EINVAL, "read arguments",
                         "--signal %.80s is not a signal on this system: give a name such as TERM, "
                         "or a number",
                         value);
}

static int take_option(const cli_options *cli, tether_kill_options *options, int id,
                       const char *value)
{
    if (id != OPT_GRACE)
        return take_signal(cli, options, id, value);
    if (grace_parse(value, &options->grace_ms))
        return 0;
    return print_bad_duration(cli, "--grace", value);
}

/* Checks the combination of options. */
static int check_choice(const cli_options *cli, const cli_ids *ids,
                        const tether_kill_options *options, const kill_choice *choice)
{
    const char *word = choice->all ? "--all" : "--orphans";

    if (ids->count == 0 && !choice->all && !choice->orphans)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "kill needs a task id, or --all, or --orphans; tether list shows them");
    if (ids->count > 0 && (choice->all || choice->orphans))
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "%s and the task id %.80s exclude each other: leave one of them out",
                             word, ids->items[0]);
    if (choice->all && choice->orphans)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--all and --orphans exclude each other: --all ends running tasks, "
                             "and --orphans what ended ones have left; leave one of them out");
    if (options->signal != 0 && choice->orphans)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "--orphans and --signal exclude each other: only running tasks get "
                             "single signals; leave one of them out");
    if (options->signal != 0 && options->grace_ms != 0)
        return print_failure(
            cli, TETHER_EINVAL, "read arguments",
            "--grace and --signal exclude each other: --signal sends one signal and "
            "does not wait; leave one of them out");
    return 0;
}

static int parse(const cli_options *cli, cli_args *args, cli_ids *ids, tether_kill_options *options,
                 kill_choice *choice)
{
    args_result result;
    const char *value;
    int id;

    while ((result = args_next(args, &id, &value)) == ARGS_OPTION || result == ARGS_OPERAND) {
        int code = 0;

        if (result == ARGS_OPERAND)
            ids->items[ids->count++] = value;
        else if (id == OPT_ALL)
            choice->all = true;
        else if (id == OPT_ORPHANS)
            choice->orphans = true;
        else
            code = take_option(cli, options, id, value);
        if (code != 0)
            return code;
    }
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    return check_choice(cli, ids, options, choice);
}

/* One task of a batch. */
typedef struct kill_job {
    tether_registry *registry;
    const char *task_id;
    const tether_kill_options *options;
    uv_thread_t thread;
    bool has_thread;
    int result;
    tether_error error;
} kill_job;

static void kill_one(void *argument)
{
    kill_job *job = argument;

    job->result = tether_kill(job->registry, job->task_id, job->options, &job->error);
}

static int report(const cli_options *cli, const kill_job *job)
{
    if (job->result != 0)
        return print_error(cli, &job->error);
    return cli->json ? print_task_json(cli, job->registry, job->task_id, NULL) : 0;
}

/* Ends a batch of tasks in parallel, so that many tasks that ignore TERM take one grace, not many.
 * If no thread can be created for a task, this thread ends it. */
static int kill_batch(const cli_options *cli, kill_job *jobs, size_t count)
{
    int first = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        jobs[i].has_thread =
            count > 1 && uv_thread_create(&jobs[i].thread, kill_one, &jobs[i]) == 0;
        if (!jobs[i].has_thread)
            kill_one(&jobs[i]);
    }
    for (i = 0; i < count; i++) {
        if (jobs[i].has_thread)
            uv_thread_join(&jobs[i].thread);
    }
    for (i = 0; i < count; i++) {
        int code = report(cli, &jobs[i]);

        if (first == 0)
            first = code;
    }
    return first;
}

/* Tries every task. Returns the exit code of the first failure. */
static int kill_all(const cli_options *cli, tether_registry *registry, cli_ids *ids,
                    const tether_kill_options *options, const kill_choice *choice)
{
    tether_list_scope scope = choice->orphans ? TETHER_LIST_ORPHANS : TETHER_LIST_RUNNING;
    bool several = choice->all || choice->orphans;
    int first =
        several ? resolve_scope(cli, registry, scope, ids) : resolve_ids(cli, registry, ids);
    cli_waited line = {.registry = registry, .ids = ids->items, .count = ids->count};
    size_t done = 0;

    /* Of several batches, each has a grace of its own. */
    if (options->signal == 0 && options->grace_ms >= 0 && ids->count <= BATCH_TASKS)
        line.limit = "KILL";
    line.until = moment_after(options->grace_ms > 0 ? options->grace_ms : DEFAULT_GRACE_MS);
    progress_begin(cli, "killing", waited_fill, &line);
    while (done < ids->count) {
        kill_job jobs[BATCH_TASKS];
        size_t count = 0;
        int code;

        memset(jobs, 0, sizeof jobs);
        for (; count < BATCH_TASKS && done < ids->count; count++, done++) {
            jobs[count].registry = registry;
            jobs[count].task_id = ids->items[done];
            jobs[count].options = options;
        }
        code = kill_batch(cli, jobs, count);
        if (first == 0)
            first = code;
    }
    progress_end();
    return first;
}

int verb_kill(cli_options *cli, cli_args *args)
{
    tether_kill_options options = {0};
    tether_registry *registry;
    cli_ids ids;
    kill_choice choice = {false, false};
    int code;

    args->options = kill_options;
    args->word_id = OPT_DASH_SIGNAL;
    options.size = sizeof options;
    if (!ids_init(&ids, args))
        return print_no_memory(cli);
    code = parse(cli, args, &ids, &options, &choice);
    if (code == 0)
        code = session_open(cli, &registry);
    if (code == 0)
        code = session_close(cli, registry, kill_all(cli, registry, &ids, &options, &choice));
    ids_dispose(&ids);
    return code;
}
