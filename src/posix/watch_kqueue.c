/* Owns directory events on macOS and the BSDs. A directory tells only that names came or went, so
 * that every file in it that is written to is watched by a descriptor of its own. Which those are
 * follows from the store's ways: a file whose owner may not write (a sealed lifeline) is done with,
 * and a name with a dot is never written to in place. Descriptors are scarce: beyond a quarter of
 * what the process may have, and beyond a fixed number, the clock stands in for events (see
 * os_watch.h: events were lost, look at everything). Must not: trust events of a file system that
 * another machine may write to, or call back under the mutex. Thread: events come on the loop's
 * thread; add and remove are for any thread. */
#include "os/watch.h"

#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "posix/kqueue.h"
#include "posix/dir.h"
#include "posix/error.h"

#ifdef O_EVTONLY /* macOS: keeps nobody from unmounting */
#define WATCH_ACCESS O_EVTONLY
#else
#define WATCH_ACCESS O_RDONLY
#endif

/* The last close of a writer is an event only where the kernel knows it. */
#ifdef NOTE_CLOSE_WRITE
#define FILE_NOTES (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_GONE | NOTE_CLOSE_WRITE)
#else
#define FILE_NOTES (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_GONE)
#endif
#define NOTE_GONE (NOTE_DELETE | NOTE_RENAME | NOTE_REVOKE)
#define FOLDER_NOTES (NOTE_WRITE | NOTE_ATTRIB | NOTE_DELETE | NOTE_REVOKE)

enum { EVENTS_AT_ONCE = 64, HANDLES = 2, FILES_AT_MOST = 1024, FILES_AT_LEAST = 16 };
enum { CLOCK_MS = 1000 };

static const char step[] = "watch directory";

typedef struct item {
    char *name;
    int fd;       /* -1: it is not written to any more, or `lacking` */
    bool lacking; /* it is written to, and no descriptor was left for it */
} item;

typedef struct folder {
    int tag;
    int fd;
    dev_t device;
    ino_t node;
    item *items; /* by name */
    size_t count;
    bool lacking; /* one of them is */
} folder;

struct tether__watch {
    uv_poll_t poll;
    uv_timer_t timer;
    int queue;
    int handles; /* that are not closed yet */
    tether__watch_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
    uv_mutex_t mutex; /* all below */
    folder *folders;
    size_t count;
    size_t room;
    size_t files; /* that are open */
    size_t limit; /* of them */
    int last_tag;
};

/* Names that are to be told of once the mutex is free. */
typedef struct names {
    char **items;
    size_t count;
    size_t room;
} names;

static bool names_add(names *list, const char *name)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 16 : list->room * 2;
        char **items = realloc(list->items, room * sizeof *items);
        if (items == NULL)
            return false;
        list->items = items;
        list->room = room;
    }
    char *copy = strdup(name);
    if (copy != NULL)
        list->items[list->count++] = copy;
    return copy != NULL;
}

static void names_dispose(names *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (names){0};
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* 0 or errno. EV_CLEAR: what was told once is not told again until it happens again. */
static int watch_file(int queue, int fd, unsigned notes)
{
    struct kevent change;
    EV_SET(&change, (uintptr_t)fd, EVFILT_VNODE, EV_ADD | EV_CLEAR, notes, 0, NULL);
    return kevent(queue, &change, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

static bool is_live(const struct stat *st)
{
    return S_ISREG(st->st_mode) && (st->st_mode & S_IWUSR) != 0;
}

/* --- One folder; under the mutex ---------------------------------------------------------------
 */

static void item_close(tether__watch *watch, item *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        watch->files--;
    }
    file->fd = -1;
    file->lacking = false;
}

/* Opens what is written to. */
static void item_open(tether__watch *watch, const folder *in, item *file)
{
    struct stat st;
    file->fd = -1;
    file->lacking = false;
    if (watch->files >= watch->limit) {
        file->lacking = fstatat(in->fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_live(&st);
        return;
    }
    int fd =
        openat(in->fd, file->name, WATCH_ACCESS | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        file->lacking = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
        return;
    }
    if (fstat(fd, &st) != 0 || !is_live(&st)) {
        close(fd);
    } else if (watch_file(watch->queue, fd, FILE_NOTES) != 0) {
        file->lacking = true;
        close(fd);
    } else {
        file->fd = fd;
        watch->files++;
    }
}

static bool list_names(const folder *in, names *list)
{
    int fd = openat(in->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool fits = true;
    for (struct dirent *entry; fits && (entry = readdir(stream)) != NULL;) {
        if (strchr(entry->d_name, '.') == NULL)
            fits = names_add(list, entry->d_name);
    }
    closedir(stream);
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_name);
    return fits;
}

/* Takes over the names: what is known stays as it is, what is new is opened, and told where `fresh`
 * is not NULL. */
static bool merge(tether__watch *watch, folder *in, names *list, names *fresh)
{
    item *items = calloc(list->count + 1, sizeof *items);
    bool fits = items != NULL;
    size_t old = 0;
    in->lacking = false;
    for (size_t i = 0; fits && i < list->count; i++) {
        int order = 1;
        while (old < in->count && (order = strcmp(in->items[old].name, list->items[i])) < 0) {
            item_close(watch, &in->items[old]);
            free(in->items[old++].name);
        }
        if (old < in->count && order == 0) {
            items[i] = in->items[old++];
            free(list->items[i]);
            if (items[i].lacking)
                item_open(watch, in, &items[i]);
        } else {
            items[i].name = list->items[i];
            item_open(watch, in, &items[i]);
            if (fresh != NULL && !names_add(fresh, items[i].name))
                in->lacking = true; /* the clock will tell */
        }
        in->lacking = in->lacking || items[i].lacking;
    }
    if (!fits)
        return false;
    for (; old < in->count; old++) {
        item_close(watch, &in->items[old]);
        free(in->items[old].name);
    }
    free(in->items);
    in->items = items;
    in->count = list->count;
    list->count = 0;
    return true;
}

/* False: it could not be done, for want of memory or descriptors. */
static bool rescan(tether__watch *watch, folder *in, names *fresh)
{
    names list = {0};
    bool done = list_names(in, &list) && merge(watch, in, &list, fresh);
    names_dispose(&list);
    if (!done)
        in->lacking = true;
    return done;
}

static void folder_close(tether__watch *watch, folder *in)
{
    for (size_t i = 0; i < in->count; i++) {
        item_close(watch, &in->items[i]);
        free(in->items[i].name);
    }
    free(in->items);
    close(in->fd);
    *in = watch->folders[--watch->count];
}

/* --- Events ------------------------------------------------------------------------------------
 */

/* What is to be told of one event. */
typedef struct news {
    int tag; /* -1: nothing */
    bool gone;
    bool overflow;
    names changed;
} news;

static void take_folder_event(tether__watch *watch, folder *in, unsigned notes, news *told)
{
    told->tag = in->tag;
    told->gone = (notes & (NOTE_DELETE | NOTE_REVOKE)) != 0;
    if (told->gone) {
        folder_close(watch, in);
        return;
    }
    /* A nudge of a file that is not watched any more. */
    told->overflow = (notes & NOTE_ATTRIB) != 0;
    if (!rescan(watch, in, &told->changed))
        told->overflow = true;
}

static void take_file_event(tether__watch *watch, folder *in, item *file, unsigned notes,
                            news *told)
{
    struct stat st;
    told->tag = in->tag;
    if (!names_add(&told->changed, file->name))
        told->overflow = true;
    if ((notes & NOTE_GONE) != 0) {
        /* Another may have its name by now. */
        item_close(watch, file);
        file->lacking = true;
        if (!rescan(watch, in, NULL))
            told->overflow = true;
    } else if (fstat(file->fd, &st) == 0 && !is_live(&st)) {
        item_close(watch, file);
    }
}

static void take_event(tether__watch *watch, const struct kevent *event, news *told)
{
    int fd = (int)event->ident;
    unsigned notes = event->fflags;
    for (size_t i = 0; i < watch->count; i++) {
        folder *in = &watch->folders[i];
        if (in->fd == fd) {
            take_folder_event(watch, in, notes, told);
            return;
        }
        for (size_t k = 0; k < in->count; k++) {
            if (in->items[k].fd == fd) {
                take_file_event(watch, in, &in->items[k], notes, told);
                return;
            }
        }
    }
}

static bool is_lacking(tether__watch *watch)
{
    bool lacking = false;
    for (size_t i = 0; i < watch->count; i++)
        lacking = lacking || watch->folders[i].lacking;
    return lacking;
}

static void tell(tether__watch *watch, news *told)
{
    for (size_t i = 0; i < told->changed.count; i++)
        watch->cb(TETHER__WATCH_CHANGED, told->tag, told->changed.items[i], watch->userdata);
    if (told->gone)
        watch->cb(TETHER__WATCH_GONE, told->tag, NULL, watch->userdata);
    if (told->overflow)
        watch->cb(TETHER__WATCH_OVERFLOW, -1, NULL, watch->userdata);
    names_dispose(&told->changed);
}

/* Looks whether descriptors were freed meanwhile. What was not watched until now counts as changed.
 */
static void on_clock(uv_timer_t *timer)
{
    tether__watch *watch = timer->data;
    uv_mutex_lock(&watch->mutex);
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].lacking)
            rescan(watch, &watch->folders[i], NULL);
    }
    if (!is_lacking(watch))
        uv_timer_stop(timer);
    uv_mutex_unlock(&watch->mutex);
    watch->cb(TETHER__WATCH_OVERFLOW, -1, NULL, watch->userdata);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    tether__watch *watch = poll->data;
    struct kevent found[EVENTS_AT_ONCE];
    const struct timespec now = {0, 0};
    (void)status;
    (void)events;
    int count = kevent(watch->queue, NULL, 0, found, EVENTS_AT_ONCE, &now);
    for (int i = 0; i < count; i++) {
        news told = {.tag = -1};
        uv_mutex_lock(&watch->mutex);
        take_event(watch, &found[i], &told);
        bool lacking = is_lacking(watch);
        uv_mutex_unlock(&watch->mutex);
        if (lacking && uv_is_active((uv_handle_t *)&watch->timer) == 0)
            uv_timer_start(&watch->timer, on_clock, CLOCK_MS, CLOCK_MS);
        tell(watch, &told);
    }
}

/* --- The seam ----------------------------------------------------------------------------------
 */

static size_t file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FILES_AT_LEAST;
    if (limit.rlim_cur / 4 >= FILES_AT_MOST)
        return FILES_AT_MOST;
    size_t quarter = (size_t)(limit.rlim_cur / 4);
    return quarter > FILES_AT_LEAST ? quarter : FILES_AT_LEAST;
}

int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **out, tether_error *error)
{
    *out = NULL;
    tether__watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return tether__fail_memory(error, step);
    if (uv_mutex_init(&watch->mutex) != 0) {
        free(watch);
        return tether__fail_memory(error, step);
    }
    watch->cb = cb;
    watch->userdata = userdata;
    watch->limit = file_limit();
    watch->poll.data = watch;
    int code = tether__kqueue_open(loop, &watch->poll, on_readable, &watch->queue, step, error);
    if (code != TETHER_OK) {
        uv_mutex_destroy(&watch->mutex);
        free(watch);
        return code;
    }
    uv_timer_init(loop, &watch->timer);
    watch->timer.data = watch;
    *out = watch;
    return TETHER_OK;
}

/* Whether every change is made by this machine, so that it is an event here. */
static bool is_local(int fd)
{
#ifdef ST_LOCAL /* NetBSD, which has no statfs */
    struct statvfs fs;
    return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_LOCAL) != 0;
#else
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_flags & MNT_LOCAL) != 0;
#endif
}

static int fail_limit(const tether__dir *dir, tether_error *error)
{
    return tether__fail(error, TETHER_ELIMIT, 0, step,
                        "more files of %.300s are written to than may be watched; raise the limit "
                        "of descriptors (ulimit -n)",
                        dir->path);
}

/* Under the mutex. */
static folder *find_folder(tether__watch *watch, const struct stat *st)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].device == st->st_dev && watch->folders[i].node == st->st_ino)
            return &watch->folders[i];
    }
    return NULL;
}

/* Under the mutex. */
static folder *new_folder(tether__watch *watch)
{
    if (watch->count == watch->room) {
        size_t room = watch->room == 0 ? 8 : watch->room * 2;
        folder *folders = realloc(watch->folders, room * sizeof *folders);
        if (folders == NULL)
            return NULL;
        watch->folders = folders;
        watch->room = room;
    }
    return &watch->folders[watch->count];
}

/* The directory first, and its files after that: what comes meanwhile is an event of the directory.
 * Under the mutex. */
static int add_folder(tether__watch *watch, const tether__dir *dir, const struct stat *st, int *tag,
                      tether_error *error)
{
    folder *in = new_folder(watch);
    if (in == NULL)
        return tether__fail_memory(error, step);
    int fd = openat(dir->fd, ".", WATCH_ACCESS | O_DIRECTORY | O_CLOEXEC);
    int os_error = fd < 0 ? errno : watch_file(watch->queue, fd, FOLDER_NOTES);
    if (os_error != 0) {
        if (fd >= 0)
            close(fd);
        return tether__posix_fail(error, os_error, step, dir->path);
    }
    *in = (folder){.tag = ++watch->last_tag, .fd = fd, .device = st->st_dev, .node = st->st_ino};
    watch->count++;
    if (!rescan(watch, in, NULL) || in->lacking) {
        folder_close(watch, in);
        return fail_limit(dir, error);
    }
    *tag = in->tag;
    return TETHER_OK;
}

int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error)
{
    struct stat st;
    int code = TETHER_OK;
    *tag = -1;
    if (!is_local(dir->fd))
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "events on the file system of %.300s cannot be trusted", dir->path);
    if (fstat(dir->fd, &st) != 0) {
        int os_error = errno;
        return tether__posix_fail(error, os_error, step, dir->path);
    }
    uv_mutex_lock(&watch->mutex);
    const folder *known = find_folder(watch, &st);
    if (known != NULL)
        *tag = known->tag;
    else
        code = add_folder(watch, dir, &st, tag, error);
    uv_mutex_unlock(&watch->mutex);
    return code;
}

void tether__os_watch_remove(tether__watch *watch, int tag)
{
    uv_mutex_lock(&watch->mutex);
    for (size_t i = watch->count; i > 0; i--) {
        if (watch->folders[i - 1].tag == tag)
            folder_close(watch, &watch->folders[i - 1]);
    }
    uv_mutex_unlock(&watch->mutex);
}

static void on_closed(uv_handle_t *handle)
{
    tether__watch *watch = handle->data;
    if (--watch->handles > 0)
        return;
    void (*closed)(void *) = watch->closed;
    void *userdata = watch->userdata;
    while (watch->count > 0)
        folder_close(watch, &watch->folders[watch->count - 1]);
    free(watch->folders);
    close(watch->queue);
    uv_mutex_destroy(&watch->mutex);
    free(watch);
    closed(userdata);
}

void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata))
{
    watch->closed = closed;
    watch->handles = HANDLES;
    uv_poll_stop(&watch->poll);
    uv_close((uv_handle_t *)&watch->poll, on_closed);
    uv_close((uv_handle_t *)&watch->timer, on_closed);
}

int tether__os_watch_probe(tether_error *error)
{
    int queue = kqueue();
    int os_error = queue < 0 ? errno : 0;
    int fd = os_error == 0 ? open("/", WATCH_ACCESS | O_DIRECTORY | O_CLOEXEC) : -1;
    if (os_error == 0)
        os_error = fd < 0 ? errno : watch_file(queue, fd, FOLDER_NOTES);
    if (fd >= 0)
        close(fd);
    if (queue >= 0)
        close(queue);
    return os_error == 0 ? TETHER_OK : tether__posix_fail(error, os_error, step, "kqueue");
}

void tether__os_watch_describe(char *text, size_t size)
{
    snprintf(text, size, "kqueue: %zu files that are written to", file_limit());
}
