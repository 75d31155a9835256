/* The inside of a ledger (ledger.h), for the files ledger*.c alone, except that a session creates
 * and frees its own. */
#ifndef TETHER_LEDGER_CORE_H
#define TETHER_LEDGER_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/lines.h"
#include "os/file.h"
#include "store/index.h"
#include "store/news.h"
#include "store/store.h"
#include "tether/error.h"

/* Enough of the first line to have the number of the journal, which stands behind a session id of
 * at most 128 bytes, some of them escaped. */
#define TETHER__LEDGER_HEAD 512

typedef struct tether__ledger {
    uv_mutex_t lock; /* guards all below */
    tether__index index;
    tether__lines lines;      /* how far the journal was read */
    tether__file_stamp known; /* the journal when it was last read; all zero: there was none */
    char head[TETHER__LEDGER_HEAD]; /* its first bytes: another journal may get the same node */
    size_t head_size;
    uint64_t damaged;
    uint64_t look_at; /* the size of the journal at which it may be large */
    bool no_memory;   /* the visit of a line ran out of memory */
    bool follows;     /* notes the news */
    bool own;         /* the line that is being visited comes from this process */
    bool replacing;   /* this process is putting another journal in the place of the one it knows */
    tether__news news;
} tether__ledger;

/* Creates a ledger that knows nothing yet. TETHER_ENOMEM. */
int tether__ledger_new(tether__ledger **ledger, tether_error *error);

/* NULL is allowed. */
void tether__ledger_free(tether__ledger *ledger);

/* The caller of the following holds the ledger's lock. */

/* Forgets the journal: it is read again from its start. */
void tether__ledger_forget(tether__ledger *ledger);

/* Takes bytes that stand in the journal behind those that were read. Forgets the journal if memory
 * is short (TETHER_ENOMEM). */
int tether__ledger_feed(tether__ledger *ledger, const char *bytes, size_t size,
                        tether_error *error);

/* Reads what is new in the journal. A journal that is missing is empty. */
int tether__ledger_update(const tether__session *session, tether_error *error);

/* Does the same, and finds a task in it. TETHER_ENOTASK. */
int tether__ledger_find(const tether__session *session, const char *task_id, tether__indexed **task,
                        tether_error *error);

void tether__ledger_stamp_of(const tether__indexed *task, tether__file_stamp *stamp);

#endif
