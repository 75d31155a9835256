/* Seam: the process that runs the command at the end of a task, and that command. Neither is a
 * process of the task: each has another session and another cookie, as another task would. One
 * thread. */
#ifndef TETHER_ON_END_OS_H
#define TETHER_ON_END_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/marker.h"

/* Remembers the working directory of this process, which it leaves later. */
void tether__on_end_os_note_place(void);

typedef enum tether__part {
    TETHER__PART_MONITOR,   /* this is the monitor, which can go on and leave */
    TETHER__PART_MESSENGER, /* this is the new process; of all that the monitor has open it has the
                               lifeline alone */
    TETHER__PART_FAILED     /* there is no new process */
} tether__part;

/* Makes a process like this one, which holds the lifeline too, and is told apart from those of the
 * task before this returns to the monitor. */
tether__part tether__on_end_os_part(void);

/* What is started. */
typedef struct tether__on_end_call {
    const char *text;             /* for the system's shell */
    const char *const *variables; /* NAME=VALUE; one with an empty value is removed. NULL-terminated
                                   */
    const char *input;            /* what it reads */
    size_t input_size;
} tether__on_end_call;

/* Starts the command in the directory that was remembered, or the root if that is gone. Its outputs
 * go into one pipe. Returns its pid; 0: it could not be started. */
int64_t tether__on_end_os_start(const tether__on_end_call *call);

/* Sleeps until the pipe has something, the command has ended or this time has come, by the
 * monotonic clock. Returns what has become of the command, with its exit code or signal; UNTOLD: it
 * runs. */
tether__afterwards tether__on_end_os_wait(int64_t pid, int64_t until_ms, int *value);

/* Reads what the pipe has, without waiting. Returns 0 if that is nothing. */
size_t tether__on_end_os_read(char *bytes, size_t capacity);

/* Sends the polite or the final signal to the command's process group. It was not waited for yet,
 * so that its pid is its own. */
void tether__on_end_os_signal(int64_t pid, bool final);

/* Ends the new process. */
_Noreturn void tether__on_end_os_leave(void);

#endif
