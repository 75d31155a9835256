/* Owns the rounds of a measurement, the arguments of the programs and how results are shown.
 * Must not: know what is measured.
 * Thread: one. */
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_ROUNDS = 2, LEAST_ROUNDS = 5 };

static bool json;
static const char *directory;

/* --- Arguments --- */

char **bench_begin(char **argv, const char *usage)
{
    char **words = argv + 1;
    json = words[0] != NULL && strcmp(words[0], "--json") == 0;
    words += json;
    if (words[0] == NULL || words[0][0] == '-') {
        fprintf(stderr, "usage: %s [--json] DIRECTORY %s\n", argv[0], usage);
        exit(2);
    }
    directory = words[0];
    if (mkdir(directory, 0700) != 0)
        bench_fail("DIRECTORY cannot be created; it must be new");
    /* What is measured takes absolute paths. */
    directory = realpath(directory, NULL);
    if (directory == NULL)
        bench_fail("out of memory");
    return words + 1;
}

long bench_number(char ***words, long fallback)
{
    if (**words == NULL)
        return fallback;
    char *end;
    long number = strtol(**words, &end, 10);
    if (*end != '\0' || number < 0)
        bench_fail("an argument is no number");
    (*words)++;
    return number;
}

const char *bench_path(char path[BENCH_PATH_SIZE], const char *name)
{
    snprintf(path, BENCH_PATH_SIZE, "%s/%s", directory, name);
    return path;
}

const char *bench_program(char path[BENCH_PATH_SIZE], const char *name)
{
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);
    if (size < 0)
        bench_fail("cannot find the path of this program");
    path[size] = '\0';
    snprintf(strrchr(path, '/') + 1, 64, "%s", name);
    return path;
}

double bench_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

_Noreturn void bench_fail(const char *why)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, why);
    exit(1);
}

/* --- Rounds --- */

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

static void take_turns(const bench_plan *plan, double *samples, int round)
{
    double ms[BENCH_METRICS] = {0};
    for (size_t i = 0; i < plan->count; i++) {
        size_t c = (i + (size_t)(round + WARM_UP_ROUNDS)) % plan->count;
        plan->contenders[c].turn(plan->contenders[c].data, ms);
        for (size_t m = 0; m < BENCH_METRICS && round >= 0; m++)
            samples_of(plan, samples, c, m)[round] = ms[m];
    }
}

/* Returns how many rounds were made. */
static int take_rounds(const bench_plan *plan, double *samples)
{
    double begin = bench_now_ms();
    int round = -WARM_UP_ROUNDS;
    for (; round < plan->rounds; round++) {
        if (round >= LEAST_ROUNDS && plan->limit_ms > 0 && bench_now_ms() - begin > plan->limit_ms)
            break;
        take_turns(plan, samples, round);
    }
    return round;
}

/* --- Results --- */

/* The name of the file system that the directory lies on. */
static const char *place(void)
{
    static const struct {
        long type;
        const char *name;
    } known[] = {{0x01021994, "tmpfs"}, {0xEF53, "ext4"},        {0x58465342, "xfs"},
                 {0x9123683E, "btrfs"}, {0x794C7630, "overlay"}, {0x6969, "nfs"},
                 {0x2FC12FC1, "zfs"}};
    struct statfs fs;
    if (statfs(directory, &fs) == 0) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            if ((long)fs.f_type == known[i].type)
                return known[i].name;
        }
    }
    return "other";
}

static void print_subject(const bench_subject *subject)
{
    if (json)
        printf("{\"suite\":\"%s\",\"place\":\"%s\",", subject->suite, place());
    else
        printf("%s on %s", subject->suite, place());
    if (subject->parameter != NULL)
        printf(json ? "\"parameter\":\"%s\",\"at\":%ld," : ", %s %ld", subject->parameter,
               subject->value);
}

static void show(const bench_plan *plan, const char *name, size_t m, int rounds,
                 const double *sorted, double base)
{
    double median = sorted[rounds / 2], p99 = sorted[rounds * 99 / 100];
    if (!json) {
        printf("  %-18s %-14s %9.3f ms  p99 %9.3f ms  %7.2f x\n", name, plan->metrics[m], median,
               p99, median / base);
        return;
    }
    print_subject(&plan->subject);
    printf("\"contender\":\"%s\",\"metric\":\"%s\",\"unit\":\"ms\",\"rounds\":%d,"
           "\"median\":%.4f,\"p99\":%.4f,\"ratio\":%.3f}\n",
           name, plan->metrics[m], rounds, median, p99, median / base);
}

void bench_run(const bench_plan *plan)
{
    double *samples = calloc(plan->count * BENCH_METRICS * (size_t)plan->rounds, sizeof *samples);
    if (samples == NULL)
        bench_fail("out of memory");
    int rounds = take_rounds(plan, samples);
    if (!json) {
        print_subject(&plan->subject);
        printf(", %d rounds:\n", rounds);
    }
    for (size_t m = 0; m < BENCH_METRICS && plan->metrics[m] != NULL; m++) {
        double base = 0;
        for (size_t c = 0; c < plan->count; c++) {
            double *sorted = samples_of(plan, samples, c, m);
            qsort(sorted, (size_t)rounds, sizeof *sorted, by_value);
            if (c == 0)
                base = sorted[rounds / 2];
            show(plan, plan->contenders[c].name, m, rounds, sorted, base);
        }
    }
    fflush(stdout);
    free(samples);
}

void bench_value(const bench_subject *subject, const char *name, const char *metric,
                 const char *unit, double value)
{
    print_subject(subject);
    if (json)
        printf("\"contender\":\"%s\",\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%.4f}\n", name,
               metric, unit, value);
    else
        printf(": %s %s %.3f %s\n", name, metric, value, unit);
    fflush(stdout);
}
