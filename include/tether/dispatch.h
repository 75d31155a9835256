/* A registry inside any event loop: epoll, poll, kqueue, GLib, asyncio, MsgWaitForMultipleObjects.
 *
 * Open it with the option dispatch. Add what tether_pollable stores to the loop, and call
 * tether_dispatch whenever that is ready, and also after the time that the last call has returned.
 * Everything that the registry does by itself happens in these calls: it notices ends, enforces
 * deadlines, goes on with kills and calls on_event. */
#ifndef TETHER_DISPATCH_H
#define TETHER_DISPATCH_H

#include <stdint.h>

#include "tether/error.h"
#include "tether/export.h"
#include "tether/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stores what the host's loop waits for: on POSIX a descriptor that becomes readable, on Windows a
 * HANDLE of an event that becomes signalled. It stays the same and belongs to the registry: do not
 * read, reset or close it, and take it out of the loop before tether_close. On POSIX no thread
 * of the library runs, except once for the collection of garbage (unless no_gc); on Windows one
 * watches, and calls nothing of the host.
 *
 * Any thread. Errors: TETHER_EINVAL if the registry was opened without dispatch. */
TETHER_EXPORT int tether_pollable(tether_registry *registry, intptr_t *pollable,
                                  tether_error *error);

/* Does what is due, without waiting, and calls on_event on this thread. Stores in *next_ms (NULL:
 * not wanted) after how many milliseconds to call it again even if nothing has become ready; 0: at
 * once, because there is more to do than one turn should take; -1: only when it becomes ready.
 * Every call on the registry may shorten that time, and then makes it ready. A call that comes too
 * early does no harm.
 *
 * A registry for which this is never called loses nothing: ends are in the store, and every call
 * that reads finds them. Calls that wait on other threads look at the disk from time to time
 * themselves.
 *
 * Any thread, but one at a time. On the thread of the last call nothing may wait, as on the thread
 * of a host's own loop. The callback may close the registry: this function then returns
 * TETHER_ECLOSED with *next_ms -1, and no other call may follow.
 *
 * Errors: TETHER_EINVAL if the registry was opened without dispatch, or if this is called in the
 * callback. */
TETHER_EXPORT int tether_dispatch(tether_registry *registry, int64_t *next_ms, tether_error *error);

#ifdef __cplusplus
}
#endif
#endif
