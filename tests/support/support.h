/* What the tests share: private stores, waiting for conditions, and the proof that nothing was left
 * behind. */
#ifndef TETHER_TEST_SUPPORT_H
#define TETHER_TEST_SUPPORT_H

#include "support/unit.h"

#include "tether.h"

struct json_t;

/* The program that plays every child; see child.c for what it can do. */
#define CHILD TETHER_TEST_CHILD

/* The same as the first word of a command's text, for every shell. What follows it may have words
 * and double quotes: all shells read those alike. */
#define CHILD_TEXT "\"" CHILD "\""

/* The tether command; empty where it was not built. */
#define COMMAND TETHER_TEST_COMMAND

/* How long a condition may take before the test fails: generous, because it only costs time when
 * something is broken. */
#define PATIENCE_MS 20000

/* Waits until a condition holds, looking every few milliseconds; fails the test after PATIENCE_MS.
 */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        int64_t wait_until_end = test_now_ms() + PATIENCE_MS;                                      \
        while (!(condition)) {                                                                     \
            if (test_now_ms() > wait_until_end)                                                    \
                fail_msg("%s:%d: still not so: %s", __FILE__, __LINE__, #condition);               \
            test_pause();                                                                          \
        }                                                                                          \
    } while (0)

/* For code that runs in a forked host, where cmocka's own assertions would go on with the parent's
 * tests: ends the host with a message. */
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
    char *store; /* an own directory, mode 0700 */
    char *work;  /* another one, for what the tasks of a test write outside of the store */
    tether_registry *registry;
    tether_error error;
    int fds_before;  /* open descriptors before the registry was opened */
    bool hosts_died; /* a host was killed while it wrote: its temporary files may be left */
} fixture;

/* *state becomes a fixture with a store; test_setup_registry also opens a registry on it (its
 * reaper mode from the variable TETHER_TEST_REAPER: events or polling, else automatic). */
int test_setup(void **state);
int test_setup_registry(void **state);

/* Closes the registry by TETHER_SHUTDOWN, then checks that no child, no descriptor, no process that
 * any task of this store has started and no temporary file is left, removes the store, and fails
 * where anything was. */
int test_teardown(void **state);

/* Skips the test, or fails it where the reason is not on the list of allowed ones. */
void test_skip(const char *reason);

/* Opens another registry on the fixture's store. */
tether_registry *test_open(fixture *f);
tether_registry *test_open_session(fixture *f, const char *session);

/* With a reaper mode of its own, whatever the variable says. */
tether_registry *test_open_mode(fixture *f, tether_reaper_mode mode);

/* The reaper mode that TETHER_TEST_REAPER asks for. */
tether_reaper_mode test_reaper_mode(void);

/* Closes it so that its tasks go on. */
void test_detach(tether_registry *registry);

/* Starts a task with CHILD and these verbs, up to a NULL. */
void test_start_child(tether_registry *registry, char id[TETHER_ID_SIZE], ...);

/* Starts a task from a spec. */
void test_start(tether_registry *registry, const tether_spec *spec, char id[TETHER_ID_SIZE]);

/* Waits until a stream has so many bytes. */
void test_wait_output(tether_registry *registry, const char *id, tether_stream stream,
                      uint64_t bytes);

/* The decimal number on the first line of standard output, as soon as that line is whole. */
long test_output_number(tether_registry *registry, const char *id);

/* Waits for the end of a task, which must be this one. reason NULL: none. */
void test_expect(tether_registry *registry, const char *id, tether_status status, int64_t code,
                 const char *reason);

/* A stream is exactly this. */
void test_expect_output(tether_registry *registry, const char *id, tether_stream stream,
                        const char *expected);

/* A child with the verb argv, which has ended, was given exactly these; ends with NULL. */
void test_expect_arguments(tether_registry *registry, const char *id, const char *const *arguments);

/* How many completions are pending, of all tasks or of one (id not NULL). */
size_t test_pending(tether_registry *registry, const char *id);

/* Sees that a task has exactly one completion, and acknowledges it. */
void test_take_completion(tether_registry *registry, const char *id);

/* A path below the store, in one of a few buffers that are used in turn. */
const char *test_path(const fixture *f, const char *format, ...);

/* The same below f->work. */
const char *test_work_path(const fixture *f, const char *format, ...);

/* Makes a directory, for this user alone. */
void test_make_directory(const char *path);

/* Removes a file, also one that is read-only. */
void test_remove_file(const char *path);

/* Parts of the default session: a file in a task's bundle, its lifeline, anything else. */
const char *test_bundle_path(const fixture *f, const char *id, const char *name);
const char *test_exit_path(const fixture *f, const char *id);
const char *test_session_path(const fixture *f, const char *name);

/* A task's record as it is on disk; the caller's. */
struct json_t *test_load_record(const fixture *f, const char *id);

/* Puts a record in the place of the one on disk, and releases it. */
void test_save_record(const fixture *f, const char *id, struct json_t *record);

/* A text field of the record on disk, or NULL; the caller frees it. */
char *test_record_text(const fixture *f, const char *id, const char *field);

/* Starts a shell command. */
void test_run(fixture *f, const char *command, char id[TETHER_ID_SIZE]);

/* The task's snapshot, which the caller frees, or its status. */
tether_snapshot *test_snapshot(tether_registry *registry, const char *id);
tether_status test_status(tether_registry *registry, const char *id);

/* Waits for the end and returns its snapshot, which the caller frees. */
tether_snapshot *test_wait(tether_registry *registry, const char *id);

/* Everything of a stream, with a zero after it; freed with free(). */
char *test_output(tether_registry *registry, const char *id, tether_stream stream, size_t *size);

/* From a monotonic clock. */
int64_t test_now_ms(void);

/* The little rest of a loop that waits for a condition. */
void test_pause(void);

/* --- tests/posix/support_posix.c, tests/win32/support_win32.c: forking is for POSIX only --- */

char *test_make_store(void);
void test_remove_store(const char *store);

/* How many descriptors this process has open. */
int test_count_fds(void);

/* Whether this process has a child, running or zombie. */
bool test_has_child(void);

/* How many processes carry this "NAME=value" in their environment. */
int test_count_cookies(const char *entry);

/* Whether any name in this directory or below begins like this. */
bool test_tree_has(const char *path, const char *prefix);

/* How many names a directory has; 0 where it is not there. */
int test_count_names(const char *path);

/* The first name in a directory that begins like this, in one of a few buffers; NULL: none. */
const char *test_find_name(const char *path, const char *prefix);

/* A whole file with a zero after it, freed with free(); NULL where it is not there. */
char *test_read_file(const char *path, size_t *size);
void test_write_file(const char *path, const void *data, size_t size);
bool test_exists(const char *path);

/* How many newlines a file has; 0 where it is not there. */
int test_count_lines(const char *path);

/* Whether the tests run in Wine, which lacks a little of Windows: it cannot replace a file that is
 * open, appends in two steps, and its clocks go on by steps of a timer. */
bool test_in_wine(void);

/* The name of a shell that every machine of this platform has. */
const char *test_shell(void);

/* What an error says of a file of plain text that is to be run. */
const char *test_no_program_cure(void);

/* The signal that a kill says a task has ended by which ignores nothing: where no console break can
 * reach it (Wine), a final one. */
int test_kill_signal(void);

/* Whether a process runs: false for a zombie. */
bool test_process_alive(long pid);

/* Memory that this process shares with those it forks, zeroed. */
void *test_shared(size_t size);
void test_unshare(void *memory, size_t size);

/* Forks a host, a process that runs `host` and ends with 0 when that returns. Only while this
 * process has one thread, that is no registry. */
long test_fork_host(void (*host)(fixture *f, void *userdata), fixture *f, void *userdata);

/* Waits for a host's end: its exit code, or 128+N for signal N. */
int test_join_host(long pid);

/* Kills it and waits. */
void test_kill_host(long pid);

/* Stops it by SIGSTOP, and returns when it has stopped. */
void test_stop_host(long pid);

/* Ends the calling host at once with 3, with everything open. */
void test_host_end(void);

/* Ends a forked host after a failed assertion. */
void test_host_fail(const char *file, int line, const char *what, const char *why);

/* Sleeps for a time that a test has drawn by lot. */
void test_nap_us(long us);

/* Runs a program with its arguments to its end; stdin is the null device. What it wrote is in *out
 * and *err (freed with free(); NULL: not wanted). Returns its exit code, 128+N for signal N. */
int test_command(const char *const *argv, char **out, char **err);

/* The same in a directory of its own. */
int test_command_in(const char *workdir, const char *const *argv, char **out, char **err);

#endif
