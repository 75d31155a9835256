/* The seam os/host.h on Windows: how programs are found, and where the user's folders are. */
#include "win32/running.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "os/host.h"
#include "win32/error.h"

static void expect_found(place *p, const char *name, const char *list, const char *expected)
{
    char *found;
    ASSERT_OK(tether__os_find_program(name, list, p->path, &found, &p->error), p->error);
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", tether__os_dir_path(p->dir), expected);
    place_same_path(found, path);
    free(found);
}

static void expect_none(place *p, const char *name, const char *list, int code)
{
    char *found;
    assert_int_equal(tether__os_find_program(name, list, p->path, &found, &p->error), code);
    assert_null(found);
    assert_non_null(strstr(p->error.message, name));
}

static void finds_programs_by_their_endings(void **state)
{
    place *p = *state;
    char list[2048];
    make_directory(p, "one");
    make_directory(p, "two;quoted");
    place_write(p, "one/tool.cmd", "x");
    place_write(p, "one/script.js", "x");
    place_write(p, "one/plain", "x");
    place_write(p, "one/v1.2.exe", "x");
    place_write(p, "two;quoted/tool.exe", "x");
    place_write(p, "two;quoted/tool.cmd", "x");
    place_write(p, "here.exe", "x");
    snprintf(list, sizeof list, "C:\\none;;%s\\one;\"%s\\two;quoted\"", p->path, p->path);
    assert_int_equal(uv_os_setenv("PATHEXT", ".COM;.EXE;.BAT;.CMD;.JS"), 0);

    expect_found(p, "tool", list, "one/tool.cmd");
    expect_found(p, "tool.exe", list, "two;quoted/tool.exe");
    expect_found(p, "v1.2", list, "one/v1.2.exe");
    snprintf(list, sizeof list, "\"%s\\two;quoted\"", p->path);
    expect_found(p, "tool", list, "two;quoted/tool.exe");
    assert_int_equal(uv_os_setenv("PATHEXT", ".CMD;.EXE"), 0);
    expect_found(p, "tool", list, "two;quoted/tool.cmd");
    assert_int_equal(uv_os_unsetenv("PATHEXT"), 0);
    expect_found(p, "tool", list, "two;quoted/tool.exe");

    snprintf(list, sizeof list, "%s\\one", p->path);
    expect_none(p, "script", list, TETHER_ENOPROGRAM); /* cannot be started by itself */
    expect_none(p, "plain", list, TETHER_ENOPROGRAM);
    /* Never in the working directory, unless PATH or the name says so. */
    expect_none(p, "here", list, TETHER_ENOPROGRAM);
    expect_none(p, "here", "", TETHER_ENOPROGRAM);
    expect_found(p, "here", ".", "here.exe");
    expect_found(p, "./here", list, "here.exe");
    expect_found(p, ".\\here.exe", list, "here.exe");
}

static void finds_programs_by_their_path(void **state)
{
    place *p = *state;
    char path[1024];
    make_directory(p, "one");
    place_write(p, "one/tool.exe", "x");
    place_write(p, "one/plain", "x");
    expect_found(p, "one/tool", NULL, "one/tool.exe");
    expect_found(p, "one\\..\\one\\tool.exe", NULL, "one/tool.exe");
    expect_found(p, "one/plain", NULL, "one/plain");
    snprintf(path, sizeof path, "%s/one/tool", p->path);
    expect_found(p, path, NULL, "one/tool.exe");
    /* From the root of the drive. */
    expect_found(p, path + 2, NULL, "one/tool.exe");
    expect_none(p, "one/none", NULL, TETHER_ENOPROGRAM);
    expect_none(p, "none/tool", NULL, TETHER_ENOPROGRAM);
    expect_none(p, "./one", NULL, TETHER_ENOEXEC);
    expect_none(p, "one/tool?", NULL, TETHER_ENOPROGRAM);
    char *found;
    ASSERT_OK(tether__os_find_program("cmd", NULL, p->path, &found, &p->error), p->error);
    free(found);
    assert_int_equal(tether__os_find_program("\xff", NULL, p->path, &found, &p->error),
                     TETHER_EINVAL);
}

static void compares_variable_names_without_regard_to_case(void **state)
{
    (void)state;
    assert_true(tether__os_env_same_name("Path", 4, "PATH", 4));
    assert_true(tether__os_env_same_name("\xc3\xa9t\xc3\xa9", 5, "\xc3\x89T\xc3\x89", 5));
    assert_false(tether__os_env_same_name("Path", 4, "PATHS", 5));
    assert_false(tether__os_env_same_name("\xc3\xa9", 2, "e", 1));
    assert_true(tether__os_env_same_name("\xff", 1, "\xff", 1));
    assert_false(tether__os_env_same_name("\xff", 1, "\xfe", 1));
}

static void expect_store(place *p, const char *folder, const char *expected)
{
    char *path;
    if (folder != NULL)
        assert_int_equal(uv_os_setenv("LOCALAPPDATA", folder), 0);
    else
        assert_int_equal(uv_os_unsetenv("LOCALAPPDATA"), 0);
    ASSERT_OK(tether__os_default_store(&path, &p->error), p->error);
    if (expected != NULL)
        assert_string_equal(path, expected);
    /* Otherwise it is in the user's local data, as the system reports it. */
    assert_int_equal(path[1], ':');
    assert_string_equal(path + strlen(path) - 7, "\\tether");
    free(path);
}

static void finds_the_default_store(void **state)
{
    place *p = *state;
    expect_store(p, "C:\\caf\xc3\xa9", "C:\\caf\xc3\xa9\\tether");
    expect_store(p, "C:\\x\\", "C:\\x\\tether");
    expect_store(p, NULL, NULL);
    expect_store(p, "relative", NULL);
}

static void puts_ephemeral_stores_among_temporary_files(void **state)
{
    place *p = *state;
    char *path, expected[1024];
    bool in_memory = true;
    char before[1024];
    size_t size = sizeof before;
    assert_int_equal(uv_os_getenv("TMP", before, &size), 0);
    assert_int_equal(uv_os_setenv("TMP", p->path), 0);
    ASSERT_OK(tether__os_ephemeral_base(&path, &in_memory, &p->error), p->error);
    assert_int_equal(uv_os_setenv("TMP", before), 0);
    assert_false(in_memory);
    snprintf(expected, sizeof expected, "%s\\tether-ephemeral", p->path);
    assert_int_equal(strncmp(path, expected, strlen(expected)), 0);
    free(path);
}

static void makes_every_form_of_a_path_canonical(void **state)
{
    place *p = *state;
    char *real, forms[3][1024];
    const char *known = tether__os_dir_path(p->dir);
    snprintf(forms[0], sizeof forms[0], "%s\\", known);
    snprintf(forms[1], sizeof forms[1], "\\\\?\\%s", known);
    snprintf(forms[2], sizeof forms[2], "%s", known);
    forms[2][0] = (char)(known[0] - 'A' + 'a');
    for (size_t i = 0; i < 3; i++) {
        ASSERT_OK(tether__os_real_directory("work", forms[i], &real, &p->error), p->error);
        assert_string_equal(real, known);
        free(real);
    }
    ASSERT_OK(tether__os_real_directory("work", "C:\\", &real, &p->error), p->error);
    assert_string_equal(real, "C:\\");
    free(real);
    ASSERT_OK(tether__os_former_directory("work", "C:\\none at all\\x", &real, &p->error),
              p->error);
    assert_string_equal(real, "C:\\none at all\\x");
    free(real);
}

/* It has a folder of its own in that of the system. */
static void finds_windows_powershell(void **state)
{
    static const char inside[] = "WindowsPowerShell\\v1.0";
    place *p = *state;
    char folder[MAX_PATH], path[MAX_PATH + 100], name[64], *found;
    assert_in_range(GetSystemDirectoryA(folder, MAX_PATH - 30), 1, MAX_PATH);
    snprintf(path, sizeof path, "%s\\WindowsPowerShell", folder);
    (void)CreateDirectoryA(path, NULL);
    snprintf(path, sizeof path, "%s\\%s", folder, inside);
    (void)CreateDirectoryA(path, NULL);
    snprintf(name, sizeof name, "tether-test-%lu", (unsigned long)GetCurrentProcessId());
    snprintf(path, sizeof path, "%s\\%s\\%s.exe", folder, inside, name);
    test_write_file(path, "x", 1);
    int code = tether__os_find_program(name, NULL, p->path, &found, &p->error);
    test_remove_file(path);
    ASSERT_OK(code, p->error);
    assert_int_equal(_stricmp(found, path), 0);
    free(found);
}

/* A mapped drive, a `subst`, or in Wine a drive for a folder of another. */
static void keeps_the_drive_that_was_given(void **state)
{
    typedef char *(CDECL * unix_name_fn)(const WCHAR *);
    place *p = *state;
    char given[1024], *real;
    HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    unix_name_fn unix_name =
        (unix_name_fn)(void (*)(void))GetProcAddress(kernel, "wine_get_unix_file_name");
    ASSERT_OK(tether__os_real_directory("work", "C:\\windows\\system32", &real, &p->error),
              p->error);
    assert_int_equal(strncmp(real, "C:\\", 3), 0);
    free(real);
    if (unix_name == NULL)
        return;
    char *target = unix_name(L"C:\\windows");
    assert_non_null(target);
    snprintf(given, sizeof given, "Z:%s", target);
    ASSERT_OK(tether__os_real_directory("work", given, &real, &p->error), p->error);
    assert_int_equal(strncmp(real, "Z:\\", 3), 0);
    free(real);
    HeapFree(GetProcessHeap(), 0, target);
}

/* Messages of the system stand for whole sentences; ours begin with what the call was about. */
static void fills_in_the_messages_of_the_system(void **state)
{
    tether_error error;
    (void)state;
    for (uint32_t os_error = 1; os_error < 16000; os_error++) {
        (void)tether__win32_fail(&error, os_error, "test", "C:\\x.exe");
        for (const char *at = error.message; (at = strchr(at, '%')) != NULL; at++) {
            if (isdigit((unsigned char)at[1]) || strncmp(at, "%hs", 3) == 0)
                fail_msg("error %lu: %s", (unsigned long)os_error, error.message);
        }
    }
    (void)tether__win32_fail(&error, ERROR_BAD_EXE_FORMAT, "test", "C:\\x.exe");
    /* "%1 is not a valid Win32 application"; in Wine, "Bad EXE format for %1." */
    assert_non_null(strstr(error.message, "C:\\x.exe: "));
    assert_non_null(strstr(error.message, test_in_wine() ? " for it;" : " it is not a valid"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_programs_by_their_endings),
        TEST(finds_programs_by_their_path),
        TEST(compares_variable_names_without_regard_to_case),
        TEST(finds_the_default_store),
        TEST(puts_ephemeral_stores_among_temporary_files),
        TEST(makes_every_form_of_a_path_canonical),
        TEST(finds_windows_powershell),
        TEST(keeps_the_drive_that_was_given),
        TEST(fills_in_the_messages_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
