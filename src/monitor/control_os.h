/* Seam: the control channel as the monitor of a task has it: messages of hosts, received and
 * answered as a whole, while the monitor sleeps (tether__monitor_os_sleep). One thread. Nothing
 * here waits. */
#ifndef TETHER_CONTROL_OS_H
#define TETHER_CONTROL_OS_H

#include <stdbool.h>
#include <stddef.h>

/* Makes the channel in this directory, the task's bundle, when a host asks for it; NULL: never. The
 * path stays valid. */
void tether__control_os_place(const char *bundle);

/* Takes the next message, with *from for the answer. A message that is longer than `capacity` is
 * cut off there. False: there is none until the next sleep. */
bool tether__control_os_receive(char *bytes, size_t capacity, size_t *size, int *from);

/* Answers the message that was taken last from there. Size 0: there is no answer, and the
 * connection is closed. So is that of a host which does not take its answer. */
void tether__control_os_answer(int from, const char *bytes, size_t size);

/* Removes the channel: the monitor leaves. */
void tether__control_os_close(void);

#endif
