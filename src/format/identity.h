/* Identifies a process. A pid alone is not enough, because the system reuses pids. */
#ifndef TETHER_IDENTITY_H
#define TETHER_IDENTITY_H

#include <stdint.h>

#define TETHER__BOOT_ID_SIZE 40 /* a UUID */
#define TETHER__PID_NS_SIZE 24  /* a number */

/* Identifies one process for all time: by its pid, its start time in units of the platform, the
 * boot during which it started, and the pid namespace in which the pid is valid. */
typedef struct tether__identity {
    int64_t pid; /* 0: not known */
    uint64_t start_time;
    char boot_id[TETHER__BOOT_ID_SIZE]; /* empty: not known */
    char pid_ns[TETHER__PID_NS_SIZE];   /* empty: the platform has none, or not known */
    int64_t time_offset_ns; /* how far the clock of start_time is ahead of the machine's: the time
                               namespace of the process that read it (Linux); 0: none */
    uint64_t pidfs_id; /* a number that the system gives to no other process (Linux 6.9, also in
                          another namespace); 0: not known */
} tether__identity;

/* As tether__identity, in a record, which owns the texts. They are never NULL. */
typedef struct tether__kept_identity {
    int64_t pid;
    uint64_t start_time;
    const char *boot_id;
    const char *pid_ns;
    int64_t time_offset_ns;
    uint64_t pidfs_id;
} tether__kept_identity;

/* How far a process's clocks are ahead of the machine's, in a time namespace (Linux). Zeros
 * elsewhere. */
typedef struct tether__clock_frame {
    int64_t monotonic_ns;
    int64_t boot_ns; /* the clock of the uptime and of start times */
} tether__clock_frame;

/* TETHER__GONE includes zombies, which run no code any more. TETHER__UNKNOWN: the platform or
 * another pid namespace hides the process. */
typedef enum tether__liveness { TETHER__GONE, TETHER__ALIVE, TETHER__UNKNOWN } tether__liveness;

#endif
