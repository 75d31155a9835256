/* The seam os/companion.h on POSIX: which files are programs of tether, and where they are looked
 * for. */
#include "os/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/companion.h"

#define VARIABLE "TETHER_TEST_COMPANION"

enum { LONG = 5000 };

static int find_again(place *p, const char *name, const char *value, char **known, char **found)
{
    if (value != NULL)
        setenv(VARIABLE, value, 1);
    else
        unsetenv(VARIABLE);
    int code = tether__os_find_companion(name, VARIABLE, known, found, &p->error);
    unsetenv(VARIABLE);
    return code;
}

static int find(place *p, const char *name, const char *value, char **found)
{
    return find_again(p, name, value, NULL, found);
}

static void a_variable_names_it(void **state)
{
    place *p = *state;
    char *found;
    place_write(p, "program", "");
    assert_int_equal(chmod(place_path(p, "program"), 0700), 0);
    ASSERT_OK(find(p, "tether-none", place_path(p, "program"), &found), p->error);
    assert_string_equal(found, place_path(p, "program"));
    free(found);
}

/* Not even another one, which was not meant. */
static void a_variable_that_names_no_program_finds_nothing(void **state)
{
    place *p = *state;
    char *found, *deep = malloc(LONG);
    memset(deep, '/', LONG - 1);
    deep[LONG - 1] = '\0';
    place_write(p, "data", "");
    assert_int_equal(symlink("gone", place_path(p, "dangling")), 0);
    assert_int_equal(mkfifo(place_path(p, "fifo"), 0700), 0);
    const char *const values[] = {
        "",   "relative", "./test_os_companion_posix", "/no/such/program", p->path,
        deep, "/dev/null"};
    const char *const names[] = {"data", "dangling", "fifo"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(find(p, "tether-test-child", values[i], &found), TETHER_ENOPROGRAM);
        assert_null(found);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(find(p, "tether-test-child", place_path(p, names[i]), &found),
                         TETHER_ENOPROGRAM);
        assert_non_null(strstr(p->error.message, VARIABLE));
    }
    free(deep);
}

/* The test child stands beside this program. */
static void it_is_found_beside_the_program(void **state)
{
    place *p = *state;
    char *found;
    ASSERT_OK(find(p, "tether-test-child", NULL, &found), p->error);
    assert_int_equal(found[0], '/');
    assert_int_equal(access(found, X_OK), 0);
    free(found);
}

/* Neither by the PATH nor in the present directory. */
static void it_is_not_found_elsewhere(void **state)
{
    place *p = *state;
    char *found, before[4096];
    char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "");
    place_write(p, "tether-none", "");
    assert_int_equal(chmod(place_path(p, "tether-none"), 0700), 0);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(p->path), 0);
    setenv("PATH", p->path, 1);
    int code = find(p, "tether-none", NULL, &found);
    setenv("PATH", path, 1);
    assert_int_equal(chdir(before), 0);
    free(path);
    assert_int_equal(code, TETHER_ENOPROGRAM);
    assert_non_null(strstr(p->error.message, "tether-none is not installed"));
}

/* The variable decides all the same, and what is gone is searched for again. */
static void it_is_first_looked_for_where_it_was_found_before(void **state)
{
    place *p = *state;
    char *known = NULL, *beside, *found;
    place_write(p, "program", "");
    assert_int_equal(chmod(place_path(p, "program"), 0700), 0);
    ASSERT_OK(find_again(p, "tether-none", place_path(p, "program"), &known, &found), p->error);
    assert_null(known);
    free(found);
    ASSERT_OK(find_again(p, "tether-test-child", NULL, &known, &beside), p->error);
    assert_string_equal(known, beside);
    free(known);
    known = strdup(place_path(p, "program"));
    ASSERT_OK(find_again(p, "tether-test-child", NULL, &known, &found), p->error);
    assert_string_equal(found, known);
    free(found);
    assert_int_equal(find_again(p, "tether-test-child", "", &known, &found), TETHER_ENOPROGRAM);
    assert_int_equal(unlink(place_path(p, "program")), 0);
    ASSERT_OK(find_again(p, "tether-test-child", NULL, &known, &found), p->error);
    assert_string_equal(found, beside);
    assert_string_equal(known, place_path(p, "program"));
    free(found);
    free(beside);
    free(known);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_variable_names_it),
        TEST(a_variable_that_names_no_program_finds_nothing),
        TEST(it_is_found_beside_the_program),
        TEST(it_is_not_found_elsewhere),
        TEST(it_is_first_looked_for_where_it_was_found_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
