/* Lifelines shared by processes, on a full disk, and where an entry of that name was planted. */
#include "os/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif
#include <sys/stat.h>
#include <unistd.h>

#include "os/lifeline.h"
#include "posix/forked.h"
#include "support/posix/machine.h"

/* Each test runs with both. */
typedef int creation(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                     tether_error *error);
static creation *const creations[] = {tether__os_lifeline_create, tether__os_lifeline_create_lean};
static creation *create;

static bool is_held(tether__dir *dir, const char *id)
{
    bool held;
    tether_error error = {0};
    ASSERT_OK(tether__os_lifeline_held(dir, id, &held, &error), error);
    return held;
}

static void is_held_by_the_process_that_inherits_it(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    pid_t child = forked_start(forked_sleep, NULL);
    tether__os_lifeline_close(&lifeline);
    assert_true(is_held(p->dir, "t1"));
    forked_kill(child);
    assert_false(is_held(p->dir, "t1"));
}

static void can_be_read_while_it_is_held(void **state)
{
    place *p = *state;
    char text[16];
    tether__lifeline lifeline;
    assert_int_equal(tether__os_lifeline_read_held(p->dir, "t1", text, sizeof text), 0);
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_int_equal(tether__os_lifeline_read_held(p->dir, "t1", text, sizeof text), 0);
    ASSERT_OK(tether__os_lifeline_append(&lifeline, "one\n", 4, &p->error), p->error);
    size_t size = tether__os_lifeline_read_held(p->dir, "t1", text, sizeof text);
    assert_int_equal(size, 4);
    assert_memory_equal(text, "one\n", 4);
    size = tether__os_lifeline_read_held(p->dir, "t1", text, 2);
    assert_int_equal(size, 2);
    tether__os_lifeline_close(&lifeline);
    assert_int_equal(tether__os_lifeline_read_held(p->dir, "t1", text, sizeof text), 0);
}

static void is_not_leaked_to_programs(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_true((fcntl((int)lifeline.handle, F_GETFD) & FD_CLOEXEC) != 0);
    struct stat st;
    assert_int_equal(fstat((int)lifeline.handle, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    tether__os_lifeline_close(&lifeline);
}

static void detects_that_its_name_was_removed(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_true(tether__os_lifeline_linked(&lifeline));
    ASSERT_OK(tether__os_file_remove(p->dir, "t1", &p->error), p->error);
    assert_false(tether__os_lifeline_linked(&lifeline));
    assert_false(is_held(p->dir, "t1"));
    tether__os_lifeline_close(&lifeline);
}

static int append_twice(void *userdata)
{
    int fd = (int)((tether__lifeline *)userdata)->handle;
    bool good = write(fd, "supervisor pid=1\n", 17) == 17;
    lseek(fd, 0, SEEK_SET);
    return good && write(fd, "exit 3\n", 7) == 7 ? 0 : 1;
}

static void is_open_for_appending_only(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_int_equal(forked_join(forked_start(append_twice, &lifeline)), 0);
    tether__os_lifeline_close(&lifeline);
    assert_string_equal(place_read(p, "t1"), "supervisor pid=1\nexit 3\n");
}

#ifdef __linux__
/* A host that watches the directory must not wake itself by its own probes. */
static void raises_no_event_by_a_probe(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    char events[4096];
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(inotify_add_watch(fd, p->path, IN_MODIFY | IN_CLOSE_WRITE) >= 0);
    assert_true(is_held(p->dir, "t1"));
    assert_int_equal(read(fd, events, sizeof events), -1);
    assert_int_equal(errno, EAGAIN);
    tether__os_lifeline_close(&lifeline);
    assert_true(read(fd, events, sizeof events) > 0);
    assert_false(is_held(p->dir, "t1"));
    assert_int_equal(read(fd, events, sizeof events), -1);
    close(fd);
}
#endif

static void leaves_planted_entries_alone(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    place_write(p, "target", "secret");
    assert_int_equal(chmod(place_path(p, "target"), 0600), 0);
    assert_int_equal(symlink("target", place_path(p, "symlink")), 0);
    assert_int_equal(symlink("nowhere", place_path(p, "dangling")), 0);
    assert_int_equal(mkfifo(place_path(p, "fifo"), 0600), 0);
    assert_int_equal(mkdir(place_path(p, "directory"), 0700), 0);
    static const char *const names[] = {"symlink", "dangling", "fifo", "directory"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(create(p->dir, names[i], &lifeline, &p->error), TETHER_ELOCKED);
        assert_int_equal(lifeline.handle, -1);
        assert_false(is_held(p->dir, names[i]));
    }
    struct stat st;
    assert_int_equal(stat(place_path(p, "target"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_string_equal(place_read(p, "target"), "secret");
    assert_int_equal(access(place_path(p, "nowhere"), F_OK), -1);
}

static tether__dir *small_disk(place *p)
{
    tether__dir *disk;
    if (geteuid() != 0)
        test_skip("only root can mount a small disk");
    assert_int_equal(mkdir(place_path(p, "disk"), 0700), 0);
    if (!machine_mount(place_path(p, "disk"), "size=64k,mode=700"))
        test_skip("no file system can be mounted here");
    ASSERT_OK(tether__os_dir_open_root(place_path(p, "disk"), false, &disk, &p->error), p->error);
    return disk;
}

static void fill(place *p)
{
    static const char block[4096];
    int fd = open(place_path(p, "disk/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t size = sizeof block; size > 0;) {
        if (write(fd, block, size) < 0)
            size /= 2;
    }
    close(fd);
}

static void has_space_for_the_marker_on_a_full_disk(void **state)
{
    place *p = *state;
    tether__dir *disk = small_disk(p), *exits;
    tether__lifeline early, late;
    static const char identity[] = "supervisor pid=4711 start=1 boot=b pidns=1\n";
    static const char end[] = "exit 3 uptime=1.00\n";
    const bool lean = create == tether__os_lifeline_create_lean;
    ASSERT_OK(tether__os_dir_open(disk, "exits", true, &exits, &p->error), p->error);
    int first = create(exits, "early", &early, &p->error);
    /* A lean one gets the space for the end by its first line. */
    ssize_t identified = lean ? write((int)early.handle, identity, strlen(identity)) : 0;
    fill(p);
    if (!lean)
        identified = write((int)early.handle, identity, strlen(identity));
    int second = create(exits, "late", &late, &p->error);
    size_t count = place_count(exits), beside = place_count(disk);
    ssize_t ended = write((int)early.handle, end, strlen(end));
    int reserved = tether__os_lifeline_reserve(&early, NULL);
    tether__os_lifeline_close(&early);
    tether__os_lifeline_close(&late);
    char read[128] = "", text[128] = "";
    snprintf(text, sizeof text, "%s%s", identity, end);
    strncat(read, place_read(p, "disk/exits/early"), sizeof read - 1);
    tether__os_dir_close(exits);
    tether__os_dir_close(disk);
    assert_true(machine_unmount(place_path(p, "disk")));

    assert_int_equal(first, TETHER_OK);
    assert_int_equal(identified, strlen(identity));
    assert_int_equal(ended, strlen(end));
    assert_string_equal(read, text);
    assert_int_equal(reserved, TETHER_OK);
    /* Without space there is no lifeline, and the attempt leaves nothing behind: there are the
     * first one, the directory and the file that fills the disk. */
    assert_int_equal(second, TETHER_ENOSPACE);
    assert_int_equal(count, 1);
    assert_int_equal(beside, 2);
}

/* For a script, where a monitor was expected. */
static void reserves_space_later(void **state)
{
    place *p = *state;
    tether__dir *disk = small_disk(p), *exits;
    tether__lifeline early, late;
    ASSERT_OK(tether__os_dir_open(disk, "exits", true, &exits, &p->error), p->error);
    int first = create(exits, "early", &early, &p->error);
    int second = create(exits, "late", &late, &p->error);
    int reserved = tether__os_lifeline_reserve(&early, &p->error);
    fill(p);
    const bool lean = create == tether__os_lifeline_create_lean;
    int refused = lean ? tether__os_lifeline_reserve(&late, NULL) : TETHER_ENOSPACE;
    ssize_t written = write((int)early.handle, "exit 3\n", 7);
    tether__os_lifeline_close(&early);
    tether__os_lifeline_close(&late);
    tether__os_dir_close(exits);
    tether__os_dir_close(disk);
    assert_true(machine_unmount(place_path(p, "disk")));
    assert_int_equal(first, TETHER_OK);
    assert_int_equal(second, TETHER_OK);
    assert_int_equal(reserved, TETHER_OK);
    assert_int_equal(refused, TETHER_ENOSPACE);
    assert_int_equal(written, 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_held_by_the_process_that_inherits_it),
        TEST(can_be_read_while_it_is_held),
        TEST(is_not_leaked_to_programs),
        TEST(detects_that_its_name_was_removed),
        TEST(is_open_for_appending_only),
#ifdef __linux__
        TEST(raises_no_event_by_a_probe),
#endif
        TEST(leaves_planted_entries_alone),
        TEST(has_space_for_the_marker_on_a_full_disk),
        TEST(reserves_space_later),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof creations / sizeof creations[0]; i++) {
        create = creations[i];
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
