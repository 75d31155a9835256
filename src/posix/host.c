/* Owns the host's environment, programs, limits and folders.
 * Must not: change any of them.
 * Thread: any, while no other thread changes the environment. */
#include "os/host.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "posix/access.h"
#include "posix/environ.h"
#include "posix/error.h"

int tether__os_environ(char ***entries, tether_error *error)
{
    char **own = tether__posix_environ();
    size_t count = 0, bytes = 0;
    for (; own != NULL && own[count] != NULL; count++)
        bytes += strlen(own[count]) + 1;
    /* One block of memory: the pointers, then the strings. */
    *entries = malloc((count + 1) * sizeof(char *) + bytes);
    if (*entries == NULL)
        return tether__fail_memory(error, "read environment");
    char *to = (char *)(*entries + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(own[i]) + 1;
        (*entries)[i] = memcpy(to, own[i], size);
        to += size;
    }
    (*entries)[count] = NULL;
    return TETHER_OK;
}

void tether__os_environ_free(char **entries)
{
    free(entries);
}

bool tether__os_env_same_name(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && memcmp(a, b, a_size) == 0;
}

int tether__os_default_store(char **path, tether_error *error)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    *path = NULL;
    /* The XDG rules: a relative path counts as not set. */
    if (state != NULL && state[0] == '/')
        *path = tether__text_join(state, "tether");
    else if (home != NULL && home[0] == '/')
        *path = tether__text_join(home, ".local/state/tether");
    else
        return tether__fail(error, TETHER_EINVAL, 0, "find store",
                            "neither XDG_STATE_HOME nor HOME is set; name a store");
    return *path != NULL ? TETHER_OK : tether__fail_memory(error, "find store");
}

/* Stores whether files can be created in a directory, which with `own` must belong to the user. */
static int check_writable_directory(const char *path, bool own, bool *usable, tether_error *error)
{
    struct stat st;
    int os_error = stat(path, &st) == 0 ? 0 : errno;
    *usable = os_error == 0 && S_ISDIR(st.st_mode) && (!own || st.st_uid == geteuid());
    if (*usable) {
        os_error = tether__posix_access(path, W_OK | X_OK);
        *usable = os_error == 0;
    }
    /* Another place instead would hide the stores in this one. */
    return tether__posix_is_shortage(os_error)
               ? tether__posix_fail(error, os_error, "find store", path)
               : TETHER_OK;
}

int tether__os_ephemeral_base(char **path, bool *in_memory, tether_error *error)
{
    char name[64];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *temporary = getenv("TMPDIR");
    bool usable = false;
    int code = TETHER_OK;
    *path = NULL;
    *in_memory = true;
    if (runtime != NULL && runtime[0] == '/')
        code = check_writable_directory(runtime, true, &usable, error);
    if (code != TETHER_OK)
        return code;
    if (usable) {
        *path = tether__text_join(runtime, "tether-ephemeral");
        return *path != NULL ? TETHER_OK : tether__fail_memory(error, "find store");
    }
    /* All users share these folders: the name contains the user id, and tether__os_dir_open_root
     * checks the owner. */
    snprintf(name, sizeof name, "tether-ephemeral-%ld", (long)geteuid());
    const char *folder = "/dev/shm";
    code = check_writable_directory(folder, false, &usable, error);
    if (code != TETHER_OK)
        return code;
    if (!usable) {
        *in_memory = false;
        folder = temporary != NULL && temporary[0] == '/' ? temporary : "/tmp";
    }
    *path = tether__text_join(folder, name);
    return *path != NULL ? TETHER_OK : tether__fail_memory(error, "find store");
}

const char *tether__os_ephemeral_variable(void)
{
    return "XDG_RUNTIME_DIR";
}

int tether__os_check_workdir(const char *path, tether_error *error)
{
    (void)path;
    (void)error;
    return TETHER_OK;
}

/* Returns 0, or the errno that says why a path is no directory that can be entered: its own entry
 * is found only in one. */
static int check_entry(const char *directory)
{
    char *entry = tether__text_join(directory, ".");
    int os_error = entry != NULL ? tether__posix_access(entry, X_OK) : ENOMEM;
    free(entry);
    return os_error;
}

int tether__os_real_directory(const char *what, const char *path, char **real, tether_error *error)
{
    *real = realpath(path != NULL ? path : ".", NULL);
    int os_error = *real != NULL ? check_entry(*real) : errno;
    if (os_error == 0)
        return TETHER_OK;
    free(*real);
    *real = NULL;
    if (tether__posix_is_shortage(os_error))
        return tether__posix_fail(error, os_error, "check directory", path != NULL ? path : ".");
    const char *why = os_error == ENOENT    ? "it does not exist; create it or choose another"
                      : os_error == ENOTDIR ? "it is not a directory; choose another"
                      : os_error == EACCES  ? "it cannot be entered; check its permissions"
                                            : "it cannot be used; choose another";
    return tether__fail(error, TETHER_EWORKDIR, os_error, "check directory", "%s %.300s: %s", what,
                        path != NULL ? path : "(the current one)", why);
}

/* Removes "//", "." and ".." from an absolute path, in place. */
static void normalise_path(char *path)
{
    char *to = path;
    for (const char *at = path; *at != '\0';) {
        at += strspn(at, "/");
        size_t size = strcspn(at, "/");
        if (size == 2 && memcmp(at, "..", 2) == 0) {
            while (to > path && *--to != '/')
                ;
        } else if (size > 0 && (size > 1 || *at != '.')) {
            *to++ = '/';
            memmove(to, at, size);
            to += size;
        }
        at += size;
    }
    *to = '\0';
}

/* Returns a copy of an absolute path, with the longest part of it that exists made canonical. NULL
 * and errno if that part is not known. */
static char *resolve_existing(char *path)
{
    for (char *slash = strrchr(path, '/'); slash != NULL && slash > path;) {
        *slash = '\0';
        char *folder = realpath(path, NULL);
        int os_error = errno;
        char *next = strrchr(path, '/');
        *slash = '/';
        if (folder == NULL && tether__posix_is_shortage(os_error)) {
            errno = os_error;
            return NULL;
        }
        if (folder != NULL) {
            char *whole = tether__text_join(strcmp(folder, "/") == 0 ? "" : folder, slash + 1);
            free(folder);
            return whole;
        }
        slash = next;
    }
    return strdup(path);
}

int tether__os_former_directory(const char *what, const char *path, char **real,
                                tether_error *error)
{
    tether_error problem = {0};
    char folder[PATH_MAX] = "";
    int code = tether__os_real_directory(what, path, real, &problem);
    bool gone = code != TETHER_OK && problem.os_error == ENOENT && path != NULL && path[0] != '\0';
    if (!gone || (path[0] != '/' && getcwd(folder, sizeof folder) == NULL)) {
        if (code != TETHER_OK)
            tether__error_set(error, &problem);
        return code;
    }
    char *whole = tether__text_join(folder, path);
    if (whole != NULL) {
        normalise_path(whole);
        *real = resolve_existing(whole);
        int os_error = errno;
        free(whole);
        if (*real == NULL)
            return tether__posix_fail(error, os_error, "check directory", path);
    }
    return *real != NULL ? TETHER_OK : tether__fail_memory(error, "check directory");
}

/* Returns 0, or the errno that says why a path cannot be executed. */
static int check_program(const char *path)
{
    struct stat st;
    int result;
    do
        result = stat(path, &st);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return tether__posix_access(path, X_OK);
}

static int search_path(const char *name, const char *list, const char *workdir, char **found)
{
    int result = ENOENT;
    for (const char *at = list;; at++) {
        size_t size = strcspn(at, ":");
        char folder[PATH_MAX];
        /* An empty or relative entry refers to the directory in which the program starts. */
        int length = size > 0 && at[0] == '/'
                         ? snprintf(folder, sizeof folder, "%.*s", (int)size, at)
                         : snprintf(folder, sizeof folder, "%s/%.*s", workdir, (int)size, at);
        if (length > 0 && (size_t)length < sizeof folder) {
            char *path = tether__text_join(folder, name);
            if (path == NULL)
                return ENOMEM;
            int os_error = check_program(path);
            if (os_error == 0) {
                *found = path;
                return 0;
            }
            free(path);
            /* A folder that cannot be read now does not mean that the program is missing. */
            bool unknown = os_error == ENOMEM || os_error == ENFILE || os_error == EIO;
            if (unknown || (os_error == EACCES && result == ENOENT))
                result = os_error;
        }
        at += size;
        if (*at == '\0')
            return result;
    }
}

int tether__os_find_program(const char *name, const char *path_list, const char *workdir,
                            char **found, tether_error *error)
{
    int os_error;
    *found = NULL;
    if (name[0] == '\0')
        return tether__fail(
            error, TETHER_EINVAL, 0, "find program",
            "the program's name is empty; give a name, or check the variable that holds it");
    if (strchr(name, '/') == NULL) {
        const char *list = path_list != NULL ? path_list : "/usr/local/bin:/usr/bin:/bin";
        os_error = search_path(name, list, workdir, found);
    } else {
        *found = name[0] == '/' ? strdup(name) : tether__text_join(workdir, name);
        os_error = *found != NULL ? check_program(*found) : ENOMEM;
    }
    if (os_error == 0)
        return TETHER_OK;
    free(*found);
    *found = NULL;
    if (os_error == ENOENT || os_error == ENOTDIR)
        return tether__fail(error, TETHER_ENOPROGRAM, os_error, "find program",
                            "%.300s: program not found; check the name and PATH", name);
    if (os_error == EACCES)
        return tether__fail(error, TETHER_ENOEXEC, os_error, "find program",
                            "%.300s: cannot be executed; check its permissions, and that it is not "
                            "a directory",
                            name);
    return tether__posix_fail(error, os_error, "find program", name);
}

const tether__shell_rules *tether__os_shell_rules(void)
{
    /* The system's own sh comes before one that was installed later. */
    static const tether__shell_rules rules = {
        .candidates = tether__shell_candidates_posix,
        .outers = tether__outers_posix,
        .system_path = "/bin:/usr/bin:/usr/local/bin",
        .outer_name = "sh",
        .preferred = "bash",
        .loss = "commands run in zsh or sh, and variables with unusual names are lost",
    };
    return &rules;
}

/* Policies for PowerShell exist only on Windows. */
void tether__os_shell_policy(tether__shell_policy *policy)
{
    *policy = (tether__shell_policy){0};
}

#ifdef __linux__
size_t tether__os_string_limit(void)
{
    return 32 * (size_t)sysconf(_SC_PAGESIZE); /* MAX_ARG_STRLEN */
}

/* The kernel's rule, which not every C library follows: a quarter of the stack limit, within fixed
 * bounds. */
size_t tether__os_exec_limit(void)
{
    enum { LEAST = 128 * 1024, MOST = 6 * 1024 * 1024 };
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur / 4 < LEAST)
        return LEAST;
    return stack.rlim_cur / 4 < MOST ? (size_t)(stack.rlim_cur / 4) : MOST;
}
#else
size_t tether__os_string_limit(void)
{
    return tether__os_exec_limit();
}

size_t tether__os_exec_limit(void)
{
    long limit = sysconf(_SC_ARG_MAX);
    return limit > 0 ? (size_t)limit : 128 * 1024;
}
#endif
