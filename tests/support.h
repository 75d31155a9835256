/* What the tests share: private stores, waiting for conditions, and the proof that nothing was left behind. */
#ifndef TETHER_TEST_SUPPORT_H
#define TETHER_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tether.h"

/* The program that plays every child; see child.c for what it can do. */
#define CHILD TETHER_TEST_CHILD

/* The tether command; empty where it was not built. */
#define COMMAND TETHER_TEST_COMMAND

/* How long a condition may take before the test fails: generous, because it only costs time when something is broken. */
#define PATIENCE_MS 20000

/* Waits until a condition holds, looking every few milliseconds; fails the test after PATIENCE_MS. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        int64_t wait_until_end = test_now_ms() + PATIENCE_MS;                                      \
        while (!(condition)) {                                                                     \
            if (test_now_ms() > wait_until_end)                                                    \
                fail_msg("%s:%d: still not so: %s", __FILE__, __LINE__, #condition);               \
            test_pause();                                                                          \
        }                                                                                          \
    } while (0)

/* Fails with the error's own words where a call does not return TETHER_OK. `error` is a tether_error of that call. */
#define ASSERT_OK(call, error)                                                                     \
    do {                                                                                           \
        int assert_ok_code = (call);                                                               \
        if (assert_ok_code != TETHER_OK)                                                           \
            fail_msg("%s:%d: %s: %s (%s)", __FILE__, __LINE__, #call,                              \
                     tether_error_name(assert_ok_code), (error).message);                          \
    } while (0)

/* A private store and an open registry, for cmocka's setup and teardown. */
typedef struct fixture {
    char *store; /* an own directory, mode 0700 */
    tether_registry *registry;
    tether_error error;
    int fds_before; /* open descriptors before the registry was opened */
} fixture;

/* *state becomes a fixture with a store; test_setup_registry also opens a registry on it (its reaper mode from the variable
 * TETHER_TEST_REAPER: events or polling, else automatic). */
int test_setup(void **state);
int test_setup_registry(void **state);

/* Closes the registry by TETHER_SHUTDOWN, then checks that no child, no descriptor and no process with a cookie of this store's tasks is
 * left, removes the store, and fails where anything was. */
int test_teardown(void **state);

/* Opens another registry on the fixture's store. */
tether_registry *test_open(fixture *f);
tether_registry *test_open_session(fixture *f, const char *session);

/* Starts and waits. The id is copied into id. */
void test_run(fixture *f, const char *command, char id[TETHER_ID_SIZE]);

/* Waits for the end and returns its snapshot, which the caller frees. */
tether_snapshot *test_wait(tether_registry *registry, const char *id);

/* Everything of a stream, with a zero after it; freed with free(). */
char *test_output(tether_registry *registry, const char *id, tether_stream stream, size_t *size);

/* From a monotonic clock. */
int64_t test_now_ms(void);

/* The little rest of a loop that waits for a condition. */
void test_pause(void);

/* --- tests/posix/support_posix.c --- */

char *test_make_store(void);
void test_remove_store(const char *store);

/* How many descriptors this process has open. */
int test_count_fds(void);

/* Whether this process has a child, running or zombie. */
bool test_has_child(void);

/* How many processes carry this "NAME=value" in their environment. */
int test_count_cookies(const char *entry);

/* Runs a program with its arguments to its end; stdin is the null device. What it wrote is in *out and *err (freed with free(); NULL: not
 * wanted). Returns its exit code, 128+N for signal N. */
int test_command(const char *const *argv, char **out, char **err);

#endif
