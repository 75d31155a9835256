/* Owns starting tasks that are controlled.
 * Must not: assert how they end.
 * Thread: the test's. */
#include "monitor/controlled.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void controlled_start(tether_registry *registry, const tether_spec *spec, char id[TETHER_ID_SIZE],
                      ...)
{
    enum { MOST = 16 };
    const char *argv[MOST] = {CHILD};
    size_t count = 1;
    tether_spec whole = *spec;
    va_list verbs;
    va_start(verbs, id);
    while ((argv[count] = va_arg(verbs, const char *)) != NULL)
        assert_true(++count < MOST);
    va_end(verbs);
    whole.argv = argv;
    whole.supervisor = TETHER_SUPERVISOR_MONITOR;
    test_start(registry, &whole, id);
}

long controlled_monitor(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    assert_string_equal(snapshot->supervisor, "monitor");
    long pid = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    return pid;
}

bool controlled_lifeline_has(const fixture *f, const char *id, const char *text)
{
    char *whole = test_read_file(test_exit_path(f, id), NULL);
    bool has = whole != NULL && strstr(whole, text) != NULL;
    free(whole);
    return has;
}

void controlled_extend(fixture *f, const char *id, int64_t timeout_ms)
{
    ASSERT_OK(tether_extend(f->registry, id, timeout_ms, &f->error), f->error);
}

void controlled_refuses(fixture *f, const char *id, int code, const char *text)
{
    enum { HOUR_MS = 3600 * 1000 };
    assert_int_equal(tether_extend(f->registry, id, HOUR_MS, &f->error), code);
    if (strstr(f->error.message, text) == NULL)
        fail_msg("not in the message: %s: %s", text, f->error.message);
    f->error = (tether_error){0};
}

bool controlled_runs(const fixture *f, const char *id)
{
    return test_status(f->registry, id) == TETHER_STATUS_RUNNING;
}

void controlled_wait_past_soon(void)
{
    int64_t until = test_now_ms() + CONTROLLED_SOON_MS + 300;
    while (test_now_ms() < until)
        test_pause();
}

void controlled_end(fixture *f, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
}
