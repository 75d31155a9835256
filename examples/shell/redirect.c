/* Owns redirections, and the descriptors that they displace for a while.
 * Must not: leave a descriptor open in commands that they did not ask for: copies close on exec.
 * Thread: the only one. */
#include "redirect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expand.h"

/* Where the shell keeps descriptors of its own: scripts use those below. */
enum { OWN_FD = 10 };

struct saved_fd {
    int fd, copy; /* copy: -1 if it was not open */
};

void redirect_move(int from, int to)
{
    if (from == to)
        return;
    dup2(from, to);
    close(from);
}

static void save(struct saved *saved, int fd)
{
    fflush(NULL);
    if (saved == NULL)
        return;
    saved->items = shell_realloc(saved->items, (saved->count + 1) * sizeof *saved->items);
    saved->items[saved->count++] =
        (struct saved_fd){.fd = fd, .copy = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD)};
}

void redirect_restore(struct saved *saved)
{
    fflush(NULL);
    while (saved->count > 0) {
        struct saved_fd *last = &saved->items[--saved->count];
        if (last->copy < 0)
            close(last->fd);
        else
            redirect_move(last->copy, last->fd);
    }
    redirect_keep(saved);
}

void redirect_keep(struct saved *saved)
{
    for (size_t i = 0; i < saved->count; i++) {
        if (saved->items[i].copy >= 0)
            close(saved->items[i].copy);
    }
    free(saved->items);
    *saved = (struct saved){0};
}

/* A small body fits into a pipe; a larger one needs a file. */
static int here_fd(const char *body)
{
    size_t size = strlen(body);
    int ends[2];
    if (size <= _POSIX_PIPE_BUF) {
        if (pipe(ends) != 0)
            return -1;
        bool written = write(ends[1], body, size) == (ssize_t)size;
        close(ends[1]);
        return written ? ends[0] : -1;
    }
    FILE *file = tmpfile();
    if (file == NULL)
        return -1;
    bool written = fwrite(body, 1, size, file) == size && fflush(file) == 0;
    int fd = written ? fcntl(fileno(file), F_DUPFD_CLOEXEC, OWN_FD) : -1;
    fclose(file);
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static int open_here(struct shell *sh, const struct redirect *redirect)
{
    if (strpbrk(redirect->word, "'\"\\") != NULL)
        return here_fd(redirect->body);
    char *body = expand_body(sh, redirect->body);
    int fd = here_fd(body);
    free(body);
    return fd;
}

static int open_file(const struct redirect *redirect, const char *path)
{
    static const int flags[] = {
        [REDIRECT_INPUT] = O_RDONLY,
        [REDIRECT_OUTPUT] = O_WRONLY | O_CREAT | O_TRUNC,
        [REDIRECT_APPEND] = O_WRONLY | O_CREAT | O_APPEND,
        [REDIRECT_BOTH] = O_RDWR | O_CREAT,
    };
    return open(path, flags[redirect->kind] | O_CLOEXEC, 0666);
}

/* <&N, >&N and <&- */
static bool copy_fd(const struct redirect *redirect, const char *word)
{
    if (strcmp(word, "-") == 0) {
        close(redirect->fd);
        return true;
    }
    if (*word == '\0' || strspn(word, "0123456789") != strlen(word)) {
        errno = EBADF;
        return false;
    }
    int from = atoi(word);
    if (from == redirect->fd)
        return fcntl(from, F_GETFD) >= 0;
    return dup2(from, redirect->fd) >= 0;
}

static bool apply_word(struct shell *sh, const struct redirect *redirect, const char *word)
{
    if (redirect->kind == REDIRECT_COPY_IN || redirect->kind == REDIRECT_COPY_OUT)
        return copy_fd(redirect, word);
    int fd = redirect->kind >= REDIRECT_HERE ? open_here(sh, redirect) : open_file(redirect, word);
    if (fd < 0)
        return false;
    if (fd == redirect->fd)
        return fcntl(fd, F_SETFD, 0) == 0;
    redirect_move(fd, redirect->fd);
    return true;
}

bool redirect_apply(struct shell *sh, const struct redirect *redirects, struct saved *saved)
{
    for (const struct redirect *r = redirects; r != NULL; r = r->next) {
        char *word = r->kind >= REDIRECT_HERE ? shell_copy("") : expand_string(sh, r->word);
        bool applied = !sh->failed;
        if (applied) {
            save(saved, r->fd);
            applied = apply_word(sh, r, word);
            if (!applied)
                complain("%s: %s", *word == '\0' ? r->word : word, strerror(errno));
        }
        free(word);
        if (!applied)
            return false;
    }
    return true;
}
