/* The job of a task: a named job object that every process of the task is in, and that none of them
 * can leave. Any thread. */
#ifndef TETHER_WIN32_JOB_H
#define TETHER_WIN32_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* Creates the job of a task, which ends with its last handle for now: a host that dies before the
 * start is done takes along what it has started. The name is there for as long as somebody has a
 * handle, so that a process of the task must get one. 0 or the error; ERROR_ALREADY_EXISTS for a
 * name that is taken. */
DWORD tether__win32_job_create(const char *task_id, HANDLE *job);

/* A job without a name, for what is only tried. */
DWORD tether__win32_job_create_unnamed(HANDLE *job);

/* From here on its processes live without a handle. 0 or the error. */
DWORD tether__win32_job_let_go(HANDLE job);

/* Whether it still ends with its last handle. False where that cannot be told. */
bool tether__win32_job_is_kept(HANDLE job);

/* Opens the job of a task that lives; NULL: there is none, or it is not ours. */
HANDLE tether__win32_job_open(const char *task_id, DWORD access);

/* The ids of the processes in it, freed with free(). 0 or the error. */
DWORD tether__win32_job_pids(HANDLE job, DWORD **pids, size_t *count);

#endif
