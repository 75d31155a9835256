/* Pumps: threads that write a task's output into a pipe of the host. src/posix/apr implements it.
 */
#ifndef TETHER_APR_PUMP_OS_H
#define TETHER_APR_PUMP_OS_H

#include <stdbool.h>

#include "tether/output.h"

/* The pumps of one registry. */
typedef struct tether__apr_pumps tether__apr_pumps;

/* NULL if no memory or descriptor is left. */
tether__apr_pumps *tether__apr_pumps_new(void);

/* Starts a pump, which writes what the task writes to a stream, from its first byte on, into the
 * descriptor `end`, until the task has ended, or writes after the reader has closed its end. Takes
 * a duplicate of `end`, and makes both not block. Returns a tether code. Any thread. */
int tether__apr_pump_start(tether__apr_pumps *pumps, tether_registry *registry, const char *task_id,
                           tether_view view, int end, tether_error *error);

/* Makes pumps that wait for a reader stop. Returns whether there are pumps: those that wait for
 * output stop when their registry is interrupted. */
bool tether__apr_pumps_stop(tether__apr_pumps *pumps);

/* Waits until all pumps have stopped, and frees them. */
void tether__apr_pumps_free(tether__apr_pumps *pumps);

#endif
