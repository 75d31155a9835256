/* One listing of the processes, for the other files of this folder. */
#ifndef TETHER_LISTING_H
#define TETHER_LISTING_H

#include "os/tree.h"

typedef struct tether__listed_process {
    int64_t pid;
    uint64_t start_time;
    int64_t parent;
    int64_t group;
    int64_t session;
    bool exiting;    /* it was exiting, and still there after the longest wait */
    bool unreadable; /* in the middle of an exec: it may have a cookie that cannot be read yet */
    bool relevant;   /* used while the listing is made */
    size_t cookie;   /* index of its first cookie in the listing */
    size_t cookie_count; /* an environment may contain a variable twice */
} tether__listed_process;

struct tether__listing {
    /* Processes that may belong to one of the trees, or carry the cookie of any task, and their
     * descendants. Sorted by pid. */
    tether__listed_process *processes;
    size_t count;
    size_t capacity;
    char (*cookies)[TETHER_ID_SIZE];
    size_t cookie_count;
    size_t cookie_capacity;
    int64_t *leaders; /* sorted pids of the supervisors */
    size_t leader_count;
    uint64_t since; /* processes that started earlier are left out */
    int os_error;   /* a shortage while the listing was made; 0: none */
    int64_t user;   /* the tasks' user: that of the caller, who owns the store */
};

/* Whether the listing answers for this tree: the tree's supervisor is among `leaders` or not known,
 * and processes that started after it were not left out. */
bool tether__listing_covers(const tether__listing *listing, const tether__tree *tree);

/* Returns the process with this pid, or NULL. */
const tether__listed_process *tether__listing_find(const tether__listing *listing, int64_t pid);

/* Returns whether `parent` is the parent of `child`, both of this listing. */
bool tether__listing_is_parent(const tether__listed_process *parent,
                               const tether__listed_process *child);

/* Whether a process of the listing has the cookie of this task. A cookie counts only if the tasks'
 * user or root has set it: anyone can start a process with the cookie of somebody else's task. */
bool tether__listing_has_cookie(const tether__listing *listing,
                                const tether__listed_process *process, const char *task_id);

#endif
