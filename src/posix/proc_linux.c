/* Owns reading Linux's /proc: the list of processes, /proc/PID/stat and /proc/PID/environ.
 * Must not: draw conclusions from them.
 * Thread: any. */
#include "posix/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PF_EXITING and PF_KTHREAD of the kernel. */
enum { FLAG_EXITING = 0x4, FLAG_KERNEL = 0x200000 };
/* A supervisor's arguments are the shell and the path of its script. */
enum { ARGUMENTS_SIZE = 8192 };
enum { STAT_SIZE = 1024, ENVIRON_CHUNK = 16384, VALUE_SIZE = 256 };

static int open_entry(int64_t pid, const char *entry)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, entry);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool tether__proc_is_own(void)
{
    char self[32];
    ssize_t size = readlink("/proc/self", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    return strtol(self, NULL, 10) == (long)getpid();
}

/* Start times count from the boot, by a clock that is never set. */
bool tether__proc_in_order(void)
{
    return true;
}

int tether__proc_read(int64_t pid, tether__proc *process)
{
    char text[STAT_SIZE];
    int fd = open_entry(pid, "stat");
    if (fd < 0)
        return errno;
    ssize_t size = read(fd, text, sizeof text - 1);
    int os_error = size < 0 ? errno : 0;
    close(fd);
    if (os_error != 0)
        return os_error;
    text[size] = '\0';

    /* The second field is the program's name in parentheses, which may contain any character,
     * including parentheses. */
    const char *after = strrchr(text, ')');
    long long group, session;
    unsigned long long start, caught;
    unsigned flags;
    if (after == NULL || sscanf(after + 1,
                                " %c %*d %lld %lld %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                                "%*d %*d %*d %llu %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu",
                                &process->state, &group, &session, &flags, &start, &caught) != 6)
        return ESRCH;
    process->group = group;
    process->session = session;
    process->start_time = start;
    process->caught = caught;
    process->exiting = (flags & FLAG_EXITING) != 0;
    process->kernel = (flags & FLAG_KERNEL) != 0;
    return 0;
}

/* Stores up to `capacity` bytes of the arguments, and returns how many. */
static size_t read_arguments(int64_t pid, char *bytes, size_t capacity)
{
    size_t size = 0;
    int fd = open_entry(pid, "cmdline");
    if (fd < 0)
        return 0;
    for (ssize_t got; size < capacity; size += (size_t)got) {
        got = read(fd, bytes + size, capacity - size);
        if (got <= 0)
            break;
    }
    close(fd);
    return size;
}

bool tether__proc_same_arguments(int64_t pid, int64_t other)
{
    char a[ARGUMENTS_SIZE], b[ARGUMENTS_SIZE];
    size_t size = read_arguments(pid, a, sizeof a);
    return size > 0 && size == read_arguments(other, b, sizeof b) && memcmp(a, b, size) == 0;
}

int tether__proc_list(bool (*visit)(int64_t pid, void *userdata), void *userdata)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL)
        return errno;
    bool more = true;
    int os_error = 0;
    while (more) {
        char *end;
        errno = 0;
        const struct dirent *entry = readdir(proc);
        if (entry == NULL) {
            os_error = errno; /* 0 at the end */
            break;
        }
        long long pid = strtoll(entry->d_name, &end, 10);
        if (pid > 0 && *end == '\0')
            more = visit(pid, userdata);
    }
    closedir(proc);
    return os_error;
}

/* Collects the values of matching entries across chunk borders. `at` is the position in the current
 * entry, or SKIPPING until the next zero byte. */
typedef struct matcher {
    const char *prefix;
    size_t size; /* of the prefix */
    size_t at;
    char *value;
    size_t capacity;
    bool (*take)(const char *value, void *userdata);
    void *userdata;
    bool found;
} matcher;

#define SKIPPING ((size_t)-1)

/* False: take wants no more values. */
static bool matcher_feed(matcher *m, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (m->at != SKIPPING && m->at >= m->size && m->at - m->size < m->capacity) {
            m->value[m->at - m->size] = bytes[i];
            m->at++;
            if (bytes[i] == '\0') {
                m->at = 0;
                m->found = true;
                if (!m->take(m->value, m->userdata))
                    return false;
            }
        } else if (m->at < m->size && bytes[i] == m->prefix[m->at]) {
            m->at++;
        } else {
            m->at = bytes[i] == '\0' ? 0 : SKIPPING;
        }
    }
    return true;
}

static tether__proc_variable feed_environment(int64_t pid, matcher *m)
{
    int fd = open_entry(pid, "environ");
    /* Kernels from 6.16 on refuse to open an environment that is gone; older ones show it empty. */
    if (fd < 0)
        return tether__proc_is_shortage(errno) ? TETHER__VARIABLE_FAILED
               : errno == ESRCH                ? TETHER__VARIABLE_UNKNOWN
                                               : TETHER__VARIABLE_ABSENT;
    char chunk[ENVIRON_CHUNK];
    ssize_t got = read(fd, chunk, sizeof chunk);
    tether__proc_variable otherwise = got == 0 ? TETHER__VARIABLE_UNKNOWN : TETHER__VARIABLE_ABSENT;
    while (got > 0 && matcher_feed(m, chunk, (size_t)got))
        got = read(fd, chunk, sizeof chunk);
    close(fd);
    return m->found ? TETHER__VARIABLE_PRESENT : otherwise;
}

tether__proc_variable tether__proc_each_value(int64_t pid, const char *prefix, size_t capacity,
                                              bool (*take)(const char *value, void *userdata),
                                              void *userdata)
{
    char value[VALUE_SIZE];
    matcher m = {.prefix = prefix,
                 .size = strlen(prefix),
                 .value = value,
                 .capacity = capacity < sizeof value ? capacity : sizeof value,
                 .take = take,
                 .userdata = userdata};
    return feed_environment(pid, &m);
}

/* With a whole entry as the prefix, only the empty value fits into a capacity of one byte. */
static bool stop_at_first(const char *value, void *userdata)
{
    (void)value;
    (void)userdata;
    return false;
}

tether__proc_variable tether__proc_find_variable(int64_t pid, const char *entry)
{
    return tether__proc_each_value(pid, entry, 1, stop_at_first, NULL);
}
