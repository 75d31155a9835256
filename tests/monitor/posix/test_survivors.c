/* What lives on after the end of a task with a monitor is named, where the end is told. */
#include "monitor/posix/monitored.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 20, NAMED = 16 };

/* Returns the completion of the only task that has one. */
static tether_snapshot_list *peek(fixture *f)
{
    tether_snapshot_list *list;
    ASSERT_OK(tether_completions_peek(f->registry, NULL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    return list;
}

static void kill_survivors(const tether_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->survivor_count; i++)
        assert_int_equal(kill((pid_t)snapshot->survivors[i], SIGKILL), 0);
}

static void wait_gone(const tether_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->survivor_count; i++)
        WAIT_UNTIL(!test_process_alive((long)snapshot->survivors[i]));
}

static void expect_none(const tether_snapshot *snapshot)
{
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, 0);
    assert_int_equal(snapshot->survivor_total, 0);
}

static void a_task_that_leaves_nothing_says_so(void **state)
{
    fixture *f = *state;
    static const char *const commands[] = {"exit 0", "exit 3", "kill -9 $$",
                                           "sleep 0.01 & sleep 0.01 & wait"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char id[TETHER_ID_SIZE];
        monitored_start(f->registry, commands[i], 0, id);
        tether_snapshot_free(test_wait(f->registry, id));
        tether_snapshot_list *list = peek(f);
        expect_none(list->items[0]);
        tether_snapshot_list_free(list);
        ASSERT_OK(tether_completion_ack(f->registry, id, NULL, &f->error), f->error);
    }
}

static void a_task_that_was_ended_leaves_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "(trap '' TERM; setsid sleep 1000) & echo ready; sleep 1000", 0,
                    id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    const tether_kill_options options = {.grace_ms = 20};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    tether_snapshot_list *list = peek(f);
    assert_int_equal(list->items[0]->status, TETHER_STATUS_KILLED);
    expect_none(list->items[0]);
    tether_snapshot_list_free(list);
}

static void nobody_knows_what_a_script_has_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 0", .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    assert_false(list->items[0]->survivors_known);
    assert_int_equal(list->items[0]->survivor_total, -1);
    tether_snapshot_list_free(list);
}

/* Expects that the command tells people of the two processes. */
static void expect_text(const fixture *f, const char *verb, const tether_snapshot *completion,
                        const char *id)
{
    char command[1200], text[4096], other[256], line[256];
    snprintf(command, sizeof command, "'%s' --store '%s' %s %s", TETHER_TEST_COMMAND, f->store,
             verb, strcmp(verb, "status") == 0 ? id : "");
    FILE *output = popen(command, "re");
    assert_non_null(output);
    text[fread(text, 1, sizeof text - 1, output)] = '\0';
    assert_int_equal(pclose(output), 0);
    long long sh = completion->survivors[0], sleeper = completion->survivors[1];
    static const char form[] = "2 processes still run: %lld %s, %lld %s; "
                               "end them with: tether kill %s\n";
    snprintf(line, sizeof line, form, sh, "sh", sleeper, "sleep", id);
    snprintf(other, sizeof other, form, sleeper, "sleep", sh, "sh", id);
    if (strstr(text, line) == NULL && strstr(text, other) == NULL)
        fail_msg("%s does not say: %s", text, line);
}

/* They may end before somebody reads it. */
static void what_lives_on_is_named_in_the_completion(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[1200];
    const char *pid = test_work_path(f, "pid");
    /* In a session of its own, and below another process that is left. */
    snprintf(command, sizeof command,
             "(env -i setsid sh -c 'echo $$ >%s; exec /bin/sleep 1000' & wait) &\n"
             "until [ -s '%s' ]; do sleep 0.01; done\n"
             "until [ \"$(cat \"/proc/$(cat '%s')/comm\")\" = sleep ]; do :; done\nexit 4",
             pid, pid, pid);
    monitored_start(f->registry, command, 0, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    tether_snapshot *completion = list->items[0];
    assert_true(completion->survivors_known);
    assert_int_equal(completion->survivor_total, 2);
    assert_int_equal(completion->survivor_count, 2);
    assert_string_equal(completion->survivor_names[0], "sh");
    assert_string_equal(completion->survivor_names[1], "sleep");
    char *json = tether_snapshot_json(completion), expected[128];
    snprintf(expected, sizeof expected, "{\"pid\":%lld,\"name\":\"sleep\"}],\"survivor_count\":2",
             (long long)completion->survivors[1]);
    if (strstr(json, expected) == NULL)
        fail_msg("%s is not in %s", expected, json);
    tether_free(json);

    expect_text(f, "completions", completion, id);
    expect_text(f, "status", completion, id);

    /* The status is about now. */
    tether_snapshot *now = test_snapshot(f->registry, id);
    assert_int_equal(now->survivor_total, 2);
    assert_int_equal(now->survivor_count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool sleeper = now->survivors[i] == completion->survivors[1];
        assert_string_equal(now->survivor_names[i], sleeper ? "sleep" : "sh");
    }
    tether_snapshot_free(now);
    kill_survivors(completion);
    wait_gone(completion);
    now = test_snapshot(f->registry, id);
    expect_none(now);
    tether_snapshot_free(now);
    tether_snapshot_list_free(list);

    /* Another host reads it from the journal. */
    test_detach(f->registry);
    f->registry = test_open(f);
    list = peek(f);
    assert_int_equal(list->items[0]->survivor_total, 2);
    assert_string_equal(list->items[0]->survivor_names[1], "sleep");
    tether_snapshot_list_free(list);
}

static void many_are_counted_and_some_named(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[128];
    snprintf(command, sizeof command,
             "i=0; while [ $i -lt %d ]; do i=$((i+1)); sleep 1000 & done; exit 0", MANY);
    monitored_start(f->registry, command, 0, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    assert_int_equal(list->items[0]->survivor_total, MANY);
    assert_int_equal(list->items[0]->survivor_count, NAMED);
    tether_snapshot_list_free(list);
    tether_snapshot *now = test_snapshot(f->registry, id);
    assert_int_equal(now->survivor_count, MANY);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    wait_gone(now);
    tether_snapshot_free(now);
}

/* A process calls itself what it likes. */
static void a_name_is_no_command_for_a_terminal(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *file, *name;
    } cases[] = {{"we\nird", "we?ird"},      {"\x1b[31m red", "?[31m red"},
                 {"a,b:c%41", "a,b:c%41"},   {"\xff\xfe", "??"},
                 {") S 1 1 1", ") S 1 1 1"}, {"0123456789abcdef", "0123456789abcde"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        const char *path = test_work_path(f, "%s", cases[i].file);
        assert_int_equal(symlink("/bin/sleep", path), 0);
        const char *const argv[] = {"/bin/sh",
                                    "-c",
                                    "\"$1\" 1000 & until [ \"$(readlink /proc/$!/exe)\" = "
                                    "\"$(readlink -f /bin/sleep)\" ]; do :; done",
                                    "sh",
                                    path,
                                    NULL};
        const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
        test_start(f->registry, &spec, id);
        tether_snapshot_free(test_wait(f->registry, id));
        tether_snapshot_list *list = peek(f);
        assert_int_equal(list->items[0]->survivor_total, 1);
        assert_string_equal(list->items[0]->survivor_names[0], cases[i].name);
        kill_survivors(list->items[0]);
        tether_snapshot_list_free(list);
        ASSERT_OK(tether_completion_ack(f->registry, id, NULL, &f->error), f->error);
    }
}

/* It has a record, and a monitor, of its own. */
static void another_task_is_no_survivor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[1200];
    snprintf(command, sizeof command, "'%s' --store '%s' --session inner run -- sleep 1000 >&2",
             TETHER_TEST_COMMAND, f->store);
    monitored_start(f->registry, command, 0, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    expect_none(list->items[0]);
    tether_snapshot_list_free(list);
    snprintf(command, sizeof command, "'%s' --store '%s' --session inner kill --all >/dev/null",
             TETHER_TEST_COMMAND, f->store);
    assert_int_equal(system(command), 0);
}

/* The end is written first: a reader would take what it names for processes that stay. */
static void what_is_about_to_be_ended_is_not_named(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "sleep 1000 & exit 0", .shell = "sh", .end_tree = true};
    test_start(f->registry, &spec, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    assert_false(list->items[0]->survivors_known);
    tether_snapshot_list_free(list);
}

/* --- Lists of them --- */

static tether_snapshot_list *list_orphans(fixture *f)
{
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ORPHANS, &list, &f->error), f->error);
    return list;
}

static void expect_orphans(fixture *f, size_t count)
{
    tether_snapshot_list *list = list_orphans(f);
    assert_int_equal(list->count, count);
    tether_snapshot_list_free(list);
}

/* Starts a task and waits for its end. */
static void run_to_end(fixture *f, const char *command, tether_supervisor supervisor,
                       char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .supervisor = supervisor};
    test_start(f->registry, &spec, id);
    tether_snapshot_free(test_wait(f->registry, id));
    ASSERT_OK(tether_completion_ack(f->registry, id, NULL, &f->error), f->error);
}

/* The command catches the deadline's signal and exits by itself; its child is ended a moment later.
 */
static void what_is_being_ended_is_not_named(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {
        .command = "(trap '' TERM; while :; do sleep 0.1; done) & trap 'exit 0' TERM\n"
                   "while :; do sleep 0.01; done",
        .shell = "sh",
        .timeout_ms = 200};
    test_start(f->registry, &spec, id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_list *list = peek(f);
    assert_int_equal(list->items[0]->exit_code, 0);
    assert_false(list->items[0]->survivors_known);
    tether_snapshot_list_free(list);
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    WAIT_UNTIL(test_count_cookies(cookie) == 0);
}

static const char hidden[] = "env -i setsid /bin/sleep 1000 & "
                             "until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done; exit 5";

/* Ended tasks with and without processes, of both supervisors, and one that runs. */
static void only_ended_tasks_with_processes_are_orphaned(void **state)
{
    fixture *f = *state;
    char monitored[TETHER_ID_SIZE], scripted[TETHER_ID_SIZE], other[TETHER_ID_SIZE],
        running[TETHER_ID_SIZE];
    run_to_end(f, "exit 0", TETHER_SUPERVISOR_MONITOR, other);
    run_to_end(f, "exit 0", TETHER_SUPERVISOR_SCRIPT, other);
    expect_orphans(f, 0);
    run_to_end(f, hidden, TETHER_SUPERVISOR_MONITOR, monitored);
    run_to_end(f, "sleep 1000 & exit 6", TETHER_SUPERVISOR_SCRIPT, scripted);
    monitored_start(f->registry, "sleep 1000", 0, running);

    tether_snapshot_list *list = list_orphans(f);
    assert_int_equal(list->count, 2);
    bool first = strcmp(list->items[0]->task_id, monitored) == 0;
    assert_string_equal(list->items[first ? 0 : 1]->task_id, monitored);
    assert_string_equal(list->items[first ? 1 : 0]->task_id, scripted);
    for (size_t i = 0; i < 2; i++) {
        assert_true(list->items[i]->survivors_known);
        assert_int_equal(list->items[i]->survivor_total, 1);
        assert_string_equal(list->items[i]->survivor_names[0], "sleep");
    }
    /* Another host finds them, too. */
    tether_registry *own = f->registry;
    f->registry = test_open(f);
    expect_orphans(f, 2);
    test_detach(f->registry);
    f->registry = own;

    ASSERT_OK(tether_kill(f->registry, scripted, NULL, &f->error), f->error);
    expect_orphans(f, 1);
    ASSERT_OK(tether_kill(f->registry, monitored, NULL, &f->error), f->error);
    expect_orphans(f, 0);
    for (size_t i = 0; i < 2; i++)
        wait_gone(list->items[i]);
    tether_snapshot_list_free(list);
}

/* Nothing can stay for what is left then, but its session leads to it. */
static void what_a_dead_monitor_has_guarded_is_orphaned(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_to_end(f, "sleep 1000 & exit 7", TETHER_SUPERVISOR_MONITOR, id);
    long monitor = monitored_pid(f->registry, id);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor));
    tether_snapshot_list *list = list_orphans(f);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->items[0]->survivor_total, 1);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    wait_gone(list->items[0]);
    tether_snapshot_list_free(list);
    expect_orphans(f, 0);
}

/* Runs the command, and returns what it prints; the caller frees it. */
static char *run_command(const fixture *f, const char *arguments, int code)
{
    char command[1200], *text = calloc(1, 4096);
    assert_non_null(text);
    snprintf(command, sizeof command, "'%s' --store '%s' %s 2>&1", TETHER_TEST_COMMAND, f->store,
             arguments);
    FILE *output = popen(command, "re");
    assert_non_null(output);
    text[fread(text, 1, 4095, output)] = '\0';
    int status = pclose(output);
    if (status != code << 8)
        fail_msg("%s: status %d, %s", arguments, status, text);
    return text;
}

static void expect_printed(const fixture *f, const char *arguments, int code, const char *part)
{
    char *text = run_command(f, arguments, code);
    if (part == NULL ? text[0] != '\0' : strstr(text, part) == NULL)
        fail_msg("%s prints: %s", arguments, text);
    free(text);
}

static void the_command_lists_and_ends_orphans(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE], line[256];
    run_to_end(f, hidden, TETHER_SUPERVISOR_MONITOR, ids[0]);
    run_to_end(f, hidden, TETHER_SUPERVISOR_MONITOR, ids[1]);
    tether_snapshot_list *list = list_orphans(f);
    assert_int_equal(list->count, 2);
    for (size_t i = 0; i < 2; i++) {
        const tether_snapshot *task = list->items[i];
        snprintf(line, sizeof line,
                 "\n1 process still runs: %lld sleep; end it with: tether kill %s\n",
                 (long long)task->survivors[0], task->task_id);
        expect_printed(f, "list --orphans", 0, line);
        snprintf(line, sizeof line, "\"survivors\":[{\"pid\":%lld,\"name\":\"sleep\"}]",
                 (long long)task->survivors[0]);
        expect_printed(f, "--json list --orphans", 0, line);
    }
    expect_printed(f, "list --orphans --all", 125, "exclude each other");
    expect_printed(f, "kill --orphans --all", 125, "exclude each other");
    expect_printed(f, "kill --orphans --signal TERM", 125, "exclude each other");
    expect_printed(f, "kill --orphans x", 125, "exclude each other");
    expect_printed(f, "--session another kill --orphans", 0, NULL);
    expect_orphans(f, 2);
    expect_printed(f, "kill --orphans", 0, NULL);
    expect_orphans(f, 0);
    for (size_t i = 0; i < 2; i++)
        wait_gone(list->items[i]);
    tether_snapshot_list_free(list);
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_task_that_leaves_nothing_says_so),
        WITH_REGISTRY(a_task_that_was_ended_leaves_nothing),
        WITH_REGISTRY(nobody_knows_what_a_script_has_left),
        WITH_REGISTRY(what_lives_on_is_named_in_the_completion),
        WITH_REGISTRY(many_are_counted_and_some_named),
        WITH_REGISTRY(a_name_is_no_command_for_a_terminal),
        WITH_REGISTRY(another_task_is_no_survivor),
        WITH_REGISTRY(what_is_about_to_be_ended_is_not_named),
        WITH_REGISTRY(what_is_being_ended_is_not_named),
        WITH_REGISTRY(only_ended_tasks_with_processes_are_orphaned),
        WITH_REGISTRY(what_a_dead_monitor_has_guarded_is_orphaned),
        WITH_REGISTRY(the_command_lists_and_ends_orphans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
