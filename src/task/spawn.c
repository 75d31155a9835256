/* Owns starting a task, from its spec to a running supervisor: resolve, prepare, record, start,
 * note.
 * Must not: leave anything behind when a step fails.
 * Thread: the caller's. */
#include "tether/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "base/options.h"
#include "base/text.h"
#include "engine/refresh.h"
#include "format/key.h"
#include "format/record_write.h"
#include "os/host.h"
#include "os/process.h"
#include "os/scope.h"
#include "os/spawn.h"
#include "store/compact.h"
#include "store/id.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "task/anchor.h"
#include "task/birth.h"
#include "task/keyed.h"
#include "task/quota.h"
#include "task/spawn_plan.h"
#include "task/line_buffer.h"
#include "task/on_end.h"
#include "task/supervisor.h"
#include "task/tasks.h"

/* Each further one needs another host whose start with the key fails meanwhile. */
enum { KEY_TRIES = 16 };

static int refuse(const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_EINVAL, 0, "check spec", "%s", why);
}

/* Checks what is asked of the supervisor. */
static int check_supervision(const tether_spec *spec, tether_error *error)
{
    bool kills = spec->output_policy == TETHER_OUTPUT_KILL;
    bool script = spec->supervisor == TETHER_SUPERVISOR_SCRIPT;
    if ((int)spec->supervisor < TETHER_SUPERVISOR_AUTO ||
        spec->supervisor > TETHER_SUPERVISOR_MONITOR)
        return refuse("the supervisor is none of those that tether has", error);
    if ((int)spec->output < TETHER_OUTPUT_AUTO || spec->output > TETHER_OUTPUT_PIPE)
        return refuse("the kind of the outputs is none of those that tether has", error);
    if ((int)spec->output_policy < TETHER_OUTPUT_TRUNCATE ||
        spec->output_policy > TETHER_OUTPUT_KILL)
        return refuse("the output policy is none of those that tether has", error);
    if (kills && (spec->output_limit == 0 || spec->output == TETHER_OUTPUT_DIRECT))
        return refuse("an output that ends its task needs a limit, and a monitor that writes it; "
                      "give output_limit, and leave out direct outputs",
                      error);
    if (spec->memory_limit > INT64_MAX)
        return refuse("the memory limit is too large", error);
    if (script && (spec->scope || spec->memory_limit > 0))
        return refuse("a script cannot run a task in a scope, or limit its memory; leave out the "
                      "supervisor",
                      error);
    if (script && spec->with_host)
        return refuse("a script cannot end a task with its host; leave out the supervisor, or "
                      "with_host",
                      error);
    bool anchored = spec->while_task != NULL || spec->while_pid != 0;
    if (script && anchored)
        return refuse("a script cannot end a task with another task or process; leave out the "
                      "supervisor, or while_task and while_pid",
                      error);
    if (spec->while_task != NULL && spec->while_pid != 0)
        return refuse("a task runs beside one task or one process; choose one", error);
    if (script && spec->on_end != NULL)
        return refuse("a script runs no command at the end of a task; leave out the supervisor, or "
                      "on_end",
                      error);
    if (script &&
        (spec->end_tree || kills || spec->input_pipe || spec->output == TETHER_OUTPUT_PIPE))
        return refuse("a script has no pipes, and cannot end what the command has left behind; "
                      "leave out the supervisor",
                      error);
    return TETHER_OK;
}

/* Checks which members are given together. */
static int check_choices(const tether_spec *spec, tether_error *error)
{
    bool direct = spec->argv != NULL;
    if (direct == (spec->command != NULL))
        return refuse("give either a command for the shell or an argument vector", error);
    if (direct && (spec->argv[0] == NULL || spec->argv[0][0] == '\0'))
        return refuse("the command is empty; name a program", error);
    if (direct && (spec->shell != NULL || spec->shell_arguments != NULL || spec->login))
        return refuse("an argument vector is started without a shell; leave out the shell", error);
    if (spec->inherit_stdin + (spec->stdin_path != NULL) + spec->input_pipe > 1)
        return refuse("standard input is inherited, a file or a pipe; choose one", error);
    size_t arguments = 0;
    while (spec->shell_arguments != NULL && spec->shell_arguments[arguments] != NULL)
        arguments++;
    return arguments <= TETHER__SHELL_ARGUMENTS_MAX
               ? TETHER_OK
               : refuse("the shell is given more than 16 arguments", error);
}

static int take_spec(const tether_spec *given, tether__spawn_plan *plan, tether_error *error)
{
    tether_spec *spec = &plan->spec;
    if (given == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec", "no spec was given");
    int code = tether__options_take(given, spec, sizeof *spec, NULL, "tether_spec", error);
    if (code != TETHER_OK)
        return code;

    code = tether__key_check(spec->key, error);
    if (code == TETHER_OK)
        code = check_supervision(spec, error);
    if (code == TETHER_OK)
        code = check_choices(spec, error);
    if (code == TETHER_OK)
        code = tether__on_end_check(spec, error);
    if (code != TETHER_OK)
        return code;
    if (spec->output_policy == TETHER_OUTPUT_KILL)
        spec->output = TETHER_OUTPUT_PIPE;
    spec->scope = spec->scope || spec->memory_limit > 0;
    code = tether__birth_check(spec->name, spec->timeout_ms, TETHER_NO_TIMEOUT, error);
    if (code != TETHER_OK || spec->argv != NULL)
        return code;
    plan->command_size = spec->command_size != 0 ? spec->command_size : strlen(spec->command);
    if (memchr(spec->command, '\0', plan->command_size) != NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the command contains a NUL byte, which no shell can read; remove it");
    return TETHER_OK;
}

static int choose_id(tether__spawn_plan *plan, tether_error *error)
{
    int code = tether__id_choose(plan->id, error);
    if (code != TETHER_OK)
        return code;
    snprintf(plan->cookie, sizeof plan->cookie, "TETHER_TASK_ID=%s", plan->id);
    return TETHER_OK;
}

/* Callbacks for the shell lookup. */
static int try_start(const char *path, void *userdata, tether_error *error)
{
    const tether__spawn_plan *plan = userdata;
    int code = tether__os_spawn_try(path, error);
    if (code != TETHER_OK)
        return code;
    return tether__policy_check_text(&plan->policy, path, plan->spec.command, plan->command_size,
                                     error);
}

static const char *get_variable(const char *name, void *userdata)
{
    const tether__spawn_plan *plan = userdata;
    return tether__environment_get(&plan->environment, name);
}

static int set_shell_arguments(tether__spawn_plan *plan, tether_error *error)
{
    plan->shell.arguments = plan->spec.shell_arguments;
    if (!plan->spec.login)
        return TETHER_OK;
    plan->shell.login = tether__shell_login_option(plan->shell.path);
    if (plan->shell.login != NULL)
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOTSUP, 0, "find shell",
                        "%.300s is not known to have an option for a login shell; choose another "
                        "shell, or leave out login",
                        plan->shell.path);
}

static int resolve_program(tether__spawn_plan *plan, tether_error *error)
{
    int code = tether__spawn_plan_find(plan->spec.argv[0], &plan->program, plan, error);
    if (code == TETHER_OK)
        code = tether__os_spawn_try(plan->program, error);
    if (code == TETHER_OK)
        code = tether__policy_check_program(&plan->policy, plan->program, error);
    return code;
}

static int resolve_command(tether__spawn_plan *plan, tether_error *error)
{
    const tether_spec *spec = &plan->spec;
    if (spec->argv != NULL)
        return resolve_program(plan, error);
    const tether__shell_lookups lookups = {tether__spawn_plan_find, try_start, get_variable, plan};
    int code = tether__shell_resolve(spec->shell, tether__os_shell_rules()->candidates, &lookups,
                                     &plan->shell, error);
    return code == TETHER_OK ? set_shell_arguments(plan, error) : code;
}

static int resolve_workdirs(tether__spawn_plan *plan, tether_error *error)
{
    int code =
        tether__os_real_directory("working directory", plan->spec.workdir, &plan->workdir, error);
    if (code == TETHER_OK)
        code = tether__os_check_workdir(plan->workdir, error);
    if (code == TETHER_OK && plan->spec.project_root != NULL)
        code = tether__os_real_directory("project directory", plan->spec.project_root,
                                         &plan->project_root, error);
    return code;
}

static int build_environment(tether__spawn_plan *plan, tether_error *error)
{
    const char *const *base = plan->spec.env;
    if (base == NULL) {
        int code = tether__os_environ(&plan->host_environment, error);
        if (code != TETHER_OK)
            return code;
        base = (const char *const *)plan->host_environment;
    }
    const tether__environment_parts parts = {base, plan->spec.env_unset, plan->spec.env_set,
                                             plan->cookie};
    int code =
        tether__environment_make(&parts, tether__os_env_same_name, &plan->environment, error);
    if (code == TETHER_OK && plan->spec.line_buffered)
        code = tether__line_buffer(plan, error);
    return code;
}

static int check_sizes(const tether__spawn_plan *plan, tether_error *error)
{
    size_t longest = tether__os_string_limit();
    int code = tether__environment_check(&plan->environment, plan->spec.argv, longest,
                                         plan->facts.exec_limit, NULL);
    if (code == TETHER_OK)
        return code;
    return tether__environment_check(&plan->environment, plan->spec.argv, longest,
                                     tether__os_exec_limit(), error);
}

/* Finds everything that can be wrong before anything is created. */
static int resolve(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    const tether_spec *spec = &plan->spec;
    int code = choose_id(plan, error);
    tether__tasks_facts(registry, &plan->facts);
    tether__os_shell_policy(&plan->policy);
    if (code == TETHER_OK && !plan->facts.boot_known)
        code = tether__birth_fail_boot(error);
    if (code == TETHER_OK)
        code = resolve_workdirs(plan, error);
    if (code == TETHER_OK)
        code = build_environment(plan, error);
    if (code == TETHER_OK)
        code = resolve_command(plan, error);
    if (code == TETHER_OK)
        code = tether__os_spawn_late_input(spec->stdin_path, &plan->late_input, error);
    if (code == TETHER_OK)
        code = check_sizes(plan, error);
    if (code == TETHER_OK)
        code = tether__anchor_open(plan, error);
    int64_t timeout =
        spec->timeout_ms != 0 ? spec->timeout_ms : tether__tasks_of(registry)->default_timeout_ms;
    plan->timeout_ms = timeout != TETHER_NO_TIMEOUT ? timeout : 0;
    return code;
}

/* Creates the lifeline first: without one, no part of the task may be visible. A script cannot wait
 * for room for its lines. */
static int create_lifeline(tether_registry *registry, tether__spawn_plan *plan, bool monitored,
                           tether_error *error)
{
    tether__dir *exits = registry->session.exits;
    int code = TETHER_ELOCKED;
    for (int tries = 0; code == TETHER_ELOCKED && tries < TETHER__ID_TRIES; tries++) {
        /* If the id is in use, draws another one. The environment then has the new cookie too,
         * because choose_id writes it to plan->cookie, and the environment points to that buffer.
         */
        code = tries > 0 ? choose_id(plan, error) : TETHER_OK;
        if (code == TETHER_OK)
            code = monitored
                       ? tether__os_lifeline_create_lean(exits, plan->id, &plan->lifeline, error)
                       : tether__os_lifeline_create(exits, plan->id, &plan->lifeline, error);
    }
    return code;
}

/* Sets the command for display: the text, or the arguments in shell quoting. */
static int set_shown_command(tether__spawn_plan *plan, tether_error *error)
{
    tether__text text = {0};
    if (plan->spec.argv != NULL) {
        for (const char *const *argument = plan->spec.argv; *argument != NULL; argument++) {
            tether__text_add_string(&text, text.size > 0 ? " " : "");
            tether__text_add_shown(&text, *argument);
        }
    } else {
        tether__text_add(&text, plan->spec.command, plan->command_size);
    }
    if (!text.failed)
        plan->command_shown = tether__birth_command(text.bytes, text.size);
    tether__text_dispose(&text);
    return plan->command_shown == NULL ? tether__fail_memory(error, "write record") : TETHER_OK;
}

/* Whether only the start shows what the end of the host means for the task. */
static bool is_survival_open(const tether__spawn_plan *plan)
{
    return plan->bond == NULL && tether__os_spawn_can_bind();
}

static bool set_on_end(tether__record *record, const char *command)
{
    char *text = tether__birth_command(command, strlen(command));
    record->on_end_open = true;
    bool done = text != NULL && tether__record_set_on_end(record, text, TETHER_EXIT_UNKNOWN, NULL);
    free(text);
    return done;
}

static int fill_record(const tether_registry *registry, tether__spawn_plan *plan,
                       tether_error *error)
{
    tether__record *record = &plan->record;
    tether__birth birth = {
        .id = plan->id,
        .name = plan->spec.name,
        .project_root = plan->project_root,
        .workdir = plan->workdir,
        .boot_id = plan->facts.boot_id,
        .command = plan->command_shown,
        .supervisor = plan->outer->kind == TETHER__OUTER_MONITOR ? TETHER__SUPERVISOR_MONITOR
                                                                 : TETHER__SUPERVISOR_SCRIPT,
        .timeout_ms = plan->timeout_ms,
        .notify = !plan->spec.no_notify,
    };
    int code = tether__birth_record(&birth, &registry->session, record, error);
    if (code != TETHER_OK)
        return code;
    record->output_limit = tether__spawn_plan_limit(plan);
    record->no_compress = plan->spec.no_compress;
    record->while_pid = plan->spec.while_pid;
    record->memory_limit = (int64_t)plan->spec.memory_limit;
    const char *survival =
        plan->bond != NULL ? TETHER__SURVIVAL_WITH_HOST : TETHER__SURVIVAL_DETACHED;
    const char *kind = tether__spawn_plan_pipes(plan) ? TETHER__OUTPUT_PIPE : TETHER__OUTPUT_DIRECT;
    bool complete =
        (is_survival_open(plan) || tether__record_set(record, &record->survival, survival)) &&
        tether__record_set(record, &record->shell, plan->shell.path) &&
        tether__record_set(record, &record->output_kind, kind) &&
        tether__record_set(record, &record->while_task, plan->spec.while_task) &&
        tether__record_set(record, &record->key, plan->spec.key) &&
        tether__record_set(record, &record->scope, plan->scope) &&
        tether__record_set(record, &record->stderr_path,
                           plan->spec.merge_output ? NULL : TETHER__STDERR_FILE) &&
        (plan->spec.argv == NULL || tether__record_set_argv(record, plan->spec.argv)) &&
        (plan->spec.on_end == NULL || set_on_end(record, plan->spec.on_end));
    return complete ? TETHER_OK : tether__fail_memory(error, "write record");
}

/* Creates what the supervisor finds. The caller holds the session lock: a new lifeline is not
 * locked yet for a moment and then looks like a leftover to other hosts, which remove leftovers
 * while they hold the session lock. */
static int prepare(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    bool expected = tether__supervisor_expects_monitor(plan);
    int code = create_lifeline(registry, plan, expected, error);
    if (code == TETHER_OK)
        code = tether__os_dir_open(registry->session.tasks, plan->id, true, &plan->bundle, error);
    if (code == TETHER_OK && plan->spec.scope)
        code = tether__os_scope_make(plan->id, plan->spec.memory_limit, &plan->scope, error);
    if (code == TETHER_OK)
        code = tether__supervisor_prepare(plan, error);
    if (code == TETHER_OK && expected && plan->outer->kind != TETHER__OUTER_MONITOR)
        code = tether__os_lifeline_reserve(&plan->lifeline, error);
    return code;
}

/* Fails if the new lifeline was removed from `exits`. No host removes a lifeline that is held;
 * therefore another program has done so, or has removed the store. */
static int check_lifeline(tether_registry *registry, const tether__spawn_plan *plan,
                          tether_error *error)
{
    if (tether__os_lifeline_linked(&plan->lifeline))
        return TETHER_OK;
    int code = tether__os_dir_check(registry->session.exits, error);
    if (code == TETHER_OK)
        code = tether__fail(
            error, TETHER_EGONE, 0, "record task",
            "the files of the new task were removed from %.300s; find out which program "
            "does that",
            tether__os_dir_path(registry->session.exits));
    return code;
}

/* Makes the task visible, as `starting`. The caller holds `disk` and the session lock. */
static int write_birth(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    tether__file_stamp stamp;
    int code = check_lifeline(registry, plan, error);
    if (code == TETHER_OK)
        code = set_shown_command(plan, error);
    if (code == TETHER_OK)
        code = fill_record(registry, plan, error);
    if (code == TETHER_OK && plan->spec.on_end != NULL)
        code = tether__on_end_order(plan, error);
    if (code == TETHER_OK)
        code = tether__bundle_create(&registry->session, &plan->record, &plan->stamp, error);
    /* After some failures the line counts all the same, such as when it cannot be synced. */
    plan->visible = code == TETHER_OK || tether__ledger_stamp(&registry->session, plan->id, &stamp,
                                                              NULL) != TETHER_ENOTASK;
    return code;
}

/* Looks once more, under the session lock, whether a task has the key: only now can no other host
 * give it to one. The caller then begins again, and finds that task. */
static int check_key(const tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    tether__key_holder holder;
    if (plan->spec.key == NULL)
        return TETHER_OK;
    int code = tether__keys_find(&registry->session, plan->spec.key, &holder, error);
    plan->key_taken = code == TETHER_OK && holder.task_id[0] != '\0';
    if (!plan->key_taken)
        return code;
    return tether__keyed_fail(holder.task_id, error);
}

/* Creates the task's files, and makes the task visible. The caller holds `disk`; takes the session
 * lock, once: other hosts that start tasks wait for less time than a second lock would take. */
static int record_start(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    tether__lock lock;
    int code = tether__session_lock(&registry->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    tether__compact_if_large(&registry->session);
    code = check_key(registry, plan, error);
    if (code == TETHER_OK)
        code = tether__quota_check(registry, plan->id, plan->spec.max_running, error);
    if (code == TETHER_OK)
        code = prepare(registry, plan, error);
    if (code == TETHER_OK)
        code = write_birth(registry, plan, error);
    tether__os_lock_release(&lock);
    return code;
}

/* Removes what was created. Closes the handles first, because the removal needs some itself, and
 * the process may have no other left. A visible task keeps its lifeline until the record is
 * removed, because another host would finalise a record without a held lifeline. The lifeline is
 * then closed before its removal, because not every system removes a file that is held. What cannot
 * be removed, because another program has it open, is a leftover that the next opening of the
 * session or the next collection removes. */
static void remove_files(tether_registry *registry, tether__spawn_plan *plan)
{
    tether__os_scope_remove(plan->scope, plan->id);
    if (plan->lifeline.handle < 0)
        return;
    tether__os_dir_close(plan->bundle);
    plan->bundle = NULL;
    if (plan->visible)
        tether__bundle_remove_record(&registry->session, plan->id, true, NULL);
    tether__os_lifeline_close(&plan->lifeline);
    tether__bundle_undo(&registry->session, plan->id, NULL);
}

/* Undoes a start that failed after record_start was called. Takes the session lock if the task is
 * visible, so that no other host counts or finalises it while it is being removed. The caller holds
 * `disk`. */
static void undo_start(tether_registry *registry, tether__spawn_plan *plan)
{
    tether__lock lock = {-1};
    /* Without the lock nothing may be changed: another host then finds a task that was never
     * started. */
    if (plan->visible && tether__session_lock(&registry->session, &lock, NULL) != TETHER_OK) {
        tether__catalog_forget(&registry->catalog, plan->id);
        return;
    }
    remove_files(registry, plan);
    tether__os_lock_release(&lock);
    tether__catalog_forget(&registry->catalog, plan->id);
}

static bool set_survival(tether__record *record, void *userdata)
{
    const char *survival = userdata;
    return tether__record_set(record, &record->survival, survival);
}

/* Writes `survival` into the record where the first one could not have it yet. At once, because
 * another host may write the record next. The caller holds `disk`. */
static void note_survival(tether_registry *registry, const tether__spawn_plan *plan, bool bound)
{
    char dies[] = TETHER__SURVIVAL_BOUND, detached[] = TETHER__SURVIVAL_DETACHED;
    if (is_survival_open(plan))
        (void)tether__refresh_change(&registry->catalog, plan->id, set_survival,
                                     bound ? dies : detached, NULL, NULL);
}

/* Adds the task with its running supervisor to the catalog, and does not write the supervisor's
 * identity to the disk: the supervisor writes its identity to the marker, and the next inspection
 * stores that in the record. This saves a write for a short task. The caller holds `disk`. */
static void note_child(tether_registry *registry, tether__spawn_plan *plan,
                       const tether__started *started)
{
    int64_t pid = started->pid;
    tether__identity child = {.pid = pid, .pidfs_id = tether__os_process_pidfs_id(pid)};
    if (child.pidfs_id == 0)
        child.start_time = tether__os_process_start_time(pid);
    strcpy(child.boot_id, plan->facts.boot_id);
    strcpy(child.pid_ns, plan->facts.pid_ns);
    plan->record.child_pid = pid;
    tether__catalog_add(&registry->catalog, &plan->record, &plan->stamp, &child, NULL);
    note_survival(registry, plan, started->bound);
}

/* Takes `disk` before the task becomes visible, and releases it after the supervisor was started
 * or everything was undone, so that other threads of this registry see only the result. */
static int record_and_start(tether_registry *registry, tether__spawn_plan *plan,
                            tether_error *error)
{
    tether__started started;
    uv_mutex_lock(&registry->catalog.disk);
    int code = record_start(registry, plan, error);
    if (code == TETHER_OK)
        code = tether__supervisor_start(plan, registry->session.exits, &started, error);
    if (code == TETHER_OK) {
        tether__os_lifeline_close(&plan->lifeline);
        note_child(registry, plan, &started);
    } else {
        undo_start(registry, plan);
    }
    uv_mutex_unlock(&registry->catalog.disk);
    return code;
}

/* Starts a new task, unless its key is taken. */
static int start_new(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    int code = tether__quota_output(registry, error);
    if (code == TETHER_OK)
        code = resolve(registry, plan, error);
    if (code == TETHER_OK)
        code = record_and_start(registry, plan, error);
    if (code == TETHER_OK)
        tether__reaper_task_added(registry->reaper, plan->id);
    return code;
}

/* Finds the task that has the key of the spec, or starts one. With *again, neither: the key was
 * given to another task in between. */
static int find_or_start(tether_registry *registry, const tether_spec *spec,
                         char task_id[TETHER_ID_SIZE], bool *again, tether_error *error)
{
    tether__spawn_plan plan = {.registry = registry, .lifeline = {-1}};
    tether__record_init(&plan.record);
    int code = take_spec(spec, &plan, error);
    bool *found = plan.spec.found;
    if (code == TETHER_OK && plan.spec.key != NULL)
        code = tether__keyed_find(registry, plan.spec.key, task_id, error);
    bool starts = code == TETHER_OK && task_id[0] == '\0';
    if (starts)
        code = start_new(registry, &plan, error);
    if (starts && code == TETHER_OK)
        strcpy(task_id, plan.id);
    if (found != NULL)
        *found = code == TETHER_OK && !starts;
    *again = plan.key_taken;
    tether__spawn_plan_dispose(&plan);
    return code;
}

int tether_spawn(tether_registry *registry, const tether_spec *spec, char task_id[TETHER_ID_SIZE],
                 tether_error *error)
{
    tether_error problem = {0};
    bool again = true;
    int code = TETHER_OK;
    task_id[0] = '\0';
    for (int tries = 0; again && tries < KEY_TRIES; tries++)
        code = find_or_start(registry, spec, task_id, &again, &problem);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}
