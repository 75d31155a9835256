/* The seam os/lifeline.h on Windows, between processes: what holds a lifeline, what a holder keeps
 * others from, and who may write to it. The program is also the host that is terminated right after
 * a start:
 * test_os_lifeline_win32 hold FOLDER GO: creates the lifeline t1, hands it to a child, and ends */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "support/win32/in_job.h"

enum { READS = 3000 };

static void create(place *p, tether__lifeline *lifeline)
{
    ASSERT_OK(tether__os_lifeline_create(p->dir, "t1", lifeline, &p->error), p->error);
}

/* Starts a child that inherits the lifeline; this process keeps its own handle. */
static HANDLE start_holder(const tether__lifeline *lifeline, const char *const *argv)
{
    HANDLE handle = (HANDLE)lifeline->handle;
    assert_true(SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT));
    return job_start(NULL, 0, argv, TRUE);
}

/* The library relies on this: the probe fails to open the file while the supervisor lives. */
static void is_held_by_a_process_that_inherits_it(void **state)
{
    static const char *const argv[] = {CHILD, "forever", NULL};
    place *p = *state;
    tether__lifeline lifeline;
    create(p, &lifeline);
    HANDLE child = start_holder(&lifeline, argv);
    tether__os_lifeline_close(&lifeline);
    assert_true(lifeline_is_held(p, "t1"));
    process_crash(child);
    assert_false(lifeline_is_held(p, "t1"));
}

/* The library relies on this: the probe also fails while a descendant of the supervisor lives. */
static void is_held_by_a_descendant(void **state)
{
    place *p = *state;
    const char *const argv[] = {CHILD, "detach", "await", place_path(p, "go"), NULL};
    tether__lifeline lifeline;
    create(p, &lifeline);
    HANDLE child = start_holder(&lifeline, argv);
    tether__os_lifeline_close(&lifeline);
    assert_int_equal(process_join(child), 0);
    assert_true(lifeline_is_held(p, "t1"));
    place_write(p, "go", "");
    WAIT_UNTIL(!lifeline_is_held(p, "t1"));
}

static int hold(char **argv)
{
    const char *const child[] = {CHILD, "await", argv[3], NULL};
    place p = {.path = argv[2]};
    tether__lifeline lifeline;
    HOST_OK(tether__os_dir_open_root(argv[2], false, &p.dir, &p.error), p.error);
    HOST_OK(tether__os_lifeline_create(p.dir, "t1", &lifeline, &p.error), p.error);
    start_holder(&lifeline, child);
    TerminateProcess(GetCurrentProcess(), 5);
    return 6;
}

/* The library relies on this: the child holds the lifeline after its host was ended by
 * TerminateProcess right after the start. */
static void outlives_a_host_that_is_terminated(void **state)
{
    place *p = *state;
    const char *const argv[] = {process_self(), "hold", p->path, place_path(p, "go"), NULL};
    assert_int_equal(process_run(argv), 5);
    assert_true(lifeline_is_held(p, "t1"));
    place_write(p, "go", "");
    WAIT_UNTIL(!lifeline_is_held(p, "t1"));
}

/* A program that is started at that time without a list of handles does not get the lifeline. */
static void is_not_inherited_by_accident(void **state)
{
    static const char *const argv[] = {CHILD, "forever", NULL};
    place *p = *state;
    tether__lifeline lifeline;
    create(p, &lifeline);
    HANDLE child = job_start(NULL, 0, argv, TRUE);
    tether__os_lifeline_close(&lifeline);
    assert_false(lifeline_is_held(p, "t1"));
    process_crash(child);
}

static void cannot_be_renamed_or_removed_while_it_is_held(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    create(p, &lifeline);
    assert_true(tether__os_lifeline_linked(&lifeline));
    assert_false(DeleteFileA(place_path(p, "t1")));
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    assert_false(MoveFileExA(place_path(p, "t1"), place_path(p, "t2"), 0));
    assert_int_equal(GetLastError(), ERROR_SHARING_VIOLATION);
    place_write(p, "t3", "");
    assert_false(MoveFileExA(place_path(p, "t3"), place_path(p, "t1"), MOVEFILE_REPLACE_EXISTING));
    assert_true(tether__os_lifeline_linked(&lifeline));
    assert_true(lifeline_is_held(p, "t1"));
    tether__os_lifeline_close(&lifeline);
    assert_true(DeleteFileA(place_path(p, "t1")));
    assert_false(lifeline_is_held(p, "t1"));
}

static DWORD WINAPI read_often(void *userdata)
{
    const place *p = userdata;
    static const char line[] = "exit 3\r\n";
    DWORD torn = 0;
    char path[1024];
    snprintf(path, sizeof path, "%s", place_path(p, "t1"));
    for (int i = 0; i < READS; i++) {
        size_t size;
        char *text = test_read_file(path, &size);
        /* Only whole lines, and at most the beginning of one more. */
        for (size_t k = 0; text != NULL && k < size; k++)
            torn += text[k] != line[k % (sizeof line - 1)];
        free(text);
    }
    return torn;
}

/* The library relies on this: cmd appends by name while another process reads all the time with
 * full sharing. */
static void is_appended_to_by_cmd(void **state)
{
    enum { LINES = 40 };
    place *p = *state;
    tether__lifeline lifeline;
    create(p, &lifeline);
    HANDLE reader = CreateThread(NULL, 0, read_often, p, 0, NULL);
    assert_non_null(reader);
    place_write(p, "append.bat",
                "@echo off\r\n"
                "for /L %%i in (1,1,40) do >>\"t1\" echo exit 3\r\n");
    const char *const argv[] = {"cmd.exe", "/D", "/C", ".\\append.bat", NULL};
    assert_int_equal(test_command_in(p->path, argv, NULL, NULL), 0);
    assert_true(lifeline_is_held(p, "t1"));
    DWORD torn = 1;
    assert_int_equal(WaitForSingleObject(reader, PATIENCE_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeThread(reader, &torn));
    CloseHandle(reader);
    assert_int_equal(torn, 0);
    tether__os_lifeline_close(&lifeline);
    /* cmd ends its lines as Windows does. */
    size_t size;
    char *text = test_read_file(place_path(p, "t1"), &size), *at = text;
    assert_non_null(text);
    int lines = 0;
    for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
        end[end > at && end[-1] == '\r' ? -1 : 0] = '\0';
        assert_string_equal(at, "exit 3");
    }
    assert_string_equal(at, "");
    assert_int_equal(lines, LINES);
    free(text);
}

static void leaves_a_planted_directory_alone(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    assert_true(CreateDirectoryA(place_path(p, "t1"), NULL));
    assert_int_equal(tether__os_lifeline_create(p->dir, "t1", &lifeline, &p->error),
                     TETHER_ELOCKED);
    assert_int_equal(lifeline.handle, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv);
    const struct CMUnitTest tests[] = {
        TEST(is_held_by_a_process_that_inherits_it),
        TEST(is_held_by_a_descendant),
        TEST(outlives_a_host_that_is_terminated),
        TEST(is_not_inherited_by_accident),
        TEST(cannot_be_renamed_or_removed_while_it_is_held),
        TEST(is_appended_to_by_cmd),
        TEST(leaves_a_planted_directory_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
