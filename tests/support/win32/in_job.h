/* Processes that a test starts itself, apart from the library's spawner, and jobs around them. */
#ifndef TETHER_TEST_IN_JOB_H
#define TETHER_TEST_IN_JOB_H

#include <stddef.h>
#include <windows.h>

#define KILL_ON_CLOSE JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
#define BREAKAWAY_OK JOB_OBJECT_LIMIT_BREAKAWAY_OK
#define SILENT_OK JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK

/* Creates a job without a name, with these JOB_OBJECT_LIMIT_ flags. */
HANDLE job_make(DWORD flags);

/* Starts a program (argv, NULL-terminated; UTF-8) with the standard streams of this process. From
 * its first instruction on it is in these jobs, the outermost first. inherits: it gets every
 * inheritable handle. Returns its handle, which the caller closes. */
HANDLE job_start(const HANDLE *jobs, size_t count, const char *const *argv, BOOL inherits);

/* Closes a job, waits until a process that ends with it is gone, and closes that handle. */
void job_close(HANDLE job, HANDLE process);

/* The same as job_start() without a job and without further handles. */
HANDLE process_start(const char *const *argv);

/* Starts CHILD, which then waits forever. */
HANDLE process_start_forever(void);

/* Starts a program, waits for its end and returns its exit code. */
DWORD process_run(const char *const *argv);

/* Waits for the end of a process, closes the handle and returns the exit code. */
DWORD process_join(HANDLE process);

/* Terminates a process and waits until it is gone. The handle stays open, so that its pid is not
 * reused. */
void process_kill(HANDLE process);

/* The same as process_kill(), and closes the handle. */
void process_crash(HANDLE process);

/* Returns the path of this program, UTF-8, static. */
const char *process_self(void);

/* Closes a file after so many milliseconds. Returns the thread that does it, for
 * close_later_join(). */
HANDLE close_later(HANDLE file, DWORD ms);
void close_later_join(HANDLE thread);

#endif
