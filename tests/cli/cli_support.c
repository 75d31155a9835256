/* Owns running the tether command in tests and parsing its output.
 * Must not: know what a test checks.
 * Thread: that of the test. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { ARGUMENTS_MAX = 64 };

/* Output of the last call. */
static char *last_out;
static char *last_err;

static void forget_last(void)
{
    free(last_out);
    free(last_err);
    last_out = NULL;
    last_err = NULL;
}

int cli_setup(void **state)
{
    static const char *const names[] = {"TETHER_STORE", "TETHER_SESSION", "TETHER_TASK_ID",
                                        "TETHER_TIMEOUT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(uv_os_unsetenv(names[i]), 0);
    return test_setup(state);
}

static size_t count_running(fixture *f, const char *session)
{
    tether_snapshot_list *list;
    tether_registry *registry = test_open_session(f, session);
    ASSERT_OK(tether_list(registry, TETHER_LIST_RUNNING, &list, &f->error), f->error);
    size_t count = list->count;
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_close(registry, TETHER_SHUTDOWN, &f->error), f->error);
    return count;
}

int cli_teardown(void **state)
{
    fixture *f = *state;
    forget_last();
    size_t running = count_running(f, NULL) + count_running(f, "outer");
    int result = test_teardown(state);
    assert_int_equal(running, 0);
    return result;
}

int cli_call_in(const char *workdir, const fixture *f, const char *const *arguments)
{
    const char *argv[ARGUMENTS_MAX + 4] = {COMMAND, "--store", f != NULL ? f->store : NULL};
    size_t count = f != NULL ? 3 : 1;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < ARGUMENTS_MAX);
        argv[count++] = arguments[i];
    }
    argv[count] = NULL;
    char *out, *err;
    int code = test_command_in(workdir, argv, &out, &err);
    forget_last();
    last_out = out;
    last_err = err;
    return code;
}

int cli_call(const fixture *f, const char *const *arguments)
{
    return cli_call_in(NULL, f, arguments);
}

const char *cli_out(void)
{
    return last_out;
}

const char *cli_err(void)
{
    return last_err;
}

static void fail_with_last(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s\nstdout: %.2000s\nstderr: %.2000s", file, line, what, last_out, last_err);
}

void cli_expect(const char *file, int line, const fixture *f, int code,
                const char *const *arguments)
{
    char what[64];
    int got = cli_call(f, arguments);
    snprintf(what, sizeof what, "the command exits with %d, not %d", got, code);
    if (got != code)
        fail_with_last(file, line, what);
}

/* Returns true for one line that starts with "tether: " and contains the remedy. */
static bool is_message(const char *text, const char *remedy)
{
    return strncmp(text, "tether: ", 8) == 0 && strchr(text, '\n') == text + strlen(text) - 1 &&
           strstr(text, remedy) != NULL;
}

static bool is_error_object(const json_t *error, const char *name, const char *remedy)
{
    const json_t *number = json_object_get(error, "os_error");
    const char *found = json_string_value(json_object_get(error, "code"));
    const char *step = json_string_value(json_object_get(error, "step"));
    const char *message = json_string_value(json_object_get(error, "message"));
    return found != NULL && strcmp(found, name) == 0 && step != NULL && step[0] != '\0' &&
           message != NULL && strstr(message, remedy) != NULL &&
           (json_is_null(number) || json_integer_value(number) != 0);
}

void cli_expect_error(const char *file, int line, const fixture *f, int code, const char *name,
                      const char *remedy, const char *const *arguments)
{
    const char *with_json[ARGUMENTS_MAX + 1] = {"--json"};
    cli_expect(file, line, f, code, arguments);
    if (last_out[0] != '\0' || !is_message(last_err, remedy))
        fail_with_last(file, line, "the message is not one line with the remedy");
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i + 2 < sizeof with_json / sizeof with_json[0]);
        with_json[i + 1] = arguments[i];
    }
    cli_expect(file, line, f, code, with_json);
    json_t *error = cli_error_object();
    if (last_out[0] != '\0' || !is_error_object(error, name, remedy))
        fail_with_last(file, line, "the error object is not the expected one");
    json_decref(error);
}

void cli_take_id(char id[TETHER_ID_SIZE])
{
    size_t size = strspn(last_out, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (size == 0 || size >= TETHER_ID_SIZE || strcmp(last_out + size, "\n") != 0)
        fail_msg("not a task id alone: %s", last_out);
    memcpy(id, last_out, size);
    id[size] = '\0';
}

void cli_write_go(const fixture *f)
{
    test_write_file(test_work_path(f, "go"), "", 0);
}

void cli_start_waiting(const fixture *f, char id[TETHER_ID_SIZE], const char *code)
{
    CLI_START(f, id, "await", test_work_path(f, "go"), "exit", code);
}

void cli_start_ended(const fixture *f, char id[TETHER_ID_SIZE], const char *text, int code)
{
    char number[16];
    snprintf(number, sizeof number, "%d", code);
    CLI_START(f, id, "out", text, "exit", number);
    EXPECT(f, code, "wait", id);
}

void cli_assert_ids(json_t *tasks, const char *const *ids)
{
    for (size_t i = 0; i < json_array_size(tasks); i++)
        assert_string_equal(cli_text(json_array_get(tasks, i), "task_id"), ids[i]);
    json_decref(tasks);
}

static json_t *parse_line(const char *line, size_t size)
{
    json_error_t problem;
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL || !json_is_object(object))
        fail_msg("not a JSON object (%s): %.2000s", problem.text, line);
    return object;
}

static json_t *parse_lines(const char *text, size_t count)
{
    json_t *array = json_array();
    assert_non_null(array);
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        assert_int_equal(json_array_append_new(array, parse_line(text, (size_t)(end - text))), 0);
    assert_string_equal(text, "");
    assert_int_equal(json_array_size(array), count);
    return array;
}

static json_t *parse_one(const char *text)
{
    json_t *array = parse_lines(text, 1);
    json_t *object = json_incref(json_array_get(array, 0));
    json_decref(array);
    return object;
}

json_t *cli_object(void)
{
    return parse_one(last_out);
}

json_t *cli_objects(size_t count)
{
    return parse_lines(last_out, count);
}

json_t *cli_error_object(void)
{
    json_t *line = parse_one(last_err);
    json_t *error = json_incref(json_object_get(line, "error"));
    if (!json_is_object(error))
        fail_msg("not an error object: %.2000s", last_err);
    json_decref(line);
    return error;
}

json_t *cli_status(const fixture *f, const char *id)
{
    EXPECT(f, 0, "--json", "status", id);
    return cli_object();
}

static bool is_starting(const fixture *f, const char *id)
{
    json_t *status = cli_status(f, id);
    bool starting = strcmp(cli_text(status, "status"), "starting") == 0;
    json_decref(status);
    return starting;
}

json_t *cli_status_running(const fixture *f, const char *id)
{
    WAIT_UNTIL(!is_starting(f, id));
    return cli_status(f, id);
}

static json_t *member(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (value == NULL)
        fail_msg("member %s is missing", name);
    return value;
}

const char *cli_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(member(object, name));
    if (text == NULL)
        fail_msg("%s is not a string", name);
    return text;
}

json_int_t cli_number(const json_t *object, const char *name)
{
    if (!json_is_integer(member(object, name)))
        fail_msg("%s is not an integer", name);
    return json_integer_value(member(object, name));
}

bool cli_flag(const json_t *object, const char *name)
{
    if (!json_is_boolean(member(object, name)))
        fail_msg("%s is not a boolean", name);
    return json_is_true(member(object, name));
}

void cli_assert_null(const json_t *object, const char *name)
{
    if (!json_is_null(member(object, name)))
        fail_msg("%s is not null", name);
}

void cli_assert_text(const fixture *f, const char *id, const char *name, const char *expected)
{
    json_t *status = cli_status(f, id);
    if (expected != NULL)
        assert_string_equal(cli_text(status, name), expected);
    else
        cli_assert_null(status, name);
    json_decref(status);
}

char *cli_background_path(const fixture *f, const char *id, tether_stream stream)
{
    EXPECT(f, 0, "--session", "outer", "--json", "status", id);
    json_t *status = cli_object();
    const char *path = cli_text(status, stream == TETHER_STDOUT ? "output_path" : "stderr_path");
    char *copy = malloc(strlen(path) + 1);
    assert_non_null(copy);
    strcpy(copy, path);
    json_decref(status);
    return copy;
}

const char *cli_last_part(const char *path)
{
    const char *last = path;
    for (const char *c = path; *c != '\0'; c++)
        last = *c == '/' || *c == '\\' ? c : last;
    return last;
}

size_t cli_count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

const char *cli_verdict(const json_t *report, const char *name)
{
    static const char *const verdicts[] = {"good", "weak", "bad"};
    size_t i;
    json_t *finding;
    json_array_foreach(json_object_get(report, "findings"), i, finding)
    {
        assert_true(cli_text(finding, "text")[0] != '\0');
        for (size_t k = 0; k < 3; k++) {
            if (strcmp(cli_text(finding, "name"), name) == 0 &&
                strcmp(cli_text(finding, "verdict"), verdicts[k]) == 0)
                return verdicts[k];
        }
    }
    fail_msg("finding %s is missing", name);
    return NULL;
}

int cli_count_leftovers(const fixture *f)
{
    return test_count_names(test_session_path(f, "tasks")) + test_count_lifelines(f);
}

bool cli_file_begins(const char *path, const char *text)
{
    char *content = test_read_file(path, NULL);
    bool begins = content != NULL && strncmp(content, text, strlen(text)) == 0;
    free(content);
    return begins;
}

void cli_assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" not found in: %.2000s", part, text);
}
