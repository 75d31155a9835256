/* Measures contenders against each other. In each round every contender has one turn, in an order
 * that changes, so that a disturbance of the machine hits all of them. Prints medians, 99th
 * percentiles and the ratio of each median to that of the first contender. Also takes the
 * arguments that all programs of bench/ have in common. For one thread. */
#ifndef TETHER_BENCH_MEASURE_H
#define TETHER_BENCH_MEASURE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCH_METRICS = 2, BENCH_PATH_SIZE = PATH_MAX + 64 };

/* One turn: stores milliseconds for each metric. */
typedef void bench_turn(const void *data, double ms[BENCH_METRICS]);

typedef struct bench_contender {
    const char *name;
    bench_turn *turn;
    const void *data; /* passed to turn */
} bench_contender;

/* What was measured: "start" with "memory_mib" 1024. */
typedef struct bench_subject {
    const char *suite;
    const char *parameter; /* NULL: none */
    long value;
} bench_subject;

typedef struct bench_plan {
    bench_subject subject;
    const char *metrics[BENCH_METRICS]; /* NULL: there is only the first */
    const bench_contender *contenders;
    size_t count;
    int rounds;
    double limit_ms; /* begin no further round after this time, but for the first 5; 0: no limit */
} bench_plan;

/* Takes [--json] DIRECTORY from the arguments and creates DIRECTORY, which must be new. Returns the
 * arguments that follow, or prints the usage and exits. */
char **bench_begin(char **argv, const char *usage);

/* Takes a number of at least 0 from the arguments, or returns the fallback if there is none. */
long bench_number(char ***words, long fallback);

/* Makes the path of a name in DIRECTORY. Returns path. */
const char *bench_path(char path[BENCH_PATH_SIZE], const char *name);

/* Makes the path of a program beside this one. Returns path. */
const char *bench_program(char path[BENCH_PATH_SIZE], const char *name);

double bench_now_ms(void);

/* Prints the name of the program and a reason on standard error, and exits with 1. */
_Noreturn void bench_fail(const char *why);

void bench_run(const bench_plan *plan);

/* Prints one number that was measured once. */
void bench_value(const bench_subject *subject, const char *name, const char *metric,
                 const char *unit, double value);

#endif
