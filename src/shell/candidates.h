/* The shells to try for a command when the caller has not chosen one, by the rules of each
 * platform. Pure: the look-ups are injected, so that every platform tests all rules. */
#ifndef TETHER_SHELL_CANDIDATES_H
#define TETHER_SHELL_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#include "tether/error.h"

/* Finds a program by name or path, as tether__os_find_program does. The caller frees *found with
 * free(). */
typedef int (*tether__shell_find)(const char *name, char **found, void *userdata,
                                  tether_error *error);

typedef struct tether__shell_lookups {
    tether__shell_find find;
    /* Tries whether a shell that was found can be started. Returns TETHER_ENOPROGRAM if it does not
     * exist after all. NULL: shells are not tried. */
    int (*try_start)(const char *path, void *userdata, tether_error *error);
    /* Returns the value of a variable in the task's environment, or NULL if it is not set. */
    const char *(*variable)(const char *name, void *userdata);
    void *userdata;
} tether__shell_lookups;

#define TETHER__SHELL_CANDIDATES 8

/* Names and paths in the order in which they are tried. */
typedef struct tether__shell_list {
    char *names[TETHER__SHELL_CANDIDATES];
    size_t count;
    bool failed; /* out of memory: the list is incomplete */
} tether__shell_list;

typedef void (*tether__shell_candidates)(const tether__shell_lookups *lookups,
                                         tether__shell_list *list);

/* Lists $BASH if bash has set it, then bash, zsh, sh. */
void tether__shell_candidates_posix(const tether__shell_lookups *lookups, tether__shell_list *list);

/* Lists $SHELL if it is a POSIX shell, then pwsh, powershell, the bash that comes with git, cmd. */
void tether__shell_candidates_win32(const tether__shell_lookups *lookups, tether__shell_list *list);

void tether__shell_list_dispose(tether__shell_list *list);

#endif
