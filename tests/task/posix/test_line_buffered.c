/* Programs that write whole lines at once, on request. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/line_buffer.h"

/* The variables as the command sees them. */
static char *variables(fixture *f, const char *const *env, bool line_buffered)
{
    char id[TETHER_ID_SIZE];
    size_t size;
    const tether_spec spec = {.command =
                                  "echo \"$PYTHONUNBUFFERED/${LD_PRELOAD-none}/${_STDBUF_O-none}\"",
                              .shell = "sh",
                              .env = env,
                              .line_buffered = line_buffered};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    return test_output(f->registry, id, TETHER_STDOUT, &size);
}

static void the_variables_are_set(void **state)
{
    fixture *f = *state;
    const char *library = tether__os_line_buffer_library();
    char expected[200];
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    char *text = variables(f, env, false);
    assert_string_equal(text, "/none/none\n");
    free(text);
    text = variables(f, env, true);
    snprintf(expected, sizeof expected, "1/%s/%s\n", library != NULL ? library : "none",
             library != NULL ? "L" : "none");
    assert_string_equal(text, expected);
    free(text);
}

static void variables_of_the_caller_stay(void **state)
{
    fixture *f = *state;
    const char *library = tether__os_line_buffer_library();
    char expected[200];
    static const char *const env[] = {"PATH=/usr/bin:/bin", "PYTHONUNBUFFERED=x", "_STDBUF_O=0",
                                      "LD_PRELOAD=", NULL};
    char *text = variables(f, env, true);
    snprintf(expected, sizeof expected, "x/%s/0\n", library != NULL ? library : "");
    assert_string_equal(text, expected);
    free(text);
}

/* sed keeps what it writes until its end, which comes only after the first line was read. */
static void a_line_comes_before_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[1400];
    if (tether__os_line_buffer_library() == NULL)
        skip();
    snprintf(command, sizeof command,
             "(echo one; until [ -e '%s' ]; do sleep 0.01; done; echo two) | sed s/o/O/",
             test_work_path(f, "gate"));
    const tether_spec spec = {.command = command, .shell = "sh", .line_buffered = true};
    test_start(f->registry, &spec, id);
    WAIT_UNTIL(test_count_lines(test_bundle_path(f, id, "stdout")) == 1);
    test_expect_output(f->registry, id, TETHER_STDOUT, "One\n");
    test_write_file(test_work_path(f, "gate"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "One\ntwO\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_variables_are_set),
        TEST(variables_of_the_caller_stay),
        TEST(a_line_comes_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
