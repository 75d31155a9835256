/* Owns the files of the scripts that tasks share.
 * Must not: know what a script contains, or change a file that a shell may be reading: a new one
 * takes its name.
 * Thread: any. */
#include "store/wrappers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/name.h"
#include "os/clock.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
/* A start rewrites a file of this age, so that one which is in use never reaches the other age. */
#define STALE_MS DAY_MS
#define UNUSED_MS (30 * DAY_MS)

static const char prefix[] = "wrapper-";

/* The hash names the text, and need not protect it: the content is compared. */
static void choose_name(const tether__text *text, char name[TETHER__WRAPPER_NAME_SIZE])
{
    char hash[TETHER__SESSION_KEY_SIZE];
    tether__session_key(text->bytes, hash);
    snprintf(name, TETHER__WRAPPER_NAME_SIZE, "%s%s.sh", prefix, hash);
}

/* Whether a file was written at least this long ago. The wall clock may have been set since: a time
 * that is as far ahead counts too. */
static bool is_aged(const tether__file_stamp *stamp, int64_t now_ms, int64_t least_ms)
{
    int64_t age_ms = now_ms - stamp->mtime_ns / 1000000;
    return age_ms >= least_ms || age_ms <= -least_ms;
}

static bool is_known(const tether__session *session, const char *name,
                     const tether__known_wrapper *known)
{
    tether__file_stamp stamp;
    return strcmp(known->name, name) == 0 &&
           tether__os_file_stamp(session->dir, name, &stamp, NULL) == TETHER_OK &&
           memcmp(&stamp, &known->stamp, sizeof stamp) == 0 &&
           !is_aged(&stamp, tether__os_wall_ms(), STALE_MS);
}

/* Whether the file can be used as it is. What cannot be read is written anew. */
static bool is_usable(const tether__session *session, const char *name, const tether__text *text,
                      tether__file_stamp *stamp)
{
    char *found;
    size_t size;
    if (tether__os_file_read(session->dir, name, text->size, &found, &size, stamp, NULL) !=
        TETHER_OK)
        return false;
    bool same = size == text->size && memcmp(found, text->bytes, size) == 0;
    free(found);
    return same && !is_aged(stamp, tether__os_wall_ms(), STALE_MS);
}

static int write_file(const tether__session *session, const char *name, const tether__text *text,
                      tether__file_stamp *stamp, tether_error *error)
{
    int code = tether__os_file_replace(session->dir, name, text->bytes, text->size,
                                       session->store->sync, error);
    return code == TETHER_OK ? tether__os_file_stamp(session->dir, name, stamp, error) : code;
}

int tether__wrapper_provide(const tether__session *session, const tether__text *text,
                            tether__known_wrapper *known, tether_error *error)
{
    tether__known_wrapper now = {0};
    choose_name(text, now.name);
    if (is_known(session, now.name, known))
        return TETHER_OK;
    int code = TETHER_OK;
    if (!is_usable(session, now.name, text, &now.stamp))
        code = write_file(session, now.name, text, &now.stamp, error);
    if (code == TETHER_OK)
        *known = now;
    return code;
}

typedef struct pass {
    const tether__session *session;
    int64_t now_ms;
    bool remove;
    size_t count;
} pass;

static bool visit(const char *name, void *userdata)
{
    pass *p = userdata;
    tether__file_stamp stamp;
    if (strncmp(name, prefix, strlen(prefix)) != 0 ||
        tether__os_file_stamp(p->session->dir, name, &stamp, NULL) != TETHER_OK ||
        !is_aged(&stamp, p->now_ms, UNUSED_MS))
        return true;
    if (!p->remove || tether__os_file_remove(p->session->dir, name, NULL) == TETHER_OK)
        p->count++;
    return true;
}

void tether__wrappers_remove_old(const tether__session *session, int64_t now_ms, size_t *removed)
{
    tether__lock lock;
    pass p = {.session = session, .now_ms = now_ms};
    tether__os_dir_list(session->dir, visit, &p, NULL);
    if (p.count == 0 || tether__session_lock(session, &lock, NULL) != TETHER_OK)
        return;
    p.count = 0;
    p.remove = true;
    tether__os_dir_list(session->dir, visit, &p, NULL);
    tether__os_lock_release(&lock);
    *removed += p.count;
}
