/* What the tests of control share: tasks with a monitor whose command is CHILD, and what is done to
 * their monitors and hosts from outside. */
#ifndef TETHER_TEST_CONTROLLED_H
#define TETHER_TEST_CONTROLLED_H

#include "support/support.h"

/* How far a deadline is away: it is met while the test waits, or never. */
enum { CONTROLLED_SHORT_MS = 300, CONTROLLED_SOON_MS = 1500, CONTROLLED_LONG_MS = 3600 * 1000 };

/* Starts CHILD with the verbs that follow, up to NULL, as `spec` says and with a monitor. */
void controlled_start(tether_registry *registry, const tether_spec *spec, char id[TETHER_ID_SIZE],
                      ...);

/* Returns the pid of the task's monitor. */
long controlled_monitor(tether_registry *registry, const char *id);

/* Whether the task's lifeline contains this text. */
bool controlled_lifeline_has(const fixture *f, const char *id, const char *text);

/* Moves the deadline. */
void controlled_extend(fixture *f, const char *id, int64_t timeout_ms);

/* Expects that moving the deadline fails with this code. The text is a part of the message. */
void controlled_refuses(fixture *f, const char *id, int code, const char *text);

bool controlled_runs(const fixture *f, const char *id);

/* Waits for longer than CONTROLLED_SOON_MS, so that a deadline which counts is over. */
void controlled_wait_past_soon(void);

/* Ends the task at once. */
void controlled_end(fixture *f, const char *id);

/* --- Implemented in posix/controlled_os.c and win32/controlled_os.c --- */

/* Stops a process, and lets it go on. */
void controlled_suspend(long pid);
void controlled_resume(long pid);

/* Ends a process that cannot do anything about it. */
void controlled_kill(long pid);

/* Starts a program that does not wait; returns its pid. */
long controlled_host(const char *const *argv);

/* Ends that program, and waits until it is gone. */
void controlled_host_kill(long pid);

/* Takes note of the end of a monitor that a registry has started which is closed. */
void controlled_reap(void);

/* Whether hosts learn here how a command ends whose monitor was killed: Linux 6.15, and attributes
 * of files. */
bool controlled_has_witnesses(const fixture *f);

#endif
