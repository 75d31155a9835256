/* Outputs that a monitor writes: their order and times, and what an output limit leaves. */
#include "cli/cli_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Standard error first, standard output once it has been read. */
static void run_in_turns(fixture *f, char id[TETHER_ID_SIZE])
{
    CLI_START(f, id, "err", "one", "await", test_work_path(f, "gate"), "out", "two");
    do
        EXPECT(f, 0, "output", id);
    while (strcmp(cli_out(), "one\n") != 0);
    test_write_file(test_work_path(f, "gate"), "", 0);
    EXPECT(f, 0, "wait", id);
}

static void shows_the_order_of_the_streams(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_in_turns(f, id);
    static const struct {
        const char *options[2], *text;
    } cases[] = {
        {{NULL}, "one\ntwo\n"},
        {{"--follow"}, "one\ntwo\n"},
        {{"--tail", "1"}, "two\n"},
        {{"--bytes", "6"}, "e\ntwo\n"},
        {{"--since", "1d"}, "one\ntwo\n"},
        {{"--since", "0"}, ""},
        {{"--stream", "stderr"}, "one\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(f, 0, "output", id, cases[i].options[0], cases[i].options[1]);
        assert_string_equal(cli_out(), cases[i].text);
    }
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1h30m", "output", id, "--since", "soon");
}

/* "2026-11-27T18:41:04.242Z " */
static const char *skip_time(const char *line)
{
    int year, month, day, hour, minute, second, ms, length = 0;
    assert_int_equal(sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour,
                            &minute, &second, &ms, &length),
                     7);
    assert_int_equal(length, 25);
    return line + length;
}

static void shows_when_lines_were_written(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_in_turns(f, id);
    static const char *const more[] = {NULL, "--follow"};
    for (size_t i = 0; i < 2; i++) {
        EXPECT(f, 0, "output", id, "--timestamps", more[i]);
        const char *line = skip_time(cli_out());
        assert_memory_equal(line, "one\n", 4);
        line = skip_time(line + 4);
        assert_string_equal(line, "two\n");
    }
    EXPECT(f, 0, "--json", "output", id, "-t", "--tail", "1");
    json_t *object = cli_object();
    assert_string_equal(cli_text(object, "kind"), "output");
    assert_string_equal(cli_text(object, "data"), "two\n");
    assert_true(cli_number(object, "time") > 0);
    assert_int_equal(strlen(cli_text(object, "time_rfc3339")), 24);
    json_decref(object);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "leave one of them out", "output", id, "-t", "--frames",
                 "last");
}

static void tells_of_the_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--output-limit", "20000", "--wait", "--", CHILD, "out", "first", "blanks",
           "588878", "out", "end");
    EXPECT(f, 0, "list", "--all", "--last", "1");
    EXPECT(f, 0, "--json", "status", "@last");
    json_t *task = cli_object();
    snprintf(id, sizeof id, "%s", cli_text(task, "task_id"));
    assert_string_equal(cli_text(task, "output_kind"), "pipe");
    json_decref(task);
    EXPECT(f, 0, "output", id);
    assert_int_equal(strlen(cli_out()), 20000);
    assert_memory_equal(cli_out(), "first\n", 6);
    assert_string_equal(cli_out() + 20000 - 10, "      end\n");
    assert_non_null(strstr(cli_err(), "has dropped 568888 bytes of its standard output here"));
    EXPECT(f, 0, "--json", "output", id);
    json_t *output = cli_object();
    assert_int_equal(strlen(cli_text(output, "stdout")), 20000);
    assert_int_equal(cli_number(output, "stdout_size"), 588888);
    assert_int_equal(cli_number(output, "stdout_dropped"), 568888);
    assert_int_equal(cli_number(output, "stderr_dropped"), 0);
    json_decref(output);
    EXPECT(f, 0, "output", id, "--stream", "stdout", "--offset", "588884");
    assert_string_equal(cli_out(), "end\n");
    EXPECT_ERROR(f, 125, "TETHER_EDROPPED", "has the offset 572984", "output", id, "--stream",
                 "stdout", "--offset", "4096");
}

enum { BURST = 3000000, ROUNDS = 3 };

/* Writes a burst for each file that appears. */
static void start_bursts(fixture *f, char id[TETHER_ID_SIZE])
{
    char command[1400];
    snprintf(command, sizeof command,
             "for i in 0 1 2; do until [ -e '%s'$i ]; do sleep 0.01; done\n"
             "head -c %d /dev/zero | tr '\\0' x; done; exec sleep 1000",
             test_work_path(f, "burst"), BURST);
    EXPECT(f, 0, "run", "--output-limit", "1000000", "--shell", "sh", "-c", command);
    cli_take_id(id);
}

static void await_burst(fixture *f, tether_registry *registry, const char *id, int round)
{
    uint64_t size = 0;
    test_write_file(test_work_path(f, "burst%d", round), "", 0);
    while (size < (uint64_t)BURST * (uint64_t)(round + 1)) {
        ASSERT_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &f->error), f->error);
        test_pause();
    }
}

static pid_t start_output(const fixture *f, const char *id, int *from)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int errors = open(test_work_path(f, "errors"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(ends[1], STDOUT_FILENO);
        dup2(errors, STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(TETHER_TEST_COMMAND, "tether", "--store", f->store, "output", id, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

/* Reads so many bytes, or up to the end; returns how many. */
static uint64_t read_bytes(int from, uint64_t most)
{
    static char chunk[65536];
    uint64_t done = 0;
    ssize_t got = 1;
    while (done < most && got > 0) {
        uint64_t left = most - done;
        got = read(from, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk);
        assert_true(got >= 0);
        done += (uint64_t)got;
    }
    return done;
}

/* Adds up what the messages tell. */
static uint64_t told_dropped(const char *text)
{
    uint64_t sum = 0;
    static const char before[] = "has dropped ";
    while ((text = strstr(text, before)) != NULL)
        sum += strtoull(text += sizeof before - 1, NULL, 10);
    return sum;
}

/* The command waits for its reader while the limit drops what it would have read next. That happens
 * twice within the time in which it tells only once. */
static void tells_of_all_that_was_dropped_meanwhile(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int from;
    start_bursts(f, id);
    tether_registry *registry = test_open(f);
    await_burst(f, registry, id, 0);
    pid_t command = start_output(f, id, &from);
    uint64_t shown = read_bytes(from, 300000); /* beyond the first part that is kept */
    for (int i = 1; i < ROUNDS; i++) {
        await_burst(f, registry, id, i);
        shown += read_bytes(from, 300000); /* more than the command has read before */
    }
    shown += read_bytes(from, UINT64_MAX);
    close(from);
    int status;
    assert_int_equal(waitpid(command, &status, 0), command);
    assert_int_equal(status, 0);
    char *errors = test_read_file(test_work_path(f, "errors"), NULL);
    assert_int_equal(shown + told_dropped(errors), (uint64_t)ROUNDS * BURST);
    free(errors);
    ASSERT_OK(tether_kill(registry, id, NULL, &f->error), f->error);
    test_detach(registry);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_the_order_of_the_streams),
        TEST(shows_when_lines_were_written),
        TEST(tells_of_the_gap),
        TEST(tells_of_all_that_was_dropped_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
