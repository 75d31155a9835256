/* The quarantine: what is damaged is moved there, each time to a folder with the reason in a file,
 * for people to look at. The caller holds the session lock. Any thread. */
#ifndef TETHER_QUARANTINE_H
#define TETHER_QUARANTINE_H

#include <stddef.h>

#include "store/store.h"
#include "tether/error.h"

/* Moves the bundle and the marker of a damaged task to the quarantine, with the reason in a file.
 */
int tether__bundle_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error);

/* Writes damaged lines of the session's journal to the quarantine. */
int tether__journal_quarantine(const tether__session *session, const char *lines, size_t size,
                               tether_error *error);

/* Moves only a damaged marker to the quarantine. Its task is lost and keeps its bundle. */
int tether__marker_quarantine(const tether__session *session, const char *task_id,
                              const char *reason, tether_error *error);

#endif
