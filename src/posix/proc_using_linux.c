/* Owns reading from Linux's /proc what a process uses.
 * Must not: know whose process it is.
 * Thread: any. */
#include "posix/proc_using.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STAT_SIZE = 1024 };

/* Reads the file that proc_linux.c reads, for other fields. */
static bool read_stat(int64_t pid, char text[STAT_SIZE])
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, STAT_SIZE - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

bool tether__proc_using(int64_t pid, tether__using *used)
{
    char text[STAT_SIZE];
    unsigned long long user, system;
    long long waited_user, waited_system, pages;
    int64_t per_second = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);
    /* The name, in parentheses, may contain any character. */
    const char *after = read_stat(pid, text) ? strrchr(text, ')') : NULL;
    if (after == NULL || per_second <= 0 || page <= 0 ||
        sscanf(after + 1,
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
