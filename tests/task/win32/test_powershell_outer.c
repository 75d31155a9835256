/* PowerShell as the outer shell: it runs the wrapper where cmd cannot pass on the arguments. A real
 * one, which the variable TETHER_TEST_PWSH names; ci/pwsh fetches it. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define E_ACUTE_NIHON "\xC3\xA9\xE6\x97\xA5\xE6\x9C\xAC"

static const char *pwsh(void)
{
    const char *path = getenv("TETHER_TEST_PWSH");
    if (path == NULL || path[0] == '\0')
        test_skip("the shell is not installed");
    return path;
}

/* What cmd cannot pass on goes through the wrapper for PowerShell: here the one in the task's PATH.
 */
static void passes_what_cmd_cannot(void **state)
{
    enum { LONG_SIZE = 9000 };
    fixture *f = *state;
    char id[TETHER_ID_SIZE], path[2048];
    snprintf(path, sizeof path, "PATH=%s", pwsh());
    *strrchr(path, '/') = '\0';
    char *large = calloc(1, LONG_SIZE + 1);
    assert_non_null(large);
    memset(large, 'x', LONG_SIZE);
    const char *const argv[] = {CHILD,        "argv", "a\nb",        large, "%PATH%",
                                "\"q\" \\\"", "'",    E_ACUTE_NIHON, "",    NULL};
    const char *const failing[] = {CHILD, "out", "a\nb", "err", "c", "exit", "3221225477", NULL};
    const char *const set[] = {path, NULL};
    tether_spec spec = {.argv = argv, .env_set = set, .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_arguments(f->registry, id, argv + 2);
    assert_true(test_exists(test_bundle_path(f, id, "wrapper.ps1")));
    spec.argv = failing;
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, INT64_C(3221225477), NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "a\nb\n");
    test_expect_output(f->registry, id, TETHER_STDERR, "c\n");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(passes_what_cmd_cannot, test_setup_registry, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
