/* Events that never come: a queue that overflows, and a system that has no more of them. */
#include "support/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <uv.h>

#include "format/name.h"

/* --- An overflow --- */

enum { OWN = 20, FOREIGN = 5, TASKS = OWN + FOREIGN };

static long read_limit(const char *path)
{
    long limit = 0;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &limit), 1);
    fclose(file);
    return limit;
}

/* Another watch of the same directory, whose queue has the same limit: what it was not told, the
 * registry was not told. */
static int watch_too(fixture *f)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(inotify_add_watch(fd, test_session_path(f, "exits"), IN_MODIFY | IN_CLOSE_WRITE) >=
                0);
    return fd;
}

/* Sees that the queue has overflowed and has nothing of these tasks. */
static void check_overflow(int fd, char (*ids)[TETHER_ID_SIZE])
{
    _Alignas(struct inotify_event) char bytes[16384];
    bool overflow = false;
    for (ssize_t size; (size = read(fd, bytes, sizeof bytes)) > 0;) {
        for (char *at = bytes; at < bytes + size;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)at;
            overflow = overflow || (event->mask & IN_Q_OVERFLOW) != 0;
            for (int i = 0; event->len > 0 && i < TASKS; i++)
                assert_string_not_equal(event->name, ids[i]);
            at += sizeof *event + event->len;
        }
    }
    assert_true(overflow);
    assert_int_equal(close(fd), 0);
}

/* More writes than a queue holds. To two files in turn, because an event that is the same as the
 * last one in the queue is not queued. */
static void fill_queue(fixture *f)
{
    int fds[2];
    static const char *const names[2] = {"FLOOD-1", "FLOOD-2"};
    long count = read_limit("/proc/sys/fs/inotify/max_queued_events") + 100;
    for (int i = 0; i < 2; i++) {
        assert_false(tether__task_id_valid(names[i]));
        fds[i] = open(test_exit_path(f, names[i]), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fds[i] >= 0);
    }
    for (long i = 0; i < count; i++)
        assert_int_equal(write(fds[i % 2], "x", 1), 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(close(fds[i]), 0);
        assert_int_equal(unlink(test_exit_path(f, names[i])), 0);
    }
}

static void start_elsewhere(fixture *f, char id[TETHER_ID_SIZE])
{
    char *out;
    const char *const run[] = {COMMAND, "--store", f->store, "run", "--", CHILD, "exit", "6", NULL};
    assert_int_equal(test_command(run, &out, NULL), 0);
    snprintf(id, TETHER_ID_SIZE, "%.*s", (int)strcspn(out, "\n"), out);
    free(out);
}

static size_t told_after_a_turn(uv_loop_t *loop, witness *w)
{
    uv_run(loop, UV_RUN_NOWAIT);
    return witness_count(w, TETHER_EVENT_COMPLETION, NULL);
}

/* The loop is the test's own and does not turn while its tasks end, nor while another host starts
 * some. Nobody asks for them: only the overflow tells. */
static void an_overflow_hides_no_end(void **state)
{
    fixture *f = *state;
    witness w;
    uv_loop_t loop;
    char ids[TASKS][TETHER_ID_SIZE];
    char *gate = strdup(test_work_path(f, "gate")); /* there are more paths than buffers for them */
    assert_int_equal(uv_loop_init(&loop), 0);
    witness_open(&w);
    tether_open_options options = {.loop = &loop, .reaper = TETHER_REAPER_EVENTS};
    tether_registry *registry = witness_registry(f, &w, &options);
    for (int i = 0; i < OWN; i++)
        test_start_child(registry, ids[i], "await", gate, "exit", "6", NULL);
    for (int i = 0; i < OWN; i++)
        WAIT_UNTIL(test_count_lines(test_exit_path(f, ids[i])) == 1);
    uv_run(&loop, UV_RUN_NOWAIT);
    int queue = watch_too(f);
    fill_queue(f);
    test_write_file(gate, "", 0);
    free(gate);
    for (int i = OWN; i < TASKS; i++)
        start_elsewhere(f, ids[i]);
    for (int i = 0; i < TASKS; i++)
        WAIT_UNTIL(test_count_lines(test_exit_path(f, ids[i])) == 2);
    check_overflow(queue, ids);
    assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, NULL), 0);
    WAIT_UNTIL(told_after_a_turn(&loop, &w) == TASKS);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, ids[i]), 1);
        assert_int_equal(witness_get(&w, TETHER_EVENT_COMPLETION, ids[i], 0).status,
                         TETHER_STATUS_FAILED);
    }
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    witness_close(&w);
}

/* --- Exhaustion --- */

enum { NO_NAMESPACE = 77 };

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* Moves this host to a user namespace of its own, where a limit is 0. The limits of the machine are
 * everybody's. */
static void exhaust(const char *limit)
{
    char map[64], path[128];
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(NO_NAMESPACE);
    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %ld 1", (long)user);
    bool mapped = write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %ld 1", (long)group);
    mapped = write_text("/proc/self/gid_map", map) && mapped;
    snprintf(path, sizeof path, "/proc/sys/user/%s", limit);
    if (!mapped || !write_text(path, "0"))
        _exit(NO_NAMESPACE);
}

typedef struct heard {
    atomic_int completions;
    atomic_int logs;
    char message[512];
} heard;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    heard *h = userdata;
    (void)registry;
    if (event->kind == TETHER_EVENT_COMPLETION) {
        HOST_ASSERT(event->snapshot->exit_code == 3);
        atomic_fetch_add(&h->completions, 1);
    }
    if (event->kind != TETHER_EVENT_LOG)
        return;
    HOST_ASSERT(event->level == TETHER_LOG_WARNING && event->task_id == NULL);
    HOST_ASSERT(event->error->code == TETHER_ELIMIT);
    snprintf(h->message, sizeof h->message, "%s", event->error->message);
    atomic_fetch_add(&h->logs, 1);
}

static void check_doctor(fixture *f, const char *named)
{
    tether_error error = {0};
    tether_report *report;
    bool told = false;
    HOST_OK(tether_doctor(f->store, &report, &error), error);
    for (size_t i = 0; i < report->count; i++) {
        const tether_finding *finding = report->items[i];
        if (strcmp(finding->name, "events") == 0)
            told = finding->verdict == TETHER_WEAK && strstr(finding->text, named) != NULL;
    }
    tether_report_free(report);
    HOST_ASSERT(told);
}

static void wait_for(atomic_int *count)
{
    for (int64_t end = test_now_ms() + PATIENCE_MS; atomic_load(count) == 0; test_pause())
        HOST_ASSERT(test_now_ms() < end);
}

/* Which limit is 0 in the namespace, and which one the message names. */
typedef struct shortage {
    const char *limit;
    const char *named;
} shortage;

static void live_without_events(fixture *f, void *userdata)
{
    const shortage *s = userdata;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_registry *registry;
    heard h = {0};
    exhaust(s->limit);
    tether_open_options options = {.store = f->store, .reaper = TETHER_REAPER_EVENTS};
    HOST_ASSERT(tether_open(&options, &registry, &error) == TETHER_ELIMIT);
    HOST_ASSERT(registry == NULL && strstr(error.message, s->named) != NULL);
    check_doctor(f, s->named);
    options.reaper = TETHER_REAPER_AUTO;
    options.on_event = on_event;
    options.userdata = &h;
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const argv[] = {CHILD, "exit", "3", NULL};
    tether_spec spec = {.argv = argv};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    wait_for(&h.logs);
    wait_for(&h.completions);
    HOST_ASSERT(strstr(h.message, s->named) != NULL);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
    HOST_ASSERT(atomic_load(&h.logs) == 1 && atomic_load(&h.completions) == 1);
}

static void try_without(fixture *f, shortage s)
{
    int code = test_join_host(test_fork_host(live_without_events, f, &s));
    if (code == NO_NAMESPACE)
        test_skip("user namespaces are not allowed");
    assert_int_equal(code, 0);
}

static void without_instances_it_polls_and_says_so(void **state)
{
    try_without(*state, (shortage){"max_inotify_instances", "fs.inotify.max_user_instances"});
}

static void without_watches_it_polls_and_says_so(void **state)
{
    try_without(*state, (shortage){"max_inotify_watches", "fs.inotify.max_user_watches"});
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_overflow_hides_no_end),
        WITH_STORE(without_instances_it_polls_and_says_so),
        WITH_STORE(without_watches_it_polls_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
