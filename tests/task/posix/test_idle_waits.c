/* Waiting calls that need no timer, because events tell of all that they wait for; and what they do
 * where an event is missing. Counts the sleeps of the waiting thread. */
#include "engine/posix/planting.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>
#include <uv.h>

#include "os/ends.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "posix/forked.h"
#include "posix/pidfd.h"
#include "store/session.h"
#include "store/store.h"

/* --- What the calls do --- */

static atomic_bool refused;           /* pidfd_open fails, as a seccomp filter makes it fail */
static atomic_int watched, refusals;  /* processes, by waiting threads */
static atomic_int plain, timed;       /* their sleeps without and with a limit */
static atomic_llong shortest_ms;      /* of those with one */
static _Thread_local bool is_waiting; /* this thread is one of them */

int __real_tether__pidfd_open(int64_t pid);
int __wrap_tether__pidfd_open(int64_t pid);
int __real_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int set, int operation, int fd, struct epoll_event *event);
void __real_uv_cond_wait(uv_cond_t *cond, uv_mutex_t *mutex);
void __wrap_uv_cond_wait(uv_cond_t *cond, uv_mutex_t *mutex);
int __real_uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t timeout);
int __wrap_uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t timeout);

int __wrap_epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    if (is_waiting && operation == EPOLL_CTL_ADD)
        atomic_fetch_add(&watched, 1);
    return __real_epoll_ctl(set, operation, fd, event);
}

int __wrap_tether__pidfd_open(int64_t pid)
{
    if (!atomic_load(&refused))
        return __real_tether__pidfd_open(pid);
    if (is_waiting)
        atomic_fetch_add(&refusals, 1);
    errno = ENOSYS;
    return -1;
}

void __wrap_uv_cond_wait(uv_cond_t *cond, uv_mutex_t *mutex)
{
    if (is_waiting)
        atomic_fetch_add(&plain, 1);
    __real_uv_cond_wait(cond, mutex);
}

int __wrap_uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t timeout)
{
    long long ms = (long long)(timeout / 1000000);
    if (is_waiting && ms < atomic_load(&shortest_ms))
        atomic_store(&shortest_ms, ms);
    if (is_waiting)
        atomic_fetch_add(&timed, 1);
    return __real_uv_cond_timedwait(cond, mutex, timeout);
}

/* --- Waiting --- */

enum { MOST = TETHER__ENDS_LIMIT + 2, SOON_MS = 5000 };

typedef struct waiting {
    tether_registry *registry;
    const char *ids[MOST];
    size_t count;
    void (*call)(struct waiting *w);
    uv_thread_t thread;
    int code;
    char message[512];
} waiting;

static void keep(waiting *w, int code, const tether_error *error)
{
    w->code = code;
    snprintf(w->message, sizeof w->message, "%s", error->message);
}

static void wait_for_all(waiting *w)
{
    tether_error error = {0};
    keep(w, tether_wait(w->registry, w->ids, w->count, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error),
         &error);
}

static void wait_for_any(waiting *w)
{
    tether_error error = {0};
    keep(w, tether_wait(w->registry, w->ids, w->count, TETHER_WAIT_ANY, -1, NULL, &error), &error);
}

static void wait_for_next(waiting *w)
{
    tether_error error = {0};
    tether_waiter *waiter;
    char id[TETHER_ID_SIZE];
    int code = tether_waiter_open(w->registry, w->ids, w->count, &waiter, &error);
    if (code == TETHER_OK) {
        code = tether_waiter_next(waiter, -1, id, &error);
        tether_waiter_close(waiter);
    }
    keep(w, code, &error);
}

static void wait_for_completion(waiting *w)
{
    tether_error error = {0};
    keep(w, tether_completions_wait(w->registry, NULL, -1, &error), &error);
}

static void wait_for_unseen(waiting *w)
{
    tether_error error = {0};
    tether_snapshot_list *seen;
    int code = tether_completions_peek(w->registry, NULL, &seen, &error);
    if (code == TETHER_OK) {
        const tether_completion_options options = {.seen = seen};
        code = tether_completions_wait(w->registry, &options, -1, &error);
        tether_snapshot_list_free(seen);
    }
    keep(w, code, &error);
}

static void wait_for_output(waiting *w)
{
    tether_error error = {0};
    keep(w, tether_output_wait(w->registry, w->ids[0], 0, 0, -1, &error), &error);
}

static void follow(waiting *w)
{
    tether_error error = {0};
    tether_follower *follower;
    tether_stream stream;
    char text[64];
    size_t got;
    int code =
        tether_follow_open(w->registry, w->ids[0], TETHER_VIEW_BOTH, NULL, &follower, &error);
    if (code == TETHER_OK) {
        code = tether_follow_read(follower, text, sizeof text, -1, &stream, &got, &error);
        tether_follow_close(follower);
    }
    keep(w, code, &error);
}

static void (*const calls[])(waiting *w) = {
    wait_for_all,    wait_for_any,    wait_for_next, wait_for_completion,
    wait_for_unseen, wait_for_output, follow};

enum { CALLS = sizeof calls / sizeof calls[0] };

static void run_call(void *userdata)
{
    waiting *w = userdata;
    is_waiting = true;
    w->call(w);
    is_waiting = false;
}

static void reset(void)
{
    atomic_store(&watched, 0);
    atomic_store(&refusals, 0);
    atomic_store(&plain, 0);
    atomic_store(&timed, 0);
    atomic_store(&shortest_ms, INT64_MAX);
}

/* Starts a call in a thread, and returns once it sleeps. */
static void begin(waiting *w, tether_registry *registry, void (*call)(waiting *w))
{
    int before = atomic_load(&plain) + atomic_load(&timed);
    w->registry = registry;
    w->call = call;
    assert_int_equal(uv_thread_create(&w->thread, run_call, w), 0);
    WAIT_UNTIL(atomic_load(&plain) + atomic_load(&timed) > before);
}

static void join(waiting *w)
{
    assert_int_equal(uv_thread_join(&w->thread), 0);
    if (w->code != TETHER_OK)
        fail_msg("%d: %s", w->code, w->message);
}

static int count_process_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char target[64];
        ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        count += strstr(target, "pidfd") != NULL;
    }
    closedir(dir);
    return count;
}

/* --- Ends --- */

static void no_call_needs_a_timer(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < CALLS; i++) {
        char id[TETHER_ID_SIZE];
        const char *go = test_work_path(f, "go%zu", i);
        waiting w = {.ids = {id}, .count = 1};
        test_start_child(f->registry, id, "await", go, NULL);
        WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
        reset();
        /* wait_for_all has a timeout, which needs a timer. */
        begin(&w, f->registry, calls[i] == wait_for_all ? wait_for_any : calls[i]);
        test_write_file(go, "", 0);
        join(&w);
        assert_int_equal(atomic_load(&timed), 0);
        assert_int_equal(atomic_load(&watched), 1);
        test_take_completion(f->registry, id);
    }
}

/* Also if the call comes before the supervisor has said who it is, as for a host that did not start
 * the task. */
static void a_call_of_another_host_needs_none_either(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < CALLS; i++) {
        char id[TETHER_ID_SIZE];
        const char *go = test_work_path(f, "go%zu", i);
        waiting w = {.ids = {id}, .count = 1};
        tether_registry *other = test_open(f);
        test_start_child(f->registry, id, "await", go, NULL);
        begin(&w, other, calls[i]);
        /* Once the record says `running`, each sleep is without a limit but the call's own. */
        WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
        WAIT_UNTIL(atomic_load(&watched) > 0);
        test_write_file(go, "", 0);
        join(&w);
        test_detach(other);
        test_take_completion(f->registry, id);
        reset();
    }
}

static void a_call_that_returns_at_once_opens_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], done[TETHER_ID_SIZE];
    const char *const ids[] = {id, done};
    test_start_child(f->registry, id, "forever", NULL);
    test_start_child(f->registry, done, "exit", "0", NULL);
    test_expect(f->registry, done, TETHER_STATUS_COMPLETED, 0, NULL);
    reset();
    is_waiting = true;
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    ASSERT_OK(tether_wait(f->registry, ids, 2, TETHER_WAIT_ANY, -1, NULL, &f->error), f->error);
    ASSERT_OK(tether_completions_wait(f->registry, NULL, -1, &f->error), f->error);
    /* Nor does one that ends before it would look at the disk. */
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 100, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    is_waiting = false;
    assert_int_equal(atomic_load(&watched), 0);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

/* --- Leaked lifelines --- */

/* Forks a supervisor of a task, which does nothing, and keeps a copy of the lifeline open, like a
 * child that a host forks in the middle of a start. */
static long fork_supervisor(fixture *f, const char *id, tether__lifeline *leak)
{
    tether__store store;
    tether__session session;
    json_t *record = plant_new_record(f, id);
    ASSERT_OK(tether__store_open(f->store, false, &store, &f->error), f->error);
    ASSERT_OK(tether__session_open(&store, "default", 1000, &session, &f->error), f->error);
    ASSERT_OK(tether__os_lifeline_create(session.exits, id, leak, &f->error), f->error);
    tether__session_close(&session);
    tether__store_close(&store);
    pid_t pid = forked_start(forked_sleep, NULL);
    json_object_set_new(record, "child_pid", json_integer(pid));
    plant_set_status(record, "running");
    plant_set_pid(record, pid, (long)tether__os_process_start_time(pid));
    plant_task(f, id, record, NULL);
    return pid;
}

static void expect_lost(fixture *f, const char *id)
{
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_LOST);
    tether_snapshot_free(snapshot);
    test_take_completion(f->registry, id);
}

static void an_event_tells_of_a_loss_that_a_leaked_lifeline_hides(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < CALLS; i++) {
        char id[TETHER_ID_SIZE];
        tether__lifeline leak;
        snprintf(id, sizeof id, "tleaked%zu", i);
        long supervisor = fork_supervisor(f, id, &leak);
        waiting w = {.ids = {id}, .count = 1};
        f->registry = test_open(f);
        reset();
        begin(&w, f->registry, calls[i] == wait_for_all ? wait_for_any : calls[i]);
        forked_kill((pid_t)supervisor);
        join(&w);
        assert_int_equal(atomic_load(&timed), 0);
        assert_int_equal(atomic_load(&watched), 1);
        expect_lost(f, id);
        test_detach(f->registry);
        f->registry = NULL;
        tether__os_lifeline_close(&leak);
    }
}

static void without_process_descriptors_a_wait_looks_at_the_disk(void **state)
{
    fixture *f = *state;
    tether__lifeline leak;
    long supervisor = fork_supervisor(f, "tleaked", &leak);
    waiting w = {.ids = {"tleaked"}, .count = 1};
    f->registry = test_open(f);
    reset();
    atomic_store(&refused, true);
    begin(&w, f->registry, wait_for_any);
    int64_t begun = test_now_ms();
    forked_kill((pid_t)supervisor);
    join(&w);
    atomic_store(&refused, false);
    assert_in_range(test_now_ms() - begun, 0, SOON_MS);
    assert_true(atomic_load(&timed) > 0);
    assert_int_equal(atomic_load(&refusals), 1); /* it is tried only once */
    expect_lost(f, "tleaked");
    tether__os_lifeline_close(&leak);
}

/* --- Many --- */

static void start_many(fixture *f, char ids[][TETHER_ID_SIZE], size_t count, const char *go)
{
    for (size_t i = 0; i < count; i++)
        test_start_child(f->registry, ids[i], "await", go, NULL);
}

/* It looks at the disk, but seldom: each look is one at many tasks. */
static void a_wait_for_more_tasks_looks_once_a_minute(void **state)
{
    fixture *f = *state;
    char ids[MOST][TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    waiting w = {.count = MOST};
    start_many(f, ids, MOST, go);
    for (size_t i = 0; i < MOST; i++)
        w.ids[i] = ids[i];
    reset();
    begin(&w, f->registry, wait_for_any);
    waiting all = w;
    ASSERT_OK(tether_kill(f->registry, ids[0], NULL, &f->error), f->error);
    join(&w);
    assert_int_equal(atomic_load(&watched), 0);
    assert_true(atomic_load(&timed) > 0);
    assert_in_range(atomic_load(&shortest_ms), 30000, 60000);
    /* The rest of them are as many as can be watched. */
    ASSERT_OK(tether_kill(f->registry, ids[1], NULL, &f->error), f->error);
    begin(&all, f->registry, wait_for_all);
    test_write_file(go, "", 0);
    join(&all);
    assert_int_equal(atomic_load(&watched), TETHER__ENDS_LIMIT);
}

/* Another wait then has to do without, and both are over in time. */
static void waits_share_what_they_watch(void **state)
{
    fixture *f = *state;
    char ids[MOST][TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    waiting most = {.count = TETHER__ENDS_LIMIT}, same = {.ids = {ids[0]}, .count = 1},
            another = {.ids = {ids[MOST - 1]}, .count = 1};
    start_many(f, ids, MOST, go);
    for (size_t i = 0; i < TETHER__ENDS_LIMIT; i++)
        most.ids[i] = ids[i];
    for (size_t i = 0; i < MOST; i++)
        WAIT_UNTIL(test_status(f->registry, ids[i]) == TETHER_STATUS_RUNNING);
    begin(&most, f->registry, wait_for_any);
    reset();
    begin(&same, f->registry, wait_for_any);
    int timed_shared = atomic_load(&timed);
    begin(&another, f->registry, wait_for_any);
    int timed_alone = atomic_load(&timed);
    test_write_file(go, "", 0);
    join(&most);
    join(&same);
    join(&another);
    assert_int_equal(timed_shared, 0);
    assert_true(timed_alone > 0);
    assert_int_equal(atomic_load(&watched), 0);
}

static void a_wait_leaves_no_descriptor(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    waiting w = {.ids = {ids[0], ids[1], ids[2]}, .count = 3};
    start_many(f, ids, 3, go);
    for (size_t i = 0; i < 3; i++)
        WAIT_UNTIL(test_status(f->registry, ids[i]) == TETHER_STATUS_RUNNING);
    int fds = test_count_fds();
    begin(&w, f->registry, wait_for_any);
    int descriptors = count_process_descriptors();
    test_write_file(go, "", 0);
    join(&w);
    assert_int_equal(descriptors, 3);
    /* What reaps the children has one for a moment. */
    WAIT_UNTIL(count_process_descriptors() == 0);
    WAIT_UNTIL(test_count_fds() <= fds);
}

/* --- A store that is removed --- */

static void a_call_notices_that_the_store_was_removed(void **state)
{
    static void (*const some[])(waiting * w) = {wait_for_any, wait_for_completion, wait_for_unseen,
                                                follow};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        char id[TETHER_ID_SIZE];
        waiting w = {.ids = {id}, .count = 1};
        tether_registry *registry = test_open(f);
        test_start_child(registry, id, "forever", NULL);
        tether_snapshot *snapshot = test_snapshot(registry, id);
        pid_t supervisor = (pid_t)snapshot->child_pid;
        tether_snapshot_free(snapshot);
        WAIT_UNTIL(test_status(registry, id) == TETHER_STATUS_RUNNING);
        begin(&w, registry, some[i]);
        int64_t begun = test_now_ms();
        test_remove_store(f->store);
        assert_int_equal(uv_thread_join(&w.thread), 0);
        /* In the middle of the removal, the task is gone and the store is not. */
        assert_true(w.code == TETHER_EGONE || w.code == TETHER_ENOTASK);
        assert_in_range(test_now_ms() - begun, 0, SOON_MS);
        test_detach(registry);
        /* Its record is gone, so the test ends the task itself. */
        assert_int_equal(kill(-supervisor, SIGKILL), 0);
        assert_int_equal(test_join_host(supervisor), 128 + SIGKILL);
    }
}

/* --- Holders --- */

typedef struct stage {
    atomic_bool ready, close, done;
    bool leaks; /* a child that the holder has forked keeps its file open */
    char id[TETHER_ID_SIZE];
} stage;

static void leak(stage *s)
{
    pid_t pid = fork();
    HOST_ASSERT(pid >= 0);
    if (pid != 0)
        return;
    alarm(PATIENCE_MS / 1000);
    while (!atomic_load(&s->done))
        test_pause();
    test_host_end();
}

static void hold(fixture *f, void *userdata)
{
    stage *s = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_snapshot_list *list;
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_completions_wait(registry, NULL, PATIENCE_MS, &error), error);
    HOST_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    HOST_ASSERT(list->count == 1);
    tether_snapshot_list_free(list);
    if (s->leaks)
        leak(s);
    atomic_store(&s->ready, true);
    while (!atomic_load(&s->close))
        test_pause();
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
    while (!atomic_load(&s->done))
        test_pause();
}

static void expect_event_of_holder(fixture *f, bool leaks, bool dies)
{
    stage *s = test_shared(sizeof *s);
    waiting w = {.count = 0};
    s->leaks = leaks;
    long host = test_fork_host(hold, f, s);
    f->registry = test_open(f);
    test_start_child(f->registry, s->id, "exit", "0", NULL);
    WAIT_UNTIL(atomic_load(&s->ready));
    reset();
    begin(&w, f->registry, wait_for_completion);
    if (dies)
        test_kill_host(host);
    atomic_store(&s->close, true);
    join(&w);
    assert_int_equal(atomic_load(&timed), 0);
    atomic_store(&s->done, true);
    if (!dies)
        assert_int_equal(test_join_host(host), 0);
    f->hosts_died = dies;
    test_take_completion(f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void an_event_tells_of_the_death_of_a_holder(void **state)
{
    expect_event_of_holder(*state, false, true);
}

static void an_event_tells_of_the_close_of_a_holder(void **state)
{
    expect_event_of_holder(*state, false, false);
}

static void an_event_tells_of_the_death_of_a_holder_whose_child_lives(void **state)
{
    expect_event_of_holder(*state, true, true);
}

/* --- Moved outputs --- */

/* What is written to a file that has left the bundle raises no event. */
static void a_follower_of_an_output_that_was_moved_away_reads_on(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[2048], moved[512], text[64];
    const uint64_t offsets[2] = {2, 0};
    tether_follower *follower;
    tether_stream stream;
    size_t got;
    snprintf(moved, sizeof moved, "%s", test_work_path(f, "moved"));
    snprintf(command, sizeof command,
             "echo a\n" CHILD_TEXT " await begin\nmv \"%s\" \"%s\"\n" CHILD_TEXT
             " await go\necho b\n" CHILD_TEXT " await end\n",
             test_bundle_path(f, "$TETHER_TASK_ID", "stdout"), moved);
    const tether_spec spec = {.command = command, .shell = "sh", .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    ASSERT_OK(
        tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, offsets, &follower, &f->error),
        f->error);
    test_write_file(test_work_path(f, "begin"), "", 0);
    WAIT_UNTIL(test_exists(moved));
    test_write_file(test_work_path(f, "go"), "", 0);
    ASSERT_OK(
        tether_follow_read(follower, text, sizeof text, PATIENCE_MS, &stream, &got, &f->error),
        f->error);
    assert_int_equal(got, 2);
    assert_memory_equal(text, "b\n", 2);
    tether_follow_close(follower);
    test_write_file(test_work_path(f, "end"), "", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)
        TEST(no_call_needs_a_timer),
        TEST(a_call_of_another_host_needs_none_either),
        TEST(a_call_that_returns_at_once_opens_nothing),
        WITH_STORE(an_event_tells_of_a_loss_that_a_leaked_lifeline_hides),
        WITH_STORE(without_process_descriptors_a_wait_looks_at_the_disk),
        TEST(a_wait_for_more_tasks_looks_once_a_minute),
        TEST(waits_share_what_they_watch),
        TEST(a_wait_leaves_no_descriptor),
        WITH_STORE(a_call_notices_that_the_store_was_removed),
        WITH_STORE(an_event_tells_of_the_death_of_a_holder),
        WITH_STORE(an_event_tells_of_the_close_of_a_holder),
        WITH_STORE(an_event_tells_of_the_death_of_a_holder_whose_child_lives),
        TEST(a_follower_of_an_output_that_was_moved_away_reads_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
