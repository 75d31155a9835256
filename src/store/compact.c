/* Owns the compaction of a session's journal.
 * Must not: drop a task or a line of a version that it does not know, or take the session lock.
 * Thread: any. */
#include "store/compact.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "format/journal.h"
#include "format/record.h"
#include "format/record_read.h"
#include "os/lifeline.h"
#include "store/archive.h"
#include "store/ledger.h"
#include "store/ledger_append.h"
#include "store/ledger_read.h"
#include "store/output_cap.h"
#include "store/quarantine.h"

static const char step[] = "compact journal";

enum {
    MIB = 1024 * 1024,
    DAMAGED_LIMIT = MIB,     /* how much of the damaged lines is kept for people */
    UNKNOWN_LIMIT = 16 * MIB /* how much there may be of lines of unknown kinds */
};

typedef struct compaction {
    const tether__session *session;
    tether__text journal, archive, damaged;
    uint64_t omitted; /* damaged lines that are too long, or too many */
    uint64_t unknown; /* bytes of the lines of unknown kinds */
    uint64_t kept;    /* tasks in the new journal that count there as started */
} compaction;

/* Adds a line. *fits becomes false, and nothing is added, if no reader would take a line as long.
 */
static bool add_object(tether__text *text, json_t *object, bool *fits)
{
    size_t size = 0;
    char *line = object != NULL ? tether__journal_render(object, false, &size) : NULL;
    *fits = size <= TETHER__JOURNAL_LINE_LIMIT;
    if (line != NULL && *fits)
        tether__text_add(text, line, size);
    free(line);
    return line != NULL && !text->failed;
}

/* Removes the lifeline of an ended task unless it is held: a supervisor lives for a moment after
 * its exit line, and a process that it left behind may hold it longer. Returns whether there is
 * none any more. */
static bool drop_lifeline(const tether__session *session, const char *task_id)
{
    bool held = true;
    return tether__os_lifeline_held(session->exits, task_id, &held, NULL) == TETHER_OK && !held &&
           tether__os_file_remove(session->exits, task_id, NULL) == TETHER_OK;
}

/* Returns whether a task goes to the archive. A damaged record stays where it is found. The
 * lifeline alone knows what has become of the command at the end, until the record does. */
static int is_over(const tether__session *session, const char *task_id, json_t *document,
                   bool *over)
{
    tether__record record;
    tether_error problem;
    tether__record_init(&record);
    *over = false;
    int code = tether__record_read(json_incref(document), task_id, &record, &problem);
    if (code == TETHER_OK && tether_status_ended(record.status) && !record.read_only &&
        tether__output_cap_is_applied(session, &record))
        *over = !record.on_end_open && drop_lifeline(session, task_id) &&
                tether__record_is_done(&record);
    tether__record_dispose(&record);
    return code == TETHER_ECORRUPT ? TETHER_OK : code;
}

/* Adds the lines of a task as they are. */
static int copy_task(compaction *c, const char *task_id, tether_error *error)
{
    return tether__ledger_lines(c->session, task_id, &c->journal, error);
}

/* Adds a task in one line, unless that would be too long. Stores whether it goes to the archive. */
static int fold_task(compaction *c, const char *task_id, bool *leaves, tether_error *error)
{
    json_t *record;
    bool fits = false;
    int code = tether__ledger_read(c->session, task_id, &record, NULL, error);
    if (code != TETHER_OK)
        return code;
    code = is_over(c->session, task_id, record, leaves);
    if (code == TETHER_OK && !add_object(*leaves ? &c->archive : &c->journal, record, &fits))
        code = tether__fail_memory(error, step);
    json_decref(record);
    *leaves = *leaves && fits;
    return code != TETHER_OK || fits ? code : copy_task(c, task_id, error);
}

static int add_task(compaction *c, const char *task_id, tether_error *error)
{
    bool again, leaves = false;
    int code = tether__ledger_stays(c->session, task_id, &again)
                   ? copy_task(c, task_id, error)
                   : fold_task(c, task_id, &leaves, error);
    c->kept += !leaves && !again;
    return code;
}

static int by_place(const void *left, const void *right)
{
    const tether__end_place *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return strcmp(a->task_id, b->task_id);
}

/* Puts the tasks that have ended in the order of their ends, because the new journal has to show
 * it, too. All others keep their places in the list. */
static int sort_ended(const tether__session *session, tether__end_place *tasks, size_t count,
                      tether_error *error)
{
    size_t ended = 0, next = 0;
    tether__end_place *sorted = calloc(count + 1, sizeof *sorted);
    if (sorted == NULL)
        return tether__fail_memory(error, step);
    tether__ledger_ends(session, tasks, count);
    for (size_t i = 0; i < count; i++) {
        if (tasks[i].at != UINT64_MAX)
            sorted[ended++] = tasks[i];
    }
    if (ended > 1)
        qsort(sorted, ended, sizeof *sorted, by_place);
    for (size_t i = 0; i < count; i++) {
        if (tasks[i].at != UINT64_MAX)
            tasks[i] = sorted[next++];
    }
    free(sorted);
    return TETHER_OK;
}

static int add_sorted(compaction *c, char (*ids)[TETHER_ID_SIZE], size_t count, tether_error *error)
{
    tether__end_place *tasks = calloc(count + 1, sizeof *tasks);
    if (tasks == NULL)
        return tether__fail_memory(error, step);
    for (size_t i = 0; i < count; i++)
        tasks[i].task_id = ids[i];
    int code = sort_ended(c->session, tasks, count, error);
    for (size_t i = 0; code == TETHER_OK && i < count; i++)
        code = add_task(c, tasks[i].task_id, error);
    free(tasks);
    return code;
}

static int add_tasks(compaction *c, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = tether__ledger_ids(c->session, TETHER__SCOPE_ALL, &ids, &count, error);
    if (code == TETHER_OK)
        code = add_sorted(c, ids, count, error);
    free(ids);
    return code;
}

static void add_rest(void *context, const char *text, size_t size, bool damaged)
{
    compaction *c = context;
    tether__text *to = damaged ? &c->damaged : &c->journal;
    if (damaged && (text == NULL || to->size + size > DAMAGED_LIMIT)) {
        c->omitted++;
        return;
    }
    c->unknown += damaged ? 0 : size;
    if (c->unknown > UNKNOWN_LIMIT)
        return;
    tether__text_add(to, text, size);
    tether__text_add(to, "\n", 1);
}

/* Adds the lines of no task. All of those of unknown kinds are kept, and must fit in memory. */
static int add_rests(compaction *c, tether_error *error)
{
    int code = tether__ledger_visit_rest(c->session, add_rest, c, error);
    if (code == TETHER_OK && c->unknown > UNKNOWN_LIMIT)
        code =
            tether__fail(error, TETHER_ETOOBIG, 0, step,
                         "the journal of session %s has more than %d MiB of lines of unknown "
                         "kinds; use the version of tether that knows them: this one leaves it as "
                         "it is",
                         c->session->id, UNKNOWN_LIMIT / MIB);
    return code;
}

static int quarantine_damaged(compaction *c, tether_error *error)
{
    char remark[96];
    if (c->damaged.size == 0 && c->omitted == 0)
        return TETHER_OK;
    snprintf(remark, sizeof remark,
             "(%llu more damaged lines, too long or too many, were not kept)\n",
             (unsigned long long)c->omitted);
    if (c->omitted > 0)
        tether__text_add_string(&c->damaged, remark);
    if (c->damaged.failed)
        return tether__fail_memory(error, step);
    return tether__journal_quarantine(c->session, c->damaged.bytes, c->damaged.size, error);
}

/* Writes the archive first: a look that misses a task in the new journal finds it there. */
static int write_files(compaction *c, const tether__ledger_facts *facts, tether_error *error)
{
    tether__text whole = {0};
    int code = TETHER_OK;
    if (c->archive.size > 0)
        code = tether__archive_write(c->session, facts->number, c->archive.bytes, c->archive.size,
                                     error);
    if (code == TETHER_OK)
        code = quarantine_damaged(c, error);
    if (code != TETHER_OK)
        return code;
    json_t *head = tether__journal_head(c->session->id, (int64_t)facts->number + 1,
                                        (int64_t)(facts->started - c->kept));
    bool fits, complete = add_object(&whole, head, &fits);
    json_decref(head);
    tether__text_add(&whole, c->journal.bytes, c->journal.size);
    if (!complete || whole.failed || c->journal.failed || c->archive.failed)
        code = tether__fail_memory(error, step);
    else
        code = tether__ledger_replace(c->session, whole.bytes, whole.size, error);
    tether__text_dispose(&whole);
    return code;
}

/* The head is damaged: the number must be higher than that of every archive, so that none is
 * replaced. */
static int number_anew(const tether__session *session, tether__ledger_facts *facts,
                       tether_error *error)
{
    uint64_t newest, tasks;
    int code = tether__archive_count(session, &newest, &tasks, error);
    facts->number = newest + 1;
    facts->started += tasks;
    return code;
}

int tether__compact(const tether__session *session, tether_error *error)
{
    tether__ledger_facts facts;
    compaction c = {.session = session};
    int code = tether__ledger_facts_get(session, &facts, error);
    if (code == TETHER_OK && facts.number == 0)
        code = number_anew(session, &facts, error);
    if (code == TETHER_OK)
        code = add_tasks(&c, error);
    if (code == TETHER_OK)
        code = add_rests(&c, error);
    if (code == TETHER_OK)
        code = write_files(&c, &facts, error);
    tether__text_dispose(&c.journal);
    tether__text_dispose(&c.archive);
    tether__text_dispose(&c.damaged);
    return code;
}

void tether__compact_if_large(const tether__session *session)
{
    if (tether__ledger_is_large(session))
        (void)tether__compact(session, NULL);
}
