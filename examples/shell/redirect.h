/* Redirections. */
#ifndef SHELL_REDIRECT_H
#define SHELL_REDIRECT_H

#include "shell.h"
#include "tree.h"

/* What stood in the place of descriptors that were redirected. All zero: nothing. */
struct saved {
    struct saved_fd *items;
    size_t count;
};

/* Applies redirections, in their order. With `saved` they can be taken back. Returns false after a
 * message. */
bool redirect_apply(struct shell *sh, const struct redirect *redirects, struct saved *saved);
void redirect_restore(struct saved *saved);
/* Keeps what was redirected: of `exec` without a command. */
void redirect_keep(struct saved *saved);

/* dup2, and closes what was copied. */
void redirect_move(int from, int to);

#endif
