/* Owns the choice of the user's shell.
 * Must not: read the disk or the environment itself; the caller injects both.
 * Thread: any. */
#include "shell/shell.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static const char step[] = "find shell";

/* The launcher of WSL would run the command in Linux, where its file, directory and variables mean
 * something else. A name may mean another shell; a path means this one. */
static int replace_wsl_launcher(const char *name, const tether__shell_lookups *lookups,
                                tether__shell *shell, tether_error *error)
{
    free(shell->path);
    shell->path = NULL;
    if (strpbrk(name, "/\\") != NULL)
        return tether__fail(error, TETHER_ENOSHELL, 0, step,
                            "%.200s is the launcher of WSL, which runs commands in Linux; choose a "
                            "shell of Windows, or run wsl.exe with arguments as a program",
                            name);
    return tether__shell_find_beside_wsl(lookups, name, &shell->path, error);
}

static int take(const char *name, const tether__shell_lookups *lookups, tether__shell *shell,
                tether_error *error)
{
    int code = lookups->find(name, &shell->path, lookups->userdata, error);
    if (code == TETHER_OK && tether__shell_is_wsl_launcher(shell->path))
        code = replace_wsl_launcher(name, lookups, shell, error);
    if (code == TETHER_OK)
        shell->family = tether__shell_family_of(shell->path);
    return code;
}

static int try_start(const tether__shell_lookups *lookups, const tether__shell *shell,
                     tether_error *error)
{
    return lookups->try_start != NULL ? lookups->try_start(shell->path, lookups->userdata, error)
                                      : TETHER_OK;
}

static int take_choice(const char *choice, const tether__shell_lookups *lookups,
                       tether__shell *shell, tether_error *error)
{
    tether_error why = {0};
    int code = take(choice, lookups, shell, &why);
    if (code == TETHER_OK)
        code = try_start(lookups, shell, &why);
    if (code == TETHER_OK)
        return code;
    tether__shell_dispose(shell);
    if (code == TETHER_ENOPROGRAM)
        return tether__fail(error, TETHER_ENOSHELL, why.os_error, step,
                            "the chosen shell %.200s was not found; install it or choose another",
                            choice);
    tether__error_set(error, &why);
    return code;
}

/* Returns whether a failed lookup says nothing about the candidate: the same lookup may find it
 * later. */
static bool may_pass(int code)
{
    return code == TETHER_ENOMEM || code == TETHER_ELIMIT || code == TETHER_EIO;
}

/* A candidate whose lookup fails counts as not found, even if the file exists but cannot be
 * executed: the next one may work. Only a lookup that failed for lack of memory or the like is
 * returned. Once a candidate is found, trying to start it decides: TETHER_ENOPROGRAM leads to the
 * next candidate; success or any other error is returned. */
static int take_first(const tether__shell_list *list, const tether__shell_lookups *lookups,
                      tether__text *tried, tether__shell *shell, tether_error *why)
{
    int code = TETHER_ENOPROGRAM;
    for (size_t i = 0; i < list->count; i++) {
        code = take(list->names[i], lookups, shell, why);
        if (code == TETHER_OK) {
            code = try_start(lookups, shell, why);
            if (code != TETHER_ENOPROGRAM)
                return code;
            tether__shell_dispose(shell);
        } else if (may_pass(code)) {
            return code;
        }
        tether__text_add_string(tried, tried->size > 0 ? ", " : "");
        tether__text_add_string(tried, list->names[i]);
    }
    return TETHER_ENOPROGRAM;
}

int tether__shell_resolve(const char *choice, tether__shell_candidates candidates,
                          const tether__shell_lookups *lookups, tether__shell *shell,
                          tether_error *error)
{
    tether__shell_list list;
    tether__text tried = {0};
    tether_error why = {0};
    *shell = (tether__shell){0};
    if (choice != NULL)
        return take_choice(choice, lookups, shell, error);

    candidates(lookups, &list);
    int code = list.failed ? tether__fail_memory(&why, step)
                           : take_first(&list, lookups, &tried, shell, &why);
    if (code == TETHER_ENOPROGRAM)
        code = tether__fail(error, TETHER_ENOSHELL, why.os_error, step,
                            "no shell was found (tried %s; the last one: %.200s); install one or "
                            "name one by its path",
                            tried.size > 0 ? tried.bytes : "none", why.message);
    else if (code != TETHER_OK)
        tether__error_set(error, &why);
    if (code != TETHER_OK)
        tether__shell_dispose(shell);
    tether__text_dispose(&tried);
    tether__shell_list_dispose(&list);
    return code;
}

void tether__shell_dispose(tether__shell *shell)
{
    free(shell->path);
    *shell = (tether__shell){0};
}
