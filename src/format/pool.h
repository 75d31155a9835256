/* Texts that many records have, each kept once: the ids of the session and of the boot, the
 * directory of the project. Pure; one thread at a time per pool. */
#ifndef TETHER_POOL_H
#define TETHER_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Enough for some dozens of paths. What comes later than that has its own memory in each record. */
#define TETHER__POOL_SIZE 4096

/* Begins as {0}. Its texts stay until the memory is freed, and so must not move. */
typedef struct tether__pool {
    uint32_t used;
    char bytes[TETHER__POOL_SIZE];
} tether__pool;

/* Returns the pool's text that is like this one, added to it if there was none. NULL: it is not in
 * the pool and does not fit. */
const char *tether__pool_take(tether__pool *pool, const char *text);

/* Whether this is a text of the pool, and not only like one. NULL: there is no pool. */
bool tether__pool_owns(const tether__pool *pool, const char *text);

#endif
