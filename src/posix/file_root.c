/* Owns opening the store's own directory by its path: creating it, and checking that no other user
 * can access or replace it.
 * Must not: follow a link in the place of the store, or create anything in a place that is refused.
 * Thread: any. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "posix/ancestors.h"
#include "posix/dir.h"
#include "posix/error.h"

/* Reports that the place of the store is unusable: below a dangling link, in a file system like
 * /proc, or in a working directory that was removed. */
static int fail_location(int os_error, const char *path, tether_error *error)
{
    if (os_error != ENOENT)
        return tether__posix_fail(error, os_error, "create store", path);
    return tether__fail(error, TETHER_ESTORE, os_error, "create store",
                        "%.300s cannot be created: its parent directory does not exist or is a "
                        "dangling link; choose another store",
                        path);
}

static int fail_open_root(int os_error, const char *path, tether_error *error)
{
    if (os_error == ELOOP || os_error == ENOTDIR)
        return tether__fail(error, TETHER_ESTORE, os_error, "open store",
                            "%.300s is a link or not a directory; name the directory itself", path);
    if (os_error == ENOENT)
        return tether__posix_fail_as(error, TETHER_EGONE, os_error, "open store", path);
    return tether__posix_fail(error, os_error, "open store", path);
}

/* Checks the directories above the store, as far as they exist, before anything is created there.
 * Stores whether all exist, and their path without links. `path` may be relative. What cannot be
 * resolved is left to the steps that follow. */
static int check_existing(const char *path, bool *complete, char real[PATH_MAX],
                          tether_error *error)
{
    char part[PATH_MAX];
    *complete = true;
    snprintf(part, sizeof part, "%s", path);
    while (realpath(part, real) == NULL) {
        *complete = false;
        if (tether__posix_is_shortage(errno))
            return tether__posix_fail(error, errno, "check store", part);
        char *slash = strrchr(part, '/');
        if (slash == NULL && strcmp(part, ".") == 0)
            return TETHER_OK;
        if (slash == NULL)
            strcpy(part, ".");
        else
            slash[slash == part] = '\0';
    }
    return tether__posix_check_ancestors(real, error);
}

/* mkdir -p. Parents may be links. */
static int create_parents(const char *path, tether_error *error)
{
    char part[PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        if (mkdir(part, TETHER__POSIX_DIR_MODE) == 0) {
            chmod(part, TETHER__POSIX_DIR_MODE); /* undo the umask */
        } else if (errno != EEXIST) {
            int os_error = errno;
            struct stat st;
            if (stat(part, &st) == 0 && S_ISDIR(st.st_mode))
                continue; /* such as on a read-only file system above the store */
            return fail_location(os_error, part, error);
        }
    }
    return TETHER_OK;
}

/* Resolves the store's path to one without links, dots and working directory, except that the store
 * itself may be a link, which is refused later. Checks the directories above it, before and after
 * those that are missing are created. */
static int resolve_parent(const char *path, bool create, char real[PATH_MAX], tether_error *error)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    snprintf(parent, sizeof parent, "%.*s", (int)size, path);
    const char *from = size > 0 ? parent : ".";
    bool complete;
    int code = check_existing(from, &complete, real, error);
    if (code != TETHER_OK || complete)
        return code;
    if (create)
        code = create_parents(path, error);
    if (code != TETHER_OK)
        return code;
    if (realpath(from, real) == NULL)
        return create ? fail_location(errno, path, error) : fail_open_root(errno, path, error);
    return tether__posix_check_ancestors(real, error);
}

static bool is_last_dotted(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Removes an empty directory of this user that lacks permissions of its owner: the umask has taken
 * them, and the creator died before it could give them back. */
static bool remove_half_made(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & TETHER__POSIX_DIR_MODE) != TETHER__POSIX_DIR_MODE && rmdir(path) == 0;
}

/* Creates the store's directory if it is missing. */
static int create_root(const char *path, tether_error *error)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
        (st.st_mode & TETHER__POSIX_DIR_MODE) == TETHER__POSIX_DIR_MODE)
        return TETHER_OK;
    bool created = mkdir(path, TETHER__POSIX_DIR_MODE) == 0;
    int os_error = created ? 0 : errno;
    if (os_error == EEXIST && remove_half_made(path))
        created = mkdir(path, TETHER__POSIX_DIR_MODE) == 0;
    if (created)
        chmod(path, TETHER__POSIX_DIR_MODE); /* undo the umask */
    else if (os_error != EEXIST && access(path, F_OK) != 0)
        return fail_location(os_error, path, error);
    return TETHER_OK;
}

static int check_private(int fd, const char *path, tether_error *error)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        int os_error = errno;
        return tether__posix_fail(error, os_error, "check store", path);
    }
    if (st.st_uid != geteuid())
        return tether__fail(error, TETHER_ESTORE, 0, "check store",
                            "%.300s belongs to user %ld, and tether runs as user %ld; choose a "
                            "store of your own",
                            path, (long)st.st_uid, (long)geteuid());
    if ((st.st_mode & 077) != 0)
        return tether__fail(error, TETHER_ESTORE, 0, "check store",
                            "%.300s is accessible to other users (mode %03o); run: chmod 700 on it",
                            path, (unsigned)(st.st_mode & 0777));
    return TETHER_OK;
}

/* The path is absolute, and no other user can change what it leads to. */
static int open_checked(const char *path, bool create, tether__dir **dir, tether_error *error)
{
    int code = create ? create_root(path, error) : TETHER_OK;
    if (code != TETHER_OK)
        return code;
    int fd =
        tether__posix_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return fail_open_root(tether__posix_refusal(errno), path, error);
    code = check_private(fd, path, error);
    if (code == TETHER_OK)
        return tether__posix_new_dir(fd, path, dir, error);
    close(fd);
    return code;
}

static int open_root(const char *path, bool create, tether__dir **dir, tether_error *error)
{
    char whole[PATH_MAX], parent[PATH_MAX];
    if (is_last_dotted(path)) {
        if (realpath(path, whole) == NULL)
            return create ? fail_location(errno, path, error) : fail_open_root(errno, path, error);
        path = whole;
    }
    int code = resolve_parent(path, create, parent, error);
    if (code != TETHER_OK)
        return code;
    const char *slash = strrchr(path, '/');
    char *full =
        tether__text_join(strcmp(parent, "/") == 0 ? "" : parent, slash != NULL ? slash + 1 : path);
    if (full == NULL)
        return tether__fail_memory(error, "open store");
    code = open_checked(full, create, dir, error);
    free(full);
    return code;
}

int tether__os_dir_open_root(const char *path, bool create, tether__dir **dir, tether_error *error)
{
    *dir = NULL;
    size_t size = strlen(path);
    /* open() follows a link when the path ends with a slash. */
    while (size > 1 && path[size - 1] == '/')
        size--;
    if (size == 0 || size >= PATH_MAX)
        return tether__fail(error, TETHER_EINVAL, 0, "open store", "the store's path is %s",
                            size == 0 ? "empty; name a directory"
                                      : "too long; choose a shorter path");
    char *trimmed = strndup(path, size);
    if (trimmed == NULL)
        return tether__fail_memory(error, "open store");
    int code = open_root(trimmed, create, dir, error);
    free(trimmed);
    return code;
}
