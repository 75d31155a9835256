/* Owns the start by posix_spawn, whose cost does not grow with the host's memory.
 * Must not: run any code of its own in the child.
 * Thread: any. */
#include "posix/spawn_start.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>

/* Adds the actions in an order in which no descriptor is overwritten before it is used. Returns 0
 * or errno. */
static int add_actions(posix_spawn_file_actions_t *actions, const tether__child_fds *fds)
{
    int os_error = 0;
    for (int i = 0; os_error == 0 && i < TETHER__CHILD_FDS; i++) {
        os_error = fds->at[i] >= 0 ? posix_spawn_file_actions_adddup2(actions, fds->at[i], i)
                                   : posix_spawn_file_actions_addclose(actions, i);
    }
    if (os_error == 0)
        os_error = posix_spawn_file_actions_addfchdir_np(actions, fds->workdir);
    if (os_error == 0)
        os_error = posix_spawn_file_actions_addclosefrom_np(actions, TETHER__CHILD_FDS);
    return os_error;
}

static int set_attributes(posix_spawnattr_t *attributes, bool is_monitor)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int os_error = posix_spawnattr_setsigdefault(attributes, &all);
    if (os_error == 0)
        os_error = posix_spawnattr_setsigmask(attributes, is_monitor ? &all : &none);
    if (os_error == 0)
        os_error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                            POSIX_SPAWN_SETSIGMASK);
    return os_error;
}

int tether__posix_start(const tether__start *start, const tether__child_fds *fds, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int os_error = posix_spawn_file_actions_init(&actions);
    if (os_error != 0)
        return os_error;
    os_error = posix_spawnattr_init(&attributes);
    if (os_error == 0) {
        os_error = set_attributes(&attributes, start->orders != NULL);
        if (os_error == 0)
            os_error = add_actions(&actions, fds);
        if (os_error == 0)
            os_error = posix_spawn(pid, start->program, &actions, &attributes,
                                   (char *const *)start->argv, (char *const *)start->envp);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return os_error;
}

const char *tether__os_spawn_variant(void)
{
    return "posix_spawn";
}
