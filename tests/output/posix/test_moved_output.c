/* Output files that the task truncates, replaces or removes by the ways of its shell. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Follows a task to its end and returns all that was read; *truncations as tether_follow_place. */
static void follow_to_end(fixture *f, const char *id, char *text, size_t room,
                          uint64_t *truncations)
{
    size_t used = 0, got = 1;
    uint64_t offset;
    tether_stream stream;
    tether_follower *follower;
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, NULL, &follower, &f->error),
              f->error);
    while (got > 0) {
        ASSERT_OK(tether_follow_read(follower, text + used, room - used - 1, PATIENCE_MS, &stream,
                                     &got, &f->error),
                  f->error);
        used += got;
        text[used] = '\0';
        /* The task goes on when all that it has written so far was read. */
        if (used >= 2 && text[used - 1] == '\n')
            test_write_file(test_work_path(f, "%c", text[used - 2]), "", 0);
    }
    tether_follow_place(follower, TETHER_STDOUT, &offset, truncations);
    tether_follow_close(follower);
}

/* `await` is a verb of CHILD; the file is named by the last character that the reader has seen. */
#define AWAIT(name) CHILD_TEXT " await " name "\n"

static void start_script(fixture *f, const char *script, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = script,
                              .shell = "sh",
                              .merge_output = true,
                              .workdir = f->work,
                              .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
}

/* tee opens the file behind /dev/stderr and truncates it. */
static void a_script_truncates_its_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[64];
    uint64_t truncations;
    start_script(f, "echo a\n" AWAIT("a") "o=$(echo b | tee /dev/stderr)\n" AWAIT("b") "echo c\n",
                 id);
    follow_to_end(f, id, text, sizeof text, &truncations);
    assert_string_equal(text, "a\nb\nc\n");
    assert_int_equal(truncations, 1);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "b\nc\n");
}

/* The task's descriptors stay with the file that has no name any more; so does the follower. */
static void a_follower_stays_with_the_file(void **state)
{
    static const char *const scripts[] = {
        "echo a\n" AWAIT("a") "rm \"$OUTPUT\"\necho c\n",
        "echo a\n" AWAIT("a") "echo x >\"$OUTPUT.new\"\nmv \"$OUTPUT.new\" \"$OUTPUT\"\necho c\n",
        "echo a\n" AWAIT("a") "mv \"$OUTPUT\" \"$OUTPUT.old\"\necho c\n",
    };
    static const char *const left[] = {"", "x\n", ""};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        char id[TETHER_ID_SIZE], text[64], script[512];
        uint64_t truncations;
        snprintf(script, sizeof script, "OUTPUT=\"%s\"\n%s",
                 test_bundle_path(f, "$TETHER_TASK_ID", "stdout"), scripts[i]);
        start_script(f, script, id);
        follow_to_end(f, id, text, sizeof text, &truncations);
        assert_string_equal(text, "a\nc\n");
        assert_int_equal(truncations, 0);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, left[i]);
        test_remove_file(test_work_path(f, "a"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(a_script_truncates_its_output),
        TEST(a_follower_stays_with_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
