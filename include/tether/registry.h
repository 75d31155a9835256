/* A registry: one open session of one store, and the loop that watches its tasks. */
#ifndef TETHER_REGISTRY_H
#define TETHER_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;

/* Opaque. There is no global state: a process may open any number of registries, on the same or
 * different stores and sessions. All calls on one registry are thread-safe unless they say
 * otherwise. */
typedef struct tether_registry tether_registry;

struct tether_event;

/* Called with what happens; tether/event.h tells when and on which thread. */
typedef void (*tether_event_cb)(tether_registry *registry, const struct tether_event *event,
                                void *userdata);

/* Makes the text of an ended task's output shorter, for previews: writes up to room bytes into
 * shorter and returns how many, or room + 1 to leave the text as it is. text is the end of what the
 * task wrote (valid UTF-8, at most 64 KiB); what is on disk never changes. Called on the thread
 * that asks for the snapshot, under no lock; it may not call the registry. Only tasks of the
 * registry's own session are asked for, and the last 300 bytes of the shorter text become the
 * preview. */
typedef size_t (*tether_compress_cb)(const char *command, const char *text, size_t size,
                                     char *shorter, size_t room, void *userdata);

/* How the registry learns that a task ended. */
typedef enum tether_reaper_mode {
    TETHER_REAPER_AUTO = 0,   /* events where they can be trusted, else polling */
    TETHER_REAPER_EVENTS = 1, /* events or a failure of tether_open */
    TETHER_REAPER_POLLING =
        2 /* polling with back-off: for tests and for file systems without events */
} tether_reaper_mode;

/* Options of tether_open. All zero (or a NULL pointer) is valid and means every default. */
typedef struct tether_open_options {
    /* sizeof(tether_open_options), or 0 for the fields of version 0.1. */
    size_t size;
    /* The store's directory, UTF-8. NULL: the user's own, see tether_default_store. */
    const char *store;
    /* The session's id: 1 to 128 bytes of UTF-8 without control characters, '/' and '\', no Windows
     * device name, no dot or blank at the end. NULL: "default". */
    const char *session;
    /* For tasks that name none. 0: 30 minutes. TETHER_NO_TIMEOUT: none. */
    int64_t default_timeout_ms;
    /* Default: TETHER_REAPER_AUTO. */
    tether_reaper_mode reaper;
    /* NULL: the registry runs a loop on a thread of its own. Else it lives on this loop: open and
     * close it on the thread that runs the loop, and keep the loop running until it has no handles
     * left after the close. */
    struct uv_loop_s *loop;
    /* How long to wait for the session lock. 0: 5 seconds. */
    int64_t lock_timeout_ms;
    /* Not 0: fsync every record, so that power loss costs no update. Default: off. */
    int sync;

    /* Not 0: the store is a new directory in memory ($XDG_RUNTIME_DIR, else /dev/shm) and is gone
     * after the close, which always kills what still runs. Such stores of hosts that died are
     * removed when the next one is opened. Excludes store. */
    int ephemeral;
    /* Told of what happens. NULL: nobody is. */
    tether_event_cb on_event;
    /* Makes previews of ended tasks shorter. NULL: they are the plain tail. */
    tether_compress_cb compress;
    /* Handed to on_event and compress. */
    void *userdata;
    /* How long a task runs before a TETHER_EVENT_REMINDER, and again after each such time. 0: 10
     * minutes. TETHER_NO_REMINDER: none. */
    int64_t reminder_ms;
    /* A task is refused (TETHER_EQUOTA) while so many of the session run. 0: no limit. */
    size_t max_running;
    /* A task is refused once so many were started in the session, by any host and removed ones
     * included. 0: no limit. */
    uint64_t max_started;
    /* A task is refused once the outputs of the session's tasks take so many bytes in the store. 0:
     * no limit. */
    uint64_t max_output_bytes;
    /* Not 0: watches that a host kept and left behind by its death are left to somebody else.
     * Default: with an on_event they are this registry's from now on. */
    int leave_watches;
    /* Not 0: no garbage is collected by itself. Default: once, in the background, see tether_gc. */
    int no_gc;
} tether_open_options;

#define TETHER_NO_TIMEOUT ((int64_t)-1)
#define TETHER_NO_REMINDER ((int64_t)-1)

typedef enum tether_close_mode {
    TETHER_DETACH = 0,  /* tasks go on; any later tether_open finds them again */
    TETHER_SHUTDOWN = 1 /* running tasks of the session are killed first, as tether_kill does */
} tether_close_mode;

/* Opens a session of a store, creating both (mode 0700) where they do not exist, and replays what
 * is on disk: ended tasks are finalised, living ones adopted, interrupted kills taken up again.
 * Ownership: *registry is freed by tether_close; it is NULL on failure. Threads: any (with a loop
 * of the host's: its thread). Errors: TETHER_EINVAL for a bad option or session id, before any file
 * is touched; TETHER_ESTORE for a store that is a link, somebody else's or open to others (the
 * message names the cure); TETHER_EFORMAT for a store of another format; TETHER_EACCESS,
 * TETHER_ENOSPACE; TETHER_ELOCKED when another process keeps the session lock. */
TETHER_EXPORT int tether_open(const tether_open_options *options, tether_registry **registry,
                              tether_error *error);

/* Closes a registry and frees it, whatever is returned. Threads that wait in a call (tether_wait,
 * tether_waiter_next, tether_run, tether_follow_read, tether_output_wait, tether_completions_wait,
 * tether_pause) return TETHER_ECLOSED first; no other call may be under way or made after it.
 * Waiters, and followers whose read has returned TETHER_ECLOSED, may be closed afterwards.
 * With TETHER_SHUTDOWN it returns when the tasks are gone, or with TETHER_ESURVIVED when some would
 * not go. Proxy tasks that are still open here are lost, whatever the mode: see
 * tether_proxy_finish. After TETHER_DETACH the process stays the parent of the tasks that it
 * started: a task that ends later stays a zombie until this process exits. NULL is allowed. */
TETHER_EXPORT int tether_close(tether_registry *registry, tether_close_mode mode,
                               tether_error *error);

/* The store that is used when none is named: $XDG_STATE_HOME/tether, else ~/.local/state/tether
 * (Windows: %LOCALAPPDATA%\tether). *path is freed with tether_free, NULL on failure. Any thread;
 * reads the environment. */
TETHER_EXPORT int tether_default_store(char **path, tether_error *error);

/* Frees memory that a tether function handed out as plain memory. NULL is allowed. */
TETHER_EXPORT void tether_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
