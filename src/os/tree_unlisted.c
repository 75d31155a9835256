/* Owns the empty process listing, and what would need a real one, for systems that find a task's
 * processes without one: Windows queries the job, a POSIX system without a process table signals
 * the process group. Must not: allocate, or fail. Thread: any. */
#include "os/tree.h"

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

int tether__os_tree_ready(const tether__tree *tree, int number, bool *ready, tether_error *error)
{
    (void)tree;
    (void)number;
    (void)error;
    *ready = true;
    return TETHER_OK;
}

void tether__os_tree_list_free(tether__listing *listing)
{
    (void)listing;
}
