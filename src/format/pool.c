/* Owns the texts that records share.
 * Must not: allocate, or ever change or remove a text.
 * Thread: one at a time per pool. */
#include "format/pool.h"

#include <string.h>

/* Before each text stands its length in two bytes, so that most others need no comparison. */
enum { PREFIX = 2, LONGEST = 512 };

static size_t length_at(const tether__pool *pool, size_t at)
{
    return (size_t)(unsigned char)pool->bytes[at] << 8 | (unsigned char)pool->bytes[at + 1];
}

static const char *add(tether__pool *pool, const char *text, size_t length)
{
    char *at = pool->bytes + pool->used;
    if (length > LONGEST || PREFIX + length + 1 > sizeof pool->bytes - pool->used)
        return NULL;
    at[0] = (char)(length >> 8);
    at[1] = (char)(length & 0xff);
    memcpy(at + PREFIX, text, length + 1);
    pool->used += (uint32_t)(PREFIX + length + 1);
    return at + PREFIX;
}

const char *tether__pool_take(tether__pool *pool, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < pool->used; at += PREFIX + length_at(pool, at) + 1) {
        if (length_at(pool, at) == length && memcmp(pool->bytes + at + PREFIX, text, length) == 0)
            return pool->bytes + at + PREFIX;
    }
    return add(pool, text, length);
}

bool tether__pool_owns(const tether__pool *pool, const char *text)
{
    return pool != NULL && (uintptr_t)text - (uintptr_t)pool->bytes < sizeof pool->bytes;
}
