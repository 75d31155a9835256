/* Large outputs and outputs of any bytes: exact on disk, bounded in memory, and previews that are
 * valid text. */
#include "output/posix/growth.h"
#include "support/flood.h"
#include "support/random.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* Enough to show memory that grows with the output. */
enum { DEFAULT_MB = 256 };

static void host_stays_small(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], bytes[27 * 10], amount[32];
    uint64_t total = growth_bulk_bytes(DEFAULT_MB);
    size_t got;
    snprintf(amount, sizeof amount, "%llu", (unsigned long long)total);
    growth memory = growth_begin();
    test_start_child(f->registry, id, "flood", amount, NULL);
    uint64_t seen = 0;
    tether_snapshot *snapshot;
    bool ended = false;
    while (!ended) {
        int code = tether_output_wait(f->registry, id, seen, 0, PATIENCE_MS, &f->error);
        ASSERT_OK(code, f->error);
        ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
        ended = tether_status_ended(snapshot->status);
        assert_true(strlen(snapshot->output_preview) <= 300);
        tether_snapshot_free(snapshot);
        ASSERT_OK(tether_output_size(f->registry, id, TETHER_STDOUT, &seen, &f->error), f->error);
        uint64_t from = seen > sizeof bytes ? seen - sizeof bytes : 0;
        ASSERT_OK(tether_output_read(f->registry, id, TETHER_STDOUT, from, bytes, sizeof bytes,
                                     &got, &f->error),
                  f->error);
        growth_measure(&memory);
    }
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(seen, total);
    growth_check(&memory);
    snapshot = test_wait(f->registry, id);
    assert_true(snapshot->output_truncated);
    assert_int_equal(strlen(snapshot->output_preview), 300);
    tether_snapshot_free(snapshot);
    ASSERT_OK(
        tether_output_read(f->registry, id, TETHER_STDOUT, total - 1, bytes, 1, &got, &f->error),
        f->error);
    assert_int_equal(got, 1);
    assert_int_equal(bytes[0], flood_byte(total - 1));
}

/* --- Watches --- */

typedef struct tally {
    uv_mutex_t mutex;
    uint64_t matches;
    uint64_t last; /* offset of the last match */
    bool ended;    /* the watch has ended, with this code */
    int code;
} tally;

static void count_matches(tether_registry *registry, const tether_event *event, void *userdata)
{
    tally *t = userdata;
    (void)registry;
    uv_mutex_lock(&t->mutex);
    if (event->kind == TETHER_EVENT_MATCH) {
        t->matches++;
        t->last = event->match->offset;
    } else if (event->kind == TETHER_EVENT_WATCH_END) {
        t->ended = true;
        t->code = event->error->code;
    }
    uv_mutex_unlock(&t->mutex);
}

static bool has_ended(tally *t)
{
    uv_mutex_lock(&t->mutex);
    bool ended = t->ended;
    uv_mutex_unlock(&t->mutex);
    return ended;
}

/* The output is one line. Only where its pattern starts again, every FLOOD_BLOCK bytes, an "a"
 * follows a "p". */
static void a_watch_finds_all_in_a_line_without_end(void **state)
{
    fixture *f = *state;
    tally t = {.ended = false};
    char id[TETHER_ID_SIZE], amount[32];
    uint64_t total = growth_bulk_bytes(DEFAULT_MB / 4);
    int number;
    tether_registry *registry;
    const tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .on_event = count_matches, .userdata = &t};
    assert_int_equal(uv_mutex_init(&t.mutex), 0);
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    snprintf(amount, sizeof amount, "%llu", (unsigned long long)total);
    growth memory = growth_begin();
    test_start_child(registry, id, "flood", amount, NULL);
    const tether_watch_spec spec = {.pattern = "pa", .fixed = true, .transient = true};
    ASSERT_OK(tether_watch_add(registry, id, &spec, &number, &f->error), f->error);
    while (!has_ended(&t)) {
        growth_measure(&memory);
        test_pause();
    }
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(t.code, TETHER_OK);
    assert_int_equal(t.matches, total / FLOOD_BLOCK - 1);
    assert_int_equal(t.last, total - FLOOD_BLOCK - 1);
    growth_check(&memory);
    test_detach(registry);
    uv_mutex_destroy(&t.mutex);
}

/* Such as the text of programs that care for no encoding. */
static void bytes_are_kept_and_previews_are_text(void **state)
{
    fixture *f = *state;
    enum { SIZE = 4096 };
    static const char ansi[] = "\x1b[31mred\x1b[0m\x1b]0;title\x07\x00\xc3\x28\xf0\x9f\x98\x80\xff";
    char input[SIZE], id[TETHER_ID_SIZE];
    size_t size;
    uint64_t random = 7;
    for (int i = 0; i < SIZE; i++)
        input[i] = (char)random_next(&random);
    for (int cut = 0; cut < 8; cut++) {
        memcpy(input + SIZE - sizeof ansi - (size_t)cut, ansi, sizeof ansi);
        const char *path = test_work_path(f, "input");
        test_write_file(path, input, SIZE);
        tether_spec spec = {.command = CHILD " cat", .stdin_path = path};
        test_start(f->registry, &spec, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        char *out = test_output(f->registry, id, TETHER_STDOUT, &size);
        assert_int_equal(size, SIZE);
        assert_memory_equal(out, input, SIZE);
        free(out);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        json_t *text = json_string(snapshot->output_preview); /* NULL where it is not UTF-8 */
        assert_non_null(text);
        json_decref(text);
        char *line = tether_snapshot_json(snapshot);
        json_t *json = json_loads(line, 0, NULL);
        assert_non_null(json);
        json_decref(json);
        tether_free(line);
        tether_snapshot_free(snapshot);
    }
}

/* The output has characters of three bytes, at all alignments. */
static void previews_do_not_split_characters(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    for (int lead = 0; lead < 3; lead++) {
        char command[128];
        snprintf(
            command, sizeof command,
            "printf '%.*s'; for i in 1 2 3 4; do printf '%%50s' '' | sed 's/ /\xe2\x82\xac/g'; "
            "done; echo",
            lead, "xx");
        test_run(f, command, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_true(snapshot->output_truncated);
        assert_null(strstr(snapshot->output_preview, "\xef\xbf\xbd"));
        assert_int_equal(snapshot->output_preview[0], '\xe2');
        tether_snapshot_free(snapshot);
    }
}

/* The command copies the task's output to its own. */
static void command_streams_every_byte(void **state)
{
    fixture *f = *state;
    const char *const run[] = {COMMAND, "--store", f->store, "run",     "--wait", "--", CHILD,
                               "flood", "3000000", "err",    "the end", "exit",   "9",  NULL};
    char *out, *err;
    assert_int_equal(test_command(run, &out, &err), 9);
    assert_int_equal(strlen(out), 3000000);
    for (size_t i = 0; i < 3000000; i++) {
        if (out[i] != flood_byte(i))
            fail_msg("byte %zu is wrong", i);
    }
    assert_string_equal(err, "the end\n");
    free(out);
    free(err);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(host_stays_small),
        WITH_REGISTRY(a_watch_finds_all_in_a_line_without_end),
        WITH_REGISTRY(bytes_are_kept_and_previews_are_text),
        WITH_REGISTRY(previews_do_not_split_characters),
        WITH_REGISTRY(command_streams_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
