/* Compaction: what is over moves from a session's journal to an archive. docs/format.md has the
 * rules. Any thread. */
#ifndef TETHER_COMPACT_H
#define TETHER_COMPACT_H

#include "store/store.h"
#include "tether/error.h"

/* Writes a new journal with one line per task, and an archive with the tasks that need nothing
 * more. Removes the lifelines of tasks that have ended, which nobody holds any more. Does both in
 * an order in which a death between any two steps loses nothing. The caller holds the session lock.
 */
int tether__compact(const tether__session *session, tether_error *error);

/* Does so if the journal is worth it. A failure changes nothing, and the next attempt comes when
 * the journal has grown again. The caller holds the session lock, and loads records afterwards. */
void tether__compact_if_large(const tether__session *session);

#endif
