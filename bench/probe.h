/* What this process uses, and how often its threads wake. */
#ifndef TETHER_BENCH_PROBE_H
#define TETHER_BENCH_PROBE_H

#include <stddef.h>

/* The bytes of heap that are allocated. */
size_t bench_heap(void);

/* The number of open descriptors. */
size_t bench_descriptors(void);

/* The processor time of all threads, in milliseconds. */
double bench_cpu_ms(void);

/* Sleeps, and returns how often other threads of this process woke during that time. */
long bench_wakeups(unsigned seconds);

#endif
