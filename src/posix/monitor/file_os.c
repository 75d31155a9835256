/* Owns the small files of a task.
 * Must not: follow a link, or know what is in a file.
 * Thread: the only one. */
#include "monitor/file_os.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix/monitor/read_all.h"

/* Never waits for the other end of a FIFO. */
size_t tether__monitor_file_read(const char *path, char *bytes, size_t capacity)
{
    struct stat st;
    ssize_t size = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        size = tether__monitor_read_all(fd, bytes, capacity);
    if (fd >= 0)
        close(fd);
    return size > 0 ? (size_t)size : 0;
}

intptr_t tether__monitor_file_create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

size_t tether__monitor_file_append(intptr_t file, const char *bytes, size_t size)
{
    ssize_t written = write((int)file, bytes, size);
    return written > 0 ? (size_t)written : 0;
}

void tether__monitor_file_close(intptr_t file)
{
    if (file >= 0)
        close((int)file);
}

bool tether__monitor_file_replace(const char *path, const char *new_path)
{
    return rename(path, new_path) == 0;
}

void tether__monitor_file_remove(const char *path)
{
    (void)unlink(path);
}
