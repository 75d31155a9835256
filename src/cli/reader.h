/* The reader of standard output, such as `head` in a pipeline. Verbs that wait for output end when
 * it is gone, and not only when they write the next time.
 *
 * The command then closes its registry, so that nothing is left half-done, and ends as by a write
 * without a reader: by SIGPIPE, or with exit code 141 where there is no such signal or it is
 * ignored. It prints nothing more. Tasks go on. */
#ifndef TETHER_CLI_READER_H
#define TETHER_CLI_READER_H

#include <stdbool.h>

#include "tether.h"

/* Called once the reader is gone, on a thread of its own, to wake a verb that waits for something
 * else than the registry. */
typedef void (*reader_wake)(void *userdata);

/* Watches the reader from now on, if standard output is a pipe, a socket or a terminal. When it is
 * gone, interrupts the registry and calls wake (NULL: there is nothing more to wake). One registry
 * at a time. */
void reader_watch(tether_registry *registry, reader_wake wake, void *userdata);

/* Stops using the registry and userdata; call it before they are gone. */
void reader_unwatch(void);

/* Returns whether the reader is gone. Any thread. */
bool reader_gone(void);

/* Ends this process if the reader is gone. */
void reader_end(void);

#endif
