/* The pipes of the control channel, for the sleep of the monitor (monitor_os.c). One thread. */
#ifndef TETHER_CHANNEL_H
#define TETHER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* The connections that are served at the same time, and one that may wait for a place. */
enum { TETHER__CHANNEL_ITEMS = 16 + 1 };

/* Listens for the next host, before each sleep. Returns when there is something to do although
 * nothing happens, by the monotonic clock; INT64_MAX: never. `running`: the command has not ended.
 */
int64_t tether__channel_prepare(bool running);

/* Stores what the sleep is to wait for, and returns how many these are. */
size_t tether__channel_items(HANDLE items[TETHER__CHANNEL_ITEMS]);

/* Takes what has happened: new connections, and which have a message. Makes the channel if that is
 * due. */
void tether__channel_look(bool running);

#endif
