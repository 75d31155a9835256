/* The orders of a monitor: what is written is read, and nothing else is accepted. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "format/orders.h"

static const char *const arguments[] = {"-c", "echo a=b; exit 3", "", "\xff\xfe \n", NULL};

static const tether__orders full = {
    .task_id = "t1",
    .boot_id = "be5e4c97-6778-4bc1-b49b-8064c598bf2f",
    .program = "/bin/sh",
    .argv = arguments,
    .input = "/tmp/a fifo",
    .pipestatus = "/s/pipestatus",
    .bundle = "/s/tasks/t1",
    .timeout_ms = 1800000,
    .grace_ms = 2000,
    .input_pipe = true,
    .pipes = true,
    .times = "/s/tasks/t1/times",
    .output_limit = 4096,
    .limit_kills = true,
    .with_host = true,
    .anchored = true,
    .anchor_is_task = true,
    .end_tree = true,
    .scope = "/sys/fs/cgroup/tether-t1",
    .memory_limit = 67108864,
    .line = "\"C:\\x.exe\" \"a b\"",
    .workdir = "C:\\work dir",
    .enters = "C:\\elsewhere",
    .utf8_console = true,
};

static const char *const variables[] = {"TETHER_ID=t1", "TETHER_NAME=", NULL};
static const tether__orders at_end = {.on_end = "mail me",
                                      .on_end_ms = 60000,
                                      .on_end_json = "{\"task_id\":\"t1\"",
                                      .on_end_environment = variables};

static void expect_same(const tether__orders *read, const tether__orders *written)
{
    assert_string_equal(read->task_id, written->task_id);
    assert_string_equal(read->boot_id, written->boot_id);
    assert_string_equal(read->program, written->program);
    assert_int_equal(read->timeout_ms, written->timeout_ms);
    assert_int_equal(read->grace_ms, written->grace_ms);
    assert_int_equal(read->input_pipe, written->input_pipe);
    assert_int_equal(read->pipes, written->pipes);
    assert_int_equal(read->output_limit, written->output_limit);
    assert_int_equal(read->limit_kills, written->limit_kills);
    assert_int_equal(read->with_host, written->with_host);
    assert_int_equal(read->anchored, written->anchored);
    assert_int_equal(read->anchor_is_task, written->anchor_is_task);
    assert_int_equal(read->end_tree, written->end_tree);
    assert_int_equal(read->memory_limit, written->memory_limit);
    assert_int_equal(read->utf8_console, written->utf8_console);
    assert_string_equal(read->argv[0], written->program);
    size_t count = 0;
    for (; written->argv[count] != NULL; count++)
        assert_string_equal(read->argv[count + 1], written->argv[count]);
    assert_null(read->argv[count + 1]);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__orders read;
    tether__orders_storage storage;
    tether__orders_render(&full, &text);
    assert_false(text.failed);
    assert_null(tether__orders_parse(text.bytes, text.size, &read, &storage));
    expect_same(&read, &full);
    assert_string_equal(read.input, full.input);
    assert_string_equal(read.pipestatus, full.pipestatus);
    assert_string_equal(read.times, full.times);
    assert_string_equal(read.bundle, full.bundle);
    assert_string_equal(read.scope, full.scope);
    assert_string_equal(read.line, full.line);
    assert_string_equal(read.workdir, full.workdir);
    assert_string_equal(read.enters, full.enters);
    tether__orders_dispose(&storage);
    tether__text_dispose(&text);
}

static void reads_a_command_at_the_end_too(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__orders read;
    tether__orders_storage storage;
    tether__orders_render(&full, &text);
    tether__orders_add_on_end(&at_end, &text);
    assert_false(text.failed);
    assert_null(tether__orders_parse(text.bytes, text.size, &read, &storage));
    expect_same(&read, &full);
    assert_string_equal(read.on_end, at_end.on_end);
    assert_string_equal(read.on_end_json, at_end.on_end_json);
    assert_int_equal(read.on_end_ms, at_end.on_end_ms);
    assert_string_equal(read.on_end_environment[0], variables[0]);
    assert_string_equal(read.on_end_environment[1], variables[1]);
    assert_null(read.on_end_environment[2]);
    tether__orders_dispose(&storage);
    tether__text_dispose(&text);
}

static void what_is_not_given_is_absent(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    const tether__orders few = {.task_id = "t", .boot_id = "", .program = "true", .argv = none};
    tether__text text = {0};
    tether__orders read;
    tether__orders_storage storage;
    tether__orders_render(&few, &text);
    assert_null(tether__orders_parse(text.bytes, text.size, &read, &storage));
    expect_same(&read, &few);
    assert_null(read.input);
    assert_null(read.on_end);
    assert_null(read.on_end_environment[0]);
    assert_null(read.pipestatus);
    assert_null(read.times);
    assert_null(read.line);
    assert_null(read.workdir);
    assert_null(read.enters);
    tether__orders_dispose(&storage);
    tether__text_dispose(&text);
}

static void expect_refused(const char *bytes, size_t size, const char *why)
{
    tether__orders read;
    tether__orders_storage storage;
    const char *refused = tether__orders_parse(bytes, size, &read, &storage);
    assert_non_null(refused);
    if (why != NULL)
        assert_non_null(strstr(refused, why));
    tether__orders_dispose(&storage);
}

/* Wherever they are cut off, and also if the rest would be valid. */
static void torn_orders_are_refused(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__orders_render(&full, &text);
    for (size_t size = 0; size < text.size; size++) {
        char *part = malloc(size + 1); /* so that a sanitizer sees what reads too far */
        assert_non_null(part);
        memcpy(part, text.bytes, size);
        expect_refused(part, size, NULL);
        free(part);
    }
    tether__text_dispose(&text);
}

#define WORDS(text) text, sizeof(text)

static void foreign_orders_are_refused(void **state)
{
    (void)state;
    expect_refused(WORDS("tether-orders 2\0program=/bin/true\0end"), "another version");
    expect_refused(WORDS("program=/bin/true\0end"), "another version");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=/bin/true\0cgroup=a\0end"),
                   "does not know");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=/bin/true\0\0end"), "does not know");
    expect_refused(WORDS("tether-orders 1\0task=t\0arg=a\0end"), "no program");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=a\0timeout=1s\0end"), "number");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=a\0timeout=\0end"), "number");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=a\0timeout=-1\0end"), "number");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=a\0grace=99999999999999999999\0end"),
                   "number");
    expect_refused(WORDS("tether-orders 1\0program=a\0end"), "no task");
    expect_refused(WORDS("tether-orders 1"), "torn");
    expect_refused(WORDS("end"), "another version");
    expect_refused(WORDS("tether-orders 1\0task=t\0program=a\0friend"), "torn");
    expect_refused("tether-orders 1\0task=t\0program=a\0end",
                   sizeof "tether-orders 1\0task=t\0program=a\0end" - 1, "torn");
}

/* They told what the monitor now finds out itself. */
static void orders_of_earlier_hosts_are_read(void **state)
{
    (void)state;
    static const char earlier[] = "tether-orders 1\0task=t\0boot=b\0pidns=4026531836\0timens=-5\0"
                                  "noproc=1\0program=/bin/true\0end";
    tether__orders read;
    tether__orders_storage storage;
    assert_null(tether__orders_parse(earlier, sizeof earlier, &read, &storage));
    assert_string_equal(read.boot_id, "b");
    assert_string_equal(read.program, "/bin/true");
    tether__orders_dispose(&storage);
}

static void orders_become_a_value_and_come_back(void **state)
{
    (void)state;
    tether__text text = {0};
    char value[2048];
    tether__orders_render(&full, &text);
    assert_true(text.size < sizeof value);
    assert_true(tether__orders_to_value(text.bytes, text.size, value));
    assert_int_equal(strlen(value), text.size);
    assert_int_equal(tether__orders_from_value(value), text.size);
    assert_memory_equal(value, text.bytes, text.size);
    assert_false(tether__orders_to_value("a\x1f", 3, value));
    assert_true(tether__orders_to_value("", 0, value));
    assert_int_equal(tether__orders_from_value(value), 0);
    tether__text_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(reads_a_command_at_the_end_too),
        cmocka_unit_test(what_is_not_given_is_absent),
        cmocka_unit_test(torn_orders_are_refused),
        cmocka_unit_test(foreign_orders_are_refused),
        cmocka_unit_test(orders_of_earlier_hosts_are_read),
        cmocka_unit_test(orders_become_a_value_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
