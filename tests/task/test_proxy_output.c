/* The output of a proxy task: written by its owner, read and followed by any host. */
#include "task/proxy_support.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void what_its_owner_writes_is_its_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t size;
    tether_proxy *proxy = proxy_open(f->registry, id);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "one\n", 4, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDERR, "bad\0bytes\xff", 10, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, NULL, 0, &f->error), f->error);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDOUT, "two\n", 4, &f->error), f->error);
    assert_int_equal(tether_proxy_write(proxy, (tether_stream)7, "x", 1, &f->error), TETHER_EINVAL);
    char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(out, "one\ntwo\n");
    free(out);
    char *err = test_output(f->registry, id, TETHER_STDERR, &size);
    assert_int_equal(size, 10);
    assert_memory_equal(err, "bad\0bytes\xff", 10);
    free(err);
    tether_snapshot *s = test_snapshot(f->registry, id);
    assert_non_null(strstr(s->output_preview, "two\n"));
    tether_snapshot_free(s);
    proxy_finish(proxy, 0, 0);
}

static void can_be_followed_while_it_writes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t thread;
    uint64_t seen = 0;
    proxy_writer w = {.proxy = proxy_open(f->registry, id), .lines = 1000};
    assert_int_equal(uv_thread_create(&thread, proxy_write_lines, &w), 0);
    while (seen < 8000) {
        uint64_t size;
        ASSERT_OK(tether_output_wait(f->registry, id, seen, 0, PATIENCE_MS, &f->error), f->error);
        ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &size, &f->error), f->error);
        assert_true(size >= seen);
        assert_int_equal(size % 8, 0);
        seen = size;
    }
    uv_thread_join(&thread);
    assert_int_equal(w.failed, 0);
    assert_int_equal(seen, 8000);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* posix/test_proxy_hosts.c removes more: on Windows, files that are open cannot be removed. */
static void reports_that_its_output_was_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy *proxy = proxy_open(f->registry, id);
    test_remove_file(test_bundle_path(f, id, "stdout"));
    assert_int_equal(tether_proxy_write(proxy, TETHER_STDOUT, "x", 1, &f->error), TETHER_EGONE);
    assert_int_equal(f->error.code, TETHER_EGONE);
    ASSERT_OK(tether_proxy_write(proxy, TETHER_STDERR, "x", 1, &f->error), f->error);
    proxy_finish(proxy, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_its_owner_writes_is_its_output),
        TEST(can_be_followed_while_it_writes),
        TEST(reports_that_its_output_was_removed),
    };
    return cmocka_run_group_tests_name("proxy_output", tests, NULL, NULL);
}
