/* Lifelines within one process. */
#include "os/place.h"

#include <stdatomic.h>
#include <string.h>
#include <uv.h>

#include "os/lifeline.h"

/* Each test runs with both. */
typedef int creation(tether__dir *exits, const char *task_id, tether__lifeline *lifeline,
                     tether_error *error);
static creation *const creations[] = {tether__os_lifeline_create, tether__os_lifeline_create_lean};
static creation *create;

static bool is_held(place *p, const char *id)
{
    bool held;
    ASSERT_OK(tether__os_lifeline_held(p->dir, id, &held, &p->error), p->error);
    return held;
}

static void is_held_until_it_is_closed(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    assert_false(is_held(p, "t1"));
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_true(is_held(p, "t1"));
    assert_true(is_held(p, "t1"));
    assert_false(is_held(p, "t2"));
    tether__os_lifeline_close(&lifeline);
    assert_int_equal(lifeline.handle, -1);
    assert_false(is_held(p, "t1"));
    tether__os_lifeline_close(&lifeline);
    /* The reserved space does not show: an empty marker is empty. */
    assert_string_equal(place_read(p, "t1"), "");
}

static void accepts_lines_while_it_is_held(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    ASSERT_OK(tether__os_lifeline_append(&lifeline, "one\n", 4, &p->error), p->error);
    assert_true(is_held(p, "t1"));
    assert_string_equal(place_read(p, "t1"), "one\n");
    ASSERT_OK(tether__os_lifeline_append(&lifeline, "exit 3\n", 7, &p->error), p->error);
    tether__os_lifeline_close(&lifeline);
    assert_string_equal(place_read(p, "t1"), "one\nexit 3\n");
}

static void is_notified_without_being_changed(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    ASSERT_OK(tether__os_lifeline_append(&lifeline, "one\n", 4, &p->error), p->error);
    tether__os_lifeline_notify(p->dir, "t1");
    assert_true(is_held(p, "t1"));
    tether__os_lifeline_close(&lifeline);
    tether__os_lifeline_notify(p->dir, "t1");
    assert_false(is_held(p, "t1"));
    assert_string_equal(place_read(p, "t1"), "one\n");
    /* Notifying a missing lifeline does not create it. */
    tether__os_lifeline_notify(p->dir, "t2");
    assert_int_equal(place_count(p->dir), 1);
}

static void must_be_new(void **state)
{
    place *p = *state;
    tether__lifeline lifeline, other;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    assert_int_equal(create(p->dir, "t1", &other, &p->error), TETHER_ELOCKED);
    assert_int_equal(other.handle, -1);
    tether__os_lifeline_close(&lifeline);
    /* Also when nobody holds it: the marker in it is a result. */
    assert_int_equal(create(p->dir, "t1", &other, &p->error), TETHER_ELOCKED);
    assert_int_equal(place_count(p->dir), 1);
}

typedef struct prober {
    tether__dir *dir;
    atomic_int seen, failed;
} prober;

static void probe_often(void *userdata)
{
    prober *probe = userdata;
    for (int i = 0; i < 2000; i++) {
        bool held;
        if (tether__os_lifeline_held(probe->dir, "t1", &held, NULL) != TETHER_OK)
            atomic_fetch_add(&probe->failed, 1);
        else if (held)
            atomic_fetch_add(&probe->seen, 1);
    }
}

static void hides_probes_from_each_other(void **state)
{
    place *p = *state;
    tether__lifeline lifeline;
    ASSERT_OK(create(p->dir, "t1", &lifeline, &p->error), p->error);
    tether__os_lifeline_close(&lifeline);
    prober probe = {.dir = p->dir};
    uv_thread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(uv_thread_create(&threads[i], probe_often, &probe), 0);
    for (int i = 0; i < 3; i++)
        uv_thread_join(&threads[i]);
    assert_int_equal(atomic_load(&probe.failed), 0);
    assert_int_equal(atomic_load(&probe.seen), 0);
}

static void reports_that_the_directory_is_gone(void **state)
{
    place *p = *state;
    tether__dir *sub;
    tether__lifeline lifeline;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    assert_int_equal(create(sub, "t1", &lifeline, &p->error), TETHER_EGONE);
    assert_int_equal(lifeline.handle, -1);
    tether__os_dir_close(sub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_held_until_it_is_closed),        TEST(accepts_lines_while_it_is_held),
        TEST(is_notified_without_being_changed), TEST(must_be_new),
        TEST(hides_probes_from_each_other),      TEST(reports_that_the_directory_is_gone),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof creations / sizeof creations[0]; i++) {
        create = creations[i];
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
