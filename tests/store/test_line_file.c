/* Reading a file of lines in blocks: each line once, whole, at its offset, wherever blocks end. */
#include "store/line_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/place.h"

enum { BLOCK = 64 * 1024, LIMIT = 2 * BLOCK };

/* Where the next line must be, and how many have come. */
typedef struct seen {
    uint64_t offset;
    size_t lines, too_long;
    size_t last; /* the size of the last line */
} seen;

static void see(void *context, const tether__line *line)
{
    seen *s = context;
    if (line->text == NULL) {
        s->too_long++;
        return;
    }
    if (s->too_long == 0)
        assert_int_equal(line->offset, s->offset);
    for (size_t i = 0; i < line->size; i++)
        assert_int_equal(line->text[i], 'a' + line->size % 26);
    s->offset = line->offset + line->size + 1;
    s->last = line->size;
    s->lines++;
}

/* Adds a line of this size, whose bytes tell the size. */
static void add_line(tether__text *text, size_t size)
{
    char *line = malloc(size + 1);
    assert_non_null(line);
    memset(line, 'a' + (int)(size % 26), size);
    line[size] = '\n';
    tether__text_add(text, line, size + 1);
    free(line);
}

static void put(place *p, const tether__text *text)
{
    tether_error error = {0};
    assert_false(text->failed);
    ASSERT_OK(tether__os_file_replace(p->dir, "file", text->bytes, text->size, false, &error),
              error);
}

/* Reads on from lines->next. */
static void read_on(place *p, tether__lines *lines, seen *s)
{
    tether__file file;
    ASSERT_OK(tether__os_file_open(p->dir, "file", &file, NULL, &p->error), p->error);
    ASSERT_OK(tether__line_file_read(&file, lines, see, s, &p->error), p->error);
    tether__os_file_close(&file);
}

static void an_empty_file_has_no_lines(void **state)
{
    place *p = *state;
    tether__text text = {0};
    tether__lines lines = {.limit = LIMIT};
    seen s = {0};
    tether__text_add(&text, "", 0);
    put(p, &text);
    read_on(p, &lines, &s);
    assert_int_equal(s.lines, 0);
    assert_int_equal(lines.next, 0);
    tether__lines_dispose(&lines);
    tether__text_dispose(&text);
}

/* Files whose end, or the end of a line in them, is at, before and behind that of a block. */
static void lines_are_whole_wherever_a_block_ends(void **state)
{
    place *p = *state;
    for (size_t first = BLOCK - 3; first <= BLOCK + 2; first++) {
        for (size_t second = BLOCK - 3; second <= BLOCK + 2; second++) {
            tether__text text = {0};
            tether__lines lines = {.limit = LIMIT};
            seen s = {0};
            add_line(&text, first);
            add_line(&text, second);
            add_line(&text, 0);
            add_line(&text, 7);
            put(p, &text);
            read_on(p, &lines, &s);
            assert_int_equal(s.lines, 4);
            assert_int_equal(s.offset, text.size);
            assert_int_equal(lines.next, text.size);
            assert_false(tether__lines_torn(&lines));
            tether__lines_dispose(&lines);
            tether__text_dispose(&text);
        }
    }
}

static void many_lines_of_all_sizes_come_once(void **state)
{
    place *p = *state;
    tether__text text = {0};
    tether__lines lines = {.limit = LIMIT};
    seen s = {0};
    for (size_t size = 0; size < 1000; size++)
        add_line(&text, size * 7 % 1000);
    put(p, &text);
    read_on(p, &lines, &s);
    assert_int_equal(s.lines, 1000);
    assert_int_equal(s.offset, text.size);
    tether__lines_dispose(&lines);
    tether__text_dispose(&text);
}

/* A file that grows is read on where the last reading ended, also in the middle of a line. */
static void a_file_that_grows_is_read_on(void **state)
{
    place *p = *state;
    tether__text text = {0};
    tether__lines lines = {.limit = LIMIT};
    seen s = {0};
    add_line(&text, 10);
    tether__text_add_string(&text, "ii");
    put(p, &text);
    read_on(p, &lines, &s);
    assert_int_equal(s.lines, 1);
    assert_true(tether__lines_torn(&lines));
    ASSERT_OK(tether__os_file_append(p->dir, "file", "iiiiii\nb\n", 9, &p->error), p->error);
    read_on(p, &lines, &s);
    assert_int_equal(s.lines, 3);
    assert_int_equal(s.last, 1);
    read_on(p, &lines, &s);
    assert_int_equal(s.lines, 3);
    tether__lines_dispose(&lines);
    tether__text_dispose(&text);
}

/* Nor is the line after it lost. */
static void a_line_over_the_limit_is_not_held(void **state)
{
    place *p = *state;
    tether__text text = {0};
    tether__lines lines = {.limit = LIMIT};
    seen s = {0};
    add_line(&text, LIMIT + 1);
    add_line(&text, LIMIT);
    add_line(&text, 40 * BLOCK);
    add_line(&text, 5);
    put(p, &text);
    read_on(p, &lines, &s);
    assert_int_equal(s.too_long, 2);
    assert_int_equal(s.lines, 2);
    assert_int_equal(s.last, 5);
    assert_true(lines.begun.capacity <= 2 * LIMIT);
    tether__lines_dispose(&lines);
    tether__text_dispose(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_has_no_lines),        TEST(lines_are_whole_wherever_a_block_ends),
        TEST(many_lines_of_all_sizes_come_once), TEST(a_file_that_grows_is_read_on),
        TEST(a_line_over_the_limit_is_not_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
