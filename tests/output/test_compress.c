/* The host's compressor: previews of ended tasks, and nothing else. */
#include "support/support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* What the compressor was asked; it may be called on any thread. */
typedef struct press {
    uv_mutex_t mutex;
    int calls;
    char command[128];
    size_t size;      /* of the last text */
    const char *says; /* what it returns; NULL: leave the text as it is */
} press;

static size_t compress(const char *command, const char *text, size_t size, char *shorter,
                       size_t room, void *userdata)
{
    press *p = userdata;
    size_t used = room + 1;
    uv_mutex_lock(&p->mutex);
    p->calls++;
    strncpy(p->command, command, sizeof p->command - 1);
    p->size = size == strlen(text) ? size : 0;
    if (p->says != NULL && strlen(p->says) <= room) {
        used = strlen(p->says);
        memcpy(shorter, p->says, used);
    }
    uv_mutex_unlock(&p->mutex);
    return used;
}

static tether_registry *open_with(fixture *f, press *p)
{
    tether_registry *registry;
    const tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .compress = compress, .userdata = p};
    assert_int_equal(uv_mutex_init(&p->mutex), 0);
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

static void close_with(tether_registry *registry, press *p)
{
    test_detach(registry);
    uv_mutex_destroy(&p->mutex);
}

static tether_snapshot *look(fixture *f, tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
    return snapshot;
}

static void ended_previews_are_made_shorter(void **state)
{
    fixture *f = *state;
    press p = {.says = "3 tests passed"};
    char id[TETHER_ID_SIZE];
    size_t size;
    tether_registry *registry = open_with(f, &p);
    test_start_child(registry, id, "out", "test a ok, test b ok, test c ok", "exit", "0", NULL);
    tether_snapshot *snapshot = test_wait(registry, id);
    assert_string_equal(snapshot->output_preview, "3 tests passed");
    assert_true(snapshot->compressed);
    assert_false(snapshot->output_truncated);
    char *line = tether_snapshot_json(snapshot);
    json_t *json = json_loads(line, 0, NULL);
    assert_true(json_is_true(json_object_get(json, "compressed")));
    json_decref(json);
    tether_free(line);
    tether_snapshot_free(snapshot);
    assert_int_equal(p.size, strlen("test a ok, test b ok, test c ok\n"));
    assert_non_null(strstr(p.command, "test b ok"));
    /* The files are untouched, and so is what others see. */
    char *text = test_output(registry, id, TETHER_STDOUT, &size);
    assert_string_equal(text, "test a ok, test b ok, test c ok\n");
    free(text);
    snapshot = look(f, f->registry, id);
    assert_string_equal(snapshot->output_preview, "test a ok, test b ok, test c ok\n");
    assert_false(snapshot->compressed);
    tether_snapshot_free(snapshot);
    close_with(registry, &p);
}

static void lists_and_completions_have_it_too(void **state)
{
    fixture *f = *state;
    press p = {.says = "x"};
    char id[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_registry *registry = open_with(f, &p);
    test_start_child(registry, id, "out", "long text", "exit", "0", NULL);
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->output_preview, "x");
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_completions_drain(registry, NULL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->output_preview, "x");
    assert_true(list->items[0]->compressed);
    tether_snapshot_list_free(list);
    close_with(registry, &p);
}

static void some_tasks_are_left_alone(void **state)
{
    fixture *f = *state;
    press p = {.says = "x"};
    char running[TETHER_ID_SIZE], exempt[TETHER_ID_SIZE];
    tether_registry *registry = open_with(f, &p);
    test_start_child(registry, running, "out", "begun", "forever", NULL);
    test_wait_output(registry, running, TETHER_STDOUT, 6);
    tether_snapshot *snapshot = look(f, registry, running);
    assert_string_equal(snapshot->output_preview, "begun\n");
    tether_snapshot_free(snapshot);
    const char *const argv[] = {CHILD, "out", "plain", "exit", "0", NULL};
    const tether_spec spec = {.argv = argv, .no_compress = true};
    test_start(registry, &spec, exempt);
    snapshot = test_wait(registry, exempt);
    assert_string_equal(snapshot->output_preview, "plain\n");
    assert_false(snapshot->compressed);
    tether_snapshot_free(snapshot);
    assert_int_equal(p.calls, 0);
    ASSERT_OK(tether_kill(registry, running, NULL, &f->error), f->error);
    close_with(registry, &p);
}

static void a_compressor_may_decline(void **state)
{
    fixture *f = *state;
    press p = {.says = NULL};
    char id[TETHER_ID_SIZE];
    tether_registry *registry = open_with(f, &p);
    test_start_child(registry, id, "out", "as it is", "exit", "0", NULL);
    tether_snapshot *snapshot = test_wait(registry, id);
    assert_string_equal(snapshot->output_preview, "as it is\n");
    assert_false(snapshot->compressed);
    assert_true(p.calls > 0);
    tether_snapshot_free(snapshot);
    close_with(registry, &p);
}

/* Much goes in, and what comes out is cut like any preview: 300 bytes, at a character. */
static void long_texts_stay_previews(void **state)
{
    fixture *f = *state;
    static char says[1000];
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i + 2 < sizeof says; i += 2)
        memcpy(says + i, "\xc3\xa4", 2);
    says[sizeof says - 2] = '!';
    press p = {.says = says};
    tether_registry *registry = open_with(f, &p);
    test_start_child(registry, id, "flood", "200000", "exit", "0", NULL);
    tether_snapshot *snapshot = test_wait(registry, id);
    assert_true(snapshot->compressed);
    assert_true(snapshot->output_truncated);
    assert_int_equal(strlen(snapshot->output_preview), 299);
    assert_string_equal(snapshot->output_preview + 297, "\xa4!");
    assert_int_equal(p.size, 64 * 1024);
    tether_snapshot_free(snapshot);
    close_with(registry, &p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ended_previews_are_made_shorter), TEST(lists_and_completions_have_it_too),
        TEST(some_tasks_are_left_alone),       TEST(a_compressor_may_decline),
        TEST(long_texts_stay_previews),
    };
    return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
