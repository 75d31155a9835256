/* The output limit of tasks that have ended: the tail of each output is kept, the rest is dropped.
 * docs/format.md tells the steps, and what a reader may conclude at each. */
#ifndef TETHER_OUTPUT_CAP_H
#define TETHER_OUTPUT_CAP_H

#include <stdbool.h>
#include <stdint.h>

#include "format/record.h"
#include "os/file.h"
#include "store/store.h"

/* How far the limit of one ended task was applied; all zero: not yet. */
typedef struct tether__cap {
    bool done;
    int64_t pause_ms; /* before the next try */
    int64_t next_ms;  /* monotonic: when that comes */
} tether__cap;

/* Notes in the record of a task that has just ended how much it wrote to each output that its limit
 * is going to cut. Nothing where something of it may still write: then that is noted later. The
 * caller writes the record. Under the session lock. */
void tether__output_cap_note(const tether__session *session, tether__record *record);

/* Cuts the outputs of a task whose end is on disk, and seals its lifeline when nothing is left to
 * be done. What cannot be done now (something of the task still runs, the disk is full) is left for
 * a later look. record and stamp, which are those on disk, follow what is written. One thread at a
 * time per task, without the session lock. */
void tether__output_cap(const tether__session *session, tether__record *record,
                        tether__file_stamp *stamp, tether__cap *cap);

#endif
