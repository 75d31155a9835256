/* The processes that a process has started, for the other files of this folder. */
#ifndef TETHER_CHILDREN_H
#define TETHER_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tether__children {
    int64_t *items; /* pids */
    size_t count, capacity;
    bool partial; /* something could not be read, or kept in memory; or the process has ended */
} tether__children;

/* Lists the children of all threads of a process, zombies too. The list may lack one while others
 * end. Kernels need not have such lists, and other systems have none: the result is then empty and
 * partial. The caller frees the items. */
tether__children tether__children_list(int64_t pid);

#endif
