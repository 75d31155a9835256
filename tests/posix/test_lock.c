/* Locks between processes: exclusion, timeouts, and release by the death of the holder. */
#include "os/place.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/lock.h"
#include "posix/forked.h"

typedef struct shared {
    tether__dir *dir;
    atomic_int held; /* number of children that hold it */
    atomic_int count;
} shared;

static bool can_name_holders(void)
{
    return access("/proc/locks", R_OK) == 0;
}

static shared *share(place *p)
{
    shared *s = test_shared(sizeof *s);
    s->dir = p->dir;
    return s;
}

static int hold_forever(void *userdata)
{
    shared *s = userdata;
    tether__lock lock;
    if (tether__os_lock_acquire(s->dir, "lock", PATIENCE_MS, &lock, NULL) != TETHER_OK)
        return 1;
    atomic_fetch_add(&s->held, 1);
    return forked_sleep(NULL);
}

static void names_the_process_that_holds_it(void **state)
{
    place *p = *state;
    shared *s = share(p);
    tether__lock lock;
    char words[32];
    pid_t holder = forked_start(hold_forever, s);
    WAIT_UNTIL(atomic_load(&s->held) == 1);
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 20, &lock, &p->error), TETHER_ELOCKED);
    snprintf(words, sizeof words, "process %ld ", (long)holder);
    assert_non_null(strstr(p->error.message, words));
    forked_kill(holder);
    test_unshare(s, sizeof *s);
}

typedef struct stranger {
    const char *path;
    int holds[2]; /* a pipe: the stranger holds the lock while the write end is open */
    atomic_int *held;
    bool leaves_it; /* to a child */
} stranger;

/* Holds the lock as a program that is not tether does. */
static int hold_as_stranger(void *userdata)
{
    stranger *s = userdata;
    char byte;
    int fd = open(s->path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        return 1;
    if (s->leaves_it && fork() != 0)
        return 0;
    close(s->holds[1]);
    atomic_store(s->held, 1);
    return read(s->holds[0], &byte, 1) == 0 ? 0 : 1;
}

/* The file names the last holder that was tether, which does not hold the lock any more. */
static void names_a_holder_that_is_not_tether(void **state)
{
    place *p = *state;
    for (int leaves_it = 0; leaves_it < 2; leaves_it++) {
        stranger s = {place_path(p, "lock"), {-1, -1}, test_shared(sizeof *s.held), leaves_it};
        tether__lock lock;
        char own[32], other[32];
        ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
        tether__os_lock_release(&lock);
        assert_int_equal(pipe(s.holds), 0);
        pid_t holder = forked_start(hold_as_stranger, &s);
        WAIT_UNTIL(atomic_load(s.held) == 1);
        if (leaves_it)
            assert_int_equal(forked_join(holder), 0);
        assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 20, &lock, &p->error),
                         TETHER_ELOCKED);
        snprintf(own, sizeof own, "last in process %ld ", (long)getpid());
        snprintf(other, sizeof other, "held by process %ld (", (long)holder);
        bool named = !leaves_it && can_name_holders();
        assert_non_null(strstr(p->error.message, named ? other : own));
        assert_null(strstr(p->error.message, named ? own : other));
        assert_int_equal(strstr(p->error.message, "cannot be determined") != NULL, !named);
        close(s.holds[0]);
        close(s.holds[1]);
        if (!leaves_it)
            assert_int_equal(forked_join(holder), 0);
        ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", PATIENCE_MS, &lock, &p->error), p->error);
        tether__os_lock_release(&lock);
        test_unshare(s.held, sizeof *s.held);
    }
}

/* The lock file that a stranger has created is empty. */
static void names_no_process_if_tether_never_held_it(void **state)
{
    place *p = *state;
    stranger s = {place_path(p, "lock"), {-1, -1}, test_shared(sizeof *s.held), true};
    tether__lock lock;
    assert_int_equal(pipe(s.holds), 0);
    assert_int_equal(forked_join(forked_start(hold_as_stranger, &s)), 0);
    WAIT_UNTIL(atomic_load(s.held) == 1);
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 20, &lock, &p->error), TETHER_ELOCKED);
    assert_non_null(strstr(p->error.message, "cannot be determined"));
    assert_null(strstr(p->error.message, "held it last"));
    close(s.holds[0]);
    close(s.holds[1]);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", PATIENCE_MS, &lock, &p->error), p->error);
    tether__os_lock_release(&lock);
    test_unshare(s.held, sizeof *s.held);
}

static void is_released_by_the_death_of_the_holder(void **state)
{
    place *p = *state;
    shared *s = share(p);
    tether__lock lock;
    pid_t holder = forked_start(hold_forever, s);
    WAIT_UNTIL(atomic_load(&s->held) == 1);
    forked_kill(holder);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    tether__os_lock_release(&lock);
    test_unshare(s, sizeof *s);
}

static void waits_no_longer_than_the_timeout_for_a_stopped_holder(void **state)
{
    place *p = *state;
    shared *s = share(p);
    tether__lock lock;
    pid_t holder = forked_start(hold_forever, s);
    WAIT_UNTIL(atomic_load(&s->held) == 1);
    assert_int_equal(kill(holder, SIGSTOP), 0);
    WAIT_UNTIL(forked_state(holder) == 'T');
    int64_t begin = test_now_ms();
    assert_int_equal(tether__os_lock_acquire(p->dir, "lock", 100, &lock, &p->error),
                     TETHER_ELOCKED);
    assert_in_range(test_now_ms() - begin, 99, PATIENCE_MS);
    forked_kill(holder);
    test_unshare(s, sizeof *s);
}

static int acquire_once(void *userdata)
{
    shared *s = userdata;
    tether__lock lock;
    atomic_fetch_add(&s->count, 1);
    if (tether__os_lock_acquire(s->dir, "lock", PATIENCE_MS, &lock, NULL) != TETHER_OK)
        return 1;
    tether__os_lock_release(&lock);
    return 0;
}

static void passes_on_to_a_waiting_process(void **state)
{
    place *p = *state;
    shared *s = share(p);
    tether__lock lock;
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    pid_t waiter = forked_start(acquire_once, s);
    WAIT_UNTIL(atomic_load(&s->count) == 1);
    tether__os_lock_release(&lock);
    assert_int_equal(forked_join(waiter), 0);
    test_unshare(s, sizeof *s);
}

/* Another thread of the host may fork at any moment; that child must not keep a lock that the host
 * releases. */
static void is_not_kept_by_a_forked_copy(void **state)
{
    place *p = *state;
    tether__lock lock;
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    pid_t copy = forked_start(forked_sleep, NULL);
    tether__os_lock_release(&lock);
    ASSERT_OK(tether__os_lock_acquire(p->dir, "lock", 0, &lock, &p->error), p->error);
    tether__os_lock_release(&lock);
    forked_kill(copy);
}

enum { PROCESSES = 4, TURNS = 100 };

static int count_up(void *userdata)
{
    shared *s = userdata;
    for (int i = 0; i < TURNS; i++) {
        tether__lock lock;
        if (tether__os_lock_acquire(s->dir, "lock", PATIENCE_MS, &lock, NULL) != TETHER_OK)
            return 1;
        int seen = atomic_load(&s->count);
        usleep(1);
        atomic_store(&s->count, seen + 1);
        tether__os_lock_release(&lock);
    }
    return 0;
}

static void lets_one_process_in_at_a_time(void **state)
{
    place *p = *state;
    shared *s = share(p);
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = forked_start(count_up, s);
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(forked_join(pids[i]), 0);
    assert_int_equal(atomic_load(&s->count), PROCESSES * TURNS);
    test_unshare(s, sizeof *s);
}

static void refuses_planted_entries(void **state)
{
    place *p = *state;
    tether__lock lock;
    place_write(p, "target", "secret");
    assert_int_equal(symlink("target", place_path(p, "symlink")), 0);
    assert_int_equal(symlink("nowhere", place_path(p, "dangling")), 0);
    assert_int_equal(link(place_path(p, "target"), place_path(p, "hard")), 0);
    assert_int_equal(mkfifo(place_path(p, "fifo"), 0600), 0);
    assert_int_equal(mkdir(place_path(p, "directory"), 0700), 0);
    static const char *const names[] = {"symlink", "dangling", "hard", "fifo", "directory"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(tether__os_lock_acquire(p->dir, names[i], 0, &lock, &p->error),
                         TETHER_ECORRUPT);
        assert_int_equal(lock.handle, -1);
    }
    assert_string_equal(place_read(p, "target"), "secret");
    assert_int_equal(access(place_path(p, "nowhere"), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_the_process_that_holds_it),
        TEST(names_a_holder_that_is_not_tether),
        TEST(names_no_process_if_tether_never_held_it),
        TEST(is_released_by_the_death_of_the_holder),
        TEST(waits_no_longer_than_the_timeout_for_a_stopped_holder),
        TEST(passes_on_to_a_waiting_process),
        TEST(is_not_kept_by_a_forked_copy),
        TEST(lets_one_process_in_at_a_time),
        TEST(refuses_planted_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
