/* Runs the wrapper for a Bourne shell on Windows with this system's sh. Files, directories and exit
 * codes behave the same way here. The test does not cover how MSYS converts arguments. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "shell/wrapper.h"

/* Runs the wrapper for argv in a bundle below the fixture's working directory. Returns the text of
 * the marker without the identity line. */
static char *run(fixture *f, const char *workdir, const char *const *argv, char **out, char **err)
{
    tether__wrapper wrapper = {.task_id = "t1", .program = argv[0], .argv = argv, .own_argv = true};
    tether__text text = {0}, cwd = {0};
    const char *why = NULL;
    char path[4096], bundle[3000];
    assert_int_equal(tether__wrapper_render_sh_by_name(&wrapper, &text, &why), TETHER__CARRIED);
    for (const char *const *name = (const char *const[]){"exits", "tasks", "tasks/it's t1", NULL};
         *name != NULL; name++) {
        snprintf(path, sizeof path, "%s/%s", f->work, *name);
        (void)mkdir(path, 0700);
    }
    snprintf(bundle, sizeof bundle, "%s/tasks/it's t1", f->work);
    snprintf(path, sizeof path, "%s/wrapper.sh", bundle);
    test_write_file(path, text.bytes, text.size);
    snprintf(path, sizeof path, "%s/exits/t1", f->work);
    test_write_file(path, "supervisor pid=4\n", strlen("supervisor pid=4\n"));
    tether__text_add_string(&cwd, "TETHER__CWD=");
    tether__text_add_string(&cwd, workdir);
    const char *const command[] = {"env",        cwd.bytes, "TETHER__RUN=x", "CDPATH=/", "sh",
                                   "wrapper.sh", NULL};
    int code = test_command_in(bundle, command, out, err);
    tether__text_dispose(&text);
    tether__text_dispose(&cwd);
    char *marker = test_read_file(path, NULL);
    assert_non_null(marker);
    /* The wrapper exits with the code that the marker reports. */
    char expected[64];
    snprintf(expected, sizeof expected, "supervisor pid=4\nexit %d", code);
    assert_int_equal(strncmp(marker, expected, strlen(expected)), 0);
    memmove(marker, marker + strlen("supervisor pid=4\n"), strlen(marker) - 16);
    return marker;
}

static void assert_marker(fixture *f, const char *const *argv, const char *marker, const char *out)
{
    char *actual_out = NULL, *actual_err = NULL;
    char *text = run(f, f->work, argv, &actual_out, &actual_err);
    assert_string_equal(text, marker);
    assert_string_equal(actual_out, out);
    assert_string_equal(actual_err, "");
    free(text);
    free(actual_out);
    free(actual_err);
}

static void reports_codes_and_hides_its_variables(void **state)
{
    fixture *f = *state;
    const char *const three[] = {CHILD, "exit", "3", NULL};
    assert_marker(f, three, "exit 3\n", "");
    const char *const killed[] = {CHILD, "signal", "9", NULL};
    assert_marker(f, killed, "exit 137\n", "");
    const char *const variables[] = {CHILD,         "env", "TETHER__CWD",         "env",
                                     "TETHER__RUN", "env", "MSYS2_ARG_CONV_EXCL", NULL};
    assert_marker(f, variables, "exit 0\n", "\n\n*\n");
    const char *const words[] = {CHILD, "argv", "it's", "", "a b", NULL};
    assert_marker(f, words, "exit 0\n", "69742773\n\n612062\n");
}

static void runs_in_the_working_directory(void **state)
{
    fixture *f = *state;
    char path[4096];
    const char *const here[] = {CHILD, "append", "made", NULL};
    assert_marker(f, here, "exit 0\n", "");
    snprintf(path, sizeof path, "%s/made", f->work);
    assert_true(test_exists(path));
}

static void reports_a_missing_working_directory(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    char *out = NULL, *err = NULL;
    char *marker = run(f, "/nowhere/at all", argv, &out, &err);
    assert_string_equal(marker, "exit 126 error=workdir\n");
    assert_string_equal(out, "");
    assert_non_null(strstr(err, "/nowhere/at all"));
    free(marker);
    free(out);
    free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports_codes_and_hides_its_variables, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(runs_in_the_working_directory, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(reports_a_missing_working_directory, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
