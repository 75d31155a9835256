/* The verb run: ways to give a command, options, streaming, exit statuses. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { MEGABYTE = 1024 * 1024, FLOOD_BYTES = 5 * MEGABYTE, FLOOD_BLOCK = 65536 };
#define FLOOD_TEXT "5242880"

static void prints_the_id_alone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "-c", "exit 3");
    assert_string_equal(cli_err(), "");
    cli_take_id(id);
    EXPECT(f, 3, "wait", id);
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "run", "-c", "exit 4");
    assert_string_equal(cli_err(), "");
    json_t *task = cli_object();
    EXPECT(f, 4, "wait", cli_text(task, "task_id"));
    json_decref(task);
}

static void exits_with_the_tasks_code(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--", CHILD, "exit", "0");
    EXPECT(f, 1, "run", "--wait", "--", CHILD, "exit", "1");
    EXPECT(f, 124, "run", "--wait", "--", CHILD, "exit", "124");
    EXPECT(f, 255, "run", "--wait", "-c", "exit 255");
    EXPECT(f, 7, "run", "--wait", "-c", CHILD_TEXT " exit 7");
    assert_string_equal(cli_err(), "");
}

/* Of several values of a variable the last one counts, wherever it comes from. */
static void variables_come_from_options_and_files(void **state)
{
    static const char text[] = "# for the test\r\nFROM_FILE=\"a b\"\r\nexport BOTH=file\r\n";
    fixture *f = *state;
    const char *path = test_work_path(f, "vars");
    test_write_file(path, text, sizeof text - 1);
    assert_int_equal(uv_os_setenv("TETHER_TEST_OWN", "own"), 0);
    EXPECT(f, 0, "run", "--wait", "--env", "BOTH=option", "--env-file", path, CHILD, "env",
           "FROM_FILE", "env", "BOTH", "env", "TETHER_TEST_OWN");
    assert_string_equal(cli_out(), "a b\nfile\nown\n");
    EXPECT(f, 0, "run", "--wait", "--env-file", path, "--env", "BOTH=option", "--unset",
           "TETHER_TEST_OWN", "--unset", "FROM_FILE", CHILD, "env", "FROM_FILE", "env", "BOTH",
           "env", "TETHER_TEST_OWN");
    /* What is set counts after what is unset. */
    assert_string_equal(cli_out(), "a b\noption\n\n");
    assert_int_equal(uv_os_unsetenv("TETHER_TEST_OWN"), 0);
}

static void a_timeout_is_124(void **state)
{
    fixture *f = *state;
    EXPECT(f, 124, "--json", "run", "--wait", "--timeout", "100ms", "--", CHILD, "forever");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "timed_out");
    assert_int_equal(cli_number(task, "exit_code"), 124);
    assert_int_equal(cli_number(task, "timeout_ms"), 100);
    EXPECT(f, 124, "wait", cli_text(task, "task_id"));
    json_decref(task);
    EXPECT(f, 0, "--json", "run", "--wait", "--timeout", "0", "-c", "");
    task = cli_object();
    cli_assert_null(task, "timeout_ms");
    cli_assert_null(task, "deadline_at");
    json_decref(task);
}

static void assert_timeout(const fixture *f, json_int_t expected)
{
    EXPECT(f, 0, "--json", "run", "--wait", CHILD, "exit", "0");
    json_t *task = cli_object();
    if (expected == 0) {
        cli_assert_null(task, "timeout_ms");
        cli_assert_null(task, "deadline_at");
    } else {
        assert_int_equal(cli_number(task, "timeout_ms"), expected);
    }
    json_decref(task);
}

static void only_the_variable_sets_a_default_timeout(void **state)
{
    fixture *f = *state;
    assert_timeout(f, 0);
    assert_int_equal(uv_os_setenv("TETHER_TIMEOUT", "1h30m"), 0);
    assert_timeout(f, 5400 * 1000);
    EXPECT(f, 0, "--json", "run", "--wait", "--timeout", "0.5h", "-c", "exit 0");
    json_t *task = cli_object();
    assert_int_equal(cli_number(task, "timeout_ms"), 1800 * 1000);
    json_decref(task);
    assert_int_equal(uv_os_setenv("TETHER_TIMEOUT", "0"), 0);
    assert_timeout(f, 0);
    assert_int_equal(uv_os_setenv("TETHER_TIMEOUT", "100ms"), 0);
    EXPECT(f, 124, "run", "--wait", CHILD, "forever");
    assert_int_equal(uv_os_setenv("TETHER_TIMEOUT", "soon"), 0);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "TETHER_TIMEOUT soon is not a duration", "run", CHILD,
                 "exit", "0");
    assert_int_equal(uv_os_unsetenv("TETHER_TIMEOUT"), 0);
}

static void to_hex(const char *bytes, char *hex)
{
    for (; *bytes != '\0'; bytes++, hex += 2)
        snprintf(hex, 3, "%02x", (unsigned)(unsigned char)*bytes);
    strcpy(hex, "\n");
}

/* Text that every possible outer shell passes on unchanged: ASCII, and characters of two, three and
 * four bytes. No line ends, which cmd cannot pass on, and no percent signs, which Wine's cmd
 * expands. */
static void fill_text(char text[256])
{
    size_t size = 0;
    for (char c = 1; c < 127; c++) {
        if (strchr("\r\n%", c) == NULL)
            text[size++] = c;
    }
    strcpy(text + size, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void passes_arguments_exactly(void **state)
{
    fixture *f = *state;
    char all[256], expected[2048] = "";
    fill_text(all);
    const char *const arguments[] = {"run",    "--wait", "--",    CHILD,    "argv", "",
                                     all,      "--",     "-c",    "--json", "-h",   "--version",
                                     "$HOME*", "a\tb ",  "'\"\\", "--wait", "",     NULL};
    for (int i = 5; arguments[i] != NULL; i++)
        to_hex(arguments[i], expected + strlen(expected));
    assert_int_equal(cli_call(f, arguments), 0);
    assert_string_equal(cli_out(), expected);
    assert_string_equal(cli_err(), "");
}

/* Options of tether end at the program; those after it are the program's, and -- too. */
static void options_end_at_the_program(void **state)
{
    fixture *f = *state;
    const char *const arguments[] = {"argv", "--json", "--wait",    "--",
                                     "-c",   "-V",     "--timeout", NULL};
    char expected[512] = "";
    for (int i = 1; arguments[i] != NULL; i++)
        to_hex(arguments[i], expected + strlen(expected));
    EXPECT(f, 0, "run", "--wait", CHILD, "argv", "--json", "--wait", "--", "-c", "-V", "--timeout");
    assert_string_equal(cli_out(), expected);
    EXPECT(f, 7, "run", "--name", "n", "--wait", CHILD, "exit", "7");
}

static void gives_text_to_the_shell(void **state)
{
    fixture *f = *state;
    static const char command[] =
        CHILD_TEXT " out \"two  words\"\n" CHILD_TEXT " out last exit 4\n";
    static const char expected[] = "two  words\nlast\n";
    const char *file = test_work_path(f, "command");
    EXPECT(f, 4, "run", "--wait", "-c", command);
    assert_string_equal(cli_out(), expected);
    test_write_file(file, command, strlen(command));
    EXPECT(f, 4, "run", "--wait", "-f", file);
    assert_string_equal(cli_out(), expected);
    /* The inner command inherits the standard input of the outer task. */
    EXPECT(f, 4, "--session", "outer", "run", "--wait", "--stdin", file, "--", COMMAND, "--store",
           f->store, "run", "--wait", "-f", "-");
    assert_string_equal(cli_out(), expected);
}

static void takes_values_that_look_like_options(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--name=-c", "--env=A=--", "-c", CHILD_TEXT " env A", "--merge");
    assert_string_equal(cli_out(), "--\n");
}

static void an_empty_text_is_a_command(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "empty");
    test_write_file(file, "", 0);
    EXPECT(f, 0, "run", "--wait", "-c", "");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "run", "--wait", "-f", file);
    EXPECT(f, 0, "run", "--wait", "-f", "-");
    EXPECT(f, 0, "run", "--wait", "-c", "\n\n");
}

/* The text is longer than any argument of a program can be. */
static void takes_long_texts(void **state)
{
    fixture *f = *state;
    static const char end[] = CHILD_TEXT " out end exit 21\n";
    const size_t size = 200000;
    const char *file = test_work_path(f, "long");
    char *text = malloc(size + sizeof end);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = i % 100 == 99 ? '\n' : ' ';
    memcpy(text + size, end, sizeof end);
    test_write_file(file, text, size + sizeof end - 1);
    EXPECT(f, 21, "run", "--wait", "-f", file);
    assert_string_equal(cli_out(), "end\n");
    free(text);
}

static void refuses_files_that_are_not_a_command(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "command");
    EXPECT_ERROR(f, 125, "TETHER_EIO", "check its name", "run", "-f", file);
    EXPECT_ERROR(f, 125, "TETHER_EIO", "check its name", "run", "-f", f->work);
    test_write_file(file, "echo a\0b", 8);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "offset 6", "run", "-f", file);
    size_t size = (size_t)64 * MEGABYTE + 1;
    char *big = malloc(size);
    assert_non_null(big);
    memset(big, '\n', size);
    test_write_file(file, big, size);
    free(big);
    EXPECT_ERROR(f, 125, "TETHER_ETOOBIG", "a separate file", "run", "-f", file);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void runs_in_the_directory(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--cwd", f->work, "-c", "echo x >chosen");
    assert_true(test_exists(test_work_path(f, "chosen")));
    const char *const here[] = {"run", "--wait", "-c", "echo x >current", NULL};
    assert_int_equal(cli_call_in(f->work, f, here), 0);
    assert_true(test_exists(test_work_path(f, "current")));
}

static void sets_the_environment(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], line[1024];
    EXPECT(f, 0, "run", "--wait", "--env", "A=b=c $x'\n", "--", CHILD, "env", "A");
    assert_string_equal(cli_out(), "b=c $x'\n\n");
    EXPECT(f, 0, "run", "--wait", "--env", "A=first", "--env=A=last", "--env", "B=", "--", CHILD,
           "env", "A", "env", "B", "env", "TETHER_TEST_STORE");
    snprintf(line, sizeof line, "%s\n", f->store);
    cli_assert_holds(cli_out(), "last\n\n");
    cli_assert_holds(cli_out(), line);
    CLI_START(f, id, "env", "TETHER_TASK_ID");
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "output", id);
    snprintf(line, sizeof line, "%s\n", id);
    assert_string_equal(cli_out(), line);
}

static void takes_a_long_variable(void **state)
{
    enum { SIZE = 30000 };
    fixture *f = *state;
    char *entry = malloc(SIZE + 1);
    assert_non_null(entry);
    memset(entry, 'v', SIZE);
    memcpy(entry, "BIG=", 4);
    entry[SIZE] = '\0';
    EXPECT(f, 0, "run", "--wait", "--env", entry, "-c", CHILD_TEXT " env BIG");
    assert_int_equal(strlen(cli_out()), SIZE - 4 + 1);
    EXPECT(f, 0, "run", "--wait", "--env", entry, "--", CHILD, "env", "BIG");
    assert_int_equal(strlen(cli_out()), SIZE - 4 + 1);
    free(entry);
}

/* The variable exceeds the system's limit for one string. Only a caller of the library can pass it:
 * the same limit applies to the arguments of the command. */
static void a_variable_can_be_too_long(void **state)
{
    enum { SIZE = 128 * 1024 };
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *entry = malloc(SIZE + 5);
    assert_non_null(entry);
    memset(entry, 'v', SIZE + 4);
    memcpy(entry, "BIG=", 4);
    entry[SIZE + 4] = '\0';
    const char *const env_set[] = {entry, NULL};
    tether_spec spec = {.command = "true", .env_set = env_set};
    tether_registry *registry = test_open(f);
    assert_int_equal(tether_spawn(registry, &spec, id, &f->error), TETHER_ETOOBIG);
    cli_assert_holds(f->error.message, "BIG");
    cli_assert_holds(f->error.message, "in a file");
    test_detach(registry);
    free(entry);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void merges_both_streams(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--wait", "--merge", "--", CHILD, "out", "a", "err", "b", "out", "c");
    assert_string_equal(cli_out(), "a\nb\nc\n");
    assert_string_equal(cli_err(), "");
}

static void reads_a_file_or_nothing(void **state)
{
    fixture *f = *state;
    const char *file = test_work_path(f, "input");
    test_write_file(file, "line\nlast", 9);
    EXPECT(f, 0, "run", "--wait", "--stdin", file, "--", CHILD, "cat");
    assert_string_equal(cli_out(), "line\nlast");
    EXPECT(f, 0, "run", "--wait", "--", CHILD, "cat");
    assert_string_equal(cli_out(), "");
}

static void keeps_labels(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--name", "a \x1b[31m label", "--project", f->work, "-c", "exit 0");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    json_t *task = cli_status(f, id);
    assert_string_equal(cli_text(task, "name"), "a \x1b[31m label");
    assert_non_null(strstr(cli_text(task, "project_root"), cli_last_part(f->work)));
    json_decref(task);
    EXPECT(f, 0, "list", "--all");
    cli_assert_holds(cli_out(), "[a ?[31m label] exit 0\n");
}

static void chooses_the_shell(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--shell", test_shell(), "--supervisor", "script", "-c", "exit 0");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    json_t *task = cli_status(f, id);
    assert_non_null(strstr(cli_text(task, "shell"), test_shell()));
    assert_string_equal(cli_text(task, "supervisor"), "script");
    json_decref(task);
    EXPECT(f, 0, "run", "--wait", "--supervisor", "auto", "-c", "exit 0");
}

static void no_notify_requests_no_completion(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--no-notify", "-c", "exit 0");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
    json_t *task = cli_status(f, id);
    assert_false(cli_flag(task, "notify_on_completion"));
    json_decref(task);
}

static void assert_flood(const char *text)
{
    assert_int_equal(strlen(text), FLOOD_BYTES);
    for (size_t i = 0; i < FLOOD_BYTES; i++) {
        if (text[i] != (char)('a' + i % FLOOD_BLOCK % 26))
            fail_msg("byte %zu is wrong", i);
    }
}

static void streams_floods_exactly(void **state)
{
    fixture *f = *state;
    EXPECT(f, 6, "run", "--wait", "--", CHILD, "floods", FLOOD_TEXT, "exit", "6");
    assert_flood(cli_out());
    assert_flood(cli_err());
}

static void streams_all_bytes(void **state)
{
    fixture *f = *state;
    char bytes[1024], id[TETHER_ID_SIZE];
    const char *file = test_work_path(f, "bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    test_write_file(file, bytes, sizeof bytes);
    CLI_BACKGROUND(f, id, "run", "--wait", "--stdin", file, "--", CHILD, "cat");
    EXPECT(f, 0, "--session", "outer", "wait", id);
    char *path = cli_background_path(f, id, TETHER_STDOUT);
    size_t size;
    char *streamed = test_read_file(path, &size);
    assert_int_equal(size, sizeof bytes);
    assert_memory_equal(streamed, bytes, size);
    free(streamed);
    free(path);
}

/* Both streams are copied while the task runs. */
static void streams_while_it_runs(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    CLI_BACKGROUND(f, id, "run", "--wait", "--", CHILD, "out", "one", "err", "two", "await", go,
                   "out", "three", "exit", "9");
    char *out = cli_background_path(f, id, TETHER_STDOUT);
    char *err = cli_background_path(f, id, TETHER_STDERR);
    WAIT_UNTIL(cli_file_begins(out, "one\n") && cli_file_begins(err, "two\n"));
    test_write_file(go, "", 0);
    EXPECT(f, 9, "--session", "outer", "wait", id);
    char *text = test_read_file(out, NULL);
    assert_string_equal(text, "one\nthree\n");
    free(text);
    text = test_read_file(err, NULL);
    assert_string_equal(text, "two\n");
    free(text);
    free(out);
    free(err);
}

static void waiting_acknowledges(void **state)
{
    fixture *f = *state;
    EXPECT(f, 3, "--json", "run", "--wait", "--", CHILD, "out", "hello", "exit", "3");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "failed");
    assert_string_equal(cli_text(task, "output_preview"), "hello\n");
    json_t *after = cli_status(f, cli_text(task, "task_id"));
    assert_true(cli_flag(after, "completion_delivered"));
    json_decref(after);
    json_decref(task);
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
}

/* Copies the id of the only running task. */
static void get_running_id(const fixture *f, char id[TETHER_ID_SIZE])
{
    EXPECT(f, 0, "--json", "list");
    json_t *task = cli_object();
    strcpy(id, cli_text(task, "task_id"));
    json_decref(task);
}

static void a_wait_that_times_out_leaves_the_task_running(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], hint[128];
    const char *go = test_work_path(f, "go");
    EXPECT(f, 124, "run", "--wait=50ms", "--", CHILD, "await", go, "out", "late", "exit", "5");
    assert_string_equal(cli_out(), "");
    char *message = strdup(cli_err());
    assert_non_null(message);
    get_running_id(f, id);
    snprintf(hint, sizeof hint, "tether: task %s continues in the background: ", id);
    cli_assert_holds(message, hint);
    snprintf(hint, sizeof hint, "tether wait %s waits for its end\n", id);
    cli_assert_holds(message, hint);
    free(message);
    test_write_file(go, "", 0);
    EXPECT(f, 5, "wait", id);
    EXPECT(f, 0, "output", id);
    assert_string_equal(cli_out(), "late\n");
    EXPECT(f, 0, "--json", "completions");
    json_decref(cli_object());
}

static void a_wait_that_times_out_prints_json(void **state)
{
    fixture *f = *state;
    EXPECT(f, 124, "--json", "run", "--wait=0", "--", CHILD, "forever");
    json_t *task = cli_object();
    json_t *error = cli_error_object();
    cli_assert_null(task, "finished_at");
    assert_string_equal(cli_text(error, "code"), "TETHER_ETIMEDOUT");
    cli_assert_holds(cli_text(error, "message"), cli_text(task, "task_id"));
    EXPECT(f, 0, "kill", cli_text(task, "task_id"));
    json_decref(task);
    json_decref(error);
}

static void a_wait_ends_before_its_timeout(void **state)
{
    fixture *f = *state;
    EXPECT(f, 8, "run", "--wait=10m", "--", CHILD, "out", "in time", "exit", "8");
    assert_string_equal(cli_out(), "in time\n");
    assert_string_equal(cli_err(), "");
}

/* The command could not write, reported it, and exited with 125. */
static void assert_write_failed(const char *remedy)
{
    assert_string_equal(cli_out(), "125\n");
    assert_int_equal(strncmp(cli_err(), "tether: ", 8), 0);
    cli_assert_holds(cli_err(), remedy);
}

/* Messages are not glued to output that was copied before them to the same place. */
static void a_message_begins_a_line(void **state)
{
    static const char *const streams[] = {"put", "err-bytes"};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        EXPECT(f, 124, "--session", "outer", "run", "--merge", "--wait", "--", COMMAND, "--store",
               f->store, "run", "--wait=1s", "--", CHILD, streams[i], "78", "forever");
        cli_assert_holds(cli_out(), i == 0 ? "78\ntether: task " : "x\ntether: task ");
        assert_int_equal(cli_count_lines(cli_out()), 2);
        EXPECT(f, 0, "--json", "list");
        json_t *task = cli_object();
        EXPECT(f, 0, "kill", cli_text(task, "task_id"));
        json_decref(task);
    }
    /* Apart from each other they stay as they are. */
    EXPECT(f, 124, "run", "--wait=1s", "--", CHILD, "put", "x", "forever");
    assert_string_equal(cli_out(), "x");
    assert_int_equal(strncmp(cli_err(), "tether: task ", 13), 0);
    EXPECT(f, 0, "--json", "list");
    json_t *task = cli_object();
    EXPECT(f, 0, "kill", cli_text(task, "task_id"));
    json_decref(task);
}

static void nothing_is_lost_without_stdout(void **state)
{
    fixture *f = *state;
    CLI_INTO(f, "closed", "run", "-c", "exit 0");
    assert_write_failed("was started: standard output could not be written");
    EXPECT(f, 0, "wait");
    CLI_INTO(f, "closed", "run", "--wait", "-c", "echo x");
    assert_write_failed("shows the output that is missing here");
    EXPECT(f, 0, "wait");
    EXPECT(f, 0, "--json", "completions");
    json_decref(cli_objects(2));
    CLI_INTO(f, "closed", "completions", "--drain");
    assert_write_failed("completions that were not written stay pending");
    CLI_INTO(f, "closed", "list", "--all");
    assert_write_failed("standard output");
    CLI_INTO(f, "closed", "help");
    assert_write_failed("standard output");
    EXPECT(f, 0, "--json", "completions");
    json_decref(cli_objects(2));
}

static void a_key_finds_the_task_that_has_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    EXPECT(f, 0, "run", "--key", "build 1", "--", CHILD, "out", "first", "await", go, "exit", "3");
    cli_take_id(id);
    EXPECT(f, 0, "run", "--key", "build 1", "--max-running", "1", "--", CHILD, "exit", "4");
    cli_take_id(other);
    assert_string_equal(other, id);
    EXPECT(f, 0, "--json", "run", "--key", "build 1", "--", CHILD, "exit", "4");
    json_t *task = cli_object();
    assert_true(cli_flag(task, "found"));
    assert_string_equal(cli_text(task, "task_id"), id);
    assert_string_equal(cli_text(task, "key"), "build 1");
    json_decref(task);
    EXPECT(f, 0, "status", id);
    assert_non_null(strstr(cli_out(), "key: build 1\n"));
    test_write_file(go, "", 0);
    /* Waits for the first one, and has its output and its code. */
    EXPECT(f, 3, "run", "--wait", "--key", "build 1", "--", CHILD, "exit", "4");
    assert_string_equal(cli_out(), "first\n");
    EXPECT(f, 3, "--json", "run", "--wait", "--key", "build 1", "--", CHILD, "exit", "4");
    task = cli_object();
    assert_true(cli_flag(task, "found"));
    json_decref(task);
    EXPECT(f, 4, "--json", "run", "--wait", "--key", "build 2", "--", CHILD, "exit", "4");
    task = cli_object();
    assert_false(cli_flag(task, "found"));
    assert_string_not_equal(cli_text(task, "task_id"), id);
    json_decref(task);
    /* A key belongs to a session. */
    EXPECT(f, 4, "--session", "other", "run", "--wait", "--key", "build 1", "--", CHILD, "exit",
           "4");
    EXPECT(f, 0, "rm", id);
    EXPECT(f, 4, "run", "--wait", "--key", "build 1", "--", CHILD, "exit", "4");
}

static void of_many_commands_with_one_key_one_starts(void **state)
{
    enum { COMMANDS = 6 };
    fixture *f = *state;
    char commands[COMMANDS][TETHER_ID_SIZE], first[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    const char *trace = test_work_path(f, "trace");
    for (int i = 0; i < COMMANDS; i++)
        CLI_BACKGROUND(f, commands[i], "run", "--key", "k", "--", CHILD, "append", trace);
    for (int i = 0; i < COMMANDS; i++) {
        EXPECT(f, 0, "--session", "outer", "wait", commands[i]);
        EXPECT(f, 0, "--session", "outer", "output", commands[i]);
        cli_take_id(i == 0 ? first : id);
        if (i > 0)
            assert_string_equal(id, first);
    }
    EXPECT(f, 0, "wait", first);
    assert_int_equal(test_count_lines(trace), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(prints_the_id_alone),
        TEST(exits_with_the_tasks_code),
        TEST(variables_come_from_options_and_files),
        TEST(a_timeout_is_124),
        TEST(only_the_variable_sets_a_default_timeout),
        TEST(passes_arguments_exactly),
        TEST(options_end_at_the_program),
        TEST(gives_text_to_the_shell),
        TEST(takes_values_that_look_like_options),
        TEST(an_empty_text_is_a_command),
        TEST(takes_long_texts),
        TEST(refuses_files_that_are_not_a_command),
        TEST(runs_in_the_directory),
        TEST(sets_the_environment),
        TEST(takes_a_long_variable),
        TEST(a_variable_can_be_too_long),
        TEST(merges_both_streams),
        TEST(reads_a_file_or_nothing),
        TEST(keeps_labels),
        TEST(chooses_the_shell),
        TEST(no_notify_requests_no_completion),
        TEST(streams_floods_exactly),
        TEST(streams_all_bytes),
        TEST(streams_while_it_runs),
        TEST(waiting_acknowledges),
        TEST(a_wait_that_times_out_leaves_the_task_running),
        TEST(a_wait_that_times_out_prints_json),
        TEST(a_wait_ends_before_its_timeout),
        TEST(a_message_begins_a_line),
        TEST(nothing_is_lost_without_stdout),
        TEST(a_key_finds_the_task_that_has_it),
        TEST(of_many_commands_with_one_key_one_starts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
