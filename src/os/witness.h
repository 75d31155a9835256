/* Seam: how a command ended whose supervisor was killed, as Linux tells it to everybody who has
 * pinned the process before its end. */
#ifndef TETHER_OS_WITNESS_H
#define TETHER_OS_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "format/verdict.h"
#include "os/file.h"

/* What holds the process. All-zero: nothing. Every task in memory has one, so it is small. */
typedef struct tether__witness {
    int pinned;        /* a descriptor and 1 */
    uint32_t ended_ms; /* since when the process was seen to have ended, by the lower half of the
                          monotonic clock; 0: it has not */
} tether__witness;

/* Pins the command of a task, which its monitor has named in the lifeline. Returns false if the
 * command has ended, or if the system does not tell such ends. The caller knows that the monitor
 * started it during this boot. Never blocks; any thread. */
bool tether__os_witness_open(tether__dir *exits, const char *task_id, tether__witness *witness);

/* Returns what became of the command; *value is the exit code or the signal, *core whether that
 * left a core file. After its end nothing is told until somebody has waited for it: so long it
 * counts as running, but not longer than patience_ms. */
tether__witnessed tether__os_witness_ask(tether__witness *witness, int64_t patience_ms, int *value,
                                         bool *core);

/* Does nothing if nothing is pinned. */
void tether__os_witness_close(tether__witness *witness);

#endif
