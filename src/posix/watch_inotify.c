/* Owns directory events on Linux: one inotify descriptor per watcher, regardless of the number of
 * tasks.
 * Must not: trust events of a file system that another machine may write to.
 * Thread: events arrive on the loop's thread; any thread may add and remove. */
#include "os/watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "posix/dir.h"
#include "posix/error.h"

struct tether__watch {
    uv_poll_t poll;
    int fd;
    atomic_bool delivering; /* events were taken from the queue, or are about to be */
    tether__watch_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
};

enum { EVENT_BYTES = 16384 };

static const uint32_t watched_events =
    IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;

static void deliver(tether__watch *watch, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        watch->cb(TETHER__WATCH_OVERFLOW, -1, NULL, watch->userdata);
    else if ((event->mask & (IN_IGNORED | IN_UNMOUNT)) != 0)
        watch->cb(TETHER__WATCH_GONE, event->wd, NULL, watch->userdata);
    else if ((event->mask & (IN_MOVED_FROM | IN_DELETE)) != 0)
        watch->cb(TETHER__WATCH_LEFT, event->wd, event->len > 0 ? event->name : NULL,
                  watch->userdata);
    else if (event->len > 0)
        watch->cb(TETHER__WATCH_CHANGED, event->wd, event->name, watch->userdata);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    tether__watch *watch = poll->data;
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    (void)status;
    (void)events;
    atomic_store(&watch->delivering, true);
    ssize_t size = read(watch->fd, bytes, sizeof bytes);
    for (char *at = bytes; size > 0 && at < bytes + size;) {
        const struct inotify_event *event = (const struct inotify_event *)(void *)at;
        deliver(watch, event);
        at += sizeof *event + event->len;
    }
    atomic_store(&watch->delivering, false);
}

/* In this order: who finds the queue empty after an event was taken from it sees `delivering`. */
bool tether__os_watch_is_quiet(tether__watch *watch)
{
    int waiting = 1;
    return ioctl(watch->fd, FIONREAD, &waiting) == 0 && waiting == 0 &&
           !atomic_load(&watch->delivering);
}

static int open_inotify(tether_error *error)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd >= 0)
        return fd;
    int os_error = errno;
    if (os_error == EPERM || os_error == EACCES || os_error == ENOSYS)
        return tether__fail(error, TETHER_ENOTSUP, os_error, "watch directory",
                            "the system refuses inotify_init1, as the seccomp filters of some "
                            "containers do; leave the reaper on auto, which polls there");
    return tether__fail(error, os_error == EMFILE ? TETHER_ELIMIT : tether__posix_code(os_error),
                        os_error, "watch directory",
                        "no inotify instance is left; raise fs.inotify.max_user_instances or the "
                        "limit of descriptors");
}

int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **out, tether_error *error)
{
    *out = NULL;
    tether__watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return tether__fail_memory(error, "watch directory");
    watch->cb = cb;
    watch->userdata = userdata;
    watch->fd = open_inotify(error);
    int code = watch->fd < 0 ? watch->fd : TETHER_OK;
    if (code == TETHER_OK && uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        close(watch->fd);
        code = tether__fail(error, TETHER_ESYSTEM, 0, "watch directory",
                            "the event loop cannot poll inotify");
    }
    if (code != TETHER_OK) {
        free(watch);
        return code;
    }
    watch->poll.data = watch;
    uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    *out = watch;
    return TETHER_OK;
}

/* Whether another machine may write to the file system: inotify reports only this machine's
 * changes. */
static bool is_shared_between_machines(int fd)
{
    static const unsigned long types[] = {
        0x6969,     /* NFS */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x01021997, /* 9P */
        0x65735546, /* FUSE: it may be a network file system */
        0x00c36400, /* Ceph */
        0x5346414f, /* AFS */
        0x0bd00bd0, /* Lustre */
        0x01161970, /* GFS2 */
        0x7461636f, /* OCFS2 */
        0x47504653, /* GPFS */
    };
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (((unsigned long)fs.f_type & 0xffffffffUL) == types[i])
            return true;
    }
    return false;
}

static int fail_add(int os_error, const char *path, tether_error *error)
{
    if (os_error == ENOSPC)
        return tether__fail(error, TETHER_ELIMIT, os_error, "watch directory",
                            "no inotify watch is left; raise fs.inotify.max_user_watches");
    if (os_error == EPERM || os_error == ENOSYS)
        return tether__fail(error, TETHER_ENOTSUP, os_error, "watch directory",
                            "the system refuses inotify_add_watch, as the seccomp filters of some "
                            "containers do; leave the reaper on auto, which polls there");
    return tether__posix_fail(error, os_error, "watch directory", path);
}

int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error)
{
    *tag = -1;
    if (is_shared_between_machines(dir->fd))
        return tether__fail(error, TETHER_ENOTSUP, 0, "watch directory",
                            "events on the file system of %.300s are not reliable; leave the "
                            "reaper on auto, which polls there",
                            dir->path);
    /* By descriptor, so that the verified directory is watched and not another one that took its
     * name. */
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", dir->fd);
    int wd = inotify_add_watch(watch->fd, path, watched_events);
    if (wd < 0 && errno == ENOENT)
        wd = inotify_add_watch(watch->fd, dir->path, watched_events);
    if (wd < 0)
        return fail_add(errno, dir->path, error);
    *tag = wd;
    return TETHER_OK;
}

int tether__os_watch_probe(tether_error *error)
{
    int fd = open_inotify(error);
    if (fd < 0)
        return fd;
    int code =
        inotify_add_watch(fd, "/", watched_events) >= 0 ? TETHER_OK : fail_add(errno, "/", error);
    close(fd);
    return code;
}

void tether__os_watch_remove(tether__watch *watch, int tag)
{
    inotify_rm_watch(watch->fd, tag);
}

static void on_closed(uv_handle_t *handle)
{
    tether__watch *watch = handle->data;
    void (*closed)(void *) = watch->closed;
    void *userdata = watch->userdata;
    close(watch->fd);
    free(watch);
    closed(userdata);
}

void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata))
{
    watch->closed = closed;
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static long read_limit(const char *path)
{
    long value = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%ld", &value) != 1)
        value = -1;
    fclose(file);
    return value;
}

bool tether__os_watch_tells_growth(void)
{
    return true;
}

bool tether__os_watch_tells_close(void)
{
    return true;
}

void tether__os_watch_describe(char *text, size_t size)
{
    snprintf(text, size, "inotify: up to %ld instances and %ld watches for this user",
             read_limit("/proc/sys/fs/inotify/max_user_instances"),
             read_limit("/proc/sys/fs/inotify/max_user_watches"));
}
