/* Kills a host, or lets one of its system calls fail, at each step of each operation, and checks
 * after every run that nothing was lost, doubled or left behind: tether-matrix [--sample N] [--seed
 * N] [--operation NAME] [--fault kill|fail] [--at N] [--verbose]
 * --sample takes N points of each row, spread evenly from a random first one; --at takes one point
 * only. Prints a line per finding, and a table; exits with 1 if there is a finding. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "posix/matrix/operations.h"
#include "posix/matrix/tracer.h"

typedef struct settings {
    int sample; /* points of each row; 0: all */
    int at;     /* only this point; 0: all */
    const char *operation;
    const char *fault;
    bool verbose;
} settings;

/* One row of the table. */
typedef struct row {
    int points; /* of a run without a fault */
    int runs;
    int findings;
} row;

typedef struct hosted {
    story *s;
    const operation *op;
} hosted;

static void host(void *userdata)
{
    const hosted *h = userdata;
    story_run(h->s, h->op);
}

/* The host ended as the fault demands: killed, or by itself and in time. Otherwise the text says
 * how it ended. */
static bool ended_rightly(const tracer_result *result, tracer_fault fault, char *text, size_t size)
{
    int expected = fault == TRACER_KILL && result->applied ? 128 + SIGKILL : 0;
    text[0] = '\0';
    if (result->hung)
        snprintf(text, size, "the host hung");
    else if (result->status != expected)
        snprintf(text, size, "the host ended with %d, not %d", result->status, expected);
    return text[0] == '\0';
}

/* One run. Returns false if it never came to the point. */
static bool try_point(story *s, const operation *op, tracer_fault fault, int at,
                      const settings *set, row *r)
{
    hosted h = {s, op};
    char text[128];
    if (!story_begin(s, op)) {
        printf("the stage could not be set up\n");
        exit(2);
    }
    tracer_result result = tracer_run(host, &h, (tracer_order){fault, at, &s->watched});
    bool right = ended_rightly(&result, fault, text, sizeof text);
    fflush(stdout);
    /* Also where the host did not end rightly: the store must hold all the same, and its tasks end.
     */
    right = story_check(s, op) && right;
    if (!right || set->verbose)
        printf("%s %s %s %d (%s): %s%s%s\n", right ? "right:" : "FINDING:", op->name,
               fault == TRACER_KILL ? "kill" : "fail", at, result.where, text,
               s->said && s->code != TETHER_OK ? s->error.message : "",
               right ? "" : " <- see above");
    fflush(stdout);
    r->findings += !right;
    r->runs++;
    story_end(s, right);
    return result.applied;
}

/* Counts the points of a run in which nothing fails. Such a run must be right too. */
static int count_points(story *s, const operation *op, tracer_fault fault)
{
    hosted h = {s, op};
    if (!story_begin(s, op))
        exit(2);
    tracer_result result = tracer_run(host, &h, (tracer_order){fault, 1 << 30, &s->watched});
    if (!story_check(s, op) || result.status != 0 || !story_succeeded(s)) {
        printf("%s fails without a fault (%d, %s)\n", op->name, result.status, s->error.message);
        exit(2);
    }
    story_end(s, true);
    return result.points;
}

static row try_row(story *s, const operation *op, tracer_fault fault, const settings *set)
{
    row r = {.points = count_points(s, op, fault)};
    if (set->at > 0) {
        try_point(s, op, fault, set->at, set, &r);
        return r;
    }
    int step = set->sample > 0 && r.points > set->sample ? r.points / set->sample : 1;
    int first = 1 + rand() % step;
    /* Threads make the number of calls differ from run to run: go on until a run does not come to
     * its point. */
    for (int at = first; try_point(s, op, fault, at, set, &r); at += step)
        ;
    return r;
}

static bool selected(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

static int try_all(const settings *set)
{
    static const struct {
        tracer_fault fault;
        const char *name;
    } faults[] = {{TRACER_KILL, "kill"}, {TRACER_FAIL, "fail"}};
    story *s = test_shared(sizeof *s);
    int findings = 0, runs = 0;
    char table[4096] =
        "| operation | fault | points | runs | findings |\n| --- | --- | --- | --- | --- |\n";
    for (const operation *op = operations; op->name != NULL; op++) {
        for (size_t i = 0; i < 2 && selected(set->operation, op->name); i++) {
            if (!selected(set->fault, faults[i].name))
                continue;
            row r = try_row(s, op, faults[i].fault, set);
            size_t used = strlen(table);
            snprintf(table + used, sizeof table - used, "| %s | %s | %d | %d | %d |\n", op->name,
                     faults[i].name, r.points, r.runs, r.findings);
            findings += r.findings;
            runs += r.runs;
        }
    }
    printf("%s%d runs, %d findings\n", table, runs, findings);
    test_unshare(s, sizeof *s);
    return runs == 0 ? 2 : findings > 0;
}

int main(int argc, char **argv)
{
    settings set = {0};
    unsigned seed = (unsigned)time(NULL) ^ (unsigned)getpid();
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--verbose") == 0) {
            set.verbose = true;
            continue;
        }
        if (value == NULL) {
            fprintf(stderr, "%s: unknown option, or its value is missing\n", argv[i]);
            return 2;
        }
        if (strcmp(argv[i], "--sample") == 0)
            set.sample = atoi(value);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(argv[i], "--operation") == 0)
            set.operation = value;
        else if (strcmp(argv[i], "--fault") == 0)
            set.fault = value;
        else if (strcmp(argv[i], "--at") == 0)
            set.at = atoi(value);
        i++;
    }
    if (!tracer_works()) {
        fprintf(stderr, "this machine does not let a process be traced\n");
        return 2;
    }
    printf("seed %u\n", seed);
    srand(seed);
    return try_all(&set);
}
