/* Proxy tasks: a host's own work (a thread, a remote call) as a task, which lists, waits and
 * completes like any other.
 *
 * This process is the task's supervisor: if it dies, the task is lost. No signal is ever sent to it
 * on behalf of the task. tether_kill, from any process, only requests the end: it delivers
 * TETHER_EVENT_CANCEL, waits for tether_proxy_finish, and returns TETHER_ESURVIVED if that does not
 * come in time. Sending a signal by number, pausing and resuming return TETHER_ENOTSUP. */
#ifndef TETHER_PROXY_H
#define TETHER_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/output.h"
#include "tether/registry.h"
#include "tether/task.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque: a proxy task that this process works on. */
typedef struct tether_proxy tether_proxy;

/* The work to register. All zero except for `command` is valid. Strings are copied. */
typedef struct tether_proxy_spec {
    /* sizeof(tether_proxy_spec), or 0 for the fields of version 0.1. */
    size_t size;
    /* 1 to 64 characters of a-z, 0-9, - and _, the first a letter or digit; no Windows device name.
     * NULL: the library chooses one. */
    const char *task_id;
    /* What the work is, for people. UTF-8. Required. */
    const char *command;
    /* A label for people. UTF-8, 1 to 1024 bytes. NULL: none. */
    const char *name;
    /* An existing directory that the work belongs to, stored as its canonical path. NULL: none. */
    const char *project_root;
    /* In milliseconds, until TETHER_EVENT_CANCEL. 0: none; the registry's default_timeout_ms does
     * not apply. */
    int64_t timeout_ms;
    /* No completion is kept when the work ends. Default: one is. */
    bool no_notify;
} tether_proxy_spec;

/* Registers work as a task that runs from now on.
 *
 * task_id receives the id; it is empty on failure. It may be the same buffer as spec->task_id.
 * tether_proxy_finish frees *proxy; it is NULL on failure, and nothing is left of the task. An open
 * proxy uses two file descriptors, which no child process inherits. Any thread.
 *
 * Errors: TETHER_EINVAL for an invalid spec; TETHER_EEXISTS if there is a task with that id;
 * TETHER_EWORKDIR if the project root is not a usable directory; TETHER_EQUOTA if a limit of the
 * session is reached; TETHER_ELOCKED, TETHER_ENOSPACE, TETHER_EGONE and others of the store. */
TETHER_EXPORT int tether_proxy_open(tether_registry *registry, const tether_proxy_spec *spec,
                                    char task_id[TETHER_ID_SIZE], tether_proxy **proxy,
                                    tether_error *error);

/* Appends `size` bytes to the task's output. After a failure, some of them may have been written.
 * Any thread, one at a time per proxy.
 *
 * Errors: TETHER_EINVAL for an unknown stream; TETHER_ENOSPACE, TETHER_EIO; TETHER_EGONE if the
 * task's files were removed; TETHER_ECLOSED if the registry was closed. */
TETHER_EXPORT int tether_proxy_write(tether_proxy *proxy, tether_stream stream, const void *data,
                                     size_t size, tether_error *error);

/* Returns whether the work should stop: a kill was requested, its deadline has passed, or the
 * registry was closed. It is the polled form of TETHER_EVENT_CANCEL. A kill by another process is
 * noticed at once if the registry has events, else within a second. Any thread. Does not wait. */
TETHER_EXPORT bool tether_proxy_cancelled(tether_proxy *proxy);

/* Ends the task and frees the proxy, also if it returns an error. No other call on the proxy may be
 * running. Any thread.
 *
 * exit_code is 0 to 255. If signal is not 0 (1 to 127), the task ended by that signal, and
 * exit_code is ignored. Work that stopped because it was cancelled reports SIGTERM: the task is
 * then killed or timed_out. Any other end is the task's own, completed or failed, even during a
 * kill.
 *
 * Call it before the registry is closed. Otherwise the close ends the task as lost (reason "given
 * up by its owner"); this function then only frees the proxy and returns TETHER_ECLOSED.
 *
 * Errors, after which the task is lost: TETHER_EINVAL for a code or signal out of range;
 * TETHER_EIO, TETHER_ENOSPACE; TETHER_EGONE if the task's files were removed; TETHER_ECLOSED. */
TETHER_EXPORT int tether_proxy_finish(tether_proxy *proxy, int exit_code, int signal,
                                      tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
