/* How much the memory of this process grows while it handles a large output. */
#ifndef TETHER_TEST_GROWTH_H
#define TETHER_TEST_GROWTH_H

#include "support/support.h"

typedef struct growth {
    long before; /* resident bytes */
    long peak;
} growth;

/* The size of a large output: TETHER_TEST_BULK_MB, or this many MiB; in bytes. */
uint64_t growth_bulk_bytes(uint64_t default_mb);

growth growth_begin(void);

/* Measures again and updates the peak. */
void growth_measure(growth *g);

/* Prints the growth, and fails where it is more than 8 MiB: the memory must not depend on the size
 * of the output. Under a sanitizer it only prints. */
void growth_check(const growth *g);

#endif
