/* Owns finding the holder of a flock in Linux's /proc/locks.
 * Must not: decide anything by it; only messages use it.
 * Thread: any. */
#include "posix/lock_owner.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Parses a line such as "1: FLOCK  ADVISORY  WRITE 4711 fe:00:12093395 0 EOF". Returns the pid if
 * it is a lock on this file. Waiting processes have "->" after the number. */
static int64_t parse_lock(const char *line, const struct stat *st)
{
    int64_t pid;
    unsigned major_number, minor_number;
    uint64_t node;
    bool matches = sscanf(line, "%*d: FLOCK %*s %*s %" SCNd64 " %x:%x:%" SCNu64, &pid,
                          &major_number, &minor_number, &node) == 4 &&
                   node == st->st_ino && major_number == major(st->st_dev) &&
                   minor_number == minor(st->st_dev);
    return matches && pid > 0 ? pid : 0;
}

/* Returns false if there is no such process. */
static bool read_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE])
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRId64 "/comm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fgets(name, TETHER__PROCESS_NAME_SIZE, file) != NULL)
        name[strcspn(name, "\n")] = '\0';
    fclose(file);
    return true;
}

int64_t tether__posix_lock_owner(int fd, char name[TETHER__PROCESS_NAME_SIZE])
{
    char line[256];
    struct stat st;
    int64_t pid = 0;
    name[0] = '\0';
    FILE *locks = fopen("/proc/locks", "re");
    if (locks == NULL)
        return 0;
    if (fstat(fd, &st) == 0) {
        while (pid == 0 && fgets(line, sizeof line, locks) != NULL)
            pid = parse_lock(line, &st);
    }
    fclose(locks);
    return pid != 0 && read_name(pid, name) ? pid : 0;
}
