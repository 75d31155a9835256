/* The seam os/host.h, for what all platforms have in common. */
#include "os/place.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "os/host.h"

static const char *find_entry(char **entries, const char *name)
{
    for (size_t i = 0; entries[i] != NULL; i++) {
        if (tether__os_env_same_name(entries[i], strcspn(entries[i], "="), name, strlen(name)))
            return entries[i];
    }
    return NULL;
}

static void copies_the_environment(void **state)
{
    place *p = *state;
    char **before, **after;
    assert_int_equal(uv_os_setenv("TETHER_TEST_HOST", "caf\xc3\xa9 = \xe2\x82\xac"), 0);
    ASSERT_OK(tether__os_environ(&before, &p->error), p->error);
    assert_int_equal(uv_os_setenv("TETHER_TEST_HOST", "other"), 0);
    ASSERT_OK(tether__os_environ(&after, &p->error), p->error);
    assert_string_equal(find_entry(before, "TETHER_TEST_HOST"),
                        "TETHER_TEST_HOST=caf\xc3\xa9 = \xe2\x82\xac");
    assert_string_equal(find_entry(after, "TETHER_TEST_HOST"), "TETHER_TEST_HOST=other");
    assert_non_null(find_entry(before, "PATH"));
    assert_null(find_entry(before, ""));
    tether__os_environ_free(before);
    tether__os_environ_free(after);
    tether__os_environ_free(NULL);
    assert_int_equal(uv_os_unsetenv("TETHER_TEST_HOST"), 0);
}

static void compares_names_of_variables(void **state)
{
    (void)state;
    assert_true(tether__os_env_same_name("PATH=x", 4, "PATH=y", 4));
    assert_true(tether__os_env_same_name("", 0, "", 0));
    assert_true(tether__os_env_same_name("caf\xc3\xa9", 5, "caf\xc3\xa9", 5));
    assert_false(tether__os_env_same_name("PATH", 4, "PATHS", 5));
    assert_false(tether__os_env_same_name("PATHS", 5, "PATH", 4));
    assert_false(tether__os_env_same_name("A", 1, "B", 1));
    assert_false(tether__os_env_same_name("A", 1, "", 0));
}

static void resolves_a_directory(void **state)
{
    place *p = *state;
    char *real, *again;
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_real_directory("test", place_path(p, "sub"), &real, &p->error), p->error);
    assert_string_equal(real, tether__os_dir_path(sub));
    ASSERT_OK(tether__os_real_directory("test", place_path(p, "./sub//../sub/"), &again, &p->error),
              p->error);
    assert_string_equal(real, again);
    free(again);
    ASSERT_OK(tether__os_former_directory("test", place_path(p, "sub"), &again, &p->error),
              p->error);
    assert_string_equal(real, again);
    free(again);
    tether__os_dir_close(sub);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    /* The path of a removed directory can still be resolved. */
    ASSERT_OK(tether__os_former_directory("test", place_path(p, "x/../sub"), &again, &p->error),
              p->error);
    assert_string_equal(real, again);
    free(again);
    free(real);
}

static void refuses_a_path_that_is_not_a_directory(void **state)
{
    place *p = *state;
    char *real;
    place_write(p, "file", "x");
    const char *const bad[] = {place_path(p, "file"), place_path(p, "none"), ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(tether__os_real_directory("work", bad[i], &real, &p->error),
                         TETHER_EWORKDIR);
        assert_null(real);
        assert_non_null(strstr(p->error.message, "work"));
    }
}

static void resolves_the_working_directory(void **state)
{
    place *p = *state;
    char *real, *again;
    ASSERT_OK(tether__os_real_directory("work", NULL, &real, &p->error), p->error);
    ASSERT_OK(tether__os_real_directory("work", ".", &again, &p->error), p->error);
    assert_string_equal(real, again);
    free(real);
    free(again);
}

static void finds_no_program_that_does_not_exist(void **state)
{
    place *p = *state;
    char *found;
    assert_int_equal(tether__os_find_program("", p->path, p->path, &found, &p->error),
                     TETHER_EINVAL);
    assert_int_equal(tether__os_find_program("tether-none", p->path, p->path, &found, &p->error),
                     TETHER_ENOPROGRAM);
    assert_int_equal(tether__os_find_program("./tether-none", p->path, p->path, &found, &p->error),
                     TETHER_ENOPROGRAM);
    assert_null(found);
    /* A program given by a path is found from another directory too. */
    ASSERT_OK(tether__os_find_program(CHILD, "", p->path, &found, &p->error), p->error);
    free(found);
}

static void knows_the_limits(void **state)
{
    (void)state;
    assert_true(tether__os_string_limit() >= 4096);
    assert_true(tether__os_exec_limit() >= tether__os_string_limit());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_the_environment),
        TEST(compares_names_of_variables),
        TEST(resolves_a_directory),
        TEST(refuses_a_path_that_is_not_a_directory),
        TEST(resolves_the_working_directory),
        TEST(finds_no_program_that_does_not_exist),
        TEST(knows_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
