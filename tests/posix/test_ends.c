/* The seam os/ends.h on Linux: exits of processes that somebody waits for, as events of a loop. */
#include "os/place.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "os/ends.h"
#include "posix/forked.h"
#include "posix/pidfd.h"

static bool refused; /* pidfd_open fails, as a seccomp filter makes it fail */

int __real_tether__pidfd_open(int64_t pid);
int __wrap_tether__pidfd_open(int64_t pid);

int __wrap_tether__pidfd_open(int64_t pid)
{
    if (!refused)
        return __real_tether__pidfd_open(pid);
    errno = ENOSYS;
    return -1;
}

typedef struct seen {
    uv_loop_t loop;
    tether__ends *ends;
    int count;
    char last[TETHER_ID_SIZE];
    bool closed;
} seen;

static void note(const char *task_id, void *userdata)
{
    seen *s = userdata;
    s->count++;
    snprintf(s->last, sizeof s->last, "%s", task_id);
}

static void note_closed(void *userdata)
{
    ((seen *)userdata)->closed = true;
}

static int told(seen *s)
{
    uv_run(&s->loop, UV_RUN_NOWAIT);
    return s->count;
}

static void open_ends(place *p, seen *s)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    ASSERT_OK(tether__os_ends_open(&s->loop, note, s, &s->ends, &p->error), p->error);
    assert_non_null(s->ends);
}

static void close_ends(seen *s)
{
    tether__os_ends_close(s->ends, note_closed);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_true(s->closed);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static int add(seen *s, const char *name, const tether__identity *identity)
{
    tether_error error = {0};
    return tether__os_ends_add(s->ends, name, identity, &error);
}

static void tells_an_exit_once(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid);
    assert_int_equal(add(&s, "ta", &child), TETHER_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(told(&s), 0);
    forked_kill(pid);
    WAIT_UNTIL(told(&s) > 0);
    assert_string_equal(s.last, "ta");
    for (int i = 0; i < 10; i++)
        assert_int_equal(told(&s), 1);
    tether__os_ends_remove(s.ends, "ta");
    close_ends(&s);
}

/* A zombie has exited, too. */
static void tells_an_exit_before_the_parent_waits(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid);
    assert_int_equal(add(&s, "ta", &child), TETHER_OK);
    assert_int_equal(kill(pid, SIGKILL), 0);
    WAIT_UNTIL(told(&s) > 0);
    assert_int_equal(forked_join(pid), 128 + SIGKILL);
    close_ends(&s);
}

static void tells_what_was_before_the_add(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid);
    forked_kill(pid);
    assert_int_equal(add(&s, "ta", &child), TETHER_OK);
    WAIT_UNTIL(told(&s) > 0);
    assert_string_equal(s.last, "ta");
    close_ends(&s);
}

/* The pid belongs to another process by now. */
static void a_process_with_the_same_pid_is_another_one(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid);
    child.start_time--;
    assert_int_equal(add(&s, "ta", &child), TETHER_OK);
    WAIT_UNTIL(told(&s) > 0);
    forked_kill(pid);
    for (int i = 0; i < 10; i++)
        assert_int_equal(told(&s), 1);
    close_ends(&s);
}

static void what_cannot_be_identified_is_refused(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity foreign = forked_identity(pid), unknown = foreign;
    strcpy(foreign.pid_ns, "1");
    unknown.start_time = 0;
    assert_int_equal(add(&s, "ta", &foreign), TETHER_ENOTSUP);
    assert_int_equal(add(&s, "tb", &unknown), TETHER_ENOTSUP);
    const tether__identity child = forked_identity(pid);
    refused = true;
    assert_int_equal(add(&s, "tc", &child), TETHER_ENOTSUP);
    refused = false;
    /* A refusal keeps nothing. */
    assert_int_equal(add(&s, "tc", &child), TETHER_OK);
    forked_kill(pid);
    WAIT_UNTIL(told(&s) > 0);
    assert_string_equal(s.last, "tc");
    assert_int_equal(told(&s), 1);
    close_ends(&s);
}

static void a_removed_process_is_not_told(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL), other = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid), rest = forked_identity(other);
    assert_int_equal(add(&s, "tb", &rest), TETHER_OK);
    assert_int_equal(told(&s), 0);
    int fds = test_count_fds();
    assert_int_equal(add(&s, "ta", &child), TETHER_OK);
    assert_int_equal(add(&s, "ta", &child), TETHER_OK); /* shares the descriptor */
    assert_int_equal(test_count_fds(), fds + 1);
    tether__os_ends_remove(s.ends, "ta");
    assert_int_equal(test_count_fds(), fds + 1);
    tether__os_ends_remove(s.ends, "ta");
    assert_int_equal(test_count_fds(), fds);
    forked_kill(pid);
    forked_kill(other);
    WAIT_UNTIL(told(&s) > 0);
    assert_string_equal(s.last, "tb");
    assert_int_equal(told(&s), 1);
    close_ends(&s);
}

/* A descriptor is closed as soon as its process has exited, and all at the end. */
static void keeps_no_descriptor_of_what_has_exited(void **state)
{
    seen s;
    char name[16];
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid);
    int fds = test_count_fds();
    for (int i = 0; i < TETHER__ENDS_LIMIT; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(add(&s, name, &child), TETHER_OK);
    }
    assert_int_equal(add(&s, "tmore", &child), TETHER_ELIMIT);
    assert_int_equal(test_count_fds(), fds + TETHER__ENDS_LIMIT);
    tether__os_ends_remove(s.ends, "t5");
    assert_int_equal(add(&s, "tmore", &child), TETHER_OK);
    forked_kill(pid);
    WAIT_UNTIL(told(&s) == TETHER__ENDS_LIMIT);
    assert_int_equal(test_count_fds(), fds);
    close_ends(&s);
}

static void closes_with_processes_that_run(void **state)
{
    seen s;
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL);
    const tether__identity child = forked_identity(pid);
    assert_int_equal(add(&s, "ta", &child), TETHER_OK); /* the loop has not run since */
    close_ends(&s);
    forked_kill(pid);
    assert_int_equal(s.count, 0);
}

/* --- Threads --- */

enum { THREADS = 4, TURNS = 500 };

typedef struct worker {
    seen *s;
    const tether__identity *runs, *gone;
    int number;
} worker;

static void add_and_remove(void *userdata)
{
    worker *w = userdata;
    char name[16];
    for (int i = 0; i < TURNS; i++) {
        snprintf(name, sizeof name, "t%d", i % 2 == 0 ? w->number : THREADS + i % 3);
        if (add(w->s, name, i % 5 == 0 ? w->gone : w->runs) == TETHER_OK)
            tether__os_ends_remove(w->s->ends, name);
    }
}

static void any_thread_adds_and_removes(void **state)
{
    seen s;
    worker workers[THREADS];
    uv_thread_t threads[THREADS];
    open_ends(*state, &s);
    pid_t pid = forked_start(forked_sleep, NULL), dead = forked_start(forked_sleep, NULL);
    const tether__identity runs = forked_identity(pid), gone = forked_identity(dead);
    forked_kill(dead);
    assert_int_equal(add(&s, "tlast", &runs), TETHER_OK);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){&s, &runs, &gone, i};
        assert_int_equal(uv_thread_create(&threads[i], add_and_remove, &workers[i]), 0);
    }
    for (int i = 0; i < 200; i++)
        told(&s);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
    forked_kill(pid);
    WAIT_UNTIL(told(&s) > 0 && strcmp(s.last, "tlast") == 0);
    close_ends(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
        TEST(tells_an_exit_once),
        TEST(tells_an_exit_before_the_parent_waits),
        TEST(tells_what_was_before_the_add),
        TEST(a_process_with_the_same_pid_is_another_one),
        TEST(what_cannot_be_identified_is_refused),
        TEST(a_removed_process_is_not_told),
        TEST(keeps_no_descriptor_of_what_has_exited),
        TEST(closes_with_processes_that_run),
        TEST(any_thread_adds_and_removes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
