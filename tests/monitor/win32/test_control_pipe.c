/* The named pipe of the control channel of Windows: who can reach it, and what must not harm the
 * monitor. test_extend.c and test_input.c have what hosts do with it. */
#include "monitor/controlled.h"
#include "monitor/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include "win32/pipe.h"

enum { LONG_MS = 3600 * 1000, MANY = 1000, PLACES = 16, ANSWER_SIZE = 256 };

static void start(const fixture *f, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.timeout_ms = LONG_MS};
    controlled_start(f->registry, &spec, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
}

/* --- By hand --- */

static void read_key(const fixture *f, const char *id, char key[TETHER__WIN32_PIPE_KEY_SIZE])
{
    size_t size;
    char *text = test_read_file(test_bundle_path(f, id, "control"), &size);
    assert_non_null(text);
    assert_int_equal(size, TETHER__WIN32_PIPE_KEY_SIZE);
    assert_int_equal(text[size - 1], '\n');
    memcpy(key, text, size);
    key[size - 1] = '\0';
    assert_true(tether__win32_pipe_is_key(key));
    free(text);
}

/* Connects as another program would. Returns 0 or the error. */
static DWORD try_connect(const char *key, HANDLE *pipe)
{
    DWORD mode = PIPE_READMODE_MESSAGE;
    DWORD os_error = tether__win32_pipe_open(key, GENERIC_READ | GENERIC_WRITE | READ_CONTROL,
                                             FILE_FLAG_OVERLAPPED, pipe);
    if (os_error == ERROR_SUCCESS)
        assert_true(SetNamedPipeHandleState(*pipe, &mode, NULL, NULL));
    return os_error;
}

static HANDLE connect_to(const char *key)
{
    HANDLE pipe = NULL;
    WAIT_UNTIL(try_connect(key, &pipe) == ERROR_SUCCESS);
    return pipe;
}

static DWORD finish(HANDLE pipe, OVERLAPPED *io, BOOL done)
{
    DWORD size = 0;
    if (!done && GetLastError() != ERROR_IO_PENDING)
        return 0;
    assert_int_equal(WaitForSingleObject(io->hEvent, PATIENCE_MS), WAIT_OBJECT_0);
    return GetOverlappedResult(pipe, io, &size, FALSE) ? size : 0;
}

/* Returns whether it could be sent. */
static bool send_message(HANDLE pipe, const char *bytes, size_t size)
{
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD sent = finish(pipe, &io, WriteFile(pipe, bytes, (DWORD)size, NULL, &io));
    CloseHandle(io.hEvent);
    return sent == size;
}

/* Waits for the answer. Returns its size; 0: the connection was closed. */
static size_t receive(HANDLE pipe, char answer[ANSWER_SIZE])
{
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD size = finish(pipe, &io, ReadFile(pipe, answer, ANSWER_SIZE, NULL, &io));
    CloseHandle(io.hEvent);
    return size;
}

static void garbage_ends_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE], answer[ANSWER_SIZE];
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    for (size_t i = 0; i < BAD_MESSAGES; i++) {
        HANDLE pipe = connect_to(key);
        bool sent = send_message(pipe, bad_messages[i].bytes, bad_messages[i].size);
        size_t size = receive(pipe, answer);
        if (bad_messages[i].answer == NULL)
            assert_int_equal(size, 0);
        else {
            assert_true(sent && size > 0);
            assert_string_equal(answer + sizeof "tether-control 1", bad_messages[i].answer);
        }
        CloseHandle(pipe);
    }
    controlled_extend(f, id, LONG_MS);
    assert_false(controlled_lifeline_has(f, id, "deadline"));
    controlled_end(f, id);
}

/* A later move may have been told first. */
static void an_older_move_changes_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE], answer[ANSWER_SIZE];
    static const char old[] = "tether-control 1\0deadline\0at=1\0move=2\0end";
    start(f, id);
    for (int i = 0; i < 3; i++)
        controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    HANDLE pipe = connect_to(key);
    for (int i = 0; i < 2; i++) {
        assert_true(send_message(pipe, old, sizeof old));
        assert_true(receive(pipe, answer) > 0);
        assert_string_equal(answer + sizeof "tether-control 1", "done");
    }
    CloseHandle(pipe);
    controlled_extend(f, id, LONG_MS);
    assert_false(controlled_lifeline_has(f, id, "deadline"));
    controlled_end(f, id);
}

/* As many as are served keep silent; of these, the oldest goes when others come. */
static void silent_hosts_keep_nobody_out(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE], answer[ANSWER_SIZE];
    static const char query[] = "tether-control 1\0deadline\0end";
    HANDLE silent[PLACES];
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    for (int i = 0; i < PLACES; i++)
        silent[i] = connect_to(key);
    controlled_extend(f, id, LONG_MS);
    controlled_extend(f, id, LONG_MS);
    HANDLE one = connect_to(key);
    assert_true(send_message(one, query, sizeof query));
    assert_true(receive(one, answer) > 0);
    CloseHandle(one);
    for (int i = 0; i < PLACES; i++)
        CloseHandle(silent[i]);
    controlled_extend(f, id, LONG_MS);
    controlled_end(f, id);
}

static void a_thousand_do_no_harm(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE];
    static const char query[] = "tether-control 1\0deadline\0end";
    HANDLE *pipes = calloc(MANY, sizeof *pipes);
    assert_non_null(pipes);
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    int connected = 0;
    for (int i = 0; i < MANY; i++) {
        DWORD os_error = try_connect(key, &pipes[i]);
        assert_true(os_error == ERROR_SUCCESS || os_error == ERROR_PIPE_BUSY);
        if (os_error == ERROR_SUCCESS && send_message(pipes[i], query, sizeof query))
            connected++;
    }
    /* The monitor listens for one at a time. */
    assert_true(connected > 0);
    controlled_extend(f, id, LONG_MS);
    for (int i = 0; i < MANY; i++) {
        if (pipes[i] != NULL)
            CloseHandle(pipes[i]);
    }
    controlled_extend(f, id, LONG_MS);
    free(pipes);
    controlled_end(f, id);
}

/* A host that never takes its answers loses the connection; nobody waits for it. */
static void unread_answers_end_the_connection(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE];
    static const char query[] = "tether-control 1\0deadline\0end";
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    HANDLE pipe = connect_to(key);
    WAIT_UNTIL(!send_message(pipe, query, sizeof query));
    controlled_extend(f, id, LONG_MS);
    CloseHandle(pipe);
    controlled_end(f, id);
}

/* --- Who can reach it --- */

/* The owner of this process and the system account, and nobody else. */
static void only_its_user_can_open_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE];
    PSECURITY_DESCRIPTOR descriptor;
    PACL list;
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    HANDLE pipe = connect_to(key);
    assert_int_equal(GetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                                     &list, NULL, &descriptor),
                     ERROR_SUCCESS);
    CloseHandle(pipe);
    assert_non_null(list);
    assert_int_equal(list->AceCount, 2);
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;
        assert_true(GetAce(list, i, (void **)&entry));
        assert_int_equal(entry->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
        assert_false(IsWellKnownSid((PSID)&entry->SidStart, WinWorldSid));
        assert_false(IsWellKnownSid((PSID)&entry->SidStart, WinAnonymousSid));
    }
    LocalFree(descriptor);
    controlled_end(f, id);
}

static void a_name_is_a_key_and_nothing_else(void **state)
{
    (void)state;
    char first[TETHER__WIN32_PIPE_KEY_SIZE], second[TETHER__WIN32_PIPE_KEY_SIZE];
    assert_int_equal(tether__win32_pipe_key(first), ERROR_SUCCESS);
    assert_int_equal(tether__win32_pipe_key(second), ERROR_SUCCESS);
    assert_string_not_equal(first, second);
    assert_true(tether__win32_pipe_is_key(first));
    static const char *const wrong[] = {"",
                                        "..\\..\\evil",
                                        "0123456789abcdef0123456789abcde",
                                        "0123456789abcdef0123456789abcdef0",
                                        "0123456789ABCDEF0123456789abcdef",
                                        "0123456789abcdef\\123456789abcdef"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(tether__win32_pipe_is_key(wrong[i]));
}

/* The file is replaced by one that names a pipe of this process. */
static void a_pipe_of_another_process_is_not_trusted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE], own[TETHER__WIN32_PIPE_KEY_SIZE];
    const tether__win32_pipe_form form = {.open = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                          .mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE,
                                          .instances = 1};
    HANDLE pipe;
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    const char *path = test_bundle_path(f, id, "control");
    assert_int_equal(tether__win32_pipe_key(own), ERROR_SUCCESS);
    assert_int_equal(tether__win32_pipe_create(own, &form, &pipe), ERROR_SUCCESS);
    own[sizeof own - 1] = '\n';
    test_write_file(path, own, sizeof own);
    controlled_refuses(f, id, TETHER_EACCESS, "is not that of the monitor");
    CloseHandle(pipe);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    key[sizeof key - 1] = '\n';
    test_write_file(path, key, sizeof key);
    controlled_extend(f, id, LONG_MS);
    controlled_end(f, id);
}

static void what_stands_in_place_of_the_file(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], key[TETHER__WIN32_PIPE_KEY_SIZE];
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    read_key(f, id, key);
    const char *path = test_bundle_path(f, id, "control");
    test_write_file(path, "x", 1);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    test_remove_file(path);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    test_make_directory(path);
    controlled_refuses(f, id, TETHER_ENOANSWER, "has not made its control channel");
    assert_true(RemoveDirectoryA(path));
    key[sizeof key - 1] = '\n';
    test_write_file(path, key, sizeof key);
    controlled_extend(f, id, LONG_MS);
    controlled_end(f, id);
}

/* --- Its life --- */

static void the_file_goes_with_the_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, id);
    controlled_extend(f, id, LONG_MS);
    const char *path = test_bundle_path(f, id, "control");
    assert_true(test_exists(path));
    const tether_kill_options final = {.signal = 9};
    ASSERT_OK(tether_kill(f->registry, id, &final, &f->error), f->error);
    tether_snapshot_free(test_wait(f->registry, id));
    WAIT_UNTIL(!test_exists(path));
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_a_key_and_nothing_else),
        WITH_REGISTRY(garbage_ends_nothing),
        WITH_REGISTRY(an_older_move_changes_nothing),
        WITH_REGISTRY(silent_hosts_keep_nobody_out),
        WITH_REGISTRY(a_thousand_do_no_harm),
        WITH_REGISTRY(unread_answers_end_the_connection),
        WITH_REGISTRY(only_its_user_can_open_it),
        WITH_REGISTRY(a_pipe_of_another_process_is_not_trusted),
        WITH_REGISTRY(what_stands_in_place_of_the_file),
        WITH_REGISTRY(the_file_goes_with_the_monitor),
    };
    return cmocka_run_group_tests_name("control_pipe", tests, NULL, NULL);
}
