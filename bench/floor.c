/* Owns the host's side of the floor.
 * Must not: grow into a supervisor of its own.
 * Thread: one. */
#include "floor.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

extern char **environ;

static char program[PATH_MAX + 32], live[PATH_MAX], name[3][PATH_MAX + 32];
static int events = -1, number;
static pid_t pid;

void floor_open(const char *directory, const char *supervisor)
{
    snprintf(program, sizeof program, "%s", supervisor);
    snprintf(live, sizeof live, "%s", directory);
    events = inotify_init1(IN_CLOEXEC);
    if (events < 0 || inotify_add_watch(events, live, IN_MODIFY) < 0)
        bench_fail("the floor cannot watch its directory");
}

void floor_start(char *const argv[])
{
    static const char *const parts[] = {"live", "out", "err"};
    char *words[8] = {"floor-supervisor"};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int fds[3];
    number++;
    for (int i = 0; i < 3; i++) {
        snprintf(name[i], sizeof name[i], "%s/%d.%s", live, number, parts[i]);
        fds[i] = open(name[i], O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
        if (fds[i] < 0)
            bench_fail("the floor cannot create a file");
    }
    dprintf(fds[0], "{\"task_id\":\"%d\",\"command\":\"%s\"}\n", number, argv[0]);
    for (int i = 0; i < 6 && argv[i] != NULL; i++)
        words[i + 1] = argv[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawn_file_actions_adddup2(&actions, fds[2], 2);
    posix_spawn_file_actions_adddup2(&actions, fds[0], 9);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    if (posix_spawn(&pid, program, &actions, &attributes, words, environ) != 0)
        bench_fail("the floor cannot start its supervisor");
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

/* The last line of the supervisor begins with "exit". */
static int has_ended(void)
{
    char text[4096];
    int fd = open(name[0], O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (size < 0)
        bench_fail("the floor cannot read its lifeline");
    close(fd);
    text[size] = '\0';
    return strstr(text, "\nexit ") != NULL;
}

void floor_wait(void)
{
    char event[4096];
    while (!has_ended()) {
        if (read(events, event, sizeof event) < 0)
            bench_fail("the floor cannot read events");
    }
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 3; i++)
        unlink(name[i]);
}
