/* Processes of a test's own, which never outlive it. */
#ifndef TETHER_TEST_FORKED_H
#define TETHER_TEST_FORKED_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/process.h"

/* Forks a child that runs body and ends with what that returns. It dies with the test. In it no
 * assertion may be used: a longjmp would run the test's other half. */
pid_t forked_start(int (*body)(void *userdata), void *userdata);

/* A body that waits for ever. */
int forked_sleep(void *userdata);

/* Waits for the end of a child; its exit code, 128 + N for signal N. */
int forked_join(pid_t pid);

/* Sends SIGKILL to a child and waits for its end. */
void forked_kill(pid_t pid);

/* Whether a process is there and no zombie. */
bool forked_lives(pid_t pid);

/* The state letter of a process in /proc; 0: there is none. */
char forked_state(pid_t pid);

/* Who a live process is. */
tether__identity forked_identity(pid_t pid);

#endif
