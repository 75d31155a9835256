/* Seam: all processes of a task: its process group and session (POSIX) or job (Windows), and what
 * carries its cookie, the variable TETHER_TASK_ID, in the environment. */
#ifndef TETHER_OS_TREE_H
#define TETHER_OS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/process.h"
#include "tether/task.h"
#include "tether/error.h"

/* One listing of the processes, for the trees of many tasks at once. */
typedef struct tether__listing tether__listing;

typedef struct tether__tree {
    const char *task_id;
    tether__identity supervisor; /* pid 0: not known; then only the cookie finds anything */
    bool supervisor_alive; /* it was verified a moment ago: the lifeline is held and the identity
                              fits */
    const tether__listing *listing; /* what the calls below go by where it was made for this tree
                                     too; NULL: each lists by itself */
} tether__tree;

typedef enum tether__tree_signal {
    TETHER__SIGNAL_POLITE, /* SIGTERM, and SIGCONT so that a stopped process takes notice; a console
                              break. TETHER_ENOTSUP where nothing of the kind reaches the task */
    TETHER__SIGNAL_FINAL,  /* SIGKILL, TerminateJobObject */
    TETHER__SIGNAL_PAUSE,  /* SIGSTOP: what is forked meanwhile needs another one */
    TETHER__SIGNAL_RESUME  /* SIGCONT */
} tether__tree_signal;

/* Whether the tree's processes can be told and signalled from here: TETHER_EFOREIGN when the
 * supervisor lives in another pid namespace, or the system shows the processes of another one. */
int tether__os_tree_check(const tether__tree *tree, tether_error *error);

/* Lists the processes of these trees and of no others, by their supervisors. What a listing tells
 * is what was there since its listing began: a process that is gone is still in it, one that came
 * later is not. It may take as long as a process in the middle of an exec or an exit keeps us, half
 * a second, however many there are. Where the system tells of a tree at no cost, it holds nothing.
 * The caller frees it; *listing is NULL on failure. */
int tether__os_tree_list(const tether__tree *trees, size_t count, tether__listing **listing,
                         tether_error *error);
void tether__os_tree_list_free(tether__listing *listing);

/* Sends one of these. Each process is verified right before, through a handle that pins it where
 * the platform has one; the caller's own process is never a target. *left is how many live
 * processes of the tree were seen. TETHER_EFOREIGN, with nothing sent, as tether__os_tree_check. */
int tether__os_tree_signal(const tether__tree *tree, tether__tree_signal signal, size_t *left,
                           tether_error *error);

/* Sends any signal by its number, by the same rules. */
int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error);

/* The live processes of the tree (zombies are not live): up to room pids, and how many there are.
 */
int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t room, size_t *count,
                            tether_error *error);

/* Which processes a kill reaches here, in words for doctor; *whole is whether that is all that the
 * task has ever started, but for what hides on purpose. Static. */
const char *tether__os_tree_reach(bool *whole);

#endif
