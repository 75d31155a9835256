/* Which processes belong to a task, for tree_listed.c. */
#ifndef TETHER_MEMBERS_H
#define TETHER_MEMBERS_H

#include "os/tree.h"

typedef struct tether__member {
    int64_t pid;
    uint64_t start_time;
    bool in_session; /* its session or group is that of the supervisor */
    bool in_group;
    bool has_cookie;
    bool is_kin;   /* known from before, or the child of a member */
    bool exiting;  /* runs no code any more, and is never signalled */
    bool unproven; /* it may be the task's, and is never signalled */
} tether__member;

typedef struct tether__members {
    tether__member *items;
    size_t count;
    size_t capacity;
    size_t unproven; /* how many of them are unproven */
} tether__members;

/* Finds the live processes that belong to the task or may do so, and remembers those that do in
 * tree->kin. The caller disposes of *found in any case. */
int tether__members_find(const tether__tree *tree, tether__members *found, tether_error *error);
void tether__members_dispose(tether__members *found);

#endif
