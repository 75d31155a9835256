/* Arrays that grow by one item at a time. Any thread. */
#ifndef TETHER_GROW_H
#define TETHER_GROW_H

#include <stdbool.h>
#include <stddef.h>

/* Makes sure that an array of `count` items, with space for *capacity items of `size` bytes, can
 * take one more item. Returns false, with the array unchanged, when memory is short. The caller
 * frees *items. */
bool tether__grow(void **items, size_t count, size_t *capacity, size_t size);

#endif
