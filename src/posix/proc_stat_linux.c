/* Owns reading the file stat of a process in Linux's /proc.
 * Must not: know whose process it is.
 * Thread: any. */
#include "posix/proc_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int tether__proc_stat(int64_t pid, const char *entry, char text[TETHER__PROC_STAT_SIZE],
                      const char **fields)
{
    char path[64];
    *fields = NULL;
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, entry);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t size = read(fd, text, TETHER__PROC_STAT_SIZE - 1);
    int os_error = size < 0 ? errno : 0;
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    /* The second field is the program's name in parentheses, which may contain any character,
     * including parentheses. */
    const char *name_end = strrchr(text, ')');
    *fields = name_end != NULL ? name_end + 1 : NULL;
    return os_error == 0 && name_end == NULL ? ESRCH : os_error;
}

bool tether__proc_using(int64_t pid, tether__using *used)
{
    char text[TETHER__PROC_STAT_SIZE];
    const char *fields;
    unsigned long long user, system;
    long long waited_user, waited_system, pages;
    int64_t per_second = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
    if (tether__proc_stat(pid, "stat", text, &fields) != 0 || per_second <= 0 || page <= 0 ||
        sscanf(fields,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %*d %*d "
               "%*u %*u %lld",
               &user, &system, &waited_user, &waited_system, &pages) != 5)
        return false;
    *used = (tether__using){
        .user_ms = ((int64_t)user + waited_user) * 1000 / per_second,
        .system_ms = ((int64_t)system + waited_system) * 1000 / per_second,
        .memory_bytes = pages * page,
        .processes = 1,
    };
    return true;
}

/* The status is the last field. To those who may not look it is 0; they may not read the link to
 * the program either, which others are told is missing. */
bool tether__proc_wait_status(int64_t pid, int *status)
{
    char path[64], text[TETHER__PROC_STAT_SIZE];
    const char *fields;
    snprintf(path, sizeof path, "/proc/%lld/exe", (long long)pid);
    if (readlink(path, text, sizeof text) >= 0 || errno != ENOENT ||
        tether__proc_stat(pid, "stat", text, &fields) != 0)
        return false;
    const char *last = strrchr(fields, ' ');
    return last != NULL && sscanf(last, "%d", status) == 1;
}
