/* Support for the tests of the tether command: running it and parsing its output. */
#ifndef TETHER_CLI_SUPPORT_H
#define TETHER_CLI_SUPPORT_H

#include "support/support.h"

#include <jansson.h>

/* Sets up a fixture without an open registry, and unsets the variables that the command reads. */
int cli_setup(void **state);

/* Kills tasks that still run and fails if there were any. Also checks that nothing is left, as
 * test_teardown does. */
int cli_teardown(void **state);

/* Runs the command to its end with these arguments on the fixture's store (f NULL: without
 * --store). Returns its exit status. */
#define CLI(f, ...) cli_call((f), (const char *const[]){__VA_ARGS__, NULL})
int cli_call(const fixture *f, const char *const *arguments);

/* Does the same in this working directory. */
int cli_call_in(const char *workdir, const fixture *f, const char *const *arguments);

/* The standard output and standard error of the last call. */
const char *cli_out(void);
const char *cli_err(void);

/* Runs the command. If it does not exit with this code, fails and prints its output. */
#define EXPECT(f, code, ...)                                                                       \
    cli_expect(__FILE__, __LINE__, (f), (code), (const char *const[]){__VA_ARGS__, NULL})
void cli_expect(const char *file, int line, const fixture *f, int code,
                const char *const *arguments);

/* Runs the command twice and expects this failure: as a message on standard error and, with --json,
 * as one object with this error name. Both must contain the remedy. */
#define EXPECT_ERROR(f, code, name, remedy, ...)                                                   \
    cli_expect_error(__FILE__, __LINE__, (f), (code), (name), (remedy),                            \
                     (const char *const[]){__VA_ARGS__, NULL})
void cli_expect_error(const char *file, int line, const fixture *f, int code, const char *name,
                      const char *remedy, const char *const *arguments);

/* Checks that the last call printed a task id and nothing else, and copies the id. */
void cli_take_id(char id[TETHER_ID_SIZE]);

/* Starts a task that runs CHILD with these actions. */
#define CLI_START(f, id, ...)                                                                      \
    do {                                                                                           \
        EXPECT((f), 0, "run", "--", CHILD, __VA_ARGS__);                                           \
        cli_take_id(id);                                                                           \
    } while (0)

/* Starts the command itself as a task, in the session "outer" of the store, and returns at once. */
#define CLI_BACKGROUND(f, id, ...)                                                                 \
    do {                                                                                           \
        EXPECT((f), 0, "--session", "outer", "run", "--", COMMAND, "--store", (f)->store,          \
               __VA_ARGS__);                                                                       \
        cli_take_id(id);                                                                           \
    } while (0)

/* Runs the command as a task of the session "outer" with a standard output that cannot be written
 * (see "with-output" in child.c). Then cli_out() is the command's exit status and nothing else. */
#define CLI_INTO(f, kind, ...)                                                                     \
    EXPECT((f), 0, "--session", "outer", "run", "--wait", "--", CHILD, "with-output", (kind),      \
           COMMAND, "--store", (f)->store, __VA_ARGS__)

/* Starts a task that waits for cli_write_go and then ends with this code. */
void cli_start_waiting(const fixture *f, char id[TETHER_ID_SIZE], const char *code);
void cli_write_go(const fixture *f);

/* Starts a task that writes a line and exits with this code, and waits for its end. */
void cli_start_ended(const fixture *f, char id[TETHER_ID_SIZE], const char *text, int code);

/* Checks that tasks returned by cli_objects have these ids, in this order. Releases them. */
void cli_assert_ids(json_t *tasks, const char *const *ids);

/* Returns the file with the standard output or standard error of a task started by CLI_BACKGROUND.
 * The caller frees it with free(). */
char *cli_background_path(const fixture *f, const char *id, tether_stream stream);

/* Parses the output of the last call as one JSON object on one line. The caller releases it. */
json_t *cli_object(void);

/* Parses the output as this many such lines into an array. The caller releases it. */
json_t *cli_objects(size_t count);

/* Parses standard error of the last call as one such line and returns its member "error". The
 * caller releases it. */
json_t *cli_error_object(void);

/* Returns a task as status --json prints it. The caller releases it. */
json_t *cli_status(const fixture *f, const char *id);

/* Does the same once the task is no longer "starting". */
json_t *cli_status_running(const fixture *f, const char *id);

/* Members of an object; fail if the member is missing or of another type. */
const char *cli_text(const json_t *object, const char *name);
json_int_t cli_number(const json_t *object, const char *name);
bool cli_flag(const json_t *object, const char *name);
void cli_assert_null(const json_t *object, const char *name);

/* Checks a text member of a task; expected NULL means null. */
void cli_assert_text(const fixture *f, const char *id, const char *name, const char *expected);

/* Returns the last component of a path, with the separator before it. */
const char *cli_last_part(const char *path);

/* Returns the number of newlines in a text. */
size_t cli_count_lines(const char *text);

/* Returns the verdict of one finding of a doctor report: good, weak or bad. Static text. */
const char *cli_verdict(const json_t *report, const char *name);

/* Returns the number of bundles plus lifelines in the default session. */
int cli_count_leftovers(const fixture *f);

/* Returns true if a file begins with this text. */
bool cli_file_begins(const char *path, const char *text);

/* Fails if a text does not contain another. */
void cli_assert_holds(const char *text, const char *part);

#endif
