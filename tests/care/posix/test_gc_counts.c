/* Collections while tasks move between the journal and the archives: each task counts once. */
#include "care/removable.h"

#include "engine/core.h"
#include "store/archive.h"

/* Called once, between the collection of the journal's tasks and that of the archived ones. */
static void (*meanwhile)(fixture *f);
static fixture *meanwhile_in;

int __real_tether__archive_visit(const tether__session *session,
                                 tether__archive_line_visitor *visit, void *context,
                                 tether_error *error);
int __wrap_tether__archive_visit(const tether__session *session,
                                 tether__archive_line_visitor *visit, void *context,
                                 tether_error *error);
int __wrap_tether__archive_visit(const tether__session *session,
                                 tether__archive_line_visitor *visit, void *context,
                                 tether_error *error)
{
    void (*act)(fixture * f) = meanwhile;
    meanwhile = NULL;
    if (act != NULL)
        act(meanwhile_in);
    return __real_tether__archive_visit(session, visit, context, error);
}

/* Collects, while `act` happens (NULL: nothing). */
static tether_gc_result collect(fixture *f, int64_t older_than_ms, void (*act)(fixture *f))
{
    tether_gc_result result = {.size = sizeof result};
    const tether_gc_options options = {.older_than_ms = older_than_ms, .session_only = true};
    meanwhile = act;
    meanwhile_in = f;
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    assert_null(meanwhile);
    return result;
}

static void expect(tether_gc_result got, size_t removed, size_t kept)
{
    assert_int_equal(got.removed, removed);
    assert_int_equal(got.kept, kept);
    assert_int_equal(got.leftovers, 0);
    assert_int_equal(got.quarantined, 0);
}

static char moving[TETHER_ID_SIZE], staying[TETHER_ID_SIZE];

/* A task that may be archived, and one whose completion is pending. */
static void begin(fixture *f)
{
    removable_create(f->registry, moving);
    test_start_child(f->registry, staying, "exit", "0", NULL);
    test_expect(f->registry, staying, TETHER_STATUS_COMPLETED, 0, NULL);
}

static void archive(fixture *f)
{
    WAIT_UNTIL(test_archive_task(f, moving));
    assert_true(test_has_record(f, staying));
}

static void bring_back(fixture *f)
{
    tether_registry *other = test_open(f);
    ASSERT_OK(tether_promote(other, moving, &f->error), f->error);
    test_detach(other);
}

static void a_task_that_is_archived_meanwhile_counts_once(void **state)
{
    fixture *f = *state;
    begin(f);
    expect(collect(f, 0, archive), 0, 2);
    expect(collect(f, 0, NULL), 0, 2);
    expect(collect(f, -1, NULL), 1, 1);
}

static void a_task_that_comes_back_meanwhile_counts_once(void **state)
{
    fixture *f = *state;
    begin(f);
    archive(f);
    expect(collect(f, 0, bring_back), 0, 2);
    expect(collect(f, 0, NULL), 0, 2);
    assert_int_equal(test_pending(f->registry, moving), 1);
}

/* The older record of a task that came back stays in its archive until a collection joins them. */
static void a_task_in_two_archives_counts_once(void **state)
{
    fixture *f = *state;
    begin(f);
    archive(f);
    bring_back(f);
    ASSERT_OK(tether_completion_ack(f->registry, moving, NULL, &f->error), f->error);
    archive(f);
    assert_true(test_exists(test_session_path(f, "journal/archive-1")));
    assert_true(test_exists(test_session_path(f, "journal/archive-3")) ||
                test_exists(test_session_path(f, "journal/archive-2")));
    expect(collect(f, 0, NULL), 0, 2);
    expect(collect(f, -1, NULL), 1, 1);
}

static tether__lock held;

static void hold_lock(fixture *f)
{
    ASSERT_OK(tether__session_lock(&f->registry->session, &held, &f->error), f->error);
    f->registry->session.lock_timeout_ms = 20;
}

/* The failure of an archived task says why, as that of any other does. */
static void a_busy_lock_is_named(void **state)
{
    fixture *f = *state;
    const tether_gc_options options = {.older_than_ms = -1, .session_only = true};
    int64_t patience_ms = f->registry->session.lock_timeout_ms;
    begin(f);
    archive(f);
    meanwhile = hold_lock;
    meanwhile_in = f;
    int code = tether_gc(f->registry, &options, NULL, &f->error);
    tether__os_lock_release(&held);
    f->registry->session.lock_timeout_ms = patience_ms;
    assert_int_equal(code, TETHER_ELOCKED);
    assert_int_equal(f->error.code, TETHER_ELOCKED);
    assert_string_not_equal(f->error.message, "");
    expect(collect(f, -1, NULL), 1, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_that_is_archived_meanwhile_counts_once),
        TEST(a_task_that_comes_back_meanwhile_counts_once),
        TEST(a_task_in_two_archives_counts_once),
        TEST(a_busy_lock_is_named),
    };
    return cmocka_run_group_tests_name("gc_counts", tests, NULL, NULL);
}
