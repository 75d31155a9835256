/* Owns ephemeral stores: their names, their owner locks and their removal.
 * Must not: signal anything, or remove a store whose owner or tasks may be alive.
 * Thread: any. */
#include "store/ephemeral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"
#include "os/clock.h"
#include "os/host.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "os/random.h"
#include "store/names.h"

static const char step[] = "open ephemeral store";

enum { ID_SIZE = 17, LOCK_NAME_SIZE = ID_SIZE + 5, CREATE_TRIES = 16, LOCK_PATIENCE_MS = 1000 };
enum { TASK_PATIENCE_MS = 1000, TASK_PAUSE_MS = 5 };

struct tether__ephemeral {
    tether__dir *base;
    tether__lock lock;
    char id[ID_SIZE];
};

static void lock_name(const char *id, char name[LOCK_NAME_SIZE])
{
    snprintf(name, LOCK_NAME_SIZE, "%.16s.lock", id);
}

/* Parses the id at the start of a name in the base folder. Returns what follows the id; NULL if the
 * name does not start with one. */
static const char *parse_id(const char *name, char id[ID_SIZE])
{
    if (strspn(name, "0123456789abcdef") != ID_SIZE - 1)
        return NULL;
    memcpy(id, name, ID_SIZE - 1);
    id[ID_SIZE - 1] = '\0';
    return name + ID_SIZE - 1;
}

typedef struct search {
    tether__dir *store;
    bool found;
} search;

/* Opens a directory of a store. Returns false if there is none; sets s->found if that is not known,
 * such as for lack of descriptors: then a task may be in it. */
static bool open_searched(search *s, tether__dir *parent, const char *name, tether__dir **dir)
{
    int code = tether__os_dir_open(parent, name, false, dir, NULL);
    if (code != TETHER_OK && code != TETHER_ENOTASK)
        s->found = true;
    return code == TETHER_OK;
}

/* Returns whether any lifeline is held. Returns true when unsure. */
static bool any_held(tether__dir *exits)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    bool held = tether__names_list(exits, &ids, &count, NULL) != TETHER_OK;
    for (size_t i = 0; !held && i < count; i++) {
        if (tether__os_lifeline_held(exits, ids[i], &held, NULL) != TETHER_OK)
            held = true;
    }
    free(ids);
    return held;
}

static bool search_session(const char *name, void *userdata)
{
    search *s = userdata;
    tether__dir *session, *exits;
    char key[ID_SIZE];
    const char *rest = parse_id(name, key);
    if (rest == NULL || *rest != '\0' || !open_searched(s, s->store, key, &session))
        return !s->found;
    if (open_searched(s, session, "exits", &exits)) {
        s->found = any_held(exits);
        tether__os_dir_close(exits);
    }
    tether__os_dir_close(session);
    return !s->found;
}

/* Returns whether a task of the store may have a live supervisor. */
static bool has_live_task(tether__dir *base, const char *id)
{
    search s = {.found = false};
    if (!open_searched(&s, base, id, &s.store))
        return s.found;
    if (tether__os_dir_list(s.store, search_session, &s, NULL) != TETHER_OK)
        s.found = true;
    tether__os_dir_close(s.store);
    return s.found;
}

/* Removes a store. Removes the lock file last, so that an interrupted removal leaves a store with a
 * lock file, which the next owner finds. The caller holds the owner lock. */
static int remove_store(tether__dir *base, const char *id, tether_error *error)
{
    char name[LOCK_NAME_SIZE];
    if (has_live_task(base, id))
        return TETHER_OK;
    int code = tether__os_dir_remove(base, id, error);
    lock_name(id, name);
    return code == TETHER_OK ? tether__os_file_remove(base, name, error) : code;
}

/* Removes a store if its owner lock is free, which means that its owner is dead. A lock file that
 * has lost its name belonged to a store that another process has just removed. */
static void prune(tether__dir *base, const char *id)
{
    char name[LOCK_NAME_SIZE];
    tether__lock lock;
    lock_name(id, name);
    if (tether__os_lock_acquire(base, name, 0, &lock, NULL) != TETHER_OK)
        return;
    if (tether__os_lock_linked(&lock))
        remove_store(base, id, NULL);
    tether__os_lock_release(&lock);
}

static bool prune_name(const char *name, void *userdata)
{
    tether__dir *base = userdata;
    char id[ID_SIZE], lock[LOCK_NAME_SIZE];
    tether__file_stamp stamp;
    const char *rest = parse_id(name, id);
    if (rest == NULL)
        return true;
    lock_name(id, lock);
    /* A store is found by its lock file. A store without one is the rest of an incomplete removal.
     */
    if (strcmp(rest, ".lock") == 0 ||
        (*rest == '\0' && tether__os_file_stamp(base, lock, &stamp, NULL) == TETHER_ENOTASK))
        prune(base, id);
    return true;
}

static int open_base(tether__dir **base, tether_error *error)
{
    char *path;
    bool in_memory;
    tether_error problem = {0};
    *base = NULL;
    int code = tether__os_ephemeral_base(&path, &in_memory, error);
    if (code != TETHER_OK)
        return code;
    code = tether__os_dir_open_root(path, true, base, &problem);
    free(path);
    if (code == TETHER_OK)
        return code;
    return tether__fail(error, code, problem.os_error, step,
                        "%.380s; or set %s to a private directory of your own", problem.message,
                        tether__os_ephemeral_variable());
}

static int draw_id(char id[ID_SIZE], tether_error *error)
{
    uint64_t random;
    int code = tether__random(&random, sizeof random, step, error);
    if (code == TETHER_OK)
        snprintf(id, ID_SIZE, "%016llx", (unsigned long long)random);
    return code;
}

/* Acquires the lock first and creates the store afterwards, so that no other process ever sees the
 * store without an owner. Another process may remove the lock file, as a leftover, after it was
 * created and before it was locked. The file has lost its name then, and another id is drawn. */
static int create_owner_lock(tether__ephemeral *e, tether_error *error)
{
    char name[LOCK_NAME_SIZE];
    for (int i = 0; i < CREATE_TRIES; i++) {
        int code = draw_id(e->id, error);
        if (code != TETHER_OK)
            return code;
        lock_name(e->id, name);
        code = tether__os_lock_acquire(e->base, name, LOCK_PATIENCE_MS, &e->lock, error);
        if (code != TETHER_OK)
            return code;
        if (tether__os_lock_linked(&e->lock))
            return TETHER_OK;
        tether__os_lock_release(&e->lock);
    }
    return tether__fail(error, TETHER_ELOCKED, 0, step,
                        "other processes kept removing the lock file; try again");
}

/* Records the owner for people who wonder what the store is for. */
static int write_owner(const tether__store *store, tether_error *error)
{
    char text[256], boot_id[TETHER__BOOT_ID_SIZE], pid_ns[TETHER__PID_NS_SIZE];
    int64_t pid = tether__os_process_self();
    tether__os_boot_id(boot_id);
    tether__os_pid_ns(pid_ns);
    snprintf(text, sizeof text, "owner pid=%lld start=%llu boot=%s pidns=%s\n", (long long)pid,
             (unsigned long long)tether__os_process_start_time(pid), boot_id, pid_ns);
    return tether__os_file_create(store->root, "owner", text, strlen(text), error);
}

static int open_store(tether__ephemeral *e, tether__store *store, tether_error *error)
{
    char *path = tether__text_join(tether__os_dir_path(e->base), e->id);
    if (path == NULL)
        return tether__fail_memory(error, step);
    int code = tether__store_open(path, true, store, error);
    free(path);
    if (code == TETHER_OK)
        code = write_owner(store, error);
    if (code != TETHER_OK)
        tether__store_close(store);
    return code;
}

int tether__ephemeral_open(tether__ephemeral **ephemeral, tether__store *store, tether_error *error)
{
    *ephemeral = NULL;
    *store = (tether__store){0};
    tether__ephemeral *e = calloc(1, sizeof *e);
    if (e == NULL)
        return tether__fail_memory(error, step);
    e->lock.handle = -1;
    int code = open_base(&e->base, error);
    if (code == TETHER_OK)
        code = tether__os_dir_list(e->base, prune_name, e->base, error);
    if (code == TETHER_OK)
        code = create_owner_lock(e, error);
    if (code == TETHER_OK)
        code = open_store(e, store, error);
    if (code == TETHER_OK)
        *ephemeral = e;
    else
        tether__ephemeral_close(e, NULL);
    return code;
}

/* A supervisor may take a moment to exit after its task has ended. */
static void wait_for_tasks(const tether__ephemeral *e)
{
    int64_t deadline = tether__os_monotonic_ms() + TASK_PATIENCE_MS;
    while (has_live_task(e->base, e->id) && tether__os_monotonic_ms() < deadline)
        uv_sleep(TASK_PAUSE_MS);
}

int tether__ephemeral_close(tether__ephemeral *e, tether_error *error)
{
    int code = TETHER_OK;
    if (e == NULL)
        return code;
    if (e->lock.handle != -1) {
        wait_for_tasks(e);
        code = remove_store(e->base, e->id, error);
    }
    tether__os_lock_release(&e->lock);
    tether__os_dir_close(e->base);
    free(e);
    return code;
}
