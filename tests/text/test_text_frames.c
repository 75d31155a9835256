/* Of a redrawn line only the last frame is left, however the stream is cut. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "text/frames.h"

typedef struct collected {
    char text[4 * FRAME_LIMIT];
    size_t size;
    size_t puts;
} collected;

static collected out;
static frames redrawn;

static void collect(void *userdata, const char *bytes, size_t size)
{
    collected *to = userdata;
    assert_true(size > 0 && size <= sizeof to->text - to->size);
    memcpy(to->text + to->size, bytes, size);
    to->size += size;
    to->puts++;
}

/* Feeds a stream in pieces of this size. */
static void feed(const char *bytes, size_t size, size_t piece)
{
    memset(&out, 0, sizeof out);
    memset(&redrawn, 0, sizeof redrawn);
    redrawn.put = collect;
    redrawn.userdata = &out;
    for (size_t at = 0; at < size; at += piece)
        frames_feed(&redrawn, bytes + at, piece < size - at ? piece : size - at);
    frames_end(&redrawn);
}

static void the_last_frame_of_a_line_is_left(void **state)
{
    static const struct {
        const char *given, *left;
    } cases[] = {
        {"", ""},
        {"\n", "\n"},
        {"a", "a"},
        {"a\nb\n", "a\nb\n"},
        {"10%\r50%\r100%\n", "100%\n"},
        {"10%\r50%\r100%\ndone\n", "100%\ndone\n"},
        {"long first\rx\n", "x\n"},
        {"\r10%\r50%", "50%"},
        {"10%\r50%\r", "50%"},
        {"10%\r50%\r\r", "50%"},
        {"text\r\nmore\r\n", "text\r\nmore\r\n"},
        {"10%\r50%\r\n", "50%\r\n"},
        {"10%\r50%\r\r\n", "50%\r\n"},
        {"\r\n\r\n", "\r\n\r\n"},
        {"a\r\nb\rc\nd", "a\r\nc\nd"},
        {"10%\r\x1b[K20%\r\x1b[K\n", "\x1b[K\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece <= strlen(cases[i].given) + 1; piece++) {
            feed(cases[i].given, strlen(cases[i].given), piece);
            out.text[out.size] = '\0';
            assert_string_equal(out.text, cases[i].left);
        }
    }
}

static void a_line_is_put_at_once(void **state)
{
    (void)state;
    feed("10%\r100%\r\nmore", 14, 1);
    assert_int_equal(out.puts, 2);
    assert_int_equal(out.size, 10);
}

static void bytes_may_be_zero(void **state)
{
    (void)state;
    feed("a\0b\rc\0d\n", 8, 3);
    assert_int_equal(out.size, 4);
    assert_memory_equal(out.text, "c\0d\n", 4);
}

/* A frame that is too long to be held is left as it is, and only it. */
static void a_long_frame_is_passed_on(void **state)
{
    static char given[3 * FRAME_LIMIT];
    const size_t size = FRAME_LIMIT + 1;
    (void)state;
    memset(given, 'x', size);
    memcpy(given + size, "\r1\r2\n", 5);
    for (size_t piece = 1; piece < 2 * size; piece = piece * 7 + 1) {
        feed(given, size + 5, piece);
        assert_int_equal(out.size, size + 3);
        assert_memory_equal(out.text, given, size);
        assert_memory_equal(out.text + size, "\r2\n", 3);
    }
    /* The longest one that is held. */
    memcpy(given + FRAME_LIMIT, "\r\r\n", 3);
    feed(given, FRAME_LIMIT + 3, 100);
    assert_int_equal(out.size, FRAME_LIMIT + 2);
    assert_int_equal(out.puts, 1);
    memcpy(given + FRAME_LIMIT, "\r2\n", 3);
    feed(given, FRAME_LIMIT + 3, 100);
    assert_int_equal(out.size, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_frame_of_a_line_is_left),
        cmocka_unit_test(a_line_is_put_at_once),
        cmocka_unit_test(bytes_may_be_zero),
        cmocka_unit_test(a_long_frame_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
