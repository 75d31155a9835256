/* What one listing of the processes saw, for the other files of this folder. */
#ifndef TETHER_LISTING_H
#define TETHER_LISTING_H

#include "os/tree.h"

typedef struct tether__listed_process {
    int64_t pid;
    uint64_t start_time;
    int64_t group;
    int64_t session;
    bool exiting;        /* it was on its way out, and stayed for too long */
    size_t cookie;       /* its first in the listing's cookies */
    size_t cookie_count; /* a variable may be there twice */
} tether__listed_process;

struct tether__listing {
    /* What may belong to one of the trees, or to another task. */
    tether__listed_process *processes;
    size_t count;
    size_t room;
    char (*cookies)[TETHER_ID_SIZE];
    size_t cookie_count;
    size_t cookie_room;
    int64_t *leaders; /* the pids of the trees' supervisors, sorted */
    size_t leader_count;
    uint64_t since; /* processes that started earlier were not looked at */
};

/* Whether it was listed for this tree too. */
bool tether__listing_covers(const tether__listing *listing, const tether__tree *tree);

/* Whether a process of the listing has the cookie of this task. */
bool tether__listing_has_cookie(const tether__listing *listing,
                                const tether__listed_process *process, const char *task_id);

#endif
