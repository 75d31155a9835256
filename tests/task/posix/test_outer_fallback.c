/* An outer shell that is not there when it is started leaves its place to the next one. The start
 * is wrapped by the linker, since nothing else can make a shell vanish between look-up and start.
 */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "os/spawn.h"

enum { TRIES_ROOM = 8 };

/* How the next starts go, and what they were asked to run. */
static int refuse_first;
static char programs[TRIES_ROOM][256];
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
    /* As a start fails that has opened its outputs already. */
    *started = (tether__started){0};
    tether__os_file_create(start->bundle, start->stdout_name, "", 0, NULL);
    return tether__fail(error, TETHER_ENOSHELL, 2, "start supervisor", "%s went", start->program);
}

static void prepare(int refused)
{
    refuse_first = refused;
    tries = 0;
    memset(programs, 0, sizeof programs);
}

/* A name that sh cannot spell asks for bash first. */
static const char *const unusual[] = {"dotted.name=x", NULL};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), length = strlen(end);
    return size >= length && strcmp(text + size - length, end) == 0;
}

static void the_next_shell_takes_over(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "out", "hello", "exit", "7", NULL};
    tether_spec spec = {.argv = argv, .env_set = unusual};
    prepare(1);
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

static void a_text_has_its_file_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.command = CHILD_TEXT " exit 9", .env_set = unusual};
    prepare(1);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 9, NULL);
    assert_int_equal(tries, 2);
    char *command = test_read_file(test_bundle_path(f, id, "command.sh"), NULL);
    assert_string_equal(command, CHILD_TEXT " exit 9");
    free(command);
}

static void when_none_starts_nothing_is_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    const char *const argv[] = {CHILD, NULL};
    tether_spec spec = {.argv = argv, .env_set = unusual};
    prepare(TRIES_ROOM);
    assert_int_equal(tether_spawn(f->registry, &spec, id, &error), TETHER_ENOSHELL);
    assert_string_equal(id, "");
    assert_true(tries >= 2);
    /* The last reason. */
    assert_non_null(strstr(error.message, " went"));
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 0);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(the_next_shell_takes_over),
        WITH_REGISTRY(a_text_has_its_file_once),
        WITH_REGISTRY(when_none_starts_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
