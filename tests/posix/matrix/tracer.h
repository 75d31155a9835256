/* Runs a process step by step, and kills it or lets its system calls fail. Linux only (ptrace);
 * follows the threads of the process, not the processes that it starts. */
#ifndef TETHER_TEST_TRACER_H
#define TETHER_TEST_TRACER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum { TRACER_FAIL_ON_MS = 600 };

typedef enum tracer_fault {
    TRACER_NONE,   /* only counts the points of a kill */
    TRACER_KILL,   /* SIGKILL before a system call */
    TRACER_FAIL,   /* the system call is not made, and returns an error that it can have */
    TRACER_FAIL_ON /* likewise, and all further ones of its kind for TRACER_FAIL_ON_MS */
} tracer_fault;

/* A point is a system call for a kill, and a system call with one of its errors for a failure.
 * Points count from 1, over all threads, while *watched is true. */
typedef struct tracer_order {
    tracer_fault fault;
    int at;
    const atomic_bool *watched; /* in memory that the process shares with this one; NULL: from its
                                   next program on */
} tracer_order;

typedef struct tracer_result {
    int points;     /* passed by the process; up to `at` if the fault was applied */
    bool applied;   /* the process reached the point */
    char where[64]; /* the system call, and its error */
    int failures;   /* calls that were not made */
    bool hung;      /* it did not end in time, and was killed */
    int status;     /* its exit code, or 128+N after signal N */
} tracer_result;

/* Whether this machine lets a process be traced. */
bool tracer_works(void);

/* Runs run(userdata) in a forked process under the order, until that process ends. Call it while
 * this process has one thread and no other child. */
tracer_result tracer_run(void (*run)(void *userdata), void *userdata, tracer_order order);

/* In a child: lets the thread that has started it follow it, and stops until then. */
void tracer_offer(void);

/* Follows a child of this thread that has called tracer_offer, until it ends. */
tracer_result tracer_follow(pid_t child, tracer_order order);

#endif
