/* Which shells are tried for a command when nobody has chosen one, by each platform's rules. Pure:
 * the look-ups are injected, so that all rules are tested everywhere. */
#ifndef TETHER_SHELL_CANDIDATES_H
#define TETHER_SHELL_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

/* Finds a program by name or path; *found is freed with free(). As tether__os_find_program. */
typedef int (*tether__shell_find)(const char *name, char **found, void *userdata,
                                  tether_error *error);

typedef struct tether__shell_lookups {
    tether__shell_find find;
    /* Whether what was found can be started right now; TETHER_ENOPROGRAM where it is not there
     * after all. NULL: what is found is believed. */
    int (*try_start)(const char *path, void *userdata, tether_error *error);
    /* A variable of the task's environment; NULL: not set. */
    const char *(*variable)(const char *name, void *userdata);
    void *userdata;
} tether__shell_lookups;

#define TETHER__SHELL_CANDIDATES 8

/* Names and paths in the order in which they are tried. */
typedef struct tether__shell_list {
    char *names[TETHER__SHELL_CANDIDATES];
    size_t count;
    bool failed; /* memory was short */
} tether__shell_list;

typedef void (*tether__shell_candidates)(const tether__shell_lookups *lookups,
                                         tether__shell_list *list);

/* $BASH where bash has set it, then bash, zsh, sh. */
void tether__shell_candidates_posix(const tether__shell_lookups *lookups, tether__shell_list *list);

/* $SHELL where it is a POSIX shell, then pwsh, powershell, the bash that comes with git, cmd. */
void tether__shell_candidates_win32(const tether__shell_lookups *lookups, tether__shell_list *list);

void tether__shell_list_dispose(tether__shell_list *list);

#endif
