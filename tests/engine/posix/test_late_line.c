/* An exit line that is written while a host reads the lifeline: between its question for the time
 * of the file and its read. */
#include "engine/posix/planting.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUR_S = 3600, SLACK_MS = 2000 };

/* The lifeline to which the line is added; 0: none, or it was. */
static _Atomic ino_t late_node;
static const char *late_path;

static void write_late_line(void)
{
    static const char line[] = "exit 0\n";
    int fd = open(late_path, O_WRONLY | O_APPEND | O_CLOEXEC);
    late_node = 0;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    close(fd);
}

ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size)
{
    struct stat st;
    if (late_node != 0 && fstat(fd, &st) == 0 && st.st_ino == late_node)
        write_late_line();
    return __real_read(fd, data, size);
}

static void the_end_has_the_time_of_its_own_line(void **state)
{
    fixture *f = *state;
    struct stat st;
    static const char id[] = "tlate";
    json_t *record = plant_new_record(f, id);
    int64_t started = json_integer_value(json_object_get(record, "started_at"));
    plant_set_status(record, "running");
    plant_task(f, id, record, "supervisor pid=2147483000 start=1\n");
    char *path = strdup(test_exit_path(f, id));
    assert_int_equal(stat(path, &st), 0);
    const struct timespec old[2] = {{.tv_sec = st.st_mtime - HOUR_S},
                                    {.tv_sec = st.st_mtime - HOUR_S}};
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    late_path = path;
    late_node = st.st_ino;
    f->registry = test_open(f);
    assert_int_equal(late_node, 0);
    tether_snapshot *task;
    ASSERT_OK(tether_status_get(f->registry, id, &task, &f->error), f->error);
    assert_int_equal(task->status, TETHER_STATUS_COMPLETED);
    assert_true(task->finished_at > started - SLACK_MS);
    tether_snapshot_free(task);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_end_has_the_time_of_its_own_line, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
