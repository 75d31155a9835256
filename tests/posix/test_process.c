/* Identity and reaping of children, zombies, and pids that belong to other processes. */
#include "support/support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "os/process.h"
#include "posix/forked.h"
#include "support/posix/machine.h"

static int end_at_once(void *userdata)
{
    (void)userdata;
    return 3;
}

/* Returns a child that has ended and is not reaped. */
static tether__identity start_zombie(void)
{
    pid_t pid = forked_start(end_at_once, NULL);
    WAIT_UNTIL(forked_state(pid) == 'Z');
    return forked_identity(pid);
}

static void distinguishes_alive_from_gone(void **state)
{
    (void)state;
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid);
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    WAIT_UNTIL(forked_state(pid) == 'T');
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    forked_kill(pid);
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
    assert_int_equal(tether__os_process_start_time(pid), 0);
}

static void counts_a_zombie_as_gone(void **state)
{
    (void)state;
    tether__identity zombie = start_zombie();
    assert_int_equal(tether__os_process_alive(&zombie), TETHER__GONE);
    forked_join((pid_t)zombie.pid);
}

static void *outlive(void *unused)
{
    forked_sleep(unused);
    return NULL;
}

static int exit_first_thread(void *userdata)
{
    pthread_t other;
    if (pthread_create(&other, NULL, outlive, userdata) != 0)
        return 1;
    pthread_exit(NULL);
}

static void counts_a_process_without_its_first_thread_as_alive(void **state)
{
    (void)state;
    pid_t pid = forked_start(exit_first_thread, NULL);
    tether__identity child = forked_identity(pid);
    WAIT_UNTIL(machine_first_thread_exited(pid));
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    assert_false(tether__os_process_reap(&child));
    assert_int_equal(tether__os_process_start_time(pid), child.start_time);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    WAIT_UNTIL(forked_state(pid) == 'T');
    forked_kill(pid);
    assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
}

static void detects_a_pid_of_another_process(void **state)
{
    (void)state;
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid), other = child;
    other.start_time--;
    assert_int_equal(tether__os_process_alive(&other), TETHER__GONE);
    other = child;
    strcpy(other.boot_id, "00000000-0000-0000-0000-000000000000");
    assert_int_equal(tether__os_process_alive(&other), TETHER__GONE);
    other = child;
    strcpy(other.pid_ns, "1");
    assert_int_equal(tether__os_process_alive(&other), TETHER__UNKNOWN);
    other = child;
    other.start_time = 0;
    assert_int_equal(tether__os_process_alive(&other), TETHER__UNKNOWN);
    other = child;
    other.boot_id[0] = other.pid_ns[0] = '\0';
    assert_int_equal(tether__os_process_alive(&other), TETHER__ALIVE);
    forked_kill(pid);
}

/* As if the pid had come again within one tick: only the number differs. */
static void detects_another_process_with_the_same_pid_and_start(void **state)
{
    (void)state;
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid);
    child.pidfs_id = tether__os_process_pidfs_id(pid);
    assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    if (child.pidfs_id != 0) {
        assert_int_not_equal(tether__os_process_pidfs_id(getpid()), child.pidfs_id);
        child.pidfs_id++;
        assert_int_equal(tether__os_process_alive(&child), TETHER__GONE);
        child.pidfs_id = 0;
        assert_int_equal(tether__os_process_alive(&child), TETHER__ALIVE);
    }
    forked_kill(pid);
    assert_int_equal(tether__os_process_pidfs_id(pid), 0);
}

static void reaps_a_child_that_has_ended(void **state)
{
    (void)state;
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid);
    assert_false(tether__os_process_reap(&child));
    assert_int_equal(kill(pid, SIGKILL), 0);
    WAIT_UNTIL(tether__os_process_reap(&child));
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    assert_true(tether__os_process_reap(&child));
}

static void leaves_the_hosts_other_children_alone(void **state)
{
    (void)state;
    tether__identity own = start_zombie(), hosts = start_zombie();
    assert_true(tether__os_process_reap(&own));
    /* The same pid with another start time: the host reaped our child, and a child of its own got
     * the pid. */
    tether__identity reused = hosts;
    reused.start_time--;
    assert_true(tether__os_process_reap(&reused));
    assert_int_equal(forked_state((pid_t)hosts.pid), 'Z');
    assert_int_equal(forked_join((pid_t)hosts.pid), 3);
}

static void is_done_when_the_host_has_reaped_the_child(void **state)
{
    (void)state;
    tether__identity child = start_zombie();
    assert_int_equal(forked_join((pid_t)child.pid), 3);
    assert_true(tether__os_process_reap(&child));
}

static void works_in_a_host_that_ignores_sigchld(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    assert_int_equal(sigaction(SIGCHLD, &ignore, &before), 0);
    pid_t pid = forked_start(forked_sleep, NULL);
    tether__identity child = forked_identity(pid);
    bool early = tether__os_process_reap(&child);
    kill(pid, SIGKILL);
    WAIT_UNTIL(tether__os_process_reap(&child));
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
    assert_false(early);
    assert_false(test_has_child());
}

#ifdef __linux__
typedef struct other_thread {
    uv_sem_t started, stop;
    int64_t tid;
} other_thread;

static void wait_for_stop(void *userdata)
{
    other_thread *t = userdata;
    t->tid = (int64_t)gettid();
    uv_sem_post(&t->started);
    uv_sem_wait(&t->stop);
}

/* Threads and processes share one set of numbers, so a thread may have the number of a reaped
 * child. */
static void is_done_when_the_pid_now_belongs_to_a_thread(void **state)
{
    (void)state;
    other_thread t;
    uv_thread_t thread;
    assert_int_equal(uv_sem_init(&t.started, 0), 0);
    assert_int_equal(uv_sem_init(&t.stop, 0), 0);
    assert_int_equal(uv_thread_create(&thread, wait_for_stop, &t), 0);
    uv_sem_wait(&t.started);
    tether__identity child = {.pid = t.tid, .start_time = 1};
    bool done = tether__os_process_reap(&child);
    tether__liveness alive = tether__os_process_alive(&child);
    uv_sem_post(&t.stop);
    uv_thread_join(&thread);
    uv_sem_destroy(&t.started);
    uv_sem_destroy(&t.stop);
    assert_true(done);
    assert_int_equal(alive, TETHER__GONE);
}
#endif

static int leave_nothing(void **state)
{
    (void)state;
    return test_has_child() ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, leave_nothing)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(distinguishes_alive_from_gone),
        TEST(counts_a_zombie_as_gone),
        TEST(counts_a_process_without_its_first_thread_as_alive),
        TEST(detects_a_pid_of_another_process),
        TEST(detects_another_process_with_the_same_pid_and_start),
        cmocka_unit_test(reaps_a_child_that_has_ended),
        TEST(leaves_the_hosts_other_children_alone),
        TEST(is_done_when_the_host_has_reaped_the_child),
        TEST(works_in_a_host_that_ignores_sigchld),
#ifdef __linux__
        TEST(is_done_when_the_pid_now_belongs_to_a_thread),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
