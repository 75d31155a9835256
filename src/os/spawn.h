/* Seam: starting a supervisor in its own session (POSIX) or job (Windows). Only the start itself:
 * what to start, and how to handle a failure, is shared policy. */
#ifndef TETHER_OS_SPAWN_H
#define TETHER_OS_SPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "os/anchor.h"
#include "os/bond.h"
#include "os/file.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "tether/error.h"

/* The descriptor number of the lifeline in a POSIX supervisor. */
#define TETHER__LIFELINE_FD 9

/* The descriptor number of the orders in a monitor, unless they are in its environment. */
#define TETHER__ORDERS_FD 8

/* The descriptor number in a monitor that is closed at the other end when the host ends. */
#define TETHER__HOST_FD 7

/* The descriptor numbers of the anchor in a monitor: its process, and, of an anchor that is a task,
 * its lifeline and what tells of news there. */
#define TETHER__ANCHOR_FD 6
#define TETHER__ANCHOR_LIFELINE_FD 5
#define TETHER__ANCHOR_NEWS_FD 4

typedef struct tether__start {
    const char *task_id;
    const char *program;     /* absolute path of the outer shell */
    const char *const *argv; /* NULL-terminated */
    const char *const *envp; /* NULL-terminated; the complete environment */
    const char *workdir;     /* absolute */
    const char *stdin_path;  /* NULL: the null device; never one that waits, see
                                tether__os_spawn_late_input */
    bool inherit_stdin;      /* instead of stdin_path: standard input of this process */
    tether__dir *bundle;     /* where stdout_name and stderr_name are created */
    const char *stdout_name;
    const char *stderr_name; /* NULL: the same file as standard output */
    tether__dir *exits;      /* the directory of the lifeline */
    const tether__lifeline *lifeline;
    const void *orders; /* what a monitor reads before anything else; NULL: the program is none. On
                           Windows it gets two more arguments, the numbers of handles: the
                           lifeline, and memory with the orders */
    size_t orders_size;
    const tether__bond *bond;     /* what a monitor watches; NULL: nothing. On Windows the number of
                                     its handle is a third argument. Only with orders */
    const tether__anchor *anchor; /* likewise */
    bool messenger; /* a monitor starts a process that is not of the task. Only with orders */
} tether__start;

typedef struct tether__started {
    int64_t pid; /* pid of the supervisor, and of its process group */
    bool bound;  /* it dies with the job of the host */
} tether__started;

/* Starts the supervisor with the given standard streams, the inherited lifeline, every other
 * descriptor closed, default signal dispositions and an empty signal mask (a monitor: with all
 * signals blocked). Where a supervisor
 * cannot find out its own identity (Windows), writes its first lines to the lifeline before it runs
 * its first instruction; if the host dies before that, the supervisor dies too. Reports a program
 * that cannot be executed, with no child left: TETHER_ENOSHELL when it does not exist,
 * TETHER_ENOEXEC, TETHER_EWORKDIR, TETHER_ETOOBIG, TETHER_ELIMIT, TETHER_ENOSPACE. Blocks until the
 * exec; any thread. Leaves the host's signal handling unchanged. */
int tether__os_spawn(const tether__start *start, tether__started *started, tether_error *error);

/* Stores the absolute path of a standard input that the supervisor has to open itself, because the
 * opening waits for another process, as that of a FIFO does; to be freed with free(). NULL if
 * tether__os_spawn opens it. TETHER_EACCESS if it cannot be read. */
int tether__os_spawn_late_input(const char *path, char **late, tether_error *error);

/* Checks that a program that was found can be started, without running any of its code:
 * TETHER_ENOPROGRAM when it does not exist after all. TETHER_OK where only the start itself can
 * show that. */
int tether__os_spawn_try(const char *program, tether_error *error);

/* Makes sure that the supervisor of a task that another host started is running, also when that
 * host died before it resumed the supervisor. False: the other host is about to resume it; call
 * again later. */
bool tether__os_spawn_release(const char *task_id, const tether__identity *supervisor);

/* Whether a supervisor of this platform can be `bound` at all. */
bool tether__os_spawn_can_bind(void);

/* Whether a monitor of this platform can read the command's outputs from pipes. */
bool tether__os_spawn_has_pipes(void);

/* Whether a process that is started from this one now dies with a job that this process is in. */
int tether__os_spawn_bound(bool *bound, tether_error *error);

/* Returns the name of the spawn variant of this build, for doctor. */
const char *tether__os_spawn_variant(void);

#endif
