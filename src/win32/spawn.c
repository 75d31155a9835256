/* Owns the start of a supervisor on Windows: its streams, its job, its identity, and the moment at
 * which it begins to run.
 * Must not: choose what is started, or leave a process behind that no lifeline identifies.
 * Thread: any.
 *
 * The order of the steps keeps a host that is killed from leaving anything half-finished: (1) the
 * supervisor is created suspended, in a job that ends when the host dies; (2) its identity is
 * written; (3) the job is changed to outlive the host; (4) the supervisor gets a handle to the job,
 * which keeps the job's name alive; (5) it is resumed. If the host dies before step 3, the
 * supervisor dies with it; after step 3, the host that adopts the task does the remaining steps.
 * docs/model/start.pml is the model. */
#include "os/spawn.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "format/marker.h"
#include "os/clock.h"
#include "os/host.h"
#include "shell/argv_quote.h"
#include "shell/cmd_line.h"
#include "shell/environment.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/job.h"
#include "win32/orders.h"
#include "win32/process.h"
#include "win32/start.h"
#include "win32/text.h"
#include "win32/threads.h"

static const char step[] = "start supervisor";

/* The resources of one start. */
typedef struct launch {
    wchar_t *program;
    wchar_t *line;
    wchar_t *environment;
    wchar_t *workdir;
    HANDLE standard[3];
    HANDLE orders; /* NULL: none */
    HANDLE job;
} launch;

static void dispose(launch *l)
{
    free(l->program);
    free(l->line);
    free(l->environment);
    free(l->workdir);
    for (int i = 0; i < 3; i++) {
        if (l->standard[i] != NULL && (i < 2 || l->standard[i] != l->standard[1]))
            CloseHandle(l->standard[i]);
    }
    if (l->orders != NULL)
        CloseHandle(l->orders);
    if (l->job != NULL)
        CloseHandle(l->job);
}

static int open_input(const char *path, HANDLE *input, tether_error *error)
{
    wchar_t *wide = NULL;
    *input = NULL;
    int code = path != NULL ? tether__win32_path(path, &wide, "open standard input", error)
                            : tether__win32_widen("NUL", &wide, "open standard input", error);
    if (code != TETHER_OK)
        return code;
    HANDLE handle = CreateFileW(wide, GENERIC_READ, TETHER__WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
                                FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD os_error = handle == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    free(wide);
    if (os_error == ERROR_SUCCESS) {
        *input = handle;
        return TETHER_OK;
    }
    if (os_error == ERROR_FILE_NOT_FOUND || os_error == ERROR_PATH_NOT_FOUND)
        return tether__fail(error, TETHER_EINVAL, (int)os_error, "open standard input",
                            "%.300s: no such file to read standard input from; check the path",
                            path != NULL ? path : "NUL");
    return tether__win32_fail(error, os_error, "open standard input", path);
}

/* A copy of this process's own standard input. */
static int share_input(HANDLE *input, tether_error *error)
{
    HANDLE own = GetStdHandle(STD_INPUT_HANDLE);
    *input = NULL;
    if (own == NULL || own == INVALID_HANDLE_VALUE)
        return tether__fail(error, TETHER_EINVAL, 0, "open standard input",
                            "this process has no standard input, so that the task cannot inherit "
                            "it; name a file instead");
    if (!DuplicateHandle(GetCurrentProcess(), own, GetCurrentProcess(), input, 0, FALSE,
                         DUPLICATE_SAME_ACCESS))
        return tether__win32_fail(error, GetLastError(), "open standard input", NULL);
    return TETHER_OK;
}

/* With all rights to write, because Cygwin's programs, Git's among them, take a handle that can
 * only append for one that can only read. All processes of the task share this open file, and with
 * it one position, so they do not overwrite each other. */
static int open_output(tether__dir *bundle, const char *name, HANDLE *output, tether_error *error)
{
    HANDLE handle;
    *output = NULL;
    DWORD os_error = tether__win32_open(bundle, name, GENERIC_WRITE | FILE_READ_ATTRIBUTES,
                                        TETHER__WIN32_SHARE_ALL, CREATE_NEW, &handle);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(bundle, os_error, "create output file", name, error);
    *output = handle;
    return TETHER_OK;
}

static int open_streams(const tether__start *start, launch *l, tether_error *error)
{
    int code = start->inherit_stdin ? share_input(&l->standard[0], error)
                                    : open_input(start->stdin_path, &l->standard[0], error);
    if (code == TETHER_OK)
        code = open_output(start->bundle, start->stdout_name, &l->standard[1], error);
    if (code == TETHER_OK && start->stderr_name != NULL)
        code = open_output(start->bundle, start->stderr_name, &l->standard[2], error);
    else if (code == TETHER_OK)
        l->standard[2] = l->standard[1];
    return code;
}

static int make_environment(const tether__start *start, launch *l, tether_error *error)
{
    tether__text block = {0};
    tether__environment environment = {.entries = (const char **)start->envp};
    while (start->envp[environment.count] != NULL)
        environment.count++;
    tether__environment_block(&environment, &block);
    int code = block.failed ? tether__fail_memory(error, step)
                            : tether__win32_widen_part(block.bytes, block.size, &l->environment,
                                                       step, error);
    tether__text_dispose(&block);
    return code;
}

/* Removes the prefix for long paths, which some programs do not understand. CreateProcessW refuses
 * a path that is too long without it. */
static int plain_path(const char *path, wchar_t **plain, tether_error *error)
{
    wchar_t *wide;
    *plain = NULL;
    int code = tether__win32_path(path, &wide, step, error);
    if (code != TETHER_OK)
        return code;
    *plain = tether__win32_plain_wide(wide);
    free(wide);
    return *plain != NULL ? TETHER_OK : tether__fail_memory(error, step);
}

/* A monitor may live for longer than its task's files. So it, and the console host that comes with
 * it, are started where nothing is removed; its orders say where the command works. */
static int choose_workdir(const tether__start *start, wchar_t **workdir, tether_error *error)
{
    if (start->orders == NULL)
        return plain_path(start->workdir, workdir, error);
    *workdir = calloc(MAX_PATH + 1, sizeof **workdir);
    if (*workdir == NULL)
        return tether__fail_memory(error, step);
    UINT size = GetWindowsDirectoryW(*workdir, MAX_PATH);
    return size > 0 && size < MAX_PATH ? TETHER_OK
                                       : tether__win32_fail(error, GetLastError(), step, NULL);
}

static int make_line(const tether__start *start, launch *l, tether_error *error)
{
    tether__text line = {0};
    tether__argv_join(start->argv, &line);
    int code = line.failed ? tether__fail_memory(error, step)
                           : tether__win32_widen(line.bytes, &l->line, step, error);
    tether__text_dispose(&line);
    return code;
}

/* The supervisor runs in its bundle, so the bundle's path must be one in which Windows starts
 * programs. */
static int check_depth(const tether__start *start, tether_error *error)
{
    if (tether__os_check_workdir(start->workdir, NULL) == TETHER_OK)
        return TETHER_OK;
    return tether__fail(error, TETHER_ESTORE, ERROR_FILENAME_EXCED_RANGE, step,
                        "the store is too deep: the files of a task are in %.300s, a directory of "
                        "%zu characters, and Windows starts no program in one of more than 258; "
                        "choose a store with a shorter path",
                        start->workdir, tether__cmd_units(start->workdir));
}

static int prepare(const tether__start *start, launch *l, tether_error *error)
{
    int code = check_depth(start, error);
    if (code == TETHER_OK)
        code = plain_path(start->program, &l->program, error);
    if (code == TETHER_OK)
        code = choose_workdir(start, &l->workdir, error);
    if (code == TETHER_OK)
        code = make_line(start, l, error);
    if (code == TETHER_OK)
        code = make_environment(start, l, error);
    if (code == TETHER_OK)
        code = open_streams(start, l, error);
    DWORD os_error = ERROR_SUCCESS;
    if (code == TETHER_OK && start->orders != NULL)
        os_error = tether__win32_orders_pass(start->orders, start->orders_size, &l->orders);
    if (os_error != ERROR_SUCCESS)
        code = tether__win32_fail(error, os_error, "pass orders", NULL);
    if (code != TETHER_OK)
        return code;
    os_error = tether__win32_job_create(start->task_id, &l->job);
    return os_error == ERROR_SUCCESS
               ? TETHER_OK
               : tether__win32_fail_as(error, TETHER_ESYSTEM, os_error, "create job", NULL);
}

/* Writes the supervisor's identity for it: cmd cannot find out its own, and hosts must know a
 * supervisor that is not resumed yet. */
static int write_identity(const tether__start *start, const PROCESS_INFORMATION *process,
                          tether_error *error)
{
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity identity = {.pid = process->dwProcessId,
                                 .start_time = tether__win32_start_time(process->hProcess)};
    tether__os_boot_id(identity.boot_id);
    size_t size = tether__marker_format_supervisor(&identity, line);
    return tether__os_lifeline_append(start->lifeline, line, size, error);
}

/* The handle only keeps the job's name alive, and descendants inherit it. A second one in the same
 * process does no harm. */
static DWORD give_job_handle(HANDLE job, HANDLE process)
{
    HANDLE given;
    if (!DuplicateHandle(GetCurrentProcess(), job, process, &given, JOB_OBJECT_QUERY, TRUE, 0))
        return GetLastError();
    return ERROR_SUCCESS;
}

/* open: the monitor starts a process outside of the job, and closes it then. */
static DWORD release_process(HANDLE job, bool open, const PROCESS_INFORMATION *process)
{
    DWORD os_error = tether__win32_job_detach(job, open);
    if (os_error == ERROR_SUCCESS)
        os_error = give_job_handle(job, process->hProcess);
    if (os_error == ERROR_SUCCESS && ResumeThread(process->hThread) == (DWORD)-1)
        os_error = GetLastError();
    return os_error;
}

static int start_process(const tether__start *start, launch *l, tether__started *started,
                         tether_error *error)
{
    PROCESS_INFORMATION process;
    const tether__win32_start request = {
        .program = l->program,
        .line = l->line,
        .environment = l->environment,
        .workdir = l->workdir,
        .inherited = {l->standard[0], l->standard[1], l->standard[2],
                      (HANDLE)start->lifeline->handle, l->orders,
                      start->bond != NULL ? (HANDLE)start->bond->told : NULL},
        .inherited_count = start->bond != NULL ? TETHER__WIN32_INHERITED
                           : l->orders != NULL ? TETHER__WIN32_INHERITED - 1
                                               : TETHER__WIN32_INHERITED - 2,
        .names_handles = l->orders != NULL,
        .job = l->job,
    };
    DWORD os_error = tether__win32_create(&request, &process, &started->bound);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_start(l->program, start->program, os_error, TETHER_ENOSHELL,
                                        error);
    int code = write_identity(start, &process, error);
    if (code == TETHER_OK) {
        os_error = release_process(l->job, start->messenger, &process);
        if (os_error != ERROR_SUCCESS)
            code = tether__win32_fail(error, os_error, step, start->program);
    }
    if (code != TETHER_OK) {
        tether__win32_abandon(&process);
        return code;
    }
    started->pid = process.dwProcessId;
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return TETHER_OK;
}

int tether__os_spawn(const tether__start *start, tether__started *started, tether_error *error)
{
    launch l = {0};
    *started = (tether__started){0};
    int code = prepare(start, &l, error);
    if (code == TETHER_OK)
        code = start_process(start, &l, started, error);
    dispose(&l);
    return code;
}

/* No file of Windows waits for another process when it is opened. */
int tether__os_spawn_late_input(const char *path, char **late, tether_error *error)
{
    (void)path;
    (void)error;
    *late = NULL;
    return TETHER_OK;
}

/* cmd runs batch files, and reports by itself what it cannot start. */
int tether__os_spawn_try(const char *program, tether_error *error)
{
    bool bound;
    wchar_t *path;
    if (tether__cmd_is_batch(program))
        return TETHER_OK;
    int code = plain_path(program, &path, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = tether__win32_probe(path, &bound);
    if (os_error != ERROR_SUCCESS)
        code = tether__win32_fail_start(path, program, os_error, TETHER_ENOPROGRAM, error);
    free(path);
    return code;
}

bool tether__os_spawn_has_pipes(void)
{
    return true;
}

bool tether__os_spawn_can_bind(void)
{
    return true;
}

int tether__os_spawn_bound(bool *bound, tether_error *error)
{
    enum { PATH_UNITS = 32767 };
    BOOL inside = FALSE;
    *bound = false;
    if (IsProcessInJob(GetCurrentProcess(), NULL, &inside) && !inside)
        return TETHER_OK;
    wchar_t *path = calloc(PATH_UNITS + 1, sizeof *path);
    if (path == NULL)
        return tether__fail_memory(error, step);
    DWORD os_error =
        GetModuleFileNameW(NULL, path, PATH_UNITS) == 0 ? GetLastError() : ERROR_SUCCESS;
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_probe(path, bound);
    int code = TETHER_OK;
    if (os_error == ERROR_ACCESS_DENIED)
        code = tether__win32_fail_start(path, NULL, os_error, TETHER_ESYSTEM, error);
    else if (os_error != ERROR_SUCCESS)
        code = tether__win32_fail(error, os_error, "inspect job", NULL);
    free(path);
    return code;
}

/* Returns a handle to the job of a task whose host may have died. Where that host had the only
 * handle, the job's name is gone: then the process, which has started nothing yet, is assigned to a
 * new job as well. NULL on failure. */
static HANDLE open_or_replace_job(const char *task_id, HANDLE process)
{
    HANDLE job;
    if (tether__win32_job_open(task_id, JOB_OBJECT_QUERY, &job) == ERROR_SUCCESS)
        return job;
    if (tether__win32_job_create(task_id, &job) != ERROR_SUCCESS)
        return NULL;
    if (!AssignProcessToJobObject(job, process) ||
        tether__win32_job_detach(job, false) != ERROR_SUCCESS) {
        CloseHandle(job);
        return NULL;
    }
    return job;
}

bool tether__os_spawn_release(const char *task_id, const tether__identity *supervisor)
{
    tether__win32_member member = {.pid = (DWORD)supervisor->pid};
    HANDLE job;
    (void)tether__win32_job_open(task_id, JOB_OBJECT_QUERY, &job);
    bool starting = job != NULL && tether__win32_job_kills_on_close(job);
    if (job != NULL)
        CloseHandle(job);
    /* The host that starts it is alive: if it had died, the job would have ended the process. */
    if (starting)
        return false;
    if (tether__win32_process_open(supervisor,
                                   PROCESS_DUP_HANDLE | PROCESS_SET_QUOTA | PROCESS_TERMINATE,
                                   &member.process) != TETHER__ALIVE)
        return true;
    job = open_or_replace_job(task_id, member.process);
    if (job != NULL) {
        (void)give_job_handle(job, member.process);
        CloseHandle(job);
    }
    /* Has no effect on a process that runs. */
    tether__win32_threads_pause_or_resume(&member, 1, false);
    CloseHandle(member.process);
    return true;
}

const char *tether__os_spawn_variant(void)
{
    return "CreateProcess";
}
