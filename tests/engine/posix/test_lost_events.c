/* Events that are lost: the inotify queue overflows, or the system's inotify limits are reached. */
#include "support/elsewhere.h"
#include "support/exit_line.h"
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

#include "engine/core.h"
#include "format/name.h"
#include "os/lifeline.h"

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

/* Opens a second watch of the same directory, with the same limit of its queue: what is missing in
 * this queue is missing in the registry's too. */
static int open_second_watch(fixture *f)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(inotify_add_watch(fd, test_session_path(f, "exits"), IN_MODIFY | IN_CLOSE_WRITE) >=
                0);
    return fd;
}

/* Checks that the queue has overflowed and has no event of these tasks. */
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

/* Writes more often than a queue has room. To two files in turn, because the kernel merges an event
 * that is equal to the last one in the queue. */
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

static size_t completions_after_a_turn(uv_loop_t *loop, witness *w)
{
    uv_run(loop, UV_RUN_NOWAIT);
    return witness_count(w, TETHER_EVENT_COMPLETION, NULL);
}

static bool is_free(const tether_registry *registry, const char *id)
{
    bool held = true;
    return tether__os_lifeline_held(registry->session.exits, id, &held, NULL) == TETHER_OK && !held;
}

/* The test runs the loop itself, and not while tasks end, nor while another host starts some. No
 * call asks for these tasks, so only the overflow makes the registry inspect them. */
static void an_overflow_hides_no_end(void **state)
{
    fixture *f = *state;
    witness w;
    uv_loop_t loop;
    char ids[TASKS][TETHER_ID_SIZE];
    char *gate = strdup(test_work_path(f, "gate")); /* test_work_path reuses its 16 buffers */
    assert_int_equal(uv_loop_init(&loop), 0);
    witness_open(&w);
    tether_open_options options = {.loop = &loop, .reaper = TETHER_REAPER_EVENTS};
    tether_registry *registry = witness_registry(f, &w, &options);
    for (int i = 0; i < OWN; i++)
        test_start_child(registry, ids[i], "await", gate, "exit", "6", NULL);
    for (int i = 0; i < OWN; i++)
        WAIT_UNTIL(test_count_lines(test_exit_path(f, ids[i])) == 1);
    uv_run(&loop, UV_RUN_NOWAIT);
    int queue = open_second_watch(f);
    fill_queue(f);
    test_write_file(gate, "", 0);
    free(gate);
    for (int i = OWN; i < TASKS; i++)
        START_ELSEWHERE(f, ids[i], "--", CHILD, "exit", "6");
    for (int i = 0; i < TASKS; i++)
        exit_line_wait(f, ids[i]);
    /* The close of a lifeline is an event too, for which the first read would make room. */
    for (int i = 0; i < TASKS; i++)
        WAIT_UNTIL(is_free(registry, ids[i]));
    check_overflow(queue, ids);
    assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, NULL), 0);
    WAIT_UNTIL(completions_after_a_turn(&loop, &w) == TASKS);
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

static void set_limit(const char *limit, const char *value)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/sys/user/%s", limit);
    if (!write_text(path, value))
        _exit(NO_NAMESPACE);
}

/* Moves this host to a user namespace of its own and sets a limit there. Other processes of the
 * machine keep theirs. */
static void exhaust(const char *limit, const char *value)
{
    char map[64];
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(NO_NAMESPACE);
    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %ld 1", (long)user);
    bool mapped = write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %ld 1", (long)group);
    mapped = write_text("/proc/self/gid_map", map) && mapped;
    if (!mapped)
        _exit(NO_NAMESPACE);
    set_limit(limit, value);
}

typedef struct event_log {
    atomic_int completions;
    atomic_int warnings;
    char message[512]; /* of the last warning */
} event_log;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    event_log *log = userdata;
    (void)registry;
    if (event->kind == TETHER_EVENT_COMPLETION) {
        HOST_ASSERT(event->snapshot->exit_code == 3);
        atomic_fetch_add(&log->completions, 1);
    }
    if (event->kind != TETHER_EVENT_LOG)
        return;
    HOST_ASSERT(event->level == TETHER_LOG_WARNING && event->task_id == NULL);
    HOST_ASSERT(event->error->code == TETHER_ELIMIT);
    snprintf(log->message, sizeof log->message, "%s", event->error->message);
    atomic_fetch_add(&log->warnings, 1);
}

/* Checks that doctor names the limit. */
static void check_doctor(fixture *f, const char *named)
{
    tether_error error = {0};
    tether_report *report;
    bool reported = false;
    HOST_OK(tether_doctor(f->store, &report, &error), error);
    for (size_t i = 0; i < report->count; i++) {
        const tether_finding *finding = report->items[i];
        if (strcmp(finding->name, "events") == 0)
            reported = finding->verdict == TETHER_WEAK && strstr(finding->text, named) != NULL;
    }
    tether_report_free(report);
    HOST_ASSERT(reported);
}

static void wait_for_count(atomic_int *count, int wanted)
{
    for (int64_t end = test_now_ms() + PATIENCE_MS; atomic_load(count) < wanted; test_pause())
        HOST_ASSERT(test_now_ms() < end);
}

static void wait_for_first(atomic_int *count)
{
    wait_for_count(count, 1);
}

typedef struct shortage {
    const char *limit; /* is 0 in the namespace */
    const char *named; /* the system's limit that messages name */
} shortage;

static void run_without_events(fixture *f, void *userdata)
{
    const shortage *s = userdata;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_registry *registry;
    event_log log = {0};
    exhaust(s->limit, "0");
    tether_open_options options = {.store = f->store, .reaper = TETHER_REAPER_EVENTS};
    HOST_ASSERT(tether_open(&options, &registry, &error) == TETHER_ELIMIT);
    HOST_ASSERT(registry == NULL && strstr(error.message, s->named) != NULL);
    check_doctor(f, s->named);
    options.reaper = TETHER_REAPER_AUTO;
    options.on_event = on_event;
    options.userdata = &log;
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const argv[] = {CHILD, "exit", "3", NULL};
    tether_spec spec = {.argv = argv};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    wait_for_first(&log.warnings);
    wait_for_first(&log.completions);
    HOST_ASSERT(strstr(log.message, s->named) != NULL);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
    HOST_ASSERT(atomic_load(&log.warnings) == 1 && atomic_load(&log.completions) == 1);
}

static void run_with_shortage(fixture *f, shortage s)
{
    int code = test_join_host(test_fork_host(run_without_events, f, &s));
    if (code == NO_NAMESPACE)
        test_skip("user namespaces are not allowed");
    assert_int_equal(code, 0);
}

static void without_inotify_instances_it_polls_and_warns(void **state)
{
    run_with_shortage(*state, (shortage){"max_inotify_instances", "fs.inotify.max_user_instances"});
}

static void without_inotify_watches_it_polls_and_warns(void **state)
{
    run_with_shortage(*state, (shortage){"max_inotify_watches", "fs.inotify.max_user_watches"});
}

/* --- The journal alone cannot be watched --- */

#define WATCHES "max_inotify_watches"

/* Counts the inotify watches of this process. */
static int count_watches(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        FILE *file = fopen(path, "re");
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            count += strncmp(line, "inotify wd:", 11) == 0;
        if (file != NULL)
            fclose(file);
    }
    return count;
}

/* Runs a task to its end, and moves it to the archive: it has no lifeline any more. */
static void run_archived(fixture *f, tether_registry *registry, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    const char *const argv[] = {CHILD, "exit", "3", NULL};
    tether_spec spec = {.argv = argv, .no_notify = true};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    const char *ids[] = {id};
    HOST_OK(tether_wait(registry, ids, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    for (int64_t end = test_now_ms() + PATIENCE_MS; !test_archive_task(f, id); test_pause())
        HOST_ASSERT(test_now_ms() < end);
}

static void wait_for_watches(int count)
{
    for (int64_t end = test_now_ms() + PATIENCE_MS; count_watches() != count; test_pause())
        HOST_ASSERT(test_now_ms() < end);
}

/* Nothing but the journal tells of a promotion from the archive. */
static void listen_without_the_journal(fixture *f, void *userdata)
{
    char ids[3][TETHER_ID_SIZE];
    tether_error error = {0};
    tether_registry *registry, *other;
    event_log log = {0};
    (void)userdata;
    exhaust(WATCHES, "1"); /* that of `exits` */
    other = test_open_mode(f, TETHER_REAPER_POLLING);
    for (int i = 0; i < 3; i++)
        run_archived(f, other, ids[i]);
    tether_open_options options = {
        .store = f->store, .reaper = TETHER_REAPER_EVENTS, .on_event = on_event, .userdata = &log};
    HOST_ASSERT(tether_open(&options, &registry, &error) == TETHER_ELIMIT);
    HOST_ASSERT(registry == NULL && strstr(error.message, "max_user_watches") != NULL);
    HOST_ASSERT(count_watches() == 0);
    options.reaper = TETHER_REAPER_AUTO;
    HOST_OK(tether_open(&options, &registry, &error), error);
    wait_for_first(&log.warnings);
    HOST_ASSERT(strstr(log.message, "max_user_watches") != NULL);
    HOST_ASSERT(count_watches() == 1);
    HOST_OK(tether_promote(other, ids[0], &error), error);
    wait_for_count(&log.completions, 1);
    /* A wait does not end what the listener needs. */
    const char *wanted[] = {ids[0]};
    HOST_OK(tether_wait(registry, wanted, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_OK(tether_promote(other, ids[1], &error), error);
    wait_for_count(&log.completions, 2);
    /* Once there is a watch again, it is used. */
    set_limit(WATCHES, "100");
    wait_for_watches(2);
    HOST_OK(tether_promote(other, ids[2], &error), error);
    wait_for_count(&log.completions, 3);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
    HOST_OK(tether_close(other, TETHER_DETACH, &error), error);
    HOST_ASSERT(atomic_load(&log.warnings) == 1 && atomic_load(&log.completions) == 3);
}

static void a_listener_polls_a_journal_that_cannot_be_watched(void **state)
{
    fixture *f = *state;
    int code = test_join_host(test_fork_host(listen_without_the_journal, f, NULL));
    if (code == NO_NAMESPACE)
        test_skip("user namespaces are not allowed");
    assert_int_equal(code, 0);
}

/* Who does not listen needs no watch of the journal for its opening. */
static void open_without_the_journal(fixture *f, void *userdata)
{
    tether_error error = {0};
    tether_registry *registry;
    (void)userdata;
    exhaust(WATCHES, "1");
    tether_open_options options = {.store = f->store, .reaper = TETHER_REAPER_EVENTS};
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_ASSERT(count_watches() == 1);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void a_host_that_does_not_listen_needs_no_watch_of_the_journal(void **state)
{
    fixture *f = *state;
    int code = test_join_host(test_fork_host(open_without_the_journal, f, NULL));
    if (code == NO_NAMESPACE)
        test_skip("user namespaces are not allowed");
    assert_int_equal(code, 0);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_overflow_hides_no_end),
        WITH_STORE(without_inotify_instances_it_polls_and_warns),
        WITH_STORE(without_inotify_watches_it_polls_and_warns),
        WITH_STORE(a_listener_polls_a_journal_that_cannot_be_watched),
        WITH_STORE(a_host_that_does_not_listen_needs_no_watch_of_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
