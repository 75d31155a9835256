/* Closing all descriptors from one on, in a child between fork and exec. */
#ifndef TETHER_CLOSE_FROM_H
#define TETHER_CLOSE_FROM_H

/* Both are async-signal-safe. */
void tether__close_from(int first);

/* One by one, up to the limit of this process. */
void tether__close_each(int first);

#endif
