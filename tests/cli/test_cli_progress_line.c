/* The words of the status line, and what is left out where it is narrow. The stream is one of this
 * test: it collects what is written. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/progress_line.h"

static char written[1024];
static size_t used;

void stream_write(cli_stream *stream, const void *bytes, size_t size)
{
    (void)stream;
    assert_true(used + size < sizeof written);
    memcpy(written + used, bytes, size);
    used += size;
    written[used] = '\0';
}

void stream_text(cli_stream *stream, const char *text)
{
    stream_write(stream, text, strlen(text));
}

static void expect(const char *expected, const progress_state *state, size_t columns)
{
    used = 0;
    written[0] = '\0';
    progress_line_write(NULL, state, columns);
    assert_string_equal(written, expected);
}

static progress_state of(const char *doing, int64_t elapsed_ms, const char *label)
{
    progress_state state = {.doing = doing, .elapsed_ms = elapsed_ms};
    snprintf(state.label, sizeof state.label, "%s", label);
    return state;
}

static void it_tells_what_is_known(void **unused)
{
    progress_state state = of("waiting", 1999, "");
    (void)unused;
    expect("tether: waiting, 1s", &state, 80);
    state = of("running", 3723000, "make all");
    expect("tether: running, 1h02m: make all", &state, 80);
    state.total = 1;
    expect("tether: running, 1h02m: make all", &state, 80);
    state.total = 12;
    state.ended = 3;
    state.more = 8;
    expect("tether: running, 1h02m, 3 of 12 ended: make all and 8 more", &state, 80);
    state.limit = "timeout";
    state.limit_ms = 59999;
    expect("tether: running, 1h02m, 3 of 12 ended, timeout in 59s: make all and 8 more", &state,
           80);
    /* A deadline that has passed, of a task that is being ended. */
    state.limit_ms = -5;
    state.total = state.more = 0;
    expect("tether: running, 1h02m, timeout in 0s: make all", &state, 80);
}

static void a_narrow_line_keeps_what_is_counted(void **unused)
{
    progress_state state = of("waiting", 5000, "a long command with words");
    (void)unused;
    state.total = 3;
    state.ended = 1;
    state.more = 1;
    expect("tether: waiting, 5s, 1 of 3 ended: a long ... and 1 more", &state, 56);
    expect("tether: waiting, 5s, 1 of 3 ended: a lo ... and 1 more", &state, 54);
    expect("tether: waiting, 5s, 1 of 3 ended: a lo ... and 1 more", &state, 54);
    expect("tether: waiting, 5s, 1 of 3 ended", &state, 51);
    expect("tether: waiti", &state, 13);
    expect("", &state, 0);
}

static void it_shows_no_control_character_and_halves_no_wide_one(void **unused)
{
    progress_state state = of("running", 5000, "a\033[2J\n\xe2\x80\xae\xff");
    (void)unused;
    expect("tether: running, 5s: a?[2J ??", &state, 80);
    state = of("running", 5000, "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
    expect("tether: running, 5s: \xe6\x97\xa5\xe6\x97\xa5 ...", &state, 30);
    expect("tether: running, 5s: \xe6\x97\xa5\xe6\x97\xa5 ...", &state, 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_tells_what_is_known),
        cmocka_unit_test(a_narrow_line_keeps_what_is_counted),
        cmocka_unit_test(it_shows_no_control_character_and_halves_no_wide_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
