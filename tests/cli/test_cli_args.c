/* Where the options of a command line end. */
#include "support/unit.h"

#include <string.h>

#include "cli/args.h"

enum { FLAG = 1, VALUE, COMMON, WORD };

static const args_option options[] = {
    {"--flag", ARGS_FLAG, FLAG}, {"--value", ARGS_VALUE, VALUE}, {NULL, ARGS_FLAG, 0}};
static const args_option common[] = {{"--json", ARGS_FLAG, COMMON}, {NULL, ARGS_FLAG, 0}};

static bool count_common(int id, const char *value, void *userdata)
{
    (void)value;
    assert_int_equal(id, COMMON);
    ++*(int *)userdata;
    return false;
}

/* Fills in a parser of these words, NULL-terminated. */
static void prepare(cli_args *args, const char *const *words, bool end, int *common_count)
{
    *args = (cli_args){.argv = (char **)(uintptr_t)words,
                       .options = options,
                       .common = common,
                       .on_common = count_common,
                       .userdata = common_count,
                       .operands_end_options = end};
    while (words[args->argc] != NULL)
        args->argc++;
}

static void the_first_operand_ends_the_options(void **state)
{
    static const char *const words[] = {"--json", "--flag", "prog", "--flag", "--", "--json", NULL};
    cli_args args;
    const char *value;
    int id, commons = 0;
    (void)state;
    prepare(&args, words, true, &commons);
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPTION);
    assert_int_equal(id, FLAG);
    for (size_t i = 2; i < 6; i++) {
        assert_int_equal(args_next(&args, &id, &value), ARGS_OPERAND);
        assert_string_equal(value, words[i]);
    }
    assert_int_equal(args_next(&args, &id, &value), ARGS_END);
    assert_int_equal(commons, 1);
}

static void options_may_follow_operands_elsewhere(void **state)
{
    static const char *const words[] = {"id", "--flag", "--json", "--", "--flag", NULL};
    cli_args args;
    const char *value;
    int id, commons = 0;
    (void)state;
    prepare(&args, words, false, &commons);
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPERAND);
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPTION);
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPERAND);
    assert_string_equal(value, "--flag");
    assert_int_equal(args_next(&args, &id, &value), ARGS_END);
    assert_int_equal(commons, 1);
}

static void a_word_after_one_dash_can_have_an_id(void **state)
{
    static const char *const words[] = {"-9", "--flag", "--9", NULL};
    cli_args args;
    const char *value;
    int id, commons = 0;
    (void)state;
    prepare(&args, words, false, &commons);
    args.word_id = WORD;
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPTION);
    assert_int_equal(id, WORD);
    assert_string_equal(value, "9");
    assert_int_equal(args_next(&args, &id, &value), ARGS_OPTION);
    assert_int_equal(id, FLAG);
    assert_int_equal(args_next(&args, &id, &value), ARGS_ERROR);
    prepare(&args, words, false, &commons);
    assert_int_equal(args_next(&args, &id, &value), ARGS_ERROR);
}

static void finds_only_options_that_are_still_to_come(void **state)
{
    static const struct {
        const char *words[6];
        bool end;
        bool found;
    } cases[] = {
        {{"--flag", "--json"}, true, true},
        {{"--value", "x", "--json"}, true, true},
        {{"--value=x", "--json"}, true, true},
        {{"--unknown", "--json"}, true, true},
        {{"--value", "--json"}, true, false},
        {{"prog", "--json"}, true, false},
        {{"--value", "x", "prog", "--json"}, true, false},
        {{"--", "--json"}, true, false},
        {{"id", "--json"}, false, true},
        {{"id", "--", "--json"}, false, false},
        {{"id"}, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli_args args;
        int commons = 0;
        prepare(&args, cases[i].words, cases[i].end, &commons);
        if (args_remaining_contain(&args, "--json") != cases[i].found)
            fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_operand_ends_the_options),
        cmocka_unit_test(options_may_follow_operands_elsewhere),
        cmocka_unit_test(a_word_after_one_dash_can_have_an_id),
        cmocka_unit_test(finds_only_options_that_are_still_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
