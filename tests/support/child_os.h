/* What the test child needs of the platform. Implemented in posix/child_posix.c and
 * win32/child_win32.c. */
#ifndef TETHER_TEST_CHILD_OS_H
#define TETHER_TEST_CHILD_OS_H

#include <stdbool.h>
#include <stddef.h>

/* The arguments as UTF-8, NULL-terminated; valid until the program ends. Call it first. */
char **child_arguments(int argc, char **argv);

/* Writes all bytes unchanged to standard output (1) or standard error (2); exits with 98 on
 * failure. */
void child_write(int stream, const char *bytes, size_t size);

/* Reads from standard input; returns 0 at the end, a negative number on failure. */
long child_read(char *bytes, size_t room);

void child_close_input(void);

/* Appends to a file in one write, and creates it if need be; exits with 96 on failure. */
void child_append(const char *path, const char *bytes, size_t size);

bool child_exists(const char *path);

/* The value of an environment variable, or NULL. */
const char *child_variable(const char *name);

/* The absolute path of the current directory, without symbolic links. */
const char *child_workdir(void);

long child_pid(void);

void child_nap(long ms);

/* Never returns. */
void child_wait(void);

/* Prints the numbers of all open descriptors (on Windows, inheritable handles) on one line. */
void child_show_inherited(void);

/* Runs a program whose standard output cannot be written: "closed", "full" (a full pipe that nobody
 * reads) or "broken" (a pipe without a reader). Returns its exit code, on POSIX 128+N for signal N;
 * exits with 97 if it cannot be started. */
int child_run_into(const char *kind, char **argv);

/* Run a verb that only this platform has; return false if there is no such verb. `rest` are the
 * arguments after it. */
bool child_do_plain(const char *verb, char **rest);
bool child_do_with_argument(const char *verb, const char *argument);

#endif
