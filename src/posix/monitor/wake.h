/* How the monitor sleeps, for the other files of this folder. One thread. */
#ifndef TETHER_WAKE_H
#define TETHER_WAKE_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor that ends a sleep. */
typedef struct tether__wake_item {
    int fd;      /* -1: none */
    bool writes; /* the sleep ends when the descriptor can be written; else, when it can be read */
    bool ready;  /* set by the sleep: it can, or its other end is closed, or it has failed */
} tether__wake_item;

/* The largest number of items of one sleep. */
enum { TETHER__WAKE_ITEMS = 32 };

/* Opens what tells of signals and children. All signals are blocked. If that fails, the monitor
 * looks at intervals. */
void tether__wake_open(void);

/* Sleeps until a signal has come, one of the items is ready, or for timeout_ms; -1: no limit. Takes
 * the signals. Returns whether one of them was SIGURG, by which hosts ask for the control channel.
 */
bool tether__wake_sleep(tether__wake_item *items, size_t count, int timeout_ms);

#endif
