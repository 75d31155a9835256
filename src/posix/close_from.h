/* Closes descriptors in a child between fork and exec. */
#ifndef TETHER_CLOSE_FROM_H
#define TETHER_CLOSE_FROM_H

/* Closes all descriptors from `first` on. Async-signal-safe. */
void tether__close_from(int first);

/* Does the same with one close each, up to the limit of this process, but not beyond descriptor
 * 65535. Async-signal-safe. */
void tether__close_each(int first);

#endif
