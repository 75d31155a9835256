/* What the tests of the tether command share: calling it, and reading what it printed. */
#ifndef TETHER_CLI_SUPPORT_H
#define TETHER_CLI_SUPPORT_H

#include "support/support.h"

#include <jansson.h>

/* A fixture without a registry of its own, and none of the variables that the command reads. */
int cli_setup(void **state);

/* Ends what still runs, checks that nothing did, and that nothing is left, as test_teardown. */
int cli_teardown(void **state);

/* Runs the command to its end with these arguments, on the fixture's store (f NULL: none is named).
 * Returns its exit status. */
#define CLI(f, ...) cli_call((f), (const char *const[]){__VA_ARGS__, NULL})
int cli_call(const fixture *f, const char *const *arguments);

/* The same in a directory of its own. */
int cli_call_in(const char *workdir, const fixture *f, const char *const *arguments);

/* What the last call printed. */
const char *cli_out(void);
const char *cli_err(void);

/* Runs the command and fails with its own words where it does not exit with this. */
#define EXPECT(f, code, ...)                                                                       \
    cli_expect(__FILE__, __LINE__, (f), (code), (const char *const[]){__VA_ARGS__, NULL})
void cli_expect(const char *file, int line, const fixture *f, int code,
                const char *const *arguments);

/* The same for a call that must fail: the message is on standard error, for people and, with --json
 * in front of it, as one object of this error name; both have the cure in them. */
#define EXPECT_ERROR(f, code, name, cure, ...)                                                     \
    cli_expect_error(__FILE__, __LINE__, (f), (code), (name), (cure),                              \
                     (const char *const[]){__VA_ARGS__, NULL})
void cli_expect_error(const char *file, int line, const fixture *f, int code, const char *name,
                      const char *cure, const char *const *arguments);

/* The last call printed an id alone. */
void cli_take_id(char id[TETHER_ID_SIZE]);

/* Starts a task with CHILD and these verbs. */
#define CLI_START(f, id, ...)                                                                      \
    do {                                                                                           \
        EXPECT((f), 0, "run", "--", CHILD, __VA_ARGS__);                                           \
        cli_take_id(id);                                                                           \
    } while (0)

/* Starts the command itself as a task, in the session "outer" of the store, and goes on. */
#define CLI_BACKGROUND(f, id, ...)                                                                 \
    do {                                                                                           \
        EXPECT((f), 0, "--session", "outer", "run", "--", COMMAND, "--store", (f)->store,          \
               __VA_ARGS__);                                                                       \
        cli_take_id(id);                                                                           \
    } while (0)

/* Runs the command as a task of the session "outer" with a standard output that cannot be written:
 * see "with-output" in child.c. Its exit status is all that stands on standard output. */
#define CLI_INTO(f, kind, ...)                                                                     \
    EXPECT((f), 0, "--session", "outer", "run", "--wait", "--", CHILD, "with-output", (kind),      \
           COMMAND, "--store", (f)->store, __VA_ARGS__)

/* Starts a task that waits for cli_write_go and then ends with this code. */
void cli_start_waiting(const fixture *f, char id[TETHER_ID_SIZE], const char *code);
void cli_write_go(const fixture *f);

/* Starts a task that writes a line, and waits for its end with this code. */
void cli_start_ended(const fixture *f, char id[TETHER_ID_SIZE], const char *text, int code);

/* Tasks as cli_objects gives them are these, in this order; releases them. */
void cli_assert_ids(json_t *tasks, const char *const *ids);

/* The file that has such a task's standard output (or standard error), freed with free(). */
char *cli_background_path(const fixture *f, const char *id, tether_stream stream);

/* The last call printed one JSON object on one line; the caller's. */
json_t *cli_object(void);

/* The last call printed this many such lines; an array, the caller's. */
json_t *cli_objects(size_t count);

/* The same of what stands on standard error. */
json_t *cli_error_object(void);

/* One task as --json shows it; the caller's. */
json_t *cli_status(const fixture *f, const char *id);

/* The same once the task's supervisor has said that it runs. */
json_t *cli_status_running(const fixture *f, const char *id);

/* Members of an object, which must be there. */
const char *cli_text(const json_t *object, const char *name);
json_int_t cli_number(const json_t *object, const char *name);
bool cli_flag(const json_t *object, const char *name);
void cli_assert_null(const json_t *object, const char *name);

/* Members of a task that must be these; NULL for one that is null. */
void cli_assert_text(const fixture *f, const char *id, const char *name, const char *expected);

/* The last part of a path, with the separator before it. */
const char *cli_last_part(const char *path);

/* How many lines of a text there are. */
size_t cli_count_lines(const char *text);

/* The verdict of one finding of a report by doctor: good, weak or bad; static. */
const char *cli_verdict(const json_t *report, const char *name);

/* How many bundles and lifelines the default session has. */
int cli_count_leftovers(const fixture *f);

/* Whether a file begins with this text. */
bool cli_file_begins(const char *path, const char *text);

/* Fails where a text does not hold another. */
void cli_assert_holds(const char *text, const char *part);

#endif
