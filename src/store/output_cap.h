/* The output limit of ended tasks: keeps the tail of each output and drops the rest. docs/format.md
 * describes the steps, and what a reader may conclude at each of them. */
#ifndef TETHER_OUTPUT_CAP_H
#define TETHER_OUTPUT_CAP_H

#include <stdbool.h>
#include <stdint.h>

#include "format/record.h"
#include "os/file.h"
#include "store/store.h"

/* The progress of applying one ended task's limit; all zero: not tried yet. */
typedef struct tether__cap {
    int64_t next_ms; /* monotonic time of the next attempt */
    int pause_ms;    /* before the next attempt */
    bool done;
} tether__cap;

/* For a task that has just ended: sets in its record the total size of each output that exceeds the
 * limit and is therefore going to be trimmed. Does nothing while a process of the task may still
 * write; tether__output_cap sets the totals later. The caller writes the record, and holds the
 * session lock. */
void tether__output_cap_note(const tether__session *session, tether__record *record);

/* Trims the outputs of a task whose end is on disk. Work that cannot be done now (a process of the
 * task still runs, the disk is full) is left for a later call. Updates record and stamp, which are
 * those on disk, when it writes the record. One thread at a time per task. Takes the session lock.
 */
void tether__output_cap(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp, tether__cap *cap);

/* Returns whether no output of an ended task exceeds its limit any more; false if that is not
 * known.
 */
bool tether__output_cap_is_applied(const tether__session *session, const tether__record *record);

#endif
