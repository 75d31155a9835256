/* Seam: the lifeline, a file that is held exactly while a supervisor lives (or its host has not
 * started it yet), and that the supervisor appends its marker to. docs/format.md has the reasons.
 */
#ifndef TETHER_OS_LIFELINE_H
#define TETHER_OS_LIFELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "os/file.h"
#include "tether/error.h"

typedef struct tether__lifeline {
    intptr_t handle; /* what the supervisor inherits; -1: none */
} tether__lifeline;

/* Creates and holds a lifeline that must not exist (TETHER_ELOCKED when the name is taken), and
 * reserves room for the marker, so that a full disk cannot lose it; where the file system cannot
 * reserve, that is no error. Nothing is left after a failure. */
int tether__os_lifeline_create(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                               tether_error *error);

/* Appends a whole line to a lifeline that this process holds: for a supervisor that is the host
 * itself. It raises the event of a write. TETHER_EIO, TETHER_ENOSPACE (only where no room could be
 * reserved). Never blocks for long; any thread. */
int tether__os_lifeline_append(const tether__lifeline *lifeline, const char *line, size_t size,
                               tether_error *error);

/* Makes every host look at this task: raises the event of a write without writing. One that is not
 * there is left alone. */
void tether__os_lifeline_notify(tether__dir *exits, const char *task_id);

/* Whether the file still has its name: false once somebody took it for a leftover. */
bool tether__os_lifeline_linked(const tether__lifeline *lifeline);

/* Closes this process's handle. A supervisor that inherited it holds the lifeline on. */
void tether__os_lifeline_close(tether__lifeline *lifeline);

/* Whether anybody holds it; a lifeline that is not there is not held. Two who ask do not see each
 * other, no event is raised. */
int tether__os_lifeline_held(tether__dir *exits, const char *task_id, bool *held,
                             tether_error *error);

/* Notes on the file itself that its task has ended and that its record says so, so that an open of
 * the session need not read all records. A hint: it may be missing. */
void tether__os_lifeline_mark_ended(tether__dir *exits, const char *task_id);

/* Whether that note is there. */
bool tether__os_lifeline_marked_ended(tether__dir *exits, const char *task_id);

/* Notes besides that nobody waits for its completion any more, so that a look for pending ones need
 * not read its record. Also a hint; sealing it again takes it away. */
void tether__os_lifeline_mark_done(tether__dir *exits, const char *task_id);
bool tether__os_lifeline_marked_done(tether__dir *exits, const char *task_id);

#endif
