/* Owns reading, writing and removing the files of cgroups.
 * Must not: decide which cgroup, or look for one.
 * Thread: any. */
#include "posix/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 1024 };

bool tether__cgroup_own(const char *root, char *own, size_t capacity)
{
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && !found && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::/", 4) == 0 && strlen(line) < capacity;
    }
    if (found)
        strcpy(own, strcmp(line, "0::/") == 0 ? "" : line + 3);
    free(line);
    if (file != NULL)
        fclose(file);
    return found;
}

static bool join(const char *cgroup, const char *part, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s", cgroup, part);
    return size > 0 && size < PATH_MAX;
}

static int open_file(const char *cgroup, const char *part, int flags)
{
    char path[PATH_MAX];
    if (!join(cgroup, part, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
}

int tether__cgroup_write(const char *cgroup, const char *part, const char *text)
{
    int fd = open_file(cgroup, part, O_WRONLY);
    if (fd < 0)
        return errno;
    ssize_t written;
    do
        written = write(fd, text, strlen(text));
    while (written < 0 && errno == EINTR);
    int os_error = written < 0 ? errno : 0;
    close(fd);
    return os_error;
}

static int64_t parse(const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return end != text && errno == 0 && number >= 0 ? number : -1;
}

int64_t tether__cgroup_read(const char *cgroup, const char *part, const char *key)
{
    char text[TEXT_SIZE];
    int fd = open_file(cgroup, part, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    if (key == NULL)
        return parse(text);
    size_t length = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return parse(line + length + 1);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return -1;
}

int tether__cgroup_remove(const char *cgroup)
{
    static const char *const parts[] = {TETHER__CGROUP_TASK, TETHER__CGROUP_MONITOR};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (join(cgroup, parts[i], path) && rmdir(path) != 0 && errno != ENOENT)
            return errno;
    }
    return rmdir(cgroup) == 0 || errno == ENOENT ? 0 : errno;
}
