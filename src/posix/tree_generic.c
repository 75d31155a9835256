/* Owns signalling a task where processes cannot be listed: only its process group, while the
 * supervisor leads it.
 * Must not: signal a group whose leader was not verified.
 * Thread: any. */
#include "os/tree.h"

#include <signal.h>

#include "base/error.h"
#include "posix/group.h"
#include "posix/signal.h"

int tether__os_tree_check(const tether__tree *tree, tether_error *error)
{
    (void)tree;
    (void)error;
    return TETHER_OK;
}

/* Nothing shows what the group consists of. */
int tether__os_tree_ready(const tether__tree *tree, int number, bool *ready, tether_error *error)
{
    (void)tree;
    (void)number;
    (void)error;
    *ready = true;
    return TETHER_OK;
}

static int signal_group(const tether__tree *tree, int number, size_t *left)
{
    *left = tether__group_signal(tree, &number, 1) ? 1 : 0;
    return TETHER_OK;
}

/* A signal to the group reaches the supervisor too. */
int tether__os_tree_signal_number(const tether__tree *tree, int number, size_t *left,
                                  tether_error *error)
{
    *left = 0;
    if (!tether__signal_exists(number))
        return tether__fail(error, TETHER_EINVAL, 0, "signal task",
                            "this system has no signal %d; kill -l lists those that it has",
                            number);
    int code = tether__group_check_signal(tree, number, error);
    if (code != TETHER_OK)
        return code;
    return signal_group(tree, number, left);
}

int tether__os_tree_signal(const tether__tree *tree, tether__tree_signal signal, size_t *left,
                           tether_error *error)
{
    static const int others[] = {
        [TETHER__SIGNAL_FINAL] = SIGKILL,
        [TETHER__SIGNAL_PAUSE] = SIGSTOP,
        [TETHER__SIGNAL_RESUME] = SIGCONT,
    };
    (void)error;
    if (signal != TETHER__SIGNAL_POLITE)
        return signal_group(tree, others[signal], left);
    int code = signal_group(tree, SIGTERM, left);
    if (code == TETHER_OK && *left > 0)
        code = signal_group(tree, SIGCONT, left);
    return code;
}

int tether__os_tree_members(const tether__tree *tree, int64_t *pids, size_t capacity, size_t *count,
                            tether_error *error)
{
    (void)error;
    *count = tether__group_is_led(tree) ? 1 : 0;
    if (*count == 1 && capacity > 0)
        pids[0] = tree->supervisor.pid;
    return TETHER_OK;
}

const char *tether__os_tree_reach(bool *whole)
{
    *whole = false;
    return "reaches the process group only on this platform";
}
