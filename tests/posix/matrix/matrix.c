/* Kills a host, or lets one of its system calls fail, at each step of each operation, and checks
 * after every run that nothing was lost, doubled or left behind. The same for the monitor of a task
 * ("monitor-..."), whose calls also fail for a while ("fail-on"):
 * tether-matrix [--sample N] [--seed N] [--operation NAME] [--fault kill|fail|fail-on] [--at N]
 * [--verbose]
 * --sample takes N points of each row, spread evenly from a random first one; --at takes one point
 * only. Prints a line per finding, and a table; exits with 1 if there is a finding. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "posix/matrix/monitored.h"
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

/* What meets a fault: a host at an operation, or a monitor. */
typedef struct subject {
    const operation *op;
    const monitored *command; /* NULL: a host */
} subject;

static const char *fault_name(tracer_fault fault)
{
    return fault == TRACER_KILL ? "kill" : fault == TRACER_FAIL ? "fail" : "fail-on";
}

static void subject_name(const subject *what, char name[64])
{
    snprintf(name, 64, "%s%s", what->command != NULL ? "monitor-" : "",
             what->command != NULL ? what->command->name : what->op->name);
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

/* One run of a host. text says what is wrong, or what it was told. */
static bool try_host(story *s, const operation *op, tracer_order order, tracer_result *result,
                     char *text, size_t size)
{
    hosted h = {s, op};
    if (!story_begin(s, op)) {
        printf("the stage could not be set up\n");
        exit(2);
    }
    order.watched = &s->watched;
    *result = tracer_run(host, &h, order);
    bool right = ended_rightly(result, order.fault, text, size);
    fflush(stdout);
    /* Also where the host did not end rightly: the store must hold all the same, and its tasks end.
     */
    right = story_check(s, op) && right;
    if (text[0] == '\0' && s->said && s->code != TETHER_OK)
        snprintf(text, size, "%s", s->error.message);
    story_end(s, right);
    return right;
}

static bool try_subject(story *s, const subject *what, tracer_order order, tracer_result *result,
                        char *text, size_t size)
{
    return what->command != NULL ? monitored_try(what->command, order, result, text, size)
                                 : try_host(s, what->op, order, result, text, size);
}

/* One run. Returns false if it never came to the point. */
static bool try_point(story *s, const subject *what, tracer_fault fault, int at,
                      const settings *set, row *r)
{
    char name[64], text[512];
    tracer_result result;
    subject_name(what, name);
    bool right = try_subject(s, what, (tracer_order){fault, at, NULL}, &result, text, sizeof text);
    if (!right || set->verbose)
        printf("%s %s %s %d (%s): %s%s\n", right ? "right:" : "FINDING:", name, fault_name(fault),
               at, result.where, text, right ? "" : " <- see above");
    fflush(stdout);
    r->findings += !right;
    r->runs++;
    return result.applied;
}

/* Counts the points of a run in which nothing fails. Such a run must be right too. */
static int count_points(story *s, const subject *what, tracer_fault fault)
{
    char name[64], text[512];
    tracer_result result;
    subject_name(what, name);
    bool right =
        try_subject(s, what, (tracer_order){fault, 1 << 30, NULL}, &result, text, sizeof text);
    if (!right || result.status != 0 || (what->op != NULL && !story_succeeded(s))) {
        printf("%s fails without a fault (%d, %s)\n", name, result.status, text);
        exit(2);
    }
    return result.points;
}

static row try_row(story *s, const subject *what, tracer_fault fault, const settings *set)
{
    row r = {.points = count_points(s, what, fault)};
    if (set->at > 0) {
        try_point(s, what, fault, set->at, set, &r);
        return r;
    }
    int step = set->sample > 0 && r.points > set->sample ? r.points / set->sample : 1;
    int first = 1 + rand() % step;
    /* Threads make the number of calls differ from run to run: go on until a run does not come to
     * its point. */
    for (int at = first; try_point(s, what, fault, at, set, &r); at += step)
        ;
    return r;
}

static bool selected(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

/* All rows of a table. */
typedef struct table {
    char text[8192];
    int findings;
    int runs;
} table;

static void try_faults(story *s, const subject *what, const settings *set, table *t)
{
    static const tracer_fault faults[] = {TRACER_KILL, TRACER_FAIL, TRACER_FAIL_ON};
    char name[64];
    subject_name(what, name);
    if (!selected(set->operation, name))
        return;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        /* Where calls of a host go on failing, it may wait for longer than one run should take. */
        if (!selected(set->fault, fault_name(faults[i])) ||
            (what->op != NULL && faults[i] == TRACER_FAIL_ON))
            continue;
        row r = try_row(s, what, faults[i], set);
        size_t used = strlen(t->text);
        snprintf(t->text + used, sizeof t->text - used, "| %s | %s | %d | %d | %d |\n", name,
                 fault_name(faults[i]), r.points, r.runs, r.findings);
        t->findings += r.findings;
        t->runs += r.runs;
    }
}

static int try_all(const settings *set)
{
    story *s = test_shared(sizeof *s);
    table t = {.text = "| operation | fault | points | runs | findings |\n"
                       "| --- | --- | --- | --- | --- |\n"};
    for (const operation *op = operations; op->name != NULL; op++)
        try_faults(s, &(subject){op, NULL}, set, &t);
    for (const monitored *command = monitored_commands; command->name != NULL; command++)
        try_faults(s, &(subject){NULL, command}, set, &t);
    printf("%s%d runs, %d findings\n", t.text, t.runs, t.findings);
    test_unshare(s, sizeof *s);
    return t.runs == 0 ? 2 : t.findings > 0;
}

int main(int argc, char **argv)
{
    settings set = {0};
    unsigned seed = (unsigned)time(NULL) ^ (unsigned)getpid();
    monitored_become(argv);
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
