/* The status line of verbs that wait, on a terminal: it makes way for all that is written there,
 * and nothing of it is left. */
#include "cli/cli_support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/posix/terminal.h"

/* What the screen of a terminal shows at the end of what was written to it. Understands what the
 * status line uses, and colours; fails if the line is drawn over anything else. */
static const char *screen(void)
{
    static char rows[65536];
    char row[1024] = "";
    size_t size = 0, column = 0, length = 0;
    bool ours = false;
    for (const char *at = terminal_shown(); *at != '\0'; at++) {
        if (strncmp(at, "tether: ", 8) == 0 && length > 0 && !ours)
            fail_msg("drawn over \"%.*s\": %s", (int)length, row, terminal_shown());
        if (*at == '\r') {
            ours = ours || length == 0;
            column = 0;
        } else if (*at == '\n') {
            memcpy(rows + size, row, length);
            size += length;
            rows[size++] = '\n';
            column = length = 0;
            ours = false;
        } else if (strncmp(at, "\033[J", 3) == 0) {
            length = column;
            ours = ours && length > 0;
            at += 2;
        } else if (*at == '\033') {
            at += strcspn(at, "m");
        } else {
            row[column++] = *at;
            length = column > length ? column : length;
        }
    }
    memcpy(rows + size, row, length);
    rows[size + length] = '\0';
    return rows;
}

/* What the screen shows below the line that tells the id. */
static const char *screen_below_hint(void)
{
    const char *rows = screen();
    cli_assert_holds(rows, "tether: task ");
    return strchr(rows, '\n') + 1;
}

static int set_up(void **state)
{
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    return cli_setup(state);
}

/* A shell that goes on when the file is there. */
#define UNTIL_GO "while [ ! -e \"$GO\" ]; do sleep 0.02; done; "

static void set_go(const fixture *f)
{
    setenv("GO", test_work_path(f, "go"), 1);
}

static void a_run_shows_its_task_between_the_lines_of_its_output(void **state)
{
    fixture *f = *state;
    terminal t;
    set_go(f);
    TERMINAL_START(&t, f, 60, -1, "run", "--timeout", "1h", "--name", "\033]0;x\007the name",
                   "--wait", "-c",
                   "echo one; " UNTIL_GO "printf two; sleep 1.1; echo; "
                   "while [ ! -e \"$GO.on\" ]; do sleep 0.02; done; echo three >&2; exit 3");
    terminal_expect(&t, "\033[2mtether: running, ");
    terminal_expect(&t, "s, deadline in 59m");
    terminal_expect(&t, ": ?]0;x?the name\033[0m\033[J");
    terminal_expect(&t, "tether: running, ");
    cli_write_go(f);
    /* What is written to both streams at once has no order. */
    terminal_expect(&t, "two");
    terminal_expect(&t, "\n");
    test_write_file(test_work_path(f, "go.on"), "", 0);
    assert_int_equal(terminal_end(&t), 3);
    assert_string_equal(screen_below_hint(), "one\ntwo\nthree\n");
}

static void a_wait_counts_what_has_ended(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE];
    terminal t;
    cli_start_ended(f, first, "text", 0);
    cli_start_waiting(f, second, "5");
    TERMINAL_START(&t, f, 200, -1, "wait", "--timeout", "1h", first, second);
    terminal_expect(&t, "tether: waiting, ");
    terminal_expect(&t, "s, 1 of 2 ended, timeout in 59m");
    terminal_expect(&t, CHILD);
    cli_write_go(f);
    assert_int_equal(terminal_end(&t), 5);
    assert_string_equal(screen(), "");
}

/* Also for the next completion, whichever task it is of. */
static void a_wait_for_any_names_the_oldest_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    terminal t;
    EXPECT(f, 0, "run", "--name", "old", "--", CHILD, "await", test_work_path(f, "go"));
    cli_take_id(id);
    TERMINAL_START(&t, f, 80, -1, "wait", "-n");
    terminal_expect(&t, "tether: waiting, ");
    terminal_expect(&t, "s: old\033");
    cli_write_go(f);
    assert_int_equal(terminal_end(&t), 0);
    cli_assert_holds(screen(), id);
}

/* Waits for a line of this width. The first one may have been drawn for the width before. */
static void expect_width(terminal *t, size_t width)
{
    size_t drawn = 0;
    while (drawn != width) {
        terminal_expect(t, "tether: waiting, ");
        size_t begin = t->seen - strlen("tether: waiting, ");
        terminal_expect(t, "\033[J");
        drawn = t->seen - strlen("\033[J") - begin;
    }
}

static void it_fits_the_width_also_a_new_one(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], name[61];
    terminal t;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    EXPECT(f, 0, "run", "--name", name, "--", CHILD, "await", test_work_path(f, "go"));
    cli_take_id(id);
    setenv("NO_COLOR", "1", 1);
    TERMINAL_START(&t, f, 50, -1, "wait", id);
    expect_width(&t, 49);
    terminal_resize(&t, 40);
    expect_width(&t, 39);
    terminal_resize(&t, 200);
    terminal_expect(&t, name);
    cli_write_go(f);
    assert_int_equal(terminal_end(&t), 0);
    unsetenv("NO_COLOR");
}

/* Runs a task that takes longer than the line needs to come; nothing of it may be written. */
static void expect_none(const fixture *f, const char *const *arguments, int output)
{
    terminal t;
    terminal_start(&t, 80, output, arguments);
    assert_int_equal(terminal_end(&t), 0);
    assert_null(strstr(terminal_shown(), "running,"));
    (void)f;
}

static void it_is_not_shown_where_nobody_wants_it(void **state)
{
    fixture *f = *state;
#define NONE(output, ...)                                                                          \
    expect_none(f, (const char *const[]){COMMAND, "--store", f->store, __VA_ARGS__, NULL}, (output))
#define LONG "--", "sleep", "1.3"
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    NONE(-1, "run", "-q", "--wait", LONG);
    assert_string_equal(terminal_shown(), "");
    NONE(-1, "--json", "run", "--wait", LONG);
    NONE(ends[1], "run", "--wait", LONG);
    close(ends[0]);
    close(ends[1]);
    setenv("TERM", "dumb", 1);
    NONE(-1, "run", "--wait", LONG);
    setenv("TERM", "xterm", 1);
    /* Output that moves the cursor: what is on the screen is not known any more. */
    NONE(-1, "run", "--wait", "-c", "printf 'a\\n\\033[1Ab\\n'; sleep 1.3");
    EXPECT(f, 0, "run", "--wait", LONG);
    assert_string_equal(cli_err(), "");
}

static void a_signal_takes_it_away(void **state)
{
    fixture *f = *state;
    terminal t;
    set_go(f);
    TERMINAL_START(&t, f, 80, -1, "run", "--wait", "-c", UNTIL_GO);
    terminal_expect(&t, "tether: running, ");
    terminal_expect(&t, "\033[J");
    assert_int_equal(kill(t.pid, SIGINT), 0);
    assert_int_equal(terminal_end(&t), 128 + SIGINT);
    assert_string_equal(screen_below_hint(), "");
    cli_write_go(f);
    EXPECT(f, 0, "wait");
}

static void a_kill_tells_how_long_its_grace_is(void **state)
{
    fixture *f = *state;
    terminal t;
    set_go(f);
    EXPECT(f, 0, "run", "--name", "deaf", "-c", "trap '' TERM; echo deaf; " UNTIL_GO);
    EXPECT(f, 0, "watch", "@last", "--once", "deaf");
    TERMINAL_START(&t, f, 80, -1, "kill", "--grace", "1h", "deaf");
    terminal_expect(&t, "tether: killing, ");
    terminal_expect(&t, "s, KILL in 59m");
    terminal_expect(&t, "s: deaf\033");
    cli_write_go(f);
    assert_int_equal(terminal_end(&t), 0);
    assert_string_equal(screen(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, cli_teardown)
        TEST(a_run_shows_its_task_between_the_lines_of_its_output),
        TEST(a_wait_counts_what_has_ended),
        TEST(a_wait_for_any_names_the_oldest_task),
        TEST(it_fits_the_width_also_a_new_one),
        TEST(it_is_not_shown_where_nobody_wants_it),
        TEST(a_signal_takes_it_away),
        TEST(a_kill_tells_how_long_its_grace_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
