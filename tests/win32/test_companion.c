/* The seam os/companion.h on Windows: which files are programs of tether, and where they are looked
 * for. */
#include "os/place.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "os/companion.h"

#define VARIABLE "TETHER_TEST_COMPANION"

enum { PATH_BYTES = 40000 };

static int find(place *p, const char *name, const char *value, char **found)
{
    SetEnvironmentVariableA(VARIABLE, value);
    int code = tether__os_find_companion(name, VARIABLE, NULL, found, &p->error);
    SetEnvironmentVariableA(VARIABLE, NULL);
    return code;
}

static void a_variable_names_it(void **state)
{
    place *p = *state;
    char *found;
    place_write(p, "program.exe", "");
    ASSERT_OK(find(p, "tether-none", place_path(p, "program.exe"), &found), p->error);
    assert_non_null(strstr(found, "program.exe"));
    assert_int_equal(found[1], ':');
    free(found);
}

/* Not even another one, which was not meant. */
static void a_variable_that_names_no_program_finds_nothing(void **state)
{
    place *p = *state;
    char *found;
    const char *const values[] = {"",
                                  "relative",
                                  ".\\tether-test-child.exe",
                                  "tether-test-child.exe",
                                  "C:relative.exe",
                                  "C:\\no\\such\\program.exe",
                                  "NUL",
                                  p->path};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(find(p, "tether-test-child", values[i], &found), TETHER_ENOPROGRAM);
        assert_null(found);
        assert_non_null(strstr(p->error.message, VARIABLE));
    }
}

/* The test child stands beside this program. */
static void it_is_found_beside_the_program(void **state)
{
    place *p = *state;
    char *found;
    ASSERT_OK(find(p, "tether-test-child", NULL, &found), p->error);
    assert_non_null(strstr(found, "\\tether-test-child.exe"));
    free(found);
}

/* Neither by the PATH nor in the present directory. */
static void it_is_not_found_elsewhere(void **state)
{
    place *p = *state;
    char *found, *before = malloc(PATH_BYTES), here[MAX_PATH];
    assert_true(GetEnvironmentVariableA("PATH", before, PATH_BYTES) < PATH_BYTES);
    assert_true(GetCurrentDirectoryA(MAX_PATH, here) > 0);
    place_write(p, "tether-none.exe", "");
    SetEnvironmentVariableA("PATH", p->path);
    assert_true(SetCurrentDirectoryA(p->path));
    int code = find(p, "tether-none", NULL, &found);
    assert_true(SetCurrentDirectoryA(here));
    SetEnvironmentVariableA("PATH", before);
    free(before);
    assert_int_equal(code, TETHER_ENOPROGRAM);
    assert_non_null(strstr(p->error.message, "tether-none is not installed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_variable_names_it),
        TEST(a_variable_that_names_no_program_finds_nothing),
        TEST(it_is_found_beside_the_program),
        TEST(it_is_not_found_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
