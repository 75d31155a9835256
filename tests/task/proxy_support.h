/* What the tests of proxy tasks share: open and finish a proxy, and owners on their own thread. */
#ifndef TETHER_PROXY_SUPPORT_H
#define TETHER_PROXY_SUPPORT_H

#include "support/support.h"

#include <uv.h>

/* Signal numbers as the records store them, on every platform. */
enum { KILL_SIGNAL = 9, TERM_SIGNAL = 15 };

/* Reasons in the record. */
#define ENDED_BY_ITSELF "ended by itself while being killed"
#define GIVEN_UP "given up by its owner"

/* Opens a proxy task from a spec, or with a command only. Fails the test on an error. */
tether_proxy *proxy_open_spec(tether_registry *registry, const tether_proxy_spec *spec,
                              char id[TETHER_ID_SIZE]);
tether_proxy *proxy_open(tether_registry *registry, char id[TETHER_ID_SIZE]);

/* Finishes a proxy and frees it. Fails the test on an error. */
void proxy_finish(tether_proxy *proxy, int code, int signal);

/* An owner that writes lines of 8 bytes to stdout and finishes with 0. */
typedef struct proxy_writer {
    tether_proxy *proxy;
    int lines;
    int failed; /* calls that failed */
} proxy_writer;

/* The body of its thread; userdata is the proxy_writer. */
void proxy_write_lines(void *userdata);

/* An owner on its own thread that works until it is cancelled, then finishes with this code and
 * signal. */
typedef struct proxy_owner {
    tether_proxy *proxy;
    int code, signal;
    int result; /* of tether_proxy_finish; 1: it was not cancelled in time */
    uv_thread_t thread;
} proxy_owner;

void proxy_owner_start(proxy_owner *owner, tether_proxy *proxy, int code, int signal);

/* Joins the thread and asserts that the owner was cancelled and could finish. */
void proxy_owner_join(proxy_owner *owner);

#endif
