/* Seam: who a process is. A pid alone is never enough: it is reused. */
#ifndef TETHER_OS_PROCESS_H
#define TETHER_OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "os_clock.h"

#define TETHER__PID_NS_SIZE 32

/* A process for all time: pid, when it started (in units of the platform), during which boot, as
 * seen from which pid namespace. */
typedef struct tether__identity {
    int64_t pid; /* 0: not known */
    uint64_t start_time;
    char boot_id[TETHER__BOOT_ID_SIZE]; /* empty: not known */
    char pid_ns[TETHER__PID_NS_SIZE];   /* empty: the platform has none, or not known */
} tether__identity;

/* TETHER__GONE includes a zombie: it runs no code any more. UNKNOWN: the platform or another pid
 * namespace hides it. */
typedef enum tether__liveness { TETHER__GONE, TETHER__ALIVE, TETHER__UNKNOWN } tether__liveness;

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
