/* Proxy tasks between processes: other hosts see, kill and outlive the owner of a proxy. */
#include "support/support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

static const char no_marker[] = "process exited without exit marker";

/* Shared memory of an owner and the test. */
typedef struct stage {
    char id[TETHER_ID_SIZE];
    int64_t timeout_ms;
    int code, signal; /* how it ends once it is cancelled */
    bool stubborn;    /* it ignores the cancellation until let_go */
    bool leads;       /* it leads its own session, as the supervisor of an ordinary task does */
    bool leaks;       /* it forks a child that inherits all descriptors and runs until let_go */
    atomic_long child;
    atomic_bool ready, cancelled, let_go;
} stage;

static void fork_child(stage *s)
{
    pid_t child = fork();
    HOST_ASSERT(child >= 0);
    if (child == 0) {
        while (!atomic_load(&s->let_go))
            test_nap_us(1000);
        _exit(0);
    }
    atomic_store(&s->child, child);
}

static void own_work(fixture *f, void *userdata)
{
    stage *s = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_proxy *proxy;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    tether_proxy_spec spec = {.command = "work of a host", .timeout_ms = s->timeout_ms};
    if (s->leads)
        HOST_ASSERT(setsid() == getpid());
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_proxy_open(registry, &spec, s->id, &proxy, &error), error);
    HOST_OK(tether_proxy_write(proxy, TETHER_STDOUT, "begun\n", 6, &error), error);
    if (s->leaks)
        fork_child(s);
    atomic_store(&s->ready, true);
    while (!tether_proxy_cancelled(proxy))
        test_pause();
    atomic_store(&s->cancelled, true);
    while (s->stubborn && !atomic_load(&s->let_go))
        test_pause();
    HOST_OK(tether_proxy_finish(proxy, s->code, s->signal, &error), error);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* Starts an owner and waits until it has opened its proxy. */
static long start_owner(fixture *f, stage *s)
{
    long owner = test_fork_host(own_work, f, s);
    WAIT_UNTIL(atomic_load(&s->ready));
    return owner;
}

static void another_host_sees_its_start_and_end(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    s->code = 3;
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, s->id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    assert_string_equal(snapshot->supervisor, "proxy");
    assert_string_equal(snapshot->output_preview, "begun\n");
    assert_int_equal(snapshot->child_pid, 0);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, s->id, NULL, &f->error), f->error);
    assert_true(atomic_load(&s->cancelled));
    test_expect(f->registry, s->id, TETHER_STATUS_FAILED, 3, "ended by itself while being killed");
    test_take_completion(f->registry, s->id);
    assert_int_equal(test_join_host(owner), 0);
    test_unshare(s, sizeof *s);
}

static void is_lost_when_its_owner_dies(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    assert_int_equal(test_status(f->registry, s->id), TETHER_STATUS_RUNNING);
    f->hosts_died = true;
    test_kill_host(owner);
    test_expect(f->registry, s->id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, no_marker);
    test_take_completion(f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void the_next_host_finds_it_lost(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long owner = start_owner(f, s);
    f->hosts_died = true;
    test_kill_host(owner);
    f->registry = test_open(f);
    char *status = test_record_text(f, s->id, "status");
    assert_string_equal(status, "lost");
    free(status);
    test_expect(f->registry, s->id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, no_marker);
    test_unshare(s, sizeof *s);
}

static void is_lost_even_if_a_fork_of_its_owner_holds_its_lifeline(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    s->leaks = true;
    long owner = start_owner(f, s);
    f->hosts_died = true;
    test_kill_host(owner);
    f->registry = test_open(f);
    test_expect(f->registry, s->id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, no_marker);
    assert_true(test_process_alive(atomic_load(&s->child)));
    atomic_store(&s->let_go, true);
    WAIT_UNTIL(!test_process_alive(atomic_load(&s->child)));
    test_unshare(s, sizeof *s);
}

static void a_kill_reaches_its_owner(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    s->signal = SIGTERM;
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    ASSERT_OK(tether_kill(f->registry, s->id, NULL, &f->error), f->error);
    test_expect(f->registry, s->id, TETHER_STATUS_KILLED, 143, NULL);
    assert_int_equal(test_join_host(owner), 0);
    test_unshare(s, sizeof *s);
}

/* With events, the owner's registry is woken as soon as the kill is recorded; no other event would
 * wake it. */
static void a_kill_without_a_grace_reaches_its_owner(void **state)
{
    fixture *f = *state;
    tether_kill_options options = {.grace_ms = -1};
    stage *s = test_shared(sizeof *s);
    s->signal = SIGKILL;
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    ASSERT_OK(tether_kill(f->registry, s->id, &options, &f->error), f->error);
    test_expect(f->registry, s->id, TETHER_STATUS_KILLED, 137, NULL);
    assert_int_equal(test_join_host(owner), 0);
    test_unshare(s, sizeof *s);
}

/* The owner leads a session with a child in it, as a supervisor does. A kill that took the owner's
 * pid for a supervisor's would end both. */
static void no_signal_goes_to_its_owner(void **state)
{
    fixture *f = *state;
    char process[32];
    tether_kill_options options = {.grace_ms = 1};
    stage *s = test_shared(sizeof *s);
    *s = (stage){.stubborn = true, .leads = true, .leaks = true, .signal = SIGTERM};
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    assert_int_equal(tether_kill(f->registry, s->id, &options, &f->error), TETHER_ESURVIVED);
    snprintf(process, sizeof process, "process %ld,", owner);
    assert_non_null(strstr(f->error.message, process));
    tether_kill_options hang_up = {.signal = SIGHUP};
    assert_int_equal(tether_kill(f->registry, s->id, &hang_up, &f->error), TETHER_ENOTSUP);
    assert_true(atomic_load(&s->cancelled));
    assert_int_equal(test_status(f->registry, s->id), TETHER_STATUS_KILLING);
    assert_true(test_process_alive(owner));
    assert_true(test_process_alive(atomic_load(&s->child)));
    /* They are no survivors of the ended task either, which a kill would signal. */
    atomic_store(&s->let_go, true);
    assert_int_equal(test_join_host(owner), 0);
    tether_snapshot *snapshot = test_wait(f->registry, s->id);
    assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
    assert_int_equal(snapshot->survivor_count, 0);
    tether_snapshot_free(snapshot);
    WAIT_UNTIL(!test_process_alive(atomic_load(&s->child)));
    test_unshare(s, sizeof *s);
}

typedef struct killer {
    tether_registry *registry;
    const char *id;
    int code;
} killer;

static void kill_task(void *userdata)
{
    killer *k = userdata;
    k->code = tether_kill(k->registry, k->id, NULL, NULL);
}

static void a_kill_ends_when_its_owner_dies(void **state)
{
    fixture *f = *state;
    uv_thread_t thread;
    stage *s = test_shared(sizeof *s);
    s->stubborn = true;
    long owner = start_owner(f, s);
    f->registry = test_open(f);
    killer k = {f->registry, s->id, -1};
    int64_t begin = test_now_ms();
    assert_int_equal(uv_thread_create(&thread, kill_task, &k), 0);
    WAIT_UNTIL(atomic_load(&s->cancelled));
    f->hosts_died = true;
    test_kill_host(owner);
    uv_thread_join(&thread);
    assert_int_equal(k.code, TETHER_OK);
    /* The kill returned before its own time limit. */
    assert_in_range(test_now_ms() - begin, 0, 6000);
    test_expect(f->registry, s->id, TETHER_STATUS_KILLED, 137, NULL);
    test_unshare(s, sizeof *s);
}

static void any_host_enforces_its_deadline(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    *s = (stage){.timeout_ms = 1500, .signal = SIGTERM};
    long owner = start_owner(f, s);
    /* The owner is stopped at the deadline, so that this host has to enforce it. */
    assert_int_equal(kill((pid_t)owner, SIGSTOP), 0);
    f->registry = test_open(f);
    WAIT_UNTIL(test_status(f->registry, s->id) == TETHER_STATUS_KILLING);
    assert_false(atomic_load(&s->cancelled));
    assert_int_equal(kill((pid_t)owner, SIGCONT), 0);
    test_expect(f->registry, s->id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_int_equal(test_join_host(owner), 0);
    test_unshare(s, sizeof *s);
}

static int inheritable_fds(void)
{
    int count = 0;
    for (int fd = 3; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return count;
}

typedef struct starter {
    char proxy[TETHER_ID_SIZE], task[TETHER_ID_SIZE];
} starter;

static void open_and_start(fixture *f, void *userdata)
{
    starter *s = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_proxy *proxy;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    tether_proxy_spec work = {.command = "x"};
    static const char *const argv[] = {CHILD, "forever", NULL};
    tether_spec spec = {.argv = argv};
    HOST_OK(tether_open(&options, &registry, &error), error);
    int before = inheritable_fds();
    HOST_OK(tether_proxy_open(registry, &work, s->proxy, &proxy, &error), error);
    HOST_ASSERT(inheritable_fds() == before);
    HOST_OK(tether_spawn(registry, &spec, s->task, &error), error);
    tether_snapshot *snapshot = NULL;
    do {
        tether_snapshot_free(snapshot);
        test_pause();
        HOST_OK(tether_status_get(registry, s->task, &snapshot, &error), error);
    } while (snapshot->status == TETHER_STATUS_STARTING);
    HOST_ASSERT(snapshot->status == TETHER_STATUS_RUNNING);
}

/* A task that inherited the lifeline of an open proxy would hold it after the owner died. */
static void no_child_inherits_its_descriptors(void **state)
{
    fixture *f = *state;
    bool fresh;
    tether_gc_result result = {0};
    tether_gc_options options = {.older_than_ms = -1};
    starter *s = test_shared(sizeof *s);
    f->hosts_died = true;
    assert_int_equal(test_join_host(test_fork_host(open_and_start, f, s)), 0);
    f->registry = test_open(f);
    assert_int_equal(test_status(f->registry, s->task), TETHER_STATUS_RUNNING);
    test_expect(f->registry, s->proxy, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, no_marker);
    /* The collection removes the task, so no process holds its lifeline. */
    ASSERT_OK(tether_completion_ack(f->registry, s->proxy, &fresh, &f->error), f->error);
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_int_equal(result.removed, 1);
    test_unshare(s, sizeof *s);
}

static void reports_that_its_files_were_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_proxy_spec spec = {.command = "some work"};
    tether_proxy *proxy;
    ASSERT_OK(tether_proxy_open(f->registry, &spec, id, &proxy, &f->error), f->error);
    test_remove_file(test_bundle_path(f, id, "stdout"));
    assert_int_equal(tether_proxy_write(proxy, TETHER_STDOUT, "x", 1, &f->error), TETHER_EGONE);
    assert_int_equal(f->error.code, TETHER_EGONE);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDERR, "x", 1, &f->error), f->error);
    test_remove_store(test_bundle_path(f, id, ""));
    assert_int_equal(tether_proxy_write(proxy, TETHER_STDERR, "x", 1, &f->error), TETHER_EGONE);
    test_remove_file(test_exit_path(f, id));
    assert_int_equal(tether_proxy_finish(proxy, 0, 0, &f->error), TETHER_EGONE);
    tether_snapshot *s;
    assert_int_equal(tether_status_get(f->registry, id, &s, NULL), TETHER_ENOTASK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_host_sees_its_start_and_end),
        TEST(is_lost_when_its_owner_dies),
        TEST(the_next_host_finds_it_lost),
        TEST(is_lost_even_if_a_fork_of_its_owner_holds_its_lifeline),
        TEST(a_kill_reaches_its_owner),
        TEST(a_kill_without_a_grace_reaches_its_owner),
        TEST(no_signal_goes_to_its_owner),
        TEST(a_kill_ends_when_its_owner_dies),
        TEST(any_host_enforces_its_deadline),
        TEST(no_child_inherits_its_descriptors),
        cmocka_unit_test_setup_teardown(reports_that_its_files_were_removed, test_setup_registry,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
