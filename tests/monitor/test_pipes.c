/* The outputs of a command that writes into pipes of its monitor. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/flood.h"

enum { MUCH = 20000000 };

#define MUCH_TEXT "20000000"

/* Starts the test child with these verbs; NULL ends the list. */
static void start(tether_registry *registry, const char *const *argv, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.argv = argv, .output = TETHER_OUTPUT_PIPE};
    test_start(registry, &spec, id);
}

static void merged_outputs_keep_their_order(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const argv[] = {CHILD, "out", "1",   "err", "e1",  "out", "2",
                                       "err", "e2",  "out", "3",   "err", "e3",  NULL};
    const tether_spec spec = {.argv = argv, .merge_output = true, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "1\ne1\n2\ne2\n3\ne3\n");
}

/* All of it is there when the end is told. */
static void a_flood_comes_whole(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const argv[] = {CHILD, "floods", MUCH_TEXT, NULL};
    start(f->registry, argv, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    for (int stream = TETHER_STDOUT; stream <= TETHER_STDERR; stream++) {
        size_t size;
        char *text = test_output(f->registry, id, (tether_stream)stream, &size);
        assert_int_equal(size, MUCH);
        for (size_t i = 0; i < size; i++) {
            if (text[i] != flood_byte(i))
                fail_msg("the byte at %zu is %d", i, text[i]);
        }
        free(text);
    }
}

/* The end does not wait for a process that keeps the pipe, and what that writes later comes too. */
static void what_is_left_behind_goes_on_writing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], go[1100];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    const char *const argv[] = {CHILD, "out", "first", "leave", "await", go, "out", "last", NULL};
    start(f->registry, argv, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "first\n");
    test_write_file(go, "", 0);
    WAIT_UNTIL(test_count_lines(test_bundle_path(f, id, "stdout")) == 2);
    test_expect_output(f->registry, id, TETHER_STDOUT, "first\nlast\n");
    WAIT_UNTIL(!test_has_child());
}

/* What is in the pipe when the last process ends is not lost. */
static void what_is_left_behind_writes_all(void **state)
{
    fixture *f = *state;
    static const char *const argv[] = {CHILD, "leave", "pid",     "sleep",
                                       "100", "flood", MUCH_TEXT, NULL};
    for (int i = 0; i < 5; i++) {
        char id[TETHER_ID_SIZE], line[40], cookie[TETHER_ID_SIZE + 32];
        uint64_t size;
        start(f->registry, argv, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        long left = test_output_number(f->registry, id);
        WAIT_UNTIL(!test_process_alive(left));
        snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
        WAIT_UNTIL(test_count_cookies(cookie) == 0);
        ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
        assert_int_equal(size, MUCH + snprintf(line, sizeof line, "%ld\n", left));
    }
}

/* A kill ends the monitor last, so that it reads what the command has written. */
static void a_kill_loses_nothing(void **state)
{
    fixture *f = *state;
    enum { KILLS = 5, ALL = 6 + 50000 };
    char go[1100], written[1100];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    snprintf(written, sizeof written, "%s", test_work_path(f, "written"));
    const char *const argv[] = {CHILD,   "out",    "ready", "await",   go,  "flood",
                                "50000", "append", written, "forever", NULL};
    for (int i = 0; i < KILLS; i++) {
        char id[TETHER_ID_SIZE];
        uint64_t size;
        remove(written);
        remove(go);
        start(f->registry, argv, id);
        test_wait_output(f->registry, id, TETHER_STDOUT, 6);
        test_write_file(go, "", 0);
        while (!test_exists(written))
            continue; /* at once: the monitor rests for a millisecond */
        const tether_kill_options options = {.grace_ms = -1};
        ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + 9, NULL);
        ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
        assert_int_equal(size, ALL);
    }
}

/* The task says who writes its files. */
static void the_record_tells_of_the_pipes(void **state)
{
    fixture *f = *state;
    static const char *const argv[] = {CHILD, NULL};
    static const struct {
        tether_output kind;
        const char *told;
    } cases[] = {{TETHER_OUTPUT_AUTO, "pipe"},
                 {TETHER_OUTPUT_PIPE, "pipe"},
                 {TETHER_OUTPUT_DIRECT, "direct"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tether_spec spec = {.argv = argv, .output = cases[i].kind};
        char id[TETHER_ID_SIZE];
        test_start(f->registry, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_string_equal(snapshot->output_kind, cases[i].told);
        tether_snapshot_free(snapshot);
    }
}

static void pipes_need_a_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const argv[] = {CHILD, NULL};
    tether_spec spec = {
        .argv = argv, .output = TETHER_OUTPUT_PIPE, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    test_use_scripts();
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "no pipes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(merged_outputs_keep_their_order),
        TEST(a_flood_comes_whole),
        TEST(what_is_left_behind_goes_on_writing),
        TEST(what_is_left_behind_writes_all),
        TEST(a_kill_loses_nothing),
        TEST(the_record_tells_of_the_pipes),
        TEST(pipes_need_a_monitor), /* the last one: without monitors from here on */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
