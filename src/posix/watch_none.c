/* Owns the stubs for platforms without known directory events, on which the reaper polls.
 * Must not: claim to watch a directory.
 * Thread: any. */
#include "os/watch.h"

#include <stddef.h>

#include "base/error.h"

int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **watch, tether_error *error)
{
    (void)loop;
    (void)cb;
    (void)userdata;
    *watch = NULL;
    return tether__fail(error, TETHER_ENOTSUP, 0, "watch directory",
                        "this platform has no directory events");
}

int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error)
{
    (void)watch;
    (void)dir;
    *tag = -1;
    return tether__fail(error, TETHER_ENOTSUP, 0, "watch directory",
                        "this platform has no directory events");
}

void tether__os_watch_remove(tether__watch *watch, int tag)
{
    (void)watch;
    (void)tag;
}

void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata))
{
    (void)watch;
    (void)closed;
}

int tether__os_watch_probe(tether_error *error)
{
    return tether__fail(error, TETHER_ENOTSUP, 0, "watch directory",
                        "this platform has no directory events");
}

bool tether__os_watch_is_quiet(tether__watch *watch)
{
    (void)watch;
    return false;
}

bool tether__os_watch_tells_growth(void)
{
    return false;
}

bool tether__os_watch_tells_close(void)
{
    return false;
}

void tether__os_watch_describe(char *text, size_t size)
{
    if (size > 0)
        text[0] = '\0';
}
