/* The seam os/spawn.h on POSIX, for each of its variants: the environment of a new supervisor, and
 * the remains of a failed start. */
#include "os/place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/forked.h"
#include "support/posix/machine.h"
#include "os/spawn.h"

#ifdef __linux__
#include <sys/syscall.h>
#endif

typedef struct request {
    tether__start start;
    tether__lifeline lifeline;
    const char *argv[16];
    const char *envp[4];
} request;

static void prepare(place *p, request *r)
{
    memset(r, 0, sizeof *r);
    ASSERT_OK(tether__os_lifeline_create(p->dir, "lifeline", &r->lifeline, &p->error), p->error);
    r->argv[0] = "child";
    r->envp[0] = "NAME=value";
    /* A child built with a sanitizer installs handlers of its own, which say nothing about ours. */
    r->envp[1] = "ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:detect_leaks=0";
    r->envp[2] = "TSAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0";
    r->start = (tether__start){
        .program = CHILD,
        .argv = r->argv,
        .envp = r->envp,
        .workdir = p->path,
        .bundle = p->dir,
        .stdout_name = "out",
        .stderr_name = "err",
        .lifeline = &r->lifeline,
    };
}

/* Starts the child with these verbs and returns its exit code. */
static int run(place *p, request *r, const char *const *verbs)
{
    tether__started started;
    for (int i = 0; verbs[i] != NULL; i++)
        r->argv[i + 1] = verbs[i];
    ASSERT_OK(tether__os_spawn(&r->start, &started, &p->error), p->error);
    tether__os_lifeline_close(&r->lifeline);
    return forked_join((pid_t)started.pid);
}

static void passes_streams_and_environment(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    const char *const verbs[] = {"out",  "to out", "err",  "to err", "env",
                                 "NAME", "cat",    "exit", "7",      NULL};
    assert_int_equal(run(p, &r, verbs), 7);
    assert_string_equal(place_read(p, "out"), "to out\nvalue\n");
    assert_string_equal(place_read(p, "err"), "to err\n");
}

static void merges_the_outputs_and_reads_a_file(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    place_write(p, "in", "from in\n");
    r.start.stderr_name = NULL;
    r.start.stdin_path = place_path(p, "in");
    const char *const verbs[] = {"out", "a", "err", "b", "cat", NULL};
    assert_int_equal(run(p, &r, verbs), 0);
    assert_string_equal(place_read(p, "out"), "a\nb\nfrom in\n");
}

static void passes_only_four_descriptors(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    int more[] = {dup(0), dup(0), fcntl(0, F_DUPFD, 200)};
    const char *const verbs[] = {"fds", NULL};
    assert_int_equal(run(p, &r, verbs), 0);
    for (int i = 0; i < 3; i++)
        close(more[i]);
    assert_string_equal(place_read(p, "out"), "0 1 2 9 \n");
}

static void resets_signals(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    sigset_t blocked, before, after;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const char *const verbs[] = {"dispositions", NULL};
    int code = run(p, &r, verbs);
    /* The host's own settings are unchanged. */
    pthread_sigmask(SIG_SETMASK, &before, &after);
    assert_int_equal(sigismember(&after, SIGUSR1), 1);
    assert_true(signal(SIGPIPE, handler) == SIG_IGN);
    assert_int_equal(code, 0);
    assert_string_equal(place_read(p, "out"), "/ \n");
}

static void starts_a_session_that_holds_the_lifeline(void **state)
{
    place *p = *state;
    request r;
    tether__started started;
    bool held;
    prepare(p, &r);
    r.argv[1] = "forever";
    ASSERT_OK(tether__os_spawn(&r.start, &started, &p->error), p->error);
    tether__os_lifeline_close(&r.lifeline);
    assert_int_equal(getsid((pid_t)started.pid), started.pid);
    assert_int_equal(getpgid((pid_t)started.pid), started.pid);
    ASSERT_OK(tether__os_lifeline_held(p->dir, "lifeline", &held, &p->error), p->error);
    assert_true(held);
    forked_kill((pid_t)started.pid);
    ASSERT_OK(tether__os_lifeline_held(p->dir, "lifeline", &held, &p->error), p->error);
    assert_false(held);
}

static void works_without_standard_streams(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    int saved[3];
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    tether__started started;
    r.argv[1] = "out";
    r.argv[2] = "to out";
    r.argv[3] = "fds";
    int code = tether__os_spawn(&r.start, &started, &p->error);
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    ASSERT_OK(code, p->error);
    tether__os_lifeline_close(&r.lifeline);
    assert_int_equal(forked_join((pid_t)started.pid), 0);
    assert_string_equal(place_read(p, "out"), "to out\n0 1 2 9 \n");
}

/* What has the number of standard input need not be it. */
static void inherits_no_descriptor_of_another_kind(void **state)
{
    place *p = *state;
    request r;
    tether__started started;
    prepare(p, &r);
    r.start.inherit_stdin = true;
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);
    int codes[2];
    close(STDIN_FILENO);
    codes[0] = tether__os_spawn(&r.start, &started, &p->error);
    int folder = open(p->path, O_RDONLY | O_CLOEXEC);
    codes[1] = tether__os_spawn(&r.start, &started, &p->error);
    dup2(saved, STDIN_FILENO);
    close(saved);
    assert_int_equal(folder, STDIN_FILENO);
    for (int i = 0; i < 2; i++)
        assert_int_equal(codes[i], TETHER_EINVAL);
    assert_string_equal(p->error.step, "open standard input");
    tether__os_lifeline_close(&r.lifeline);
}

static void reports_what_cannot_be_started(void **state)
{
    place *p = *state;
    request r;
    tether__started started = {.pid = 1};
    prepare(p, &r);
    r.start.program = "/none/such";
    assert_int_equal(tether__os_spawn(&r.start, &started, &p->error), TETHER_ENOSHELL);
    assert_int_equal(started.pid, 0);
    assert_false(test_has_child());
    assert_int_equal(unlink(place_path(p, "out")), 0);
    assert_int_equal(unlink(place_path(p, "err")), 0);
    r.start.program = p->path;
    assert_int_equal(tether__os_spawn(&r.start, &started, &p->error), TETHER_ENOEXEC);
    assert_false(test_has_child());
    r.start.workdir = "/none/such";
    assert_int_equal(unlink(place_path(p, "out")), 0);
    assert_int_equal(unlink(place_path(p, "err")), 0);
    assert_int_equal(tether__os_spawn(&r.start, &started, &p->error), TETHER_EWORKDIR);
    tether__os_lifeline_close(&r.lifeline);
}

static void reports_the_limit_of_descriptors(void **state)
{
    place *p = *state;
    request r;
    tether__started started;
    struct rlimit limit, low;
    prepare(p, &r);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int code = tether__os_spawn(&r.start, &started, &p->error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(code == TETHER_ELIMIT || code == TETHER_EINVAL, 1);
    assert_false(test_has_child());
    tether__os_lifeline_close(&r.lifeline);
}

/* --- Orders --- */

/* The names after a start: the lifeline and two outputs. */
enum { ORDERS_SIZE = 300000, NAMES = 3 };

/* Starts a program that shows what it gets as its orders. */
static void prepare_orders(place *p, request *r, char *orders)
{
    prepare(p, r);
    r->start.task_id = "t1";
    memset(orders, 'o', ORDERS_SIZE);
    orders[ORDERS_SIZE - 1] = '\n';
    r->start.orders = orders;
    r->start.orders_size = ORDERS_SIZE;
    r->start.program = "/bin/sh";
    r->argv[0] = "sh";
    r->argv[1] = "-c";
    r->argv[2] = "cat <&8";
}

static bool orders_have_arrived(const place *p)
{
    size_t size = 0;
    char *text = test_read_file(place_path(p, "out"), &size);
    bool same = text != NULL && size == ORDERS_SIZE && strspn(text, "o") == ORDERS_SIZE - 1;
    free(text);
    return same;
}

static void passes_orders(void **state)
{
    place *p = *state;
    request r;
    tether__started started;
    char *orders = malloc(ORDERS_SIZE);
    prepare_orders(p, &r, orders);
    ASSERT_OK(tether__os_spawn(&r.start, &started, &p->error), p->error);
    assert_int_equal(forked_join((pid_t)started.pid), 0);
    assert_true(orders_have_arrived(p));
    assert_int_equal(place_count(p->dir), NAMES);
    tether__os_lifeline_close(&r.lifeline);
    free(orders);
}

static void passes_the_descriptor_of_orders_and_no_other(void **state)
{
    place *p = *state;
    request r;
    char *orders = malloc(ORDERS_SIZE);
    prepare_orders(p, &r, orders);
    r.start.program = CHILD;
    memset(r.argv + 1, 0, sizeof r.argv - sizeof r.argv[0]);
    int more[] = {dup(0), dup(0), fcntl(0, F_DUPFD, 200)};
    const char *const verbs[] = {"fds", NULL};
    assert_int_equal(run(p, &r, verbs), 0);
    for (int i = 0; i < 3; i++)
        close(more[i]);
    free(orders);
    assert_string_equal(place_read(p, "out"), "0 1 2 8 9 \n");
}

static void expect_descriptors(place *p, request *r, const char *expected)
{
    const char *const verbs[] = {"env", "TETHER_ORDERS_t1", "env", "NAME", "fds", NULL};
    r->start.task_id = "t1";
    assert_int_equal(run(p, r, verbs), 0);
    assert_string_equal(place_read(p, "out"), expected);
    ASSERT_OK(tether__os_file_remove(p->dir, "out", &p->error), p->error);
    ASSERT_OK(tether__os_file_remove(p->dir, "err", &p->error), p->error);
    ASSERT_OK(tether__os_file_remove(p->dir, "lifeline", &p->error), p->error);
}

/* A variable costs less than a file. What cannot be its value comes by the descriptor. */
static void passes_short_orders_as_a_variable(void **state)
{
    place *p = *state;
    request r;
    prepare(p, &r);
    r.start.orders = "a=\n\0b";
    r.start.orders_size = sizeof "a=\n\0b";
    expect_descriptors(p, &r,
                       "a=\n\x1f"
                       "b\x1f\nvalue\n0 1 2 9 \n");

    prepare(p, &r);
    r.start.orders = "a\x1f"
                     "b";
    r.start.orders_size = sizeof "a\x1f"
                                 "b";
    expect_descriptors(p, &r, "\nvalue\n0 1 2 8 9 \n");
}

static void passes_orders_beside_a_large_environment(void **state)
{
    enum { LARGE = 70000 };
    place *p = *state;
    request r;
    char *variable = malloc(LARGE + 1);
    assert_non_null(variable);
    memset(variable, 'v', LARGE);
    variable[1] = '=';
    variable[LARGE] = '\0';
    prepare(p, &r);
    r.start.orders = "o";
    r.start.orders_size = 1;
    r.envp[1] = variable;
    expect_descriptors(p, &r, "\nvalue\n0 1 2 8 9 \n");
    free(variable);
}

/* Whatever descriptor is the last one that the host can have: the start says so, or succeeds. */
static void orders_without_a_descriptor_leave_nothing(void **state)
{
    place *p = *state;
    request r;
    tether__started started;
    struct rlimit limit, low;
    int refused = 0, code = TETHER_ELIMIT;
    char *orders = malloc(ORDERS_SIZE);
    prepare_orders(p, &r, orders);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    int fds = test_count_fds();
    for (low.rlim_cur = 10; code == TETHER_ELIMIT && low.rlim_cur < 100; low.rlim_cur++) {
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        code = tether__os_spawn(&r.start, &started, &p->error);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (code == TETHER_EINVAL) /* the limit is below a number that the child uses */
            code = TETHER_ELIMIT;
        refused += code == TETHER_ELIMIT && strcmp(p->error.step, "pass orders") == 0;
        if (code == TETHER_OK)
            break;
        assert_int_equal(code, TETHER_ELIMIT);
        assert_false(test_has_child());
        assert_int_equal(test_count_fds(), fds);
        unlink(place_path(p, "out"));
        unlink(place_path(p, "err"));
        assert_int_equal(place_count(p->dir), 1);
    }
    ASSERT_OK(code, p->error);
    assert_int_equal(forked_join((pid_t)started.pid), 0);
    assert_true(orders_have_arrived(p));
    assert_true(refused > 0);
    tether__os_lifeline_close(&r.lifeline);
    free(orders);
}

#ifdef SYS_memfd_create
typedef struct refused {
    place *p;
    request r;
    int os_error;
    bool full; /* the bundle's disk is full */
} refused;

/* In a process of its own: what is refused stays refused. Returns 0 if all is right. */
static int start_without_memory_files(void *userdata)
{
    refused *u = userdata;
    static const int calls[] = {SYS_memfd_create};
    tether__started started;
    if (!machine_refuse(calls, 1, u->os_error))
        return 1;
    int code = tether__os_spawn(&u->r.start, &started, &u->p->error);
    if (u->full) {
        bool named = code == TETHER_ENOSPACE && strcmp(u->p->error.step, "pass orders") == 0;
        return named && !test_has_child() && place_count(u->r.start.bundle) == 2 ? 0 : 2;
    }
    if (code != TETHER_OK)
        return 3;
    if (forked_join((pid_t)started.pid) != 0 || !orders_have_arrived(u->p))
        return 4;
    return place_count(u->p->dir) == NAMES ? 0 : 5;
}

static void without_memory_files_orders_leave_no_name(void **state)
{
    place *p = *state;
    static const int errors[] = {ENOSYS, EPERM};
    char *orders = malloc(ORDERS_SIZE);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        refused u = {.p = p, .os_error = errors[i]};
        prepare_orders(p, &u.r, orders);
        assert_int_equal(forked_join(forked_start(start_without_memory_files, &u)), 0);
        tether__os_lifeline_close(&u.r.lifeline);
        assert_int_equal(unlink(place_path(p, "out")), 0);
        assert_int_equal(unlink(place_path(p, "err")), 0);
        tether__os_file_remove(p->dir, "lifeline", NULL);
    }
    free(orders);
}

/* Mounts a small disk for the bundle first. */
static int start_on_a_small_disk(void *userdata)
{
    refused *u = userdata;
    const char *path = place_path(u->p, "small");
    if (!machine_own_mounts() || mkdir(path, 0700) != 0 ||
        !machine_mount(path, "size=64k,mode=700") ||
        tether__os_dir_open_root(path, false, &u->r.start.bundle, &u->p->error) != TETHER_OK)
        return 6;
    return start_without_memory_files(u);
}

static void orders_on_a_full_disk_are_a_named_error(void **state)
{
    place *p = *state;
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    if (geteuid() != 0)
        test_skip("needs root");
    char *orders = malloc(ORDERS_SIZE);
    refused u = {.p = p, .os_error = ENOSYS, .full = true};
    prepare_orders(p, &u.r, orders);
    assert_int_equal(forked_join(forked_start(start_on_a_small_disk, &u)), 0);
    tether__os_lifeline_close(&u.r.lifeline);
    free(orders);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(passes_streams_and_environment),
        TEST(merges_the_outputs_and_reads_a_file),
        TEST(passes_only_four_descriptors),
        TEST(resets_signals),
        TEST(starts_a_session_that_holds_the_lifeline),
        TEST(works_without_standard_streams),
        TEST(inherits_no_descriptor_of_another_kind),
        TEST(reports_what_cannot_be_started),
        TEST(reports_the_limit_of_descriptors),
        TEST(passes_orders),
        TEST(passes_the_descriptor_of_orders_and_no_other),
        TEST(passes_short_orders_as_a_variable),
        TEST(passes_orders_beside_a_large_environment),
        TEST(orders_without_a_descriptor_leave_nothing),
#ifdef SYS_memfd_create
        TEST(without_memory_files_orders_leave_no_name),
        TEST(orders_on_a_full_disk_are_a_named_error),
#endif
    };
    print_message("variant: %s\n", tether__os_spawn_variant());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
