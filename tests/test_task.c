/* Tasks from start to end: codes, output, snapshots, waits. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static void reports_the_exit_code(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        const char *command;
        int64_t code;
        tether_status status;
    } cases[] = {
        {"exit 0", 0, TETHER_STATUS_COMPLETED},
        {"exit 7", 7, TETHER_STATUS_FAILED},
        {"exit 255", 255, TETHER_STATUS_FAILED},
        {"kill -9 $$", 137, TETHER_STATUS_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_run(f, cases[i].command, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->exit_code, cases[i].code);
        assert_int_equal(snapshot->status, cases[i].status);
        assert_null(snapshot->reason);
        assert_true(snapshot->finished_at >= snapshot->started_at);
        tether_snapshot_free(snapshot);
    }
}

static void keeps_both_streams_apart(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    test_run(f, "echo out; echo err >&2", id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->output_preview, "out\nerr\n");
    assert_false(snapshot->output_truncated);
    tether_snapshot_free(snapshot);
    char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(out, "out\n");
    free(out);
    char *err = test_output(f->registry, id, TETHER_STDERR, &size);
    assert_string_equal(err, "err\n");
    free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports_the_exit_code, test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(keeps_both_streams_apart, test_setup_registry,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
