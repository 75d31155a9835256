/* The index of a session's journal: an entry per task that has lines in it. In memory only; one
 * thread at a time. */
#ifndef TETHER_INDEX_H
#define TETHER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lines.h"
#include "format/journal.h"
#include "tether/task.h"

/* Where a line is in the journal. */
typedef struct tether__span {
    uint64_t offset;
    uint32_t size; /* without its newline */
    bool ends;     /* the line has the end of its task; set by the index */
} tether__span;

/* A task, with the few fields of its record that select tasks. One piece of memory, because there
 * may be ten thousand; behind the spans stands its id. */
typedef struct tether__indexed {
    bool ended;
    bool notify;    /* a completion is requested */
    bool delivered; /* the completion was acknowledged */
    bool watched;   /* watches are kept */
    bool limited;   /* it has an output limit */
    bool open;      /* what has become of the command at its end is not known */
    bool killing;   /* hosts are ending it */
    bool newer;     /* a version with a newer schema wrote a line of it */
    bool again;     /* it came back from an archive, and does not count as started */
    uint32_t key;   /* the hash of its key; 0: it has none */
    uint32_t span_count, span_capacity;
    int64_t deadline_ms;  /* by the machine's monotonic clock; 0: none */
    uint64_t version;     /* of its last line; no other line, of any task, had this number before */
    tether__span spans[]; /* its lines, in order; the first one has the whole record */
} tether__indexed;

/* Begins as {0}. */
typedef struct tether__index {
    tether__indexed **tasks; /* in no order */
    size_t count, capacity;
    uint32_t *slots; /* a hash table of positions in `tasks`, plus 1; 0: free */
    size_t slot_count;
    struct json_t *removed; /* ids that have a removal line, as keys; NULL: none */
    uint64_t version;       /* of the last line; never goes back */
    uint64_t number;        /* of the journal, by its head; 0: the head is damaged */
    uint64_t started;       /* tasks that were started, by the head and the lines */
} tether__index;

typedef enum tether__indexing {
    TETHER__INDEXED,     /* the line counts, or has no meaning here */
    TETHER__INDEX_WRONG, /* the line contradicts those before it, and does not count */
    TETHER__INDEX_NO_MEMORY
} tether__indexing;

/* Adds a line that stands at `span`. A task comes with its birth, a line that has a session_id. A
 * line that would be a second birth, or would change the status of a task that has ended, does not
 * count: it comes from a damaged or repeated piece of the journal. */
tether__indexing tether__index_add(tether__index *index, const tether__journal_line *line,
                                   tether__span span);

/* As tether__index_add, for a line as it was read from a journal, and stores in *line what it says:
 * nothing for an empty line, which has no meaning, and for one that is too long to be held, which
 * is TETHER__INDEX_WRONG. */
tether__indexing tether__index_read(tether__index *index, const tether__line *text,
                                    tether__journal_line *line);

/* Returns NULL if there is no such task. Valid until the next change of the index. */
tether__indexed *tether__index_find(const tether__index *index, const char *task_id);

/* Returns the id of a task. Valid as long as the task. */
const char *tether__indexed_id(const tether__indexed *task);

/* Returns where in the journal the line with the end of a task stands, counted from 1; 0: no line
 * has it. */
uint64_t tether__indexed_end(const tether__indexed *task);

/* Whether nothing about a task is left to do (tether__record_is_done). */
bool tether__indexed_done(const tether__indexed *task);

/* Removes all tasks. */
void tether__index_clear(tether__index *index);

#endif
