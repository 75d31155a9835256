/* Seam: the control channel of a task's monitor, as hosts use it: messages of format/control.h,
 * each sent and received as a whole. Any thread. */
#ifndef TETHER_OS_CONTROL_H
#define TETHER_OS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/identity.h"
#include "os/file.h"
#include "tether/error.h"

typedef struct tether__channel_end {
    intptr_t handle; /* -1: none */
} tether__channel_end;

/* Whether monitors of this platform have a channel. */
bool tether__os_control_supported(void);

/* Connects to the monitor with exactly this identity, which makes its channel in the bundle when a
 * host asks for it. Waits until `until_ms` (monotonic). TETHER_ENOANSWER: it did not connect by
 * then, as it is stopped, of an older version, or has left; TETHER_ENOTSUP: this platform has no
 * channels; TETHER_EACCESS. The caller closes *end, whose handle is -1 on failure. */
int tether__os_control_connect(tether__dir *bundle, const tether__identity *monitor,
                               int64_t until_ms, tether__channel_end *end, tether_error *error);

/* Sends a message and receives one, until `until_ms`. After a failure, the monitor may have got the
 * message or get it later. TETHER_ENOANSWER. */
int tether__os_control_ask(const tether__channel_end *end, const void *request, size_t size,
                           void *answer, size_t capacity, size_t *got, int64_t until_ms,
                           tether_error *error);

/* An end whose handle is -1 is allowed. */
void tether__os_control_close(tether__channel_end *end);

#endif
