/* What the program that plays every child needs of its platform: implemented in posix/child_posix.c
 * and win32/child_win32.c. */
#ifndef TETHER_TEST_CHILD_OS_H
#define TETHER_TEST_CHILD_OS_H

#include <stdbool.h>
#include <stddef.h>

/* The arguments as UTF-8, NULL-terminated; they live as long as the program. Before anything else.
 */
char **child_arguments(int argc, char **argv);

/* Writes everything to standard output (1) or standard error (2), as it is; ends with 98 where that
 * fails. */
void child_write(int stream, const char *bytes, size_t size);

/* Reads from standard input; 0 at the end, less where that fails. */
long child_read(char *bytes, size_t room);

/* Appends to a file in one write, and makes one where none is; ends with 96 where that fails. */
void child_append(const char *path, const char *bytes, size_t size);

bool child_exists(const char *path);

/* A variable's value, or NULL. */
const char *child_variable(const char *name);

/* The current directory, absolute, without links. */
const char *child_workdir(void);

long child_pid(void);

void child_nap(long ms);

/* Waits for ever. */
void child_wait(void);

/* Writes what was inherited on one line: the numbers of all open descriptors (POSIX), of handles
 * (Windows). */
void child_show_inherited(void);

/* Runs a program to its end, with a standard output that cannot be written: "closed", "full" (a
 * pipe that nobody reads) or "broken". Its exit code; ends with 97 where it cannot be started. */
int child_run_into(const char *kind, char **argv);

/* Verbs that only one platform has; whether it was one. `rest` are the arguments after it. */
bool child_do_plain(const char *verb, char **rest);
bool child_do_with_argument(const char *verb, const char *argument);

#endif
