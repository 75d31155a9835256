/* The descriptor by which a monitor gets its orders, for spawn.c. */
#ifndef TETHER_SPAWN_ORDERS_H
#define TETHER_SPAWN_ORDERS_H

#include "os/spawn.h"

/* Returns a close-on-exec descriptor from which the orders can be read, or a negative code. */
int tether__posix_open_orders(const tether__start *start, tether_error *error);

#endif
