/* Keeping a session's archives few and free of what was removed. Any thread. */
#ifndef TETHER_ARCHIVE_JOIN_H
#define TETHER_ARCHIVE_JOIN_H

#include <stdint.h>

#include "store/store.h"
#include "tether/error.h"

/* Writes each archive with a number less than `below` again without the tasks whose bundle is gone
 * or that have a newer record, where there are such; removes archives that are empty then, and
 * joins small ones. `below` is the number of the journal: a compaction that died may be repeated,
 * and then replaces the archive of that number. The caller holds the session lock. */
int tether__archive_join(const tether__session *session, uint64_t below, tether_error *error);

#endif
