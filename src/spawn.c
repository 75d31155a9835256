/* Owns the way of a task from a spec to a running supervisor: resolve, prepare, record, start,
 * note. Must not: leave anything behind when a step fails. Thread: the caller's. */
#include "spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "birth.h"
#include "error.h"
#include "id.h"
#include "options.h"
#include "quota.h"
#include "os_host.h"
#include "os_process.h"
#include "os_spawn.h"
#include "wrapper.h"

/* The user's shells in the order in which they are tried; $BASH comes before all of them. */
static const char *const user_shells[] = {"bash", "zsh", "sh", NULL};

/* Where the outer shell is looked for: the system's own, whatever the host's PATH says. */
static const char outer_path[] = "/bin:/usr/bin:/usr/local/bin";

static void plan_dispose(tether__spawn_plan *plan)
{
    tether__environment_dispose(&plan->environment);
    free(plan->workdir);
    free(plan->project_root);
    tether__shell_dispose(&plan->shell);
    free(plan->program);
    free(plan->outer);
    free(plan->command_shown);
    free(plan->pipestatus);
    tether__os_lifeline_close(&plan->lifeline);
    tether__os_dir_close(plan->bundle);
    tether__record_dispose(&plan->record);
}

static int take_spec(const tether_spec *given, tether__spawn_plan *plan, tether_error *error)
{
    tether_spec *spec = &plan->spec;
    if (given == NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec", "no spec was given");
    tether__options_take(given, spec, sizeof *spec);

    bool direct = spec->argv != NULL;
    if (direct == (spec->command != NULL))
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "give either a command for the shell or an argument vector");
    if (direct && (spec->argv[0] == NULL || spec->argv[0][0] == '\0'))
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the command is empty; name a program");
    if (direct && spec->shell != NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "an argument vector is started without a shell; drop the shell");
    int code = tether__birth_check(spec->name, spec->timeout_ms, TETHER_NO_TIMEOUT, error);
    if (code != TETHER_OK || direct)
        return code;
    plan->command_size = spec->command_size != 0 ? spec->command_size : strlen(spec->command);
    if (memchr(spec->command, '\0', plan->command_size) != NULL)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the command has a NUL byte, which no shell reads");
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

/* How shells are looked up: in the task's own PATH and working directory. */
static int find_program(const char *name, char **found, void *userdata, tether_error *error)
{
    const tether__spawn_plan *plan = userdata;
    const char *path = tether__environment_get(&plan->environment, "PATH");
    return tether__os_find_program(name, path, plan->workdir, found, error);
}

static int resolve_command(tether__spawn_plan *plan, tether_error *error)
{
    const tether_spec *spec = &plan->spec;
    if (spec->argv != NULL) {
        int code = find_program(spec->argv[0], &plan->program, plan, error);
        /* A path stays as it was given: it means the same in the task's directory. */
        if (code == TETHER_OK && strchr(spec->argv[0], '/') != NULL) {
            free(plan->program);
            plan->program = NULL;
        }
        return code;
    }
    const char *bash = tether__environment_get(&plan->environment, "BASH");
    return tether__shell_resolve(spec->shell, bash, user_shells, find_program, plan, &plan->shell,
                                 error);
}

static int resolve_outer(tether__spawn_plan *plan, tether_error *error)
{
    /* The smallest shells drop variables whose names they cannot spell; bash passes them on. */
    plan->outer_is_bash =
        !tether__environment_portable(&plan->environment) &&
        tether__os_find_program("bash", outer_path, "/", &plan->outer, NULL) == TETHER_OK;
    if (plan->outer_is_bash)
        return TETHER_OK;
    int code = tether__os_find_program("sh", outer_path, "/", &plan->outer, NULL);
    if (code != TETHER_OK)
        code = find_program("sh", &plan->outer, plan, NULL);
    if (code == TETHER_OK)
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOSHELL, 0, "find shell",
                        "no sh was found in %s or PATH; the supervisor needs one: install it",
                        outer_path);
}

static int resolve_workdirs(tether__spawn_plan *plan, tether_error *error)
{
    int code =
        tether__os_real_directory("working directory", plan->spec.workdir, &plan->workdir, error);
    if (code == TETHER_OK && plan->spec.project_root != NULL)
        code = tether__os_real_directory("project directory", plan->spec.project_root,
                                         &plan->project_root, error);
    return code;
}

/* Finds out everything that can be wrong before anything is made. */
static int resolve(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    const tether_spec *spec = &plan->spec;
    int code = choose_id(plan, error);
    if (code == TETHER_OK)
        code = resolve_workdirs(plan, error);
    if (code == TETHER_OK)
        code = tether__environment_make(spec->env != NULL ? spec->env : tether__os_environ(),
                                        spec->env_set, plan->cookie, &plan->environment, error);
    if (code == TETHER_OK)
        code = resolve_command(plan, error);
    if (code == TETHER_OK)
        code = resolve_outer(plan, error);
    if (code == TETHER_OK)
        code = tether__environment_check(&plan->environment, spec->argv, tether__os_string_limit(),
                                         tether__os_exec_limit(), error);
    int64_t timeout = spec->timeout_ms != 0 ? spec->timeout_ms : registry->default_timeout_ms;
    plan->timeout_ms = timeout != TETHER_NO_TIMEOUT ? timeout : 0;
    return code;
}

/* The lifeline first: nothing of the task is visible without it. */
static int create_lifeline(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    int code = TETHER_ELOCKED;
    for (int tries = 0; code == TETHER_ELOCKED && tries < TETHER__ID_TRIES; tries++) {
        /* A name that is taken gets another one, in the environment too: the cookie's buffer is
         * what that points to. */
        if (tries > 0 && choose_id(plan, error) != TETHER_OK)
            return TETHER_ESYSTEM;
        code =
            tether__os_lifeline_create(registry->session.exits, plan->id, &plan->lifeline, error);
    }
    return code;
}

/* Between its creation and its being held a lifeline looks like a leftover. Those are removed under
 * the session lock, so that it is made under it too. */
static int acquire_lifeline(tether_registry *registry, tether__spawn_plan *plan,
                            tether_error *error)
{
    tether__lock lock;
    int code = tether__session_lock(&registry->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = create_lifeline(registry, plan, error);
    tether__os_lock_release(&lock);
    return code;
}

static int write_text(tether__dir *bundle, const char *name, tether__text *text,
                      tether_error *error)
{
    int code = text->failed ? tether__fail_memory(error, "render script")
                            : tether__os_file_create(bundle, name, text->bytes, text->size, error);
    tether__text_dispose(text);
    return code;
}

/* Where the command's trap leaves the codes of its last pipeline; NULL: it leaves none. The file is
 * there before it, so that it has the mode of all files whatever the command's umask. A line's end
 * in the path would give the text's lines other numbers. */
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

/* Writes the command's file and says how it is run: the arguments point into *file. */
static int write_command(tether__spawn_plan *plan, char **file, const char **argv,
                         tether_error *error)
{
    tether__text text = {0};
    const char *name = tether__command_file_name(plan->shell.family);
    *file = tether__text_join(tether__os_dir_path(plan->bundle), name);
    if (*file == NULL)
        return tether__fail_memory(error, "render command");
    tether__command_argv(&plan->shell, *file, argv, TETHER__COMMAND_ARGV_ROOM);
    if (plan->pipestatus != NULL)
        tether__command_render_trap(tether__shell_pipeline_variable(plan->shell.path),
                                    plan->pipestatus, &text);
    tether__command_render(plan->shell.family, plan->spec.command, plan->command_size, &text);
    return write_text(plan->bundle, name, &text, error);
}

static int write_wrapper(tether__spawn_plan *plan, const char *const *argv, tether_error *error)
{
    tether__text text = {0};
    char pid_ns[TETHER__PID_NS_SIZE];
    tether__os_pid_ns(pid_ns);
    tether__wrapper wrapper = {plan->id,      plan->boot_id, pid_ns,
                               plan->program, argv,          plan->pipestatus};
    tether__wrapper_render_sh(&wrapper, &text);
    return write_text(plan->bundle, TETHER__WRAPPER_FILE, &text, error);
}

static int write_scripts(tether__spawn_plan *plan, tether_error *error)
{
    if (plan->spec.argv != NULL)
        return write_wrapper(plan, plan->spec.argv, error);
    char *file = NULL;
    const char *argv[TETHER__COMMAND_ARGV_ROOM];
    int code = prepare_pipestatus(plan, error);
    if (code == TETHER_OK)
        code = write_command(plan, &file, argv, error);
    if (code == TETHER_OK)
        code = write_wrapper(plan, argv, error);
    free(file);
    return code;
}

/* The command as people see it: the text, or the arguments in shell quoting; valid UTF-8 of bounded
 * length. */
static int show_command(tether__spawn_plan *plan, tether_error *error)
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

static int fill_record(const tether_registry *registry, tether__spawn_plan *plan,
                       tether_error *error)
{
    tether__record *record = &plan->record;
    tether__birth birth = {
        .id = plan->id,
        .name = plan->spec.name,
        .project_root = plan->project_root,
        .workdir = plan->workdir,
        .command = plan->command_shown,
        .supervisor = "script",
        .timeout_ms = plan->timeout_ms,
        .notify = !plan->spec.no_notify,
    };
    int code = tether__birth_record(&birth, &registry->session, record, error);
    if (code != TETHER_OK)
        return code;
    record->output_limit =
        plan->spec.output_limit < INT64_MAX ? (int64_t)plan->spec.output_limit : INT64_MAX;
    record->no_compress = plan->spec.no_compress;
    bool fits = tether__record_set(&record->shell, plan->shell.path) &&
                tether__record_set(&record->stderr_name,
                                   plan->spec.merge_output ? NULL : TETHER__STDERR_FILE) &&
                (plan->spec.argv == NULL || tether__record_set_argv(record, plan->spec.argv));
    return fits ? TETHER_OK : tether__fail_memory(error, "write record");
}

static int prepare(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    tether__os_boot_id(plan->boot_id);
    int code = acquire_lifeline(registry, plan, error);
    if (code == TETHER_OK)
        code = tether__os_dir_open(registry->session.tasks, plan->id, true, &plan->bundle, error);
    if (code == TETHER_OK)
        code = write_scripts(plan, error);
    return code;
}

/* A lifeline that is held keeps its name, unless somebody removes what is not theirs. */
static int check_lifeline(tether_registry *registry, const tether__spawn_plan *plan,
                          tether_error *error)
{
    if (tether__os_lifeline_linked(&plan->lifeline))
        return TETHER_OK;
    int code = tether__os_dir_check(registry->session.exits, error);
    if (code == TETHER_OK)
        code =
            tether__fail(error, TETHER_EGONE, 0, "record task",
                         "the files of the new task were removed from %.300s; look who does that",
                         tether__os_dir_path(registry->session.exits));
    return code;
}

/* Makes the task visible, as `starting`. */
static int record_start(tether_registry *registry, tether__spawn_plan *plan, tether_error *error)
{
    tether__lock lock;
    int code = tether__session_lock(&registry->session, &lock, error);
    if (code != TETHER_OK)
        return code;
    code = check_lifeline(registry, plan, error);
    if (code == TETHER_OK)
        code = tether__quota_start(registry, plan->id, plan->spec.max_running, error);
    plan->counted = code == TETHER_OK;
    if (code == TETHER_OK)
        code = show_command(plan, error);
    if (code == TETHER_OK)
        code = fill_record(registry, plan, error);
    if (code == TETHER_OK)
        code = tether__bundle_save(&registry->session, &plan->record, &plan->stamp, error);
    plan->visible = code == TETHER_OK;
    tether__os_lock_release(&lock);
    return code;
}

static int start(tether__spawn_plan *plan, int64_t *pid, tether_error *error)
{
    char *wrapper = tether__text_join(tether__os_dir_path(plan->bundle), TETHER__WRAPPER_FILE);
    if (wrapper == NULL)
        return tether__fail_memory(error, "start supervisor");
    /* bash reads neither $BASH_ENV nor functions from the environment like this, and still passes
     * both on. */
    const char *const with_bash[] = {"bash", "--posix", "-p", wrapper, NULL};
    const char *const with_sh[] = {"sh", wrapper, NULL};
    tether__start request = {
        .program = plan->outer,
        .argv = plan->outer_is_bash ? with_bash : with_sh,
        .envp = plan->environment.entries,
        .workdir = plan->workdir,
        .stdin_path = plan->spec.stdin_path,
        .bundle = plan->bundle,
        .stdout_name = TETHER__STDOUT_FILE,
        .stderr_name = plan->spec.merge_output ? NULL : TETHER__STDERR_FILE,
        .lifeline = &plan->lifeline,
    };
    int code = tether__os_spawn(&request, pid, error);
    free(wrapper);
    return code;
}

/* Removes what was made. The handles go first: the removal needs some itself, and there may be no
 * other left. What is not visible is anybody's to remove without its lifeline; what is, keeps it
 * until the record is gone. */
static void unmake(tether_registry *registry, tether__spawn_plan *plan)
{
    if (plan->lifeline.handle < 0)
        return;
    tether__os_dir_close(plan->bundle);
    plan->bundle = NULL;
    if (!plan->visible)
        tether__os_lifeline_close(&plan->lifeline);
    tether__bundle_remove(&registry->session, plan->id, NULL);
}

/* Under the session lock once the task was counted or visible, so that nobody counts or finalises
 * what is being taken back. */
static void take_back(tether_registry *registry, tether__spawn_plan *plan)
{
    tether__lock lock = {-1};
    bool locked =
        plan->counted && tether__session_lock(&registry->session, &lock, NULL) == TETHER_OK;
    if (locked)
        tether__quota_take_back(registry);
    unmake(registry, plan);
    tether__os_lock_release(&lock);
    tether__catalog_forget(&registry->catalog, plan->id);
}

/* Notes the running supervisor in memory. On disk the task is still starting: the supervisor says
 * itself who it is, and whoever looks next writes that down, so that a short task costs one record
 * less. */
static void note_child(tether_registry *registry, tether__spawn_plan *plan, int64_t pid)
{
    tether__identity child = {.pid = pid, .start_time = tether__os_process_start_time(pid)};
    strcpy(child.boot_id, plan->boot_id);
    tether__os_pid_ns(child.pid_ns);
    plan->record.child_pid = pid;
    tether__catalog_adopt(&registry->catalog, &plan->record, &plan->stamp, &child, NULL);
}

/* Everything from the visible record on is one piece for this registry's other threads. */
static int record_and_start(tether_registry *registry, tether__spawn_plan *plan,
                            tether_error *error)
{
    int64_t pid;
    uv_mutex_lock(&registry->catalog.disk);
    int code = record_start(registry, plan, error);
    if (code == TETHER_OK)
        code = start(plan, &pid, error);
    if (code == TETHER_OK) {
        tether__os_lifeline_close(&plan->lifeline);
        note_child(registry, plan, pid);
    } else {
        take_back(registry, plan);
    }
    uv_mutex_unlock(&registry->catalog.disk);
    return code;
}

int tether_spawn(tether_registry *registry, const tether_spec *spec, char task_id[TETHER_ID_SIZE],
                 tether_error *error)
{
    tether__spawn_plan plan = {.lifeline = {-1}};
    tether_error problem = {0};
    tether__record_init(&plan.record);
    task_id[0] = '\0';
    int code = take_spec(spec, &plan, &problem);
    if (code == TETHER_OK)
        code = tether__quota_output(registry, &problem);
    if (code == TETHER_OK)
        code = resolve(registry, &plan, &problem);
    if (code == TETHER_OK) {
        code = prepare(registry, &plan, &problem);
        if (code == TETHER_OK)
            code = record_and_start(registry, &plan, &problem);
        else
            unmake(registry, &plan);
    }
    if (code == TETHER_OK) {
        strcpy(task_id, plan.id);
        tether__reaper_expect(registry->reaper, plan.id);
    } else if (error != NULL) {
        *error = problem;
    }
    plan_dispose(&plan);
    return code;
}
