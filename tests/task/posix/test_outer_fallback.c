/* If an outer shell cannot be started, the next candidate is used. The linker wraps
 * tether__os_spawn, since a test cannot make a shell disappear between its lookup and its start. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/spawn.h"

enum { TRIES_ROOM = 8 };

static int refuse_first;               /* this many starts fail, later ones succeed */
static char programs[TRIES_ROOM][256]; /* the program of each start */
static int tries;

int __real_tether__os_spawn(const tether__start *start, tether__started *started,
                            tether_error *error);
int __wrap_tether__os_spawn(const tether__start *start, tether__started *started,
                            tether_error *error);

int __wrap_tether__os_spawn(const tether__start *start, tether__started *started,
                            tether_error *error)
{
    assert_true(tries < TRIES_ROOM);
    strncpy(programs[tries], start->program, sizeof programs[0] - 1);
    if (tries++ >= refuse_first)
        return __real_tether__os_spawn(start, started, error);
    /* Fails like a start that has already created its output file. */
    *started = (tether__started){0};
    tether__os_file_create(start->bundle, start->stdout_name, "", 0, NULL);
    return tether__fail(error, TETHER_ENOSHELL, 2, "start supervisor", "%s went", start->program);
}

static void fail_starts(int refused)
{
    refuse_first = refused;
    tries = 0;
    memset(programs, 0, sizeof programs);
}

/* sh would drop a variable with this name; therefore bash is the first candidate. */
static const char *const unusual[] = {"dotted.name=x", NULL};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcmp(text + size - length, end) == 0;
}

static void the_next_shell_is_tried(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "out", "hello", "exit", "7", NULL};
    tether_spec spec = {.argv = argv, .env_set = unusual};
    fail_starts(1);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);
    assert_int_equal(tries, 2);
    assert_true(ends_with(programs[0], "/bash"));
    assert_true(ends_with(programs[1], "/sh"));
    size_t size;
    char *output = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(output, "hello\n");
    free(output);
}

static void the_command_file_is_written_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = CHILD_TEXT " exit 9", .env_set = unusual};
    fail_starts(1);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 9, NULL);
    assert_int_equal(tries, 2);
    char *command = test_read_file(test_bundle_path(f, id, "command.sh"), NULL);
    assert_string_equal(command, CHILD_TEXT " exit 9");
    free(command);
}

static void nothing_is_left_if_every_shell_fails(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    const char *const argv[] = {CHILD, NULL};
    tether_spec spec = {.argv = argv, .env_set = unusual};
    fail_starts(TRIES_ROOM);
    assert_int_equal(tether_spawn(f->registry, &spec, id, &error), TETHER_ENOSHELL);
    assert_string_equal(id, "");
    assert_true(tries >= 2);
    /* The error of the last try. */
    assert_non_null(strstr(error.message, " went"));
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    test_use_scripts();
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(the_next_shell_is_tried),
        WITH_REGISTRY(the_command_file_is_written_once),
        WITH_REGISTRY(nothing_is_left_if_every_shell_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
