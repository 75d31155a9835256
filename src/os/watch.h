/* Seam: events of a directory, delivered on a libuv loop: a file in it was written to, or the last
 * descriptor of a file that was open for writing was closed (the kernel closes the descriptors of a
 * process that dies). */
#ifndef TETHER_OS_WATCH_H
#define TETHER_OS_WATCH_H

#include <stdbool.h>

#include "os/file.h"
#include "tether/error.h"

struct uv_loop_s;
typedef struct tether__watch tether__watch;

typedef enum tether__watch_event {
    TETHER__WATCH_CHANGED,  /* file `name` in directory `tag` changed */
    TETHER__WATCH_LEFT,     /* file `name` (NULL: some) was moved out of directory `tag`, renamed or
                               removed. What is still written to it raises no events. Not told on
                               Windows */
    TETHER__WATCH_OVERFLOW, /* events were lost: the receiver has to probe everything */
    TETHER__WATCH_GONE      /* directory `tag` was removed or unmounted, and has no more events */
} tether__watch_event;

/* Called on the loop's thread. name is NULL except for CHANGED and LEFT. */
typedef void (*tether__watch_cb)(tether__watch_event event, int tag, const char *name,
                                 void *userdata);

/* Opens a watcher on a loop. Call it on the loop's thread, or before the loop runs. TETHER_ENOTSUP
 * where the platform has no directory events, TETHER_ELIMIT when a limit is reached. */
int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **watch, tether_error *error);

/* Adds a directory; *tag identifies its events. Any thread. A directory that is added twice has one
 * tag. TETHER_ELIMIT when a limit is reached, TETHER_ENOTSUP for a file system whose events are not
 * reliable (another machine may write to it). */
int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error);

/* Whether a write to a file raises an event at once, even if the writer keeps the file open. NTFS
 * updates size and time in the directory, and reports that, only when the file is closed or
 * flushed, or when somebody opens it. */
bool tether__os_watch_tells_growth(void);

/* Whether everything that happened in the directories before this call was delivered, and the
 * callbacks for it have returned. False also where the system cannot tell. Any thread; on the
 * loop's own, inside a callback, false. */
bool tether__os_watch_is_quiet(tether__watch *watch);

/* Whether the close of a file that was open for writing raises an event, such as at the death of
 * its writer. Where it does not, other events have to tell that (os/ends.h). */
bool tether__os_watch_tells_close(void);

/* Removes a directory. Any thread. */
void tether__os_watch_remove(tether__watch *watch, int tag);

/* Closes the watcher, on the loop's thread. closed(userdata) runs on the loop once all resources
 * are freed. */
void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata));

/* Checks whether a directory could be watched right now; fails with the errors of open and add.
 * Leaves nothing behind. */
int tether__os_watch_probe(tether_error *error);

/* Describes the mechanism for doctor, such as "inotify: up to 128 instances and 65536 watches for
 * this user"; an empty string where there is none. */
void tether__os_watch_describe(char *text, size_t size);

#endif
