/* Seam: which process is which, and whether it lives. */
#ifndef TETHER_OS_PROCESS_H
#define TETHER_OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/identity.h"

/* The pid namespace in which this process's children get their pids; empty where there is none. */
void tether__os_pid_ns(char pid_ns[TETHER__PID_NS_SIZE]);

/* Whether exactly this process lives. Never blocks; any thread. */
tether__liveness tether__os_process_alive(const tether__identity *identity);

/* Frees the zombie of a child that this process started, and of no other process whatever its pid:
 * false while the child has not ended. True also where it was reaped by others or SIGCHLD is
 * ignored. Never blocks; any thread. */
bool tether__os_process_reap(const tether__identity *child);

/* The start time of a child that was just started and is not reaped by us yet; 0 where it cannot be
 * told (any more). */
uint64_t tether__os_process_start_time(int64_t pid);

/* Whether /proc/PID/stat shows start times in the same unit, so that a shell can find out its own;
 * a supervisor that cannot leaves it to the hosts. */
bool tether__os_process_in_proc(void);

/* This process's pid. */
int64_t tether__os_process_self(void);

#endif
