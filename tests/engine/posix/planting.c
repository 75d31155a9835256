/* Owns tasks and files that a test writes into a store without tether.
 * Must not: check what a host makes of them.
 * Thread: the test's. */
#include "engine/posix/planting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

json_t *plant_run_model(fixture *f, char id[TETHER_ID_SIZE])
{
    tether_registry *registry = test_open(f);
    test_start_child(registry, id, "exit", "0", NULL);
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_detach(registry);
    return test_load_record(f, id);
}

json_t *plant_new_record(fixture *f, const char *id)
{
    char model[TETHER_ID_SIZE];
    json_t *record = plant_run_model(f, model);
    tether_registry *registry = test_open(f);
    test_take_completion(registry, model);
    test_detach(registry);
    json_object_set_new(record, "task_id", json_string(id));
    json_object_set_new(record, "completion_delivered", json_false());
    json_object_set_new(record, "exit_code", json_null());
    json_object_set_new(record, "finished_at", json_null());
    json_object_set_new(record, "duration_ms", json_null());
    return record;
}

void plant_set_status(json_t *record, const char *status)
{
    json_object_set_new(record, "status", json_string(status));
}

void plant_set_pid(json_t *record, long pid, long start_time)
{
    json_t *identity = json_object_get(record, "identity");
    json_object_set_new(identity, "pid", json_integer(pid));
    json_object_set_new(identity, "start_time", json_integer(start_time));
    json_object_del(identity, "pidfs_id"); /* that of the process that it was */
}

void plant_task(const fixture *f, const char *id, json_t *record, const char *marker)
{
    const char *bundle = test_bundle_path(f, id, "");
    assert_true(mkdir(bundle, 0700) == 0 || errno == EEXIST);
    test_save_record(f, id, record);
    if (marker != NULL)
        test_write_file(test_exit_path(f, id), marker, strlen(marker));
}

void plant_output(const fixture *f, const char *id)
{
    test_write_file(test_bundle_path(f, id, "stdout"), "x", 1);
}

void plant_starting(fixture *f, const char *id, const char *marker)
{
    json_t *record = plant_new_record(f, id);
    plant_set_status(record, "starting");
    plant_set_pid(record, 0, 0);
    plant_task(f, id, record, marker);
}

static const char *victim_path(const fixture *f)
{
    return test_work_path(f, "victim");
}

void plant_victim(const fixture *f)
{
    test_write_file(victim_path(f), "untouched", 9);
    assert_int_equal(chmod(victim_path(f), 0640), 0);
}

void plant_check_victim(const fixture *f)
{
    struct stat st;
    char *text = test_read_file(victim_path(f), NULL);
    assert_string_equal(text, "untouched");
    free(text);
    assert_int_equal(stat(victim_path(f), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

void plant_replace(const fixture *f, const char *path, plant_kind kind)
{
    char *at = strdup(path);
    const char *const remove[] = {"rm", "-rf", "--", at, NULL};
    assert_int_equal(test_command(remove, NULL, NULL), 0);
    switch (kind) {
    case PLANT_NOTHING:
        break;
    case PLANT_HUGE_FILE:
        test_write_file(at, "exit 0\n", 7);
        assert_int_equal(truncate(at, 1 << 30), 0);
        break;
    case PLANT_FIFO:
        assert_int_equal(mkfifo(at, 0600), 0);
        break;
    case PLANT_SYMLINK:
        assert_int_equal(symlink(victim_path(f), at), 0);
        break;
    case PLANT_HARDLINK:
        assert_int_equal(link(victim_path(f), at), 0);
        break;
    case PLANT_DIRECTORY:
        assert_int_equal(mkdir(at, 0700), 0);
        break;
    }
    free(at);
}
