/* Owns what the tests of proxy tasks share.
 * Must not: assert anything on an owner's thread.
 * Thread: the test's; proxy_write_lines on one of its own. */
#include "task/proxy_support.h"

tether_proxy *proxy_open_spec(tether_registry *registry, const tether_proxy_spec *spec,
                              char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_proxy *proxy;
    ASSERT_OK(tether_proxy_open(registry, spec, id, &proxy, &error), error);
    assert_non_null(proxy);
    return proxy;
}

tether_proxy *proxy_open(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    tether_proxy_spec spec = {.command = "some work"};
    return proxy_open_spec(registry, &spec, id);
}

void proxy_finish(tether_proxy *proxy, int code, int signal)
{
    tether_error error = {0};
    ASSERT_OK(tether_proxy_finish(proxy, code, signal, &error), error);
}

void proxy_write_lines(void *userdata)
{
    proxy_writer *w = userdata;
    for (int i = 0; i < w->lines; i++)
        w->failed += tether_proxy_write(w->proxy, TETHER_STDOUT, "0123456\n", 8, NULL) != TETHER_OK;
    w->failed += tether_proxy_finish(w->proxy, 0, 0, NULL) != TETHER_OK;
}

static void work_until_cancelled(void *userdata)
{
    proxy_owner *o = userdata;
    int64_t end = test_now_ms() + PATIENCE_MS;
    while (!tether_proxy_cancelled(o->proxy) && test_now_ms() < end)
        test_pause();
    bool cancelled = tether_proxy_cancelled(o->proxy);
    o->result = tether_proxy_finish(o->proxy, o->code, o->signal, NULL);
    if (!cancelled)
        o->result = 1;
}

void proxy_owner_start(proxy_owner *owner, tether_proxy *proxy, int code, int signal)
{
    *owner = (proxy_owner){.proxy = proxy, .code = code, .signal = signal, .result = -1};
    assert_int_equal(uv_thread_create(&owner->thread, work_until_cancelled, owner), 0);
}

void proxy_owner_join(proxy_owner *owner)
{
    uv_thread_join(&owner->thread);
    assert_int_equal(owner->result, TETHER_OK);
}
