/* Tasks of other sessions: they are found and listed by project, and never older than the disk. */
#include "support/exit_line.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

static const tether_error untouched = {.code = 4711, .step = "untouched"};

#define ASSERT_UNTOUCHED(error) assert_memory_equal(&(error), &untouched, sizeof untouched)

/* Returns another path of a directory: through a link or, in Wine, which cannot create one, with a
 * "." in it. */
static const char *other_path(fixture *f, const char *target)
{
    uv_fs_t request;
    const char *link = test_work_path(f, "link");
    int result = uv_fs_symlink(NULL, &request, target, link, UV_FS_SYMLINK_JUNCTION, NULL);
    uv_fs_req_cleanup(&request);
    if (result != 0 && test_in_wine())
        return test_work_path(f, "./%s", target + strlen(f->work) + 1);
    assert_int_equal(result, 0);
    return link;
}

static void remove_directory(const char *path)
{
    uv_fs_t request;
    assert_int_equal(uv_fs_rmdir(NULL, &request, path, NULL), 0);
    uv_fs_req_cleanup(&request);
}

static void start_in(tether_registry *registry, const char *project, const char *const *argv,
                     char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.argv = argv, .project_root = project};
    test_start(registry, &spec, id);
}

static const char *const forever[] = {CHILD, "forever", NULL};
static const char *const at_once[] = {CHILD, "exit", "4", NULL};

static int find(tether_registry *registry, const char *id, const char *project,
                tether_snapshot **snapshot)
{
    tether_error error = untouched;
    int code = tether_find(registry, id, project, snapshot, &error);
    if (code == TETHER_OK) {
        ASSERT_UNTOUCHED(error);
        assert_string_equal((*snapshot)->task_id, id);
    } else {
        assert_int_equal(error.code, code);
        assert_null(*snapshot);
    }
    return code;
}

static void expect_found(tether_registry *registry, const char *id, const char *project,
                         const char *session, tether_status status)
{
    tether_snapshot *snapshot;
    assert_int_equal(find(registry, id, project, &snapshot), TETHER_OK);
    assert_string_equal(snapshot->session_id, session);
    assert_string_equal(tether_status_text(snapshot->status), tether_status_text(status));
    tether_snapshot_free(snapshot);
}

static void finds_tasks_of_the_project_in_other_sessions(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], bare[TETHER_ID_SIZE], own[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    const char *project = test_work_path(f, "project");
    const char *elsewhere = test_work_path(f, "elsewhere");
    test_make_directory(project);
    test_make_directory(elsewhere);
    const char *link = other_path(f, project);
    tether_registry *other = test_open_session(f, "other");
    const char *const argv[] = {CHILD, "await", test_work_path(f, "go"), "exit", "4", NULL};
    start_in(other, link, argv, id);
    start_in(other, NULL, at_once, bare);
    start_in(f->registry, NULL, at_once, own);
    test_expect(other, bare, TETHER_STATUS_FAILED, 4, NULL);
    test_expect(f->registry, own, TETHER_STATUS_FAILED, 4, NULL);

    assert_int_equal(find(f->registry, id, NULL, &snapshot), TETHER_ENOTASK);
    assert_int_equal(find(f->registry, id, elsewhere, &snapshot), TETHER_ENOTASK);
    assert_int_equal(find(f->registry, bare, project, &snapshot), TETHER_ENOTASK);
    assert_int_equal(find(f->registry, "nobody", project, &snapshot), TETHER_ENOTASK);
    assert_int_equal(find(f->registry, "../x", project, &snapshot), TETHER_EINVAL);
    assert_int_equal(find(f->registry, id, test_work_path(f, "none"), &snapshot), TETHER_ENOTASK);
    assert_int_equal(find(f->registry, id, CHILD, &snapshot), TETHER_EWORKDIR);
    assert_int_equal(find(f->registry, id, "", &snapshot), TETHER_EWORKDIR);
    /* In the own session the project does not matter. */
    expect_found(f->registry, own, project, "default", TETHER_STATUS_FAILED);
    expect_found(f->registry, own, NULL, "default", TETHER_STATUS_FAILED);

    test_wait_output(other, id, TETHER_STDOUT, 0);
    expect_found(f->registry, id, project, "other", TETHER_STATUS_RUNNING);
    expect_found(f->registry, id, link, "other", TETHER_STATUS_RUNNING);
    expect_found(f->registry, id,
                 test_work_path(f, "elsewhere/../%s/.", link + strlen(f->work) + 1), "other",
                 TETHER_STATUS_RUNNING);
    /* The result is as new as the disk, with or without a host of that session. */
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(other, id, TETHER_STATUS_FAILED, 4, NULL);
    expect_found(f->registry, id, project, "other", TETHER_STATUS_FAILED);
    test_detach(other);
    expect_found(f->registry, id, project, "other", TETHER_STATUS_FAILED);
}

/* Such as a worktree that was removed. */
static void finds_tasks_of_a_project_that_is_gone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *parent = test_work_path(f, "parent");
    const char *project = test_work_path(f, "parent/project");
    test_make_directory(parent);
    test_make_directory(project);
    char link[1100];
    snprintf(link, sizeof link, "%s/project", other_path(f, parent));
    tether_registry *other = test_open_session(f, "other");
    start_in(other, project, at_once, id);
    test_expect(other, id, TETHER_STATUS_FAILED, 4, NULL);
    const char *const paths[] = {project, test_work_path(f, "parent/./none/../project//"), link};
    /* The second round removes the parent too, so that the link dangles. */
    for (int round = 0; round < 2; round++) {
        remove_directory(round == 0 ? project : parent);
        for (int i = 0; i < 3 - round; i++) {
            const tether_list_options options = {.scope = TETHER_LIST_ALL,
                                                 .project_root = paths[i]};
            tether_snapshot_list *list;
            expect_found(f->registry, id, paths[i], "other", TETHER_STATUS_FAILED);
            ASSERT_OK(tether_list_in(f->registry, &options, &list, &f->error), f->error);
            assert_int_equal(list->count, 1);
            assert_string_equal(list->items[0]->task_id, id);
            tether_snapshot_list_free(list);
        }
    }
    test_detach(other);
}

static void damaged_sessions_do_not_hide_tasks_of_others(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    const char *project = test_work_path(f, "project");
    test_make_directory(project);
    test_make_directory(test_path(f, "0000000000000000"));
    test_make_directory(test_path(f, "ffffffffffffffff"));
    test_write_file(test_path(f, "1111111111111111"), "x", 1);
    test_write_file(test_path(f, "ffffffffffffffff/session.json"), "{", 1);
    tether_registry *other = test_open_session(f, "other");
    start_in(other, project, at_once, id);
    test_expect(other, id, TETHER_STATUS_FAILED, 4, NULL);
    expect_found(f->registry, id, project, "other", TETHER_STATUS_FAILED);
    assert_int_equal(find(f->registry, "nobody", project, &snapshot), TETHER_ENOTASK);
    const tether_list_options everything = {.all_sessions = true, .scope = TETHER_LIST_ALL};
    tether_snapshot_list *list;
    ASSERT_OK(tether_list_in(f->registry, &everything, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    tether_snapshot_list_free(list);
    test_detach(other);
}

/* A new store and a new session lack the files that an open reads first. */
static void opening_anything_new_leaves_the_error_untouched(void **state)
{
    fixture *f = *state;
    static const char *const sessions[] = {"first", "second", "first"};
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        tether_registry *registry;
        tether_error error = untouched;
        tether_open_options options = {
            .store = f->store, .session = sessions[i], .reaper = test_reaper_mode(), .no_gc = 1};
        ASSERT_OK(tether_open(&options, &registry, &error), error);
        ASSERT_UNTOUCHED(error);
        ASSERT_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
        ASSERT_UNTOUCHED(error);
    }
}

/* --- Lists --- */

static tether_snapshot_list *list_in(tether_registry *registry, const tether_list_options *options)
{
    tether_error error = untouched;
    tether_snapshot_list *list;
    ASSERT_OK(tether_list_in(registry, options, &list, &error), error);
    ASSERT_UNTOUCHED(error);
    for (size_t i = 1; i < list->count; i++)
        assert_true(list->items[i - 1]->started_at >= list->items[i]->started_at);
    return list;
}

/* Checks that a list has exactly these tasks in this order; ids ends with NULL. */
static void expect_list(tether_registry *registry, const tether_list_options *options,
                        const char *const *ids)
{
    tether_snapshot_list *list = list_in(registry, options);
    size_t count = 0;
    while (ids[count] != NULL)
        count++;
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list->items[i]->task_id, ids[i]);
    tether_snapshot_list_free(list);
}

#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void lists_by_scope_session_and_project(void **state)
{
    fixture *f = *state;
    char ids[5][TETHER_ID_SIZE];
    const char *project = test_work_path(f, "project");
    test_make_directory(project);
    const char *link = other_path(f, project);
    tether_registry *other = test_open_session(f, "other");
    start_in(f->registry, project, at_once, ids[0]);
    test_expect(f->registry, ids[0], TETHER_STATUS_FAILED, 4, NULL);
    test_nap_us(3000);
    start_in(other, link, forever, ids[1]);
    test_nap_us(3000);
    start_in(f->registry, NULL, forever, ids[2]);
    test_nap_us(3000);
    start_in(other, NULL, at_once, ids[3]);
    test_expect(other, ids[3], TETHER_STATUS_FAILED, 4, NULL);
    test_nap_us(3000);
    start_in(f->registry, link, forever, ids[4]);

    expect_list(f->registry, NULL, IDS(ids[4], ids[2]));
    tether_list_options options = {.scope = TETHER_LIST_ALL};
    expect_list(f->registry, &options, IDS(ids[4], ids[2], ids[0]));
    options.all_sessions = true;
    expect_list(f->registry, &options, IDS(ids[4], ids[3], ids[2], ids[1], ids[0]));
    expect_list(other, &options, IDS(ids[4], ids[3], ids[2], ids[1], ids[0]));
    options.project_root = project;
    expect_list(other, &options, IDS(ids[4], ids[1], ids[0]));
    options.project_root = link;
    options.all_sessions = false;
    expect_list(other, &options, IDS(ids[4], ids[1], ids[0]));
    options.scope = TETHER_LIST_RUNNING;
    expect_list(other, &options, IDS(ids[4], ids[1]));
    options.project_root = NULL;
    options.all_sessions = true;
    expect_list(f->registry, &options, IDS(ids[4], ids[2], ids[1]));
    options.project_root = test_work_path(f, "none");
    expect_list(f->registry, &options, IDS(NULL));
    options.project_root = CHILD;
    tether_snapshot_list *list = (tether_snapshot_list *)1;
    assert_int_equal(tether_list_in(f->registry, &options, &list, &f->error), TETHER_EWORKDIR);
    assert_null(list);
    /* No version had a struct that ends before the last fields. */
    options = (tether_list_options){.size = offsetof(tether_list_options, project_root),
                                    .scope = TETHER_LIST_ALL,
                                    .project_root = "/no/such/place",
                                    .all_sessions = true};
    assert_int_equal(tether_list_in(f->registry, &options, &list, &f->error), TETHER_EINVAL);
    assert_null(list);
    ASSERT_OK(tether_close(other, TETHER_SHUTDOWN, &f->error), f->error);
}

/* Also where many tasks start in one millisecond. */
static void the_order_of_a_list_is_stable(void **state)
{
    enum { TASKS = 25 };
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    for (int i = 0; i < TASKS; i++)
        test_start_child(f->registry, id, "exit", "0", NULL);
    const tether_list_options options = {.scope = TETHER_LIST_ALL};
    tether_snapshot_list *first = list_in(f->registry, &options);
    assert_int_equal(first->count, TASKS);
    tether_registry *other = test_open(f);
    for (int round = 0; round < 5; round++) {
        tether_snapshot_list *again = list_in(round % 2 == 0 ? other : f->registry, &options);
        assert_int_equal(again->count, TASKS);
        for (int i = 0; i < TASKS; i++)
            assert_string_equal(again->items[i]->task_id, first->items[i]->task_id);
        tether_snapshot_list_free(again);
    }
    tether_snapshot_list_free(first);
    test_detach(other);
}

/* --- Never older than the disk --- */

/* As soon as the exit line is written, and before an event is delivered. */
static void status_and_list_read_the_marker_themselves(void **state)
{
    fixture *f = *state;
    tether_registry *other = test_open(f);
    for (int round = 0; round < 20; round++) {
        char id[TETHER_ID_SIZE];
        tether_snapshot *snapshot;
        test_start_child(f->registry, id, "exit", "6", NULL);
        exit_line_wait(f, id);
        ASSERT_OK(tether_status_get(other, id, &snapshot, &f->error), f->error);
        assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
        assert_int_equal(snapshot->exit_code, 6);
        tether_snapshot_free(snapshot);
        tether_snapshot_list *list = list_in(f->registry, NULL);
        assert_int_equal(list->count, 0);
        tether_snapshot_list_free(list);
    }
    test_detach(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

/* For a test that opens its own registry. */
#define TEST_OWN_REGISTRY(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_tasks_of_the_project_in_other_sessions),
        TEST(finds_tasks_of_a_project_that_is_gone),
        TEST(damaged_sessions_do_not_hide_tasks_of_others),
        TEST_OWN_REGISTRY(opening_anything_new_leaves_the_error_untouched),
        TEST(lists_by_scope_session_and_project),
        TEST(the_order_of_a_list_is_stable),
        TEST(status_and_list_read_the_marker_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
