/* Child processes of a test, which never outlive it. */
#ifndef TETHER_TEST_FORKED_H
#define TETHER_TEST_FORKED_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/process.h"

/* Forks a child that runs body and exits with its result. The child dies with the test. It must not
 * use assertions: their longjmp would continue the test in the child. */
pid_t forked_start(int (*body)(void *userdata), void *userdata);

/* A body that waits forever. */
int forked_sleep(void *userdata);

/* Waits for a child to end. Returns its exit code, or 128 + N for signal N. */
int forked_join(pid_t pid);

/* Sends SIGKILL to a child and waits for its end. */
void forked_kill(pid_t pid);

/* Whether a process exists and is not a zombie. */
bool forked_lives(pid_t pid);

/* Returns the state letter of a process as in /proc; 0 if there is no such process. */
char forked_state(pid_t pid);

/* Returns the identity of a live process. */
tether__identity forked_identity(pid_t pid);

#endif
