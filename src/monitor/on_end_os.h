/* Seam: the process that runs the command at the end of a task, and that command. Neither is a
 * process of the task: each has another session and another cookie, as another task would. One
 * thread. */
#ifndef TETHER_ON_END_OS_H
#define TETHER_ON_END_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/marker.h"
#include "format/orders.h"

/* Makes a process that holds the lifeline too, and of all else that this one has open nothing. On
 * POSIX that is one like this one, but no child of it, and true is returned there; on Windows it
 * gets a copy of the orders, and calls tether__on_end_be_messenger with them. */
bool tether__on_end_os_part(const tether__orders *orders);

/* Passes these bytes, less than a page, to the new process. False: there is none. */
bool tether__on_end_os_tell(const void *bytes, size_t size);

/* Waits for them in the new process. False: the other one has ended. */
bool tether__on_end_os_hear(void *bytes, size_t size);

/* What is started. */
typedef struct tether__on_end_call {
    const char *text;             /* for the system's shell */
    const char *workdir;          /* on Windows; NULL: not known */
    const char *const *variables; /* NAME=VALUE; one with an empty value is removed. NULL-terminated
                                   */
    const char *input;            /* what it reads */
    size_t input_size;
} tether__on_end_call;

/* Starts the command in the directory where the monitor was started, or the root if that is gone;
 * on Windows in `workdir`, or where the system is. Its outputs go into one pipe. Returns its pid;
 * 0: it could not be started. */
int64_t tether__on_end_os_start(const tether__on_end_call *call);

/* Sleeps until the pipe has something, the command has ended or this time has come, by the
 * monotonic clock. Returns what has become of the command, with its exit code or signal; UNTOLD: it
 * runs. */
tether__afterwards tether__on_end_os_wait(int64_t pid, int64_t until_ms, int *value);

/* Reads what the pipe has, without waiting. Returns 0 if that is nothing. */
size_t tether__on_end_os_read(char *bytes, size_t capacity);

/* Sends the polite or the final signal to the command's process group, or job. It was not waited
 * for yet, so that its pid is its own. */
void tether__on_end_os_signal(int64_t pid, bool final);

/* Ends the new process. */
_Noreturn void tether__on_end_os_leave(void);

#endif
