/* Output on a terminal: lines fit its width, and control characters are replaced. */
#include "cli/cli_support.h"

#include <stdlib.h>
#include <string.h>

#include "cli/posix/terminal.h"

static size_t longest_line(void)
{
    size_t longest = 0;
    for (const char *line = terminal_shown(), *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        size_t size = (size_t)(end - line);
        longest = size > longest ? size : longest;
    }
    return longest;
}

static void tables_are_as_wide_as_the_terminal(void **state)
{
    fixture *f = *state;
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    EXPECT(f, 0, "run", "--name", "a name", "--wait", "--", CHILD, "out", text);
    static const int widths[] = {80, 120, 250};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        assert_int_equal(ON_TERMINAL(f, widths[i], "list", "--all"), 0);
        assert_int_equal(longest_line(), widths[i]);
    }
    /* A long name leaves room for the command. */
    char name[TETHER_ID_SIZE];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    EXPECT(f, 0, "run", "--name", name, "--wait", "--", CHILD, "out", text);
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        assert_int_equal(ON_TERMINAL(f, widths[i], "list", "--all"), 0);
        assert_int_equal(longest_line(), widths[i]);
        assert_int_equal(ON_TERMINAL(f, widths[i], "list", "--all", "--all-sessions"), 0);
        assert_int_equal(longest_line(), widths[i]);
    }
    /* A terminal that is too narrow, or of unknown width; and no terminal. */
    assert_int_equal(ON_TERMINAL(f, 20, "list", "--all"), 0);
    cli_assert_holds(terminal_shown(), "[a name]");
    assert_int_equal(ON_TERMINAL(f, 0, "list", "--all", "--all-sessions"), 0);
    cli_assert_holds(terminal_shown(), text);
    EXPECT(f, 0, "list", "--all");
    cli_assert_holds(cli_out(), text);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
}

/* The line of a task with wide characters is cut to the same columns, which have fewer characters.
 */
static void wide_characters_take_two_columns(void **state)
{
    fixture *f = *state;
    char text[64 * 3 + 1] = "";
    for (int i = 0; i < 64; i++)
        strcat(text, "\xe6\x97\xa5");
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    EXPECT(f, 0, "run", "--wait", "-c",
           ": "
           "\xe6\x97\xa5\xe6\x97\xa5");
    EXPECT(f, 0, "run", "--name", text, "--wait", "-c", "exit 0");
    assert_int_equal(ON_TERMINAL(f, 100, "list", "--last", "1"), 0);
    const char *name = strchr(terminal_shown(), '[');
    assert_non_null(name);
    /* 30 columns: 13 characters and " ...". */
    assert_int_equal(strspn(name + 1, "\xe6\x97\xa5"), 13 * 3);
    cli_assert_holds(name, " ...] exit 0\n");
    assert_int_equal(unsetenv("NO_COLOR"), 0);
}

static void colours_only_where_they_are_wanted(void **state)
{
    fixture *f = *state;
    EXPECT(f, 3, "run", "--wait", "-c", "exit 3");
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all"), 0);
    cli_assert_holds(terminal_shown(), "\033[31mfailed (3)\033[0m");
    assert_int_equal(ON_TERMINAL(f, 80, "--json", "list", "--all"), 0);
    assert_null(strchr(terminal_shown(), '\033'));
    EXPECT(f, 0, "list", "--all");
    assert_null(strchr(cli_out(), '\033'));
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all"), 0);
    cli_assert_holds(terminal_shown(), "  failed (3)  ");
    assert_null(strchr(terminal_shown(), '\033'));
    assert_int_equal(setenv("NO_COLOR", "", 1), 0);
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all"), 0);
    assert_non_null(strchr(terminal_shown(), '\033'));
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    assert_int_equal(setenv("TERM", "dumb", 1), 0);
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all"), 0);
    assert_null(strchr(terminal_shown(), '\033'));
}

static void an_empty_list_says_so(void **state)
{
    fixture *f = *state;
    assert_int_equal(ON_TERMINAL(f, 80, "list"), 0);
    assert_string_equal(terminal_shown(),
                        "no running tasks in this session (tether list --all shows ended "
                        "tasks)\n");
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all", "--all-sessions"), 0);
    assert_string_equal(terminal_shown(), "no tasks in this store\n");
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--all", "--project", f->work), 0);
    assert_string_equal(terminal_shown(), "no tasks of this project\n");
    assert_int_equal(ON_TERMINAL(f, 80, "list", "--status", "failed"), 0);
    assert_string_equal(terminal_shown(), "no tasks in this session that match\n");
}

static void a_watch_replaces_control_characters(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "-c", "printf 'hit \\033[2J\\377\\t\\303\\244\\r\\nhit\\n'");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    assert_int_equal(ON_TERMINAL(f, 80, "watch", id, "hit"), 0);
    assert_string_equal(terminal_shown(), "hit ?[2J? \xc3\xa4\nhit\n");
}

static void completions_replace_control_characters(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "--session", "a\xe2\x80\xae", "run", "--name", "b\xc2\x9b", "--", CHILD, "out",
           "c\033[2J");
    EXPECT(f, 0, "--session", "a\xe2\x80\xae", "wait");
    assert_int_equal(ON_TERMINAL(f, 200, "completions", "--drain", "--all-sessions"), 0);
    cli_assert_holds(terminal_shown(), "  a?: [b?] ");
    cli_assert_holds(terminal_shown(), "\n    c?[2J\n");
    assert_null(strchr(terminal_shown(), '\033'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(tables_are_as_wide_as_the_terminal),  TEST(wide_characters_take_two_columns),
        TEST(colours_only_where_they_are_wanted),  TEST(an_empty_list_says_so),
        TEST(a_watch_replaces_control_characters), TEST(completions_replace_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
