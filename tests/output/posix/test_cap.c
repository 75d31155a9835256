/* The output limit of ended tasks: exact, and safe at every moment. Offsets keep their meaning. */
#include "output/posix/growth.h"
#include "store/bundle.h"
#include "store/output_cap.h"
#include "store/session.h"
#include "support/flood.h"
#include "support/random.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "support/posix/small_disk.h"

/* Starts a task that floods standard output and then writes "err\n" to standard error. With `gate`
 * it first waits for open_gate. */
static void start_flood(fixture *f, tether_registry *registry, const char *bytes, uint64_t limit,
                        bool gate, char id[TETHER_ID_SIZE])
{
    char go[1100];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    const char *const gated[] = {CHILD, "await", go, "flood", bytes, "err", "err", NULL};
    const char *const plain[] = {CHILD, "flood", bytes, "err", "err", NULL};
    tether_spec spec = {
        .argv = gate ? gated : plain, .output_limit = limit, .output = TETHER_OUTPUT_DIRECT};
    test_start(registry, &spec, id);
}

static void open_gate(fixture *f)
{
    test_write_file(test_work_path(f, "go"), "", 0);
}

static int64_t file_size(const fixture *f, const char *id, const char *name)
{
    struct stat st;
    return stat(test_bundle_path(f, id, name), &st) == 0 ? (int64_t)st.st_size : -1;
}

static uint64_t dropped_of(tether_registry *registry, const char *id, tether_stream stream)
{
    tether_error error = {0};
    uint64_t dropped;
    ASSERT_OK(tether_output_dropped(registry, id, stream, &dropped, &error), error);
    return dropped;
}

/* Whether nothing is left to do for an ended task: a compaction may remove its lifeline. */
static bool is_settled(fixture *f, const char *id)
{
    tether__store store;
    tether__session session;
    tether__record record;
    tether__record_init(&record);
    ASSERT_OK(tether__store_open(f->store, false, &store, &f->error), f->error);
    ASSERT_OK(tether__session_open(&store, "default", 1000, &session, &f->error), f->error);
    ASSERT_OK(tether__bundle_load(&session, id, &record, NULL, &f->error), f->error);
    bool settled =
        tether_status_ended(record.status) && tether__output_cap_is_applied(&session, &record);
    tether__record_dispose(&record);
    tether__session_close(&session);
    tether__store_close(&store);
    return settled;
}

/* Checks all that a reader sees of a flood of `total` bytes that was trimmed to `limit`. */
static void check_trimmed(fixture *f, tether_registry *registry, const char *id, uint64_t total,
                          uint64_t limit)
{
    uint64_t size;
    char buffer[256];
    size_t got;
    assert_int_equal(file_size(f, id, "stdout"), limit);
    ASSERT_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &f->error), f->error);
    assert_int_equal(size, total);
    assert_int_equal(dropped_of(registry, id, TETHER_STDOUT), total - limit);
    assert_int_equal(dropped_of(registry, id, TETHER_STDERR), 0);
    static const uint64_t places[] = {0, 1, 99};
    for (size_t i = 0; i < 3 && places[i] < limit; i++) {
        uint64_t offset = total - limit + places[i];
        ASSERT_OK(tether_output_read(registry, id, TETHER_STDOUT, offset, buffer, sizeof buffer,
                                     &got, &f->error),
                  f->error);
        assert_int_equal(got, total - offset < sizeof buffer ? total - offset : sizeof buffer);
        for (size_t k = 0; k < got; k++)
            assert_int_equal(buffer[k], flood_byte(offset + k));
    }
    assert_int_equal(tether_output_read(registry, id, TETHER_STDOUT, total - limit - 1, buffer, 1,
                                        &got, &f->error),
                     TETHER_EDROPPED);
    assert_int_equal(got, 0);
    assert_int_equal(tether_output_read(registry, id, TETHER_STDOUT, 0, buffer, 1, &got, &f->error),
                     TETHER_EDROPPED);
    assert_true(is_settled(f, id));
    assert_false(test_tree_has(f->store, ".tmp-"));
}

static void caps_are_exact(void **state)
{
    enum { CASES = 3 };
    fixture *f = *state;
    char ids[CASES][TETHER_ID_SIZE];
    static const struct {
        const char *bytes;
        uint64_t total, limit;
    } cases[CASES] = {{"1000000", 1000000, 100001}, {"70000", 70000, 69999}, {"5000", 5000, 4}};
    for (size_t i = 0; i < CASES; i++) {
        start_flood(f, f->registry, cases[i].bytes, cases[i].limit, false, ids[i]);
        test_expect(f->registry, ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
        check_trimmed(f, f->registry, ids[i], cases[i].total, cases[i].limit);
        assert_int_equal(file_size(f, ids[i], "stderr"), 4);
    }
    /* Another host sees the same. */
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    for (size_t i = 0; i < CASES; i++)
        check_trimmed(f, f->registry, ids[i], cases[i].total, cases[i].limit);
}

static void outputs_within_the_limit_are_kept(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const uint64_t limits[] = {5000, 5001, UINT64_MAX};
    for (int i = 0; i < 3; i++) {
        start_flood(f, f->registry, "5000", limits[i], false, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        assert_int_equal(file_size(f, id, "stdout"), 5000);
        assert_int_equal(dropped_of(f->registry, id, TETHER_STDOUT), 0);
        assert_true(is_settled(f, id));
        json_t *record = test_load_record(f, id);
        assert_false(json_is_integer(json_object_get(record, "stdout_total")));
        json_decref(record);
    }
}

static void both_outputs_are_trimmed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    size_t size;
    bool truncated;
    tether_spec spec = {.command = "printf 0123456789; printf abcdefghij >&2; exit 3",
                        .output_limit = 4,
                        .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->exit_code, 3);
    assert_int_equal(snapshot->output_limit, 4);
    assert_int_equal(snapshot->output_dropped, 6);
    assert_int_equal(snapshot->stderr_dropped, 6);
    assert_string_equal(snapshot->output_preview, "6789\nghij");
    assert_true(snapshot->output_truncated);
    char *line = tether_snapshot_json(snapshot);
    json_t *json = json_loads(line, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(json, "output_limit")), 4);
    assert_int_equal(json_integer_value(json_object_get(json, "output_dropped")), 6);
    assert_int_equal(json_integer_value(json_object_get(json, "stderr_dropped")), 6);
    json_decref(json);
    tether_free(line);
    tether_snapshot_free(snapshot);

    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 6, 0, &text, &size, &truncated,
                                 &f->error),
              f->error);
    assert_string_equal(text, "89ghij");
    assert_true(truncated);
    tether_free(text);
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_STDOUT, 0, 0, &text, &size,
                                 &truncated, &f->error),
              f->error);
    assert_string_equal(text, "6789");
    assert_true(truncated);
    tether_free(text);
    json_t *record = test_load_record(f, id);
    assert_int_equal(json_integer_value(json_object_get(record, "stdout_total")), 10);
    assert_int_equal(json_integer_value(json_object_get(record, "stderr_total")), 10);
    json_decref(record);
}

/* The file is trimmed at any byte, but previews and tails show only whole characters. */
static void a_split_character_is_not_shown(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    size_t size;
    tether_spec spec = {.command = "printf 'xx\xe2\x82\xac\xe2\x82\xac'",
                        .output_limit = 5,
                        .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(file_size(f, id, "stdout"), 5);
    assert_string_equal(snapshot->output_preview, "\xe2\x82\xac");
    tether_snapshot_free(snapshot);
    ASSERT_OK(
        tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 0, 0, &text, &size, NULL, &f->error),
        f->error);
    assert_string_equal(text, "\xe2\x82\xac");
    tether_free(text);
}

/* Such as NUL bytes and text that is not UTF-8. */
static void any_bytes_are_trimmed_the_same_way(void **state)
{
    fixture *f = *state;
    enum { SIZE = 100000, LIMIT = 77777 };
    char id[TETHER_ID_SIZE], *input = malloc(SIZE);
    size_t size;
    assert_non_null(input);
    uint64_t random = 11;
    for (int i = 0; i < SIZE; i++)
        input[i] = random_next(&random) % 5 == 0 ? "\x1b\0\xff[m"[random_next(&random) % 5]
                                                 : (char)random_next(&random);
    test_write_file(test_work_path(f, "input"), input, SIZE);
    tether_spec spec = {.command = CHILD " cat",
                        .stdin_path = test_work_path(f, "input"),
                        .output_limit = LIMIT,
                        .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    char *kept = test_read_file(test_bundle_path(f, id, "stdout"), &size);
    assert_int_equal(size, LIMIT);
    assert_memory_equal(kept, input + SIZE - LIMIT, LIMIT);
    free(kept);
    free(input);
}

/* Survivors may still write. A host that inspects the task after their end trims the output. */
static void survivors_delay_the_trim(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[2600], go[1100];
    snprintf(go, sizeof go, "%s", test_work_path(f, "go"));
    snprintf(command, sizeof command, "%s flood 3000; %s await %s flood 2000 sleep 600 & exit 0",
             CHILD, CHILD, go);
    tether_spec spec = {.command = command, .output_limit = 100, .output = TETHER_OUTPUT_DIRECT};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(dropped_of(f->registry, id, TETHER_STDOUT), 0);
    assert_false(is_settled(f, id));
    open_gate(f);
    test_wait_output(f->registry, id, TETHER_STDOUT, 5000);
    assert_int_equal(file_size(f, id, "stdout"), 5000);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    WAIT_UNTIL(dropped_of(f->registry, id, TETHER_STDOUT) == 4900);
    assert_int_equal(file_size(f, id, "stdout"), 100);
    assert_true(is_settled(f, id));

    /* A garbage collection in another process trims it too. */
    unlink(go);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(file_size(f, id, "stdout"), 3000);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    const char *const gc[] = {COMMAND, "--store", f->store, "gc", NULL};
    WAIT_UNTIL(test_command(gc, NULL, NULL) == 0 && file_size(f, id, "stdout") == 100);
    assert_int_equal(dropped_of(f->registry, id, TETHER_STDOUT), 2900);
}

/* A follower that was opened before the trim reads the whole output, a later one only the rest. */
static void a_follower_from_before_the_trim_loses_nothing(void **state)
{
    fixture *f = *state;
    enum { TOTAL = 3000000, LIMIT = 1000 };
    char id[TETHER_ID_SIZE], chunk[16384];
    tether_follower *follower;
    tether_stream stream;
    size_t got;
    uint64_t seen[2] = {0, 0};
    start_flood(f, f->registry, "3000000", LIMIT, true, id);
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_BOTH, NULL, &follower, &f->error),
              f->error);
    open_gate(f);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    check_trimmed(f, f->registry, id, TOTAL, LIMIT);
    do {
        ASSERT_OK(tether_follow_read(follower, chunk, sizeof chunk, 0, &stream, &got, &f->error),
                  f->error);
        for (size_t i = 0; i < got && stream == TETHER_STDOUT; i++)
            assert_int_equal(chunk[i], flood_byte(seen[0] + i));
        seen[stream] += got;
    } while (got > 0);
    assert_int_equal(seen[0], TOTAL);
    assert_int_equal(seen[1], 4);
    tether_follow_close(follower);

    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, NULL, &follower, &f->error),
              f->error);
    ASSERT_OK(tether_follow_read(follower, chunk, sizeof chunk, 0, &stream, &got, &f->error),
              f->error);
    assert_int_equal(got, LIMIT);
    assert_int_equal(chunk[0], flood_byte(TOTAL - LIMIT));
    tether_follow_close(follower);
    const uint64_t gone[2] = {TOTAL - LIMIT - 1, 0};
    assert_int_equal(
        tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, gone, &follower, &f->error),
        TETHER_EDROPPED);
    assert_null(follower);
    const uint64_t there[2] = {TOTAL - 1, 0};
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, there, &follower, &f->error),
              f->error);
    ASSERT_OK(tether_follow_read(follower, chunk, sizeof chunk, 0, &stream, &got, &f->error),
              f->error);
    assert_int_equal(got, 1);
    tether_follow_close(follower);
}

typedef struct reader {
    tether_registry *registry;
    const char *id;
    atomic_bool stop;
    uint64_t random;
    long reads, dropped, wrong;
} reader;

/* Reads at random offsets in a busy loop. Each byte is right for its offset or was dropped. */
static void read_in_a_loop(void *userdata)
{
    reader *r = userdata;
    while (!atomic_load(&r->stop)) {
        char buffer[64];
        size_t got;
        uint64_t offset = random_next(&r->random) % 400000;
        int code = tether_output_read(r->registry, r->id, TETHER_STDOUT, offset, buffer,
                                      sizeof buffer, &got, NULL);
        r->reads++;
        r->dropped += code == TETHER_EDROPPED;
        r->wrong += code != TETHER_OK && code != TETHER_EDROPPED;
        for (size_t i = 0; i < got; i++)
            r->wrong += buffer[i] != flood_byte(offset + i);
    }
}

/* Two registries, as of two hosts, are read while either may trim the output. */
static void readers_never_see_a_wrong_byte(void **state)
{
    enum { READERS = 2, ROUNDS = 8 };
    fixture *f = *state;
    long dropped = 0;
    tether_registry *other = test_open(f);
    for (int round = 0; round < ROUNDS; round++) {
        char id[TETHER_ID_SIZE];
        reader readers[READERS] = {0};
        uv_thread_t threads[READERS];
        unlink(test_work_path(f, "go"));
        start_flood(f, f->registry, "400000", 150000, true, id);
        for (int i = 0; i < READERS; i++) {
            readers[i].registry = i % 2 == 0 ? other : f->registry;
            readers[i].id = id;
            readers[i].random = (uint64_t)(round * READERS + i + 1);
            assert_int_equal(uv_thread_create(&threads[i], read_in_a_loop, &readers[i]), 0);
        }
        open_gate(f);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        WAIT_UNTIL(file_size(f, id, "stdout") == 150000);
        test_nap_us(2000);
        for (int i = 0; i < READERS; i++) {
            atomic_store(&readers[i].stop, true);
            uv_thread_join(&threads[i]);
            assert_int_equal(readers[i].wrong, 0);
            dropped += readers[i].dropped;
        }
        check_trimmed(f, f->registry, id, 400000, 150000);
    }
    assert_true(dropped > 0);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = other;
}

/* Restores the state of a task whose host died before it trimmed the output: before it recorded the
 * total size, or after (recorded). */
static void undo_trim(fixture *f, const char *id, uint64_t total, bool recorded)
{
    char *bytes = malloc((size_t)total);
    assert_non_null(bytes);
    for (uint64_t i = 0; i < total; i++)
        bytes[i] = flood_byte(i);
    unlink(test_bundle_path(f, id, "stdout"));
    test_write_file(test_bundle_path(f, id, "stdout"), bytes, (size_t)total);
    assert_int_equal(chmod(test_bundle_path(f, id, "stdout"), 0600), 0);
    assert_int_equal(chmod(test_exit_path(f, id), 0600), 0);
    free(bytes);
    if (!recorded) {
        json_t *record = test_load_record(f, id);
        json_object_set_new(record, "stdout_total", json_null());
        test_save_record(f, id, record);
    }
}

static void the_next_host_trims(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    f->registry = test_open(f);
    start_flood(f, f->registry, "300000", 2000, false, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    /* No host may inspect the task while its files are restored. */
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = NULL;
    for (int recorded = 0; recorded < 2; recorded++) {
        /* A host that was killed while it copied the tail left a part of it. */
        undo_trim(f, id, 300000, recorded == 1);
        test_write_file(test_bundle_path(f, id, ".tmp-0123456789abcdef"), "half", 4);
        tether_registry *other = test_open(f);
        check_trimmed(f, other, id, 300000, 2000);
        test_detach(other);
    }
    /* Bytes that were written after the total was recorded are dropped. */
    undo_trim(f, id, 300000, true);
    int fd = open(test_bundle_path(f, id, "stdout"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "late", 4), 4);
    close(fd);
    tether_registry *other = test_open(f);
    check_trimmed(f, other, id, 300000, 2000);
    test_detach(other);
}

static void list_all(fixture *f, void *userdata)
{
    (void)userdata;
    for (int i = 0; i < 3; i++) {
        tether_registry *registry;
        tether_snapshot_list *list;
        const tether_open_options options = {.store = f->store};
        HOST_OK(tether_open(&options, &registry, &f->error), f->error);
        HOST_OK(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), f->error);
        tether_snapshot_list_free(list);
        HOST_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    }
}

/* Several hosts find the same outputs to trim. */
static void hosts_trim_once(void **state)
{
    enum { HOSTS = 4, TASKS = 6 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    f->registry = test_open(f);
    for (int i = 0; i < TASKS; i++) {
        start_flood(f, f->registry, "300000", 100000, false, ids[i]);
        test_expect(f->registry, ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
    }
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = NULL;
    for (int round = 0; round < 4; round++) {
        long hosts[HOSTS];
        for (int i = 0; i < TASKS; i++)
            undo_trim(f, ids[i], 300000, round % 2 == 0);
        for (int i = 0; i < HOSTS; i++)
            hosts[i] = test_fork_host(list_all, f, NULL);
        for (int i = 0; i < HOSTS; i++)
            assert_int_equal(test_join_host(hosts[i]), 0);
        tether_registry *registry = test_open(f);
        for (int i = 0; i < TASKS; i++)
            check_trimmed(f, registry, ids[i], 300000, 100000);
        test_detach(registry);
    }
}

static void trimming_takes_no_memory(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], amount[32], *text;
    uint64_t total = growth_bulk_bytes(256);
    size_t size;
    snprintf(amount, sizeof amount, "%llu", (unsigned long long)total);
    growth memory = growth_begin();
    start_flood(f, f->registry, amount, total / 4 + 1, false, id);
    ASSERT_OK(tether_wait(f->registry, (const char *const[]){id}, 1, TETHER_WAIT_ALL,
                          PATIENCE_MS * 3, NULL, &f->error),
              f->error);
    check_trimmed(f, f->registry, id, total, total / 4 + 1);
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_STDOUT, 0, 1, &text, &size, NULL,
                                 &f->error),
              f->error);
    assert_int_equal(size, 65536);
    assert_int_equal(text[size - 1], flood_byte(total - 1));
    tether_free(text);
    growth_measure(&memory);
    growth_check(&memory);
}

/* The tail is copied to a new file. Without room for it, the output is trimmed later. */
static void a_full_disk_delays_the_trim(void **state)
{
    char store[1200], id[TETHER_ID_SIZE], filler[1200], block[4096] = {1};
    char *path = small_disk_mount(*state, "size=2m,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    snprintf(filler, sizeof filler, "%s/filler", path);
    tether_registry *registry = test_open(&f);
    start_flood(&f, registry, "600000", 400000, true, id);
    /* Leaves room for the output and the record, but not for the copied tail. */
    int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 0; i < 1200 / 4; i++)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    close(fd);
    open_gate(&f);
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(file_size(&f, id, "stdout"), 600000);
    assert_int_equal(dropped_of(registry, id, TETHER_STDOUT), 0);
    assert_false(test_tree_has(store, ".tmp-"));
    small_disk_empty(path);
    WAIT_UNTIL(dropped_of(registry, id, TETHER_STDOUT) == 200000);
    check_trimmed(&f, registry, id, 600000, 400000);
    test_detach(registry);
    small_disk_unmount(path);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(caps_are_exact),
        WITH_REGISTRY(outputs_within_the_limit_are_kept),
        WITH_REGISTRY(both_outputs_are_trimmed),
        WITH_REGISTRY(a_split_character_is_not_shown),
        WITH_REGISTRY(any_bytes_are_trimmed_the_same_way),
        WITH_REGISTRY(survivors_delay_the_trim),
        WITH_REGISTRY(a_follower_from_before_the_trim_loses_nothing),
        WITH_REGISTRY(readers_never_see_a_wrong_byte),
        cmocka_unit_test_setup_teardown(the_next_host_trims, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(hosts_trim_once, test_setup, test_teardown),
        WITH_REGISTRY(trimming_takes_no_memory),
        cmocka_unit_test_setup_teardown(a_full_disk_delays_the_trim, test_setup, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
