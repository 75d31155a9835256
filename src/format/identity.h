/* Who a process is. A pid alone is never enough: it is reused. */
#ifndef TETHER_IDENTITY_H
#define TETHER_IDENTITY_H

#include <stdint.h>

#define TETHER__BOOT_ID_SIZE 64
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

#endif
