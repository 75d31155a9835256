/* Where the cursor of a terminal is after what was written to it. */
#include "support/unit.h"

#include <string.h>

#include "cli/ground.h"

static const struct {
    const char *text;
    bool is_free;
} cases[] = {
    {"", true},
    {"\n", true},
    {"abc\n", true},
    {"abc", false},
    {"abc\n\nd", false},
    {"50%\r", false},
    {"a\r\n", true},
    {"\xe6\x97\xa5\n", true},
    /* Colours, also after the last newline. */
    {"\033[31mred\033[0m\n", true},
    {"\033[31mred\n\033[0m", false},
    {"\033[38;5;12mx\033[K\n", true},
    /* Movements, and sequences that are not known. */
    {"a\033[2Ab\n", false},
    {"\033[2J\n", false},
    {"\033[?1049h\n", false},
    {"\033]0;title\007\n", false},
    {"\0337\n", false},
    /* Not complete yet. */
    {"\n\033", false},
    {"\n\033[3", false},
};

static void the_ground_is_free_at_the_start_of_a_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        for (size_t cut = 0; cut <= size; cut++) {
            cli_ground whole = {0};
            ground_feed(&whole, cases[i].text, cut);
            ground_feed(&whole, cases[i].text + cut, size - cut);
            if (ground_is_free(&whole) != cases[i].is_free)
                fail_msg("case %zu, cut at %zu", i, cut);
        }
    }
}

static void a_cursor_that_was_moved_stays_unknown(void **state)
{
    cli_ground g = {0};
    (void)state;
    ground_feed(&g, "\033[Ha", 4);
    ground_feed(&g, "\n\n", 2);
    assert_false(ground_is_free(&g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ground_is_free_at_the_start_of_a_line),
        cmocka_unit_test(a_cursor_that_was_moved_stays_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
