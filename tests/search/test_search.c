/* The search of one watch in the outputs of a task. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "search/search.h"

/* The matches that were delivered. */
typedef struct matches {
    size_t count;
    size_t stop_after; /* stop after this many; 0: never */
    tether__search *search;
    struct {
        int watch;
        tether_stream stream;
        uint64_t offset;
        size_t size;
        uint64_t position; /* of the search, at the delivery */
    } items[64];
} matches;

static tether__delivery on_match(const tether_match *match, void *userdata)
{
    matches *t = userdata;
    assert_true(t->count < sizeof t->items / sizeof t->items[0]);
    t->items[t->count].watch = match->watch;
    t->items[t->count].stream = match->stream;
    t->items[t->count].offset = match->offset;
    t->items[t->count].size = (size_t)match->match_size;
    t->items[t->count].position = t->search->position[match->stream];
    t->count++;
    return t->count != t->stop_after ? TETHER__DELIVERED : TETHER__DELIVERED_LAST;
}

static tether__search *make(const char *pattern, bool once, tether_view view, uint64_t position)
{
    tether__search *search;
    tether_error error = {0};
    const tether__kept_watch what = {.number = 5,
                                     .pattern = (char *)pattern,
                                     .pattern_size = strlen(pattern),
                                     .fixed = true,
                                     .once = once,
                                     .view = view,
                                     .position = {position, position}};
    ASSERT_OK(tether__search_new(&what, true, &search, &error), error);
    assert_int_equal(search->number, 5);
    assert_true(search->kept);
    assert_false(search->over);
    assert_false(search->unsaved);
    return search;
}

/* Feeds the rest of a stream, whose whole text is `all`, in pieces. */
static void feed(tether__search *search, tether_stream stream, const char *all, size_t piece,
                 bool last, matches *t)
{
    tether_error error = {0};
    size_t size = strlen(all);
    t->search = search;
    while (search->next[stream] < size) {
        size_t at = (size_t)search->next[stream];
        size_t part = piece < size - at ? piece : size - at;
        ASSERT_OK(tether__search_feed(search, stream, all + at, part, last && at + part == size,
                                      on_match, t, &error),
                  error);
        assert_int_equal(search->next[stream], at + part);
        if (search->over)
            return;
    }
}

static void delivers_every_match_of_both_outputs(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 12; piece++) {
        matches t = {0};
        tether__search *search = make("ab", false, TETHER_VIEW_BOTH, 0);
        assert_true(search->searched[0] && search->searched[1]);
        feed(search, TETHER_STDOUT, "xxabxab\nab", piece, true, &t);
        feed(search, TETHER_STDERR, "ab\n", piece, true, &t);
        static const uint64_t offsets[] = {2, 5, 8, 0};
        assert_int_equal(t.count, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(t.items[i].watch, 5);
            assert_int_equal(t.items[i].stream, i < 3 ? TETHER_STDOUT : TETHER_STDERR);
            assert_int_equal(t.items[i].offset, offsets[i]);
            assert_int_equal(t.items[i].size, 2);
            /* The position is behind the match already at its delivery. */
            assert_int_equal(t.items[i].position, offsets[i] + 2);
        }
        assert_true(search->unsaved);
        assert_false(search->over);
        tether__search_free(search);
    }
    tether__search_free(NULL);
}

static void searches_only_the_outputs_of_the_view(void **state)
{
    (void)state;
    tether__search *search = make("a", false, TETHER_VIEW_STDOUT, 0);
    assert_true(search->searched[0] && !search->searched[1]);
    tether__search_free(search);
    search = make("a", false, TETHER_VIEW_STDERR, 0);
    assert_true(!search->searched[0] && search->searched[1]);
    tether__search_free(search);
}

/* Even if it is fed more bytes, also of the other output. */
static void delivers_only_one_match_with_once(void **state)
{
    (void)state;
    matches t = {0};
    tether_error error = {0};
    tether__search *search = make("ab", true, TETHER_VIEW_BOTH, 0);
    feed(search, TETHER_STDOUT, "ab ab ab\n", 100, false, &t);
    assert_int_equal(t.count, 1);
    assert_true(search->over);
    assert_int_equal(search->position[0], 2);
    ASSERT_OK(tether__search_feed(search, TETHER_STDERR, "ab\n", 3, true, on_match, &t, &error),
              error);
    ASSERT_OK(tether__search_feed(search, TETHER_STDOUT, "ab\n", 3, true, on_match, &t, &error),
              error);
    assert_int_equal(t.count, 1);
    tether__search_free(search);
}

/* A new search at the position of another one does not deliver its matches again. */
static void resumes_at_the_position_of_another_search(void **state)
{
    (void)state;
    static const char all[] = "ab\nxab ab\nab";
    static const uint64_t offsets[] = {0, 4, 7, 10};
    for (size_t done = 0; done <= 4; done++) {
        matches t = {0};
        uint64_t position = done == 0 ? 0 : offsets[done - 1] + 2;
        tether__search *search = make("ab", false, TETHER_VIEW_BOTH, position);
        assert_true(search->next[0] <= position);
        feed(search, TETHER_STDOUT, all, 3, true, &t);
        assert_int_equal(t.count, 4 - done);
        for (size_t i = 0; i < t.count; i++)
            assert_int_equal(t.items[i].offset, offsets[done + i]);
        tether__search_free(search);
    }
}

/* Offsets stay right behind the gap, and no match extends across it. */
static void skips_bytes_that_were_dropped(void **state)
{
    (void)state;
    static const uint64_t gaps[] = {1, 100, 70000, (uint64_t)1 << 40};
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        matches t = {0};
        tether_error error = {0};
        tether__search *search = make("ab", false, TETHER_VIEW_BOTH, 0);
        t.search = search;
        ASSERT_OK(
            tether__search_feed(search, TETHER_STDOUT, "ab a", 4, false, on_match, &t, &error),
            error);
        uint64_t to = 4 + gaps[i];
        ASSERT_OK(tether__search_skip(search, TETHER_STDOUT, to, &error), error);
        assert_int_equal(search->next[0], to);
        assert_int_equal(search->position[0], to);
        ASSERT_OK(
            tether__search_feed(search, TETHER_STDOUT, "b ab\n", 5, true, on_match, &t, &error),
            error);
        assert_int_equal(t.count, 2);
        assert_int_equal(t.items[0].offset, 0);
        assert_int_equal(t.items[1].offset, to + 2);
        /* The other output has not moved. */
        assert_int_equal(search->next[1], 0);
        tether__search_free(search);
    }
}

static void stops_after_the_last_delivery(void **state)
{
    (void)state;
    matches t = {.stop_after = 1};
    tether_error error = {0};
    tether__search *search = make("ab", false, TETHER_VIEW_BOTH, 0);
    t.search = search;
    ASSERT_OK(tether__search_feed(search, TETHER_STDOUT, "ab ab\n", 6, true, on_match, &t, &error),
              error);
    assert_int_equal(t.count, 1);
    assert_false(search->over);
    tether__search_free(search);
}

static void refuses_an_invalid_pattern(void **state)
{
    (void)state;
    tether__search *search = (tether__search *)1;
    tether_error error = {0};
    const tether__kept_watch what = {.number = 1, .pattern = (char *)"(", .pattern_size = 1};
    assert_int_equal(tether__search_new(&what, false, &search, &error), TETHER_EPATTERN);
    assert_null(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_every_match_of_both_outputs),
        cmocka_unit_test(searches_only_the_outputs_of_the_view),
        cmocka_unit_test(delivers_only_one_match_with_once),
        cmocka_unit_test(resumes_at_the_position_of_another_search),
        cmocka_unit_test(skips_bytes_that_were_dropped),
        cmocka_unit_test(stops_after_the_last_delivery),
        cmocka_unit_test(refuses_an_invalid_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
