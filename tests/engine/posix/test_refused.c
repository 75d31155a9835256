/* System calls that the kernel does not know (ENOSYS) or that a seccomp filter refuses (EPERM): a
 * host does without them, or says which call was refused. */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/access.h"
#include "posix/pidfd.h"
#include "support/posix/machine.h"

/* These numbers are the same on every architecture. */
enum {
    CALL_PIDFD_SEND_SIGNAL = 424,
    CALL_PIDFD_OPEN = 434,
    CALL_CLONE3 = 435,
    CALL_CLOSE_RANGE = 436,
    CALL_FACCESSAT2 = 439
};

enum { MOST = 6, OTHER_USER = 54321 };

typedef struct refusal {
    const char *name;
    int calls[MOST];
    size_t count;
    int os_error;
    const char *identity; /* what doctor's finding names; NULL: the finding is good */
    const char *events;
} refusal;

static const int errors[] = {EPERM, ENOSYS};

static const refusal refusals[] = {
    {"nothing", {0}, 0, 0, NULL, NULL},
    {"pidfd_open", {CALL_PIDFD_OPEN}, 1, 0, "pidfd_open", NULL},
    {"pidfd_send_signal", {CALL_PIDFD_SEND_SIGNAL}, 1, 0, "pidfd_send_signal", NULL},
    {"faccessat2", {CALL_FACCESSAT2}, 1, 0, NULL, NULL},
    {"close_range", {CALL_CLOSE_RANGE}, 1, 0, NULL, NULL},
    {"inotify_init1", {SYS_inotify_init1}, 1, 0, NULL, "inotify_init1"},
    {"inotify_add_watch", {SYS_inotify_add_watch}, 1, 0, NULL, "inotify_add_watch"},
    {"fallocate", {SYS_fallocate}, 1, 0, NULL, NULL},
    {"all of them",
     {CALL_PIDFD_OPEN, CALL_PIDFD_SEND_SIGNAL, CALL_FACCESSAT2, CALL_CLOSE_RANGE, SYS_inotify_init1,
      SYS_fallocate},
     6,
     0,
     "pidfd_open",
     "inotify_init1"},
};

/* Waits for the end of a task, and returns its exit code. */
static int expect_status(tether_registry *registry, const char *id, tether_status status)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    if (snapshot->status != status)
        test_host_fail(__FILE__, __LINE__, id, tether_status_text(snapshot->status));
    int code = (int)snapshot->exit_code;
    tether_snapshot_free(snapshot);
    return code;
}

/* Starts a task, and returns when its command runs. */
static void start(tether_registry *registry, const char *verb, const char *argument,
                  int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    uint64_t size = 0;
    const char *const argv[] = {CHILD, "out", "ready", verb, argument, NULL};
    tether_spec spec = {.argv = argv, .timeout_ms = timeout_ms};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    while (size == 0 && test_status(registry, id) < TETHER_STATUS_COMPLETED)
        HOST_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &error), error);
}

static void check_finding(const tether_report *report, const char *name, const char *refused)
{
    for (size_t i = 0; i < report->count; i++) {
        const tether_finding *finding = report->items[i];
        if (strcmp(finding->name, name) != 0)
            continue;
        HOST_ASSERT(finding->verdict == (refused == NULL ? TETHER_GOOD : TETHER_WEAK));
        HOST_ASSERT(refused == NULL || strstr(finding->text, refused) != NULL);
        return;
    }
    HOST_ASSERT(false);
}

/* A code, a pause, a kill to its last signal, a single signal, a deadline. */
static void use_without(fixture *f, void *userdata)
{
    const refusal *r = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_report *report;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {.store = f->store, .no_gc = 1};
    HOST_ASSERT(machine_refuse(r->calls, r->count, r->os_error));
    HOST_OK(tether_open(&options, &registry, &error), error);
    start(registry, "exit", "7", 0, id);
    HOST_ASSERT(expect_status(registry, id, TETHER_STATUS_FAILED) == 7);

    start(registry, "ignore-term", "forever", 0, id);
    HOST_OK(tether_pause(registry, id, &error), error);
    HOST_OK(tether_resume(registry, id, &error), error);
    const tether_kill_options soon = {.grace_ms = 20};
    HOST_OK(tether_kill(registry, id, &soon, &error), error);
    expect_status(registry, id, TETHER_STATUS_KILLED);

    start(registry, "forever", NULL, 0, id);
    const tether_kill_options usr1 = {.signal = SIGUSR1};
    HOST_OK(tether_kill(registry, id, &usr1, &error), error);
    HOST_ASSERT(expect_status(registry, id, TETHER_STATUS_FAILED) == 128 + SIGUSR1);

    start(registry, "forever", NULL, 10, id);
    HOST_ASSERT(expect_status(registry, id, TETHER_STATUS_TIMED_OUT) == 124);

    HOST_OK(tether_doctor(f->store, &report, &error), error);
    check_finding(report, "identity", r->identity);
    check_finding(report, "events", r->events);
    tether_report_free(report);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
    HOST_ASSERT(!test_has_child());
}

static void works_without_refused_calls(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        for (size_t j = 0; j < sizeof errors / sizeof errors[0]; j++) {
            refusal r = refusals[i];
            r.os_error = errors[j];
            int result = test_join_host(test_fork_host(use_without, f, &r));
            if (result != 0)
                fail_msg("without %s (%s) the host ended with %d", r.name, strerror(r.os_error),
                         result);
        }
    }
}

/* Without threads there is no registry: the error names what is refused. */
static void open_without_threads(fixture *f, void *userdata)
{
    static const int calls[] = {CALL_CLONE3};
    const int *os_error = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .no_gc = 1};
    HOST_ASSERT(machine_refuse(calls, 1, *os_error));
    int code = tether_open(&options, &registry, &error);
    if (code == TETHER_OK) { /* the C library has an older call, or does not use the newer one */
        HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
        return;
    }
    HOST_ASSERT(*os_error == EPERM);
    HOST_ASSERT(code == TETHER_ENOTSUP);
    HOST_ASSERT(strstr(error.message, "clone3") != NULL);
}

static void names_the_call_that_starts_threads(void **state)
{
    fixture *f = *state;
    for (size_t j = 0; j < sizeof errors / sizeof errors[0]; j++) {
        int os_error = errors[j];
        assert_int_equal(test_join_host(test_fork_host(open_without_threads, f, &os_error)), 0);
    }
}

static int count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void fail_to_open(fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .no_gc = 1};
    HOST_ASSERT(tether_open(&options, &registry, &error) == TETHER_ELIMIT);
    HOST_ASSERT(registry == NULL);
    HOST_ASSERT(strcmp(error.step, "start loop") == 0);
    HOST_ASSERT(strstr(error.message, "ulimit -n") != NULL);
}

/* The first loop of a process creates a pipe that stays. */
static void host_without_a_loop(fixture *f, void *userdata)
{
    const int call = SYS_eventfd2;
    (void)userdata;
    HOST_ASSERT(machine_refuse(&call, 1, EMFILE));
    fail_to_open(f);
    int before = count_open();
    fail_to_open(f);
    HOST_ASSERT(count_open() == before);
}

static void a_loop_that_cannot_be_created_leaves_nothing_open(void **state)
{
    assert_int_equal(test_join_host(test_fork_host(host_without_a_loop, *state, NULL)), 0);
}

/* Without a descriptor to pin a process, no signal is sent: the call must not say that one was. */
static void host_that_cannot_pin(fixture *f, void *userdata)
{
    char *id = userdata;
    const int call = CALL_PIDFD_OPEN;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .no_gc = 1};
    const tether_kill_options signal = {.signal = SIGTERM};
    HOST_OK(tether_open(&options, &registry, &error), error);
    start(registry, "forever", NULL, 0, id);
    HOST_ASSERT(machine_refuse(&call, 1, EMFILE));
    HOST_ASSERT(tether_kill(registry, id, &signal, &error) == TETHER_ELIMIT);
    HOST_ASSERT(error.os_error == EMFILE);
    HOST_ASSERT(strstr(error.message, "ulimit -n") != NULL);
    HOST_ASSERT(tether_pause(registry, id, &error) == TETHER_ELIMIT);
    HOST_ASSERT(tether_kill(registry, id, NULL, &error) == TETHER_ELIMIT);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void a_signal_that_cannot_be_sent_is_an_error(void **state)
{
    fixture *f = *state;
    char *id = test_shared(TETHER_ID_SIZE);
    assert_int_equal(test_join_host(test_fork_host(host_that_cannot_pin, f, id)), 0);
    f->registry = test_open(f);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    test_unshare(id, TETHER_ID_SIZE);
}

/* Starts a process of root's that ends with this one, whose death signal it could not receive. */
static pid_t start_roots_process(void)
{
    int ends[2];
    char byte;
    HOST_ASSERT(pipe(ends) == 0);
    pid_t pid = fork();
    HOST_ASSERT(pid >= 0);
    if (pid == 0) {
        close(ends[1]);
        ssize_t got = read(ends[0], &byte, 1);
        _exit((int)got);
    }
    close(ends[0]);
    return pid;
}

/* EPERM also means that the process belongs to another user: that is no refusal. */
static void signal_another_users_process(fixture *f, void *userdata)
{
    (void)f;
    (void)userdata;
    pid_t pid = start_roots_process();
    int pidfd = tether__pidfd_open(pid);
    HOST_ASSERT(pidfd >= 0);
    HOST_ASSERT(tether__pidfd_signal(pidfd, 0) == 0);
    HOST_ASSERT(setuid(OTHER_USER) == 0);
    HOST_ASSERT(tether__pidfd_signal(pidfd, SIGTERM) == EPERM);
    HOST_ASSERT(tether__pidfd_lacking() == NULL);
    const int call = CALL_PIDFD_SEND_SIGNAL;
    HOST_ASSERT(machine_refuse(&call, 1, EPERM));
    HOST_ASSERT(tether__pidfd_signal(pidfd, SIGTERM) == ENOSYS);
    HOST_ASSERT(strcmp(tether__pidfd_lacking(), "pidfd_send_signal") == 0);
    HOST_ASSERT(waitpid(pid, NULL, WNOHANG) == 0);
}

static void distinguishes_a_refused_call_from_another_users_process(void **state)
{
    fixture *f = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    assert_int_equal(test_join_host(test_fork_host(signal_another_users_process, f, NULL)), 0);
}

typedef struct access_case {
    mode_t mode;
    uid_t owner;
    gid_t group;
    int wanted;
    int expected;
} access_case;

/* The same answers as the refused call gives, to a user that is not root, also to a program whose
 * effective user is not the real one. */
static void ask_without_faccessat2(fixture *f, void *userdata)
{
    static const access_case cases[] = {
        {0700, OTHER_USER, 0, X_OK, 0},      {0600, OTHER_USER, 0, X_OK, EACCES},
        {0070, 0, OTHER_USER, X_OK, 0},      {0070, OTHER_USER, OTHER_USER, X_OK, EACCES},
        {0007, 0, 0, R_OK | W_OK | X_OK, 0}, {0005, 0, 0, W_OK | X_OK, EACCES},
        {0770, 0, 0, X_OK, EACCES},
    };
    const char *path = test_work_path(f, "file");
    const bool *set_user = userdata;
    const int call = CALL_FACCESSAT2;
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    HOST_ASSERT(fd >= 0);
    HOST_ASSERT(chmod(f->work, 0755) == 0);
    HOST_ASSERT(machine_refuse(&call, 1, EPERM));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        HOST_ASSERT(fchown(fd, cases[i].owner, cases[i].group) == 0);
        HOST_ASSERT(fchmod(fd, cases[i].mode) == 0);
        pid_t pid = fork();
        HOST_ASSERT(pid >= 0);
        if (pid == 0) {
            bool changed = *set_user ? setegid(OTHER_USER) == 0 && seteuid(OTHER_USER) == 0
                                     : setgid(OTHER_USER) == 0 && setuid(OTHER_USER) == 0;
            _exit(changed && tether__posix_access(path, cases[i].wanted) == cases[i].expected ? 0
                                                                                              : 1);
        }
        HOST_ASSERT(test_join_host(pid) == 0);
    }
    HOST_ASSERT(tether__posix_access(test_work_path(f, "missing"), X_OK) == ENOENT);
    close(fd);
}

static void answers_for_the_effective_user_without_faccessat2(void **state)
{
    fixture *f = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    for (int i = 0; i < 2; i++) {
        bool set_user = i == 1;
        assert_int_equal(test_join_host(test_fork_host(ask_without_faccessat2, f, &set_user)), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(works_without_refused_calls),
        TEST(names_the_call_that_starts_threads),
        TEST(a_loop_that_cannot_be_created_leaves_nothing_open),
        TEST(a_signal_that_cannot_be_sent_is_an_error),
        TEST(distinguishes_a_refused_call_from_another_users_process),
        TEST(answers_for_the_effective_user_without_faccessat2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
