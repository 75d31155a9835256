/* The control channel of a monitor: deadlines that are moved, and what must not harm it. */
#include "monitor/controlled.h"
#include "monitor/messages.h"
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

enum { MANY = 1000, ANSWER_SIZE = 256 };

static const char forever[] = "echo ready; while :; do sleep 0.05; done";

/* Starts a task that has a monitor and runs for ever, and waits for its command. */
static void start(const fixture *f, int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    monitored_start(f->registry, forever, timeout_ms, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
}

static void end(fixture *f, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 137, NULL);
}

/* --- Deadlines --- */

static void a_start_makes_no_channel(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    assert_false(test_exists(test_bundle_path(f, id, "control")));
    end(f, id);
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
                              .timeout_ms = CONTROLLED_SOON_MS,
                              .supervisor = TETHER_SUPERVISOR_SCRIPT};
    tether_registry *first = test_open(f);
    test_start(first, &spec, id);
    test_detach(first);
    long host = test_fork_host(keep_open, f, ready);
    WAIT_UNTIL(*ready == 1);
    test_stop_host(host);
    f->registry = test_open(f);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    controlled_wait_past_soon();
    assert_true(controlled_runs(f, id));
    assert_int_equal(kill((pid_t)host, SIGCONT), 0);
    controlled_wait_past_soon();
    assert_true(controlled_runs(f, id));
    test_kill_host(host);
    test_unshare(ready, sizeof *ready);
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0); /* the registry that knew the child is closed */
}

/* --- The monitor --- */

static void the_channel_goes_with_the_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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

static void garbage_ends_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    for (size_t i = 0; i < BAD_MESSAGES; i++) {
        int fd = connect_by_hand(f, id);
        assert_int_equal(send(fd, bad_messages[i].bytes, bad_messages[i].size, MSG_NOSIGNAL),
                         bad_messages[i].size);
        size_t size = receive(fd, answer);
        if (bad_messages[i].answer == NULL)
            assert_int_equal(size, 0);
        else
            assert_string_equal(answer + sizeof "tether-control 1", bad_messages[i].answer);
        close(fd);
    }
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_true(controlled_runs(f, id));
    end(f, id);
}

/* A later move may have been told first. */
static void an_older_move_changes_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    static const char old[] = "tether-control 1\0deadline\0at=1\0move=2\0end";
    start(f, CONTROLLED_LONG_MS, id);
    for (int i = 0; i < 3; i++)
        controlled_extend(f, id, CONTROLLED_LONG_MS);
    int fd = connect_by_hand(f, id);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(send(fd, old, sizeof old, MSG_NOSIGNAL), sizeof old);
        assert_true(receive(fd, answer) > 0);
        assert_string_equal(answer + sizeof "tether-control 1", "done");
    }
    close(fd);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_false(controlled_lifeline_has(f, id, "deadline"));
    end(f, id);
}

static void half_closed_connections_are_closed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], answer[ANSWER_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    int silent = connect_by_hand(f, id), half = connect_by_hand(f, id);
    assert_int_equal(shutdown(half, SHUT_WR), 0);
    assert_int_equal(receive(half, answer), 0);
    /* A silent one costs nothing: the monitor does not wake for it. */
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    start(f, CONTROLLED_LONG_MS, id);
    const char *path = test_bundle_path(f, id, "control");
    test_write_file(victim, "precious", 8);
    test_write_file(path, "x", 1);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(victim, path), 0);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("control", path), 0);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_int_equal(unlink(path), 0);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_int_equal(unlink(path), 0);
    test_make_directory(path);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    assert_int_equal(rmdir(path), 0);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    start(f, CONTROLLED_LONG_MS, id);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", test_bundle_path(f, id, "control"));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    controlled_refuses(f, id, TETHER_EACCESS, "is not that of the monitor");
    close(fd);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
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
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    assert_false(controlled_lifeline_has(f, id, "deadline"));
    end(f, id);
}

static void a_monitor_without_descriptors_goes_on(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    struct rlimit before, none = {.rlim_cur = 0};
    start(f, CONTROLLED_LONG_MS, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &none, NULL), 0);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &before, NULL), 0);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    /* With the channel, but without a descriptor for the connection. */
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &none, NULL), 0);
    controlled_refuses(f, id, TETHER_ENOANSWER, "does not answer");
    assert_int_equal(prlimit(monitor, RLIMIT_NOFILE, &before, NULL), 0);
    controlled_extend(f, id, CONTROLLED_SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_start_makes_no_channel),
        WITH_STORE(a_host_that_slept_does_not_enforce_the_old_deadline),
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
