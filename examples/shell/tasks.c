/* Owns the session of the store, and everything between jobs and tasks.
 * Must not: let the library wait: this is the thread that dispatches, and keys must be noticed.
 * Thread: the only one, and none of the library runs beside it. So a child may be forked at any
 * time. */
#include "tasks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "limits.h"
#include "terminal.h"

/* The variable with the state for a job. It begins with a line of numbers. */
static const char state_name[] = "TETHER_SHELL_STATE";

/* How long a signal waits for a job that is only starting. */
enum { START_MS = 5000, START_STEP_MS = 5 };

static void complain_of(const char *what, const tether_error *error)
{
    complain("%s: %s", what, error->message);
}

/* --- The session --------------------------------------------------------------------------- */

static char *reason_of(const tether_snapshot *task)
{
    bool strange = task->status == TETHER_STATUS_TIMED_OUT || task->status == TETHER_STATUS_LOST ||
                   (task->status == TETHER_STATUS_KILLED && task->reason != NULL);
    if (!strange)
        return NULL;
    return shell_copy(task->reason == NULL ? tether_status_text(task->status) : task->reason);
}

/* The number that scripts call $!: the supervisor lives as long as the task, so no other process
 * has it meanwhile. Where it is not known, a number that no process has: a job of another shell may
 * have been started so lately that its supervisor has yet to write down its pid. The number that
 * scripts of this shell got stays. */
static void take_pid(struct job *job, const tether_snapshot *task)
{
    const long unknown = 1000000000L + job->number;
    if (job->pid == 0 || (job->pid == unknown && !job->own))
        job->pid = task != NULL && task->child_pid > 0 ? (long)task->child_pid : unknown;
}

static void take_snapshot(struct job *job, const tether_snapshot *task)
{
    if (tether_status_ended(task->status)) {
        job->state = JOB_DONE;
        job->status = tether_exit_status(task);
        free(job->reason);
        job->reason = reason_of(task);
    } else {
        job->state = task->status == TETHER_STATUS_PAUSED ? JOB_STOPPED : JOB_RUNNING;
    }
}

static bool is_known(const struct shell *sh, const char *id)
{
    const struct job *job = sh->jobs.first;
    while (job != NULL && strcmp(job->id, id) != 0)
        job = job->next;
    return job != NULL;
}

static void adopt_one(struct shell *sh, const tether_snapshot *task)
{
    bool told = task->completion_delivered || !task->notify_on_completion;
    if (is_known(sh, task->task_id) || (tether_status_ended(task->status) && told))
        return;
    struct job *job = job_new(task->command == NULL ? "" : task->command);
    job->task = true;
    snprintf(job->id, sizeof job->id, "%s", task->task_id);
    take_snapshot(job, task);
    jobs_add(sh, job);
    take_pid(job, task);
}

static void adopt(struct shell *sh)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_list_options options = {
        .size = sizeof options, .scope = TETHER_LIST_ALL, .without_output = true};
    if (tether_list_in(sh->tasks.registry, &options, &list, &error) != TETHER_OK) {
        complain_of("cannot list the jobs of earlier shells", &error);
        return;
    }
    for (size_t i = list->count; i > 0; i--) /* the newest comes first */
        adopt_one(sh, list->items[i - 1]);
    tether_snapshot_list_free(list);
}

/* Called inside tether_dispatch. */
static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    struct tasks *tasks = userdata;
    (void)registry;
    if (event->kind == TETHER_EVENT_COMPLETION)
        tasks->ended = true;
}

bool tasks_open(struct shell *sh)
{
    if (sh->tasks.registry != NULL)
        return true;
    tether_error error = {0};
    const tether_open_options options = {.size = sizeof options,
                                         .session = sh->tasks.session,
                                         .default_timeout_ms = TETHER_NO_TIMEOUT,
                                         .reminder_ms = TETHER_NO_REMINDER,
                                         .on_event = on_event,
                                         .userdata = &sh->tasks,
                                         .leave_watches = 1,
                                         .dispatch = 1,
                                         .no_gc = 1};
    if (tether_open(&options, &sh->tasks.registry, &error) != TETHER_OK) {
        complain_of("cannot open the store of the jobs", &error);
        return false;
    }
    if (sh->tasks.adopts)
        adopt(sh);
    return true;
}

void tasks_close(struct shell *sh)
{
    if (sh->tasks.registry == NULL)
        return;
    tasks_refresh(sh);
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (job->task && job->own && job->state == JOB_DONE && !sh->interactive) {
            tasks_show(sh, job);
            tasks_acknowledge(sh, job);
        }
        tether_follow_close(job->follower);
        job->follower = NULL;
    }
    if (sh->interactive) /* no_gc: a collection beside the shell would be a thread */
        tether_gc(sh->tasks.registry, NULL, NULL, NULL);
    tether_close(sh->tasks.registry, TETHER_DETACH, NULL);
    sh->tasks.registry = NULL;
}

/* The library has no call that gives up a registry in a forked child. Its descriptors close with
 * the exec, or with the end of the child; followers are forgotten with it. */
void tasks_abandon(struct shell *sh)
{
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next)
        job->follower = NULL;
    sh->tasks.registry = NULL;
}

/* --- Starting ------------------------------------------------------------------------------ */

/* What a subshell has, and a program does not: variables that are not exported, arguments, and the
 * values of $$, $? and $!. */
static char *state_for_job(const struct shell *sh)
{
    struct text text = {0};
    char numbers[100];
    snprintf(numbers, sizeof numbers, "%s=%ld %d %d %.20s\n", state_name, sh->pid, sh->status,
             !sh->job_control, sh->last_job);
    text_add_string(&text, numbers);
    vars_state(&sh->vars, &text);
    text_add_string(&text, "set --");
    for (size_t i = 0; i < sh->arguments.count; i++) {
        text_add_char(&text, ' ');
        text_add_quoted(&text, sh->arguments.items[i]);
    }
    return text_take(&text);
}

void tasks_take_state(struct shell *sh)
{
    const char *value = vars_get(&sh->vars, state_name);
    if (value == NULL)
        return;
    int status = 0, ignores = 0;
    char last[24] = "";
    char *state = shell_copy(value);
    vars_unset(&sh->vars, state_name);
    sscanf(state, "%ld %d %d %23[0-9]", &sh->pid, &status, &ignores, last);
    const char *commands = strchr(state, '\n');
    if (commands != NULL)
        exec_text(sh, commands + 1);
    free(state);
    free(sh->last_job);
    sh->last_job = shell_copy(last);
    sh->status = status;
    sh->ignores_keys = ignores != 0;
    if (sh->ignores_keys) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
    }
}

static bool spawn(struct shell *sh, const char *text, char id[TETHER_ID_SIZE])
{
    struct limits limits = limits_get(sh);
    struct list environment = {0};
    tether_error error = {0};
    vars_environment(&sh->vars, &environment);
    char *state = state_for_job(sh);
    const char *const set[] = {state, NULL};
    const char *const arguments[] = {"--session", sh->tasks.session, "--job", sh->name, NULL};
    const tether_spec spec = {
        .size = sizeof spec,
        .command = text,
        .shell = sh->tasks.self,
        .shell_arguments = arguments,
        .env = (const char *const *)list_items(&environment),
        .env_set = set,
        .timeout_ms = limits.time_ms,
        .max_running = limits.count,
        .output_limit = limits.output,
        .output_policy = limits.ends ? TETHER_OUTPUT_KILL : TETHER_OUTPUT_TRUNCATE,
    };
    int code = tether_spawn(sh->tasks.registry, &spec, id, &error);
    if (code != TETHER_OK)
        complain_of("cannot start the job", &error);
    list_free(&environment);
    free(state);
    return code == TETHER_OK;
}

struct job *tasks_start(struct shell *sh, const char *text)
{
    char id[TETHER_ID_SIZE];
    if (!tasks_open(sh) || !spawn(sh, text, id))
        return NULL;
    jobs_drop_inherited(sh);
    struct job *job = job_new(text);
    job->task = job->own = true;
    memcpy(job->id, id, sizeof id);
    jobs_add(sh, job);
    tether_snapshot *task;
    tether_error error = {0};
    if (tether_status_get(sh->tasks.registry, id, &task, &error) != TETHER_OK)
        complain_of("cannot read the state of the job", &error);
    take_pid(job, task);
    tether_snapshot_free(task);
    return job;
}

/* --- State --------------------------------------------------------------------------------- */

static void refresh_one(struct shell *sh, struct job *job)
{
    tether_snapshot *task;
    tether_error error = {0};
    int code = tether_status_get(sh->tasks.registry, job->id, &task, &error);
    if (code == TETHER_OK) {
        take_snapshot(job, task);
        take_pid(job, task);
        tether_snapshot_free(task);
    } else if (code == TETHER_ENOTASK || code == TETHER_EGONE) {
        /* Somebody has removed it. */
        job->state = JOB_DONE;
        job->status = 125;
        free(job->reason);
        job->reason = shell_copy(error.message);
        job->shown = true;
    }
}

void tasks_refresh(struct shell *sh)
{
    if (sh->tasks.registry == NULL)
        return;
    tether_dispatch(sh->tasks.registry, &sh->tasks.next_ms, NULL);
    for (struct job *job = sh->jobs.first; job != NULL; job = job->next) {
        if (job->task && job->state != JOB_DONE)
            refresh_one(sh, job);
    }
}

bool tasks_ended(struct shell *sh)
{
    if (sh->tasks.registry == NULL)
        return false;
    tether_dispatch(sh->tasks.registry, NULL, NULL);
    bool ended = sh->tasks.ended;
    sh->tasks.ended = false;
    return ended;
}

void tasks_turn(struct shell *sh, long timeout_ms)
{
    intptr_t pollable = -1;
    if (sh->tasks.registry != NULL) {
        tether_pollable(sh->tasks.registry, &pollable, NULL);
        int64_t next_ms = sh->tasks.next_ms;
        if (next_ms >= 0 && (timeout_ms < 0 || next_ms < timeout_ms))
            timeout_ms = (long)next_ms;
    }
    terminal_wait((int)pollable, timeout_ms);
}

/* --- Output -------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

void tasks_show(struct shell *sh, struct job *job)
{
    char buffer[65536];
    size_t got;
    tether_stream stream;
    tether_error error = {0};
    fflush(NULL);
    if (job->shown || !job->task)
        return;
    int code = TETHER_OK;
    if (job->follower == NULL)
        code = tether_follow_open(sh->tasks.registry, job->id, TETHER_VIEW_BOTH, NULL,
                                  &job->follower, &error);
    while (code == TETHER_OK && !terminal_is_interrupted()) {
        code = tether_follow_read(job->follower, buffer, sizeof buffer, 0, &stream, &got, &error);
        if (code != TETHER_OK)
            break;
        if (got == 0 ||
            !write_all(stream == TETHER_STDOUT ? STDOUT_FILENO : STDERR_FILENO, buffer, got)) {
            job->shown = true;
            break;
        }
    }
    if (code != TETHER_OK && code != TETHER_ETIMEDOUT) {
        complain_of("cannot read the output of the job", &error);
        job->shown = true;
    }
    if (job->shown) {
        tether_follow_close(job->follower);
        job->follower = NULL;
    }
}

void tasks_acknowledge(struct shell *sh, const struct job *job)
{
    if (job->task && sh->tasks.registry != NULL)
        tether_completion_ack(sh->tasks.registry, job->id, NULL, NULL);
}

/* --- Signals ------------------------------------------------------------------------------- */

static int send_signal(struct shell *sh, const struct job *job, int signal, tether_error *error)
{
    tether_registry *registry = sh->tasks.registry;
    const tether_kill_options one = {.size = sizeof one, .signal = signal};
    const tether_kill_options all = {.size = sizeof all, .grace_ms = -1};
    switch (signal) {
    case SIGSTOP:
    case SIGTSTP:
        return tether_pause(registry, job->id, error);
    case SIGCONT:
        return tether_resume(registry, job->id, error);
    case SIGKILL: /* also what has left the group */
        return tether_kill(registry, job->id, &all, error);
    default:
        return tether_kill(registry, job->id, &one, error);
    }
}

/* On the thread that dispatches, the library does not wait for a job that is starting. */
int tasks_signal(struct shell *sh, const struct job *job, int signal)
{
    tether_error error = {0};
    if (job->state == JOB_DONE) {
        complain("kill: (%ld) - No such process", job->pid);
        return 1;
    }
    if (signal == 0)
        return 0;
    int code = send_signal(sh, job, signal, &error);
    for (int i = 0; i < START_MS && code == TETHER_ETIMEDOUT; i += START_STEP_MS) {
        tasks_turn(sh, START_STEP_MS);
        tasks_refresh(sh);
        code = send_signal(sh, job, signal, &error);
    }
    if (code != TETHER_OK)
        complain_of("kill", &error);
    return code == TETHER_OK ? 0 : 1;
}
