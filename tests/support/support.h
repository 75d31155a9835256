/* What all tests share: private stores, waiting for a condition, and the checks that a test leaves
 * nothing behind. */
#ifndef TETHER_TEST_SUPPORT_H
#define TETHER_TEST_SUPPORT_H

#include "support/unit.h"

#include "tether.h"

struct json_t;

/* The program that the tests run as a task's command; child.c lists its verbs. */
#define CHILD TETHER_TEST_CHILD

/* CHILD as the first word of a shell command, quoted for every shell. Write only words and double
 * quotes after it: all shells parse those alike. */
#define CHILD_TEXT "\"" CHILD "\""

/* The path of the tether command; empty if it was not built. */
#define COMMAND TETHER_TEST_COMMAND

/* How long a condition may take before the test fails. Generous, since it costs time only when
 * something is broken. */
#define PATIENCE_MS 20000

/* Polls a condition every few milliseconds until it holds; fails the test after PATIENCE_MS. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        int64_t wait_until_end = test_now_ms() + PATIENCE_MS;                                      \
        while (!(condition)) {                                                                     \
            if (test_now_ms() > wait_until_end)                                                    \
                fail_msg("%s:%d: timed out waiting for: %s", __FILE__, __LINE__, #condition);      \
            test_pause();                                                                          \
        }                                                                                          \
    } while (0)

/* Assertions for code that runs in a forked host: print a message and end the host. A failed
 * assertion of cmocka would jump back into the runner and continue with the parent's tests. */
#define HOST_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_host_fail(__FILE__, __LINE__, #condition, NULL);                                  \
    } while (0)
#define HOST_OK(call, error)                                                                       \
    do {                                                                                           \
        if ((call) != TETHER_OK)                                                                   \
            test_host_fail(__FILE__, __LINE__, #call, (error).message);                            \
    } while (0)

/* A private store and an open registry, for cmocka's setup and teardown. */
typedef struct fixture {
    char *store; /* a new directory, mode 0700 */
    char *work;  /* another one, for files that the test and its tasks use outside the store */
    const char *session; /* whose paths test_session_path and others return; NULL: the default */
    tether_registry *registry;
    tether_error error;
    int fds_before;  /* open descriptors before the registry was opened */
    bool hosts_died; /* a host was killed while it wrote: temporary files may be left */
} fixture;

/* Sets *state to a new fixture with an empty store. test_setup_registry also opens a registry on
 * it, with the reaper mode of test_reaper_mode. */
int test_setup(void **state);
int test_setup_registry(void **state);

/* Closes the registry with TETHER_SHUTDOWN and removes the store. Fails if a child, a descriptor, a
 * process that any task of this store started, or a temporary file is left. */
int test_teardown(void **state);

/* Skips the test. Fails it instead if the list in support.c does not allow the reason. */
void test_skip(const char *reason);

/* Opens another registry on the fixture's store. */
tether_registry *test_open(fixture *f);
tether_registry *test_open_session(fixture *f, const char *session);

/* Opens another registry with this reaper mode instead of test_reaper_mode's. */
tether_registry *test_open_mode(fixture *f, tether_reaper_mode mode);

/* The reaper mode that the variable TETHER_TEST_REAPER names ("events" or "polling"), else the
 * automatic one. */
tether_reaper_mode test_reaper_mode(void);

/* What supervises tasks by default: "monitor" or "script". */
const char *test_supervisor(void);

/* Makes that a script for the rest of this process, and for those that it starts. */
void test_use_scripts(void);

/* Closes a registry with TETHER_DETACH: its tasks continue to run. */
void test_detach(tether_registry *registry);

/* Starts a task that runs CHILD with these verbs; NULL ends the list. */
void test_start_child(tether_registry *registry, char id[TETHER_ID_SIZE], ...);

/* Starts a task from a spec. */
void test_start(tether_registry *registry, const tether_spec *spec, char id[TETHER_ID_SIZE]);

/* Waits until a stream has at least this many bytes. */
void test_wait_output(tether_registry *registry, const char *id, tether_stream stream,
                      uint64_t bytes);

/* Waits for the first whole line of standard output and returns the decimal number on it. */
long test_output_number(tether_registry *registry, const char *id);

/* Waits until a task has ended and asserts its status, exit code and reason (NULL: none). */
void test_expect(tether_registry *registry, const char *id, tether_status status, int64_t code,
                 const char *reason);

/* Asserts that a stream has exactly this text. */
void test_expect_output(tether_registry *registry, const char *id, tether_stream stream,
                        const char *expected);

/* Asserts that an ended CHILD with the verb argv was given exactly these arguments, a list that
 * ends with NULL. */
void test_expect_arguments(tether_registry *registry, const char *id, const char *const *arguments);

/* Counts the pending completions of one task, or of all (id NULL). */
size_t test_pending(tether_registry *registry, const char *id);

/* Asserts that a task has exactly one pending completion, and acknowledges it. */
void test_take_completion(tether_registry *registry, const char *id);

/* A path below the store, in one of 16 static buffers that are used in turn. */
const char *test_path(const fixture *f, const char *format, ...);

/* The same for a path below f->work. */
const char *test_work_path(const fixture *f, const char *format, ...);

/* Creates a directory with mode 0700. */
void test_make_directory(const char *path);

/* Removes a file, even a read-only one. */
void test_remove_file(const char *path);

/* Paths in the fixture's session: a file in a task's bundle, a task's lifeline, any other name. */
const char *test_bundle_path(const fixture *f, const char *id, const char *name);
const char *test_exit_path(const fixture *f, const char *id);
const char *test_session_path(const fixture *f, const char *name);

/* The number of lifelines of the session. */
int test_count_lifelines(const fixture *f);

/* Whether the journal has the task. */
bool test_has_record(const fixture *f, const char *id);

/* Reads a task's record from the journal. The caller owns the reference. */
struct json_t *test_load_record(const fixture *f, const char *id);

/* Moves what is over to the archive, as a host does when the journal has grown. */
void test_compact(const fixture *f);

/* Compacts, and returns whether the task has left the journal: call it until then, because a
 * supervisor lives for a moment after the end. */
bool test_archive_task(const fixture *f, const char *id);

/* Replaces a task's record in the journal, and drops the caller's reference. */
void test_save_record(const fixture *f, const char *id, struct json_t *record);

/* Replaces all lines of a task in the journal by the given text. */
void test_replace_record(const fixture *f, const char *id, const char *text);

/* Makes the record of a task one that no version has written: the task is known, and is damaged. */
void test_damage_record(const fixture *f, const char *id);

/* A text field of the record on disk, or NULL; free it with free(). */
char *test_record_text(const fixture *f, const char *id, const char *field);

/* Starts a task from a shell command. */
void test_run(fixture *f, const char *command, char id[TETHER_ID_SIZE]);

/* The task's present snapshot, which the caller frees, and its present status. */
tether_snapshot *test_snapshot(tether_registry *registry, const char *id);
tether_status test_status(tether_registry *registry, const char *id);

/* Waits until a task has ended and returns its snapshot, which the caller frees. */
tether_snapshot *test_wait(tether_registry *registry, const char *id);

/* Reads a whole stream and adds a terminating zero; free it with free(). */
char *test_output(tether_registry *registry, const char *id, tether_stream stream, size_t *size);

/* The monotonic clock. */
int64_t test_now_ms(void);

/* Sleeps for 2 ms, between two checks of a loop that waits for a condition. */
void test_pause(void);

/* --- Implemented in posix/support_posix.c and win32/support_win32.c --- */

/* A new, empty directory, and its removal with everything below it; free the path with free(). */
char *test_make_store(void);
void test_remove_store(const char *store);

/* Counts the open descriptors (on Windows, handles) of this process. */
int test_count_fds(void);

/* A number that grows when an event loop starts: of open descriptors, on Windows of completion
 * ports, which test_count_fds leaves out. */
int test_count_loops(void);

/* Whether this process has a child, running or zombie. */
bool test_has_child(void);

/* Counts the processes that have this "NAME=value" in their environment. */
int test_count_cookies(const char *entry);

/* Whether the name of any file in or below this directory begins with the prefix. */
bool test_tree_has(const char *path, const char *prefix);

/* Counts the names in a directory; 0 if it does not exist. */
int test_count_names(const char *path);

/* The first name in a directory that begins with the prefix, or NULL. In one of 4 static buffers
 * that are used in turn. */
const char *test_find_name(const char *path, const char *prefix);

/* Reads a whole file and adds a terminating zero; free it with free(). NULL if there is no such
 * file. size may be NULL. */
char *test_read_file(const char *path, size_t *size);

void test_write_file(const char *path, const void *data, size_t size);
bool test_exists(const char *path);

/* Returns how much of the disk a file takes, in bytes. */
int64_t test_disk_use(const char *path);

/* Counts the newlines in a file; 0 if it does not exist. */
int test_count_lines(const char *path);

/* Whether the tests run in Wine. Unlike Windows, Wine cannot replace an open file, appends in two
 * steps, and advances its clocks in timer ticks. */
bool test_in_wine(void);

/* The name of a shell that every machine of this platform has: sh or cmd. */
const char *test_shell(void);

/* A part of the error message for a plain text file that is run as a program. */
const char *test_no_program_remedy(void);

/* The signal by which a killed task ends if it ignores none: SIGTERM, or SIGKILL in Wine, where no
 * console break can reach the task. */
int test_kill_signal(void);

/* Whether a process is running; false for a zombie. */
bool test_process_alive(long pid);

/* The functions from here to test_stop_host need fork: on Windows each of them fails the test. */

/* Zeroed memory that this process shares with its forked children. */
void *test_shared(size_t size);
void test_unshare(void *memory, size_t size);

/* Forks a host: a process that runs `host`, then exits with 0. Call it only while this process has
 * one thread, that is before it opens a registry. */
long test_fork_host(void (*host)(fixture *f, void *userdata), fixture *f, void *userdata);

/* Waits until a host has ended; returns its exit code, or 128+N for signal N. */
int test_join_host(long pid);

/* Kills a host with SIGKILL and waits until it has ended. */
void test_kill_host(long pid);

/* Stops a host with SIGSTOP and waits until it has stopped. */
void test_stop_host(long pid);

/* Exits the calling host with 3 at once, and closes nothing before. */
void test_host_end(void);

/* Prints the failed assertion and exits the calling host with 70. */
void test_host_fail(const char *file, int line, const char *what, const char *why);

/* Sleeps for this many microseconds. */
void test_nap_us(long us);

/* Runs a program, with stdin from the null device, and waits until it has ended. *out and *err get
 * its output (free them with free(); pass NULL to discard it). Returns its exit code, or 128+N for
 * signal N. */
int test_command(const char *const *argv, char **out, char **err);

/* The same with another working directory. */
int test_command_in(const char *workdir, const char *const *argv, char **out, char **err);

#endif
