/* Locks within one process. */
#include "os/place.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "os/lock.h"
#include "os/process.h"

static void excludes_a_second_holder(void **state)
{
    place *p = *state;
    tether__lock first, second;
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &first, &p->error), p->error);
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 0, &second, &p->error),
                     TETHER_ELOCKED);
    assert_int_equal(second.handle, -1);
    tether__os_lock_release(&first);
    assert_int_equal(first.handle, -1);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &second, &p->error), p->error);
    tether__os_lock_release(&second);
    /* A lock that is not held may be released. */
    tether__os_lock_release(&second);
}

static void does_not_exclude_locks_of_other_names(void **state)
{
    place *p = *state;
    tether__lock first, second;
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &first, &p->error), p->error);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "other", 0, &second, &p->error), p->error);
    tether__os_lock_release(&first);
    tether__os_lock_release(&second);
}

static void waits_until_its_timeout_and_names_the_holder(void **state)
{
    place *p = *state;
    tether__lock first, second;
    char pid[32];
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &first, &p->error), p->error);
    int64_t begin = test_now_ms();
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 60, &second, &p->error),
                     TETHER_ELOCKED);
    assert_in_range(test_now_ms() - begin, 59, PATIENCE_MS);
    snprintf(pid, sizeof pid, "process %lld ", (long long)tether__os_process_self());
    assert_non_null(strstr(p->error.message, pid));
    assert_non_null(strstr(p->error.message, tether__os_dir_path(p->dir)));
    tether__os_lock_release(&first);
}

static void detects_that_its_file_was_removed(void **state)
{
    place *p = *state;
    tether__lock lock, again;
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    assert_true(tether__os_lock_linked(&lock));
    ASSERT_OK(tether__os_file_remove(p->dir, "lock", &p->error), p->error);
    assert_false(tether__os_lock_linked(&lock));
    /* The name is free for another lock, which is not ours. */
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &again, &p->error), p->error);
    assert_true(tether__os_lock_linked(&again));
    assert_false(tether__os_lock_linked(&lock));
    tether__os_lock_release(&again);
    tether__os_lock_release(&lock);
}

typedef struct contest {
    tether__dir *dir;
    atomic_int count; /* read and written in two steps, which are atomic only under the lock */
} contest;

enum { THREADS = 4, TURNS = 100 };

/* Without the lock, two threads would lose counts. */
static void count_up(void *userdata)
{
    contest *c = userdata;
    for (int i = 0; i < TURNS; i++) {
        tether__lock lock;
        if (tether__os_lock_acquire(c->dir, "lock", PATIENCE_MS, &lock, NULL) != TETHER_OK)
            return;
        int seen = atomic_load(&c->count);
        uv_sleep(0);
        atomic_store(&c->count, seen + 1);
        tether__os_lock_release(&lock);
    }
}

static void lets_one_thread_in_at_a_time(void **state)
{
    place *p = *state;
    contest c = {.dir = p->dir};
    uv_thread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], count_up, &c), 0);
    for (int i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    assert_int_equal(atomic_load(&c.count), THREADS * TURNS);
}

static void reports_that_the_directory_is_gone(void **state)
{
    place *p = *state;
    tether__dir *sub;
    tether__lock lock;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    assert_int_equal(tether__os_lock_acquire(sub, "lock", 0, &lock, &p->error), TETHER_EGONE);
    assert_int_equal(lock.handle, -1);
    tether__os_dir_close(sub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(excludes_a_second_holder),
        TEST(does_not_exclude_locks_of_other_names),
        TEST(waits_until_its_timeout_and_names_the_holder),
        TEST(detects_that_its_file_was_removed),
        TEST(lets_one_thread_in_at_a_time),
        TEST(reports_that_the_directory_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
