/* Seam: identity and liveness of processes. */
#ifndef TETHER_OS_PROCESS_H
#define TETHER_OS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "format/left.h"

/* Writes the id of the pid namespace whose pids this process sees; an empty string where there are
 * no namespaces, or where it is not known. */
void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE]);

/* Writes the id of the pid namespace in which this process's children get the pids that they see
 * themselves. That is another one after unshare(CLONE_NEWPID). */
void tether__os_child_pid_ns(char pid_ns[TETHER__PID_NS_SIZE]);

/* Returns whether the process with exactly this identity lives. Never blocks; any thread. */
tether__liveness tether__os_process_alive(const tether__identity *identity);

/* Reaps a child that this process started, and never another process that has its pid. Returns
 * false while the child runs; true also when it was reaped elsewhere or SIGCHLD is ignored. Never
 * blocks; any thread. */
bool tether__os_process_reap(const tether__identity *child);

/* Returns the start time of the process that has this pid now; 0 when it is not available. The pid
 * of a child cannot be reused before the child is reaped. For any other process, the caller has to
 * prove that the pid still denoted that process, as store/bundle.c does. */
uint64_t tether__os_process_start_time(int64_t pid);

/* Returns the number that the process with this pid now has in common with no other process of this
 * boot; 0 where the system has no such number, or it cannot be read. */
uint64_t tether__os_process_pidfs_id(int64_t pid);

/* Returns whether /proc belongs to this process's own pid namespace. /proc/PID/stat shows a child
 * in that namespace its start time then, as tether__os_process_start_time returns it: a shell can
 * read its own. Otherwise the hosts fill it in. */
bool tether__os_process_own_proc(void);

/* Converts the start time of an identity from the clock of the process that read it to this
 * process's, which `own` describes. */
void tether__os_process_localise(tether__identity *identity, const tether__clock_frame *own);

/* Returns why processes cannot be identified from here, or cannot be pinned while they are
 * signalled, for doctor; NULL: they can. The text is in the buffer. */
const char *tether__os_process_doubt(char *buffer, size_t size);

/* Stores what the process that has this pid now calls itself, cleaned; an empty text where that is
 * not known. */
void tether__os_process_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE]);

/* Returns this process's pid. */
int64_t tether__os_process_self(void);

#endif
