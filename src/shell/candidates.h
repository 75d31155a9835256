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

/* Returns whether this path is that of the launcher of WSL, which has the name of a shell and runs
 * it in Linux, where the paths and variables of a task mean nothing: the bash.exe in System32, or
 * its alias in WindowsApps. */
bool tether__shell_is_wsl_launcher(const char *path);

/* Finds another shell of this name than that launcher, as tether__shell_find does: the one that
 * comes with git, or the next one in the PATH of the task. TETHER_ENOSHELL where there is none. */
int tether__shell_find_beside_wsl(const tether__shell_lookups *lookups, const char *name,
                                  char **found, tether_error *error);

void tether__shell_list_dispose(tether__shell_list *list);

#endif
