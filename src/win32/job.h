/* The job of a task: a named job object that contains every process of the task and that none of
 * them can leave. A monitor puts the command into a job of its own inside: all processes of the
 * task but the monitor are in that, too. Any thread. */
#ifndef TETHER_WIN32_JOB_H
#define TETHER_WIN32_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* Creates the job of a task. Until tether__win32_job_detach, the job ends its processes when its
 * last handle is closed: if the host dies before the start is complete, the new process ends too.
 * The name exists until the last handle is closed, so a process of the task must get one. Returns 0
 * or the error; ERROR_ALREADY_EXISTS for a name that is taken. */
DWORD tether__win32_job_create(const char *task_id, HANDLE *job);

/* Creates the job of a command inside. It ends nothing by itself. */
DWORD tether__win32_job_create_inner(const char *task_id, HANDLE *job);

/* The same as the job of a task, without a name, for probes. */
DWORD tether__win32_job_create_unnamed(HANDLE *job);

/* Lets the processes outlive the job's last handle. open: one that is created with
 * CREATE_BREAKAWAY_FROM_JOB is not in it, until this is called once more. Returns 0 or the error.
 */
DWORD tether__win32_job_detach(HANDLE job, bool open);

/* Whether the job ends its processes when its last handle is closed. False when unsure. */
bool tether__win32_job_kills_on_close(HANDLE job);

/* Opens the job of a task. Returns 0 or the error: ERROR_FILE_NOT_FOUND where there is none,
 * ERROR_ACCESS_DENIED where it belongs to somebody else, or to a process with more rights. *job is
 * then NULL. */
DWORD tether__win32_job_open(const char *task_id, DWORD access, HANDLE *job);

/* The same for the job of a command inside. */
DWORD tether__win32_job_open_inner(const char *task_id, DWORD access, HANDLE *job);

/* Lists the ids of the processes in the job, freed with free(). Returns 0 or the error. */
DWORD tether__win32_job_pids(HANDLE job, DWORD **pids, size_t *count);

#endif
