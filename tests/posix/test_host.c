/* The seam os/host.h on POSIX: how programs and directories are found. */
#include "os/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/host.h"

static void create_program(place *p, const char *name, mode_t mode)
{
    place_write(p, name, "#!/bin/sh\nexit 0\n");
    assert_int_equal(chmod(place_path(p, name), mode), 0);
}

static int find(place *p, const char *name, const char *list, char **found)
{
    return tether__os_find_program(name, list, p->path, found, &p->error);
}

static void finds_programs_as_execvp_does(void **state)
{
    place *p = *state;
    char *found;
    char list[1024];
    create_program(p, "tool", 0700);
    snprintf(list, sizeof list, "/none:%s:/bin", p->path);
    ASSERT_OK(find(p, "tool", list, &found), p->error);
    assert_string_equal(found, place_path(p, "tool"));
    free(found);
    /* An empty entry refers to the directory in which the program starts. */
    ASSERT_OK(find(p, "tool", "/none:", &found), p->error);
    free(found);
    ASSERT_OK(find(p, "./tool", NULL, &found), p->error);
    free(found);
    ASSERT_OK(find(p, "sh", NULL, &found), p->error);
    assert_int_equal(found[0], '/');
    free(found);
}

static void distinguishes_missing_from_unusable_programs(void **state)
{
    place *p = *state;
    char *found;
    create_program(p, "plain", 0600);
    assert_int_equal(find(p, "none", p->path, &found), TETHER_ENOPROGRAM);
    assert_null(found);
    assert_int_equal(find(p, "none/none", p->path, &found), TETHER_ENOPROGRAM);
    assert_int_equal(find(p, "plain/none", p->path, &found), TETHER_ENOPROGRAM);
    assert_int_equal(find(p, "plain", p->path, &found), TETHER_ENOEXEC);
    assert_int_equal(find(p, "./plain", p->path, &found), TETHER_ENOEXEC);
    assert_int_equal(find(p, p->path, NULL, &found), TETHER_ENOEXEC);
    assert_int_equal(find(p, "", NULL, &found), TETHER_EINVAL);
    assert_null(found);
}

static void resolves_directories_to_canonical_paths(void **state)
{
    place *p = *state;
    char *real, *own;
    place_write(p, "file", "x");
    assert_int_equal(symlink(p->path, place_path(p, "link")), 0);
    ASSERT_OK(tether__os_real_directory("directory", place_path(p, "link"), &real, &p->error),
              p->error);
    ASSERT_OK(tether__os_real_directory("directory", p->path, &own, &p->error), p->error);
    assert_string_equal(real, own);
    free(real);
    free(own);
    ASSERT_OK(tether__os_real_directory("directory", NULL, &real, &p->error), p->error);
    assert_int_equal(real[0], '/');
    free(real);
    static const char *const bad[] = {"none", "file"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            tether__os_real_directory("project directory", place_path(p, bad[i]), &real, &p->error),
            TETHER_EWORKDIR);
        assert_null(real);
        assert_non_null(strstr(p->error.message, "project directory"));
    }
}

static void resolves_directories_that_are_gone(void **state)
{
    place *p = *state;
    char *real, *own, before[1024], expected[1024];
    const char *kept = place_path(p, "kept");
    place_write(p, "file", "x");
    assert_int_equal(mkdir(kept, 0700), 0);
    assert_int_equal(symlink("kept", place_path(p, "link")), 0);
    ASSERT_OK(tether__os_real_directory("directory", p->path, &own, &p->error), p->error);
    assert_non_null(getcwd(before, sizeof before));
    static const char *const paths[][2] = {
        {"kept", "kept"},
        {"gone", "gone"},
        {"gone/.//deep/", "gone/deep"},
        {"link/gone/x", "kept/gone/x"},
        {"gone/x/../../kept2", "kept2"},
        {".gone/..x", ".gone/..x"},
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        snprintf(expected, sizeof expected, "%s/%s", own, paths[i][1]);
        for (int relative = 0; relative < 2; relative++) {
            assert_int_equal(chdir(p->path), 0);
            int code = tether__os_former_directory(
                "directory", relative ? paths[i][0] : place_path(p, paths[i][0]), &real, &p->error);
            assert_int_equal(chdir(before), 0);
            ASSERT_OK(code, p->error);
            assert_string_equal(real, expected);
            free(real);
        }
    }
    ASSERT_OK(tether__os_former_directory("directory", "/no-such/../none", &real, &p->error),
              p->error);
    assert_string_equal(real, "/none");
    free(real);
    assert_int_equal(tether__os_former_directory("directory", "", &real, &p->error),
                     TETHER_EWORKDIR);
    assert_int_equal(
        tether__os_former_directory("directory", place_path(p, "file"), &real, &p->error),
        TETHER_EWORKDIR);
    assert_null(real);
    free(own);
}

static void finds_the_default_store_by_the_xdg_rules(void **state)
{
    place *p = *state;
    char *path;
    setenv("HOME", "/users/somebody", 1);
    setenv("XDG_STATE_HOME", "/state", 1);
    ASSERT_OK(tether__os_default_store(&path, &p->error), p->error);
    assert_string_equal(path, "/state/tether");
    free(path);
    /* A relative path counts as not set. */
    setenv("XDG_STATE_HOME", "state", 1);
    ASSERT_OK(tether__os_default_store(&path, &p->error), p->error);
    assert_string_equal(path, "/users/somebody/.local/state/tether");
    free(path);
    unsetenv("HOME");
    unsetenv("XDG_STATE_HOME");
    assert_int_equal(tether__os_default_store(&path, &p->error), TETHER_EINVAL);
    assert_null(path);
}

/* Expects this base folder while XDG_RUNTIME_DIR is `runtime` (NULL: not set); NULL: a shared
 * folder. */
static void expect_ephemeral_base(place *p, const char *runtime, const char *expected)
{
    char *path;
    bool in_memory;
    if (runtime != NULL)
        setenv("XDG_RUNTIME_DIR", runtime, 1);
    else
        unsetenv("XDG_RUNTIME_DIR");
    ASSERT_OK(tether__os_ephemeral_base(&path, &in_memory, &p->error), p->error);
    if (expected != NULL) {
        assert_string_equal(path, expected);
        assert_true(in_memory);
    } else {
        /* This machine's memory file system, or its temporary files. */
        char name[64];
        snprintf(name, sizeof name, "/tether-ephemeral-%ld", (long)geteuid());
        assert_string_equal(strrchr(path, '/'), name);
        assert_int_equal(in_memory, strncmp(path, "/dev/shm/", 9) == 0);
    }
    free(path);
}

static void finds_the_folder_of_ephemeral_stores(void **state)
{
    place *p = *state;
    char expected[PATH_MAX], missing[PATH_MAX];
    const char *here = tether__os_dir_path(p->dir);
    snprintf(expected, sizeof expected, "%s/tether-ephemeral", here);
    snprintf(missing, sizeof missing, "%s/missing", here);
    expect_ephemeral_base(p, here, expected);
    /* A path that is not a directory of the user counts as not set. */
    expect_ephemeral_base(p, NULL, NULL);
    expect_ephemeral_base(p, "", NULL);
    expect_ephemeral_base(p, "relative", NULL);
    expect_ephemeral_base(p, missing, NULL);
    expect_ephemeral_base(p, "/dev/null", NULL);
    if (geteuid() == 0) {
        assert_int_equal(chown(here, 12345, (gid_t)-1), 0);
        expect_ephemeral_base(p, here, NULL);
        assert_int_equal(chown(here, 0, (gid_t)-1), 0);
    }
    unsetenv("XDG_RUNTIME_DIR");
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
        TEST(finds_programs_as_execvp_does),
        TEST(distinguishes_missing_from_unusable_programs),
        TEST(resolves_directories_to_canonical_paths),
        TEST(resolves_directories_that_are_gone),
        TEST(finds_the_default_store_by_the_xdg_rules),
        TEST(finds_the_folder_of_ephemeral_stores),
        TEST(knows_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
