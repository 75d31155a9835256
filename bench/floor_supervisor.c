/* The supervisor of the floor: starts the command of its arguments, waits for it, and appends how
 * it ended to descriptor 9. */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    pid_t pid;
    int status;
    posix_spawn_file_actions_t actions;
    if (argc < 2)
        return 2;
    dprintf(9, "supervisor pid=%ld\n", (long)getpid());
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, 9);
    if (posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ) != 0)
        status = 127 << 8;
    else
        waitpid(pid, &status, 0);
    dprintf(9, "exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
