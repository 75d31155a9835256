/* Seam: the process tree of a task: its process group and session (POSIX) or its job (Windows),
 * every process of the task's user that carries its cookie, the variable TETHER_TASK_ID, in the
 * environment, and the children of all these. */
#ifndef TETHER_OS_TREE_H
#define TETHER_OS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/kin.h"
#include "os/process.h"
#include "tether/error.h"
#include "tether/task.h"

#define TETHER__OWNER_SIZE 40

/* One listing of the system's processes, shared by the trees of many tasks. */
typedef struct tether__listing tether__listing;

typedef struct tether__tree {
    const char *task_id;
    tether__identity supervisor; /* pid 0: unknown, and only the cookie finds processes */
    bool supervisor_alive; /* the caller has just verified it: the lifeline is held and the identity
                              matches */
    bool monitored; /* by a monitor, which goes last: it adopts orphans, and without it nobody finds
                       those that hide. The final signal and those that stop a process spare it */
    bool supervisor_late; /* a monitor should have left long ago: ends it when nothing else is left
                           */
    bool looks_again;   /* the caller looks at the tree again anyway: if the monitor leaves during a
                           listing, the listing is empty, and not one of all processes */
    bool lifeline_held; /* the caller has just probed it; where the system does not show processes,
                           this alone verifies the supervisor */
    tether__kin
        *kin; /* what is known from before; the calls below add what they find. NULL: nothing */
    const tether__listing *listing; /* used by the calls below if it covers this tree; NULL: each
                                       call lists processes itself */
} tether__tree;

typedef enum tether__tree_signal {
    TETHER__SIGNAL_POLITE, /* SIGTERM, and SIGCONT so that a stopped process handles it; on Windows
                              a console break. TETHER_ENOTSUP when no such signal can reach the
                              task */
    TETHER__SIGNAL_FINAL,  /* SIGKILL, TerminateJobObject */
    TETHER__SIGNAL_PAUSE,  /* SIGSTOP; a process forked during the call needs another one */
    TETHER__SIGNAL_RESUME  /* SIGCONT */
} tether__tree_signal;

/* Whether the tree's processes can be identified and signalled from here. TETHER_EFOREIGN when the
 * supervisor lives in another pid namespace; or when the system shows the processes of another one
 * (/proc), unless the supervisor's pid is known to be valid here: then the process group can be
 * signalled while the lifeline is held. */
int tether__os_tree_check(const tether__tree *tree, tether_error *error);

/* Lists the processes of these trees and of no others, identified by their supervisors. A listing
 * reflects the time when it began: it may contain a process that has since exited, and lacks one
 * that started later. The call may wait for processes that are in the middle of an exec or an exit:
 * up to half a second in all, however many there are. Of a single tree whose monitor is alive it
 * looks only at the processes below that monitor, where the system can tell them. Where the system
 * finds a tree without a listing, the listing is empty. The caller frees it; *listing is NULL on
 * failure. */
int tether__os_tree_list(const tether__tree *trees, size_t count, tether__listing **listing,
                         tether_error *error);
void tether__os_tree_list_free(tether__listing *listing);

/* Sends one of these signals. Verifies each process right before, through a handle that pins it
 * where the platform has one; never signals the caller's own process. Stores in *left how many live
 * processes of the tree were found. Fails with TETHER_EFOREIGN, and sends nothing, as
 * tether__os_tree_check does; with another error, such as TETHER_ELIMIT, if some processes could
 * not be found, or not be signalled, for lack of descriptors or memory. */
int tether__os_tree_signal(const tether__tree *tree, tether__tree_signal signal, size_t *left,
                           tether_error *error);

/* Stores whether a signal would reach the task's command now. False while a verified supervisor has
 * no other process yet, or only a forked copy of itself that still has its handler for the signal:
 * the copy would discard the signal, and then execute the command. Lists processes, see
 * tether__os_tree_list. Always true for a signal that stops or continues, and where the system
 * cannot tell. */
int tether__os_tree_ready(const tether__tree *tree, int number, bool *ready, tether_error *error);

/* Sends any signal by number, by the same rules, to the processes that the supervisor has started.
 * The supervisor itself gets only a signal that it survives, or one that stops or continues it: it
 * has to report how the command ends. TETHER_EINVAL: the system has no such signal; TETHER_EACCESS:
 * a process of another user refused it, and all others got it (a pause fails like this too);
 * TETHER_ENOTSUP: the signal cannot be sent without the supervisor. */
int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error);

/* Why a process is left after the final signal. */
typedef enum tether__survivor_reason {
    TETHER__SURVIVOR_STUCK,   /* nothing is known: it may be stuck in the kernel */
    TETHER__SURVIVOR_REFUSED, /* it belongs to `owner`, and the caller may not signal it */
    TETHER__SURVIVOR_UNPROVEN /* it may be the task's, which nothing proves; it is never signalled
                               */
} tether__survivor_reason;

typedef struct tether__survivor {
    int64_t pid;
    tether__survivor_reason reason;
    char name[TETHER__PROCESS_NAME_SIZE]; /* empty: not known */
    char owner[TETHER__OWNER_SIZE];       /* the name of its user, or "user N"; empty: not known */
} tether__survivor;

/* Stores in *count how many live processes are left that are the tree's or may be, and describes up
 * to `capacity` of them; leaves out a monitor unless it is the only one. No process is left only if
 * this says so. */
int tether__os_tree_survivors(const tether__tree *tree, tether__survivor *survivors,
                              size_t capacity, size_t *count, tether_error *error);

/* Stores up to `capacity` pids of the tree's live processes (zombies are not live), and in *count
 * how many there are; leaves out a monitor unless it is the only one. */
int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t capacity, size_t *count,
                            tether_error *error);

/* Describes which processes a kill reaches on this platform, for doctor. *whole is true when these
 * are all processes that the task has ever started, except those that hide on purpose. The text is
 * static. */
const char *tether__os_tree_reach(bool *whole);

#endif
