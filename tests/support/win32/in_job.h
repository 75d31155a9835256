/* Jobs of the tests' own, and processes in them. */
#ifndef TETHER_TEST_IN_JOB_H
#define TETHER_TEST_IN_JOB_H

#include <stddef.h>
#include <windows.h>

/* A job without a name, with these JOB_OBJECT_LIMIT_ flags. */
HANDLE job_make(DWORD flags);

/* Starts a program (argv, NULL-terminated; UTF-8) that is in these jobs from its first instruction
 * on, the outermost first, with the standard streams of this process; inherits: and every
 * inheritable handle. Returns its handle. */
HANDLE job_start(const HANDLE *jobs, size_t count, const char *const *argv, BOOL inherits);

/* The path of the program that runs, UTF-8, static. */
const char *job_self(void);

/* Waits for a process's end, closes the handle and returns the exit code. */
DWORD job_join(HANDLE process);

/* Ends a process as a crash would, and waits until it is gone. */
void job_crash(HANDLE process);

/* Closes a job, and waits until a process that it takes along is gone. */
void job_close(HANDLE job, HANDLE process);

#endif
