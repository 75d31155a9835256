/* The sockets of the control channel, for the sleep of the monitor (monitor_os.c). One thread. */
#ifndef TETHER_CHANNEL_H
#define TETHER_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "posix/monitor/wake.h"

/* The connections that are served at the same time; others wait until one of these is closed. */
enum { TETHER__CHANNEL_CONNECTIONS = 16, TETHER__CHANNEL_ITEMS = 1 + TETHER__CHANNEL_CONNECTIONS };

/* A host has asked for the channel: makes it, unless it is there. */
void tether__channel_open(void);

/* Stores what the sleep is to wait for, and returns how many items that is. */
size_t tether__channel_items(tether__wake_item items[TETHER__CHANNEL_ITEMS]);

/* Returns when a connection that found no room is to be tried again, by the monotonic clock;
 * INT64_MAX: none. */
int64_t tether__channel_due(void);

/* Takes what the sleep has found: new connections, and which have a message. */
void tether__channel_wake(const tether__wake_item *items);

#endif
