/* Lists of running tasks: events may vouch for a task, but no list is behind what the system shows.
 */
#include "support/support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { ROUNDS = 50, TASKS = 8 };

/* Whether a list of running tasks has this one, with its status. */
static bool is_listed(tether_registry *registry, const char *id, tether_status *status)
{
    bool listed = false;
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(registry, TETHER_LIST_RUNNING, &list, &error), error);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->task_id, id) == 0) {
            listed = true;
            *status = list->items[i]->status;
        }
    }
    tether_snapshot_list_free(list);
    return listed;
}

static bool has_status(tether_registry *registry, const char *id, tether_status wanted)
{
    tether_status status;
    return is_listed(registry, id, &status) && status == wanted;
}

/* Waits until the task's supervisor is gone, by the lock that it held, and by nothing that the
 * library does. A removed lifeline is not held either. */
static void await_free_lifeline(const fixture *f, const char *id)
{
    int fd = open(test_exit_path(f, id), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    while (flock(fd, LOCK_SH) != 0)
        ;
    close(fd);
}

static void a_list_has_no_task_whose_supervisor_was_gone_before(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_status status;
    for (int i = 0; i < ROUNDS; i++) {
        test_start_child(f->registry, id, "await", test_work_path(f, "go%d", i), NULL);
        WAIT_UNTIL(has_status(f->registry, id, TETHER_STATUS_RUNNING));
        test_write_file(test_work_path(f, "go%d", i), "", 0);
        await_free_lifeline(f, id);
        assert_false(is_listed(f->registry, id, &status));
        tether_snapshot_free(test_wait(f->registry, id));
    }
}

static void a_list_has_what_another_host_wrote_before(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    test_start_child(f->registry, id, "sleep", "60000", NULL);
    WAIT_UNTIL(has_status(f->registry, id, TETHER_STATUS_RUNNING));
    for (int i = 0; i < ROUNDS; i++) {
        ASSERT_OK(tether_pause(other, id, &f->error), f->error);
        assert_true(has_status(f->registry, id, TETHER_STATUS_PAUSED));
        ASSERT_OK(tether_resume(other, id, &f->error), f->error);
        assert_true(has_status(f->registry, id, TETHER_STATUS_RUNNING));
    }
    ASSERT_OK(tether_kill(other, id, NULL, &f->error), f->error);
    tether_status status;
    assert_false(is_listed(f->registry, id, &status));
    test_detach(other);
}

/* A registry sees tasks that have run since before it had events. */
static void a_list_has_the_tasks_of_other_hosts(void **state)
{
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    tether_status status;
    for (int i = 0; i < TASKS; i++)
        test_start_child(f->registry, ids[i], "await", test_work_path(f, "go%d", i), NULL);
    tether_registry *other = test_open(f);
    for (int i = 0; i < TASKS; i++) {
        WAIT_UNTIL(has_status(other, ids[i], TETHER_STATUS_RUNNING));
        test_write_file(test_work_path(f, "go%d", i), "", 0);
        await_free_lifeline(f, ids[i]);
        assert_false(is_listed(other, ids[i], &status));
        if (i + 1 < TASKS)
            assert_true(is_listed(other, ids[i + 1], &status));
    }
    test_detach(other);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_list_has_no_task_whose_supervisor_was_gone_before),
        WITH_REGISTRY(a_list_has_what_another_host_wrote_before),
        WITH_REGISTRY(a_list_has_the_tasks_of_other_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
