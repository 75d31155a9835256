/* Owns the rounds of a measurement and how its results are shown.
 * Must not: know what is measured.
 * Thread: one. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WARM_UP_ROUNDS = 3 };

double bench_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

_Noreturn void bench_fail(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The samples of contender c for metric m, one per round. */
static double *samples_of(const bench_plan *plan, double *samples, size_t c, size_t m)
{
    return samples + (c * BENCH_METRICS + m) * (size_t)plan->rounds;
}

static void take_turns(const bench_plan *plan, double *samples)
{
    double ms[BENCH_METRICS] = {0};
    for (int round = -WARM_UP_ROUNDS; round < plan->rounds; round++) {
        for (size_t i = 0; i < plan->count; i++) {
            size_t c = (i + (size_t)(round + WARM_UP_ROUNDS)) % plan->count;
            plan->contenders[c].turn(ms);
            for (size_t m = 0; m < BENCH_METRICS && round >= 0; m++)
                samples_of(plan, samples, c, m)[round] = ms[m];
        }
    }
}

static void show(const bench_plan *plan, const char *name, size_t m, const double *sorted,
                 double base)
{
    double median = sorted[plan->rounds / 2], p99 = sorted[plan->rounds * 99 / 100];
    if (plan->json)
        printf("{\"title\":\"%s\",\"contender\":\"%s\",\"metric\":\"%s\",\"rounds\":%d,"
               "\"median_ms\":%.4f,\"p99_ms\":%.4f,\"ratio\":%.3f}\n",
               plan->title, name, plan->metrics[m], plan->rounds, median, p99, median / base);
    else
        printf("  %-16s %-14s %9.3f ms  p99 %9.3f ms  %7.2f x\n", name, plan->metrics[m], median,
               p99, median / base);
}

void bench_run(const bench_plan *plan)
{
    size_t rounds = (size_t)plan->rounds;
    double *samples = calloc(plan->count * BENCH_METRICS * rounds, sizeof *samples);
    if (samples == NULL)
        bench_fail("out of memory");
    take_turns(plan, samples);
    if (!plan->json)
        printf("%s, %d rounds:\n", plan->title, plan->rounds);
    for (size_t m = 0; m < BENCH_METRICS && plan->metrics[m] != NULL; m++) {
        double base = 0;
        for (size_t c = 0; c < plan->count; c++) {
            double *sorted = samples_of(plan, samples, c, m);
            qsort(sorted, rounds, sizeof *sorted, by_value);
            if (c == 0)
                base = sorted[rounds / 2];
            show(plan, plan->contenders[c].name, m, sorted, base);
        }
    }
    fflush(stdout);
    free(samples);
}
