/* What processes use, and how often the threads of this one wake. */
#ifndef TETHER_BENCH_PROBE_H
#define TETHER_BENCH_PROBE_H

#include <stddef.h>

/* The bytes of heap that are allocated. */
size_t bench_heap(void);

/* The number of open descriptors. */
size_t bench_descriptors(void);

/* The memory of a process in KiB: its own pages, its part of those that it shares with others, and
 * its page tables. What the kernel keeps for each process beside that does not count. */
double bench_memory_kib(long pid);

/* The processor time of all threads, in milliseconds. */
double bench_cpu_ms(void);

/* Sleeps, and returns how often other threads of this process woke during that time. */
long bench_wakeups(unsigned seconds);

#endif
