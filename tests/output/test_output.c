/* Reading a task's output: its tail as text, and following it while it grows. */
#include "support/elsewhere.h"
#include "support/flood.h"
#include "support/random.h"
#include "support/waiters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void refuses_an_invalid_stream(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], buffer[8];
    size_t got;
    uint64_t size;
    test_run(f, "echo x", id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    static const int invalid[] = {-1, 2, 7};
    for (int i = 0; i < 3; i++) {
        tether_stream stream = (tether_stream)invalid[i];
        assert_int_equal(
            tether_output_read(f->registry, id, stream, 0, buffer, sizeof buffer, &got, &f->error),
            TETHER_EINVAL);
        assert_int_equal(got, 0);
        assert_int_equal(tether_output_size(f->registry, id, stream, &size, &f->error),
                         TETHER_EINVAL);
        assert_int_equal(size, 0);
        assert_int_equal(tether_output_dropped(f->registry, id, stream, &size, &f->error),
                         TETHER_EINVAL);
        assert_non_null(strstr(f->error.message, "TETHER_STDERR"));
    }
}

/* --- Pieces ----------------------------------------------------------------------------------- */

/* Each byte is in one piece, with a monitor and with a script. */
static void pieces_cover_all_bytes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_pieces *pieces;
    test_start_child(f->registry, id, "out", "first", "err", "second", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    static const uint64_t expected[3][2] = {{6, 7}, {6, 0}, {0, 7}};
    for (int view = TETHER_VIEW_BOTH; view <= TETHER_VIEW_STDERR; view++) {
        uint64_t bytes[2] = {0, 0};
        ASSERT_OK(tether_pieces_open(f->registry, id, (tether_view)view, &pieces, &f->error),
                  f->error);
        for (size_t i = 0; i < tether_pieces_count(pieces); i++) {
            tether_piece piece = {.size = sizeof piece};
            assert_int_equal(tether_pieces_get(pieces, i, &piece), TETHER_OK);
            assert_int_equal(piece.offset, bytes[piece.stream]);
            assert_true(piece.time > 0);
            bytes[piece.stream] += piece.bytes;
        }
        assert_memory_equal(bytes, expected[view], sizeof bytes);
        tether_pieces_free(pieces);
    }
    assert_int_equal(tether_pieces_open(f->registry, id, (tether_view)3, &pieces, &f->error),
                     TETHER_EINVAL);
    assert_null(pieces);
    tether_pieces_free(NULL);
}

static void without_a_limit_there_is_no_gap(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uint64_t offset = 1, size = 1;
    test_start_child(f->registry, id, "out", "all", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_gap(f->registry, id, TETHER_STDOUT, &offset, &size, &f->error),
              f->error);
    assert_int_equal(offset, 0);
    assert_int_equal(size, 0);
    assert_int_equal(
        tether_output_gap(f->registry, id, (tether_stream)2, &offset, &size, &f->error),
        TETHER_EINVAL);
}

/* --- Tails ------------------------------------------------------------------------------------ */

static void write_work_file(fixture *f, const char *name, const char *bytes, size_t size)
{
    test_write_file(test_work_path(f, "%s", name), bytes, size);
}

/* Runs a task to its end that writes these bytes to its two outputs. */
static void run_writing(fixture *f, const char *out, size_t out_size, const char *err,
                        size_t err_size, char id[TETHER_ID_SIZE])
{
    write_work_file(f, "out", out, out_size);
    write_work_file(f, "err", err, err_size);
    tether_spec spec = {.command = CHILD_TEXT " cat <out\n" CHILD_TEXT " cat <err >&2",
                        .workdir = f->work};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

static void expect_tail(fixture *f, const char *id, tether_view view, uint64_t bytes,
                        uint64_t lines, const char *expected, size_t expected_size, bool more)
{
    char *text;
    size_t size;
    bool truncated;
    ASSERT_OK(tether_output_tail(f->registry, id, view, bytes, lines, &text, &size, &truncated,
                                 &f->error),
              f->error);
    if (size != expected_size || memcmp(text, expected, size) != 0)
        fail_msg("view %d, %llu bytes, %llu lines: \"%.*s\" and not \"%.*s\"", (int)view,
                 (unsigned long long)bytes, (unsigned long long)lines, (int)size, text,
                 (int)expected_size, expected);
    assert_int_equal(text[size], '\0');
    assert_int_equal(truncated, more);
    tether_free(text);
}

static void tails_by_bytes_and_lines(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        tether_view view;
        uint64_t bytes, lines;
        const char *text;
        bool truncated;
    } cases[] = {
        {TETHER_VIEW_BOTH, 0, 0, "1\n2\n3\n4", false},
        {TETHER_VIEW_STDOUT, 0, 0, "1\n2\n", false},
        {TETHER_VIEW_STDERR, 0, 0, "3\n4", false},
        {TETHER_VIEW_BOTH, 3, 0, "3\n4", true},
        {TETHER_VIEW_BOTH, 4, 0, "\n3\n4", true},
        {TETHER_VIEW_BOTH, 7, 0, "1\n2\n3\n4", false},
        {TETHER_VIEW_BOTH, UINT64_MAX, 0, "1\n2\n3\n4", false},
        {TETHER_VIEW_BOTH, 0, 1, "4", true},
        {TETHER_VIEW_BOTH, 0, 3, "2\n3\n4", true},
        {TETHER_VIEW_BOTH, 0, 4, "1\n2\n3\n4", false},
        {TETHER_VIEW_BOTH, 0, UINT64_MAX, "1\n2\n3\n4", false},
        {TETHER_VIEW_BOTH, 2, 3, "\n4", true},
        {TETHER_VIEW_BOTH, UINT64_MAX, 2, "3\n4", true},
        {TETHER_VIEW_STDOUT, 0, 1, "2\n", true},
        {TETHER_VIEW_STDERR, 1, 0, "4", true},
    };
    run_writing(f, "1\n2\n", 4, "3\n4", 3, id);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_tail(f, id, cases[i].view, cases[i].bytes, cases[i].lines, cases[i].text,
                    strlen(cases[i].text), cases[i].truncated);
}

static void tails_empty_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_writing(f, "", 0, "", 0, id);
    expect_tail(f, id, TETHER_VIEW_BOTH, 0, 0, "", 0, false);
    expect_tail(f, id, TETHER_VIEW_BOTH, 5, 5, "", 0, false);
    run_writing(f, "", 0, "\xe2\x82\xac", 3, id);
    expect_tail(f, id, TETHER_VIEW_BOTH, 2, 0, "", 0, true);
    expect_tail(f, id, TETHER_VIEW_STDOUT, 2, 0, "", 0, false);
}

static void refuses_a_tail_of_unknown_tasks_and_views(void **state)
{
    fixture *f = *state;
    char *text = (char *)f;
    size_t size;
    bool truncated;
    assert_int_equal(tether_output_tail(f->registry, "none", TETHER_VIEW_BOTH, 0, 0, &text, &size,
                                        &truncated, &f->error),
                     TETHER_ENOTASK);
    assert_null(text);
    assert_int_equal(tether_output_tail(f->registry, "../x", TETHER_VIEW_BOTH, 0, 0, &text, &size,
                                        NULL, &f->error),
                     TETHER_EINVAL);
    assert_int_equal(tether_output_tail(f->registry, "none", (tether_view)7, 0, 0, &text, &size,
                                        NULL, &f->error),
                     TETHER_EINVAL);
}

static void tails_begin_at_a_character(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    size_t whole = sizeof text - 1;
    /* Where a character begins: a, ä, €, an emoji, z; then the end. */
    static const size_t starts[] = {0, 1, 3, 6, 10, 11};
    run_writing(f, text, whole, text, whole, id);
    for (size_t bytes = 1; bytes <= whole; bytes++) {
        size_t start = 0;
        while (starts[start] < whole - bytes)
            start++;
        size_t from = starts[start];
        expect_tail(f, id, TETHER_VIEW_STDERR, bytes, 0, text + from, whole - from, from > 0);
        expect_tail(f, id, TETHER_VIEW_BOTH, bytes, 0, text + from, whole - from, true);
    }
    /* Bytes that are not UTF-8 are cut exactly where requested, also between the two streams. */
    run_writing(f, "\x80\x80\x80\x80\x80\x80", 6, "\xbf\xbf", 2, id);
    expect_tail(f, id, TETHER_VIEW_STDOUT, 5, 0, "\x80\x80\x80\x80\x80", 5, true);
    expect_tail(f, id, TETHER_VIEW_BOTH, 2, 0, "\xbf\xbf", 2, true);
    expect_tail(f, id, TETHER_VIEW_BOTH, 8, 0, "\x80\x80\x80\x80\x80\x80\xbf\xbf", 8, false);
}

/* Finds the start of a tail in the simplest way. */
static size_t model_start(const char *text, size_t size, uint64_t bytes, uint64_t lines)
{
    size_t lowest = bytes < size ? size - (size_t)bytes : 0;
    size_t start = size;
    for (uint64_t found = 0; start > lowest; start--) {
        if (text[start - 1] == '\n' && start != size && ++found == lines)
            return start;
    }
    return start;
}

static void tails_match_the_model(void **state)
{
    fixture *f = *state;
    enum { SIZE = 60000 };
    char id[TETHER_ID_SIZE];
    char *text = malloc(SIZE);
    assert_non_null(text);
    uint64_t random = 3;
    for (int round = 0; round < 3; round++) {
        /* The mean length of a line: many lines in a block, or lines across blocks. */
        unsigned length = round == 0 ? 16 : round == 1 ? 1000 : 30000;
        for (int i = 0; i < SIZE; i++) {
            text[i] =
                random_next(&random) % length == 0 ? '\n' : (char)('a' + random_next(&random) % 26);
        }
        run_writing(f, text, SIZE / 2 + 77, text + SIZE / 2 + 77, SIZE / 2 - 77, id);
        for (int i = 0; i < 200; i++) {
            uint64_t bytes = i % 3 == 0 ? UINT64_MAX : 1 + random_next(&random) % SIZE;
            uint64_t lines = i % 5 == 0 ? 0 : 1 + random_next(&random) % 300;
            size_t start = model_start(text, SIZE, bytes, lines);
            expect_tail(f, id, TETHER_VIEW_BOTH, bytes, lines, text + start, SIZE - start,
                        start > 0);
        }
    }
    free(text);
}

/* A tail by lines is at most 64 KiB where a line does not end. */
static void tails_of_an_endless_line_are_bounded(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    size_t size;
    bool truncated;
    test_start_child(f->registry, id, "flood", "67108864", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 0, 1, &text, &size, &truncated,
                                 &f->error),
              f->error);
    assert_int_equal(size, 65536);
    assert_true(truncated);
    assert_int_equal(text[size - 1], flood_byte(67108864 - 1));
    tether_free(text);
}

/* --- Following -------------------------------------------------------------------------------- */

static tether_follower *follow(fixture *f, const char *id, tether_view view,
                               const uint64_t offsets[2])
{
    tether_follower *follower;
    ASSERT_OK(tether_follow_open(f->registry, id, view, offsets, &follower, &f->error), f->error);
    return follower;
}

/* Reads `count` bytes, or to the end (0), and appends them to text. The number of the stream, 1 or
 * 2, precedes the first chunk and each chunk after a change of the stream. */
static void read_on(tether_follower *follower, size_t count, char *text, size_t room)
{
    tether_error error = {0};
    size_t used = strlen(text), bytes = 0;
    int last = -1;
    while (count == 0 || bytes < count) {
        tether_stream stream;
        size_t got;
        char chunk[512];
        ASSERT_OK(
            tether_follow_read(follower, chunk, sizeof chunk, PATIENCE_MS, &stream, &got, &error),
            error);
        if (got == 0)
            break;
        assert_true(used + got + 2 < room);
        if (last != (int)stream)
            text[used++] = stream == TETHER_STDOUT ? '1' : '2';
        last = (int)stream;
        memcpy(text + used, chunk, got);
        used += got;
        bytes += got;
        text[used] = '\0';
    }
}

static void expect_end(tether_follower *follower)
{
    tether_error error = {0};
    tether_stream stream;
    size_t got = 1;
    char chunk[16];
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_follow_read(follower, chunk, sizeof chunk, 0, &stream, &got, &error),
                  error);
        assert_int_equal(got, 0);
    }
}

static void create_work_file(fixture *f, const char *name)
{
    write_work_file(f, name, "", 0);
}

static void follows_in_the_order_of_writing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[256] = "", go[3][1100];
    for (int i = 0; i < 3; i++)
        snprintf(go[i], sizeof go[i], "%s", test_work_path(f, "go%d", i));
    test_start_child(f->registry, id, "out", "a", "await", go[0], "err", "b", "await", go[1], "out",
                     "c", "await", go[2], "err", "d", NULL);
    tether_follower *follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
    read_on(follower, 2, text, sizeof text);
    create_work_file(f, "go0");
    read_on(follower, 2, text, sizeof text);
    create_work_file(f, "go1");
    read_on(follower, 2, text, sizeof text);
    create_work_file(f, "go2");
    read_on(follower, 0, text, sizeof text);
    assert_string_equal(text, "1a\n2b\n1c\n2d\n");
    expect_end(follower);
    tether_follow_close(follower);
}

static void follows_an_ended_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const struct {
        tether_view view;
        uint64_t offsets[2];
        const char *text;
    } cases[] = {
        {TETHER_VIEW_BOTH, {0, 0}, "1one\ntwo\n2three\n"},
        {TETHER_VIEW_BOTH, {4, 5}, "1two\n2\n"},
        {TETHER_VIEW_BOTH, {8, 0}, "2three\n"},
        {TETHER_VIEW_BOTH, {800, 600}, ""},
        {TETHER_VIEW_STDOUT, {1, 0}, "1ne\ntwo\n"},
        {TETHER_VIEW_STDERR, {0, 1}, "2hree\n"},
    };
    run_writing(f, "one\ntwo\n", 8, "three\n", 6, id);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64] = "";
        tether_follower *follower = follow(f, id, cases[i].view, cases[i].offsets);
        read_on(follower, 0, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        expect_end(follower);
        tether_follow_close(follower);
    }
    tether_follow_close(NULL);
}

static void follows_merged_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[64] = "";
    tether_spec spec = {.command = CHILD_TEXT " out a\n" CHILD_TEXT " err b\n" CHILD_TEXT " out c",
                        .merge_output = true};
    test_start(f->registry, &spec, id);
    tether_follower *follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
    read_on(follower, 0, text, sizeof text);
    /* The text comes in any number of pieces: remove the numbers of the stream. */
    size_t used = 0;
    for (const char *c = text; *c != '\0'; c++) {
        assert_int_not_equal(*c, '2');
        if (*c != '1')
            text[used++] = *c;
    }
    text[used] = '\0';
    assert_string_equal(text, "a\nb\nc\n");
    tether_follow_close(follower);
}

static void read_waits_as_long_as_its_timeout(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], chunk[16];
    tether_stream stream;
    size_t got;
    test_start_child(f->registry, id, "forever", NULL);
    tether_follower *follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
    assert_int_equal(tether_follow_read(follower, chunk, sizeof chunk, 0, &stream, &got, &f->error),
                     TETHER_ETIMEDOUT);
    int64_t begin = test_now_ms();
    assert_int_equal(
        tether_follow_read(follower, chunk, sizeof chunk, 150, &stream, &got, &f->error),
        TETHER_ETIMEDOUT);
    assert_int_equal(got, 0);
    assert_true(test_now_ms() - begin >= 149);
    assert_int_equal(tether_follow_read(follower, chunk, 0, 0, &stream, &got, &f->error),
                     TETHER_EINVAL);
    tether_follow_close(follower);
    assert_int_equal(
        tether_follow_open(f->registry, "none", TETHER_VIEW_BOTH, NULL, &follower, &f->error),
        TETHER_ENOTASK);
    assert_null(follower);
    assert_int_equal(
        tether_follow_open(f->registry, id, (tether_view)3, NULL, &follower, &f->error),
        TETHER_EINVAL);
}

/* A process that the task left may write for ever, but following ends with the task. */
static void does_not_wait_for_survivors(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[64] = "";
    test_run(f, CHILD_TEXT " out before leave sleep 600 out late\nexit 4", id);
    tether_follower *follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
    int64_t begin = test_now_ms();
    read_on(follower, 0, text, sizeof text);
    assert_true(test_now_ms() - begin < PATIENCE_MS);
    assert_string_equal(text, "1before\n");
    expect_end(follower);
    tether_follow_close(follower);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

/* The task writes this many bytes twice. The pattern restarts the second time. */
enum { FLOOD = 5000000 };

typedef struct reading {
    tether_follower *follower;
    int code;
    uint64_t bytes[2];
    bool wrong; /* a byte differed from the pattern */
} reading;

static void read_to_the_end(void *userdata)
{
    reading *r = userdata;
    char chunk[8192];
    size_t got;
    do {
        tether_stream stream;
        r->code = tether_follow_read(r->follower, chunk, sizeof chunk, -1, &stream, &got, NULL);
        for (size_t i = 0; i < got && stream == TETHER_STDOUT; i++) {
            uint64_t at = (r->bytes[0] + i) % FLOOD;
            r->wrong = r->wrong || chunk[i] != flood_byte(at);
        }
        r->bytes[stream] += got;
    } while (r->code == TETHER_OK && got > 0);
}

/* Several followers of one task, each on a thread of its own, get every byte. */
static void followers_get_every_byte(void **state)
{
    fixture *f = *state;
    enum { FOLLOWERS = 4 };
    char id[TETHER_ID_SIZE];
    reading readings[FOLLOWERS] = {0};
    uv_thread_t threads[FOLLOWERS];
    test_start_child(f->registry, id, "flood", "5000000", "err", "x", "flood", "5000000", NULL);
    for (int i = 0; i < FOLLOWERS; i++) {
        readings[i].follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
        assert_int_equal(uv_thread_create(&threads[i], read_to_the_end, &readings[i]), 0);
    }
    for (int i = 0; i < FOLLOWERS; i++)
        uv_thread_join(&threads[i]);
    /* If the child cannot be started, the shell of the wrapper says so in the task's output: that
     * is no fault of the followers. */
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    for (int i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(readings[i].code, TETHER_OK);
        assert_int_equal(readings[i].bytes[1], 2);
        assert_int_equal(readings[i].bytes[0], 2 * FLOOD);
        assert_false(readings[i].wrong);
        tether_follow_close(readings[i].follower);
    }
}

/* The read fails with TETHER_ECLOSED. The follower is closed after its registry. */
static void close_ends_a_waiting_read(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    reading r = {0};
    uv_thread_t thread;
    /* Another process starts the task: this one would be left with a child when it detaches. */
    START_ELSEWHERE(f, id, "--", CHILD, "forever");
    r.follower = follow(f, id, TETHER_VIEW_BOTH, NULL);
    assert_int_equal(uv_thread_create(&thread, read_to_the_end, &r), 0);
    WAIT_UNTIL(test_waiters(f->registry) == 1);
    test_detach(f->registry);
    uv_thread_join(&thread);
    assert_int_equal(r.code, TETHER_ECLOSED);
    tether_follow_close(r.follower);
    f->registry = test_open(f);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(refuses_an_invalid_stream),
        WITH_REGISTRY(pieces_cover_all_bytes),
        WITH_REGISTRY(without_a_limit_there_is_no_gap),
        WITH_REGISTRY(tails_by_bytes_and_lines),
        WITH_REGISTRY(tails_empty_output),
        WITH_REGISTRY(refuses_a_tail_of_unknown_tasks_and_views),
        WITH_REGISTRY(tails_begin_at_a_character),
        WITH_REGISTRY(tails_match_the_model),
        WITH_REGISTRY(tails_of_an_endless_line_are_bounded),
        WITH_REGISTRY(follows_in_the_order_of_writing),
        WITH_REGISTRY(follows_an_ended_task),
        WITH_REGISTRY(follows_merged_output),
        WITH_REGISTRY(read_waits_as_long_as_its_timeout),
        WITH_REGISTRY(does_not_wait_for_survivors),
        WITH_REGISTRY(followers_get_every_byte),
        WITH_REGISTRY(close_ends_a_waiting_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
