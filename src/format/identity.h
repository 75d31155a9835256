/* Identifies a process. A pid alone is not enough, because the system reuses pids. */
#ifndef TETHER_IDENTITY_H
#define TETHER_IDENTITY_H

#include <stdint.h>

#define TETHER__BOOT_ID_SIZE 64
#define TETHER__PID_NS_SIZE 32

/* Identifies one process for all time: by its pid, its start time in units of the platform, the
 * boot during which it started, and the pid namespace in which the pid is valid. */
typedef struct tether__identity {
    int64_t pid; /* 0: not known */
    uint64_t start_time;
    char boot_id[TETHER__BOOT_ID_SIZE]; /* empty: not known */
    char pid_ns[TETHER__PID_NS_SIZE];   /* empty: the platform has none, or not known */
} tether__identity;

/* TETHER__GONE includes zombies, which run no code any more. TETHER__UNKNOWN: the platform or
 * another pid namespace hides the process. */
typedef enum tether__liveness { TETHER__GONE, TETHER__ALIVE, TETHER__UNKNOWN } tether__liveness;

#endif
