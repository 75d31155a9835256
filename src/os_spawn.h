/* Seam: starting a supervisor in a session (POSIX) or job (Windows) of its own. It does that one
 * thing: what to start, and what to do when it fails, is shared policy. */
#ifndef TETHER_OS_SPAWN_H
#define TETHER_OS_SPAWN_H

#include <stdbool.h>
#include <stdint.h>

#include "os_file.h"
#include "os_lifeline.h"
#include "tether/error.h"

/* The number under which a POSIX supervisor finds its lifeline. */
#define TETHER__LIFELINE_FD 9

typedef struct tether__start {
    const char *program;     /* absolute path of the outer shell */
    const char *const *argv; /* NULL-terminated */
    const char *const *envp; /* NULL-terminated, whole */
    const char *workdir;     /* absolute */
    const char *stdin_path;  /* NULL: the null device */
    tether__dir *bundle;     /* where stdout_name and stderr_name are created */
    const char *stdout_name;
    const char *stderr_name; /* NULL: the same file as standard output */
    const tether__lifeline *lifeline;
} tether__start;

/* Starts it: standard streams as given, the lifeline inherited, every other descriptor closed,
 * default signal dispositions and an empty mask. *pid is the supervisor and its process group. A
 * program that cannot be executed is reported here, with no child left: TETHER_ENOPROGRAM,
 * TETHER_ENOEXEC, TETHER_EWORKDIR, TETHER_ETOOBIG, TETHER_ELIMIT, TETHER_ENOSPACE. Blocks until the
 * exec; any thread; no signal of the host is touched. */
int tether__os_spawn(const tether__start *start, int64_t *pid, tether_error *error);

/* The name of the variant that was built in, for doctor. */
const char *tether__os_spawn_variant(void);

#endif
