/* The lines of a session's journal: JSON objects that say what changes in the record of a task.
 * docs/format.md defines them. Pure; any thread, one at a time per line. */
#ifndef TETHER_JOURNAL_H
#define TETHER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tether/error.h"
#include "tether/task.h"

struct json_t;

/* The longest line in bytes, without its newline: far above any that this library writes. */
#define TETHER__JOURNAL_LINE_LIMIT ((size_t)1024 * 1024)

#define TETHER__JOURNAL_SCHEMA 2

/* The highest number of a journal: far more than any session reaches, and the archives of higher
 * ones would not be listed. */
#define TETHER__JOURNAL_NUMBER_LIMIT INT64_C(100000000000000000)

typedef enum tether__journal_kind {
    TETHER__JOURNAL_DAMAGED, /* no line that a host has written as a whole */
    TETHER__JOURNAL_HEAD,    /* the first line of a journal */
    TETHER__JOURNAL_CHANGE,  /* fields of a task's record */
    TETHER__JOURNAL_REMOVED, /* the task was removed */
    TETHER__JOURNAL_OTHER    /* of a later version: kept, and without a meaning here */
} tether__journal_kind;

/* What a line says about something that is true or false of a task. */
typedef enum tether__said { TETHER__UNSAID, TETHER__SAID_NO, TETHER__SAID_YES } tether__said;

typedef struct tether__journal_line {
    tether__journal_kind kind;
    char task_id[TETHER_ID_SIZE]; /* of a change or a removal; else empty */
    int64_t number;               /* of a head: which journal of its session it is, from 1 */
    int64_t started;              /* of a head: tasks that were started and have left the journal */
    bool again;                   /* of a birth: the task comes back from an archive */
    bool unstarted;               /* of a removal: the task was not started after all */
    bool newer;                   /* a version with a newer schema wrote it: its task is shown, and
                                     not changed */
    bool birth;                   /* of a change: it has a session_id, as whole records do */
    tether__said ended;           /* this and the others: what it changes of what selects tasks */
    tether__said watched;         /* watches are kept */
    tether__said limited;         /* it has an output limit */
    tether__said open;            /* what has become of the command at its end is not known */
    tether__said notify;          /* a completion is requested */
    tether__said delivered;       /* the completion was acknowledged */
    tether__said killing;         /* hosts are ending it */
    int64_t deadline_ms;          /* by the machine's monotonic clock; 0: none; -1: unsaid */
    uint32_t key;                 /* of a birth: the hash of its key; 0: it has none */
    struct json_t *object;        /* the line as it was read; NULL if it is damaged */
} tether__journal_line;

/* Parses a line. Dispose of *line afterwards. TETHER_ENOMEM says nothing about the line; else
 * TETHER_OK, also for a damaged one. */
int tether__journal_parse(const char *text, size_t size, tether__journal_line *line);

/* As tether__journal_parse, for a reader that does not want the object, which is NULL: many times
 * as fast for the lines that hosts write. */
int tether__journal_skim(const char *text, size_t size, tether__journal_line *line);

/* Whether a line may be one of this task: false for most others, without parsing them. */
bool tether__journal_mentions(const char *text, size_t size, const char *task_id);

/* Frees what a line owns. */
void tether__journal_dispose(tether__journal_line *line);

/* Lays a change over a task's record, as a JSON object: each field of the line replaces that of the
 * record, `identity` and all others as a whole. Returns false when memory is short: the record may
 * then have some of the fields. */
bool tether__journal_apply(struct json_t *record, const tether__journal_line *line);

/* Returns the object of a line that turns one record into another: the task's id, and the fields
 * that differ. A field that only `before` has becomes null. NULL when memory is short; the caller
 * frees it. */
struct json_t *tether__journal_difference(struct json_t *before, struct json_t *after);

/* Return the object of a head, or of a removal; NULL when memory is short; the caller frees it. A
 * task that is removed as `unstarted` does not count as one that was started. */
struct json_t *tether__journal_head(const char *session_id, int64_t number, int64_t started);
struct json_t *tether__journal_removal(const char *task_id, bool unstarted);

/* Returns an object as a line with its newline, ready to be appended, and its size; NULL when
 * memory is short. Free it with free(). apart: it begins with a newline, too, which keeps it apart
 * from a line before it that was cut off. */
char *tether__journal_render(struct json_t *object, bool apart, size_t *size);

#endif
