/* Asking the monitor of a task for something, for the other files of this room. */
#ifndef TETHER_MONITOR_CALL_H
#define TETHER_MONITOR_CALL_H

#include "engine/waiting.h"
#include "format/control.h"
#include "os/control.h"
#include "tether/error.h"

/* How long the monitor may take for each answer. */
enum { TETHER__MONITOR_PATIENCE_MS = 2000 };

/* Connects to the monitor of a task. Waits for a task that is starting as long as `wait` lasts, and
 * then up to TETHER__MONITOR_PATIENCE_MS. The caller closes *end, whose handle is -1 on failure,
 * and holds no lock.
 *
 * TETHER_EENDED: the task has ended; TETHER_ENOTSUP: it has no monitor, or this platform has no
 * channel; TETHER_ENOANSWER: the monitor is stopped, or has just died; TETHER_EFOREIGN. */
int tether__monitor_connect(tether__wait *wait, const char *task_id, tether__channel_end *end,
                            tether_error *error);

/* Checks that the task has a monitor and has not ended; fails as tether__monitor_connect does.
 * Takes `disk`. */
int tether__monitor_check(tether__catalog *catalog, const char *task_id, tether_error *error);

/* Asks, and stores the answer, which has no payload. TETHER_ENOANSWER; TETHER_ENOTSUP: the monitor
 * is of another version, which does not know this request. */
int tether__monitor_ask(const tether__channel_end *end, const char *task_id,
                        const tether__control *request, tether__control *answer,
                        tether_error *error);

#endif
