/* Owns the terminal, its modes, the signals of its keys, and waiting for them.
 * Must not: reap children. The handlers only set flags.
 * Thread: the only one. */
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted, suspended, child_changed;

static void note(int signal)
{
    if (signal == SIGINT)
        interrupted = 1;
    if (signal == SIGTSTP)
        suspended = 1;
    if (signal == SIGCHLD)
        child_changed = 1;
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {0};
    action.sa_handler = handler; /* without SA_RESTART: waits end */
    sigaction(signal, &action, NULL);
}

void terminal_take_signals(void)
{
    handle(SIGINT, note);
    handle(SIGTSTP, note);
    handle(SIGCHLD, note);
    handle(SIGQUIT, SIG_IGN);
    handle(SIGTTIN, SIG_IGN);
    handle(SIGTTOU, SIG_IGN);
    handle(SIGTERM, SIG_IGN);
}

void terminal_reset_signals(const struct shell *sh)
{
    static const int signals[] = {SIGINT, SIGTSTP, SIGCHLD, SIGQUIT, SIGTTIN, SIGTTOU, SIGTERM};
    if (!sh->interactive)
        return;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        handle(signals[i], SIG_DFL);
}

bool terminal_take(struct shell *sh)
{
    sh->terminal.fd = STDIN_FILENO;
    /* Started in the background: wait until the one who started it brings it to the front. */
    while (tcgetpgrp(sh->terminal.fd) != getpgrp()) {
        if (tcgetpgrp(sh->terminal.fd) < 0)
            return false;
        kill(-getpgrp(), SIGTTIN);
    }
    terminal_take_signals();
    if (setpgid(0, 0) != 0 && errno != EPERM) /* EPERM: it leads its session */
        return false;
    sh->terminal.group = getpgrp();
    return tcsetpgrp(sh->terminal.fd, sh->terminal.group) == 0 &&
           tcgetattr(sh->terminal.fd, &sh->terminal.modes) == 0;
}

/* A background process that does this is stopped by SIGTTOU, unless it blocks the signal. */
void terminal_give(const struct shell *sh, pid_t group)
{
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    sigprocmask(SIG_BLOCK, &block, &before);
    tcsetpgrp(sh->terminal.fd, group);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_take_back(const struct shell *sh, struct termios *modes)
{
    terminal_give(sh, sh->terminal.group);
    if (modes != NULL)
        tcgetattr(sh->terminal.fd, modes);
    tcsetattr(sh->terminal.fd, TCSADRAIN, &sh->terminal.modes);
}

bool terminal_interrupted(void)
{
    bool was = interrupted;
    interrupted = 0;
    return was;
}

bool terminal_suspended(void)
{
    bool was = suspended;
    suspended = 0;
    return was;
}

bool terminal_is_interrupted(void)
{
    return interrupted;
}

void terminal_forget(void)
{
    interrupted = suspended = 0;
}

bool terminal_wait(int fd, long timeout_ms)
{
    sigset_t block, before;
    bool is_ready = false;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTSTP);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &before);
    if (!interrupted && !suspended && !child_changed) {
        fd_set ready;
        FD_ZERO(&ready);
        if (fd >= 0 && fd < FD_SETSIZE)
            FD_SET(fd, &ready);
        struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                                   .tv_nsec = timeout_ms % 1000 * 1000000};
        is_ready =
            pselect(fd + 1, &ready, NULL, NULL, timeout_ms < 0 ? NULL : &timeout, &before) > 0;
    }
    child_changed = 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return is_ready;
}

int terminal_read_key(int fd)
{
    unsigned char key;
    while (!terminal_wait(fd, -1)) {
        if (interrupted)
            return -1;
        suspended = 0; /* Ctrl-Z at a prompt has nothing to stop */
    }
    return read(fd, &key, 1) == 1 ? key : -1;
}
