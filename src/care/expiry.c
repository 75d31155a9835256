/* Owns the removal of old folders from the quarantine.
 * Must not: trust a wrong wall clock.
 * Thread: any. */
#include "care/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"

enum { REASON_LIMIT = 4096 };

static const int64_t QUARANTINE_AGE_MS = (int64_t)30 * 24 * 60 * 60 * 1000;

/* Reads the time at which a folder was created from its name, TASK-MILLISECONDS. Returns false if
 * the name has no such time. */
static bool parse_folder_time(const char *name, tether__moment *then)
{
    const char *digits = strrchr(name, '-');
    size_t size = digits != NULL ? strspn(digits + 1, "0123456789") : 0;
    *then = (tether__moment){0};
    if (size == 0 || size > 18 || digits[1 + size] != '\0')
        return false;
    then->wall_ms = strtoll(digits + 1, NULL, 10);
    return true;
}

/* Adds boot id and uptime from reason.txt, if it has them. Returns false if that is not known,
 * because the file cannot be read now. */
static bool read_uptime(tether__dir *folder, tether__moment *then)
{
    char *text;
    size_t size;
    long long uptime;
    tether__clock_frame own;
    if (tether__os_clock_frame(&own, NULL) != TETHER_OK)
        return false;
    int code = tether__os_file_read(folder, "reason.txt", REASON_LIMIT, &text, &size, NULL, NULL);
    if (code != TETHER_OK)
        return code == TETHER_ENOTASK || code == TETHER_ECORRUPT || code == TETHER_ETOOBIG;
    const char *line = strstr(text, "\nuptime: ");
    char boot_id[REASON_LIMIT + 1];
    if (line != NULL && sscanf(line, "\nuptime: %lld boot: %4096s", &uptime, boot_id) == 2 &&
        strlen(boot_id) < sizeof then->boot_id) {
        strcpy(then->boot_id, boot_id);
        then->uptime_ms = uptime + own.boot_ns / 1000000;
    }
    free(text);
    return true;
}

typedef struct walk {
    tether__expiry *pass;
    tether__dir *quarantine;
} walk;

static bool is_stopped(const tether__expiry *pass)
{
    return pass->stopped != NULL && pass->stopped(pass->stopped_userdata);
}

/* Removes a folder whose age by the wall clock is sufficient and, if it was created during this
 * boot, by the uptime too. */
static bool expire(const char *name, void *userdata)
{
    walk *w = userdata;
    tether__dir *folder;
    tether__moment then;
    if (!parse_folder_time(name, &then) ||
        tether__age(&then, &w->pass->now, w->pass->believed) < QUARANTINE_AGE_MS ||
        tether__os_dir_open(w->quarantine, name, false, &folder, NULL) != TETHER_OK)
        return true;
    bool known = read_uptime(folder, &then);
    tether__os_dir_close(folder);
    if (known && tether__age(&then, &w->pass->now, w->pass->believed) >= QUARANTINE_AGE_MS &&
        tether__os_dir_remove(w->quarantine, name, NULL) == TETHER_OK)
        w->pass->expired++;
    return !is_stopped(w->pass);
}

void tether__expiry_run(tether__expiry *pass, const tether__store *store)
{
    walk w = {.pass = pass};
    if (tether__os_dir_open(store->root, "quarantine", false, &w.quarantine, NULL) != TETHER_OK)
        return;
    tether__os_dir_list(w.quarantine, expire, &w, NULL);
    tether__os_dir_close(w.quarantine);
}
