/* The command that is run when the task has ended: the orders' on_end. One thread. */
#ifndef TETHER_MONITOR_ON_END_H
#define TETHER_MONITOR_ON_END_H

#include "format/marker.h"
#include "format/orders.h"

/* Makes the messenger, if the orders want a command at the end: a process that waits for the end,
 * and holds the lifeline until it has run the command and has written what has become of that. So
 * the monitor need not wait for it. Nothing of the task is started yet, and no host knows the
 * monitor: nobody takes the messenger for a process of the task. The orders stay valid. */
void tether__on_end_prepare(const tether__orders *orders);

/* What the messenger does where it is a program of its own, with the orders that it was given. */
_Noreturn void tether__on_end_be_messenger(const tether__orders *orders);

/* Tells it of the end. The end line, which says the same, is written. */
void tether__on_end_tell(const tether__ending *ending);

#endif
