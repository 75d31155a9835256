/* Families of shells, recognised by the file name of the program. Pure; any thread. */
#ifndef TETHER_SHELL_FAMILY_H
#define TETHER_SHELL_FAMILY_H

#include <stdbool.h>

typedef enum tether__shell_family {
    TETHER__SHELL_SH, /* sh, bash, zsh, ksh, ... */
    TETHER__SHELL_FISH,
    TETHER__SHELL_POWERSHELL,
    TETHER__SHELL_CMD
} tether__shell_family;

/* Returns the family of a shell, given its path or name. The empty string and unknown names count
 * as TETHER__SHELL_SH. */
tether__shell_family tether__shell_family_of(const char *path);

/* Returns whether a path or name is that of a known shell of the Bourne family. */
bool tether__shell_is_posix(const char *path);

/* Returns whether a path or name is that of Windows PowerShell, the one up to 5.1. */
bool tether__shell_is_windows_powershell(const char *path);

/* Returns the option that makes a shell a login shell: a static string, or NULL where the shell is
 * not known to have one. */
const char *tether__shell_login_option(const char *path);

/* Returns the name of the array variable in which a shell stores the exit codes of its last
 * pipeline: a static string, or NULL where the shell has none or is not known to have one. */
const char *tether__shell_pipeline_variable(const char *path);

#endif
