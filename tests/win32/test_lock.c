/* The seam os/lock.h on Windows: between processes, and on a file that others can read. This
 * program is also the other process: with a directory as its argument it takes the lock there,
 * creates the file "held", and waits. */
#include "os/place.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "os/lock.h"
#include "os/process.h"
#include "support/win32/in_job.h"

static int hold_lock(const char *path)
{
    tether__dir *dir;
    tether__lock lock;
    if (tether__os_dir_open_root(path, false, &dir, NULL) != TETHER_OK ||
        tether__os_lock_acquire(dir, "lock", 0, &lock, NULL) != TETHER_OK ||
        tether__os_file_create(dir, "held", "", 0, NULL) != TETHER_OK)
        return 1;
    for (;;)
        uv_sleep(1000);
}

static void excludes_other_processes_until_they_end(void **state)
{
    place *p = *state;
    const char *const argv[] = {process_self(), p->path, NULL};
    tether__lock lock;
    char words[64];
    HANDLE other = process_start(argv);
    snprintf(words, sizeof words, "process %lu ", (unsigned long)GetProcessId(other));
    WAIT_UNTIL(test_exists(place_path(p, "held")));
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 20, &lock, &p->error), TETHER_ELOCKED);
    assert_non_null(strstr(p->error.message, words));
    process_crash(other);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", PATIENCE_MS, &lock, &p->error), p->error);
    tether__os_lock_release(&lock);
}

static void shows_its_holder_to_everybody(void **state)
{
    place *p = *state;
    tether__lock lock;
    char pid[32];
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    snprintf(pid, sizeof pid, "%lld ", (long long)tether__os_process_self());
    assert_int_equal(strncmp(place_read(p, "lock"), pid, strlen(pid)), 0);
    tether__os_lock_release(&lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(excludes_other_processes_until_they_end),
        TEST(shows_its_holder_to_everybody),
    };
    if (argc > 1)
        return hold_lock(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
