/* One run of the matrix: a store with three tasks, a host that does one operation on it and meets a
 * fault, and the checks that another host then makes. */
#ifndef TETHER_TEST_STORY_H
#define TETHER_TEST_STORY_H

#include <stdatomic.h>

#include <stdio.h>

#include "support/support.h"

/* Like HOST_ASSERT, with a text that says what was found. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            char check_text[512];                                                                  \
            snprintf(check_text, sizeof check_text, __VA_ARGS__);                                  \
            test_host_fail(__FILE__, __LINE__, #condition, check_text);                            \
        }                                                                                          \
    } while (0)

enum { RUNNING_CODE = 7, UNSEEN_CODE = 5, STARTED_CODE = 9 };

/* In memory that all processes of a run share. */
typedef struct story {
    fixture f;
    char running[TETHER_ID_SIZE]; /* runs until its gate is opened, then exits with RUNNING_CODE */
    char unseen[TETHER_ID_SIZE];  /* has ended with UNSEEN_CODE; no host has seen it yet */
    char acknowledged[TETHER_ID_SIZE]; /* has ended with 0, and its completion was acknowledged */
    char started[TETHER_ID_SIZE];      /* by the operation; empty: none, or not known */
    atomic_bool watched;               /* the operation runs: faults may happen */
    /* What the host says of its operation, if it lived to say it. */
    bool said;
    int code;
    tether_error error;
    int fds_before, fds_after;
    char wrong[512]; /* an answer that is wrong although the call succeeded; empty: none */
} story;

/* An operation of a host. */
typedef struct operation {
    const char *name;
    /* What another host does before; may be NULL. */
    void (*prepare)(story *s, tether_registry *registry);
    /* Returns the code of the call. Notes a wrong answer in s->wrong. */
    int (*run)(story *s, tether_registry *registry, tether_error *error);
    /* Does it again where it is allowed to, and checks what came of both; the task still runs. May
     * be NULL. Another host calls it, which ends with what is wrong. */
    void (*check)(const story *s, tether_registry *registry);
    /* The running task copies its standard input, which hosts write, into a file before it waits
     * for its gate. */
    bool reads;
} operation;

/* Whether the host was told that the operation succeeded. */
bool story_succeeded(const story *s);

/* Opens the gate of the running task: it goes on to its end. */
void story_open_gate(const story *s);

/* The file to which the task started by the operation appends a line. */
const char *story_trace(const story *s);

/* The file to which a task that reads copies its standard input. */
const char *story_copy(const story *s);

/* Returns how many moves of the deadline of the running task its monitor knows, and how many the
 * record has. */
int64_t story_told_moves(const story *s, tether_registry *registry);
int64_t story_written_moves(const story *s);

/* Creates the store and its tasks. Returns false if the machine failed. */
bool story_begin(story *s, const operation *op);

/* In the host: the operation, from open to close. */
void story_run(story *s, const operation *op);

/* Checks the store from a host of its own, which prints what is wrong. Returns false if anything
 * is. */
bool story_check(story *s, const operation *op);

/* Removes everything; where the run was not right, ends its tasks first. */
void story_end(story *s, bool right);

#endif
