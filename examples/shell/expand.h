/* Expansions: tilde, parameters, command substitution, field splitting, pathnames, quote removal.
 */
#ifndef SHELL_EXPAND_H
#define SHELL_EXPAND_H

#include "shell.h"

/* All words as fields. Sets sh->failed on failure, after a message. */
void expand_words(struct shell *sh, const struct list *words, size_t first, struct list *fields);

/* One word as one string, without field splitting and pathnames: of an assignment or a redirection.
 * The caller frees it. */
char *expand_string(struct shell *sh, const char *word);

/* The body of a here-document whose delimiter has no quotes. The caller frees it. */
char *expand_body(struct shell *sh, const char *body);

#endif
