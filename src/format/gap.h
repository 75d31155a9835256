/* Which bytes of an output the monitor drops while the task writes, so that the rest stays within
 * the output limit: a gap between the first bytes and the last ones. The monitor that gives their
 * space back, and the hosts that read, compute the same gap; nobody stores it. Pure; any thread. */
#ifndef TETHER_GAP_H
#define TETHER_GAP_H

#include <stdint.h>

typedef struct tether__gap {
    uint64_t begin; /* the same for every size */
    uint64_t end;   /* the first byte that is left; `begin`: nothing is dropped */
} tether__gap;

/* Returns the gap in an output of `size` bytes. As the output grows, the gap only grows, at its
 * end. limit 0: none. */
tether__gap tether__gap_within(uint64_t limit, uint64_t size);

#endif
