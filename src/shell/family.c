/* Owns what the library knows about shells by their names.
 * Must not: read the disk or the environment.
 * Thread: any. */
#include "shell/family.h"

#include <ctype.h>
#include <stddef.h>

static const char *base_name(const char *path)
{
    const char *base = path;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '/' || *c == '\\')
            base = c + 1;
    }
    return base;
}

/* Returns whether base is name, with or without ".exe", ignoring case. name is in lower case. */
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

bool tether__shell_is_posix(const char *path)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh"};
    const char *base = base_name(path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_program(base, names[i]))
            return true;
    }
    return false;
}

bool tether__shell_is_windows_powershell(const char *path)
{
    return is_program(base_name(path), "powershell");
}

const char *tether__shell_login_option(const char *path)
{
    if (is_program(base_name(path), "pwsh"))
        return "-Login";
    return tether__shell_is_posix(path) || is_program(base_name(path), "fish") ? "-l" : NULL;
}
