/* Owns finding the processes of the task below the monitor on Linux, and signalling them.
 * Must not: signal a process that is not below the monitor, or one of another task.
 * Thread: the only one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "posix/children.h"
#include "posix/monitor/offspring.h"
#include "posix/pidfd.h"
#include "posix/proc.h"
#include "posix/proc_stat.h"

enum {
    /* A tree that is deeper than this loses its lower part to the monitor when its upper part has
     * ended, and is then found. */
    DEEPEST = 64,
    ID_SIZE = 80, /* more than any id has */
    LOOKS = 100,  /* at a list that changes each time */
    MOMENT_MS = 1,
    COUNTED = 1000,  /* the end is told when they are counted */
    MEASURED = 4000, /* the host that asks waits for the answer */
    MEASURINGS = 3
};

static const char *own_task = "";
static bool adopts;

void tether__offspring_adopt(const char *task_id)
{
    own_task = task_id;
    adopts = prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) == 0;
}

bool tether__offspring_adopts(void)
{
    return adopts;
}

/* --- Whose process --- */

typedef enum owner { OURS, ANOTHERS, UNSURE } owner;

typedef struct cookies {
    bool own, other;
} cookies;

static bool take_cookie(const char *value, void *userdata)
{
    cookies *found = userdata;
    if (strcmp(value, own_task) == 0)
        found->own = true;
    else
        found->other = true;
    return true;
}

/* Another task has its own cookie and its own session. A process without any is this task's,
 * because it is below the monitor; in the middle of an exec that is not known. */
static owner find_owner(int64_t pid, const tether__proc *process)
{
    bool is_empty = false;
    cookies found = {false, false};
    tether__proc_variable read =
        tether__proc_each_value(pid, "TETHER_TASK_ID=", ID_SIZE, take_cookie, &found);
    if (process->session == getpid() || found.own)
        return OURS;
    if (found.other)
        return ANOTHERS;
    if (read == TETHER__VARIABLE_UNKNOWN)
        return tether__proc_environment_is_empty(pid, &is_empty) == 0 && is_empty ? OURS : UNSURE;
    return read == TETHER__VARIABLE_FAILED ? UNSURE : OURS;
}

static void send_to(int pidfd, int64_t pid, const int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        if (pidfd < 0 || tether__pidfd_signal(pidfd, numbers[i]) == ENOSYS)
            (void)kill((pid_t)pid, numbers[i]);
    }
}

/* --- Signals --- */

static void signal_all(int64_t parent, const tether__children *list, int depth, const int *numbers,
                       int count);

/* Signals a process and what is below it. The upper ones first: a shell would take the end of its
 * child for the child's own, and exit by itself. What is below is listed before, and comes to the
 * monitor when its parent ends. A child of the monitor keeps its pid until the monitor waits for
 * it; any other process is pinned first, and must still be the child of the process under which it
 * was found, or the monitor's. One of which it is not known whose it is gets the next signal. What
 * has ended needs none: where processes come and go all the time, most have. */
static void signal_one(int64_t parent, int64_t pid, int depth, const int *numbers, int count)
{
    tether__proc now;
    int pidfd = parent != getpid() ? tether__pidfd_open(pid) : -1;
    if (pidfd < 0 && parent != getpid() && errno != ENOSYS)
        return;
    if (tether__proc_read(pid, &now) == 0 && (now.parent == parent || now.parent == getpid()) &&
        !tether__proc_ended(&now) && find_owner(pid, &now) == OURS) {
        tether__children below = tether__children_list(pid);
        send_to(pidfd, pid, numbers, count);
        signal_all(pid, &below, depth + 1, numbers, count);
        free(below.items);
    }
    if (pidfd >= 0)
        close(pidfd);
}

static void signal_all(int64_t parent, const tether__children *list, int depth, const int *numbers,
                       int count)
{
    for (size_t i = 0; depth < DEEPEST && i < list->count; i++)
        signal_one(parent, list->items[i], depth, numbers, count);
}

/* A kernel need not have the lists of children. */
bool tether__offspring_signal(const int *numbers, int count)
{
    tether__children below = tether__children_list(getpid());
    bool listed = below.count > 0 || !below.partial;
    signal_all(getpid(), &below, 0, numbers, count);
    free(below.items);
    return listed;
}

/* --- Names --- */

/* What a look is for: either names or numbers. */
typedef struct looking {
    tether__left *left;  /* NULL: numbers */
    tether__using *used; /* NULL: names */
    int64_t found, most; /* processes */
    bool partial;
    bool others; /* there are processes of other tasks */
} looking;

/* What is read of one process. */
typedef struct seen {
    char name[TETHER__PROCESS_NAME_SIZE];
    size_t size;
    tether__using used;
} seen;

static void look_at_all(int64_t parent, const tether__children *list, int depth, looking *look);

static void read_one(int64_t pid, looking *look, seen *one)
{
    if (look->left != NULL)
        one->size = tether__proc_name(pid, one->name);
    else if (!tether__proc_using(pid, &one->used))
        look->partial = true;
}

/* Of what has ended, but was not waited for, the times count. */
static void note_one(int64_t pid, bool ended, looking *look, const seen *one)
{
    look->found += !ended;
    if (look->left != NULL && !ended) {
        look->left->count++;
        tether__left_name(look->left, pid, one->name, one->size);
    }
    if (look->used == NULL)
        return;
    look->used->user_ms += one->used.user_ms;
    look->used->system_ms += one->used.system_ms;
    look->used->memory_bytes += ended ? 0 : one->used.memory_bytes;
    look->used->processes += !ended;
}

/* The process is read first: if the parent is right afterwards, it was this process. What has ended
 * is not left, but lists no children either. */
static void look_at_one(int64_t parent, int64_t pid, int depth, looking *look)
{
    tether__proc now;
    seen one = {.size = 0};
    read_one(pid, look, &one);
    if (tether__proc_read(pid, &now) != 0 || (now.parent != parent && now.parent != getpid())) {
        look->partial = true;
        return;
    }
    bool ended = tether__proc_ended(&now);
    owner whose = ended ? OURS : find_owner(pid, &now);
    look->others = look->others || whose == ANOTHERS;
    if (whose == ANOTHERS)
        return;
    look->partial = look->partial || whose == UNSURE;
    note_one(pid, ended, look, &one);
    if (ended)
        return;
    tether__children below = tether__children_list(pid);
    look->partial = look->partial || below.partial;
    look_at_all(pid, &below, depth + 1, look);
    free(below.items);
}

static void look_at_all(int64_t parent, const tether__children *list, int depth, looking *look)
{
    for (size_t i = 0; depth < DEEPEST && i < list->count && look->found < look->most; i++)
        look_at_one(parent, list->items[i], depth, look);
}

/* One look at all that is below this process. */
static void look_below(looking *look)
{
    tether__children below = tether__children_list(getpid());
    look->partial = below.partial;
    look->found = 0;
    look_at_all(getpid(), &below, 0, look);
    free(below.items);
}

/* What ends during a look takes its children out of it: they come to the monitor, whose list was
 * read before; what is in the middle of an exec may become another task's. */
bool tether__offspring_list(tether__left *left)
{
    looking look = {.left = left, .most = COUNTED};
    *left = (tether__left){.count = 0};
    look_below(&look);
    bool sure = !look.partial && (left->count > 0 || tether__offspring_is_gone());
    if (!sure && left->count == 0)
        *left = TETHER__LEFT_UNKNOWN;
    return sure;
}

/* --- Numbers --- */

/* What the last look has found counts where the processes change all the time. */
bool tether__offspring_measure(tether__using *used)
{
    tether__using sum = {0};
    looking look = {.used = &sum, .most = MEASURED, .partial = true};
    for (int i = 0; look.partial && i < MEASURINGS; i++) {
        if (i > 0)
            (void)poll(NULL, 0, MOMENT_MS);
        sum = *used;
        look_below(&look);
    }
    *used = sum;
    return look.found < look.most && (!look.partial || look.found > 0);
}

tether__offspring_kind tether__offspring_whose(void)
{
    tether__left left = {.count = 0};
    looking look = {.left = &left, .most = COUNTED};
    look_below(&look);
    if (look.others)
        return TETHER__OFFSPRING_SHARED;
    return !look.partial && look.found < look.most ? TETHER__OFFSPRING_OWN
                                                   : TETHER__OFFSPRING_UNKNOWN;
}

/* --- What is left --- */

static bool are_same(const tether__children *one, const tether__children *other)
{
    return !one->partial && !other->partial && one->count == other->count &&
           (one->count == 0 ||
            memcmp(one->items, other->items, one->count * sizeof *one->items) == 0);
}

/* Returns whether all these processes belong to other tasks. */
static bool are_all_anothers(const tether__children *list)
{
    tether__proc now;
    for (size_t i = 0; i < list->count; i++) {
        int64_t pid = list->items[i];
        if (tether__proc_read(pid, &now) != 0 || find_owner(pid, &now) != ANOTHERS)
            return false;
    }
    return list->count > 0;
}

/* The kernel may leave children out of a list while others end: only two equal ones prove anything.
 * One that cannot be read proves nothing now, and another look does not change that. What is below
 * a child of this task comes to the monitor when that ends. */
bool tether__offspring_is_gone(void)
{
    if (!tether__proc_is_own())
        return false;
    bool same = false;
    tether__children list = tether__children_list(getpid());
    for (int look = 0; !same && !list.partial && look < LOOKS; look++) {
        tether__children again = tether__children_list(getpid());
        same = are_same(&list, &again);
        free(list.items);
        list = again;
    }
    bool gone = same && are_all_anothers(&list);
    free(list.items);
    return gone;
}
