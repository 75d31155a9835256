/* Owns directory events on macOS and the BSDs. A directory's event only says that names were added
 * or removed, so every file that may still be written needs a descriptor of its own. These are all
 * but those whose name contains a dot and does not end in .jsonl: such a file is a script or a
 * temporary file, which is not written in place once it has a name. Descriptors are scarce: for
 * files beyond a quarter of the process's limit, or beyond a fixed number, a timer reports lost
 * events (TETHER__WATCH_OVERFLOW) instead. Must not: trust events of a file system that another
 * machine may write to, or call back with the mutex held. Thread: events arrive on the loop's
 * thread; any thread may add and remove. */
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
#include "posix/dir.h"
#include "posix/error.h"
#include "posix/kqueue.h"

#ifdef O_EVTONLY /* macOS: does not prevent an unmount */
#define WATCH_ACCESS O_EVTONLY
#else
#define WATCH_ACCESS O_RDONLY
#endif

/* Not every kernel reports the last close of a writer. */
#ifdef NOTE_CLOSE_WRITE
#define FILE_NOTES (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_GONE | NOTE_CLOSE_WRITE)
#else
#define FILE_NOTES (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_GONE)
#endif
#define NOTE_GONE (NOTE_DELETE | NOTE_RENAME | NOTE_REVOKE)
#define FOLDER_NOTES (NOTE_WRITE | NOTE_DELETE | NOTE_REVOKE)

enum { EVENTS_AT_ONCE = 64, HANDLES = 2, FILES_AT_MOST = 1024, FILES_AT_LEAST = 16 };
enum { RESCAN_MS = 1000 };

static const char step[] = "watch directory";

typedef struct item {
    char *name;
    int fd;         /* -1: no regular file, or `unwatched` */
    bool unwatched; /* no descriptor was left for it */
} item;

typedef struct folder {
    int tag;
    int fd;
    dev_t device;
    ino_t node;
    item *items; /* sorted by name */
    size_t count;
    bool unwatched; /* at least one item is */
} folder;

struct tether__watch {
    uv_poll_t poll;
    uv_timer_t timer;
    int queue;
    int handles; /* not closed yet */
    tether__watch_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
    uv_mutex_t mutex; /* guards everything below */
    folder *folders;
    size_t count;
    size_t capacity;
    size_t files; /* open files */
    size_t limit; /* the most files to open */
    int last_tag;
};

/* Names to report once the mutex is released. */
typedef struct names {
    char **items;
    size_t count;
    size_t capacity;
} names;

static bool names_add(names *list, const char *name)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        char **items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL)
            return false;
        list->items = items;
        list->capacity = capacity;
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

/* Starts to watch a file. EV_CLEAR: an event is reported once per occurrence. Returns 0 or
 * errno. */
static int watch_file(int queue, int fd, unsigned notes)
{
    struct kevent change;
    EV_SET(&change, (uintptr_t)fd, EVFILT_VNODE, EV_ADD | EV_CLEAR, notes, 0, NULL);
    return kevent(queue, &change, 1, NULL, 0, NULL) == 0 ? 0 : errno;
}

/* --- One folder. The caller holds the mutex. ------------------------------------------------- */

static void item_close(tether__watch *watch, item *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        watch->files--;
    }
    file->fd = -1;
    file->unwatched = false;
}

/* Opens and watches a regular file. */
static void item_open(tether__watch *watch, const folder *in, item *file)
{
    struct stat st;
    file->fd = -1;
    file->unwatched = false;
    if (watch->files >= watch->limit) {
        file->unwatched =
            fstatat(in->fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
        return;
    }
    int fd =
        openat(in->fd, file->name, WATCH_ACCESS | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        file->unwatched = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
        return;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
    } else if (watch_file(watch->queue, fd, FILE_NOTES) != 0) {
        file->unwatched = true;
        close(fd);
    } else {
        file->fd = fd;
        watch->files++;
    }
}

/* A file to which lines are appended, such as the journal, may have a dot in its name. */
static bool may_grow(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot == NULL || strcmp(dot, ".jsonl") == 0;
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
        if (may_grow(entry->d_name))
            fits = names_add(list, entry->d_name);
    }
    closedir(stream);
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, by_name);
    return fits;
}

/* Replaces the folder's items by these names, and takes ownership of the names. Known files stay as
 * they are; new files are opened, and added to `added` unless that is NULL. */
static bool merge(tether__watch *watch, folder *in, names *list, names *added)
{
    item *items = calloc(list->count + 1, sizeof *items);
    bool fits = items != NULL;
    size_t old = 0;
    in->unwatched = false;
    for (size_t i = 0; fits && i < list->count; i++) {
        int order = 1;
        while (old < in->count && (order = strcmp(in->items[old].name, list->items[i])) < 0) {
            item_close(watch, &in->items[old]);
            free(in->items[old++].name);
        }
        if (old < in->count && order == 0) {
            items[i] = in->items[old++];
            free(list->items[i]);
            if (items[i].unwatched)
                item_open(watch, in, &items[i]);
        } else {
            items[i].name = list->items[i];
            item_open(watch, in, &items[i]);
            if (added != NULL && !names_add(added, items[i].name))
                in->unwatched = true; /* the timer reports it */
        }
        in->unwatched = in->unwatched || items[i].unwatched;
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

/* Lists the folder again. False: not possible for lack of memory or descriptors. */
static bool rescan(tether__watch *watch, folder *in, names *added)
{
    names list = {0};
    bool done = list_names(in, &list) && merge(watch, in, &list, added);
    names_dispose(&list);
    if (!done)
        in->unwatched = true;
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

/* --- Events. The caller of the functions that handle one holds the mutex. --- */

/* What to report for one event. */
typedef struct report {
    int tag; /* -1: nothing */
    bool gone;
    bool left;
    bool overflow;
    names changed;
} report;

static void handle_folder_event(tether__watch *watch, folder *in, unsigned notes, report *pending)
{
    pending->tag = in->tag;
    pending->gone = (notes & (NOTE_DELETE | NOTE_REVOKE)) != 0;
    if (pending->gone) {
        folder_close(watch, in);
        return;
    }
    pending->left = true; /* at least, names have changed */
    if (!rescan(watch, in, &pending->changed))
        pending->overflow = true;
}

static void handle_file_event(tether__watch *watch, folder *in, item *file, unsigned notes,
                              report *pending)
{
    pending->tag = in->tag;
    if (!names_add(&pending->changed, file->name))
        pending->overflow = true;
    if ((notes & NOTE_GONE) != 0) {
        /* Another file may have its name by now. */
        item_close(watch, file);
        file->unwatched = true;
        pending->left = true;
        if (!rescan(watch, in, NULL))
            pending->overflow = true;
    }
}

static void handle_event(tether__watch *watch, const struct kevent *event, report *pending)
{
    int fd = (int)event->ident;
    unsigned notes = event->fflags;
    for (size_t i = 0; i < watch->count; i++) {
        folder *in = &watch->folders[i];
        if (in->fd == fd) {
            handle_folder_event(watch, in, notes, pending);
            return;
        }
        for (size_t k = 0; k < in->count; k++) {
            if (in->items[k].fd == fd) {
                handle_file_event(watch, in, &in->items[k], notes, pending);
                return;
            }
        }
    }
}

static bool has_unwatched(tether__watch *watch)
{
    bool unwatched = false;
    for (size_t i = 0; i < watch->count; i++)
        unwatched = unwatched || watch->folders[i].unwatched;
    return unwatched;
}

static void deliver(tether__watch *watch, report *pending)
{
    for (size_t i = 0; i < pending->changed.count; i++)
        watch->cb(TETHER__WATCH_CHANGED, pending->tag, pending->changed.items[i], watch->userdata);
    if (pending->left)
        watch->cb(TETHER__WATCH_LEFT, pending->tag, NULL, watch->userdata);
    if (pending->gone)
        watch->cb(TETHER__WATCH_GONE, pending->tag, NULL, watch->userdata);
    if (pending->overflow)
        watch->cb(TETHER__WATCH_OVERFLOW, -1, NULL, watch->userdata);
    names_dispose(&pending->changed);
}

/* Tries again to watch the files without a descriptor, since some descriptors may be free by now.
 * Reports an overflow in any case: these files may have changed. */
static void on_timer(uv_timer_t *timer)
{
    tether__watch *watch = timer->data;
    uv_mutex_lock(&watch->mutex);
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].unwatched)
            rescan(watch, &watch->folders[i], NULL);
    }
    if (!has_unwatched(watch))
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
        report pending = {.tag = -1};
        uv_mutex_lock(&watch->mutex);
        handle_event(watch, &found[i], &pending);
        bool unwatched = has_unwatched(watch);
        uv_mutex_unlock(&watch->mutex);
        if (unwatched && uv_is_active((uv_handle_t *)&watch->timer) == 0)
            uv_timer_start(&watch->timer, on_timer, RESCAN_MS, RESCAN_MS);
        deliver(watch, &pending);
    }
}

/* --- The seam --- */

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

/* Whether only this machine can change the file system: then every change raises an event here. */
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
    return tether__fail(
        error, TETHER_ELIMIT, 0, step,
        "%.300s has more files that are being written than can be watched; raise the "
        "limit of descriptors (ulimit -n)",
        dir->path);
}

/* The caller holds the mutex. */
static folder *find_folder(tether__watch *watch, const struct stat *st)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->folders[i].device == st->st_dev && watch->folders[i].node == st->st_ino)
            return &watch->folders[i];
    }
    return NULL;
}

/* The caller holds the mutex. */
static folder *new_folder(tether__watch *watch)
{
    if (watch->count == watch->capacity) {
        size_t capacity = watch->capacity == 0 ? 8 : watch->capacity * 2;
        folder *folders = realloc(watch->folders, capacity * sizeof *folders);
        if (folders == NULL)
            return NULL;
        watch->folders = folders;
        watch->capacity = capacity;
    }
    return &watch->folders[watch->count];
}

/* Watches the directory before it lists the files, so that a file that appears in between raises an
 * event of the directory. The caller holds the mutex. */
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
    if (!rescan(watch, in, NULL) || in->unwatched) {
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
                            "events on the file system of %.300s are not reliable; leave the "
                            "reaper on auto, which polls there",
                            dir->path);
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

bool tether__os_watch_is_quiet(tether__watch *watch)
{
    (void)watch;
    return false;
}

bool tether__os_watch_tells_growth(void)
{
    return true;
}

bool tether__os_watch_tells_close(void)
{
    return false;
}

void tether__os_watch_describe(char *text, size_t size)
{
    snprintf(text, size, "kqueue: up to %zu files that are being written", file_limit());
}
