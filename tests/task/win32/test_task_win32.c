/* Tasks, as far as the behaviour is specific to Windows: exit codes of 32 bits, what cmd could
 * misread, bytes of a command's file. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

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

/* All writers share one position: nothing is overwritten. */
static void several_processes_write_one_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "echo a& " CHILD_TEXT
                                         " out b err c& echo d>&2& (echo e& " CHILD_TEXT
                                         " out f)& cmd /c " CHILD_TEXT " err g",
                              .shell = "cmd",
                              .merge_output = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "a\r\nb\nc\nd\r\ne\r\nf\ng\n");
}

/* Makes directories of 50 characters until the path is longer than this. Returns the path. */
static char *make_deep(const char *base, size_t size)
{
    char *path = calloc(1, 2048);
    assert_non_null(path);
    snprintf(path, 1024, "%s", base);
    while (strlen(path) <= size) {
        wchar_t wide[2048] = L"\\\\?\\";
        strcat(path, "\\deep-in-the-tree-where-paths-grow-long-0123456789");
        for (char *c = path; *c != '\0'; c++)
            *c = *c == '/' ? '\\' : *c;
        assert_true(MultiByteToWideChar(CP_UTF8, 0, path, -1, wide + 4, 2000) > 0);
        assert_true(CreateDirectoryW(wide, NULL));
    }
    return path;
}

/* Windows starts no program there. */
static void refuses_a_working_directory_that_is_too_long(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *deep = make_deep(f->work, 258);
    const tether_spec spec = {.command = "echo x", .shell = "cmd", .workdir = deep};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EWORKDIR);
    assert_non_null(strstr(f->error.message, "no program in a directory of more than 258"));
    assert_non_null(strstr(f->error.message, "subst"));
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    free(deep);
}

static void refuses_a_store_that_is_too_deep(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], store[2048];
    char *deep = make_deep(f->work, 240);
    snprintf(store, sizeof store, "%s\\store", deep);
    const tether_open_options options = {.store = store};
    tether_registry *registry;
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    const tether_spec spec = {.command = "echo x", .shell = "cmd"};
    assert_int_equal(tether_spawn(registry, &spec, id, &f->error), TETHER_ESTORE);
    assert_non_null(strstr(f->error.message, "the store is too deep"));
    assert_non_null(strstr(f->error.message, "choose a store with a shorter path"));
    test_detach(registry);
    free(deep);
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

/* The supervisor reports the end, as on other systems: 128 + 9, and the task has failed. */
static void a_signal_that_ends_the_command_is_reported(void **state)
{
    static const char *const texts[] = {CHILD_TEXT " out up forever",
                                        "echo up& " CHILD_TEXT " forever& echo never\nexit 3"};
    const tether_kill_options with_signal = {.signal = tether_signal_number("KILL")};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] + 1; i++) {
        const char *const program[] = {CHILD, "out", "up", "forever", NULL};
        const bool text = i < sizeof texts / sizeof texts[0];
        const tether_spec spec = {.argv = text ? NULL : program,
                                  .command = text ? texts[i] : NULL,
                                  .shell = text ? "cmd" : NULL};
        char id[TETHER_ID_SIZE];
        size_t size;
        test_start(f->registry, &spec, id);
        test_wait_output(f->registry, id, TETHER_STDOUT, 3);
        if (i == 1)
            ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
        ASSERT_OK(tether_kill(f->registry, id, &with_signal, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 137, NULL);
        char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
        assert_null(strstr(out, "never"));
        free(out);
    }
}

/* Another program truncates the output while the task runs. Returns what is in the file at the end;
 * the caller frees it. */
static char *truncate_output(fixture *f, tether_output output, size_t *size)
{
    char id[TETHER_ID_SIZE], go[1024];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    const char *const argv[] = {CHILD, "out", "four", "await", go, "out", "more", NULL};
    const tether_spec spec = {.argv = argv, .output = output};
    test_start(f->registry, &spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 5);
    HANDLE file = CreateFileA(test_bundle_path(f, id, "stdout"), GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              TRUNCATE_EXISTING, 0, NULL);
    assert_ptr_not_equal(file, INVALID_HANDLE_VALUE);
    CloseHandle(file);
    test_write_file(go, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_remove_file(go);
    return test_read_file(test_bundle_path(f, id, "stdout"), size);
}

/* No handle of the task is open for append only, so the writer keeps its place. A monitor writes at
 * the end. */
static void goes_on_in_a_truncated_output(void **state)
{
    fixture *f = *state;
    size_t size;
    char *text = truncate_output(f, TETHER_OUTPUT_DIRECT, &size);
    assert_int_equal(size, 10);
    assert_memory_equal(text, "\0\0\0\0\0more\n", size);
    free(text);
    if (strcmp(test_supervisor(), "monitor") != 0)
        return;
    text = truncate_output(f, TETHER_OUTPUT_PIPE, &size);
    assert_int_equal(size, 5);
    assert_memory_equal(text, "more\n", size);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_processes_write_one_output),
        TEST(refuses_a_working_directory_that_is_too_long),
        TEST(refuses_a_store_that_is_too_deep),
        TEST(reports_codes_of_32_bits),
        TEST(reports_the_codes_of_cmd),
        TEST(passes_what_cmd_could_misread),
        TEST(cmd_prints_the_directory),
        TEST(keeps_bytes_of_a_command),
        TEST(a_signal_that_ends_the_command_is_reported),
        TEST(goes_on_in_a_truncated_output),
    };
    return cmocka_run_group_tests_name("task_win32", tests, NULL, NULL);
}
