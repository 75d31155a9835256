/* Owns writing a task's scripts.
 * Must not: contain their text (the renderers do), or start anything.
 * Thread: the caller's. */
#include "task/script.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "format/kill_policy.h"
#include "format/orders.h"
#include "os/clock.h"
#include "os/host.h"
#include "shell/call.h"
#include "shell/wrapper.h"
#include "shell/wrapper_bat.h"
#include "shell/wrapper_ps1.h"
#include "store/bundle.h"
#include "store/times_file.h"
#include "store/wrappers.h"
#include "task/tasks.h"

/* Writes a file. Replaces the one that an earlier attempt with another shell has left. */
static int write_text(const tether__spawn_plan *plan, const char *name, tether__text *text,
                      tether_error *error)
{
    int code = TETHER_OK;
    if (text->failed)
        code = tether__fail_memory(error, "render script");
    else if (plan->retrying)
        code = tether__os_file_remove(plan->bundle, name, error);
    if (code == TETHER_OK)
        code = tether__os_file_create(plan->bundle, name, text->bytes, text->size, error);
    tether__text_dispose(text);
    return code;
}

/* Creates the file where the command's trap stores the exit codes of its last pipeline;
 * plan->pipestatus stays NULL if there is no trap. Creating it before the command starts gives it
 * the mode of all files, regardless of the command's umask. A path with a newline cannot be used,
 * because it would shift the line numbers of the command's text. */
static int prepare_pipestatus(tether__spawn_plan *plan, tether_error *error)
{
    const char *folder = tether__os_dir_path(plan->bundle);
    if (!plan->spec.pipestatus || tether__shell_pipeline_variable(plan->shell.path) == NULL ||
        strchr(folder, '\n') != NULL)
        return TETHER_OK;
    plan->pipestatus = tether__text_join(folder, TETHER__PIPESTATUS_FILE);
    if (plan->pipestatus == NULL)
        return tether__fail_memory(error, "render command");
    return tether__os_file_create(plan->bundle, TETHER__PIPESTATUS_FILE, "", 0, error);
}

static bool for_windows(void)
{
    return tether__os_shell_rules()->windows;
}

static int write_command(tether__spawn_plan *plan, const char *name, tether_error *error)
{
    tether__text text = {0};
    if (plan->pipestatus != NULL)
        tether__command_render_trap(tether__shell_pipeline_variable(plan->shell.path),
                                    plan->pipestatus, &text);
    if (for_windows())
        tether__command_render_windows(plan->shell.family, plan->spec.command, plan->command_size,
                                       &text);
    else
        tether__command_render(plan->shell.family, plan->spec.command, plan->command_size, &text);
    return write_text(plan, name, &text, error);
}

/* Sets a variable in the wrapper's environment. plan->entries[index] owns the text and keeps the
 * newest one. */
static int set_variable(tether__spawn_plan *plan, size_t index, const char *name, const char *value,
                        tether_error *error)
{
    tether__text entry = {0};
    tether__text_add_string(&entry, name);
    tether__text_add_string(&entry, "=");
    tether__text_add_string(&entry, value);
    if (entry.failed) {
        tether__text_dispose(&entry);
        return tether__fail_memory(error, "prepare environment");
    }
    tether__environment_add(&plan->environment, entry.bytes);
    free(plan->entries[index]);
    plan->entries[index] = entry.bytes;
    return TETHER_OK;
}

static int refuse(const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_EINVAL, 0, "render script", "the task cannot be run: %s",
                        why);
}

/* The line that cmd runs is in the environment, where neither a code page nor quotes can damage
 * it. */
static tether__carry render(tether__spawn_plan *plan, const tether__wrapper *wrapper,
                            tether__text *text, tether__text *line, const char **why)
{
    switch (plan->outer->kind) {
    case TETHER__OUTER_CMD:
        tether__wrapper_render_bat(wrapper, text);
        return tether__wrapper_bat_line(wrapper, line, why);
    case TETHER__OUTER_POWERSHELL:
        return tether__wrapper_render_ps1(wrapper, text, why);
    case TETHER__OUTER_GIT_SH:
        return tether__wrapper_render_sh_by_name(wrapper, text, why);
    case TETHER__OUTER_NONE:
    case TETHER__OUTER_MONITOR:
    case TETHER__OUTER_SH:
    case TETHER__OUTER_BASH:
        break;
    }
    *why = "this shell has no script of the task's own; choose another --shell";
    return TETHER__CARRY_REFUSED;
}

/* Sets the variables that the wrapper reads. Those of an earlier attempt do no harm, because this
 * shell's wrapper does not read them. */
static int set_wrapper_variables(tether__spawn_plan *plan, const tether__text *line,
                                 tether_error *error)
{
    tether__outer_kind kind = plan->outer->kind;
    const char *modules = tether__environment_get(&plan->environment, "PSModulePath");
    int code = TETHER_OK;
    if (kind == TETHER__OUTER_CMD || kind == TETHER__OUTER_GIT_SH)
        code = set_variable(plan, 0, TETHER__BAT_CWD, plan->workdir, error);
    if (code == TETHER_OK && kind == TETHER__OUTER_CMD)
        code = set_variable(plan, 1, TETHER__BAT_RUN, line->bytes, error);
    if (code == TETHER_OK && kind == TETHER__OUTER_POWERSHELL && modules != NULL)
        code = set_variable(plan, 2, TETHER__PS1_MODULES, modules, error);
    return code;
}

/* Writes the script into the bundle, where it is the task's own. */
static int write_own_wrapper(tether__spawn_plan *plan, const tether__wrapper *wrapper,
                             const char **why, tether_error *error)
{
    tether__text text = {0}, line = {0};
    const char *reason = NULL;
    int code = TETHER_OK;
    tether__carry carry = render(plan, wrapper, &text, &line, &reason);
    if (carry == TETHER__CARRY_ELSEWHERE) {
        *why = reason;
        code = TETHER_ENOSHELL;
    } else if (carry == TETHER__CARRY_REFUSED) {
        code = refuse(reason, error);
    } else if (line.failed) {
        code = tether__fail_memory(error, "render script");
    } else {
        code = set_wrapper_variables(plan, &line, error);
    }
    if (code == TETHER_OK)
        code = write_text(plan, tether__outer_file(plan->outer->kind), &text, error);
    else
        tether__text_dispose(&text);
    tether__text_dispose(&line);
    return code;
}

/* Provides the script that the session's tasks share, and the arguments that make it this task's.
 */
static int provide_wrapper(tether__spawn_plan *plan, const tether__wrapper *wrapper,
                           tether_error *error)
{
    tether__text text = {0};
    tether__tasks *tasks = tether__tasks_of(plan->registry);
    uv_mutex_t *state = &plan->registry->catalog.state;
    tether__wrapper_identity(wrapper, plan->identity);
    free(plan->wrapper_arguments);
    bool complete = tether__wrapper_sh_arguments(wrapper, plan->identity, &plan->wrapper_arguments);
    tether__wrapper_render_sh(wrapper, &text);
    uv_mutex_lock(state);
    plan->wrapper = tasks->wrapper;
    uv_mutex_unlock(state);
    int code = complete && !text.failed
                   ? tether__wrapper_provide(&plan->registry->session, &text, &plan->wrapper, error)
                   : tether__fail_memory(error, "render script");
    uv_mutex_lock(state);
    if (code == TETHER_OK)
        tasks->wrapper = plan->wrapper;
    uv_mutex_unlock(state);
    tether__text_dispose(&text);
    return code;
}

/* Completes the orders by what a monitor on Windows needs: the line that the program gets. Our own
 * batch file runs in the bundle, as it does below a script. */
static int add_call(tether__spawn_plan *plan, const tether__wrapper *wrapper,
                    tether__orders *orders, tether__text *line, const char **why,
                    tether_error *error)
{
    static const char *const none[] = {NULL};
    const char *reason = NULL;
    tether__carry carry = tether__call_line(wrapper, &orders->program, line, &reason);
    if (carry == TETHER__CARRY_REFUSED)
        return refuse(reason, error);
    if (carry == TETHER__CARRY_ELSEWHERE) {
        *why = reason;
        return TETHER_ENOSHELL;
    }
    orders->argv = none;
    orders->line = line->bytes;
    orders->workdir = wrapper->workdir;
    if (wrapper->batch != NULL) {
        orders->workdir = tether__os_dir_path(plan->bundle);
        orders->enters = wrapper->workdir;
    }
    orders->utf8_console = wrapper->utf8_console;
    if (line->failed)
        return tether__fail_memory(error, "write orders");
    return wrapper->batch != NULL ? set_variable(plan, 0, TETHER__BAT_CWD, plan->workdir, error)
                                  : TETHER_OK;
}

/* The program is the first argument, as it is for a shell that executes it. */
static int render_orders(tether__spawn_plan *plan, const tether__wrapper *wrapper, const char **why,
                         tether_error *error)
{
    bool pipes = tether__spawn_plan_pipes(plan);
    char *times =
        pipes ? tether__text_join(tether__os_dir_path(plan->bundle), TETHER__TIMES_FILE) : NULL;
    if (pipes && times == NULL)
        return tether__fail_memory(error, "write orders");
    tether__text line = {0};
    int code = TETHER_OK;
    tether__orders orders = {
        .task_id = wrapper->task_id,
        .boot_id = wrapper->boot_id,
        .program = wrapper->program != NULL ? wrapper->program : wrapper->argv[0],
        .argv = wrapper->argv + 1,
        .input = wrapper->late_input,
        .pipestatus = wrapper->pipestatus,
        .bundle = tether__os_dir_path(plan->bundle),
        .timeout_ms = plan->timeout_ms,
        .grace_ms = TETHER__KILL_GRACE_MS,
        .input_pipe = plan->spec.input_pipe,
        .pipes = pipes,
        .times = times,
        .output_limit = tether__spawn_plan_limit(plan),
        .limit_kills = plan->spec.output_policy == TETHER_OUTPUT_KILL,
        .with_host = plan->spec.with_host,
        .anchored = plan->anchor.open,
        .anchor_is_task = plan->anchor.is_task,
        .scope = plan->scope,
        .memory_limit = (int64_t)plan->spec.memory_limit,
        .end_tree = plan->spec.end_tree,
    };
    if (for_windows())
        code = add_call(plan, wrapper, &orders, &line, why, error);
    if (code == TETHER_OK)
        tether__orders_render(&orders, &plan->orders);
    tether__text_dispose(&line);
    free(times);
    return code == TETHER_OK && plan->orders.failed ? tether__fail_memory(error, "write orders")
                                                    : code;
}

static int write_wrapper(tether__spawn_plan *plan, const tether__wrapper *wrapper, const char **why,
                         tether_error *error)
{
    if (plan->outer->kind == TETHER__OUTER_MONITOR)
        return render_orders(plan, wrapper, why, error);
    return tether__outer_in_bundle(plan->outer->kind) ? write_own_wrapper(plan, wrapper, why, error)
                                                      : provide_wrapper(plan, wrapper, error);
}

/* On POSIX a path stays as it was given, because it means the same in the task's directory. */
static const char *resolved_program(const tether__spawn_plan *plan)
{
    bool keep = !for_windows() && strchr(plan->spec.argv[0], '/') != NULL;
    return keep ? NULL : plan->program;
}

static int write_for_arguments(tether__spawn_plan *plan, tether__wrapper *wrapper, const char **why,
                               tether_error *error)
{
    wrapper->argv = plan->spec.argv;
    wrapper->own_argv = true;
    wrapper->program = resolved_program(plan);
    return write_wrapper(plan, wrapper, why, error);
}

/* The command's file is the same for every outer shell. */
static int write_for_command(tether__spawn_plan *plan, tether__wrapper *wrapper, const char **why,
                             tether_error *error)
{
    const char *argv[TETHER__COMMAND_ARGV_CAPACITY];
    const char *name = tether__command_file_name(plan->shell.family);
    char *file = tether__text_join(tether__os_dir_path(plan->bundle), name);
    free(plan->command_file);
    plan->command_file = file;
    if (file == NULL)
        return tether__fail_memory(error, "render command");
    int code = plan->retrying ? TETHER_OK : prepare_pipestatus(plan, error);
    if (code == TETHER_OK && !plan->retrying)
        code = write_command(plan, name, error);
    tether__command_argv(&plan->shell, file, argv, TETHER__COMMAND_ARGV_CAPACITY);
    wrapper->argv = argv;
    wrapper->pipestatus = plan->pipestatus;
    if (for_windows()) {
        wrapper->program = plan->shell.path;
        wrapper->batch = plan->shell.family == TETHER__SHELL_CMD ? name : NULL;
        wrapper->utf8_console = plan->shell.family == TETHER__SHELL_POWERSHELL;
    }
    if (code == TETHER_OK)
        code = write_wrapper(plan, wrapper, why, error);
    return code;
}

/* A host can have its later children in another pid namespace than its own. */
static bool is_in_proc(const tether__spawn_plan *plan, const char *child_pid_ns)
{
    return strcmp(child_pid_ns, plan->facts.pid_ns) == 0 && tether__os_process_own_proc();
}

/* Adds what a script cannot find out about itself. */
static int add_place(const tether__spawn_plan *plan, tether__wrapper *wrapper,
                     char pid_ns[TETHER__PID_NS_SIZE], tether_error *error)
{
    tether__clock_frame childrens;
    int code = tether__os_child_clock_frame(&childrens, error);
    if (code != TETHER_OK)
        return code;
    tether__os_child_pid_ns(pid_ns);
    wrapper->time_offset_ns = childrens.boot_ns;
    wrapper->without_proc = !is_in_proc(plan, pid_ns);
    return TETHER_OK;
}

int tether__script_write(tether__spawn_plan *plan, const char **why, tether_error *error)
{
    char pid_ns[TETHER__PID_NS_SIZE] = "";
    char *cmd = NULL;
    tether__wrapper wrapper = {.task_id = plan->id,
                               .boot_id = plan->facts.boot_id,
                               .pid_ns = pid_ns,
                               .late_input = plan->late_input,
                               .workdir = plan->workdir};
    int code = TETHER_OK;
    if (plan->outer->kind != TETHER__OUTER_MONITOR)
        code = add_place(plan, &wrapper, pid_ns, error);
    if (code != TETHER_OK)
        return code;
    if (for_windows())
        (void)tether__os_find_program("cmd", tether__os_shell_rules()->system_path, plan->workdir,
                                      &cmd, NULL);
    wrapper.cmd = cmd;
    code = plan->spec.argv != NULL ? write_for_arguments(plan, &wrapper, why, error)
                                   : write_for_command(plan, &wrapper, why, error);
    /* The attempt with the next shell replaces the files. */
    plan->retrying = plan->retrying || code == TETHER_ENOSHELL;
    free(cmd);
    return code;
}
