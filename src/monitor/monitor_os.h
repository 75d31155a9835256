/* Seam: what the monitor needs from the operating system, beside the seams of src/os. One thread.
 */
#ifndef TETHER_MONITOR_OS_H
#define TETHER_MONITOR_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/control.h"
#include "format/identity.h"
#include "format/marker.h"
#include "format/orders.h"

/* The processes that the command and its descendants are, as far as the monitor has waited for
 * them. */
typedef struct tether__family {
    int64_t command;        /* pid */
    bool command_ended;     /* `outcome` says how */
    int by_kill;            /* the signal of tether__monitor_os_signal that has ended it; 0: none */
    tether__ending outcome; /* with the usage of all processes that were waited for until now */
    bool empty;             /* none of the task's processes is left; known once command_ended */
    bool unknown;           /* how the command ends cannot be found out: waiting failed */
} tether__family;

/* Blocks all signals, so that none ends the monitor. False: there is no lifeline, so no host has
 * started this process. */
bool tether__monitor_os_prepare(void);

/* Adopts the orphans of this task. Where the system refuses that, the monitor sees less, and does
 * not end for it. The id stays valid. */
void tether__monitor_os_adopt(const char *task_id);

/* Reads the orders. Returns NULL, or which step failed. The caller frees *text. */
const char *tether__monitor_os_orders(char **text, size_t *size);

/* Completes the monitor's own identity. pid 0: the host has written the line already, as on
 * Windows, where it must before the first instruction. */
void tether__monitor_os_identify(const tether__orders *orders, tether__identity *self);

/* Appends a line to the lifeline. False: not now, such as for want of space; try again later. */
bool tether__monitor_os_append(const char *line, size_t size);

/* Starts the command, with the monitor's standard streams, default dispositions and an empty signal
 * mask. Returns TETHER__START_OK; or why not, with the code to report and the system's error. */
tether__start_failure tether__monitor_os_start(const tether__orders *orders, int64_t *pid,
                                               int *code, int *os_error);

/* Notes in the lifeline which process the command is, for hosts that find the monitor dead. Raises
 * no event. Does nothing where a host could do nothing with it. */
void tether__monitor_os_note_command(int64_t pid);

/* Enters the cgroup of the command, if the orders name one: what is started then is in it. False:
 * *os_error says why not. */
bool tether__monitor_os_enter_scope(const tether__orders *orders, int *os_error);

/* Goes on into the cgroup of the monitor. */
void tether__monitor_os_leave_scope(void);

/* Adds what the cgroup tells of memory. */
void tether__monitor_os_ask_scope(const tether__orders *orders, tether__ending *ending);

/* Kills all that is in the command's cgroup at once: the last means against processes that fork
 * faster than they can be listed. If another task is in it, what is this one's gets the final
 * signal. */
void tether__monitor_os_kill_scope(const tether__family *family);

/* Removes the cgroup, if the monitor can leave it. */
void tether__monitor_os_close_scope(void);

/* Tells people, on the task's standard error, why the command could not be started. */
void tether__monitor_os_complain(const char *what, const char *why);

/* Returns the system's words for an error. Static. */
const char *tether__monitor_os_words(int os_error);

/* Watches for the end of the host that the task is bound to. False: the descriptor that tells of it
 * is missing. */
bool tether__monitor_os_bind(void);

/* Returns whether that host has ended. The sleep ends when it does. */
bool tether__monitor_os_host_ended(void);

/* Watches for the end of the process or the task beside which the task runs. False: a descriptor
 * that tells of it is missing. */
bool tether__monitor_os_watch_anchor(bool is_task);

/* Returns whether that has ended. The sleep ends when it does. */
bool tether__monitor_os_anchor_ended(void);

/* Lets go of what the command alone should hold: the standard streams and the working directory. */
void tether__monitor_os_settle(void);

/* Sleeps until a child may have ended or a pipe of pump_os.h can be read, or until this time by the
 * monotonic clock; INT64_MAX: no limit. With `rests` the pipes end it only a little later: a
 * command that writes short lines would wake the monitor for each of them. */
void tether__monitor_os_sleep(int64_t until_ms, bool rests);

/* Lets this time pass, whatever happens. */
void tether__monitor_os_rest(int milliseconds);

/* Waits for all children that have ended, without blocking, and notes what they say. */
void tether__monitor_os_reap(tether__family *family);

/* Lists what is left of the task but the monitor: as many processes as it takes little time to
 * find. False: there may be others; after a moment, and tether__monitor_os_reap, another look may
 * find them. */
bool tether__monitor_os_list(const tether__family *family, tether__left *left);

/* Measures what the processes of the task but the monitor use, and what those have used for which
 * it has waited. Where that is not known, leaves -1. */
void tether__monitor_os_measure(const tether__family *family, tether__using *used);

/* Sends the polite or the final signal to all processes of the task but the monitor, and to none of
 * another task below it. */
void tether__monitor_os_signal(const tether__family *family, bool final);

#endif
