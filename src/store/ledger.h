/* The ledger: what this process knows of a session's journal, the file to which all hosts append
 * what happens to the session's tasks (docs/format.md). It has one small entry per task that the
 * journal has: where the task's lines are, and whether the task has ended.
 *
 * ledger_read.h reads records out of it, and ledger_append.h writes it. Every call first reads the
 * lines that were appended since the last one; a journal without new ones costs one look at its
 * size. Any thread: a lock of its own, inside all others. */
#ifndef TETHER_LEDGER_H
#define TETHER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/file.h"
#include "store/news.h"
#include "store/store.h"
#include "tether/error.h"
#include "tether/task.h"

/* Selects tasks. */
typedef enum tether__scope {
    TETHER__SCOPE_LIVE,    /* may still run, or may have outputs to trim */
    TETHER__SCOPE_PENDING, /* these, and ended ones that are not `done` */
    TETHER__SCOPE_ALL
} tether__scope;

/* Stores the stamp of a task: another one means that its record has changed. TETHER_ENOTASK: the
 * journal has no such task. */
int tether__ledger_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error);

/* As tether__ledger_stamp, but by what the last look at the journal has found; false if that has
 * found no such task. */
bool tether__ledger_recall(const tether__session *session, const char *task_id,
                           tether__file_stamp *stamp);

/* Whether the journal has a line that removes the task. */
bool tether__ledger_removed(const tether__session *session, const char *task_id);

/* Lists the ids of the tasks that hosts have to end, in no order: their deadline is over at
 * `now_ms`, by the machine's monotonic clock, or somebody has begun to. The caller frees *ids with
 * free(). */
int tether__ledger_overdue(const tether__session *session, int64_t now_ms,
                           char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error);

/* Lists the ids of the tasks in scope, in no order. The caller frees *ids with free(). */
int tether__ledger_ids(const tether__session *session, tether__scope scope,
                       char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error);

/* Lists the ids of the tasks whose key has this hash, the newest first. The caller frees *ids with
 * free(). */
int tether__ledger_keyed(const tether__session *session, uint32_t hash,
                         char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error);

/* Where the end of a task stands in the journal, which shows what ended first. */
typedef struct tether__end_place {
    const char *task_id;
    /* 0: the journal does not have the task; UINT64_MAX: it has the task without its end. */
    uint64_t at;
} tether__end_place;

/* Stores the place of each end, as far as the journal was read. To be compared with those of the
 * same call only, because the journal may be replaced. */
void tether__ledger_ends(const tether__session *session, tether__end_place *ends, size_t count);

/* What a look at the whole journal tells. */
typedef struct tether__ledger_facts {
    uint64_t number;  /* which journal of its session it is, from 1; 0: its head is damaged */
    uint64_t started; /* tasks that were ever started in the session */
    uint64_t damaged; /* lines that no host has written as a whole, or that contradict others */
    uint64_t size;    /* of the journal, in bytes */
} tether__ledger_facts;

int tether__ledger_facts_get(const tether__session *session, tether__ledger_facts *facts,
                             tether_error *error);

/* Whether a compaction is to copy the lines of a task as they are: a newer version wrote one of
 * them, and only that version knows how they are to be laid over each other; or there is a single
 * one and the task has not ended, so that nothing would become shorter. Stores in *again whether
 * the task came back from an archive. By what the
 * last look at the journal has found; false if that has found no such task. */
bool tether__ledger_stays(const tether__session *session, const char *task_id, bool *again);

/* Whether the journal is worth a compaction. Answers true at most once per GROWTH of the journal,
 * so that a compaction that fails is not repeated at each line. */
bool tether__ledger_is_large(const tether__session *session);

/* Begins to note the news, or stops that. */
void tether__ledger_follow(const tether__session *session, bool follow);

/* Stores of which tasks other processes have appended lines since the last call; also after a
 * failure. The caller frees news->ids. */
int tether__ledger_take_news(const tether__session *session, tether__news *news,
                             tether_error *error);

/* Makes all tasks news: the last ones could not be followed. */
void tether__ledger_keep_news(const tether__session *session);

#endif
