/* The seam os/watch.h on POSIX: the death of a supervisor closes its lifeline, which is an event of
 * the directory. */
#include "os/place.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "os/lifeline.h"
#include "os/watch.h"

typedef struct seen {
    uv_loop_t loop;
    int changed;
    char name[64];
} seen;

static void on_event(tether__watch_event event, int tag, const char *name, void *userdata)
{
    seen *s = userdata;
    (void)tag;
    assert_int_equal(event, TETHER__WATCH_CHANGED);
    s->changed++;
    snprintf(s->name, sizeof s->name, "%s", name);
}

static void on_closed(void *userdata)
{
    (void)userdata;
}

static int changes(seen *s)
{
    uv_run(&s->loop, UV_RUN_NOWAIT);
    return s->changed;
}

static void reports_the_last_close(void **state)
{
    place *p = *state;
    seen s = {.changed = 0};
    int tag;
    tether__lifeline lifeline;
    tether__watch *watch;
    bool held;
    assert_int_equal(uv_loop_init(&s.loop), 0);
    ASSERT_OK(tether__os_lifeline_create(p->dir, "t1", &lifeline, &p->error), p->error);
    ASSERT_OK(tether__os_watch_open(&s.loop, on_event, &s, &watch, &p->error), p->error);
    ASSERT_OK(tether__os_watch_add(watch, p->dir, &tag, &p->error), p->error);
    /* Probing raises no event. */
    for (int i = 0; i < 10; i++)
        ASSERT_OK(tether__os_lifeline_held(p->dir, "t1", &held, &p->error), p->error);
    assert_int_equal(changes(&s), 0);
    tether__os_lifeline_close(&lifeline);
    WAIT_UNTIL(changes(&s) > 0);
    assert_string_equal(s.name, "t1");
    tether__os_watch_close(watch, on_closed);
    assert_int_equal(uv_run(&s.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&s.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports_the_last_close, place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
