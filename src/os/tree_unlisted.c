/* Owns the empty process listing, and what would need a real one, for systems that find a task's
 * processes without one: Windows queries the job, a POSIX system without a process table signals
 * the process group.
 * Must not: list processes itself.
 * Thread: any. */
#include "os/tree.h"

#include <stdlib.h>

#include "base/error.h"

struct tether__listing {
    char unused; /* ISO C has no empty struct */
};

int tether__os_tree_list(const tether__tree *trees, size_t count, tether__listing **listing,
                         tether_error *error)
{
    static tether__listing none;
    (void)trees;
    (void)count;
    (void)error;
    *listing = &none;
    return TETHER_OK;
}

void tether__os_tree_list_free(tether__listing *listing)
{
    (void)listing;
}

int tether__os_tree_survivors(const tether__tree *tree, tether__survivor *survivors,
                              size_t capacity, size_t *count, tether_error *error)
{
    int64_t *pids = calloc(capacity + 1, sizeof *pids);
    *count = 0;
    if (pids == NULL)
        return tether__fail_memory(error, "list processes");
    int code = tether__os_tree_members(tree, pids, capacity, count, error);
    for (size_t i = 0; i < *count && i < capacity; i++)
        survivors[i] = (tether__survivor){.pid = pids[i]};
    free(pids);
    return code;
}
