/* The seam os/watch.h: writes to a watched directory raise events, and those to other directories
 * raise none. */
#include "os/place.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "os/lifeline.h"
#include "os/watch.h"

typedef struct seen {
    uv_loop_t loop;
    tether__watch *watch;
    int changed;
    int tag;
    char name[64];
    bool closed;
} seen;

static void on_event(tether__watch_event event, int tag, const char *name, void *userdata)
{
    seen *s = userdata;
    assert_int_equal(event, TETHER__WATCH_CHANGED);
    s->changed++;
    s->tag = tag;
    snprintf(s->name, sizeof s->name, "%s", name);
}

static void on_closed(void *userdata)
{
    ((seen *)userdata)->closed = true;
}

static int changes(seen *s)
{
    uv_run(&s->loop, UV_RUN_NOWAIT);
    return s->changed;
}

static void start(place *p, seen *s)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    ASSERT_OK(tether__os_watch_open(&s->loop, on_event, s, &s->watch, &p->error), p->error);
}

static void stop(seen *s)
{
    tether__os_watch_close(s->watch, on_closed);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_true(s->closed);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static void reports_writes(void **state)
{
    place *p = *state;
    seen s;
    int tag, again;
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &tag, &p->error), p->error);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &again, &p->error), p->error);
    assert_int_equal(tag, again);
    assert_int_equal(changes(&s), 0);
    place_write(p, "file", "x");
    WAIT_UNTIL(changes(&s) > 0);
    assert_int_equal(s.tag, tag);
    assert_string_equal(s.name, "file");
    stop(&s);
}

static void reports_lines_and_notifications(void **state)
{
    place *p = *state;
    seen s;
    int tag;
    tether__lifeline lifeline;
    ASSERT_OK(tether__os_lifeline_create(p->dir, "t1", &lifeline, &p->error), p->error);
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &tag, &p->error), p->error);
    tether__os_lifeline_notify(p->dir, "t1");
    WAIT_UNTIL(changes(&s) > 0);
    assert_string_equal(s.name, "t1");
    int before = s.changed;
    ASSERT_OK(tether__os_lifeline_append(&lifeline, "one\n", 4, &p->error), p->error);
    WAIT_UNTIL(changes(&s) > before);
    assert_string_equal(s.name, "t1");
    tether__os_lifeline_close(&lifeline);
    stop(&s);
}

/* The journal. */
static void reports_lines_of_a_file_with_a_suffix(void **state)
{
    place *p = *state;
    seen s;
    int tag;
    tether__file_stamp stamp;
    place_write(p, "some.jsonl", "{}\n");
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &tag, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(p->dir, "some.jsonl", "{}\n", 3, false, &stamp, &p->error),
              p->error);
    WAIT_UNTIL(changes(&s) > 0);
    assert_int_equal(s.tag, tag);
    assert_string_equal(s.name, "some.jsonl");
    stop(&s);
}

static void distinguishes_two_directories(void **state)
{
    place *p = *state;
    seen s;
    int first, second;
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &first, &p->error), p->error);
    ASSERT_OK(tether__os_watch_add(s.watch, sub, &second, &p->error), p->error);
    assert_int_not_equal(first, second);
    ASSERT_OK(tether__os_file_create(sub, "inner", "x", 1, &p->error), p->error);
    WAIT_UNTIL(changes(&s) > 0);
    assert_int_equal(s.tag, second);
    stop(&s);
    tether__os_dir_close(sub);
}

/* An event of a second directory proves that one of the first would have arrived by now. */
static void reports_nothing_for_a_directory_that_is_not_watched(void **state)
{
    place *p = *state;
    seen s;
    int first, second;
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, sub, &second, &p->error), p->error);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &first, &p->error), p->error);
    place_write(p, "before", "x");
    WAIT_UNTIL(changes(&s) > 0);
    stop(&s);

    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, sub, &second, &p->error), p->error);
    place_write(p, "unwatched", "x");
    ASSERT_OK(tether__os_file_create(sub, "watched", "x", 1, &p->error), p->error);
    WAIT_UNTIL(changes(&s) > 0);
    assert_string_equal(s.name, "watched");
    assert_int_equal(s.tag, second);
    stop(&s);
    tether__os_dir_close(sub);
}

/* Where the system cannot tell, a watch is never quiet. */
static void is_quiet_only_when_all_was_delivered(void **state)
{
    place *p = *state;
    seen s;
    int tag;
    start(p, &s);
    ASSERT_OK(tether__os_watch_add(s.watch, p->dir, &tag, &p->error), p->error);
    bool can_tell = tether__os_watch_is_quiet(s.watch);
    place_write(p, "file", "x");
    assert_false(tether__os_watch_is_quiet(s.watch));
    WAIT_UNTIL(changes(&s) > 0);
    WAIT_UNTIL((changes(&s), tether__os_watch_is_quiet(s.watch) == can_tell));
    stop(&s);
}

static void can_be_probed(void **state)
{
    place *p = *state;
    ASSERT_OK(tether__os_watch_probe(&p->error), p->error);
}

static void describes_itself(void **state)
{
    (void)state;
    char text[256] = "";
    tether__os_watch_describe(text, sizeof text);
    assert_true(strlen(text) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_writes),
        TEST(reports_lines_and_notifications),
        TEST(reports_lines_of_a_file_with_a_suffix),
        TEST(distinguishes_two_directories),
        TEST(reports_nothing_for_a_directory_that_is_not_watched),
        TEST(is_quiet_only_when_all_was_delivered),
        TEST(can_be_probed),
        TEST(describes_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
