/* The command that is run when the task has ended: the orders' on_end. One thread. */
#ifndef TETHER_MONITOR_ON_END_H
#define TETHER_MONITOR_ON_END_H

#include "format/marker.h"
#include "format/orders.h"

/* Notes when the task was started and where, if the orders, which stay valid, want a command at the
 * end. */
void tether__on_end_prepare(const tether__orders *orders);

/* Has the command run, if one is wanted, by a process that holds the lifeline until it has written
 * what has become of it: the monitor need not wait. The end line, which says the same as `ending`,
 * is written. */
void tether__on_end_run(const tether__ending *ending);

#endif
