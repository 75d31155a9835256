/* Pseudo-random numbers for property tests, the same on every platform and in every run. */
#ifndef TETHER_TEST_RANDOM_H
#define TETHER_TEST_RANDOM_H

#include <stdint.h>

/* Returns the next number of xorshift64*. The state *random must not be 0. */
static inline uint32_t random_next(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return (uint32_t)((*random * UINT64_C(2685821657736338717)) >> 32);
}

#endif
