/* Ids of tasks on the command line: whole ids, prefixes, names and @last, in every verb. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start_named(const fixture *f, const char *name, char id[TETHER_ID_SIZE],
                        const char *action)
{
    EXPECT(f, 0, "run", "--name", name, CHILD, "out", "text", action);
    cli_take_id(id);
}

/* Copies the shortest prefix of an id that the other one does not have. */
static void copy_prefix(char prefix[TETHER_ID_SIZE], const char *id, const char *other)
{
    size_t size = 1;
    while (id[size - 1] == other[size - 1])
        size++;
    snprintf(prefix, TETHER_ID_SIZE, "%.*s", (int)size, id);
}

static void assert_means(const fixture *f, const char *word, const char *id)
{
    EXPECT(f, 0, "--json", "status", word);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "task_id"), id);
    json_decref(task);
}

static void a_word_means_an_id_a_prefix_a_name_or_the_last(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE], prefix[TETHER_ID_SIZE];
    start_named(f, "the build", a, "pid");
    EXPECT(f, 0, "wait", "the build");
    start_named(f, "the build", b, "forever");
    copy_prefix(prefix, a, b);
    assert_means(f, a, a);
    assert_means(f, prefix, a);
    assert_means(f, "the build", b);
    assert_means(f, "@last", b);
    assert_means(f, "@last-1", a);
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "status", "@last-2");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "status", "the");
    /* A name comes before a prefix, and an id before a name. */
    start_named(f, prefix, c, "pid");
    EXPECT(f, 0, "wait", c);
    assert_means(f, prefix, c);
    start_named(f, a, c, "pid");
    EXPECT(f, 0, "wait", c);
    assert_means(f, a, a);
    EXPECT(f, 0, "stop", "the build");
    EXPECT(f, 127, "--session", "other", "status", "@last");
}

static void every_verb_takes_every_kind(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const words[] = {"job 1", "@last", "t"};
    EXPECT(f, 0, "run", "--name", "job 1", "--no-notify", CHILD, "out", "text", "forever");
    cli_take_id(id);
    WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "text\n") == 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *word = words[i];
        EXPECT(f, 0, "pause", word);
        cli_assert_text(f, id, "status", "paused");
        EXPECT(f, 0, "resume", word);
        cli_assert_text(f, id, "status", "running");
        EXPECT(f, 0, "output", word);
        assert_string_equal(cli_out(), "text\n");
        EXPECT(f, 0, "watch", "--once", word, "text");
        EXPECT(f, 124, "wait", "--timeout", "0", word);
        EXPECT(f, 124, "wait", "-n", "--timeout", "0", word);
        EXPECT(f, 0, "promote", word);
        EXPECT(f, 125, "completions", "--ack", word);
        cli_assert_holds(cli_err(), id);
    }
    EXPECT(f, 0, "--json", "kill", "job 1");
    cli_assert_ids(cli_objects(1), (const char *const[]){id});
    EXPECT(f, 0, "--json", "completions", "--ack=@last");
    cli_assert_ids(cli_objects(1), (const char *const[]){id});
}

static void an_ambiguous_word_lists_what_it_could_mean(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    start_named(f, "first", a, "pid");
    EXPECT(f, 0, "run", CHILD, "out", "text");
    cli_take_id(b);
    EXPECT(f, 0, "wait", a, b);
    static const char *const verbs[] = {"status", "output",  "wait",  "kill",       "pause",
                                        "resume", "promote", "watch", "completions"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const char *verb = verbs[i];
        const char *last = strcmp(verb, "watch") == 0         ? "x"
                           : strcmp(verb, "completions") == 0 ? "--ack"
                                                              : NULL;
        EXPECT(f, 125, verb, "t", last);
        assert_string_equal(cli_out(), "");
        cli_assert_holds(cli_err(), "tether: t could mean 2 tasks: give more of the id\n");
        assert_int_equal(cli_count_lines(cli_err()), 3);
        cli_assert_holds(cli_err(), a);
        cli_assert_holds(cli_err(), b);
        cli_assert_holds(cli_err(), "first\n");
        EXPECT(f, 125, "--json", verb, "t", last);
        assert_string_equal(cli_out(), "");
        json_t *error = cli_error_object();
        assert_string_equal(cli_text(error, "code"), "TETHER_EINVAL");
        json_t *found = json_object_get(error, "candidates");
        assert_int_equal(json_array_size(found), 2);
        assert_string_equal(cli_text(json_array_get(found, 0), "task_id"), b);
        cli_assert_null(json_array_get(found, 0), "name");
        assert_string_equal(cli_text(json_array_get(found, 1), "task_id"), a);
        assert_string_equal(cli_text(json_array_get(found, 1), "name"), "first");
        assert_string_equal(cli_text(json_array_get(found, 1), "status"), "completed");
        json_decref(error);
    }
}

/* Words that mean no task do not keep the others from their turn. */
static void tries_every_word(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    start_named(f, "one", a, "forever");
    start_named(f, "two", b, "forever");
    EXPECT(f, 125, "kill", "t", "none", "one", "two");
    cli_assert_holds(cli_err(), "could mean 2 tasks");
    cli_assert_holds(cli_err(), "no task none in session default");
    cli_assert_text(f, a, "status", "killed");
    cli_assert_text(f, b, "status", "killed");
    EXPECT(f, 127, "wait", "one", "none");
    EXPECT(f, 128 + test_kill_signal(), "wait", "@last-1", "two");
}

static void a_project_has_names_too(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "--session", "other", "run", "--name", "far", "--project", f->work, "--wait",
           CHILD, "pid");
    EXPECT(f, 0, "--session", "other", "--json", "status", "far");
    json_t *task = cli_object();
    snprintf(id, sizeof id, "%s", cli_text(task, "task_id"));
    json_decref(task);
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "status", "far");
    EXPECT(f, 0, "--json", "status", "--project", f->work, "far");
    task = cli_object();
    assert_string_equal(cli_text(task, "task_id"), id);
    json_decref(task);
    EXPECT(f, 0, "status", "--project", f->work, "@last");
    EXPECT(f, 0, "status", "--project", f->work, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(a_word_means_an_id_a_prefix_a_name_or_the_last),
        TEST(every_verb_takes_every_kind),
        TEST(an_ambiguous_word_lists_what_it_could_mean),
        TEST(tries_every_word),
        TEST(a_project_has_names_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
