/* Owns the check that no other user can replace the store. tether starts scripts of the store by
 * their paths: a user who can rename a directory above it can put other scripts there, at any time
 * after the store was opened.
 * Must not: change anything.
 * Thread: any. */
#include "posix/ancestors.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "posix/access_list.h"
#include "posix/error.h"

static const char step[] = "check store";

enum { ENTRY_SIZE = 4096, LONGEST_ENTRY = 1024 * 1024 };

bool tether__posix_map_has(FILE *map, unsigned long id)
{
    unsigned long first, outside, count;
    while (fscanf(map, "%lu %lu %lu", &first, &outside, &count) == 3) {
        if (id >= first && id - first < count)
            return true;
    }
    return false;
}

/* Stores whether the id stands for users without an id in the user namespace of this process, such
 * as the machine's root. An id that is mapped there may be that of a real user, such as nobody.
 * Returns 0, or the errno for which that is not known. */
static int check_unmapped(uid_t id, bool *is_unmapped)
{
    unsigned long overflow = 0;
    *is_unmapped = false;
    FILE *file = fopen("/proc/sys/kernel/overflowuid", "re");
    if (file == NULL)
        return tether__posix_is_shortage(errno) ? errno : 0;
    bool is_overflow = fscanf(file, "%lu", &overflow) == 1 && overflow == id;
    fclose(file);
    file = is_overflow ? fopen("/proc/self/uid_map", "re") : NULL;
    if (file == NULL)
        return is_overflow && tether__posix_is_shortage(errno) ? errno : 0;
    bool mapped = tether__posix_map_has(file, id);
    *is_unmapped = !mapped && ferror(file) == 0;
    fclose(file);
    return 0;
}

static int check_user(uid_t user, bool *is_trusted)
{
    *is_trusted = user == 0 || user == geteuid();
    return *is_trusted ? 0 : check_unmapped(user, is_trusted);
}

/* Copies the user's name into a buffer of ENTRY_SIZE; empty if there is none. Returns 0, or the
 * errno for which it is not known. */
static int read_own_name(char *name)
{
    struct passwd user, *found = NULL;
    name[0] = '\0';
    char *entry = malloc(LONGEST_ENTRY);
    if (entry == NULL)
        return ENOMEM;
    int os_error = getpwuid_r(geteuid(), &user, entry, LONGEST_ENTRY, &found);
    if (os_error == 0 && found != NULL && strlen(user.pw_name) < ENTRY_SIZE)
        strcpy(name, user.pw_name);
    free(entry);
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

static bool has_only(const struct group *group, const char *name)
{
    bool only = true;
    for (char **member = group->gr_mem; only && *member != NULL; member++)
        only = strcmp(*member, name) == 0 || strcmp(*member, "root") == 0;
    return only;
}

/* Stores whether a group has no other members than this user and root. Many systems give each user
 * a group of the same name, and make files writable for it. Users with that group as their primary
 * one are not listed as its members, hence the comparison of the names. Returns 0, or the errno for
 * which that is not known. */
static int check_group(gid_t id, bool *is_private)
{
    char name[ENTRY_SIZE];
    struct group group, *found = NULL;
    *is_private = false;
    int os_error = read_own_name(name);
    char *entry = os_error == 0 && name[0] != '\0' ? malloc(LONGEST_ENTRY) : NULL;
    if (entry == NULL)
        return os_error == 0 && name[0] != '\0' ? ENOMEM : os_error;
    os_error = getgrgid_r(id, &group, entry, LONGEST_ENTRY, &found);
    if (os_error == 0 && found != NULL)
        *is_private = (id == 0 || strcmp(group.gr_name, name) == 0) && has_only(&group, name);
    free(entry);
    return tether__posix_is_shortage(os_error) ? os_error : 0;
}

static int fail_writable(const char *path, const struct stat *st, bool others, tether_error *error)
{
    return tether__fail(error, TETHER_ESTORE, 0, step,
                        "%s %ld can write to %.200s (mode %03o) and could replace the store; "
                        "choose another store, or run: chmod %s on that directory",
                        others ? "users other than" : "members of group",
                        others ? (long)geteuid() : (long)st->st_gid, path,
                        (unsigned)(st->st_mode & 0777), others ? "go-w" : "g-w");
}

static int check_directory(const char *path, tether_error *error)
{
    struct stat st;
    bool trusted, has_list = false, is_private = true;
    int os_error = lstat(path, &st) == 0 ? 0 : errno;
    if (os_error == 0)
        os_error = check_user(st.st_uid, &trusted);
    if (os_error != 0)
        return tether__posix_fail(error, os_error, step, path);
    if (!trusted)
        return tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.200s belongs to user %ld, who could replace the store, and tether "
                            "runs as user %ld; choose a store in a directory of your own",
                            path, (long)st.st_uid, (long)geteuid());
    if ((st.st_mode & S_ISVTX) != 0)
        return TETHER_OK;
    bool others = (st.st_mode & S_IWOTH) != 0;
    if (!others && (st.st_mode & S_IWGRP) != 0)
        os_error = check_group(st.st_gid, &is_private);
    if (os_error == 0 && (st.st_mode & S_IWGRP) != 0)
        os_error = tether__posix_has_access_list(path, &has_list);
    if (os_error != 0)
        return tether__posix_fail(error, os_error, step, path);
    if (others || !is_private)
        return fail_writable(path, &st, others, error);
    if (has_list)
        return tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.200s has an access list by which others may be able to write to it "
                            "and replace the store; choose another store, or run: chmod g-w on "
                            "that directory",
                            path);
    return TETHER_OK;
}

/* Begins at the root: the entries of a directory that has passed cannot be renamed by others, so
 * that the next path is still the same directory afterwards. */
int tether__posix_check_ancestors(const char *path, tether_error *error)
{
    char part[PATH_MAX];
    int code = check_directory("/", error);
    for (const char *end = path; code == TETHER_OK && *end == '/' && end[1] != '\0';) {
        end += 1 + strcspn(end + 1, "/");
        if ((size_t)(end - path) >= sizeof part)
            return tether__posix_fail(error, ENAMETOOLONG, step, path);
        memcpy(part, path, (size_t)(end - path));
        part[end - path] = '\0';
        code = check_directory(part, error);
    }
    return code;
}
