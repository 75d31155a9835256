/* Exit markers: parses what supervisors write, and calls everything else damaged or unfinished. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/marker.h"
#include "support/random.h"

#define BOOT "9c5c1b3e-6a0f-4c53-8d2e-0d7f5b8a9a11"
#define SUPERVISOR "supervisor pid=4711 start=812345 boot=" BOOT " pidns=4026531836\n"

/* Parses from a block of exactly this size, so that a sanitizer detects a read beyond its end. */
static tether__marker parse_bytes(const char *text, size_t size)
{
    tether__marker marker;
    char *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, text, size);
    tether__marker_parse(exact, size, &marker);
    free(exact);
    assert_true(marker.present);
    /* A damaged marker must not report an end. */
    assert_false(marker.damaged && marker.end != TETHER__END_NONE);
    return marker;
}

static tether__marker parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void reads_a_whole_marker(void **state)
{
    (void)state;
    tether__marker marker = parse(SUPERVISOR "exit 3 uptime=8123.45\n");
    assert_false(marker.damaged);
    assert_false(marker.unfinished);
    assert_int_equal(marker.identity.pid, 4711);
    assert_int_equal(marker.identity.start_time, 812345);
    assert_string_equal(marker.identity.boot_id, BOOT);
    assert_string_equal(marker.identity.pid_ns, "4026531836");
    assert_int_equal(marker.end, TETHER__END_EXIT);
    assert_int_equal(marker.value, 3);
    assert_int_equal(marker.uptime_ms, 8123450);
    assert_int_equal(marker.modified_at, 0);
}

static void reads_every_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tether__end end;
        int64_t value;
        int64_t uptime_ms;
    } cases[] = {
        {"exit 0\n", TETHER__END_EXIT, 0, -1},
        {"exit 255\n", TETHER__END_EXIT, 255, -1},
        {"exit 0007\n", TETHER__END_EXIT, 7, -1},
        {"exit 3221225477\n", TETHER__END_EXIT, 3221225477, -1}, /* 0xC0000005 */
        {"exit 4294967295\n", TETHER__END_EXIT, 4294967295, -1},
        {"exit -1073741819\r\n", TETHER__END_EXIT, 3221225477, -1}, /* the same, as cmd writes it */
        {"exit -1\n", TETHER__END_EXIT, 4294967295, -1},
        {"exit -2147483648\n", TETHER__END_EXIT, 2147483648, -1},
        {"exit 126 error=workdir\r\n", TETHER__END_EXIT, 126, -1},
        {"signal 9\n", TETHER__END_SIGNAL, 9, -1},
        {"signal 127\n", TETHER__END_SIGNAL, 127, -1},
        {"timed_out\n", TETHER__END_TIMED_OUT, 0, -1},
        {"timed_out uptime=1.00\n", TETHER__END_TIMED_OUT, 0, 1000},
        {"exit 1 pipestatus=1,0 uptime=0.07\n", TETHER__END_EXIT, 1, 70},
        {"exit 126 error=fork\n", TETHER__END_EXIT, 126, -1},
        {"exit 1 later=words uptime=2.50 more\n", TETHER__END_EXIT, 1, 2500},
        {"exit 3\r\n", TETHER__END_EXIT, 3, -1},
        {"\n\nexit 3\n", TETHER__END_EXIT, 3, -1},
        {"\r\nexit 3 \r\n", TETHER__END_EXIT, 3, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_false(marker.damaged);
        assert_int_equal(marker.end, cases[i].end);
        assert_int_equal(marker.value, cases[i].value);
        assert_int_equal(marker.uptime_ms, cases[i].uptime_ms);
    }
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    char text[2 * TETHER__MARKER_LINE_SIZE];
    tether__identity self = {
        .pid = INT64_MAX, .start_time = UINT64_MAX / 2, .boot_id = BOOT, .pid_ns = "4026531836"};
    static const struct {
        tether__end end;
        int value;
        int64_t uptime_ms, uptime_read;
        const char *line;
    } cases[] = {
        {TETHER__END_EXIT, 0, 8123456, 8123450, "exit 0 uptime=8123.45\n"},
        {TETHER__END_EXIT, 255, 7, 0, "exit 255 uptime=0.00\n"},
        {TETHER__END_SIGNAL, 127, 1090, 1090, "signal 127 uptime=1.09\n"},
        {TETHER__END_SIGNAL, 15, -1, -1, "signal 15\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = tether__marker_format_supervisor(&self, text);
        assert_int_equal(size, strlen(text));
        size_t end_size = tether__marker_format_end(cases[i].end, cases[i].value,
                                                    cases[i].uptime_ms, text + size);
        assert_string_equal(text + size, cases[i].line);
        assert_int_equal(end_size, strlen(cases[i].line));
        assert_true(size + end_size <= TETHER__MARKER_LIMIT);
        tether__marker marker = parse(text);
        assert_false(marker.damaged);
        assert_false(marker.unfinished);
        assert_int_equal(marker.identity.pid, self.pid);
        assert_int_equal(marker.identity.start_time, self.start_time);
        assert_string_equal(marker.identity.boot_id, BOOT);
        assert_string_equal(marker.identity.pid_ns, self.pid_ns);
        assert_int_equal(marker.end, cases[i].end);
        assert_int_equal(marker.value, cases[i].value);
        assert_int_equal(marker.uptime_ms, cases[i].uptime_read);
    }
    /* Values that are not known are left empty. */
    tether__identity pid_only = {.pid = 7};
    tether__marker_format_supervisor(&pid_only, text);
    assert_string_equal(text, "supervisor pid=7 start= boot= pidns=\n");
    assert_int_equal(parse(text).identity.pid, 7);
}

/* What only a monitor can say. */
static void reads_what_a_monitor_writes(void **state)
{
    (void)state;
    static const struct {
        tether__ending ending;
        const char *line;
    } cases[] = {
        {{.end = TETHER__END_EXIT, .value = 3, .uptime_ms = 8123456, .usage = {12, 5, 2048, 3}},
         "exit 3 uptime=8123.45 user=12 sys=5 peak=2048 procs=3 left=0\n"},
        {{.end = TETHER__END_SIGNAL,
          .value = 11,
          .core = true,
          .uptime_ms = 10,
          .usage = {0, 0, 0, 1},
          .left = {.count = -1}},
         "signal 11 core uptime=0.01 user=0 sys=0 peak=0 procs=1\n"},
        {{.end = TETHER__END_TIMED_OUT,
          .value = 15,
          .uptime_ms = -1,
          .usage = {-1, -1, -1, -1},
          .alone = true},
         "timed_out left=0 alone\n"},
        {{.end = TETHER__END_EXIT,
          .value = 126,
          .failure = TETHER__START_ORDERS,
          .uptime_ms = -1,
          .usage = {-1, -1, -1, -1},
          .left = {.count = -1}},
         "exit 126 error=orders\n"},
        {{.end = TETHER__END_EXIT,
          .failure = TETHER__START_INPUT,
          .uptime_ms = -1,
          .pipestatus = "1,0",
          .usage = {-1, 7, -1, -1},
          .lost = 5,
          .left = {.count = -1}},
         "exit 0 error=input sys=7 lost=5 pipestatus=1,0\n"},
        {{.end = TETHER__END_EXIT,
          .uptime_ms = -1,
          .usage = {-1, -1, -1, -1},
          .left = {.count = 19, .named = 2, .processes = {{7, "a b,%"}, {4194304, "node"}}}},
         "exit 0 left=19 who=7:a%20b%2C%25,4194304:node\n"},
    };
    char line[TETHER__MARKER_LINE_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tether__ending *wanted = &cases[i].ending;
        assert_int_equal(tether__marker_format_ending(wanted, line), strlen(cases[i].line));
        assert_string_equal(line, cases[i].line);
        tether__marker marker = parse(line);
        assert_false(marker.damaged || marker.unfinished || marker.deadline);
        assert_int_equal(marker.end, wanted->end);
        assert_int_equal(marker.value, wanted->end == TETHER__END_TIMED_OUT ? 0 : wanted->value);
        assert_int_equal(marker.core, wanted->core);
        assert_int_equal(marker.failure, wanted->failure);
        assert_string_equal(marker.pipestatus, wanted->pipestatus);
        assert_int_equal(marker.lost, wanted->lost);
        assert_memory_equal(&marker.usage, &wanted->usage, sizeof marker.usage);
        assert_int_equal(marker.alone, wanted->alone);
        assert_int_equal(marker.left.count, wanted->left.count);
        assert_int_equal(marker.left.named, wanted->left.named);
        for (size_t k = 0; k < wanted->left.named; k++) {
            assert_int_equal(marker.left.processes[k].pid, wanted->left.processes[k].pid);
            assert_string_equal(marker.left.processes[k].name, wanted->left.processes[k].name);
        }
    }
}

static void reads_that_the_deadline_is_over(void **state)
{
    (void)state;
    char line[TETHER__MARKER_LINE_SIZE];
    tether__marker_format_deadline(8123456, line);
    assert_string_equal(line, "deadline uptime=8123.45\n");
    tether__marker marker = parse(line);
    assert_true(marker.deadline);
    assert_false(marker.damaged || marker.unfinished);
    assert_int_equal(marker.end, TETHER__END_NONE);
    marker = parse(SUPERVISOR "deadline\nsignal 15\n");
    assert_true(marker.deadline);
    assert_int_equal(marker.end, TETHER__END_SIGNAL);
    marker = parse(SUPERVISOR "exit 0\ndeadline\n"); /* the first end counts */
    assert_false(marker.deadline);
    assert_true(parse(SUPERVISOR "deadlines\n").damaged);
}

static void reads_that_the_host_has_ended(void **state)
{
    (void)state;
    char line[TETHER__MARKER_LINE_SIZE];
    tether__marker_format_host_ended(8123456, line);
    assert_string_equal(line, "host-ended uptime=8123.45\n");
    tether__marker marker = parse(line);
    assert_true(marker.host_ended);
    assert_false(marker.deadline || marker.damaged || marker.unfinished);
    assert_int_equal(marker.end, TETHER__END_NONE);
    tether__marker_format_over_limit(8123456, line);
    assert_string_equal(line, "over-limit uptime=8123.45\n");
    marker = parse(SUPERVISOR "over-limit\nkilled 9 uptime=1.00\n");
    assert_true(marker.over_limit && !marker.host_ended && !marker.deadline);
    assert_int_equal(marker.end, TETHER__END_KILLED);
    marker = parse(SUPERVISOR "host-ended\nkilled 15 uptime=1.00\n");
    assert_true(marker.host_ended);
    assert_int_equal(marker.end, TETHER__END_KILLED);
    assert_int_equal(marker.value, 15);
    tether__marker_format_anchor_ended(8123456, line);
    assert_string_equal(line, "anchor-ended uptime=8123.45\n");
    marker = parse(SUPERVISOR "anchor-ended\nkilled 15 uptime=1.00\n");
    assert_true(marker.anchor_ended && !marker.host_ended);
    assert_int_equal(marker.end, TETHER__END_KILLED);
    assert_true(parse(SUPERVISOR "killed\n").damaged);
    assert_true(parse(SUPERVISOR "killed 128\n").damaged);
    const tether__ending ending = {.end = TETHER__END_KILLED,
                                   .value = 9,
                                   .uptime_ms = -1,
                                   .usage = TETHER__NO_USAGE,
                                   .left = TETHER__LEFT_UNKNOWN};
    tether__marker_format_ending(&ending, line);
    assert_string_equal(line, "killed 9\n");
}

static void a_usage_that_is_no_number_is_not_known(void **state)
{
    (void)state;
    tether__marker marker =
        parse("exit 0 user=x sys=-1 peak= procs=1.5 user=99999999999999999999\n");
    assert_false(marker.damaged);
    assert_int_equal(marker.usage.user_ms, -1);
    assert_int_equal(marker.usage.system_ms, -1);
    assert_int_equal(marker.usage.peak_bytes, -1);
    assert_int_equal(marker.usage.processes, -1);
}

static void makes_a_list_of_the_codes_of_a_pipeline(void **state)
{
    (void)state;
    char list[TETHER__PIPESTATUS_SIZE], longest[TETHER__PIPESTATUS_SIZE + 1];
    static const struct {
        const char *text, *list;
    } cases[] = {{"1 0", "1,0"}, {"1 0\n", "1,0"},  {"0", "0"},  {"", ""},
                 {"\n1", ""},    {" 1  2 ", "1,2"}, {"1 x", ""}, {"1,0", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker_pipestatus(cases[i].text, list);
        assert_string_equal(list, cases[i].list);
    }
    memset(longest, '7', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    tether__marker_pipestatus(longest, list);
    assert_string_equal(list, "");
}

/* The longest possible identity and end. */
static void writes_lines_that_fit_the_buffer(void **state)
{
    (void)state;
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity self = {.pid = INT64_MAX, .start_time = UINT64_MAX};
    memset(self.boot_id, 'b', sizeof self.boot_id - 1);
    memset(self.pid_ns, '9', sizeof self.pid_ns - 1);
    assert_true(tether__marker_format_supervisor(&self, line) < sizeof line);
    assert_true(tether__marker_format_end(TETHER__END_SIGNAL, 127, INT64_MAX, line) < sizeof line);
    tether__ending ending = {.end = TETHER__END_SIGNAL,
                             .value = 127,
                             .core = true,
                             .failure = TETHER__START_WORKDIR,
                             .uptime_ms = INT64_MAX,
                             .usage = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
                             .lost = INT64_MAX,
                             .left = {.count = INT64_MAX}};
    for (size_t i = 0; i < TETHER__LEFT_NAMED; i++)
        tether__left_name(&ending.left, INT32_MAX - 1, "\xc3\xa4,,,,,,,,,,,,,", 15);
    char codes[201];
    memset(codes, '7', sizeof codes - 1);
    codes[sizeof codes - 1] = '\0';
    for (size_t i = sizeof codes - 1; i > 0; i--) {
        codes[i] = '\0';
        tether__marker_pipestatus(codes, ending.pipestatus);
        if (ending.pipestatus[0] != '\0')
            break;
    }
    assert_true(strlen(ending.pipestatus) > 190);
    size_t size = tether__marker_format_ending(&ending, line);
    assert_true(size < sizeof line && line[size - 1] == '\n');
    assert_true(tether__marker_format_supervisor(&self, line) + size +
                    tether__marker_format_deadline(INT64_MAX, line) +
                    tether__marker_format_host_ended(INT64_MAX, line) <
                TETHER__MARKER_LIMIT);
    tether__marker_format_ending(&ending, line);
    tether__marker marker = parse(line);
    assert_int_equal(marker.left.count, INT64_MAX);
    assert_in_range(marker.left.named, 4, TETHER__LEFT_NAMED - 1); /* as many as fit */
    assert_string_equal(marker.left.processes[3].name, "\xc3\xa4,,,,,,,,,,,,,");
}

/* The number is right without the names, but not the other way round. */
static void names_of_what_is_left_need_its_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t count;
        size_t named;
    } cases[] = {
        {"exit 0\n", -1, 0},
        {"exit 0 left=2\n", 2, 0},
        {"exit 0 who=1:a,2:b left=2\n", 2, 2},
        {"exit 0 left=2 who=1:a,2:b,3:c\n", 2, 2},
        {"exit 0 who=1:a\n", -1, 0},
        {"exit 0 left=two who=1:a\n", -1, 0},
        {"exit 0 left=-2 who=1:a\n", -1, 0},
        {"exit 0 left=2 who=1:a,x\n", 2, 0},
        {"exit 0 left=2 who=1:a,\n", 2, 1},
        {"exit 0 left=2 who=0:a\n", 2, 0},
        {"exit 0 left=2 who=1\n", 2, 0},
        {"exit 0 left=2 who=-1:a\n", 2, 0},
        {"exit 0 left=2 who=1:%4\n", 2, 0},
        {"exit 0 left=2 who=1:%4g\n", 2, 0},
        {"exit 0 left=2 who=1:0123456789abcdef\n", 2, 0},
        {"exit 0 left=2 who=99999999999999999999:a\n", 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_int_equal(marker.end, TETHER__END_EXIT);
        assert_int_equal(marker.left.count, cases[i].count);
        assert_int_equal(marker.left.named, cases[i].named);
    }
}

/* A name that is printed must not command the terminal. */
static void a_name_is_harmless(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *name;
    } cases[] = {
        {"node", "node"},
        {"a\nb", "a?b"},
        {"\x1b[31mred", "?[31mred"},
        {"\x7f", "?"},
        {"\xc2\x9b"
         "31m",
         "??31m"},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xff\xc3", "??"},
        {"\xed\xa0\x80", "???"},
        {"0123456789abcd\xc3\xa4", "0123456789abcd?"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__left left = {.count = 1};
        char text[TETHER__LEFT_TEXT_SIZE], line[TETHER__LEFT_TEXT_SIZE + 32];
        tether__left_name(&left, 5, cases[i].raw, strlen(cases[i].raw));
        assert_string_equal(left.processes[0].name, cases[i].name);
        tether__left_render(&left, text, sizeof text);
        snprintf(line, sizeof line, "exit 0 left=1 who=%s\n", text);
        tether__marker marker = parse(line);
        assert_int_equal(marker.left.named, 1);
        assert_string_equal(marker.left.processes[0].name, cases[i].name);
    }
    /* Nor does one that the marker brings. */
    assert_string_equal(parse("exit 0 left=1 who=5:%1B[0m%0A%FF\n").left.processes[0].name,
                        "?[0m??");
}

static void ignores_a_malformed_uptime(void **state)
{
    (void)state;
    static const char *const texts[] = {"exit 3 uptime=\n",
                                        "exit 3 uptime=12\n",
                                        "exit 3 uptime=.50\n",
                                        "exit 3 uptime=1.5\n",
                                        "exit 3 uptime=1.234\n",
                                        "exit 3 uptime=-1.00\n",
                                        "exit 3 uptime=99999999999999999999.00\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tether__marker marker = parse(texts[i]);
        assert_int_equal(marker.end, TETHER__END_EXIT);
        assert_int_equal(marker.value, 3);
        assert_int_equal(marker.uptime_ms, -1);
    }
}

static void reads_why_the_command_did_not_run(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tether__start_failure failure;
    } cases[] = {
        {"exit 126\n", TETHER__START_OK},
        {"exit 126 error=fork\n", TETHER__START_FORK},
        {"exit 126 error=start\r\n", TETHER__START_PROGRAM},
        {"exit 126 uptime=1.00 error=workdir\n", TETHER__START_WORKDIR},
        {"exit 126 error=forks\n", TETHER__START_OTHER},
        {"exit 126 error=later\n", TETHER__START_OTHER},
        {"exit 126 error=\n", TETHER__START_OTHER},
        {"exit 126 error\n", TETHER__START_OK},
        {"signal 9 error=fork\n", TETHER__START_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_false(marker.damaged);
        assert_int_equal(marker.failure, cases[i].failure);
    }
}

/* In a time namespace the supervisor reads another uptime than the machine's. */
static void reads_times_of_a_time_namespace(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t offset_ns, uptime_ms;
        bool damaged;
    } cases[] = {
        {"supervisor pid=1 start=5\nexit 0 uptime=7.00\n", 0, 7000, false},
        {"supervisor pid=1 start=5 timens=2000000000\nexit 0 uptime=7.00\n", 2000000000, 5000,
         false},
        {"supervisor pid=1 timens=-2000000000 start=5\nexit 0 uptime=7.00\n", -2000000000, 9000,
         false},
        {"supervisor pid=1 start=5 timens=9000000000\nexit 0 uptime=7.00\n", 9000000000, -1, false},
        {"supervisor pid=1 start=5 timens=\nexit 0 uptime=7.00\n", 0, -1, true},
        {"supervisor pid=1 start=5 timens=1s\nexit 0 uptime=7.00\n", 0, -1, true},
        {"supervisor pid=1 start=5 timens=--1\nexit 0 uptime=7.00\n", 0, -1, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_int_equal(marker.damaged, cases[i].damaged);
        assert_int_equal(marker.identity.time_offset_ns, cases[i].offset_ns);
        assert_int_equal(marker.uptime_ms, cases[i].uptime_ms);
    }
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity self = {.pid = 3, .start_time = 4, .time_offset_ns = -5};
    tether__marker_format_supervisor(&self, line);
    assert_string_equal(line, "supervisor pid=3 start=4 boot= pidns= timens=-5\n");
}

static void reads_the_number_of_a_process(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t pidfs_id;
        bool damaged;
    } cases[] = {
        {"supervisor pid=1 start=5\n", 0, false},
        {"supervisor pid=1 start=5 pidfs=90412\n", 90412, false},
        {"supervisor pidfs=9223372036854775807 pid=1 start=5\n", INT64_MAX, false},
        {"supervisor pid=1 start=5 pidfs=9223372036854775808\n", 0, true},
        {"supervisor pid=1 start=5 pidfs=\n", 0, true},
        {"supervisor pid=1 start=5 pidfs=-1\n", 0, true},
        {"supervisor pid=1 start=5 pidfs=0x10\n", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_int_equal(marker.damaged, cases[i].damaged);
        assert_int_equal(marker.identity.pidfs_id, cases[i].pidfs_id);
    }
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity self = {.pid = 3, .start_time = 4, .pidfs_id = 6};
    tether__marker_format_supervisor(&self, line);
    assert_string_equal(line, "supervisor pid=3 start=4 boot= pidns= pidfs=6\n");
}

static void reads_the_codes_of_a_pipeline(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *codes;
    } cases[] = {
        {"exit 0 pipestatus=1,0\n", "1,0"},
        {"exit 0 uptime=1.00 pipestatus=0\n", "0"},
        {"signal 9 pipestatus=1,255,2147483647 uptime=1.00\n", "1,255,2147483647"},
        {"exit 0\n", ""},
        {"exit 0 pipestatus=\n", ""},
        {"exit 0 pipestatus=,\n", ""},
        {"exit 0 pipestatus=1,\n", ""},
        {"exit 0 pipestatus=,1\n", ""},
        {"exit 0 pipestatus=1,,2\n", ""},
        {"exit 0 pipestatus=-1\n", ""},
        {"exit 0 pipestatus=1,x\n", ""},
        {"exit 0 pipestatus=2147483648\n", ""},
        {"exit 0 pipestatus=1 0\n", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_false(marker.damaged);
        assert_int_not_equal(marker.end, TETHER__END_NONE);
        assert_string_equal(marker.pipestatus, cases[i].codes);
    }
    /* A list that does not fit is dropped, not truncated. */
    char text[TETHER__PIPESTATUS_SIZE + 32] = "exit 0 pipestatus=";
    size_t begin = strlen(text);
    memset(text + begin, '1', TETHER__PIPESTATUS_SIZE);
    for (size_t i = 1; i < TETHER__PIPESTATUS_SIZE; i += 2)
        text[begin + i] = ',';
    text[begin + TETHER__PIPESTATUS_SIZE - 1] = '\n';
    assert_int_equal(strlen(parse(text).pipestatus), TETHER__PIPESTATUS_SIZE - 1);
    text[begin + TETHER__PIPESTATUS_SIZE - 1] = '1';
    strcpy(text + begin + TETHER__PIPESTATUS_SIZE, "\n");
    assert_string_equal(parse(text).pipestatus, "");
}

static void finds_nothing_in_an_empty_marker(void **state)
{
    (void)state;
    tether__marker marker = parse("");
    assert_false(marker.damaged);
    assert_false(marker.unfinished);
    assert_int_equal(marker.end, TETHER__END_NONE);
    assert_int_equal(marker.identity.pid, 0);
    assert_int_equal(marker.uptime_ms, -1);
}

static void calls_a_truncated_marker_unfinished(void **state)
{
    (void)state;
    static const char text[] = SUPERVISOR "exit 137 uptime=8123.45\n";
    size_t first = strlen(SUPERVISOR), whole = sizeof text - 1;
    for (size_t size = 0; size < whole; size++) {
        tether__marker marker = parse_bytes(text, size);
        assert_int_equal(marker.end, TETHER__END_NONE);
        assert_false(marker.damaged);
        /* It is not unfinished where the cut is right behind a line. */
        assert_int_equal(marker.unfinished, size != 0 && size != first);
        assert_int_equal(marker.identity.pid, size >= first ? 4711 : 0);
    }
    assert_int_equal(parse_bytes(text, whole).value, 137);
}

static void calls_garbage_damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "hello\n",
        "exit\n",
        "exit \n",
        "exit  3\n",
        " exit 3\n",
        "exit three\n",
        "exit 3x\n",
        "exit -0\n",
        "exit -\n",
        "exit --1\n",
        "exit - 1\n",
        "exit -2147483649\n",
        "exit -4294967296\n",
        "signal -9\n",
        "exit +1\n",
        "exit 0x3\n",
        "exit 4294967296\n",
        "exit 18446744073709551616\n",
        "exit 99999999999999999999999999999999999999999999\n",
        "EXIT 3\n",
        "exit3\n",
        "exit\t3\n",
        "exit 3\r uptime=1.00\n",
        "signal\n",
        "signal 128\n",
        "signal KILL\n",
        "timed_outs\n",
        "supervisor\n",
        "supervisor start=1\n",
        "supervisor pid=\n",
        "supervisor pid=0\n",
        "supervisor pid=-5\n",
        "supervisor pid=9223372036854775808\n",
        "supervisor pid=12 start=99999999999999999999\n",
        "supervisor pid=12 start=x\n",
        "supervisor pid=12 boot=0123456789012345678901234567890123456789012345678901234567890123\n",
        "supervisor pid=12 pidns=01234567890123456789012345678901\n",
        "supervisor pid=12\nsupervisor pid=12\n",
        "supervisor pid=12\nhello\nexit 0\n",
        "\xff\xfe\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tether__marker marker = parse(texts[i]);
        if (!marker.damaged || marker.end != TETHER__END_NONE)
            fail_msg("not damaged: %s", texts[i]);
    }
}

static void calls_nul_bytes_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {"\0\n", 2}, {"exit 0\0\n", 8}, {"\0exit 0\n", 8}, {"exit\0 0\n", 8}, {"exit 0\0", 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse_bytes(cases[i].text, cases[i].size);
        assert_int_equal(marker.end, TETHER__END_NONE);
        assert_true(marker.damaged || marker.unfinished);
    }
}

static void takes_the_first_end(void **state)
{
    (void)state;
    static const char *const texts[] = {"exit 3\nexit 0\n", "exit 3\nsignal 9\n", "exit 3\ngarbage",
                                        "exit 3\n\0\xff", "exit 3\nsupervisor pid=1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tether__marker marker = parse(texts[i]);
        assert_int_equal(marker.end, TETHER__END_EXIT);
        assert_int_equal(marker.value, 3);
        assert_false(marker.damaged);
        assert_false(marker.unfinished);
    }
}

/* A monitor may write it once what was left has ended. No other line after the end counts. */
static void reads_what_became_of_the_command_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tether__afterwards what;
        int64_t value;
    } cases[] = {
        {"exit 0\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end exit 3\n", TETHER__AFTERWARDS_EXIT, 3},
        {"exit 0\r\non-end exit 3\r\n", TETHER__AFTERWARDS_EXIT, 3},
        {"exit 0\nalone\non-end signal 9\n", TETHER__AFTERWARDS_SIGNAL, 9},
        {"exit 0\non-end timed_out\nalone\n", TETHER__AFTERWARDS_TIMED_OUT, 0},
        {"exit 0\non-end error=start\n", TETHER__AFTERWARDS_UNSTARTED, 0},
        {"exit 0\non-end exit 3\non-end exit 0\n", TETHER__AFTERWARDS_EXIT, 3},
        {"exit 0\non-end exit\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end exit x\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end exit 0 later\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end later\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end\n", TETHER__AFTERWARDS_UNTOLD, 0},
        {"exit 0\non-end exit 0", TETHER__AFTERWARDS_UNTOLD, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_int_equal(marker.on_end, cases[i].what);
        assert_int_equal(marker.on_end_value, cases[i].value);
        assert_int_equal(marker.value, 0);
    }
    assert_true(parse("on-end exit 0\n").damaged);
}

static void what_is_told_of_the_command_at_the_end_is_read(void **state)
{
    (void)state;
    char text[TETHER__MARKER_LINE_SIZE + 16] = "exit 0\n";
    for (int what = TETHER__AFTERWARDS_EXIT; what <= TETHER__AFTERWARDS_UNSTARTED; what++) {
        size_t size = tether__marker_format_on_end((tether__afterwards)what, 5, text + 7);
        tether__marker marker = parse_bytes(text, 7 + size);
        assert_int_equal(marker.on_end, what);
        bool numbered = what == TETHER__AFTERWARDS_EXIT || what == TETHER__AFTERWARDS_SIGNAL;
        assert_int_equal(marker.on_end_value, numbered ? 5 : 0);
    }
}

static void reads_that_a_monitor_is_alone_later(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool alone;
    } cases[] = {
        {"exit 3 left=1\n", false},           {"exit 3 left=1\nalone\n", true},
        {"exit 3 left=1\r\nalone\r\n", true}, {"exit 3 left=1\ndeadline\nalone\n", true},
        {"exit 3 left=1\nalone", false},      {"exit 3 left=1\nalone \n", false},
        {"exit 3 left=1\nnotalone\n", false}, {"exit 3 left=1\nexit 0 alone\n", false},
        {"exit 3 left=1 alone=1\n", false},
    };
    char line[TETHER__MARKER_LINE_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_int_equal(marker.alone, cases[i].alone);
        assert_int_equal(marker.value, 3);
        assert_false(marker.damaged || marker.unfinished);
    }
    assert_true(parse("alone\n").damaged);
    assert_int_equal(tether__marker_format_alone(line), strlen("alone\n"));
    assert_string_equal(line, "alone\n");
}

static void reads_identities_with_missing_or_unknown_keys(void **state)
{
    (void)state;
    tether__marker marker = parse("supervisor pid=12 start= boot= pidns=\n");
    assert_false(marker.damaged);
    assert_int_equal(marker.identity.pid, 12);
    assert_int_equal(marker.identity.start_time, 0);
    assert_string_equal(marker.identity.boot_id, "");
    assert_string_equal(marker.identity.pid_ns, "");

    marker = parse("supervisor kind=monitor pid=12 version=7 pidx=99 start=5 word\n");
    assert_false(marker.damaged);
    assert_int_equal(marker.identity.pid, 12);
    assert_int_equal(marker.identity.start_time, 5);
}

static void survives_arbitrary_bytes(void **state)
{
    (void)state;
    static const char *const words[] = {
        "exit", "signal", "timed_out", "supervisor", " ",      "\n",      "\r\n", "0",   "255",
        "pid=", "7",      "start=",    "boot=",      "pidns=", "uptime=", "1.25", "\xff"};
    uint64_t random = 4;
    for (int round = 0; round < 20000; round++) {
        char text[TETHER__MARKER_LIMIT];
        size_t size = 0;
        for (int parts = (int)(random_next(&random) % 12); parts > 0; parts--) {
            const char *word = words[random_next(&random) % (sizeof words / sizeof words[0])];
            memcpy(text + size, word, strlen(word));
            size += strlen(word);
        }
        tether__marker marker = parse_bytes(text, size);
        /* Reports success only where the text says so. */
        if (marker.end == TETHER__END_EXIT && marker.value == 0) {
            text[size] = '\0';
            assert_non_null(strstr(text, "exit 0"));
        }
    }
}

static void reads_that_memory_was_short(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t limit;
    } cases[] = {{"signal 9 uptime=7.00 oom=67108864\n", 67108864},
                 {"signal 9 uptime=7.00\n", 0},
                 {"signal 9 oom=\n", 0},
                 {"signal 9 oom=-1\n", 0},
                 {"exit 3 oom=1 peak=2\n", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__marker marker = parse(cases[i].text);
        assert_false(marker.damaged);
        assert_int_equal(marker.out_of_memory, cases[i].limit);
    }
    char line[TETHER__MARKER_LINE_SIZE];
    tether__ending ending = {.end = TETHER__END_SIGNAL,
                             .value = 9,
                             .uptime_ms = -1,
                             .usage = TETHER__NO_USAGE,
                             .out_of_memory = 4096,
                             .left = TETHER__LEFT_UNKNOWN};
    line[tether__marker_format_ending(&ending, line)] = '\0';
    assert_string_equal(line, "signal 9 oom=4096\n");
    assert_int_equal(parse("exit 126 error=scope\n").failure, TETHER__START_SCOPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_whole_marker),
        cmocka_unit_test(reads_every_end),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(reads_what_a_monitor_writes),
        cmocka_unit_test(reads_that_the_deadline_is_over),
        cmocka_unit_test(reads_that_the_host_has_ended),
        cmocka_unit_test(a_usage_that_is_no_number_is_not_known),
        cmocka_unit_test(makes_a_list_of_the_codes_of_a_pipeline),
        cmocka_unit_test(writes_lines_that_fit_the_buffer),
        cmocka_unit_test(names_of_what_is_left_need_its_number),
        cmocka_unit_test(a_name_is_harmless),
        cmocka_unit_test(ignores_a_malformed_uptime),
        cmocka_unit_test(reads_why_the_command_did_not_run),
        cmocka_unit_test(reads_times_of_a_time_namespace),
        cmocka_unit_test(reads_that_memory_was_short),
        cmocka_unit_test(reads_the_number_of_a_process),
        cmocka_unit_test(reads_the_codes_of_a_pipeline),
        cmocka_unit_test(finds_nothing_in_an_empty_marker),
        cmocka_unit_test(calls_a_truncated_marker_unfinished),
        cmocka_unit_test(calls_garbage_damaged),
        cmocka_unit_test(calls_nul_bytes_damaged),
        cmocka_unit_test(takes_the_first_end),
        cmocka_unit_test(reads_that_a_monitor_is_alone_later),
        cmocka_unit_test(reads_what_became_of_the_command_at_the_end),
        cmocka_unit_test(what_is_told_of_the_command_at_the_end_is_read),
        cmocka_unit_test(reads_identities_with_missing_or_unknown_keys),
        cmocka_unit_test(survives_arbitrary_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
