/* Owns the choice of the user's shell.
 * Must not: look at the disk or the environment itself.
 * Thread: any. */
#include "shell.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

static const char step[] = "find shell";

static const char *base_name(const char *path)
{
    const char *base = path;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '/' || *c == '\\')
            base = c + 1;
    }
    return base;
}

/* Whether base is name, with or without ".exe", in any case. */
static bool is_program(const char *base, const char *name)
{
    for (; *name != '\0'; base++, name++) {
        if (tolower((unsigned char)*base) != *name)
            return false;
    }
    if (*base == '\0')
        return true;
    for (const char *extension = ".exe"; *extension != '\0'; base++, extension++) {
        if (tolower((unsigned char)*base) != *extension)
            return false;
    }
    return *base == '\0';
}

tether__shell_family tether__shell_family_of(const char *path)
{
    const char *base = base_name(path);
    if (is_program(base, "fish"))
        return TETHER__SHELL_FISH;
    if (is_program(base, "pwsh") || is_program(base, "powershell"))
        return TETHER__SHELL_POWERSHELL;
    if (is_program(base, "cmd"))
        return TETHER__SHELL_CMD;
    return TETHER__SHELL_SH;
}

const char *tether__shell_pipeline_variable(const char *path)
{
    const char *base = base_name(path);
    if (is_program(base, "bash"))
        return "PIPESTATUS";
    return is_program(base, "zsh") ? "pipestatus" : NULL;
}

static int take(const char *name, tether__shell_find find, void *userdata, tether__shell *shell,
                tether_error *error)
{
    int code = find(name, &shell->path, userdata, error);
    if (code == TETHER_OK)
        shell->family = tether__shell_family_of(shell->path);
    return code;
}

static int take_choice(const char *choice, tether__shell_find find, void *userdata,
                       tether__shell *shell, tether_error *error)
{
    tether_error why = {0};
    int code = take(choice, find, userdata, shell, &why);
    if (code == TETHER_ENOPROGRAM)
        return tether__fail(error, TETHER_ENOSHELL, why.os_error, step,
                            "the chosen shell %.200s was not found; install it or choose another",
                            choice);
    if (code != TETHER_OK && error != NULL)
        *error = why;
    return code;
}

int tether__shell_resolve(const char *choice, const char *bash_variable,
                          const char *const *candidates, tether__shell_find find, void *userdata,
                          tether__shell *shell, tether_error *error)
{
    *shell = (tether__shell){0};
    if (choice != NULL)
        return take_choice(choice, find, userdata, shell, error);

    /* $BASH is a path. One that is a bare name was not set by bash, and looking it up would run
     * something else. */
    if (bash_variable != NULL && bash_variable[0] == '/' &&
        take(bash_variable, find, userdata, shell, NULL) == TETHER_OK)
        return TETHER_OK;

    tether__text tried = {0};
    for (; *candidates != NULL; candidates++) {
        if (take(*candidates, find, userdata, shell, NULL) == TETHER_OK) {
            tether__text_dispose(&tried);
            return TETHER_OK;
        }
        tether__text_add_string(&tried, tried.size > 0 ? ", " : "");
        tether__text_add_string(&tried, *candidates);
    }
    int code = tether__fail(error, TETHER_ENOSHELL, 0, step,
                            "no shell was found (tried %s); install one or name one by its path",
                            tried.size > 0 ? tried.bytes : "none");
    tether__text_dispose(&tried);
    return code;
}

void tether__shell_dispose(tether__shell *shell)
{
    free(shell->path);
    *shell = (tether__shell){0};
}
