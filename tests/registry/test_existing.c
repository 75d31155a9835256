/* An opening that creates nothing: for programs that only look. */
#include "support/support.h"

#include <string.h>

static int open_existing(const char *store, const char *session, tether_registry **registry,
                         tether_error *error)
{
    const tether_open_options options = {.size = sizeof options,
                                         .store = store,
                                         .session = session,
                                         .reaper = test_reaper_mode(),
                                         .no_gc = 1,
                                         .existing = 1};
    return tether_open(&options, registry, error);
}

static void expect_missing(fixture *f, const char *store, const char *session)
{
    tether_registry *registry;
    assert_int_equal(open_existing(store, session, &registry, &f->error), TETHER_EGONE);
    assert_null(registry);
    assert_non_null(strstr(f->error.message, session));
    f->error = (tether_error){0};
}

static void a_store_that_is_not_there_stays_away(void **state)
{
    fixture *f = *state;
    const char *store = test_work_path(f, "nowhere");
    expect_missing(f, store, "default");
    assert_false(test_exists(store));
    /* An empty directory is none, though tether_open would make it one. */
    tether_registry *registry;
    assert_int_equal(open_existing(f->store, NULL, &registry, &f->error), TETHER_EFORMAT);
    assert_null(registry);
    f->error = (tether_error){0};
    assert_int_equal(test_count_names(f->store), 0);
}

static void a_session_that_is_not_there_stays_away(void **state)
{
    fixture *f = *state;
    tether_snapshot_list *list;
    tether_registry *registry;
    char id[TETHER_ID_SIZE];
    f->registry = test_open(f);
    int names = test_count_names(f->store);
    expect_missing(f, f->store, "other");
    assert_int_equal(test_count_names(f->store), names);
    /* The session that is there can be used in any way. */
    ASSERT_OK(open_existing(f->store, "default", &registry, &f->error), f->error);
    test_start_child(registry, id, "exit", "3", NULL);
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
}

static void a_new_store_excludes_an_existing_one(void **state)
{
    fixture *f = *state;
    tether_registry *registry;
    const tether_open_options options = {.size = sizeof options, .ephemeral = 1, .existing = 1};
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EINVAL);
    assert_null(registry);
    f->error = (tether_error){0};
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_is_not_there_stays_away),
        TEST(a_session_that_is_not_there_stays_away),
        TEST(a_new_store_excludes_an_existing_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
