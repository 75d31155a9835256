/* Owns the host's side of the floor.
 * Must not: grow into a supervisor of its own.
 * Thread: one. */
#include "floor.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

enum { MOST = 1024 }; /* at once */

static char program[PATH_MAX + 32], live[PATH_MAX];
static int events = -1;
static long last;
static pid_t pids[MOST];

static const char *const parts[] = {"live", "out", "err"};

static const char *name_of(long number, const char *part)
{
    static char name[PATH_MAX + 64];
    snprintf(name, sizeof name, "%s/%ld.%s", live, number, part);
    return name;
}

void floor_open(const char *directory, const char *supervisor)
{
    snprintf(program, sizeof program, "%s", supervisor);
    snprintf(live, sizeof live, "%s", directory);
    events = inotify_init1(IN_CLOEXEC);
    if (events < 0 || inotify_add_watch(events, live, IN_MODIFY) < 0)
        bench_fail("the floor cannot watch its directory");
}

long floor_start(char *const argv[])
{
    char *words[8] = {"floor-supervisor"};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fds[3];
    long number = ++last;
    for (int i = 0; i < 3; i++) {
        fds[i] = open(name_of(number, parts[i]), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC,
                      0600);
        if (fds[i] < 0)
            bench_fail("the floor cannot create a file");
    }
    dprintf(fds[0], "{\"task_id\":\"%ld\",\"command\":\"%s\"}\n", number, argv[0]);
    for (int i = 0; i < 6 && argv[i] != NULL; i++)
        words[i + 1] = argv[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawn_file_actions_adddup2(&actions, fds[2], 2);
    posix_spawn_file_actions_adddup2(&actions, fds[0], 9);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    if (posix_spawn(&pids[number % MOST], program, &actions, &attributes, words, environ) != 0)
        bench_fail("the floor cannot start its supervisor");
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    return number;
}

/* The last line of the supervisor begins with "exit". */
static bool has_ended(long number)
{
    char text[4096];
    int fd = open(name_of(number, "live"), O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (size < 0)
        bench_fail("the floor cannot read its lifeline");
    close(fd);
    text[size] = '\0';
    return strstr(text, "\nexit ") != NULL;
}

/* Waits until something was written into the lifeline. */
static void wait_for_a_line(long number)
{
    _Alignas(struct inotify_event) char bytes[4096];
    char name[32];
    snprintf(name, sizeof name, "%ld.live", number);
    for (bool written = false; !written;) {
        ssize_t size = read(events, bytes, sizeof bytes);
        if (size < 0)
            bench_fail("the floor cannot read events");
        for (const char *at = bytes; at < bytes + size;) {
            const struct inotify_event *event = (const void *)at;
            written = written || strcmp(event->name, name) == 0;
            at += sizeof *event + event->len;
        }
    }
}

void floor_wait(long number)
{
    while (!has_ended(number))
        wait_for_a_line(number);
    waitpid(pids[number % MOST], NULL, 0);
    for (int i = 0; i < 3; i++)
        unlink(name_of(number, parts[i]));
}
