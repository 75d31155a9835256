/* Owns finding the processes below the monitor on Linux, and signalling them.
 * Must not: signal a process that is not below the monitor.
 * Thread: the only one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "posix/monitor/offspring.h"
#include "posix/pidfd.h"
#include "posix/proc.h"

/* A process tree that is deeper than this loses its lower part to the monitor when its upper part
 * has ended, and is then found. */
enum { DEEPEST = 64 };

void tether__offspring_adopt(void)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
}

static void send_to(int pidfd, int64_t pid, const int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        if (pidfd < 0 || tether__pidfd_signal(pidfd, numbers[i]) == ENOSYS)
            (void)kill((pid_t)pid, numbers[i]);
    }
}

/* A child of the monitor keeps its pid until the monitor waits for it. Any other process is pinned
 * first, and signalled if it still is the child of the process below which it was found. */
static void signal_one(int64_t parent, int64_t pid, const int *numbers, int count)
{
    tether__proc now;
    if (parent == getpid()) {
        send_to(-1, pid, numbers, count);
        return;
    }
    int pidfd = tether__pidfd_open(pid);
    if (pidfd < 0 && errno != ENOSYS)
        return;
    if (tether__proc_read(pid, &now) == 0 && (now.parent == parent || now.parent == getpid()))
        send_to(pidfd, pid, numbers, count);
    if (pidfd >= 0)
        close(pidfd);
}

static void signal_below(int64_t pid, int depth, const int *numbers, int count);

/* Signals what one thread of a process has started. The lower processes first: a signal may end the
 * parent by which they are found. Returns false if the list cannot be read. */
static bool signal_children(int64_t pid, const char *thread, int depth, const int *numbers,
                            int count)
{
    char path[80], *line = NULL;
    size_t capacity = 0;
    snprintf(path, sizeof path, "/proc/%lld/task/%.20s/children", (long long)pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (getline(&line, &capacity, file) > 0) {
        for (char *at = line, *next; depth < DEEPEST; at = next) {
            long long child = strtoll(at, &next, 10);
            if (next == at)
                break;
            signal_below(child, depth + 1, numbers, count);
            signal_one(pid, child, numbers, count);
        }
    }
    free(line);
    fclose(file);
    return true;
}

static void signal_below(int64_t pid, int depth, const int *numbers, int count)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads != NULL && (entry = readdir(threads)) != NULL;) {
        if (entry->d_name[0] != '.')
            (void)signal_children(pid, entry->d_name, depth, numbers, count);
    }
    if (threads != NULL)
        closedir(threads);
}

/* Descending the tree stops where a pid is none of this namespace. */
void tether__offspring_signal(const int *numbers, int count)
{
    signal_below(getpid(), 0, numbers, count);
}
