/* Owns the helpers of all tests that are the same on every platform.
 * Must not: know what a test is about.
 * Thread: the test's. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "format/name.h"
#include "os/file.h"
#include "os/lock.h"
#include "store/compact.h"
#include "store/session.h"

enum { PATH_ROOM = 1024, PATH_BUFFERS = 16, ARGUMENTS_ROOM = 32 };

/* The reasons for which a test may be skipped. Any other skip is a failure. */
static const char *const allowed_skips[] = {
    "GLib is not installed",
    "strace is not installed",
    "needs root",
    "the file system ignores setuid",
    "the shell is not installed",
    "the sanitizer keeps memory of its own",
    "the sanitizer does not survive the end of the first thread",
    "user namespaces are not allowed",
    "only Linux has namespaces",
    "only Linux has epoll",
    "the kernel has no time namespaces",
    "only Linux shows who started a setuid program",
    "the threads cannot be counted here",
    "Wine cannot replace a file that is open",
    "Wine appends in two steps",
    "Wine makes no junctions",
    "Wine opens files that are being removed",
    "Wine tells nobody that a watched directory is gone",
};

int64_t test_now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

void test_pause(void)
{
    uv_sleep(2);
}

const char *test_supervisor(void)
{
    const char *monitor = getenv("TETHER_MONITOR");
    return monitor != NULL && monitor[0] != '\0' ? "monitor" : "script";
}

void test_use_scripts(void)
{
    assert_int_equal(uv_os_setenv("TETHER_MONITOR", ""), 0);
}

tether_reaper_mode test_reaper_mode(void)
{
    const char *mode = getenv("TETHER_TEST_REAPER");
    if (mode != NULL && strcmp(mode, "polling") == 0)
        return TETHER_REAPER_POLLING;
    if (mode != NULL && strcmp(mode, "events") == 0)
        return TETHER_REAPER_EVENTS;
    return TETHER_REAPER_AUTO;
}

void test_skip(const char *reason)
{
    for (size_t i = 0; i < sizeof allowed_skips / sizeof allowed_skips[0]; i++) {
        if (strcmp(reason, allowed_skips[i]) == 0) {
            print_message("skipped: %s\n", reason);
            skip();
        }
    }
    fail_msg("support.c does not allow this reason to skip a test: %s", reason);
}

tether_registry *test_open_mode(fixture *f, tether_reaper_mode mode)
{
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = mode, .no_gc = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

void test_detach(tether_registry *registry)
{
    tether_error error = {0};
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

tether_registry *test_open_session(fixture *f, const char *session)
{
    tether_registry *registry;
    /* No background collection: its thread and descriptors would disturb tests that count them. */
    tether_open_options options = {
        .store = f->store, .session = session, .reaper = test_reaper_mode(), .no_gc = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

tether_registry *test_open(fixture *f)
{
    return test_open_session(f, NULL);
}

/* libuv opens a pipe with the first loop of a process and keeps it. Opens it before the test counts
 * descriptors, so that the teardown does not take it for a leak of the registry. */
static void open_libuv_pipe(void)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int test_setup(void **state)
{
    open_libuv_pipe();
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->store = test_make_store();
    f->work = test_make_store();
    f->fds_before = test_count_fds();
    /* Every process of a task inherits this variable, so that the teardown finds it even if the
     * store is damaged. */
    assert_int_equal(uv_os_setenv("TETHER_TEST_STORE", f->store), 0);
    *state = f;
    return 0;
}

int test_setup_registry(void **state)
{
    test_setup(state);
    fixture *f = *state;
    f->registry = test_open(f);
    return 0;
}

int test_teardown(void **state)
{
    fixture *f = *state;
    char cookie[PATH_ROOM];
    snprintf(cookie, sizeof cookie, "TETHER_TEST_STORE=%s", f->store);
    if (f->registry != NULL)
        ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    assert_int_equal(test_count_fds(), f->fds_before);
    assert_false(test_has_child());
    /* The supervisor of a task that another process started may run for a moment after it wrote
     * its exit line. */
    WAIT_UNTIL(test_count_cookies(cookie) == 0);
    if (!f->hosts_died)
        assert_false(test_tree_has(f->store, ".tmp-"));
    test_remove_store(f->store);
    test_remove_store(f->work);
    free(f->store);
    free(f->work);
    free(f);
    return 0;
}

void test_start(tether_registry *registry, const tether_spec *spec, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    ASSERT_OK(tether_spawn(registry, spec, id, &error), error);
}

void test_start_child(tether_registry *registry, char id[TETHER_ID_SIZE], ...)
{
    const char *argv[ARGUMENTS_ROOM] = {CHILD};
    size_t count = 1;
    va_list verbs;
    va_start(verbs, id);
    for (const char *verb; (verb = va_arg(verbs, const char *)) != NULL;) {
        assert_true(count + 1 < ARGUMENTS_ROOM);
        argv[count++] = verb;
    }
    va_end(verbs);
    tether_spec spec = {.argv = argv};
    test_start(registry, &spec, id);
}

static uint64_t output_size(tether_registry *registry, const char *id, tether_stream stream)
{
    tether_error error = {0};
    uint64_t size;
    ASSERT_OK(tether_output_size(registry, id, stream, &size, &error), error);
    return size;
}

void test_wait_output(tether_registry *registry, const char *id, tether_stream stream,
                      uint64_t bytes)
{
    WAIT_UNTIL(output_size(registry, id, stream) >= bytes);
}

static bool read_number(tether_registry *registry, const char *id, long *number)
{
    size_t size;
    char *end;
    char *text = test_output(registry, id, TETHER_STDOUT, &size);
    *number = strtol(text, &end, 10);
    bool whole = end > text && *end == '\n';
    free(text);
    return whole;
}

long test_output_number(tether_registry *registry, const char *id)
{
    long number;
    WAIT_UNTIL(read_number(registry, id, &number));
    return number;
}

void test_expect(tether_registry *registry, const char *id, tether_status status, int64_t code,
                 const char *reason)
{
    tether_snapshot *snapshot = test_wait(registry, id);
    assert_string_equal(tether_status_text(snapshot->status), tether_status_text(status));
    assert_int_equal(snapshot->exit_code, code);
    assert_string_equal(snapshot->reason != NULL ? snapshot->reason : "none",
                        reason != NULL ? reason : "none");
    tether_snapshot_free(snapshot);
}

void test_expect_output(tether_registry *registry, const char *id, tether_stream stream,
                        const char *expected)
{
    size_t size;
    char *text = test_output(registry, id, stream, &size);
    assert_string_equal(text, expected);
    assert_int_equal(size, strlen(expected));
    free(text);
}

static void to_hex(const char *bytes, char *hex)
{
    for (; *bytes != '\0'; bytes++, hex += 2)
        snprintf(hex, 3, "%02x", (unsigned)(unsigned char)*bytes);
    strcpy(hex, "\n");
}

void test_expect_arguments(tether_registry *registry, const char *id, const char *const *arguments)
{
    size_t room = 1;
    for (size_t i = 0; arguments[i] != NULL; i++)
        room += 2 * strlen(arguments[i]) + 1;
    char *expected = calloc(room, 1);
    assert_non_null(expected);
    for (size_t i = 0; arguments[i] != NULL; i++)
        to_hex(arguments[i], expected + strlen(expected));
    test_expect_output(registry, id, TETHER_STDOUT, expected);
    free(expected);
}

size_t test_pending(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    size_t count = 0;
    ASSERT_OK(tether_completions_peek(registry, NULL, &list, &error), error);
    for (size_t i = 0; i < list->count; i++)
        count += id == NULL || strcmp(list->items[i]->task_id, id) == 0;
    tether_snapshot_list_free(list);
    return count;
}

void test_take_completion(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    bool fresh;
    assert_int_equal(test_pending(registry, id), 1);
    ASSERT_OK(tether_completion_ack(registry, id, &fresh, &error), error);
    assert_true(fresh);
    ASSERT_OK(tether_completion_ack(registry, id, &fresh, &error), error);
    assert_false(fresh);
    assert_int_equal(test_pending(registry, id), 0);
}

static const char *format_path(const char *folder, const char *format, va_list arguments)
{
    static char paths[PATH_BUFFERS][PATH_ROOM];
    static unsigned next;
    char *path = paths[next++ % PATH_BUFFERS];
    int size = snprintf(path, PATH_ROOM, "%s/", folder);
    vsnprintf(path + size, (size_t)(PATH_ROOM - size), format, arguments);
    return path;
}

const char *test_path(const fixture *f, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *path = format_path(f->store, format, arguments);
    va_end(arguments);
    return path;
}

const char *test_work_path(const fixture *f, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *path = format_path(f->work, format, arguments);
    va_end(arguments);
    return path;
}

const char *test_session_path(const fixture *f, const char *name)
{
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(f->session != NULL ? f->session : "default", key);
    return test_path(f, "%s/%s", key, name);
}

const char *test_bundle_path(const fixture *f, const char *id, const char *name)
{
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(f->session != NULL ? f->session : "default", key);
    return test_path(f, "%s/tasks/%s/%s", key, id, name);
}

const char *test_exit_path(const fixture *f, const char *id)
{
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(f->session != NULL ? f->session : "default", key);
    return test_path(f, "%s/exits/%s", key, id);
}

void test_make_directory(const char *path)
{
    uv_fs_t request;
    assert_int_equal(uv_fs_mkdir(NULL, &request, path, 0700, NULL), 0);
    uv_fs_req_cleanup(&request);
}

void test_remove_file(const char *path)
{
    uv_fs_t request;
    int result = uv_fs_unlink(NULL, &request, path, NULL);
    uv_fs_req_cleanup(&request);
    if (result != 0)
        fail_msg("cannot remove %s: %s", path, uv_strerror(result));
}

/* Reads the journal's lines; those that are no objects become null. */
static json_t *read_journal(const fixture *f)
{
    json_t *lines = json_array();
    char *text = test_read_file(test_session_path(f, "journal/journal.jsonl"), NULL);
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        size_t size = end != NULL ? (size_t)(end - line) : strlen(line);
        json_t *object = json_loadb(line, size, 0, NULL);
        json_array_append_new(lines, object != NULL ? object : json_null());
        line = end != NULL ? end + 1 : NULL;
    }
    free(text);
    return lines;
}

static bool is_line_of(const json_t *line, const char *id)
{
    const char *task_id = json_string_value(json_object_get(line, "task_id"));
    return task_id != NULL && strcmp(task_id, id) == 0;
}

/* Returns the record as the journal has it, or NULL. */
static json_t *find_record(const fixture *f, const char *id)
{
    size_t i;
    json_t *line, *record = NULL, *lines = read_journal(f);
    json_array_foreach(lines, i, line)
    {
        if (!is_line_of(line, id))
            continue;
        if (json_is_true(json_object_get(line, "removed"))) {
            json_decref(record);
            record = NULL;
            continue;
        }
        if (record == NULL)
            record = json_object();
        json_object_update(record, line);
    }
    json_decref(lines);
    return record;
}

bool test_has_record(const fixture *f, const char *id)
{
    json_t *record = find_record(f, id);
    json_decref(record);
    return record != NULL;
}

json_t *test_load_record(const fixture *f, const char *id)
{
    json_t *record = find_record(f, id);
    if (record == NULL)
        fail_msg("the journal has no record of %s", id);
    return record;
}

/* Windows may refuse this for as long as a registry has the old file open. */
static bool rename_over(const char *from, const char *to)
{
    uv_fs_t request;
    int result = uv_fs_rename(NULL, &request, from, to, NULL);
    uv_fs_req_cleanup(&request);
    return result == 0;
}

/* Appends a line of a journal to the text of the next journal, whose head has the next number:
 * hosts know by it that the file is another one. Returns the end of the text. */
static char *copy_line(char *to, const char *line, size_t size, json_t *object)
{
    json_t *number = json_object_get(object, "journal");
    char *head = NULL;
    if (number != NULL) {
        json_integer_set(number, json_integer_value(number) + 1);
        head = json_dumps(object, JSON_COMPACT);
        assert_non_null(head);
        line = head;
        size = strlen(head);
    }
    memcpy(to, line, size);
    to[size] = '\n';
    free(head);
    return to + size + 1;
}

static char *journal_without(const fixture *f, const char *id, size_t room)
{
    enum { HEAD_ROOM = 1024 };
    char *text = test_read_file(test_session_path(f, "journal/journal.jsonl"), NULL);
    assert_non_null(text);
    char *rest = calloc(1, strlen(text) + HEAD_ROOM + room + 2), *to = rest;
    assert_non_null(rest);
    const char *end = text + strlen(text);
    for (char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((newline != NULL ? newline : end) - line);
        json_t *object = json_loadb(line, size, 0, NULL);
        if (!is_line_of(object, id))
            to = copy_line(to, line, size, object);
        json_decref(object);
        line += size + (newline != NULL);
    }
    free(text);
    return rest;
}

/* Through the store, since Windows protects a session by the access list of the store alone. */
static void open_session(const fixture *f, tether__dir **session)
{
    tether__dir *store;
    tether_error error = {0};
    char key[TETHER__SESSION_KEY_SIZE];
    tether__session_key(f->session != NULL ? f->session : "default", key);
    ASSERT_OK(tether__os_dir_open_root(f->store, false, &store, &error), error);
    int code = tether__os_dir_open(store, key, false, session, &error);
    tether__os_dir_close(store);
    ASSERT_OK(code, error);
}

/* Replaces the journal, as a host does that compacts it, under the session lock. */
void test_replace_record(const fixture *f, const char *id, const char *line)
{
    tether__dir *session;
    tether__lock lock;
    tether_error error = {0};
    char path[PATH_ROOM];
    open_session(f, &session);
    ASSERT_OK(tether__os_lock_acquire(session, "lock", PATIENCE_MS, &lock, &error), error);
    char *text = journal_without(f, id, strlen(line));
    strcat(text, line);
    snprintf(path, sizeof path, "%s", test_session_path(f, "journal/journal.jsonl"));
    const char *fresh = test_session_path(f, "journal/journal.jsonl.fresh");
    test_write_file(fresh, text, strlen(text));
    WAIT_UNTIL(rename_over(fresh, path));
    tether__os_lock_release(&lock);
    tether__os_dir_close(session);
    free(text);
}

void test_save_record(const fixture *f, const char *id, json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT);
    char *line = malloc(strlen(text) + 2);
    assert_non_null(line);
    snprintf(line, strlen(text) + 2, "%s\n", text);
    test_replace_record(f, id, line);
    free(line);
    free(text);
    json_decref(record);
}

void test_damage_record(const fixture *f, const char *id)
{
    char line[128];
    snprintf(line, sizeof line,
             "{\"schema_version\":1,\"task_id\":\"%s\",\"session_id\":\"default\",\"status\":1}\n",
             id);
    test_replace_record(f, id, line);
}

int test_count_lifelines(const fixture *f)
{
    return test_count_names(test_session_path(f, "exits"));
}

void test_compact(const fixture *f)
{
    tether_error error = {0};
    tether__store store;
    tether__session session;
    tether__lock lock;
    const char *id = f->session != NULL ? f->session : "default";
    ASSERT_OK(tether__store_open(f->store, false, &store, &error), error);
    ASSERT_OK(tether__session_open(&store, id, PATIENCE_MS, &session, &error), error);
    ASSERT_OK(tether__session_lock(&session, &lock, &error), error);
    ASSERT_OK(tether__compact(&session, &error), error);
    tether__os_lock_release(&lock);
    tether__session_close(&session);
    tether__store_close(&store);
}

bool test_archive_task(const fixture *f, const char *id)
{
    test_compact(f);
    return !test_has_record(f, id);
}

char *test_record_text(const fixture *f, const char *id, const char *field)
{
    json_t *record = test_load_record(f, id);
    const char *text = json_string_value(json_object_get(record, field));
    char *copy = text != NULL ? strdup(text) : NULL;
    json_decref(record);
    return copy;
}

void test_run(fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = command};
    ASSERT_OK(tether_spawn(f->registry, &spec, id, &f->error), f->error);
}

tether_snapshot *test_snapshot(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    return snapshot;
}

tether_status test_status(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    tether_status status = snapshot->status;
    tether_snapshot_free(snapshot);
    return status;
}

tether_snapshot *test_wait(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    ASSERT_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    return test_snapshot(registry, id);
}

char *test_output(tether_registry *registry, const char *id, tether_stream stream, size_t *size)
{
    tether_error error = {0};
    uint64_t total;
    ASSERT_OK(tether_output_size(registry, id, stream, &total, &error), error);
    char *bytes = malloc((size_t)total + 1);
    assert_non_null(bytes);
    ASSERT_OK(tether_output_read(registry, id, stream, 0, bytes, (size_t)total, size, &error),
              error);
    assert_int_equal(*size, total);
    bytes[*size] = '\0';
    return bytes;
}
