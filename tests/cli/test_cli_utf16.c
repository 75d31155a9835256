/* UTF-8 that comes in pieces, as UTF-16 for a console. */
#include "support/unit.h"

#include <stdint.h>
#include <string.h>

#include "cli/utf16.h"

enum { ROOM = 64 };

typedef struct example {
    const char *bytes;
    const uint16_t units[12]; /* up to a zero */
} example;

static const example examples[] = {
    {"", {0}},
    {"plain\r\n", {'p', 'l', 'a', 'i', 'n', '\r', '\n', 0}},
    {"h\xc3\xa9llo", {'h', 0xe9, 'l', 'l', 'o', 0}},
    {"\xe2\x9c\x93\xe6\x97\xa5\xe6\x9c\xac", {0x2713, 0x65e5, 0x672c, 0}},
    {"a\xf0\x9f\x98\x80z", {'a', 0xd83d, 0xde00, 'z', 0}},
    {"\xf4\x8f\xbf\xbf", {0xdbff, 0xdfff, 0}},
    /* Invalid: not UTF-8 at all, a character that another one interrupts, overlong, a surrogate */
    {"\xff\xfe", {0xfffd, 0xfffd, 0}},
    {"\xe2\x9c!\xe2\x9c\x93", {0xfffd, '!', 0x2713, 0}},
    {"\xf0\x9f\x98\xc3\xa9", {0xfffd, 0xe9, 0}},
    {"\xf0\x9f\xe2\x9c\x93", {0xfffd, 0x2713, 0}},
    {"\xc0\xaf", {0xfffd, 0xfffd, 0}},
    {"\xed\xa0\x80", {0xfffd, 0xfffd, 0xfffd, 0}},
    /* Cut at the end */
    {"a\xc3", {'a', 0xfffd, 0}},
    {"\xf0\x9f\x98", {0xfffd, 0}},
};

/* Adds the units of one piece, with this much room at a time. */
static size_t add_piece(utf16_state *state, const char *bytes, size_t size, size_t room,
                        uint16_t *units)
{
    size_t count = 0;
    while (size > 0) {
        size_t taken;
        size_t more = utf16_convert(state, bytes, size, units + count, room, &taken);
        assert_true(more <= room);
        assert_true(more > 0 || taken > 0);
        count += more;
        bytes += taken;
        size -= taken;
    }
    return count;
}

static void expect(const example *one, size_t first, size_t second, size_t room)
{
    utf16_state state = {{0}, 0};
    uint16_t units[ROOM];
    size_t size = strlen(one->bytes), wanted = 0;
    size_t count = add_piece(&state, one->bytes, first, room, units);
    count += add_piece(&state, one->bytes + first, second, room, units + count);
    count +=
        add_piece(&state, one->bytes + first + second, size - first - second, room, units + count);
    count += utf16_end(&state, units + count);
    while (one->units[wanted] != 0)
        wanted++;
    assert_int_equal(count, wanted);
    assert_memory_equal(units, one->units, count * sizeof *units);
    assert_int_equal(utf16_end(&state, units), 0);
}

static void every_cut_gives_the_same_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        size_t size = strlen(examples[i].bytes);
        for (size_t first = 0; first <= size; first++) {
            for (size_t second = 0; second <= size - first; second++) {
                expect(&examples[i], first, second, ROOM / 4);
                expect(&examples[i], first, second, 2);
            }
        }
    }
}

/* What can be shown is shown at once. */
static void holds_back_only_what_is_cut(void **state)
{
    (void)state;
    utf16_state console = {{0}, 0};
    uint16_t units[ROOM];
    assert_int_equal(add_piece(&console, "ab\xe2\x9c", 4, ROOM, units), 2);
    assert_int_equal(console.held_size, 2);
    assert_int_equal(add_piece(&console, "\x93", 1, ROOM, units), 1);
    assert_int_equal(units[0], 0x2713);
    assert_int_equal(console.held_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_gives_the_same_characters),
        cmocka_unit_test(holds_back_only_what_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
