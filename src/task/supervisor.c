/* Owns choosing the outer shell, and starting a supervisor in it.
 * Must not: know what a wrapper contains, or which shell runs the user's command.
 * Thread: the caller's. */
#include "task/supervisor.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "os/control.h"
#include "os/host.h"
#include "store/bundle.h"
#include "task/script.h"
#include "task/tasks.h"

static const char step[] = "find shell";

static int find(tether__spawn_plan *plan, const tether__outer_rule *rule, char **path,
                tether_error *error)
{
    if (rule->kind == TETHER__OUTER_MONITOR && plan->monitor_sought) {
        *path = plan->monitor;
        plan->monitor = NULL;
        return *path != NULL ? TETHER_OK : TETHER_ENOPROGRAM;
    }
    if (rule->kind == TETHER__OUTER_MONITOR)
        return tether__tasks_find_monitor(plan->registry, rule->name, path, error);
    if (rule->in_task_path)
        return tether__spawn_plan_find(rule->name, path, plan, error);
    return tether__os_find_program(rule->name, tether__os_shell_rules()->system_path, plan->workdir,
                                   path, error);
}

/* Finds the shell of a rule and writes its files. TETHER_ENOSHELL: there is no such shell, or its
 * wrapper cannot run the command (*why). A lookup that failed for lack of memory or the like does
 * not mean that the shell is missing. */
static int take_shell(tether__spawn_plan *plan, const tether__outer_rule *rule, const char **why,
                      tether_error *error)
{
    tether_error problem = {0};
    int code = find(plan, rule, &plan->outer_path, &problem);
    if (code == TETHER_OK)
        return tether__script_write(plan, why, error);
    if (code != TETHER_ENOMEM && code != TETHER_ELIMIT && code != TETHER_EIO)
        return TETHER_ENOSHELL;
    tether__error_set(error, &problem);
    return code;
}

/* Adds a shell, and the policy that forbids it, to the list for the message. */
static void note_tried(tether__text *tried, const char *name, const char *refused)
{
    tether__text_add_string(tried, tried->size > 0 ? ", " : "");
    tether__text_add_string(tried, name);
    if (refused == NULL)
        return;
    tether__text_add_string(tried, " - ");
    tether__text_add_string(tried, refused);
}

/* Selects the first rule, from `rule` on, that applies to the task, whose shell exists and may run
 * scripts, and whose wrapper can run the command. Writes its files. */
static int select_shell(tether__spawn_plan *plan, const tether__outer_rule *rule,
                        tether_error *error)
{
    tether__text tried = {0};
    const char *why = NULL;
    int code = TETHER_ENOSHELL;
    /* A script could do none of these. */
    bool needs_monitor = plan->spec.with_host || plan->anchor.open || plan->spec.end_tree ||
                         plan->spec.input_pipe || plan->spec.scope || plan->spec.on_end != NULL ||
                         plan->spec.output == TETHER_OUTPUT_PIPE;
    tether_supervisor choice = needs_monitor ? TETHER_SUPERVISOR_MONITOR : plan->spec.supervisor;
    for (; code == TETHER_ENOSHELL && rule->kind != TETHER__OUTER_NONE; rule++) {
        /* Looked at for this rule only, because it takes all variables. */
        bool portable =
            rule->kind == TETHER__OUTER_BASH && tether__environment_portable(&plan->environment);
        if (!tether__outer_serves(rule, choice, portable))
            continue;
        const char *refused = tether__policy_refuses_outer(&plan->policy, rule);
        free(plan->outer_path);
        plan->outer_path = NULL;
        plan->outer = rule;
        if (refused == NULL)
            code = take_shell(plan, rule, &why, error);
        note_tried(&tried, rule->name, refused);
    }
    if (code == TETHER_ENOSHELL && choice == TETHER_SUPERVISOR_MONITOR && why != NULL)
        code = tether__fail(error, TETHER_ENOTSUP, 0, "find monitor",
                            "the monitor cannot run this command: %s; choose another --supervisor",
                            why);
    else if (code == TETHER_ENOSHELL && choice == TETHER_SUPERVISOR_MONITOR)
        code = tether__fail(error, TETHER_ENOTSUP, 0, "find monitor",
                            "tether-monitor was not found; install it, name it in TETHER_MONITOR, "
                            "or choose the script as supervisor%s",
                            plan->spec.with_host  ? ", which cannot end a task with its host"
                            : plan->anchor.open   ? ", which cannot end a task with another one"
                            : plan->spec.end_tree ? ", which cannot end what is left"
                            : plan->spec.scope    ? ", which has no scope"
                            : plan->spec.on_end != NULL
                                ? ", which runs no command at the end of a task"
                            : needs_monitor ? ", which has no pipes"
                                            : "");
    else if (code == TETHER_ENOSHELL)
        tether__fail(error, TETHER_ENOSHELL, 0, step,
                     "no shell can supervise the task (tried %s)%s%s; install one",
                     tried.size > 0 ? tried.bytes : "none", why != NULL ? ": " : "",
                     why != NULL ? why : "");
    tether__text_dispose(&tried);
    return code;
}

bool tether__supervisor_expects_monitor(tether__spawn_plan *plan)
{
    const tether__outer_rule *first = tether__os_shell_rules()->outers;
    if (first->kind != TETHER__OUTER_MONITOR ||
        !tether__outer_serves(first, plan->spec.supervisor, false))
        return false;
    int code = tether__tasks_find_monitor(plan->registry, first->name, &plan->monitor, NULL);
    /* After another failure it may be found the next time. */
    plan->monitor_sought = code == TETHER_OK || code == TETHER_ENOPROGRAM;
    return code == TETHER_OK;
}

int tether__supervisor_prepare(tether__spawn_plan *plan, tether_error *error)
{
    if (plan->spec.output == TETHER_OUTPUT_PIPE && !tether__os_spawn_has_pipes())
        return tether__fail(error, TETHER_ENOTSUP, 0, "find monitor",
                            "no monitor has pipes on this system; let the command write the files");
    if (plan->spec.input_pipe && !tether__os_control_supported())
        return tether__fail(error, TETHER_ENOTSUP, 0, "find monitor",
                            "no monitor of this system can be given standard input while the task "
                            "runs; choose a file");
    int code =
        plan->spec.with_host ? tether__tasks_bind(plan->registry, &plan->bond, error) : TETHER_OK;
    return code == TETHER_OK ? select_shell(plan, tether__os_shell_rules()->outers, error) : code;
}

/* Stores the shell's arguments, a list that ends with NULL and that the caller frees. */
static const char **join_arguments(const tether__spawn_plan *plan, const char *script)
{
    const char *own[TETHER__OUTER_ARGV_CAPACITY];
    const char *const *more = plan->wrapper_arguments;
    size_t count = 0, used = 0;
    while (more != NULL && more[count] != NULL)
        count++;
    const char **all = calloc(TETHER__OUTER_ARGV_CAPACITY + count, sizeof *all);
    if (all == NULL)
        return NULL;
    tether__outer_argv(plan->outer, script, own);
    for (; own[used] != NULL; used++)
        all[used] = own[used];
    for (size_t i = 0; i < count; i++)
        all[used++] = more[i];
    return all;
}

/* Returns the path of the script; for a monitor, the id, by which people tell monitors apart. NULL
 * when memory is short. The caller frees it. */
static char *supervisor_argument(const tether__spawn_plan *plan)
{
    tether__outer_kind kind = plan->outer->kind;
    if (kind == TETHER__OUTER_MONITOR)
        return tether__text_copy(plan->id);
    if (tether__outer_in_bundle(kind))
        return tether__text_join(tether__os_dir_path(plan->bundle), tether__outer_file(kind));
    return tether__text_join(tether__os_dir_path(plan->registry->session.dir), plan->wrapper.name);
}

static int start_once(tether__spawn_plan *plan, tether__dir *exits, tether__started *started,
                      tether_error *error)
{
    /* On Windows the command is told where it works. */
    bool in_bundle = tether__os_shell_rules()->windows;
    char *argument = supervisor_argument(plan);
    const char **argv = argument != NULL ? join_arguments(plan, argument) : NULL;
    if (argv == NULL) {
        free(argument);
        return tether__fail_memory(error, "start supervisor");
    }
    tether__start request = {
        .task_id = plan->id,
        .program = plan->outer_path,
        .argv = argv,
        .envp = plan->environment.entries,
        .workdir = in_bundle ? tether__os_dir_path(plan->bundle) : plan->workdir,
        .stdin_path = plan->late_input != NULL ? NULL : plan->spec.stdin_path,
        .inherit_stdin = plan->spec.inherit_stdin,
        .bundle = plan->bundle,
        .stdout_name = TETHER__STDOUT_FILE,
        .stderr_name = plan->spec.merge_output ? NULL : TETHER__STDERR_FILE,
        .exits = exits,
        .lifeline = &plan->lifeline,
        .orders = plan->orders.bytes,
        .orders_size = plan->orders.size,
        .bond = plan->bond,
        .anchor = plan->anchor.open ? &plan->anchor : NULL,
        .messenger = plan->spec.on_end != NULL,
    };
    int code = tether__os_spawn(&request, started, error);
    free(argv);
    free(argument);
    return code;
}

/* Removes the output files of a failed start, so that the next one can create them. */
static bool remove_outputs(tether__spawn_plan *plan)
{
    return tether__os_file_remove(plan->bundle, TETHER__STDOUT_FILE, NULL) == TETHER_OK &&
           tether__os_file_remove(plan->bundle, TETHER__STDERR_FILE, NULL) == TETHER_OK;
}

int tether__supervisor_start(tether__spawn_plan *plan, tether__dir *exits, tether__started *started,
                             tether_error *error)
{
    tether_error problem = {0};
    int code = start_once(plan, exits, started, &problem);
    /* The record names the supervisor already. Only a monitor that was removed just now is missing.
     */
    while (code == TETHER_ENOSHELL && plan->outer->kind != TETHER__OUTER_MONITOR &&
           remove_outputs(plan)) {
        plan->retrying = true;
        if (select_shell(plan, plan->outer + 1, NULL) != TETHER_OK)
            break;
        code = start_once(plan, exits, started, &problem);
    }
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}
