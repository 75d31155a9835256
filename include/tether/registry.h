/* A registry: one open session of one store, and the loop that watches the session's tasks.
 *
 * A store is a directory with any number of sessions; a session is a named group of tasks. A
 * process with an open registry is a host. Any number of hosts may have the same session open: they
 * see and control the same tasks. */
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

/* Opaque. The library has no global state: a process may open any number of registries, on the same
 * or on different stores and sessions. Functions may be called from any thread and at the same
 * time, unless their comments say otherwise. */
typedef struct tether_registry tether_registry;

struct tether_event;

/* Receives the events of a registry. tether/event.h lists them, and says on which thread this is
 * called and what it may do. `event` is valid during the call only. `userdata` is that of
 * tether_open_options. */
typedef void (*tether_event_cb)(tether_registry *registry, const struct tether_event *event,
                                void *userdata);

/* Shortens the output of an ended task for previews. `text` has `size` bytes: the last 64 KiB of
 * what the task wrote, as valid UTF-8 (each invalid byte became U+FFFD). Write at most `room` bytes
 * of UTF-8 to `shorter` and return how many, or return room + 1 to keep the usual preview. The last
 * 300 bytes of the shorter text become the preview. Files are not changed.
 *
 * Called on the thread that requests the snapshot, possibly on several at once, while the library
 * holds no lock. It must not call functions on the registry. Only tasks of the registry's own
 * session are passed to it. `command` is the text of the task's command, never NULL. */
typedef size_t (*tether_compress_cb)(const char *command, const char *text, size_t size,
                                     char *shorter, size_t room, void *userdata);

/* How a registry learns that tasks ended. */
typedef enum tether_reaper_mode {
    TETHER_REAPER_AUTO = 0,   /* events if they are reliable here, otherwise polling */
    TETHER_REAPER_EVENTS = 1, /* events; tether_open fails if they are not reliable here */
    TETHER_REAPER_POLLING =
        2 /* polling with back-off: for tests, and for file systems without events */
} tether_reaper_mode;

/* Options of tether_open. All zero (or a NULL pointer) means every default. Strings are copied. */
typedef struct tether_open_options {
    /* sizeof(tether_open_options), or 0 for the fields of version 0.1. */
    size_t size;
    /* The directory of the store, UTF-8. NULL: the user's own store, see tether_default_store. */
    const char *store;
    /* The id of the session: 1 to 128 bytes of UTF-8 without control characters, '/' and '\', not
     * ending in a dot or space, and not a Windows device name. NULL: "default". */
    const char *session;
    /* The timeout, in milliseconds, of tasks that specify none. 0: 30 minutes. TETHER_NO_TIMEOUT:
     * none. */
    int64_t default_timeout_ms;
    /* Default: TETHER_REAPER_AUTO. */
    tether_reaper_mode reaper;
    /* The host's own libuv loop to run on. Open and close the registry on the thread that runs the
     * loop, and after the close run the loop until it has no handles left. While another thread
     * waits for a task, the loop has to run: it tells of the end. NULL: the registry runs a loop
     * on a thread of its own. */
    struct uv_loop_s *loop;
    /* How long to wait, in milliseconds, for the session lock while another process holds it. 0: 5
     * seconds. */
    int64_t lock_timeout_ms;
    /* Not 0: fsync every change of a record, so that a power failure loses none. Default: off. */
    int sync;

    /* Not 0: create a new store for this registry alone, in memory if the system has a place for it
     * ($XDG_RUNTIME_DIR, else /dev/shm), else among the temporary files. Closing the registry
     * always kills the tasks that still run and removes the store. Stores of hosts that died are
     * removed by the next open with this option. Default: off. Excludes store. */
    int ephemeral;
    /* Receives events. NULL: none are delivered. */
    tether_event_cb on_event;
    /* Shortens the previews of ended tasks. NULL: a preview is the end of the output. */
    tether_compress_cb compress;
    /* Passed to on_event and compress. */
    void *userdata;
    /* The interval of TETHER_EVENT_REMINDER for each running task, in milliseconds. 0: 10 minutes.
     * TETHER_NO_REMINDER: no reminders. */
    int64_t reminder_ms;
    /* Refuse to start a task (TETHER_EQUOTA) while this many tasks of the session run. 0: no
     * limit. */
    size_t max_running;
    /* Refuse to start a task (TETHER_EQUOTA) once this many were started in the session, by any
     * host and including removed ones. 0: no limit. */
    uint64_t max_started;
    /* Refuse to start a task (TETHER_EQUOTA) once the outputs of the session's tasks take this many
     * bytes in the store. Running tasks are not stopped. 0: no limit. */
    uint64_t max_output_bytes;
    /* Not 0: do not take over the stored watches of hosts that closed the session or died. Default:
     * a registry with an on_event continues them. */
    int leave_watches;
    /* Not 0: do not collect garbage automatically. Default: once, in the background, see
     * tether_gc. */
    int no_gc;
    /* Not 0: defer what an opening does besides opening: inspect the session's tasks, and start the
     * loop and its thread. For a program that starts a task and exits. The first call that waits
     * (see tether_close for a list), follows output, keeps a ring or opens a proxy does both; a
     * tether_finish_kills with a timeout of 0 only inspects the tasks that are overdue. Until then
     * this registry enforces no deadline, adopts nothing and resumes no kill, and every call reads
     * the disk.
     * Default: off. No effect with a loop, an on_event or dispatch. */
    int deferred;
    /* Not 0: the registry runs only while the host calls tether_dispatch, which see in
     * tether/dispatch.h. Default: off. Excludes loop. */
    int dispatch;
    /* Not 0: create nothing, and fail if there is no such store or session (TETHER_EGONE). For a
     * program that only looks. Default: off. Excludes ephemeral. */
    int existing;
} tether_open_options;

/* As a timeout of tasks: none. */
#define TETHER_NO_TIMEOUT ((int64_t)-1)
/* As the interval of reminders: none are sent. */
#define TETHER_NO_REMINDER ((int64_t)-1)

/* What tether_close does with running tasks. */
typedef enum tether_close_mode {
    TETHER_DETACH = 0,  /* leave them running; a later tether_open of the session finds them */
    TETHER_SHUTDOWN = 1 /* kill all tasks of the session first, as tether_kill does */
} tether_close_mode;

/* Opens a session of a store, and brings what is on disk up to date: tasks that ended are
 * finalised, running ones are adopted, interrupted kills are resumed. Creates the store (mode 0700)
 * and the session if they do not exist.
 *
 * `options` may be NULL. tether_close frees *registry; it is NULL on failure. Any thread; with a
 * host's own loop, the thread of the loop. on_event may be called before this function returns.
 *
 * Errors: TETHER_EINVAL for an invalid option or session id, before any file is touched, or if
 * there is no default store; TETHER_ESTORE if the store's directory is a symbolic link, belongs to
 * another user or is accessible to others, or if a directory above it belongs to another user than
 * root, or is writable for others and not sticky, also before any file is touched (the message says
 * how to fix it); TETHER_EFORMAT if the directory holds other files or a store of another format;
 * TETHER_ELOCKED if another process does not release the session lock in time; TETHER_ELIMIT if no
 * thread or descriptor is left; TETHER_EACCESS; TETHER_ENOSPACE; with `existing` TETHER_EGONE. With
 * TETHER_REAPER_EVENTS also TETHER_ENOTSUP and others that say why events are not reliable. */
TETHER_EXPORT int tether_open(const tether_open_options *options, tether_registry **registry,
                              tether_error *error);

/* Closes and frees a registry, also if it returns an error. NULL is allowed. Any thread; with a
 * host's own loop, the thread of the loop.
 *
 * Calls that wait on other threads (tether_wait, tether_waiter_next, tether_run,
 * tether_follow_read, tether_output_wait, tether_completions_wait, tether_pause, tether_resume,
 * tether_kill with a signal, tether_finish_kills) return TETHER_ECLOSED before this function
 * returns. No other call on the registry may be running or be made later. Exceptions: waiters,
 * proxies, and followers whose read has returned TETHER_ECLOSED may be closed or finished
 * afterwards.
 *
 * With TETHER_SHUTDOWN it waits until the tasks are gone. Proxy tasks that are still open in this
 * registry are lost in either mode, see tether_proxy_finish. After TETHER_DETACH this process stays
 * the parent of the tasks that it started: one that ends later remains a zombie until this process
 * exits.
 *
 * Errors: TETHER_ESURVIVED if some tasks could not be killed; others of tether_kill. */
TETHER_EXPORT int tether_close(tether_registry *registry, tether_close_mode mode,
                               tether_error *error);

/* Makes the calls that wait on other threads, those that tether_close lists, return TETHER_ECLOSED
 * soon, and all later ones at once. The registry stays open and everything else works; it is of use
 * when the host has to stop waiting, such as for a signal, and closes the registry next. Any
 * thread.
 */
TETHER_EXPORT void tether_interrupt(tether_registry *registry);

/* Returns the path of the store that is used if none is named: $XDG_STATE_HOME/tether, else
 * ~/.local/state/tether; on Windows %LOCALAPPDATA%\tether. Does not create it.
 *
 * The caller frees *path with tether_free; it is NULL on failure. Any thread; reads the
 * environment, which no other thread may change during the call.
 *
 * Errors: TETHER_EINVAL if the user has no such directory (neither XDG_STATE_HOME nor HOME is an
 * absolute path); TETHER_ENOMEM. */
TETHER_EXPORT int tether_default_store(char **path, tether_error *error);

/* Frees memory whose documentation names this function. NULL is allowed. Any thread. */
TETHER_EXPORT void tether_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
