/* Seam: events of a directory, delivered on a libuv loop: a file in it was written to, or the last
 * writer of one closed it (which the kernel does at a process's death). */
#ifndef TETHER_OS_WATCH_H
#define TETHER_OS_WATCH_H

#include <stdbool.h>

#include "os/file.h"
#include "tether/error.h"

struct uv_loop_s;
typedef struct tether__watch tether__watch;

typedef enum tether__watch_event {
    TETHER__WATCH_CHANGED,  /* `name` in directory `tag` */
    TETHER__WATCH_OVERFLOW, /* events were lost: look at everything */
    TETHER__WATCH_GONE      /* directory `tag` was removed or unmounted; no more events of it */
} tether__watch_event;

/* Called on the loop's thread. name is NULL but for CHANGED. */
typedef void (*tether__watch_cb)(tether__watch_event event, int tag, const char *name,
                                 void *userdata);

/* Opens a watcher on a loop; on the loop's thread, or before it runs. TETHER_ENOTSUP where the
 * platform has none, TETHER_ELIMIT where its limit is reached. */
int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **watch, tether_error *error);

/* Adds a directory; *tag tells its events apart. Any thread; a directory that is added twice has
 * one tag. TETHER_ELIMIT where the limit is reached, TETHER_ENOTSUP for a file system whose events
 * cannot be trusted (another machine may write to it). */
int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error);

/* Removes it. Any thread. */
void tether__os_watch_remove(tether__watch *watch, int tag);

/* Closes it, on the loop's thread; closed(userdata) is called on the loop once nothing of it is
 * left. */
void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata));

/* Whether a directory could be watched right now, by the errors of open and add. Leaves nothing. */
int tether__os_watch_probe(tether_error *error);

/* What there is here, in words, for doctor: "inotify: 128 instances, 192536 watches"; empty: none.
 */
void tether__os_watch_describe(char *text, size_t size);

#endif
