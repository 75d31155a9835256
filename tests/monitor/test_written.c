/* When the outputs of a task were written, and in which order. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 5 };

/* Adds a verb of the test child with its argument, which stays valid. */
static void add(const char **argv, const char *verb, const char *argument)
{
    while (*argv != NULL)
        argv++;
    argv[0] = verb;
    argv[1] = argument;
}

/* Writes in turns to both streams, each time after a reader has seen what came before; with `last`
 * also a last line, once that is asked for. */
static void start_turns(fixture *f, bool last, char id[TETHER_ID_SIZE])
{
    static char texts[TURNS][4][1100];
    static char gate[1100];
    const char *argv[8 * TURNS + 8] = {CHILD};
    for (int i = 0; i < TURNS; i++) {
        static const char *const verbs[] = {"await", "out", "await", "err"};
        snprintf(texts[i][0], sizeof texts[i][0], "%s", test_work_path(f, "o%d", i + 1));
        snprintf(texts[i][1], sizeof texts[i][1], "out%d", i + 1);
        snprintf(texts[i][2], sizeof texts[i][2], "%s", test_work_path(f, "e%d", i + 1));
        snprintf(texts[i][3], sizeof texts[i][3], "err%d", i + 1);
        for (int j = 0; j < 4; j++)
            add(argv, verbs[j], texts[i][j]);
    }
    snprintf(gate, sizeof gate, "%s", test_work_path(f, "end"));
    if (last) {
        add(argv, "await", gate);
        add(argv, "out", "end");
    }
    const tether_spec spec = {.argv = argv, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
}

static uint64_t size_of(fixture *f, const char *id, tether_stream stream)
{
    uint64_t size;
    ASSERT_OK(tether_output_size(f->registry, id, stream, &size, &f->error), f->error);
    return size;
}

static void let_it_write(fixture *f, const char *id)
{
    for (uint64_t i = 1; i <= TURNS; i++) {
        test_write_file(test_work_path(f, "o%d", (int)i), "", 0);
        WAIT_UNTIL(size_of(f, id, TETHER_STDOUT) == 5 * i);
        test_write_file(test_work_path(f, "e%d", (int)i), "", 0);
        WAIT_UNTIL(size_of(f, id, TETHER_STDERR) == 5 * i);
    }
}

static const char in_order[] = "out1\nerr1\nout2\nerr2\nout3\nerr3\nout4\nerr4\nout5\nerr5\n";

static void expect_tail(fixture *f, const char *id, uint64_t lines, const char *expected)
{
    char *text;
    size_t size;
    bool truncated;
    ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 0, lines, &text, &size,
                                 &truncated, &f->error),
              f->error);
    assert_string_equal(text, expected);
    tether_free(text);
}

static void expect_followed(fixture *f, const char *id, const char *expected)
{
    char text[1000];
    size_t used = 0, got = 1;
    tether_stream stream;
    tether_follower *follower;
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_BOTH, NULL, &follower, &f->error),
              f->error);
    for (; got > 0 && used < strlen(expected); used += got)
        ASSERT_OK(tether_follow_read(follower, text + used, sizeof text - used - 1, PATIENCE_MS,
                                     &stream, &got, &f->error),
                  f->error);
    text[used] = '\0';
    assert_string_equal(text, expected);
    tether_follow_close(follower);
}

/* Also while the task runs, as far as it has come. */
static void the_order_of_the_streams_is_kept(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_turns(f, true, id);
    let_it_write(f, id);
    expect_tail(f, id, 3, "err4\nout5\nerr5\n");
    expect_followed(f, id, in_order);
    test_write_file(test_work_path(f, "end"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_tail(f, id, 2, "err5\nend\n");
    expect_followed(f, id, in_order);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    expect_tail(f, id, 2, "err5\nend\n");
}

/* Pieces cover all bytes once, and their times are between the start and the end. */
static void pieces_have_times(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_pieces *pieces;
    start_turns(f, false, id);
    let_it_write(f, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    ASSERT_OK(tether_pieces_open(f->registry, id, TETHER_VIEW_BOTH, &pieces, &f->error), f->error);
    uint64_t next[2] = {0, 0};
    int64_t before = snapshot->started_at - 1000;
    assert_true(tether_pieces_count(pieces) >= 2);
    for (size_t i = 0; i < tether_pieces_count(pieces); i++) {
        tether_piece piece = {.size = sizeof piece};
        assert_int_equal(tether_pieces_get(pieces, i, &piece), TETHER_OK);
        assert_int_equal(piece.offset, next[piece.stream]);
        assert_true(piece.bytes > 0);
        assert_true(piece.time >= before && piece.time <= snapshot->finished_at + 1000);
        before = piece.time;
        next[piece.stream] += piece.bytes;
    }
    assert_int_equal(next[0], 5 * TURNS);
    assert_int_equal(next[1], 5 * TURNS);
    tether_piece piece = {.size = sizeof piece};
    assert_int_equal(tether_pieces_get(pieces, tether_pieces_count(pieces), &piece), TETHER_EINVAL);
    piece.size = 1;
    assert_int_equal(tether_pieces_get(pieces, 0, &piece), TETHER_EINVAL);
    tether_pieces_free(pieces);
    tether_snapshot_free(snapshot);
}

/* What comes at once needs no notes. */
static void a_short_output_has_no_file_of_times(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char *const argv[] = {CHILD, "out", "all", NULL};
    const tether_spec spec = {.argv = argv, .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_false(test_exists(test_bundle_path(f, id, "times")));
    expect_tail(f, id, 0, "all\n");
}

/* Whatever somebody else has put there, the output can be read. */
static void foreign_notes_do_no_harm(void **state)
{
    fixture *f = *state;
    static const char *const notes[] = {"", "garbage\n",
                                        "1 3 0\n2 3 999999999\n3 999999999 999999999\n",
                                        "9 9 9\n1 1 1\n", "1 0 5\n"};
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        char id[TETHER_ID_SIZE], *text;
        size_t size;
        bool truncated;
        static const char *const argv[] = {CHILD, "out", "all", "err", "wrong", NULL};
        const tether_spec spec = {.argv = argv, .output = TETHER_OUTPUT_PIPE};
        test_start(f->registry, &spec, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_write_file(test_bundle_path(f, id, "times"), notes[i], strlen(notes[i]));
        ASSERT_OK(tether_output_tail(f->registry, id, TETHER_VIEW_BOTH, 0, 0, &text, &size,
                                     &truncated, &f->error),
                  f->error);
        assert_int_equal(size, 10);
        assert_non_null(strstr(text, "wro"));
        tether_free(text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_of_the_streams_is_kept),
        TEST(pieces_have_times),
        TEST(a_short_output_has_no_file_of_times),
        TEST(foreign_notes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
