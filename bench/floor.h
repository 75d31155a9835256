/* The least that a detached task with a kept end can cost: three new files, one posix_spawn of a
 * small native supervisor, and an event when that has appended how the command ended. It is what
 * tether is measured against, and promises nothing: no identity, no lock, no kill. */
#ifndef TETHER_BENCH_FLOOR_H
#define TETHER_BENCH_FLOOR_H

/* Uses an existing directory, and the supervisor at a path. */
void floor_open(const char *directory, const char *supervisor);

/* Starts a program. Returns the number of the task. At most 1024 are not waited for. */
long floor_start(char *const argv[]);

/* Waits until the end of the task has been appended, and removes it. */
void floor_wait(long number);

#endif
