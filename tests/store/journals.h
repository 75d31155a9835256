/* A session of a private store, opened twice: so two hosts know it. No process is started. */
#ifndef TETHER_TEST_JOURNALS_H
#define TETHER_TEST_JOURNALS_H

#include "support/support.h"

#include "store/ledger.h"
#include "store/store.h"

/* Lines of a journal or an archive, each with its newline. */
#define HEAD(number, started)                                                                      \
    "{\"schema_version\":2,\"session_id\":\"s\",\"journal\":" number ",\"started\":" started "}\n"
#define BIRTH(id, fields)                                                                          \
    "{\"schema_version\":1,\"task_id\":\"" id                                                      \
    "\",\"session_id\":\"s\",\"status\":\"running\"" fields "}\n"
#define CHANGE(id, fields) "{\"task_id\":\"" id "\"" fields "}\n"
#define END ",\"status\":\"completed\""
#define DELIVERED ",\"completion_delivered\":true"
#define REMOVED ",\"removed\":true"

/* The record of a task that has ended and is done, as a line. */
#define DONE(id, fields)                                                                           \
    "{\"schema_version\":1,\"task_id\":\"" id                                                      \
    "\",\"session_id\":\"s\",\"status\":\"completed\"" DELIVERED fields "}\n"

typedef struct journals {
    char *path; /* of the store */
    tether__store store;
    tether__session own, other; /* the session "s", as two hosts know it */
    tether_error error;
    int fds_before;
} journals;

/* For cmocka; *state is a journals. The teardown fails when the test leaves a descriptor or a
 * temporary file behind. */
int journals_setup(void **state);
int journals_teardown(void **state);

/* The path of a file of the session, such as "archive-1"; and that of the journal. In static
 * buffers that are used in turn. */
const char *journals_path(const journals *j, const char *name);
const char *journals_journal(const journals *j);

/* Writes the journal in its place, as damage does it, or puts another file in its place. */
void journals_write(const journals *j, const char *text, size_t size);
void journals_replace(const journals *j, const char *text);

/* Appends bytes to the journal, as a host that dies in the middle of a line does. */
void journals_add(const journals *j, const char *text, size_t size);

/* Reads the journal, or another file of the session, with a zero at its end; free it with free().
 */
char *journals_read(const journals *j, const char *name, size_t *size);

/* Appends a line by a host's ledger. */
void journals_append(const tether__session *session, const char *line);

/* Fails unless the host finds exactly this record of the task (NULL: none). */
void journals_expect(const tether__session *session, const char *id, const char *record);

tether__ledger_facts journals_facts(const tether__session *session);

/* Creates the bundles of tasks, without which no archive has them. The list ends with NULL. */
void journals_make_bundles(const journals *j, ...);

/* Writes an archive. */
void journals_archive(const journals *j, uint64_t number, const char *text);

/* Fails unless a file of the session (NULL: the journal) has exactly this text (NULL: does not
 * exist). */
void journals_expect_file(const journals *j, const char *name, const char *text);

/* Fails unless the archives, newest first, have these numbers, such as "5 3 ". */
void journals_expect_archives(const journals *j, const char *numbers);

/* Finds the only folder of damaged lines in the quarantine, and reads it; NULL if there is none.
 * Free it with free(). */
char *journals_quarantined(const journals *j);

#endif
