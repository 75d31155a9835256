/* One run of a monitor in the matrix: a host starts a task, its monitor meets a fault, and another
 * host then says what became of the task. */
#ifndef TETHER_TEST_MONITORED_H
#define TETHER_TEST_MONITORED_H

#include "posix/matrix/tracer.h"
#include "support/support.h"

/* A command and its true end. */
typedef struct monitored {
    const char *name;
    const char *text; /* begins with a line of its own in the file "trace" */
    int64_t timeout_ms;
    bool on_end;          /* a command at the end writes a line into the file "at-end" */
    bool waits_for_input; /* a FIFO, which gets a writer when the monitor has ended its start */
    tether_status status;
    int64_t code;
    int signal;
} monitored;

/* A list that ends without a name. */
extern const monitored monitored_commands[];

/* As the monitor of a task: offers itself to the tracer, and becomes the real one. Returns only if
 * this process is no monitor. */
void monitored_become(char **argv);

/* Returns whether what the store says after the run is right; prints what is not. said gets what it
 * says. */
bool monitored_try(const monitored *what, tracer_order order, tracer_result *result, char *said,
                   size_t size);

#endif
