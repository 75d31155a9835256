/* The calls of tether that all programs of bench/ make. Each ends the program with the message of
 * the error if it fails. */
#ifndef TETHER_BENCH_STORE_H
#define TETHER_BENCH_STORE_H

#include <stdbool.h>

#include "tether.h"

/* Opens a session of the store in the directory of bench_begin, without a collection of garbage. */
tether_registry *bench_open(const char *session);

/* Starts a task, with a completion if `notify`. */
void bench_spawn(tether_registry *registry, const char *const argv[], bool notify,
                 char id[TETHER_ID_SIZE]);

/* Waits until a task runs. */
void bench_settle(tether_registry *registry, const char *id);

/* Waits for the end of a task. */
void bench_wait(tether_registry *registry, const char *id);

/* Ends the program with the message of the error if `code` is one. */
void bench_check(int code, const tether_error *error);

/* Creates a task that has ended: a proxy, which needs no process. With `acknowledge` its completion
 * is acknowledged. */
void bench_end_one(tether_registry *registry, bool acknowledge, char id[TETHER_ID_SIZE]);

#endif
