/* The seam os/spawn.h on POSIX, for each of its variants: the environment of a new supervisor, and
 * the remains of a failed start. */
#include "os/place.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix/forked.h"
#include "os/spawn.h"

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
        TEST(reports_what_cannot_be_started),
        TEST(reports_the_limit_of_descriptors),
    };
    print_message("variant: %s\n", tether__os_spawn_variant());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
