/* Arrays that grow by one item at a time. Any thread. */
#ifndef TETHER_GROW_H
#define TETHER_GROW_H

#include <stdbool.h>
#include <stddef.h>

/* Makes room for one more item of `size` bytes in an array that holds `count` items and has room
 * for *room. False, with the array unchanged, when memory is short. The caller frees *items. */
bool tether__grow(void **items, size_t count, size_t *room, size_t size);

#endif
