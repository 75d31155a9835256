/* The width of characters on a terminal. */
#include "support/unit.h"

#include "cli/width.h"

static void knows_the_width_of_characters(void **state)
{
    static const struct {
        uint32_t character;
        size_t width;
    } cases[] = {
        {'a', 1},     {'~', 1},     {0xE4, 1},    {0x3B1, 1},   {0x416, 1},    {0x5D0, 1},
        {0x2026, 1},  {0x2500, 1},  {0xFFFD, 1},  {0xAD, 1},    {0xA0, 1},     {0x300, 0},
        {0x301, 0},   {0x36F, 0},   {0x483, 0},   {0x20D7, 0},  {0x200B, 0},   {0x200D, 0},
        {0xFE0F, 0},  {0xFEFF, 0},  {0x1160, 0},  {0xE0100, 0}, {0xE0041, 0},  {0x1100, 2},
        {0x115F, 2},  {0x3042, 2},  {0x65E5, 2},  {0xAC00, 2},  {0xD7A3, 2},   {0xFF01, 2},
        {0xFF5E, 2},  {0xFF61, 1},  {0x303F, 1},  {0x231A, 2},  {0x2614, 2},   {0x1F600, 2},
        {0x1F44D, 2}, {0x20000, 2}, {0x3FFFD, 2}, {0x1F1E6, 1}, {0x10FFFF, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (width_of(cases[i].character) != cases[i].width)
            fail_msg("U+%04X", (unsigned)cases[i].character);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(knows_the_width_of_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
