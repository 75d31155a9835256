/* How a monitor gets its orders, for spawn.c. */
#ifndef TETHER_SPAWN_ORDERS_H
#define TETHER_SPAWN_ORDERS_H

#include "os/spawn.h"

/* Stores the environment of the start with the orders as one more variable, or NULL: they are too
 * long for that, or cannot be a value. It is one block of memory, which the caller frees, and
 * points to the strings of the start. */
int tether__posix_pack_orders(const tether__start *start, const char ***envp, tether_error *error);

/* Returns a close-on-exec descriptor from which the orders can be read, or a negative code. */
int tether__posix_open_orders(const tether__start *start, tether_error *error);

#endif
