/* What an output limit drops while a command shows the output. */
#include "cli/cli_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_of_all_that_was_dropped_meanwhile, cli_setup,
                                        cli_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
