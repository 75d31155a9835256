/* Owns the order in which shells are tried.
 * Must not: read the disk or the environment itself (the caller injects both), or choose a shell.
 * Thread: any. */
#include "shell/candidates.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "shell/family.h"

static void add(tether__shell_list *list, const char *name)
{
    char *copy = tether__text_copy(name);
    if (copy == NULL || list->count == TETHER__SHELL_CANDIDATES) {
        list->failed = true;
        free(copy);
        return;
    }
    list->names[list->count++] = copy;
}

void tether__shell_list_dispose(tether__shell_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    *list = (tether__shell_list){0};
}

void tether__shell_candidates_posix(const tether__shell_lookups *lookups, tether__shell_list *list)
{
    *list = (tether__shell_list){0};
    /* bash sets $BASH to its path. A value without a slash is not from bash, and a search for it in
     * PATH could find another program. */
    const char *bash = lookups->variable("BASH", lookups->userdata);
    if (bash != NULL && bash[0] == '/')
        add(list, bash);
    add(list, "bash");
    add(list, "zsh");
    add(list, "sh");
}

/* Returns the size of a path without its last component and the separator in front of it. */
static size_t parent_size(const char *path, size_t size)
{
    while (size > 0 && path[size - 1] != '\\' && path[size - 1] != '/')
        size--;
    return size > 0 ? size - 1 : 0;
}

static bool ends_with_component(const char *path, size_t size, const char *name)
{
    size_t length = strlen(name);
    return size > length && (path[size - length - 1] == '\\' || path[size - length - 1] == '/') &&
           memcmp(path + size - length, name, length) == 0;
}

/* The same, ignoring case. name is in lower case. */
static bool is_component(const char *path, size_t size, const char *name)
{
    size_t length = strlen(name);
    if (size < length ||
        (size > length && path[size - length - 1] != '\\' && path[size - length - 1] != '/'))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (tolower((unsigned char)path[size - length + i]) != name[i])
            return false;
    }
    return true;
}

/* Whether the launcher of WSL may be in a folder. */
static bool has_wsl_launcher(const char *folder, size_t size)
{
    static const char *const names[] = {"system32", "sysnative", "syswow64", "windowsapps"};
    while (size > 0 && (folder[size - 1] == '\\' || folder[size - 1] == '/'))
        size--;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_component(folder, size, names[i]))
            return true;
    }
    return false;
}

bool tether__shell_is_wsl_launcher(const char *path)
{
    size_t size = strlen(path);
    bool drive = size > 2 && path[1] == ':';
    return drive && (is_component(path, size, "bash.exe") || is_component(path, size, "bash")) &&
           has_wsl_launcher(path, parent_size(path, size));
}

/* git.exe is in <git>\cmd, <git>\bin or <git>\mingw64\bin, and its bash is <git>\bin\bash.exe. A
 * bash in PATH is usually that of WSL, which runs Linux programs. */
static void add_git_bash(const tether__shell_lookups *lookups, tether__shell_list *list)
{
    static const char *const inner[] = {"mingw64", "mingw32", "clangarm64", "usr"};
    char *git;
    if (lookups->find("git", &git, lookups->userdata, NULL) != TETHER_OK)
        return;
    size_t size = parent_size(git, parent_size(git, strlen(git)));
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        if (ends_with_component(git, size, inner[i]))
            size = parent_size(git, size);
    }
    tether__text path = {0};
    tether__text_add(&path, git, size);
    tether__text_add_string(&path, "\\bin\\bash.exe");
    if (path.failed)
        list->failed = true;
    else if (size > 0)
        add(list, path.bytes);
    tether__text_dispose(&path);
    free(git);
}

void tether__shell_candidates_win32(const tether__shell_lookups *lookups, tether__shell_list *list)
{
    *list = (tether__shell_list){0};
    const char *shell = lookups->variable("SHELL", lookups->userdata);
    if (shell != NULL && tether__shell_is_posix(shell))
        add(list, shell);
    add(list, "pwsh");
    add(list, "powershell");
    add_git_bash(lookups, list);
    const char *cmd = lookups->variable("ComSpec", lookups->userdata);
    add(list, cmd != NULL && tether__shell_family_of(cmd) == TETHER__SHELL_CMD ? cmd : "cmd");
}

/* Tries "folder\\name" in one entry of PATH. */
static bool find_in(const tether__shell_lookups *lookups, const char *folder, size_t size,
                    const char *name, char **found)
{
    if (size >= 2 && folder[0] == '"' && folder[size - 1] == '"') {
        folder++;
        size -= 2;
    }
    if (size == 0 || has_wsl_launcher(folder, size))
        return false;
    tether__text path = {0};
    tether__text_add(&path, folder, size);
    tether__text_add_string(&path, "\\");
    tether__text_add_string(&path, name);
    bool there =
        !path.failed && lookups->find(path.bytes, found, lookups->userdata, NULL) == TETHER_OK;
    tether__text_dispose(&path);
    return there;
}

int tether__shell_find_beside_wsl(const tether__shell_lookups *lookups, const char *name,
                                  char **found, tether_error *error)
{
    tether__shell_list list = {0};
    const char *at = lookups->variable("PATH", lookups->userdata);
    bool there = false;
    *found = NULL;
    add_git_bash(lookups, &list);
    if (list.count > 0)
        there = lookups->find(list.names[0], found, lookups->userdata, NULL) == TETHER_OK;
    tether__shell_list_dispose(&list);
    while (!there && at != NULL && *at != '\0') {
        size_t size = strcspn(at, ";");
        there = find_in(lookups, at, size, name, found);
        at += at[size] == ';' ? size + 1 : size;
    }
    if (there)
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOSHELL, 0, "find shell",
                        "the only %.100s is the launcher of WSL, which runs commands in Linux; "
                        "install Git for Windows, or name a shell by its path",
                        name);
}
