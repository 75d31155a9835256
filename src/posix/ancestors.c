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
#include "posix/error.h"

static const char step[] = "check store";

enum { UNMAPPED_ID = 65534, ENTRY_SIZE = 4096, LONGEST_ENTRY = 1024 * 1024 };

/* Returns whether this process is in a user namespace other than the first. Ids that are not mapped
 * there, such as that of the machine's root, show as UNMAPPED_ID. */
static bool in_user_namespace(void)
{
    unsigned long inside, outside, count;
    FILE *map = fopen("/proc/self/uid_map", "re");
    if (map == NULL)
        return false;
    bool whole = fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
                 outside == 0 && count >= UINT_MAX;
    fclose(map);
    return !whole;
}

static bool is_trusted_user(uid_t user)
{
    return user == 0 || user == geteuid() || (user == UNMAPPED_ID && in_user_namespace());
}

/* Copies the user's name into a buffer of ENTRY_SIZE. */
static bool own_name(char *name)
{
    struct passwd user, *found = NULL;
    char *entry = malloc(LONGEST_ENTRY);
    bool known = entry != NULL && getpwuid_r(geteuid(), &user, entry, LONGEST_ENTRY, &found) == 0 &&
                 found != NULL && strlen(user.pw_name) < ENTRY_SIZE;
    if (known)
        strcpy(name, user.pw_name);
    free(entry);
    return known;
}

/* Returns whether a group has no other members than this user and root. Many systems give each user
 * a group of the same name, and make files writable for it. Users with that group as their primary
 * one are not listed as its members, hence the comparison of the names. */
static bool is_private_group(gid_t id)
{
    char name[ENTRY_SIZE] = "";
    struct group group, *found = NULL;
    char *entry = malloc(LONGEST_ENTRY);
    bool is_private = entry != NULL && own_name(name) &&
                      getgrgid_r(id, &group, entry, LONGEST_ENTRY, &found) == 0 && found != NULL &&
                      (id == 0 || strcmp(group.gr_name, name) == 0);
    for (char **member = is_private ? group.gr_mem : NULL; is_private && *member != NULL; member++)
        is_private = strcmp(*member, name) == 0 || strcmp(*member, "root") == 0;
    free(entry);
    return is_private;
}

static int check_directory(const char *path, tether_error *error)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        int os_error = errno;
        return tether__posix_fail(error, os_error, step, path);
    }
    if (!is_trusted_user(st.st_uid))
        return tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.200s belongs to user %ld, who could replace the store, and tether "
                            "runs as user %ld; choose a store in a directory of your own",
                            path, (long)st.st_uid, (long)geteuid());
    if ((st.st_mode & S_ISVTX) != 0)
        return TETHER_OK;
    bool others = (st.st_mode & S_IWOTH) != 0;
    if (others || ((st.st_mode & S_IWGRP) != 0 && !is_private_group(st.st_gid)))
        return tether__fail(error, TETHER_ESTORE, 0, step,
                            "%s %ld can write to %.200s (mode %03o) and could replace the store; "
                            "choose another store, or run: chmod %s on that directory",
                            others ? "users other than" : "members of group",
                            others ? (long)geteuid() : (long)st.st_gid, path,
                            (unsigned)(st.st_mode & 0777), others ? "go-w" : "g-w");
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
