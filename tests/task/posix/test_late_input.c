/* A FIFO as standard input: the task waits for its writer, as a shell's `<` does, and the host does
 * not. */
#include "support/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONG_GRACE_MS = 60000 };

/* With a function of bash in the environment, bash supervises the task instead of sh. */
static const char *const bash_function[] = {"BASH_FUNC_f%%=() {  :\n}", NULL};
static const char *const cat_argv[] = {CHILD, "cat", NULL};

static const char *make_fifo(fixture *f)
{
    const char *path = test_work_path(f, "it's a fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    return path;
}

/* Waits until a reader has the FIFO open, and never longer. */
static int open_writer(const char *path)
{
    int fd;
    WAIT_UNTIL((fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
    return fd;
}

static void write_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void start_cat(fixture *f, const char *path, bool bash, int64_t timeout_ms,
                      char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.argv = cat_argv,
                              .stdin_path = path,
                              .workdir = "/",
                              .timeout_ms = timeout_ms,
                              .env_set = bash ? bash_function : NULL};
    test_start(f->registry, &spec, id);
}

static void waits_for_a_writer_and_reads_all(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = make_fifo(f);
    for (int bash = 0; bash < 2; bash++) {
        start_cat(f, path, bash != 0, 0, id);
        int fd = open_writer(path);
        write_text(fd, "one\n");
        test_wait_output(f->registry, id, TETHER_STDOUT, 4);
        assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
        write_text(fd, "two");
        close(fd);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, "one\ntwo");
    }
}

static void *write_one_line(void *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "line\n", 5);
        (void)ignored;
        close(fd);
    }
    return NULL;
}

/* Each writer waits for its reader, whichever comes first. */
static void serves_writers_that_were_there_before(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    pthread_t writer;
    const char *path = make_fifo(f);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pthread_create(&writer, NULL, write_one_line, (void *)(uintptr_t)path), 0);
        start_cat(f, path, false, 0, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, "line\n");
        pthread_join(writer, NULL);
    }
}

static void takes_a_relative_path_of_the_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = make_fifo(f);
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(f->work), 0);
    start_cat(f, "it's a fifo", false, 0, id);
    assert_int_equal(fchdir(before), 0);
    close(before);
    int fd = open_writer(path);
    write_text(fd, "x");
    close(fd);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "x");
}

static void a_command_text_reads_it_too(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = make_fifo(f);
    const tether_spec spec = {.command = CHILD " cat; exit 3", .stdin_path = path};
    test_start(f->registry, &spec, id);
    int fd = open_writer(path);
    write_text(fd, "x");
    close(fd);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "x");
}

/* The polite signal ends the waiting process; no grace passes. */
static void is_killed_while_it_waits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = make_fifo(f);
    const tether_kill_options options = {.grace_ms = LONG_GRACE_MS};
    for (int i = 0; i < 20; i++) {
        start_cat(f, path, i % 2 != 0, 0, id);
        ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    }
}

static void times_out_while_it_waits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_cat(f, make_fifo(f), false, 50, id);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

/* A pipe without a name exists in this process only. */
static void reads_a_pipe_of_the_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], path[32];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    write_text(ends[1], "piped");
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    start_cat(f, path, false, 0, id);
    close(ends[1]);
    close(ends[0]);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "piped");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_for_a_writer_and_reads_all),  TEST(serves_writers_that_were_there_before),
        TEST(takes_a_relative_path_of_the_host), TEST(a_command_text_reads_it_too),
        TEST(is_killed_while_it_waits),          TEST(times_out_while_it_waits),
        TEST(reads_a_pipe_of_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
