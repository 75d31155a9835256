/* Measures contenders against each other. In each round every contender has one turn, in an order
 * that changes, so that a disturbance of the machine hits all of them. Prints medians, 99th
 * percentiles and the ratio of each median to that of the first contender. For programs of one
 * thread. */
#ifndef TETHER_BENCH_MEASURE_H
#define TETHER_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

enum { BENCH_METRICS = 2 };

/* One turn: stores milliseconds for each metric. */
typedef void bench_turn(double ms[BENCH_METRICS]);

typedef struct bench_contender {
    const char *name;
    bench_turn *turn;
} bench_contender;

typedef struct bench_plan {
    const char *title;
    const char *metrics[BENCH_METRICS]; /* NULL: there is only the first */
    const bench_contender *contenders;
    size_t count;
    int rounds;
    bool json; /* one object per contender and metric instead of a table */
} bench_plan;

double bench_now_ms(void);

/* Prints the name of the program and a reason on standard error, and exits with 1. */
_Noreturn void bench_fail(const char *why);

void bench_run(const bench_plan *plan);

#endif
