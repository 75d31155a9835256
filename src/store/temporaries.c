/* Owns the removal of temporary files that a host left when it died between the creation of the
 * file and its renaming.
 * Must not: remove a file that a living host writes.
 * Thread: any. */
#include "store/temporaries.h"

#include <stdbool.h>
#include <string.h>

#include "os/temporary.h"

/* A host writes and renames such a file within milliseconds, or as fast as an output can be copied.
 * A file that was not written to for this long belongs to no living host. Even if it did, that host
 * would only fail to replace the file. */
#define ABANDONED_MS ((int64_t)60 * 60 * 1000)

typedef struct pass {
    tether__dir *dir;
    int64_t now_ms;
    size_t *removed;
} pass;

/* The wall clock may have been set since the file was written: a time that is as far ahead counts
 * too, or the file would stay until the clock reaches it. */
static bool is_abandoned(const pass *p, const tether__file_stamp *stamp)
{
    int64_t age_ms = p->now_ms - stamp->mtime_ns / 1000000;
    return age_ms >= ABANDONED_MS || age_ms <= -ABANDONED_MS;
}

static bool remove_abandoned(const char *name, void *userdata)
{
    const pass *p = userdata;
    tether__file_stamp stamp;
    if (strncmp(name, TETHER__TEMPORARY_PREFIX, strlen(TETHER__TEMPORARY_PREFIX)) == 0 &&
        tether__os_file_stamp(p->dir, name, &stamp, NULL) == TETHER_OK && is_abandoned(p, &stamp) &&
        tether__os_file_remove(p->dir, name, NULL) == TETHER_OK)
        (*p->removed)++;
    return true;
}

void tether__temporaries_remove(tether__dir *dir, int64_t now_ms, size_t *removed)
{
    pass p = {dir, now_ms, removed};
    tether__os_dir_list(dir, remove_abandoned, &p, NULL);
}
