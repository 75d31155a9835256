/* Links, FIFOs and directories in the place of the store and its files, and ids that are not valid
 * names. */
#include "engine/posix/planting.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* At the names that every open needs. */
static void planted_names_are_refused(void **state)
{
    fixture *f = *state;
    static const plant_kind kinds[] = {PLANT_SYMLINK, PLANT_HARDLINK, PLANT_FIFO, PLANT_DIRECTORY};
    static const struct {
        const char *name;
        bool is_directory; /* a planted one that is empty and private is a valid one */
        bool in_session;
    } names[] = {{"exits", true, true},         {"journal", true, true},
                 {"tasks", true, true},         {"journal/journal.jsonl", false, true},
                 {"session.json", false, true}, {"lock", false, true},
                 {"FORMAT", false, false}};
    plant_victim(f);
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t k = 0; k < 4; k++) {
            if (names[n].is_directory && kinds[k] == PLANT_DIRECTORY)
                continue;
            test_remove_store(f->store);
            assert_int_equal(mkdir(f->store, 0700), 0);
            json_t *record = plant_new_record(f, "tx");
            plant_set_status(record, "starting");
            plant_task(f, "tx", record, ""); /* makes an open take the lock */
            plant_replace(f,
                          names[n].in_session ? test_session_path(f, names[n].name)
                                              : test_path(f, "%s", names[n].name),
                          kinds[k]);
            tether_registry *registry;
            tether_open_options options = {
                .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
            int code = tether_open(&options, &registry, &f->error);
            if (code == TETHER_OK) {
                /* The first change takes the lock. */
                char id[TETHER_ID_SIZE];
                tether_spec spec = {.command = "exit 0"};
                code = tether_spawn(registry, &spec, id, &f->error);
                test_detach(registry);
            }
            if (code != TETHER_ECORRUPT && code != TETHER_ESTORE && code != TETHER_EFORMAT)
                fail_msg("%s planted as %d: %s", names[n].name, (int)kinds[k],
                         tether_error_name(code));
            plant_check_victim(f);
        }
    }
}

static void planted_store_is_refused(void **state)
{
    fixture *f = *state;
    tether_registry *registry;
    const char *real = test_work_path(f, "real"), *path = test_work_path(f, "store");
    tether_open_options options = {.store = path, .reaper = test_reaper_mode(), .no_gc = 1};
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink(real, path), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_null(registry);
    char with_slash[1100];
    snprintf(with_slash, sizeof with_slash, "%s/", path);
    options.store = with_slash;
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(test_count_names(real), 0);
    options.store = path;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(unlink(path), 0);
    test_write_file(path, "x", 1);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    test_write_file(test_work_path(f, "store/letter"), "x", 1);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EFORMAT);
    assert_int_equal(test_count_names(path), 1);
    test_write_file(test_work_path(f, "store/FORMAT"), "tether-store 3\n", 15);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EFORMAT);
    assert_int_equal(test_count_names(path), 2);

    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_non_null(strstr(f->error.message, "chmod 700"));
    assert_int_equal(chmod(path, 0770), 0);
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    assert_int_equal(chmod(path, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 54321, (gid_t)-1), 0);
        assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
    }
}

/* What a link in the place of an output file leads to is not shown. */
static void planted_output_is_not_read(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], bytes[16];
    size_t got;
    plant_victim(f);
    f->registry = test_open(f);
    test_start_child(f->registry, id, "out", "mine", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    static const plant_kind kinds[] = {PLANT_SYMLINK, PLANT_HARDLINK, PLANT_FIFO, PLANT_DIRECTORY};
    for (size_t i = 0; i < 4; i++) {
        plant_replace(f, test_bundle_path(f, id, "stdout"), kinds[i]);
        assert_int_equal(tether_output_read(f->registry, id, TETHER_STDOUT, 0, bytes, sizeof bytes,
                                            &got, &f->error),
                         TETHER_ECORRUPT);
        assert_int_equal(got, 0);
        tether_snapshot *snapshot;
        ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
        assert_string_equal(snapshot->output_preview, "");
        tether_snapshot_free(snapshot);
    }
    plant_check_victim(f);
}

static void invalid_ids_are_refused_before_any_access(void **state)
{
    fixture *f = *state;
    char longest[301];
    memset(longest, 'a', 300);
    longest[300] = '\0';
    const char *const sessions[] = {"../x", "",     longest,    "CON",  "con.txt", "dot.", "blank ",
                                    "a/b",  "a\\b", "\xff\xfe", "a\nb", ".",       "..",   "LPT1"};
    const char *const store = test_work_path(f, "none");
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        tether_registry *registry;
        tether_open_options options = {.store = store, .session = sessions[i]};
        assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EINVAL);
        assert_null(registry);
        assert_false(test_exists(store));
    }
    const char *const ids[] = {"../x", "",  longest, "con",  "dot.", "A", "a b",
                               "a/b",  ".", "..",    "\xff", "-a",   NULL};
    f->registry = test_open(f);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        tether_snapshot *snapshot;
        uint64_t size;
        assert_int_equal(tether_status_get(f->registry, ids[i], &snapshot, &f->error),
                         TETHER_EINVAL);
        assert_null(snapshot);
        assert_int_equal(tether_kill(f->registry, ids[i], NULL, &f->error), TETHER_EINVAL);
        assert_int_equal(tether_completion_ack(f->registry, ids[i], NULL, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_wait(f->registry, &ids[i], 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_output_size(f->registry, ids[i], TETHER_STDOUT, &size, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(tether_output_wait(f->registry, ids[i], 0, 0, 0, &f->error),
                         TETHER_EINVAL);
    }
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(f->registry, "tnone", &snapshot, &f->error), TETHER_ENOTASK);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(planted_names_are_refused),
        WITH_STORE(planted_store_is_refused),
        WITH_STORE(planted_output_is_not_read),
        WITH_STORE(invalid_ids_are_refused_before_any_access),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
