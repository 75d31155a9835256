/* Owns directory events on Windows. Each watched directory has a pending read of its changes from
 * the moment it is added, also while the loop is busy or does not run yet. One thread per watcher
 * collects the results of the reads and passes them to the loop.
 * Must not: rely on events of a directory that another machine may write to, or on those of growth:
 * they may come late (tether__os_watch_tells_growth).
 * Thread: events come on the loop's thread; add and remove may be called from any thread. */
#include "os/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <windows.h>

#include "base/error.h"
#include "win32/dir.h"
#include "win32/error.h"
#include "win32/text.h"

static const char step[] = "watch directory";

enum { BUFFER_BYTES = 16 * 1024, QUEUE_LIMIT = 4096 };

/* Writes to a file raise these, and so does setting its time. */
static const DWORD watched_changes = FILE_NOTIFY_CHANGE_SIZE | FILE_NOTIFY_CHANGE_LAST_WRITE;

/* A watched directory. Its read is pending, or the watcher's thread is handling the result. */
typedef struct watched {
    OVERLAPPED read;
    struct watched *next;
    HANDLE directory;
    tether__win32_node node;
    int tag;
    bool removed; /* freed when its read returns */
    DWORD buffer[BUFFER_BYTES / sizeof(DWORD)];
} watched;

typedef struct event {
    struct event *next;
    tether__watch_event kind;
    int tag;
    char *name; /* CHANGED only */
} event;

struct tether__watch {
    uv_async_t wake;
    uv_thread_t thread;
    HANDLE port;
    tether__watch_cb cb;
    void *userdata;
    void (*closed)(void *userdata);
    bool closing; /* used on the loop's thread only */

    uv_mutex_t mutex; /* guards the members below */
    watched *directories;
    int last_tag;
    event *first, *last;
    size_t queued;
    bool overflow; /* an event could not be queued */
    bool stopping;
};

/* --- The queue of events. The caller holds the mutex. ---------------------------------------- */

static void queue_event(tether__watch *watch, tether__watch_event kind, int tag, char *name)
{
    event *e = NULL;
    /* One write raises several events for its file. */
    if (kind == TETHER__WATCH_CHANGED && name != NULL && watch->last != NULL &&
        watch->last->tag == tag && watch->last->name != NULL &&
        strcmp(watch->last->name, name) == 0) {
        free(name);
        return;
    }
    bool wanted = kind != TETHER__WATCH_OVERFLOW && watch->queued < QUEUE_LIMIT &&
                  (kind != TETHER__WATCH_CHANGED || name != NULL);
    if (wanted)
        e = malloc(sizeof *e);
    if (e == NULL) {
        watch->overflow = true;
        free(name);
        return;
    }
    *e = (event){NULL, kind, tag, name};
    if (watch->last != NULL)
        watch->last->next = e;
    else
        watch->first = e;
    watch->last = e;
    watch->queued++;
}

static void free_events(event *e)
{
    while (e != NULL) {
        event *next = e->next;
        free(e->name);
        free(e);
        e = next;
    }
}

static bool is_watched(tether__watch *watch, int tag)
{
    for (const watched *w = watch->directories; w != NULL; w = w->next) {
        if (w->tag == tag && !w->removed)
            return true;
    }
    return false;
}

/* --- The thread that collects the results of the reads --------------------------------------- */

static void queue_changes(tether__watch *watch, const watched *w, DWORD size)
{
    const char *bytes = (const char *)w->buffer;
    for (DWORD at = 0; at < size;) {
        const FILE_NOTIFY_INFORMATION *change = (const void *)(bytes + at);
        size_t units = change->FileNameLength / sizeof(WCHAR);
        wchar_t *name = calloc(units + 1, sizeof *name);
        if (name != NULL)
            memcpy(name, change->FileName, units * sizeof *name);
        queue_event(watch, TETHER__WATCH_CHANGED, w->tag,
                    name != NULL ? tether__win32_narrow(name) : NULL);
        free(name);
        if (change->NextEntryOffset == 0)
            break;
        at += change->NextEntryOffset;
    }
}

/* Starts the next read. The system buffers the changes between two reads. Returns 0 or the error.
 */
static DWORD start_read(watched *w)
{
    memset(&w->read, 0, sizeof w->read);
    if (ReadDirectoryChangesW(w->directory, w->buffer, sizeof w->buffer, FALSE, watched_changes,
                              NULL, &w->read, NULL))
        return ERROR_SUCCESS;
    return tether__win32_last_error();
}

static void free_watched(tether__watch *watch, watched *w)
{
    watched **link = &watch->directories;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    CloseHandle(w->directory);
    free(w);
}

/* Handles a completed read. The caller holds the mutex. */
static void handle_read(tether__watch *watch, watched *w, DWORD size, DWORD os_error)
{
    if (!w->removed) {
        /* The end of the thread that started a read aborts it; no change is lost. */
        if (os_error == ERROR_OPERATION_ABORTED)
            os_error = ERROR_SUCCESS;
        else if (os_error == ERROR_NOTIFY_ENUM_DIR || (os_error == ERROR_SUCCESS && size == 0))
            queue_event(watch, TETHER__WATCH_OVERFLOW, -1, NULL);
        else if (os_error == ERROR_SUCCESS)
            queue_changes(watch, w, size);
        if (os_error == ERROR_SUCCESS || os_error == ERROR_NOTIFY_ENUM_DIR)
            os_error = start_read(w);
        if (os_error == ERROR_SUCCESS)
            return;
        queue_event(watch, TETHER__WATCH_GONE, w->tag, NULL);
    }
    free_watched(watch, w);
}

static void collect_reads(void *userdata)
{
    tether__watch *watch = userdata;
    bool done = false;
    while (!done) {
        DWORD size = 0;
        ULONG_PTR key = 0;
        OVERLAPPED *read = NULL;
        BOOL fine = GetQueuedCompletionStatus(watch->port, &size, &key, &read, INFINITE);
        DWORD os_error = fine ? ERROR_SUCCESS : tether__win32_last_error();
        uv_mutex_lock(&watch->mutex);
        if (read != NULL)
            handle_read(watch, (watched *)key, size, os_error);
        done = watch->stopping && watch->directories == NULL;
        bool pending = watch->first != NULL || watch->overflow;
        uv_mutex_unlock(&watch->mutex);
        if (pending)
            uv_async_send(&watch->wake);
    }
}

/* --- On the loop ----------------------------------------------------------------------------- */

static void deliver(uv_async_t *async)
{
    tether__watch *watch = async->data;
    uv_mutex_lock(&watch->mutex);
    event *events = watch->first;
    bool overflow = watch->overflow;
    watch->first = watch->last = NULL;
    watch->queued = 0;
    watch->overflow = false;
    uv_mutex_unlock(&watch->mutex);
    for (const event *e = events; e != NULL && !watch->closing; e = e->next) {
        uv_mutex_lock(&watch->mutex);
        bool wanted = e->kind == TETHER__WATCH_GONE || is_watched(watch, e->tag);
        uv_mutex_unlock(&watch->mutex);
        if (wanted)
            watch->cb(e->kind, e->tag, e->name, watch->userdata);
    }
    free_events(events);
    if (overflow && !watch->closing)
        watch->cb(TETHER__WATCH_OVERFLOW, -1, NULL, watch->userdata);
}

static int open_port(HANDLE *port, tether_error *error)
{
    *port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (*port != NULL)
        return TETHER_OK;
    DWORD os_error = GetLastError();
    return tether__win32_fail(error, os_error, step, NULL);
}

static void free_watch(tether__watch *watch)
{
    if (watch->port != NULL)
        CloseHandle(watch->port);
    free_events(watch->first);
    uv_mutex_destroy(&watch->mutex);
    free(watch);
}

static void on_closed(uv_handle_t *handle)
{
    tether__watch *watch = handle->data;
    void (*closed)(void *) = watch->closed;
    void *userdata = watch->userdata;
    free_watch(watch);
    if (closed != NULL)
        closed(userdata);
}

int tether__os_watch_open(struct uv_loop_s *loop, tether__watch_cb cb, void *userdata,
                          tether__watch **out, tether_error *error)
{
    *out = NULL;
    tether__watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL || uv_mutex_init(&watch->mutex) != 0) {
        free(watch);
        return tether__fail_memory(error, step);
    }
    watch->cb = cb;
    watch->userdata = userdata;
    int code = open_port(&watch->port, error);
    if (code == TETHER_OK && uv_async_init(loop, &watch->wake, deliver) != 0)
        code = tether__fail(error, TETHER_ESYSTEM, 0, step,
                            "the event loop cannot be extended; end some tasks");
    if (code != TETHER_OK) {
        free_watch(watch);
        return code;
    }
    watch->wake.data = watch;
    if (uv_thread_create(&watch->thread, collect_reads, watch) != 0) {
        uv_close((uv_handle_t *)&watch->wake, on_closed);
        return tether__fail(error, TETHER_ELIMIT, 0, step,
                            "no thread could be started for events; end some tasks");
    }
    *out = watch;
    return TETHER_OK;
}

/* Network redirectors report the changes of other machines late or not at all. */
static bool is_remote(const wchar_t *path)
{
    wchar_t root[64];
    size_t size = tether__win32_root_size(path);
    if (wcsncmp(path, L"\\\\?\\UNC\\", 8) == 0)
        return true;
    if (size == 0 || size >= sizeof root / sizeof root[0])
        return false;
    memcpy(root, path, size * sizeof *root);
    root[size] = L'\0';
    return GetDriveTypeW(root) == DRIVE_REMOTE;
}

static DWORD open_directory(const wchar_t *path, HANDLE *directory)
{
    *directory = CreateFileW(
        path, FILE_LIST_DIRECTORY, TETHER__WIN32_SHARE_ALL, NULL, OPEN_EXISTING,
        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_OVERLAPPED, NULL);
    return *directory != INVALID_HANDLE_VALUE ? ERROR_SUCCESS : tether__win32_last_error();
}

/* The caller holds the mutex. *added is NULL on failure. */
static DWORD start_watching(tether__watch *watch, tether__dir *dir, HANDLE directory,
                            watched **added)
{
    *added = NULL;
    watched *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    w->directory = directory;
    w->node = dir->node;
    DWORD os_error = ERROR_SUCCESS;
    if (CreateIoCompletionPort(directory, watch->port, (ULONG_PTR)w, 0) == NULL)
        os_error = GetLastError();
    if (os_error == ERROR_SUCCESS)
        os_error = start_read(w);
    if (os_error != ERROR_SUCCESS) {
        free(w);
        return os_error;
    }
    w->tag = ++watch->last_tag;
    w->next = watch->directories;
    watch->directories = w;
    *added = w;
    return ERROR_SUCCESS;
}

/* Returns NULL if the directory is not watched. The caller holds the mutex. */
static watched *find_watched(tether__watch *watch, const tether__dir *dir)
{
    for (watched *w = watch->directories; w != NULL; w = w->next) {
        if (!w->removed && tether__win32_same_node(&w->node, &dir->node))
            return w;
    }
    return NULL;
}

int tether__os_watch_add(tether__watch *watch, tether__dir *dir, int *tag, tether_error *error)
{
    HANDLE directory;
    *tag = -1;
    if (is_remote(dir->wide))
        return tether__fail(error, TETHER_ENOTSUP, 0, step,
                            "events on the network share of %.300s are not reliable; leave the "
                            "reaper on auto, which polls there",
                            dir->path);
    DWORD os_error = open_directory(dir->wide, &directory);
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail_in(dir, os_error, step, ".", error);
    uv_mutex_lock(&watch->mutex);
    watched *found = find_watched(watch, dir), *added = NULL;
    if (found == NULL)
        os_error = start_watching(watch, dir, directory, &added);
    if (found != NULL || added != NULL)
        *tag = found != NULL ? found->tag : added->tag;
    uv_mutex_unlock(&watch->mutex);
    if (added == NULL)
        CloseHandle(directory);
    if (os_error == ERROR_SUCCESS)
        return TETHER_OK;
    return tether__win32_fail(error, os_error, step, dir->path);
}

/* Cancels the read of a directory; the thread frees the directory when the read returns. The caller
 * holds the mutex. */
static void stop_watching(watched *w)
{
    if (!w->removed)
        CancelIoEx(w->directory, &w->read);
    w->removed = true;
}

void tether__os_watch_remove(tether__watch *watch, int tag)
{
    uv_mutex_lock(&watch->mutex);
    for (watched *w = watch->directories; w != NULL; w = w->next) {
        if (w->tag == tag)
            stop_watching(w);
    }
    uv_mutex_unlock(&watch->mutex);
}

void tether__os_watch_close(tether__watch *watch, void (*closed)(void *userdata))
{
    watch->closed = closed;
    watch->closing = true;
    uv_mutex_lock(&watch->mutex);
    watch->stopping = true;
    for (watched *w = watch->directories; w != NULL; w = w->next)
        stop_watching(w);
    uv_mutex_unlock(&watch->mutex);
    /* Wakes the thread if no read was pending. Cancelled reads wake it at once. */
    PostQueuedCompletionStatus(watch->port, 0, 0, NULL);
    uv_thread_join(&watch->thread);
    uv_close((uv_handle_t *)&watch->wake, on_closed);
}

int tether__os_watch_probe(tether_error *error)
{
    wchar_t folder[MAX_PATH + 1];
    HANDLE port, directory = INVALID_HANDLE_VALUE;
    int code = open_port(&port, error);
    if (code != TETHER_OK)
        return code;
    UINT size = GetWindowsDirectoryW(folder, MAX_PATH);
    DWORD os_error = size > 0 && size < MAX_PATH ? open_directory(folder, &directory)
                                                 : (DWORD)ERROR_PATH_NOT_FOUND;
    if (os_error == ERROR_SUCCESS)
        CloseHandle(directory);
    else
        code = tether__win32_fail(error, os_error, step, "the Windows folder");
    CloseHandle(port);
    return code;
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
    snprintf(text, size, "ReadDirectoryChangesW: a handle for each directory");
}
