/* Owns running the command on a terminal of its own.
 * Must not: wait for a time.
 * Thread: the main one. */
#include "cli/posix/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char shown[65536];
static size_t used;

const char *terminal_shown(void)
{
    return shown;
}

static void become_command(int tty, int output, const char *const *argv)
{
    for (int i = 0; i <= 2; i++)
        dup2(i == 1 && output >= 0 ? output : tty, i);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    execv(argv[0], (char *const *)argv);
    _exit(99);
}

void terminal_resize(const terminal *t, int columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    assert_int_equal(ioctl(t->master, TIOCSWINSZ, &size), 0);
}

void terminal_start(terminal *t, int columns, int output, const char *const *argv)
{
    char name[256];
    used = 0;
    shown[0] = '\0';
    t->seen = 0;
    t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(t->master >= 0);
    assert_int_equal(grantpt(t->master), 0);
    assert_int_equal(unlockpt(t->master), 0);
    terminal_resize(t, columns);
    snprintf(name, sizeof name, "%s", ptsname(t->master));
    int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(other >= 0);
    t->pid = fork();
    assert_true(t->pid >= 0);
    if (t->pid == 0)
        become_command(other, output, argv);
    close(other);
}

/* Returns false once the command has ended: nothing else has the terminal open. */
static bool read_more(const terminal *t)
{
    char part[4096];
    ssize_t got;
    do {
        got = read(t->master, part, sizeof part);
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    assert_true(used + (size_t)got < sizeof shown);
    for (ssize_t i = 0; i < got; i++) {
        if (part[i] == '\n' && used > 0 && shown[used - 1] == '\r')
            used--;
        shown[used++] = part[i];
    }
    shown[used] = '\0';
    return true;
}

void terminal_expect(terminal *t, const char *text)
{
    const char *found;
    while ((found = strstr(shown + t->seen, text)) == NULL) {
        if (!read_more(t))
            fail_msg("the command ended without \"%s\"; it has shown: %s", text, shown);
    }
    t->seen = (size_t)(found - shown) + strlen(text);
}

int terminal_end(terminal *t)
{
    int status;
    while (read_more(t))
        continue;
    close(t->master);
    while (waitpid(t->pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int terminal_run(int columns, const char *const *argv)
{
    terminal t;
    terminal_start(&t, columns, -1, argv);
    return terminal_end(&t);
}
