/* Owns a small file system for a test.
 * Must not: leave it to another process.
 * Thread: the test's. */
#include "support/posix/small_disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/posix/machine.h"

char *small_disk_mount(const fixture *f, const char *options)
{
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    if (geteuid() != 0)
        test_skip("needs root");
    char *path = strdup(test_work_path(f, "small"));
    assert_true(machine_own_mounts());
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(machine_mount(path, options));
    return path;
}

void small_disk_unmount(char *path)
{
    assert_true(machine_unmount(path));
    free(path);
}

void small_disk_fill(const char *path)
{
    char file[1100], block[4096] = {1};
    snprintf(file, sizeof file, "%s/filler", path);
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t size = sizeof block; size > 0;) {
        if (write(fd, block, size) <= 0)
            size = size == sizeof block ? 1 : 0;
    }
    assert_int_equal(close(fd), 0);
}

void small_disk_empty(const char *path)
{
    char file[1100];
    snprintf(file, sizeof file, "%s/filler", path);
    assert_int_equal(unlink(file), 0);
}

fixture small_disk_store(const fixture *f, const char *path, char *store, size_t room)
{
    fixture other = *f;
    snprintf(store, room, "%s/store", path);
    other.store = store;
    return other;
}
