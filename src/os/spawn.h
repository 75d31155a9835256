/* Seam: starting a supervisor in a session (POSIX) or job (Windows) of its own. It does that one
 * thing: what to start, and what to do when it fails, is shared policy. */
#ifndef TETHER_OS_SPAWN_H
#define TETHER_OS_SPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "tether/error.h"

/* The number under which a POSIX supervisor finds its lifeline. */
#define TETHER__LIFELINE_FD 9

typedef struct tether__start {
    const char *task_id;
    const char *program;     /* absolute path of the outer shell */
    const char *const *argv; /* NULL-terminated */
    const char *const *envp; /* NULL-terminated, whole */
    const char *workdir;     /* absolute */
    const char *stdin_path;  /* NULL: the null device */
    tether__dir *bundle;     /* where stdout_name and stderr_name are created */
    const char *stdout_name;
    const char *stderr_name; /* NULL: the same file as standard output */
    tether__dir *exits;      /* where the lifeline is */
    const tether__lifeline *lifeline;
} tether__start;

typedef struct tether__started {
    int64_t pid; /* the supervisor, and its process group */
    bool bound;  /* it dies with the job that the host is in */
} tether__started;

/* Starts it: standard streams as given, the lifeline inherited, every other descriptor closed,
 * default signal dispositions and an empty mask. Where a supervisor cannot say itself who it is
 * (Windows), its lines are begun for it before it runs its first instruction; a host that dies
 * meanwhile takes it along. A program that cannot be executed is reported here, with no child left:
 * TETHER_ENOSHELL where it is not there, TETHER_ENOEXEC, TETHER_EWORKDIR, TETHER_ETOOBIG,
 * TETHER_ELIMIT, TETHER_ENOSPACE. Blocks until the exec; any thread; no signal of the host is
 * touched. */
int tether__os_spawn(const tether__start *start, tether__started *started, tether_error *error);

/* Whether a program that was found can be started, without running any of it: TETHER_ENOPROGRAM
 * where it is not there after all. TETHER_OK where only the start itself tells. */
int tether__os_spawn_try(const char *program, tether_error *error);

/* For a task that another host has started: makes sure that its supervisor runs, also where that
 * host died before it had let it go. False: that host is just about to; ask again. */
bool tether__os_spawn_release(const char *task_id, const tether__identity *supervisor);

/* Whether what is started from this process now dies with a job that it is in. */
int tether__os_spawn_bound(bool *bound, tether_error *error);

/* The name of the variant that was built in, for doctor. */
const char *tether__os_spawn_variant(void);

#endif
