/* Files of the store on POSIX: planted files, owners and modes, full or read-only disks. */
#include "os/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/posix/machine.h"

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

/* Each puts an entry named "planted" beside the file "target", which has the text "secret". */
static void plant_symlink(place *p)
{
    assert_int_equal(symlink(place_path(p, "target"), place_path(p, "planted")), 0);
}

static void plant_dangling(place *p)
{
    assert_int_equal(symlink(place_path(p, "nowhere"), place_path(p, "planted")), 0);
}

static void plant_hard_link(place *p)
{
    assert_int_equal(link(place_path(p, "target"), place_path(p, "planted")), 0);
}

static void plant_fifo(place *p)
{
    assert_int_equal(mkfifo(place_path(p, "planted"), 0600), 0);
}

static void plant_directory(place *p)
{
    assert_int_equal(mkdir(place_path(p, "planted"), 0700), 0);
}

static void plant_socket(place *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", place_path(p, "planted"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void (*const planters[])(place *p) = {plant_symlink, plant_dangling,  plant_hard_link,
                                             plant_fifo,    plant_directory, plant_socket};
enum { PLANTERS = sizeof planters / sizeof planters[0] };

static void clear_planted(place *p)
{
    const char *path = place_path(p, "planted");
    if (unlink(path) != 0)
        assert_int_equal(rmdir(path), 0);
}

static void never_reads_planted_entries(void **state)
{
    place *p = *state;
    for (size_t i = 0; i < PLANTERS; i++) {
        char *data, buffer[16];
        size_t size;
        place_write(p, "target", "secret");
        planters[i](p);
        assert_int_equal(
            tether__os_file_read(p->dir, "planted", 100, &data, &size, NULL, &p->error),
            TETHER_ECORRUPT);
        assert_null(data);
        assert_int_equal(
            tether__os_file_read_at(p->dir, "planted", 0, buffer, sizeof buffer, &size, &p->error),
            TETHER_ECORRUPT);
        assert_int_equal(size, 0);
        tether__file file;
        assert_int_equal(tether__os_file_open(p->dir, "planted", &file, NULL, &p->error),
                         TETHER_ECORRUPT);
        assert_int_equal(file.handle, -1);
        clear_planted(p);
    }
}

static void never_writes_through_planted_entries(void **state)
{
    place *p = *state;
    for (size_t i = 0; i < PLANTERS; i++) {
        place_write(p, "target", "secret");
        planters[i](p);
        mode_t before = mode_of(place_path(p, "planted"));
        assert_true(tether__os_file_create(p->dir, "planted", "new", 3, &p->error) < 0);
        assert_int_equal(mode_of(place_path(p, "planted")), before);
        int code = tether__os_file_replace(p->dir, "planted", "new", 3, false, &p->error);
        if (planters[i] == plant_directory) {
            assert_int_equal(code, TETHER_ECORRUPT);
        } else {
            /* The entry is replaced, never the file that it leads to. */
            assert_int_equal(code, TETHER_OK);
            assert_true(S_ISREG(mode_of(place_path(p, "planted"))));
            assert_string_equal(place_read(p, "planted"), "new");
        }
        assert_string_equal(place_read(p, "target"), "secret");
        assert_int_equal(access(place_path(p, "nowhere"), F_OK), -1);
        clear_planted(p);
        assert_int_equal(place_count(p->dir), 1);
    }
}

static void never_extends_planted_entries(void **state)
{
    place *p = *state;
    for (size_t i = 0; i < PLANTERS; i++) {
        tether__file_stamp stamp;
        place_write(p, "target", "secret");
        planters[i](p);
        assert_int_equal(
            tether__os_file_extend(p->dir, "planted", "new", 3, false, &stamp, &p->error),
            TETHER_ECORRUPT);
        assert_non_null(strstr(p->error.message, "planted"));
        assert_string_equal(place_read(p, "target"), "secret");
        assert_int_equal(access(place_path(p, "nowhere"), F_OK), -1);
        clear_planted(p);
        assert_int_equal(place_count(p->dir), 1);
    }
}

static void never_enters_planted_entries(void **state)
{
    place *p = *state;
    tether__dir *dir;
    assert_int_equal(mkdir(place_path(p, "outside"), 0700), 0);
    assert_int_equal(symlink(place_path(p, "outside"), place_path(p, "link")), 0);
    assert_int_equal(mkfifo(place_path(p, "fifo"), 0600), 0);
    static const char *const names[] = {"link", "fifo"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(tether__os_dir_open(p->dir, names[i], false, &dir, &p->error),
                         TETHER_ECORRUPT);
        assert_int_equal(tether__os_dir_open(p->dir, names[i], true, &dir, &p->error),
                         TETHER_ECORRUPT);
        assert_null(dir);
    }
}

static void removes_links_and_not_their_targets(void **state)
{
    place *p = *state;
    assert_int_equal(mkdir(place_path(p, "outside"), 0700), 0);
    place_write(p, "outside/file", "keep");
    assert_int_equal(mkdir(place_path(p, "tree"), 0700), 0);
    assert_int_equal(mkdir(place_path(p, "tree/sub"), 0700), 0);
    assert_int_equal(symlink("../outside", place_path(p, "tree/link")), 0);
    assert_int_equal(symlink("../../outside/file", place_path(p, "tree/sub/link")), 0);
    assert_int_equal(link(place_path(p, "outside/file"), place_path(p, "tree/hard")), 0);
    assert_int_equal(mkfifo(place_path(p, "tree/fifo"), 0600), 0);
    ASSERT_OK(tether__os_dir_remove(p->dir, "tree", &p->error), p->error);
    assert_int_equal(access(place_path(p, "tree"), F_OK), -1);
    assert_string_equal(place_read(p, "outside/file"), "keep");

    /* A link in the place of the tree is not followed either. */
    assert_int_equal(symlink("outside", place_path(p, "tree")), 0);
    tether__os_dir_remove(p->dir, "tree", &p->error);
    assert_string_equal(place_read(p, "outside/file"), "keep");
}

static void creates_everything_for_its_user_alone(void **state)
{
    place *p = *state;
    tether__dir *sub = NULL, *root = NULL;
    mode_t before = umask(0);
    int codes[] = {
        tether__os_file_create(p->dir, "created", "x", 1, &p->error),
        tether__os_file_replace(p->dir, "replaced", "x", 1, false, &p->error),
        tether__os_dir_open(p->dir, "sub", true, &sub, &p->error),
        tether__os_dir_open_root(place_path(p, "parent/root"), true, &root, &p->error),
    };
    umask(before);
    tether__os_dir_close(sub);
    tether__os_dir_close(root);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(codes[i], TETHER_OK);
    assert_int_equal(mode_of(place_path(p, "created")), S_IFREG | 0600);
    assert_int_equal(mode_of(place_path(p, "replaced")), S_IFREG | 0600);
    assert_int_equal(mode_of(place_path(p, "sub")), S_IFDIR | 0700);
    assert_int_equal(mode_of(place_path(p, "parent")), S_IFDIR | 0700);
    assert_int_equal(mode_of(place_path(p, "parent/root")), S_IFDIR | 0700);
}

static void leaks_no_descriptor_to_programs(void **state)
{
    place *p = *state;
    for (int fd = 3; fd < 64; fd++) {
        char path[64], target[1024];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(path, target, sizeof target - 1);
        if (size < 0)
            continue;
        target[size] = '\0';
        if (strcmp(target, tether__os_dir_path(p->dir)) == 0)
            assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
}

static void refuses_a_store_that_others_can_access(void **state)
{
    place *p = *state;
    tether__dir *root;
    const char *path = place_path(p, "root");
    assert_int_equal(mkdir(path, 0700), 0);
    static const mode_t modes[] = {0755, 0770, 0701, 0710, 0777, 01777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(tether__os_dir_open_root(path, true, &root, &p->error), TETHER_ESTORE);
        assert_null(root);
        assert_non_null(strstr(p->error.message, "chmod 700"));
        assert_int_equal(mode_of(path) & 07777, modes[i]);
    }
    assert_int_equal(chmod(path, 0700), 0);
    ASSERT_OK(tether__os_dir_open_root(path, false, &root, &p->error), p->error);
    tether__os_dir_close(root);
}

static void refuses_a_store_of_another_user(void **state)
{
    place *p = *state;
    tether__dir *root;
    if (geteuid() != 0)
        test_skip("only root can give a directory away");
    const char *path = place_path(p, "root");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(tether__os_dir_open_root(path, true, &root, &p->error), TETHER_ESTORE);
    assert_null(root);
    assert_non_null(strstr(p->error.message, "65534"));
}

static void refuses_a_link_as_the_store(void **state)
{
    place *p = *state;
    tether__dir *root;
    assert_int_equal(mkdir(place_path(p, "real"), 0700), 0);
    assert_int_equal(symlink("real", place_path(p, "link")), 0);
    static const char *const names[] = {"link", "link/", "link///"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (int create = 0; create < 2; create++) {
            assert_int_equal(
                tether__os_dir_open_root(place_path(p, names[i]), create == 1, &root, &p->error),
                TETHER_ESTORE);
            assert_null(root);
        }
    }
    /* Parents may be links: only the store itself is protected. */
    ASSERT_OK(tether__os_dir_open_root(place_path(p, "link/store"), true, &root, &p->error),
              p->error);
    char expected[1024];
    snprintf(expected, sizeof expected, "%s/real/store", tether__os_dir_path(p->dir));
    assert_string_equal(tether__os_dir_path(root), expected);
    tether__os_dir_close(root);
    /* Nothing is created behind a dangling link. */
    assert_int_equal(symlink("missing", place_path(p, "dangling")), 0);
    assert_true(tether__os_dir_open_root(place_path(p, "dangling"), true, &root, &p->error) < 0);
    assert_int_equal(access(place_path(p, "missing"), F_OK), -1);
}

static void refuses_a_store_in_a_missing_directory(void **state)
{
    place *p = *state;
    char before[1024];
    const char *gone = place_path(p, "gone");
    static const char *const names[] = {"dangling/store", "dangling/a/b", ".", "store", "a/store"};
    assert_int_equal(symlink("missing", place_path(p, "dangling")), 0);
    assert_non_null(getcwd(before, sizeof before));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        tether__dir *root;
        bool linked = strchr(names[i], 'g') != NULL;
        if (!linked) {
            /* In a working directory that was removed. */
            assert_int_equal(mkdir(gone, 0700), 0);
            assert_int_equal(chdir(gone), 0);
            assert_int_equal(rmdir(gone), 0);
        }
        int code = tether__os_dir_open_root(linked ? place_path(p, names[i]) : names[i], true,
                                            &root, &p->error);
        assert_int_equal(chdir(before), 0);
        assert_int_equal(code, TETHER_ESTORE);
        assert_null(root);
        assert_non_null(strstr(p->error.message, "choose another store"));
    }
    assert_int_equal(access(place_path(p, "missing"), F_OK), -1);
}

static void opens_a_relative_path(void **state)
{
    place *p = *state;
    tether__dir *root;
    char before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(p->path), 0);
    int code = tether__os_dir_open_root("relative/store", true, &root, &p->error);
    assert_int_equal(chdir(before), 0);
    ASSERT_OK(code, p->error);
    char expected[1024];
    snprintf(expected, sizeof expected, "%s/relative/store", tether__os_dir_path(p->dir));
    assert_string_equal(tether__os_dir_path(root), expected);
    ASSERT_OK(tether__os_file_create(root, "a", "x", 1, &p->error), p->error);
    tether__os_dir_close(root);
}

/* Mounts a small file system on "disk", until small_disk_end. */
static tether__dir *small_disk(place *p, const char *options)
{
    tether__dir *disk;
    if (geteuid() != 0)
        test_skip("only root can mount a small disk");
    assert_int_equal(mkdir(place_path(p, "disk"), 0700), 0);
    if (!machine_mount(place_path(p, "disk"), options))
        test_skip("no file system can be mounted here");
    ASSERT_OK(tether__os_dir_open_root(place_path(p, "disk"), false, &disk, &p->error), p->error);
    return disk;
}

static void small_disk_end(place *p, tether__dir *disk)
{
    tether__os_dir_close(disk);
    assert_true(machine_unmount(place_path(p, "disk")));
}

static void leaves_nothing_half_written_on_a_full_disk(void **state)
{
    place *p = *state;
    tether__dir *disk = small_disk(p, "size=64k,mode=700");
    static char large[200000];
    memset(large, 'x', sizeof large);
    int create = tether__os_file_create(disk, "new", large, sizeof large, &p->error);
    int kept = tether__os_file_replace(disk, "kept", "old", 3, false, &p->error);
    int replace = tether__os_file_replace(disk, "kept", large, sizeof large, false, &p->error);
    tether__file file;
    char temporary[TETHER__TEMPORARY_SIZE];
    place_write(p, "large", "");
    assert_int_equal(truncate(place_path(p, "large"), sizeof large), 0);
    assert_int_equal(tether__os_file_open(p->dir, "large", &file, NULL, &p->error), TETHER_OK);
    int copy = tether__os_file_copy(&file, 0, sizeof large, disk, false, temporary, &p->error);
    tether__os_file_close(&file);
    size_t count = place_count(disk);
    char text[16] = "";
    strncat(text, place_read(p, "disk/kept"), sizeof text - 1);
    small_disk_end(p, disk);
    assert_int_equal(create, TETHER_ENOSPACE);
    assert_int_equal(kept, TETHER_OK);
    assert_int_equal(replace, TETHER_ENOSPACE);
    assert_int_equal(copy, TETHER_ENOSPACE);
    assert_int_equal(p->error.os_error, ENOSPC);
    assert_int_equal(count, 1);
    assert_string_equal(text, "old");
}

/* Readers of a journal would take what is left for a line that has begun. */
static void cuts_off_an_extension_on_a_full_disk(void **state)
{
    place *p = *state;
    tether__dir *disk = small_disk(p, "size=64k,mode=700");
    static char large[200000];
    tether__file_stamp stamp;
    tether_error error = {0};
    char text[32] = "";
    memset(large, 'x', sizeof large);
    int create = tether__os_file_create(disk, "log", "old\n", 4, &p->error);
    int failed = tether__os_file_extend(disk, "log", large, sizeof large, true, &stamp, &error);
    int after = tether__os_file_extend(disk, "log", "new\n", 4, true, &stamp, &p->error);
    strncat(text, place_read(p, "disk/log"), sizeof text - 1);
    small_disk_end(p, disk);
    assert_int_equal(create, TETHER_OK);
    assert_int_equal(failed, TETHER_ENOSPACE);
    assert_int_equal(error.os_error, ENOSPC);
    assert_int_equal(after, TETHER_OK);
    assert_int_equal(stamp.size, 8);
    assert_string_equal(text, "old\nnew\n");
}

static void reports_a_read_only_disk(void **state)
{
    place *p = *state;
    tether__dir *root = NULL, *made = NULL, *disk = small_disk(p, "size=64k,mode=700");
    tether_error create_error = {0}, root_error = {0};
    const char *path = place_path(p, "disk");
    assert_true(machine_make_read_only(path));
    int create = tether__os_file_create(disk, "new", "x", 1, &create_error);
    int opened = tether__os_dir_open_root(path, true, &root, &p->error);
    int below = tether__os_dir_open_root(place_path(p, "disk/store"), true, &made, &root_error);
    tether__os_dir_close(root);
    small_disk_end(p, disk);
    assert_int_equal(create, TETHER_EACCESS);
    assert_int_equal(create_error.os_error, EROFS);
    assert_int_equal(opened, TETHER_OK);
    assert_int_equal(below, TETHER_EACCESS);
    assert_int_equal(root_error.os_error, EROFS);
    assert_non_null(strstr(root_error.message, "read-only"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(never_reads_planted_entries),
        TEST(never_writes_through_planted_entries),
        TEST(never_extends_planted_entries),
        TEST(never_enters_planted_entries),
        TEST(removes_links_and_not_their_targets),
        TEST(creates_everything_for_its_user_alone),
        TEST(leaks_no_descriptor_to_programs),
        TEST(refuses_a_store_that_others_can_access),
        TEST(refuses_a_store_of_another_user),
        TEST(refuses_a_link_as_the_store),
        TEST(refuses_a_store_in_a_missing_directory),
        TEST(opens_a_relative_path),
        TEST(leaves_nothing_half_written_on_a_full_disk),
        TEST(cuts_off_an_extension_on_a_full_disk),
        TEST(reports_a_read_only_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
