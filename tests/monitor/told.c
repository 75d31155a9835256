/* Owns what hosts learn of the command at the end of a task.
 * Must not: start or end anything.
 * Thread: the test's. */
#include "monitor/told.h"

#include <stdlib.h>
#include <string.h>

bool told_is_known(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    bool told = snapshot->on_end_exit_code != TETHER_EXIT_UNKNOWN || snapshot->on_end_error != NULL;
    tether_snapshot_free(snapshot);
    return told;
}

void told_expect(tether_registry *registry, const char *id, int64_t code, const char *error)
{
    WAIT_UNTIL(told_is_known(registry, id));
    tether_snapshot *snapshot = test_snapshot(registry, id);
    assert_non_null(snapshot->on_end);
    assert_string_equal(snapshot->on_end_error != NULL ? snapshot->on_end_error : "no error",
                        error != NULL ? error : "no error");
    assert_int_equal(snapshot->on_end_exit_code, code);
    tether_snapshot_free(snapshot);
}

void told_expect_file(const char *path, const char *text)
{
    char *content = test_read_file(path, NULL);
    assert_non_null(content);
    assert_string_equal(content, text);
    free(content);
}

bool told_has_line(const char *path)
{
    char *content = test_read_file(path, NULL);
    bool has = content != NULL && strchr(content, '\n') != NULL;
    free(content);
    return has;
}
