/* Seam: the lifeline, a file that the host locks when it creates it and that stays locked until the
 * supervisor has exited. The supervisor appends its marker to it. docs/format.md explains why a
 * lock shows that a supervisor lives. */
#ifndef TETHER_OS_LIFELINE_H
#define TETHER_OS_LIFELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "tether/error.h"

typedef struct tether__lifeline {
    intptr_t handle; /* the supervisor inherits it; -1: none */
} tether__lifeline;

/* Creates and locks a lifeline (TETHER_ELOCKED when the name is taken), and reserves disk space for
 * the marker, so that a full disk cannot lose it. A file system that cannot reserve space is no
 * error. The file has its name only when it is locked; until then it may stand beside the directory
 * as a temporary file. Raises no write event. Leaves nothing behind on failure. The caller holds a
 * lock under which all lifelines of the directory are created. */
int tether__os_lifeline_create(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                               tether_error *error);

/* Does the same for a supervisor that starts nothing before it has written its first line: that
 * line takes the space for the others, so that none is reserved. TETHER_ENOSPACE if there is none
 * left. The file has its name before it is locked: who does not hold the caller's lock may see it
 * unlocked for a moment. */
int tether__os_lifeline_create_lean(tether__dir *exits, const char *task_id,
                                    tether__lifeline *lifeline, tether_error *error);

/* Reserves the space after all, for a supervisor of another kind. May raise a write event. */
int tether__os_lifeline_reserve(const tether__lifeline *lifeline, tether_error *error);

/* Appends a whole line to a lifeline that this process holds: for a supervisor that is the host
 * itself. Raises a write event. TETHER_EIO, TETHER_ENOSPACE (only where no space could be
 * reserved). Never blocks for long; any thread. */
int tether__os_lifeline_append(const tether__lifeline *lifeline, const char *line, size_t size,
                               tether_error *error);

/* Makes every host probe this task: raises a write event without writing. A missing lifeline is
 * ignored. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id);

/* Whether the file still has its name. False once another process has removed it as a leftover. */
bool tether__os_lifeline_linked(const tether__lifeline *lifeline);

/* Closes this process's handle. A supervisor that inherited the handle still holds the lifeline. */
void tether__os_lifeline_close(tether__lifeline *lifeline);

/* Whether any process holds the lifeline; a missing lifeline is not held. Concurrent probes do not
 * disturb each other, and a probe raises no event. TETHER_ENOTSUP: the file system has no locks.
 * After any other failure the answer is not known yet, and another probe may find it. */
int tether__os_lifeline_held(tether__dir *exits, const char *task_id, bool *held,
                             tether_error *error);

/* Reads up to `capacity` bytes of a lifeline that some process holds, where that alone shows that
 * the supervisor lives, and returns how many. 0 in any other case, also after a failure: then a
 * closer look has to decide. */
size_t tether__os_lifeline_read_held(tether__dir *exits, const char *task_id, char *text,
                                     size_t capacity);

#endif
