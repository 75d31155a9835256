/* Owns the holders of a store: one file for each open registry, locked while it is open.
 * Must not: know what belongs to a holder.
 * Thread: any. */
#include "store/holder.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/marker.h"
#include "format/name.h"
#include "os/clock.h"
#include "os/lock.h"
#include "os/process.h"
#include "store/id.h"
#include "store/self.h"

static const char folder[] = "holders";
static const char lock_name[] = "lock";

int tether__holder_init(tether__holder *holder, const tether__store *store, tether_error *error)
{
    *holder = (tether__holder){.store = store, .lifeline = {-1}};
    if (uv_mutex_init(&holder->mutex) != 0)
        return tether__fail_memory(error, "open registry");
    return TETHER_OK;
}

/* Removes the file of a dead holder. The caller holds the lock of the folder, because the file of a
 * new holder is not locked yet at the moment of its creation. */
static bool prune(const char *name, void *userdata)
{
    tether__dir *dir = userdata;
    bool held = true;
    if (strcmp(name, lock_name) != 0 &&
        tether__os_lifeline_held(dir, name, &held, NULL) == TETHER_OK && !held)
        tether__os_file_remove(dir, name, NULL);
    return true;
}

/* Writes the identity of this process to the file, for other hosts that find the file locked by a
 * forked child of a dead host. If this fails, the lock alone decides. */
static void write_identity(const tether__lifeline *lifeline)
{
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity self;
    tether__self(&self);
    size_t size = tether__marker_format_supervisor(&self, line);
    tether__os_lifeline_append(lifeline, line, size, NULL);
}

/* Reads which process has created the file. Returns false if that cannot be read. */
static bool read_process(tether__dir *dir, const char *id, tether__identity *process)
{
    char *text;
    size_t size;
    tether__marker marker;
    tether__clock_frame own;
    if (tether__os_clock_frame(&own, NULL) != TETHER_OK ||
        tether__os_file_read(dir, id, TETHER__MARKER_LIMIT, &text, &size, NULL, NULL) != TETHER_OK)
        return false;
    tether__marker_parse(text, size, &marker);
    free(text);
    *process = marker.identity;
    tether__os_process_localise(process, &own);
    return true;
}

/* Returns whether the process that created the file is known to have exited. */
static bool process_is_gone(tether__dir *dir, const char *id)
{
    tether__identity process;
    return read_process(dir, id, &process) && tether__os_process_alive(&process) == TETHER__GONE;
}

static int create_file(tether__holder *holder, int64_t lock_timeout_ms, char id[TETHER_ID_SIZE],
                       tether_error *error)
{
    tether__lock lock;
    int code = tether__id_choose(id, error);
    if (code == TETHER_OK)
        code = tether__os_lock_acquire(holder->dir, lock_name, lock_timeout_ms, &lock, error);
    if (code != TETHER_OK)
        return code;
    tether__os_dir_list(holder->dir, prune, holder->dir, NULL);
    code = tether__os_lifeline_create(holder->dir, id, &holder->lifeline, error);
    if (code == TETHER_OK)
        write_identity(&holder->lifeline);
    tether__os_lock_release(&lock);
    return code;
}

int tether__holder_publish(tether__holder *holder, int64_t lock_timeout_ms, tether_error *error)
{
    char id[TETHER_ID_SIZE];
    int code = TETHER_OK;
    uv_mutex_lock(&holder->mutex);
    if (holder->id[0] == '\0') {
        if (holder->dir == NULL)
            code = tether__os_dir_open(holder->store->root, folder, true, &holder->dir, error);
        if (code == TETHER_OK)
            code = create_file(holder, lock_timeout_ms, id, error);
        if (code == TETHER_OK)
            strcpy(holder->id, id);
    }
    uv_mutex_unlock(&holder->mutex);
    return code;
}

int tether__holders_open(const tether__holder *self, tether__dir **dir, tether_error *error)
{
    return tether__os_dir_open(self->store->root, folder, false, dir, error);
}

bool tether__holder_process(const tether__holder *self, const char *id, tether__identity *process)
{
    tether__dir *dir;
    if (!tether__task_id_valid(id) || tether__holders_open(self, &dir, NULL) != TETHER_OK)
        return false;
    bool known = read_process(dir, id, process) && process->pid != 0;
    tether__os_dir_close(dir);
    return known;
}

bool tether__holder_alive(const tether__holder *self, const char *id)
{
    tether__dir *dir;
    bool held = true;
    /* No holder has an id that is not valid. */
    if (!tether__task_id_valid(id))
        return false;
    int code = tether__holders_open(self, &dir, NULL);
    if (code != TETHER_OK)
        return code != TETHER_ENOTASK;
    if (tether__os_lifeline_held(dir, id, &held, NULL) != TETHER_OK)
        held = true;
    held = held && !process_is_gone(dir, id);
    tether__os_dir_close(dir);
    return held;
}

bool tether__holder_is(tether__holder *holder, const char *id)
{
    uv_mutex_lock(&holder->mutex);
    bool same = holder->id[0] != '\0' && id != NULL && strcmp(holder->id, id) == 0;
    uv_mutex_unlock(&holder->mutex);
    return same;
}

void tether__holder_dispose(tether__holder *holder)
{
    if (holder->id[0] != '\0') {
        /* Windows cannot remove a file that is held. The file is closed first; another host may
         * remove it in between. */
        tether__os_lifeline_close(&holder->lifeline);
        tether__os_file_remove(holder->dir, holder->id, NULL);
    }
    tether__os_dir_close(holder->dir);
    uv_mutex_destroy(&holder->mutex);
}
