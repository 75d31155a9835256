/* Kin: the processes that are known to be a task's, remembered from one listing to the next.
 * Whatever proved that a process is the task's (its session while the supervisor was verified, its
 * parent) may be gone at the next listing; the process itself is still the same. Pure data; one
 * thread at a time per struct. */
#ifndef TETHER_OS_KIN_H
#define TETHER_OS_KIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tether__kinsman {
    int64_t pid;
    uint64_t start_time; /* as in tether__identity */
} tether__kinsman;

/* All-zero: nothing is known. */
typedef struct tether__kin {
    tether__kinsman *members; /* sorted */
    size_t count;
    /* An uptime at which the supervisor was alive, the latest that is known, in milliseconds. 0:
     * not known. */
    int64_t supervisor_seen_ms;
} tether__kin;

/* Notes that the supervisor was alive at this uptime. */
void tether__kin_see(tether__kin *kin, int64_t uptime_ms);

bool tether__kin_has(const tether__kin *kin, int64_t pid, uint64_t start_time);

/* Adds a process, unless it is known already. Returns false when memory is short. */
bool tether__kin_add(tether__kin *kin, int64_t pid, uint64_t start_time);

/* Removes the process at this index. Those behind it move up. */
void tether__kin_remove(tether__kin *kin, size_t index);

/* Adds all that `from` knows. Returns false when memory is short. */
bool tether__kin_merge(tether__kin *kin, const tether__kin *from);

/* Forgets all processes and frees the memory. */
void tether__kin_dispose(tether__kin *kin);

#endif
