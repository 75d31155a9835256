/* The example programs: the agent of docs/embedding.md crashes, and its next run takes care of the
 * tasks that it had started; registries in the loops of epoll and of GLib tell the ends. */
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void an_agent_crashes_and_resumes_its_tasks(void **state)
{
    fixture *f = *state;
    char *out, *err, command[512];
    const char *go = test_work_path(f, "go");
    snprintf(command, sizeof command,
             "echo begun; while ! [ -e '%s' ]; do sleep 0.02; done; echo an error here; exit 3",
             go);
    const char *const start[] = {TETHER_TEST_AGENT, f->store, "start", command, NULL};
    const char *const resume[] = {TETHER_TEST_AGENT, f->store, "resume", NULL};
    /* The program aborts on purpose: no core file. */
    struct rlimit none = {0, 0};
    assert_int_equal(setrlimit(RLIMIT_CORE, &none), 0);
    assert_int_equal(test_command(start, &out, &err), 128 + SIGABRT);
    assert_non_null(strstr(out, ": running"));
    free(out);
    free(err);

    test_write_file(go, "", 0);
    assert_int_equal(test_command(resume, &out, &err), 0);
    assert_non_null(strstr(out, "match: an error here\n"));
    assert_non_null(strstr(out, "has ended: failed\n"));
    assert_non_null(strstr(out, "ended as failed with 3; its last lines:\nbegun\nan error here\n"));
    assert_string_equal(err, "");
    free(out);
    free(err);

    /* All completions were acknowledged: nothing is left to do. */
    assert_int_equal(test_command(resume, &out, &err), 0);
    assert_string_equal(out, "");
    free(out);
    free(err);
}

static void an_epoll_loop_tells_all_ends(void **state)
{
    fixture *f = *state;
    char *out, *err;
    const char *const argv[] = {TETHER_TEST_EPOLL,   f->store, "exit 3",
                                "sleep 0.1; exit 4", "true",   NULL};
    if (TETHER_TEST_EPOLL[0] == '\0')
        test_skip("only Linux has epoll");
    assert_int_equal(test_command(argv, &out, &err), 0);
    assert_string_equal(err, "");
    assert_non_null(strstr(out, "exit 3: failed, exit code 3\n"));
    assert_non_null(strstr(out, "sleep 0.1; exit 4: failed, exit code 4\n"));
    assert_non_null(strstr(out, "true: completed, exit code 0\n"));
    free(out);
    free(err);
}

static void a_glib_loop_tells_an_end(void **state)
{
    fixture *f = *state;
    char *out, *err;
    const char *const argv[] = {TETHER_TEST_GLIB, f->store, "sleep 0.1; echo done", NULL};
    if (TETHER_TEST_GLIB[0] == '\0')
        test_skip("GLib is not installed");
    assert_int_equal(test_command(argv, &out, &err), 0);
    assert_string_equal(err, "");
    assert_string_equal(out, "completed: done\n\n");
    free(out);
    free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_agent_crashes_and_resumes_its_tasks, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(an_epoll_loop_tells_all_ends, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_glib_loop_tells_an_end, test_setup, test_teardown),
    };
    return cmocka_run_group_tests_name("example", tests, NULL, NULL);
}
