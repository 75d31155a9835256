/* Owns reading Linux's /proc: the list of processes, and their files stat, status, environ, cmdline
 * and auxv.
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

#include "posix/proc_stat.h"

/* PF_EXITING and PF_KTHREAD of the kernel. */
enum { FLAG_EXITING = 0x4, FLAG_KERNEL = 0x200000 };
/* A supervisor's arguments begin with the shell, the path of its script and the task's id. No other
 * process but a copy of it has that many bytes in common with it. */
enum { ARGUMENTS_SIZE = 8192 };
enum { STATUS_SIZE = 4096, ENVIRON_CHUNK = 16384, VALUE_SIZE = 256 };
enum { AUXV_UID = 11, AUXV_SIZE = 1024 };

static int open_entry(int64_t pid, const char *entry)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, entry);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads a link of /proc; an empty text where it is missing or hidden. Returns 0 or the errno of a
 * shortage. */
static int read_link(const char *path, char *text, size_t capacity)
{
    ssize_t size = readlink(path, text, capacity - 1);
    int os_error = size < 0 ? errno : 0;
    text[size > 0 ? size : 0] = '\0';
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

int tether__proc_check_own(bool *own)
{
    char self[32];
    int os_error = read_link("/proc/self", self, sizeof self);
    *own = os_error == 0 && strtol(self, NULL, 10) == (long)getpid();
    return os_error;
}

/* The link reads such as "pid:[4026531836]". By hand, because every start reads one. */
int tether__proc_read_pid_ns(const char *path, char pid_ns[TETHER__PID_NS_SIZE])
{
    static const char begin[] = "pid:[";
    const size_t skipped = sizeof begin - 1;
    char link[64];
    int os_error = read_link(path, link, sizeof link);
    size_t size = strncmp(link, begin, skipped) == 0 ? strspn(link + skipped, "0123456789") : 0;
    if (size >= TETHER__PID_NS_SIZE)
        size = 0;
    if (size > 0)
        memcpy(pid_ns, link + skipped, size);
    pid_ns[size] = '\0';
    return os_error;
}

int tether__proc_pid_ns(char pid_ns[TETHER__PID_NS_SIZE])
{
    return tether__proc_read_pid_ns("/proc/self/ns/pid", pid_ns);
}

/* Start times count from the boot, by a clock that is never set. */
bool tether__proc_in_order(void)
{
    return true;
}

int64_t tether__proc_start_ms(uint64_t start_time)
{
    long per_second = sysconf(_SC_CLK_TCK);
    return per_second > 0 ? (int64_t)(start_time * 1000 / (uint64_t)per_second) : -1;
}

/* Reads a file as a whole, up to `capacity` bytes. Returns how many, or -1 and errno. */
static ssize_t read_entry(int64_t pid, const char *entry, void *bytes, size_t capacity)
{
    int fd = open_entry(pid, entry);
    if (fd < 0)
        return -1;
    ssize_t size = read(fd, bytes, capacity);
    int os_error = errno;
    close(fd);
    errno = os_error;
    return size;
}

/* Reads the stat file of a process ("stat") or of one of its threads ("task/TID/stat"). */
static int read_stat(int64_t pid, const char *entry, tether__proc *process, int *threads)
{
    char text[TETHER__PROC_STAT_SIZE];
    const char *fields;
    long long parent, group, session;
    unsigned long long start, caught;
    unsigned flags;
    int os_error = tether__proc_stat(pid, entry, text, &fields);
    if (os_error != 0)
        return os_error;
    if (sscanf(fields,
               " %c %lld %lld %lld %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
               "%*d %d %*d %llu %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu",
               &process->state, &parent, &group, &session, &flags, threads, &start, &caught) != 8)
        return ESRCH;
    process->parent = parent;
    process->group = group;
    process->session = session;
    process->start_time = start;
    process->caught = caught;
    process->exiting = (flags & FLAG_EXITING) != 0;
    process->kernel = (flags & FLAG_KERNEL) != 0;
    return 0;
}

/* Finds a thread that has not ended, other than the first one. Returns its id, or 0; -1 and errno
 * for a shortage. */
static int64_t find_live_thread(int64_t pid, tether__proc *thread)
{
    char path[64];
    int os_error = 0;
    int64_t found = 0;
    snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return tether__posix_is_shortage(errno) ? -1 : 0;
    while (found == 0) {
        int unused;
        errno = 0;
        const struct dirent *entry = readdir(threads);
        if (entry == NULL) {
            os_error = errno; /* 0 at the end */
            found = tether__posix_is_shortage(os_error) ? -1 : 0;
            break;
        }
        long long id = strtoll(entry->d_name, NULL, 10);
        if (id <= 0 || id == pid)
            continue;
        snprintf(path, sizeof path, "task/%lld/stat", id);
        os_error = read_stat(pid, path, thread, &unused);
        if (tether__posix_is_shortage(os_error))
            found = -1;
        else if (os_error == 0 && !tether__proc_ended(thread))
            found = id;
    }
    closedir(threads);
    errno = os_error;
    return found;
}

/* A process whose first thread has exited is shown as a zombie while its other threads run. */
int tether__proc_read(int64_t pid, tether__proc *process)
{
    int threads;
    tether__proc thread;
    int os_error = read_stat(pid, "stat", process, &threads);
    if (os_error != 0 || !tether__proc_ended(process) || threads <= 1)
        return os_error;
    int64_t id = find_live_thread(pid, &thread);
    if (id < 0)
        return errno;
    if (id > 0) {
        process->state = thread.state;
        process->exiting = thread.exiting;
    }
    return 0;
}

/* A newline follows the name, which may have some itself. */
size_t tether__proc_name(int64_t pid, char name[TETHER__PROCESS_NAME_SIZE])
{
    ssize_t size = read_entry(pid, "comm", name, TETHER__PROCESS_NAME_SIZE);
    return size > 0 ? (size_t)size - 1 : 0;
}

int tether__proc_user(int64_t pid, int64_t *user)
{
    char text[STATUS_SIZE];
    long long found;
    ssize_t size = read_entry(pid, "status", text, sizeof text - 1);
    if (size < 0)
        return errno;
    text[size] = '\0';
    const char *line = strstr(text, "\nUid:");
    if (line == NULL || sscanf(line, "\nUid: %lld", &found) != 1)
        return ESRCH;
    *user = found;
    return 0;
}

/* Returns a number of /proc/PID/auxv, whose numbers have the size of the program's words. */
static uint64_t word_at(const unsigned char *bytes, size_t index, size_t width)
{
    uint32_t narrow;
    uint64_t wide;
    memcpy(&narrow, bytes + index * width, sizeof narrow);
    if (width == sizeof narrow)
        return narrow;
    memcpy(&wide, bytes + index * width, sizeof wide);
    return wide;
}

/* Stores the real user id that the process had when it executed its program and got its
 * environment, if that is known. The array has pairs of a kind and a value, and all kinds are small
 * numbers. Returns 0 or the errno of a shortage. */
static int find_executing_user(int64_t pid, int64_t *user)
{
    unsigned char bytes[AUXV_SIZE];
    ssize_t size = read_entry(pid, "auxv", bytes, sizeof bytes);
    if (size < 0 && tether__posix_is_shortage(errno))
        return errno;
    if (size < (ssize_t)sizeof(uint64_t))
        return 0;
    size_t width =
        word_at(bytes, 0, sizeof(uint64_t)) > UINT32_MAX ? sizeof(uint32_t) : sizeof(uint64_t);
    for (size_t i = 0; (i + 2) * width <= (size_t)size; i += 2) {
        if (word_at(bytes, i, width) == AUXV_UID)
            *user = (int64_t)word_at(bytes, i + 1, width);
    }
    return 0;
}

/* A setuid program that has become root altogether, as sudo does, still has the environment of the
 * user who started it. */
int tether__proc_environment_is_from(int64_t pid, int64_t user, bool *is_from)
{
    int64_t owner;
    *is_from = false;
    int os_error = tether__proc_user(pid, &owner);
    if (os_error != 0)
        return os_error;
    int64_t giver = owner;
    if (owner == 0)
        os_error = find_executing_user(pid, &giver);
    *is_from = (owner == 0 || owner == user) && (giver == 0 || giver == user);
    return os_error;
}

/* In the middle of an exec or an exit, the arguments are gone too. */
int tether__proc_environment_is_empty(int64_t pid, bool *is_empty)
{
    char byte;
    ssize_t size = read_entry(pid, "cmdline", &byte, 1);
    *is_empty = size == 1;
    return size < 0 && tether__posix_is_shortage(errno) ? errno : 0;
}

/* Stores up to `capacity` bytes of the arguments, and how many. Returns 0 or the errno of a
 * shortage. */
static int read_arguments(int64_t pid, char *bytes, size_t capacity, size_t *size)
{
    *size = 0;
    int fd = open_entry(pid, "cmdline");
    if (fd < 0)
        return tether__posix_is_shortage(errno) ? errno : 0;
    ssize_t got = 1;
    while (got > 0 && *size < capacity) {
        got = read(fd, bytes + *size, capacity - *size);
        *size += got > 0 ? (size_t)got : 0;
    }
    int os_error = got < 0 ? errno : 0;
    close(fd);
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

int tether__proc_same_arguments(int64_t pid, int64_t other, bool *same)
{
    char a[ARGUMENTS_SIZE], b[ARGUMENTS_SIZE];
    size_t a_size, b_size;
    *same = false;
    int os_error = read_arguments(pid, a, sizeof a, &a_size);
    if (os_error == 0)
        os_error = read_arguments(other, b, sizeof b, &b_size);
    if (os_error == 0)
        *same = a_size > 0 && a_size == b_size && memcmp(a, b, a_size) == 0;
    return os_error;
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

static tether__proc_variable feed_file(int64_t pid, const char *entry, matcher *m)
{
    int fd = open_entry(pid, entry);
    /* Kernels from 6.16 on refuse to open an environment that is gone; older ones show it empty. */
    if (fd < 0)
        return tether__posix_is_shortage(errno) ? TETHER__VARIABLE_FAILED
               : errno == ESRCH                 ? TETHER__VARIABLE_UNKNOWN
                                                : TETHER__VARIABLE_ABSENT;
    char chunk[ENVIRON_CHUNK];
    ssize_t got = read(fd, chunk, sizeof chunk);
    tether__proc_variable otherwise = got == 0 ? TETHER__VARIABLE_UNKNOWN : TETHER__VARIABLE_ABSENT;
    while (got > 0 && matcher_feed(m, chunk, (size_t)got))
        got = read(fd, chunk, sizeof chunk);
    int os_error = got < 0 ? errno : 0;
    close(fd);
    errno = os_error;
    /* Also if one was found: there may be more. */
    if (tether__posix_is_shortage(os_error))
        return TETHER__VARIABLE_FAILED;
    return m->found ? TETHER__VARIABLE_PRESENT : otherwise;
}

/* The environment of a process whose first thread has exited is that of its other threads. */
static tether__proc_variable feed_environment(int64_t pid, matcher *m)
{
    char entry[64];
    tether__proc process, thread;
    int threads;
    tether__proc_variable found = feed_file(pid, "environ", m);
    if (found != TETHER__VARIABLE_UNKNOWN || read_stat(pid, "stat", &process, &threads) != 0 ||
        !tether__proc_ended(&process) || threads <= 1)
        return found;
    int64_t id = find_live_thread(pid, &thread);
    if (id < 0)
        return TETHER__VARIABLE_FAILED;
    snprintf(entry, sizeof entry, "task/%lld/environ", (long long)id);
    return id != 0 ? feed_file(pid, entry, m) : found;
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
