/* Owns the descriptors by which the end of the task's anchor is heard of.
 * Must not: take anything for that end but the end of the process, or the end line in its lifeline.
 * Thread: the only one. */
#include "posix/monitor/anchor.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "monitor/monitor_os.h"
#include "os/spawn.h"
#include "posix/told_end.h"

static int process = -1;
static int lifeline = -1;
static int news = -1; /* an inotify descriptor, which tells of changes of the lifeline */
static bool ended;

/* The command must not inherit it. */
static bool take(int number, int *fd)
{
    bool there = fcntl(number, F_SETFD, FD_CLOEXEC) == 0;
    *fd = there ? number : -1;
    return there;
}

static void let_go(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Nothing that is heard later counts, and a process that has ended would end each sleep. */
static void note_end(void)
{
    ended = true;
    let_go(&process);
    let_go(&lifeline);
    let_go(&news);
}

/* The host has looked before it started this process; the events since are in the queue. */
bool tether__monitor_os_watch_anchor(bool is_task)
{
    return take(TETHER__ANCHOR_FD, &process) &&
           (!is_task ||
            (take(TETHER__ANCHOR_LIFELINE_FD, &lifeline) && take(TETHER__ANCHOR_NEWS_FD, &news)));
}

bool tether__monitor_os_anchor_ended(void)
{
    return ended;
}

void tether__anchor_items(tether__wake_item items[TETHER__ANCHOR_ITEMS])
{
    items[0] = (tether__wake_item){.fd = process};
    items[1] = (tether__wake_item){.fd = news};
}

/* A supervisor that has ended can write no end any more: then its task has ended, however. */
void tether__anchor_wake(const tether__wake_item items[TETHER__ANCHOR_ITEMS])
{
    _Alignas(struct inotify_event) char events[1024];
    bool changed = false;
    while (items[1].ready && read(news, events, sizeof events) > 0)
        changed = true;
    if (items[0].ready || (changed && tether__posix_told_end(lifeline)))
        note_end();
}
