/* Tasks, as far as the behaviour is specific to Windows: exit codes of 32 bits, what cmd could
 * misread, bytes of a command's file. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reports_codes_of_32_bits(void **state)
{
    fixture *f = *state;
    static const char *const codes[] = {"256", "65536", "2147483647", "3221225477", "4294967295"};
    char id[TETHER_ID_SIZE], command[512];
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        int64_t code = strtoll(codes[i], NULL, 10);
        /* cmd prints and reads a code of that size as a negative number. */
        test_start_child(f->registry, id, "exit", codes[i], NULL);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, code, NULL);
        snprintf(command, sizeof command, "%s exit %s", CHILD_TEXT, codes[i]);
        test_run(f, command, id);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, code, NULL);
    }
}

static void reports_the_codes_of_cmd(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        const char *command;
        int64_t code;
    } cases[] = {
        {"exit /b 7", 7},
        {"if 1==1 (exit /b 5)", 5},
        {"goto end\nexit 3\n:end\nexit 4", 4},
        {"no-such-program-anywhere", 9009},
        {CHILD_TEXT " exit 3 || exit 6", 6},
        {"set X=12\nexit %X%", 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_run(f, cases[i].command, id);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, cases[i].code, NULL);
    }
}

static void expect_passed(fixture *f, const char *const *argv)
{
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.argv = argv};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_arguments(f->registry, id, argv + 2);
}

/* Alone, together, in quotes, and at the ends of words. */
static void passes_what_cmd_could_misread(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD,         "argv",
                                "!PATH!",      "^",
                                "^^",          "a^&b",
                                "&",           "|",
                                "<",           ">",
                                "&& exit 1",   "a\"b",
                                "\"",          "\"\"",
                                "\\\"",        "\\\\\"",
                                "a\\",         "a b\\",
                                "\\\\share\\", "(",
                                ")",           ",;=",
                                "/c",          "@",
                                "\t",          "\" & exit 1 & \"",
                                "\"&^|<>",     NULL};
    expect_passed(f, argv);
    /* Wine expands percent signs in the value of a variable once more. */
    const char *const percent[] = {CHILD, "argv",  "%PATH%", "%",         "%%",
                                   "%1",  "%~dp0", "100%",   "%\"&%^|<>", NULL};
    if (!test_in_wine())
        expect_passed(f, percent);
}

static void cmd_prints_the_directory(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], line[1100];
    tether_spec spec = {.command = "cd", .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    snprintf(line, sizeof line, "%s\r\n", snapshot->workdir);
    tether_snapshot_free(snapshot);
    test_expect_output(f->registry, id, TETHER_STDOUT, line);
}

/* The file contains the bytes as they were given; what cmd makes of them is not our concern. */
static void keeps_bytes_of_a_command(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char text[] = "rem \xff\xfe\x80 \xc3\xa9";
    test_run(f, "rem \xff\xfe\x80 \xc3\xa9\n" CHILD_TEXT " out x", id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "x\n");
    char *file = test_read_file(test_bundle_path(f, id, "command.bat"), NULL);
    assert_non_null(file);
    assert_non_null(strstr(file, text));
    free(file);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_memory_equal(snapshot->command, "rem \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xc3\xa9\n",
                        4 + 9 + 4);
    tether_snapshot_free(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_codes_of_32_bits),      TEST(reports_the_codes_of_cmd),
        TEST(passes_what_cmd_could_misread), TEST(cmd_prints_the_directory),
        TEST(keeps_bytes_of_a_command),
    };
    return cmocka_run_group_tests_name("task_win32", tests, NULL, NULL);
}
