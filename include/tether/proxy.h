/* Proxy tasks: work of the host's own (a thread, a remote call) that lists, waits and completes
 * like any other task. This process is its supervisor: where it dies, the task is lost. Nobody
 * signals this process because of one: tether_kill asks for the end and waits for
 * tether_proxy_finish, and fails with TETHER_ESURVIVED where that does not come in time; a signal
 * by number, and a pause, are TETHER_ENOTSUP. */
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

typedef struct tether_proxy tether_proxy;

typedef struct tether_proxy_spec {
    size_t size;              /* sizeof(tether_proxy_spec), or 0 for the fields of version 0.1 */
    const char *task_id;      /* 1 to 64 of a-z, 0-9, - and _; NULL: one is chosen */
    const char *command;      /* what it is, for people; UTF-8, required */
    const char *name;         /* as in tether_spec */
    const char *project_root; /* likewise */
    int64_t timeout_ms;       /* 0: none */
    bool no_notify;           /* as in tether_spec */
} tether_proxy_spec;

/* Registers work under an id; it runs from now on. *proxy is freed by tether_proxy_finish; NULL on
 * failure, when task_id is empty and nothing is left. A proxy takes two descriptors, which no child
 * inherits. Any thread. Errors: TETHER_EINVAL; TETHER_EEXISTS for an id that is taken;
 * TETHER_EWORKDIR for a project root that is not there; TETHER_EQUOTA; those of the store. */
TETHER_EXPORT int tether_proxy_open(tether_registry *registry, const tether_proxy_spec *spec,
                                    char task_id[TETHER_ID_SIZE], tether_proxy **proxy,
                                    tether_error *error);

/* Adds to its output; where that fails, a part may be there. One thread at a time per proxy.
 * Errors: TETHER_EINVAL; TETHER_ENOSPACE, TETHER_EIO; TETHER_EGONE: its files were removed;
 * TETHER_ECLOSED: the registry is closed. */
TETHER_EXPORT int tether_proxy_write(tether_proxy *proxy, tether_stream stream, const void *data,
                                     size_t size, tether_error *error);

/* Whether somebody wants it to end, or its deadline has come (TETHER_EVENT_CANCEL tells the same);
 * true also once the registry is closed. What another process wants is known at once with events,
 * within a second where the registry polls. Any thread; never blocks for long. */
TETHER_EXPORT bool tether_proxy_cancelled(tether_proxy *proxy);

/* Ends it, by itself with an exit code from 0 to 255, or by a signal (1 to 127; the code does not
 * count then): work that stopped because it was cancelled says SIGTERM, and is killed or timed_out;
 * any other end is its own, also while it is being killed. Frees the proxy, whatever is returned;
 * no other call on it may be under way. Call it before the registry is closed, or the task is lost
 * (reason "given up by its owner"), and this frees the proxy and returns TETHER_ECLOSED. Any
 * thread. Errors, each of which loses the task: TETHER_EINVAL; TETHER_EIO; TETHER_EGONE: its files
 * were removed; TETHER_ECLOSED. */
TETHER_EXPORT int tether_proxy_finish(tether_proxy *proxy, int exit_code, int signal,
                                      tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
