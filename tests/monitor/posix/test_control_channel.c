/* The control channel of a monitor: deadlines that are moved, and what must not harm it. */
#include "monitor/posix/monitored.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHORT_MS = 300, SOON_MS = 1500, LONG_MS = 3600 * 1000, MANY = 1000, ANSWER_SIZE = 256 };

static const char forever[] = "echo ready; while :; do sleep 0.05; done";

/* Starts a task that has a monitor and runs for ever, and waits for its command. */
static void start(const fixture *f, int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    monitored_start(f->registry, forever, timeout_ms, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
}

static void extend(fixture *f, const char *id, int64_t timeout_ms)
{
    ASSERT_OK(tether_extend(f->registry, id, timeout_ms, &f->error), f->error);
}

/* Expects a failure. The text is a part of the message. */
static void expect_failure(fixture *f, const char *id, int code, const char *text)
{
    assert_int_equal(tether_extend(f->registry, id, LONG_MS, &f->error), code);
    assert_non_null(strstr(f->error.message, text));
    f->error = (tether_error){0};
}

static void end(fixture *f, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 137, NULL);
}

static bool is_running(const fixture *f, const char *id)
{
    return test_status(f->registry, id) == TETHER_STATUS_RUNNING;
}

/* Waits for longer than SOON_MS, so that a deadline which counts is over. */
static void wait_past_soon(void)
{
    int64_t until = test_now_ms() + SOON_MS + 300;
    while (test_now_ms() < until)
        test_pause();
}

static bool lifeline_has(const fixture *f, const char *id, const char *word)
{
    char *text = test_read_file(test_exit_path(f, id), NULL);
    bool has = text != NULL && strstr(text, word) != NULL;
    free(text);
    return has;
}

/* --- Deadlines --- */

static void a_start_makes_no_channel(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    assert_false(test_exists(test_bundle_path(f, id, "control")));
    end(f, id);
}

static void a_deadline_moves_in_both_directions(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, SOON_MS, id);
    extend(f, id, LONG_MS);
    wait_past_soon();
    assert_true(is_running(f, id));
    assert_false(lifeline_has(f, id, "deadline"));
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_true(snapshot->deadline_at > snapshot->started_at + LONG_MS);
    tether_snapshot_free(snapshot);
    extend(f, id, SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_true(lifeline_has(f, id, "\ntimed_out"));
}

static void a_deadline_goes_and_comes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, SOON_MS, id);
    extend(f, id, TETHER_NO_TIMEOUT);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->deadline_at, 0);
    tether_snapshot_free(snapshot);
    wait_past_soon();
    assert_true(is_running(f, id));
    extend(f, id, SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

static void the_new_deadline_needs_no_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    extend(f, id, SHORT_MS);
    test_detach(f->registry);
    WAIT_UNTIL(lifeline_has(f, id, "\ntimed_out"));
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0); /* the registry that knew the child is closed */
}

/* A host that was stopped has the old deadline in memory, and wakes when that is over. */
static void keep_open(fixture *f, void *userdata)
{
    int *ready = userdata;
    f->registry = test_open(f);
    *ready = 1;
    for (;;)
        pause();
}

static void a_host_that_slept_does_not_enforce_the_old_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int *ready = test_shared(sizeof *ready);
    const tether_spec spec = {.command = forever,
                              .shell = "sh",
                              .timeout_ms = SOON_MS,
                              .supervisor = TETHER_SUPERVISOR_SCRIPT};
    tether_registry *first = test_open(f);
    test_start(first, &spec, id);
    test_detach(first);
    long host = test_fork_host(keep_open, f, ready);
    WAIT_UNTIL(*ready == 1);
    test_stop_host(host);
    f->registry = test_open(f);
    extend(f, id, LONG_MS);
    wait_past_soon();
    assert_true(is_running(f, id));
    assert_int_equal(kill((pid_t)host, SIGCONT), 0);
    wait_past_soon();
    assert_true(is_running(f, id));
    test_kill_host(host);
    test_unshare(ready, sizeof *ready);
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0); /* the registry that knew the child is closed */
}

static void a_deadline_that_is_over_does_not_move(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "trap '' TERM; echo ready; while :; do sleep 0.05; done", LONG_MS,
                    id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    extend(f, id, 1);
    WAIT_UNTIL(lifeline_has(f, id, "\ndeadline"));
    if (!lifeline_has(f, id, "\ntimed_out"))
        expect_failure(f, id, TETHER_ETOOLATE, "is being ended");
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    expect_failure(f, id, TETHER_EENDED, "is timed_out");
}

static void a_timeout_must_be_a_time(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    static const int64_t wrong[] = {0, -2, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(tether_extend(f->registry, id, wrong[i], NULL), TETHER_EINVAL);
    assert_int_equal(tether_extend(f->registry, "no-such-task", 1, NULL), TETHER_ENOTASK);
    assert_int_equal(tether_extend(f->registry, "../..", 1, NULL), TETHER_EINVAL);
    assert_int_equal(tether_extend(f->registry, NULL, 1, NULL), TETHER_EINVAL);
    end(f, id);
}

/* --- The monitor --- */

/* What was sent while the monitor was stopped counts when it goes on: it stands in the journal. */
static void a_stopped_monitor_costs_a_bounded_wait(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    expect_failure(f, id, TETHER_ENOANSWER, "is recorded");
    assert_int_equal(kill(monitor, SIGCONT), 0);
    extend(f, id, LONG_MS);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    assert_int_equal(tether_extend(f->registry, id, SHORT_MS, &f->error), TETHER_ENOANSWER);
    assert_non_null(strstr(f->error.message, "does not answer"));
    f->error = (tether_error){0};
    assert_int_equal(kill(monitor, SIGCONT), 0);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_true(lifeline_has(f, id, "\ntimed_out"));
}

static void a_killed_monitor_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    assert_int_equal(kill((pid_t)monitored_pid(f->registry, id), SIGKILL), 0);
    /* A process that is just ending may still look alive. */
    WAIT_UNTIL(tether_extend(f->registry, id, LONG_MS, NULL) == TETHER_EENDED);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void the_channel_goes_with_the_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    const char *path = test_bundle_path(f, id, "control");
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    const tether_kill_options term = {.signal = SIGKILL};
    ASSERT_OK(tether_kill(f->registry, id, &term, &f->error), f->error);
    tether_snapshot_free(test_wait(f->registry, id));
    WAIT_UNTIL(!test_exists(path));
}

static long count_switches(pid_t pid)
{
    char path[64], line[128];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    fclose(file);
    return count;
}

/* --- By hand --- */

/* Connects to the channel as another program would. Returns -1 and errno. */
static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof address.sun_path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int os_error = errno;
    close(fd);
    errno = os_error;
    return -1;
}

static int connect_by_hand(const fixture *f, const char *id)
{
    int fd = try_connect(test_bundle_path(f, id, "control"));
    assert_true(fd >= 0);
    return fd;
}

/* Waits for the answer. Returns its size; 0: the connection was closed. */
static size_t receive(int fd, char answer[ANSWER_SIZE])
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
    ssize_t size = recv(fd, answer, ANSWER_SIZE, 0);
    assert_true(size >= 0 || errno == ECONNRESET);
    return size > 0 ? (size_t)size : 0;
}

#define MESSAGE(text) text, sizeof text - 1

static void garbage_ends_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    static char large[100 * 1024] = "tether-control 1\0input\0end";
    static const struct {
        const char *bytes;
        size_t size;
        const char *answer; /* NULL: the connection is closed */
    } cases[] = {
        {MESSAGE("GET / HTTP/1.1\r\n\r\n"), NULL},
        {MESSAGE("\0"), NULL},
        {MESSAGE("tether-control 1\0deadline\0at=5"), NULL},
        {MESSAGE("tether-control 1\0deadline\0at=-5\0move=9\0end\0"), NULL},
        {large, sizeof large, NULL},
        {MESSAGE("tether-control 7\0deadline\0at=5\0move=9\0end\0"), "version"},
        {MESSAGE("tether-control 1\0reboot\0end\0"), "unknown"},
        {MESSAGE("tether-control 1\0deadline\0at=5\0move=9\0wipe=1\0end\0"), "unknown"},
        {MESSAGE("tether-control 1\0done\0end\0"), "unknown"},
        {MESSAGE("tether-control 1\0deadline\0at=5\0move=0\0end\0"), "done"},
    };
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = connect_by_hand(f, id);
        assert_int_equal(send(fd, cases[i].bytes, cases[i].size, MSG_NOSIGNAL), cases[i].size);
        size_t size = receive(fd, answer);
        if (cases[i].answer == NULL)
            assert_int_equal(size, 0);
        else
            assert_string_equal(answer + sizeof "tether-control 1", cases[i].answer);
        close(fd);
    }
    extend(f, id, LONG_MS);
    assert_true(is_running(f, id));
    end(f, id);
}

/* A later move may have been told first. */
static void an_older_move_changes_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    static const char old[] = "tether-control 1\0deadline\0at=1\0move=2\0end";
    start(f, LONG_MS, id);
    for (int i = 0; i < 3; i++)
        extend(f, id, LONG_MS);
    int fd = connect_by_hand(f, id);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(send(fd, old, sizeof old, MSG_NOSIGNAL), sizeof old);
        assert_true(receive(fd, answer) > 0);
        assert_string_equal(answer + sizeof "tether-control 1", "done");
    }
    close(fd);
    extend(f, id, LONG_MS);
    assert_false(lifeline_has(f, id, "deadline"));
    end(f, id);
}

static void half_closed_connections_are_closed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    int silent = connect_by_hand(f, id), half = connect_by_hand(f, id);
    assert_int_equal(shutdown(half, SHUT_WR), 0);
    assert_int_equal(receive(half, answer), 0);
    /* A silent one costs nothing: the monitor does not wake for it. */
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    extend(f, id, LONG_MS);
    test_nap_us(50000);
    long before = count_switches(monitor);
    test_nap_us(500000);
    assert_true(before > 0);
    assert_int_equal(count_switches(monitor), before);
    close(half);
    close(silent);
    end(f, id);
}

static void a_thousand_at_once_do_no_harm(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    static const char query[] = "tether-control 1\0deadline\0end";
    struct rlimit limit;
    int *fds = calloc(MANY, sizeof *fds);
    assert_non_null(fds);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 4 * MANY ? limit.rlim_max : 4 * MANY;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    int connected = 0;
    for (int i = 0; i < MANY; i++) {
        fds[i] = try_connect(test_bundle_path(f, id, "control"));
        assert_true(fds[i] >= 0 || errno == EAGAIN);
        if (fds[i] >= 0 && send(fds[i], query, sizeof query, MSG_NOSIGNAL) > 0)
            connected++;
    }
    assert_true(connected >= 16);
    for (int i = 0; i < MANY; i++) {
        if (fds[i] >= 0) {
            assert_true(receive(fds[i], answer) > 0);
            close(fds[i]);
        }
    }
    extend(f, id, LONG_MS);
    char folder[64];
    snprintf(folder, sizeof folder, "/proc/%ld/fd", monitored_pid(f->registry, id));
    assert_true(test_count_names(folder) < 32);
    free(fds);
    end(f, id);
}

/* --- What stands in the way --- */

static void what_has_the_name_of_the_channel(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *victim = test_work_path(f, "victim");
    start(f, LONG_MS, id);
    const char *path = test_bundle_path(f, id, "control");
    test_write_file(victim, "precious", 8);
    test_write_file(path, "x", 1);
    extend(f, id, LONG_MS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(victim, path), 0);
    extend(f, id, LONG_MS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("control", path), 0);
    extend(f, id, LONG_MS);
    assert_int_equal(unlink(path), 0);
    extend(f, id, LONG_MS);
    assert_int_equal(unlink(path), 0);
    test_make_directory(path);
    expect_failure(f, id, TETHER_ENOANSWER, "has not made its control channel");
    assert_int_equal(rmdir(path), 0);
    extend(f, id, LONG_MS);
    char *text = test_read_file(victim, NULL);
    assert_string_equal(text, "precious");
    free(text);
    end(f, id);
}

static void a_socket_of_another_process_is_not_trusted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    start(f, LONG_MS, id);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", test_bundle_path(f, id, "control"));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    expect_failure(f, id, TETHER_EACCESS, "is not that of the monitor");
    close(fd);
    extend(f, id, LONG_MS);
    end(f, id);
}

/* In a child: connects as another user, and returns what it got: 0 for an end, 1 for an answer. */
static int ask_as_another_user(const char *bundle)
{
    static const char query[] = "tether-control 1\0deadline\0at=1\0move=9\0end";
    enum { NOBODY = 65534 };
    char answer[ANSWER_SIZE];
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
    if (chdir(bundle) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
        return 70;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return 71;
    if (send(fd, query, sizeof query, MSG_NOSIGNAL) < 0)
        return errno == EPIPE || errno == ECONNRESET ? 0 : 72;
    return recv(fd, answer, sizeof answer, 0) > 0;
}

static void another_user_is_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    if (geteuid() != 0)
        test_skip("needs root");
    start(f, LONG_MS, id);
    extend(f, id, LONG_MS);
    const char *bundle = test_bundle_path(f, id, "");
    assert_int_equal(chmod(test_bundle_path(f, id, "control"), 0666), 0);
    assert_int_equal(chmod(bundle, 0711), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(ask_as_another_user(bundle));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(bundle, 0700), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    extend(f, id, LONG_MS);
    assert_false(lifeline_has(f, id, "deadline"));
    end(f, id);
}

static void a_monitor_without_descriptors_goes_on(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct rlimit before, none = {.rlim_cur = 0};
    start(f, LONG_MS, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &none, NULL), 0);
    expect_failure(f, id, TETHER_ENOANSWER, "has not made its control channel");
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &before, NULL), 0);
    extend(f, id, LONG_MS);
    /* With the channel, but without a descriptor for the connection. */
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &none, NULL), 0);
    expect_failure(f, id, TETHER_ENOANSWER, "does not answer");
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &before, NULL), 0);
    extend(f, id, SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_start_makes_no_channel),
        WITH_REGISTRY(a_deadline_moves_in_both_directions),
        WITH_REGISTRY(a_deadline_goes_and_comes),
        WITH_REGISTRY(the_new_deadline_needs_no_host),
        WITH_STORE(a_host_that_slept_does_not_enforce_the_old_deadline),
        WITH_REGISTRY(a_deadline_that_is_over_does_not_move),
        WITH_REGISTRY(a_timeout_must_be_a_time),
        WITH_REGISTRY(a_stopped_monitor_costs_a_bounded_wait),
        WITH_REGISTRY(a_killed_monitor_is_told),
        WITH_REGISTRY(the_channel_goes_with_the_monitor),
        WITH_REGISTRY(garbage_ends_nothing),
        WITH_REGISTRY(an_older_move_changes_nothing),
        WITH_REGISTRY(half_closed_connections_are_closed),
        WITH_REGISTRY(a_thousand_at_once_do_no_harm),
        WITH_REGISTRY(what_has_the_name_of_the_channel),
        WITH_REGISTRY(a_socket_of_another_process_is_not_trusted),
        WITH_REGISTRY(another_user_is_refused),
        WITH_REGISTRY(a_monitor_without_descriptors_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
