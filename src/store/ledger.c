/* Owns reading a session's journal as it grows, and appending to it.
 * Must not: decide what a line says, or take the session lock (the callers do).
 * Thread: any; see the header. */
#include "store/ledger.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "base/lines.h"
#include "format/journal.h"
#include "store/archive.h"
#include "store/index.h"
#include "store/line_file.h"

static const char read_step[] = "read journal";
static const char write_step[] = "write journal";

enum {
    GROWTH = 64 * 1024, /* by how much the journal grows at least between two compactions */
    HEAD_SIZE = 512,    /* enough of the first line to have the number of the journal, which stands
                           behind a session id of at most 128 bytes, some of them escaped */
    READ_TRIES = 16     /* how often a journal may be replaced while one record is read */
};

struct tether__ledger {
    uv_mutex_t lock; /* guards all below */
    tether__index index;
    tether__lines lines;      /* how far the journal was read */
    tether__file_stamp known; /* the journal when it was last read; all zero: there was none */
    char head[HEAD_SIZE];     /* its first bytes: another journal may get the same node */
    size_t head_size;
    uint64_t damaged;
    uint64_t look_at; /* the size of the journal at which it may be large */
    bool no_memory;   /* the visit of a line ran out of memory */
    bool follows;     /* notes the news */
    bool own;         /* the line that is being visited comes from this process */
    bool replacing;   /* this process is putting another journal in the place of the one it knows */
    tether__news news;
};

int tether__ledger_new(tether__ledger **out, tether_error *error)
{
    tether__ledger *ledger = calloc(1, sizeof *ledger);
    *out = NULL;
    if (ledger == NULL || uv_mutex_init(&ledger->lock) != 0) {
        free(ledger);
        return tether__fail_memory(error, "open session");
    }
    ledger->lines.limit = TETHER__JOURNAL_LINE_LIMIT;
    *out = ledger;
    return TETHER_OK;
}

/* Forgets the journal: it is read again from its start. */
static void forget(tether__ledger *ledger)
{
    tether__index_clear(&ledger->index);
    tether__lines_dispose(&ledger->lines);
    ledger->lines = (tether__lines){.limit = TETHER__JOURNAL_LINE_LIMIT};
    ledger->known = (tether__file_stamp){0};
    ledger->head_size = 0;
    ledger->damaged = 0;
    ledger->look_at = 0;
    ledger->no_memory = false;
}

void tether__ledger_free(tether__ledger *ledger)
{
    if (ledger == NULL)
        return;
    forget(ledger);
    tether__news_dispose(&ledger->news);
    uv_mutex_destroy(&ledger->lock);
    free(ledger);
}

/* --- Reading on --- */

static void visit_line(void *context, const tether__line *text)
{
    tether__ledger *ledger = context;
    tether__journal_line line;
    const tether__span span = {.offset = text->offset, .size = (uint32_t)text->size};
    if (ledger->no_memory || (text->text != NULL && text->size == 0))
        return;
    if (text->text == NULL) {
        ledger->damaged++;
        return;
    }
    if (tether__journal_skim(text->text, text->size, &line) != TETHER_OK) {
        ledger->no_memory = true;
        return;
    }
    tether__indexing result = tether__index_add(&ledger->index, &line, span);
    ledger->damaged += result == TETHER__INDEX_WRONG;
    ledger->no_memory = result == TETHER__INDEX_NO_MEMORY;
    if (result == TETHER__INDEXED && ledger->follows && !ledger->own && !ledger->replacing)
        tether__news_add(&ledger->news, line.task_id);
}

/* The journal was replaced, or is gone: tasks that were in it may have left it. No news is what
 * this process has replaced, because it knew every line. */
static void forget_old(tether__ledger *ledger)
{
    if (ledger->follows && ledger->known.node != 0 && !ledger->replacing)
        tether__news_add_all(&ledger->news);
    forget(ledger);
}

static int feed(tether__ledger *ledger, const char *bytes, size_t size, tether_error *error)
{
    if (tether__lines_feed(&ledger->lines, bytes, size, visit_line, ledger) && !ledger->no_memory)
        return TETHER_OK;
    forget(ledger);
    return tether__fail_memory(error, read_step);
}

/* Forgets the journal if the open file is another one than that which was read, or is shorter. Else
 * the file has only grown. */
static int compare(tether__ledger *ledger, const tether__file *file,
                   const tether__file_stamp *stamp, tether_error *error)
{
    char head[HEAD_SIZE];
    size_t size;
    int code = tether__os_file_pread(file, 0, head, sizeof head, &size, error);
    if (code != TETHER_OK)
        return code;
    if (stamp->node != ledger->known.node || stamp->size < ledger->lines.next ||
        size < ledger->head_size || memcmp(head, ledger->head, ledger->head_size) != 0)
        forget_old(ledger);
    memcpy(ledger->head, head, size);
    ledger->head_size = size;
    return TETHER_OK;
}

/* Keeps nothing of a line without its newline: its writer may have cut it off, and another line may
 * stand there now. */
static int read_rest(tether__ledger *ledger, const tether__file *file, tether_error *error)
{
    tether__lines_reset(&ledger->lines);
    int code = tether__line_file_read(file, &ledger->lines, visit_line, ledger, error);
    if (code == TETHER_OK && ledger->no_memory)
        code = tether__fail_memory(error, read_step);
    if (code == TETHER_ENOMEM)
        forget(ledger);
    return code;
}

static int read_on(const tether__session *session, tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    tether__file file;
    tether__file_stamp stamp;
    int code = tether__os_file_open(session->journal, TETHER__JOURNAL_FILE, &file, &stamp, error);
    if (code != TETHER_OK)
        return code;
    code = compare(ledger, &file, &stamp, error);
    if (code == TETHER_OK && stamp.size > ledger->lines.begin)
        code = read_rest(ledger, &file, error);
    tether__os_file_close(&file);
    /* If it has grown since it was opened, the next look finds another size. */
    if (code == TETHER_OK)
        ledger->known = stamp;
    return code;
}

/* Reads what is new in the journal. The caller holds the ledger's lock. */
static int update(const tether__session *session, tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    tether__file_stamp stamp;
    tether_error problem = {0};
    int code = tether__os_file_stamp(session->journal, TETHER__JOURNAL_FILE, &stamp, &problem);
    if (code == TETHER_OK && memcmp(&stamp, &ledger->known, sizeof stamp) == 0)
        return TETHER_OK;
    if (code == TETHER_OK)
        code = read_on(session, &problem);
    if (code == TETHER_ENOTASK) {
        forget_old(ledger);
        return TETHER_OK;
    }
    /* Something else stands in the place of the journal: no task is damaged because of that. */
    if (code == TETHER_ECORRUPT)
        code = problem.code = TETHER_ESTORE;
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* --- Tasks --- */

static void stamp_of(const tether__indexed *task, tether__file_stamp *stamp)
{
    *stamp = (tether__file_stamp){.node = task->version};
}

/* Updates the ledger and finds a task in it. The caller holds the ledger's lock. */
static int find(const tether__session *session, const char *task_id, tether__indexed **task,
                tether_error *error)
{
    *task = NULL;
    int code = update(session, error);
    if (code != TETHER_OK)
        return code;
    *task = tether__index_find(&session->ledger->index, task_id);
    return *task != NULL ? TETHER_OK : tether__session_fail_task(session, task_id, error);
}

int tether__ledger_stamp(const tether__session *session, const char *task_id,
                         tether__file_stamp *stamp, tether_error *error)
{
    tether__indexed *task;
    *stamp = (tether__file_stamp){0};
    uv_mutex_lock(&session->ledger->lock);
    int code = find(session, task_id, &task, error);
    if (code == TETHER_OK)
        stamp_of(task, stamp);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

bool tether__ledger_recall(const tether__session *session, const char *task_id,
                           tether__file_stamp *stamp)
{
    uv_mutex_lock(&session->ledger->lock);
    const tether__indexed *task = tether__index_find(&session->ledger->index, task_id);
    if (task != NULL)
        stamp_of(task, stamp);
    uv_mutex_unlock(&session->ledger->lock);
    return task != NULL;
}

/* Lays one line over the record. TETHER_ECORRUPT: the line is not the one that was indexed. */
static int apply_span(const tether__file *file, const tether__indexed *task, tether__span span,
                      json_t *record, tether_error *error)
{
    tether__journal_line line;
    size_t got;
    char *text = malloc(span.size + 1);
    if (text == NULL)
        return tether__fail_memory(error, read_step);
    int code = tether__os_file_pread(file, span.offset, text, span.size, &got, error);
    if (code == TETHER_OK && tether__journal_parse(text, got, &line) != TETHER_OK)
        code = tether__fail_memory(error, read_step);
    free(text);
    if (code != TETHER_OK)
        return code;
    if (got < span.size || strcmp(line.task_id, tether__indexed_id(task)) != 0)
        code = tether__fail(error, TETHER_ECORRUPT, 0, read_step,
                            "a line of task %s was changed in the journal; find out which program "
                            "does that, and try again",
                            tether__indexed_id(task));
    else if (!tether__journal_apply(record, &line))
        code = tether__fail_memory(error, read_step);
    tether__journal_dispose(&line);
    return code;
}

static int read_lines(const tether__file *file, const tether__indexed *task, json_t **record,
                      tether_error *error)
{
    *record = json_object();
    int code = *record != NULL ? TETHER_OK : tether__fail_memory(error, read_step);
    for (uint32_t i = 0; code == TETHER_OK && i < task->span_count; i++)
        code = apply_span(file, task, task->spans[i], *record, error);
    if (code != TETHER_OK) {
        json_decref(*record);
        *record = NULL;
    }
    return code;
}

/* Reads a record once. TETHER_ECORRUPT: the journal was replaced since the task was found, or was
 * changed. */
static int read_once(const tether__session *session, const char *task_id, json_t **record,
                     tether__file_stamp *stamp, tether_error *error)
{
    tether__file file;
    tether__indexed *task;
    tether__file_stamp opened;
    int code = find(session, task_id, &task, error);
    if (code == TETHER_OK)
        code = tether__os_file_open(session->journal, TETHER__JOURNAL_FILE, &file, &opened, error);
    if (code != TETHER_OK)
        return code;
    if (opened.node != session->ledger->known.node)
        code = tether__fail(error, TETHER_ECORRUPT, 0, read_step,
                            "the journal of session %s is replaced again and again; try again when "
                            "fewer programs use it",
                            session->id);
    else
        code = read_lines(&file, task, record, error);
    tether__os_file_close(&file);
    if (stamp != NULL)
        stamp_of(task, stamp);
    return code;
}

int tether__ledger_read(const tether__session *session, const char *task_id, json_t **record,
                        tether__file_stamp *stamp, tether_error *error)
{
    tether_error problem = {0};
    int code = TETHER_ECORRUPT;
    *record = NULL;
    uv_mutex_lock(&session->ledger->lock);
    for (int i = 0; code == TETHER_ECORRUPT && i < READ_TRIES; i++) {
        if (i > 0)
            forget(session->ledger);
        code = read_once(session, task_id, record, stamp, &problem);
    }
    uv_mutex_unlock(&session->ledger->lock);
    if (code != TETHER_OK)
        tether__error_set(error, &problem);
    return code;
}

/* Adds the lines of a task as they are. */
static int add_lines(const tether__file *file, const tether__indexed *task, tether__text *text,
                     tether_error *error)
{
    int code = TETHER_OK;
    for (uint32_t i = 0; code == TETHER_OK && i < task->span_count; i++) {
        size_t got = 0;
        char *line = malloc(task->spans[i].size + 1);
        if (line != NULL)
            code = tether__os_file_pread(file, task->spans[i].offset, line, task->spans[i].size,
                                         &got, error);
        if (line != NULL && code == TETHER_OK) {
            tether__text_add(text, line, got);
            tether__text_add(text, "\n", 1);
        }
        if (line == NULL || text->failed)
            code = tether__fail_memory(error, read_step);
        free(line);
    }
    return code;
}

/* Adds the lines of a task, or, with `newer`, stores whether a newer version wrote one of them, and
 * adds them only then. */
static int copy_lines(const tether__session *session, const char *task_id, tether__text *text,
                      bool *newer, tether_error *error)
{
    tether__file file;
    tether__indexed *task;
    int code = find(session, task_id, &task, error);
    if (newer != NULL)
        *newer = code == TETHER_OK && task->newer;
    if (code != TETHER_OK || (newer != NULL && !*newer))
        return code;
    code = tether__os_file_open(session->journal, TETHER__JOURNAL_FILE, &file, NULL, error);
    if (code != TETHER_OK)
        return code;
    code = add_lines(&file, task, text, error);
    tether__os_file_close(&file);
    return code;
}

int tether__ledger_lines(const tether__session *session, const char *task_id, tether__text *text,
                         bool *newer, tether_error *error)
{
    uv_mutex_lock(&session->ledger->lock);
    int code = copy_lines(session, task_id, text, newer, error);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

bool tether__ledger_removed(const tether__session *session, const char *task_id)
{
    uv_mutex_lock(&session->ledger->lock);
    bool removed = update(session, NULL) == TETHER_OK &&
                   json_object_get(session->ledger->index.removed, task_id) != NULL;
    uv_mutex_unlock(&session->ledger->lock);
    return removed;
}

typedef bool chooser(const tether__indexed *task, int64_t parameter);

static bool is_in_scope(const tether__indexed *task, int64_t scope)
{
    if (scope == TETHER__SCOPE_LIVE)
        return !task->ended || task->limited || task->open;
    return scope == TETHER__SCOPE_ALL || task->limited || !tether__indexed_done(task);
}

static bool is_overdue(const tether__indexed *task, int64_t now_ms)
{
    bool over = task->deadline_ms > 0 && task->deadline_ms <= now_ms;
    return !task->ended && (over || task->killing);
}

static int list_ids(const tether__session *session, chooser *choose, int64_t parameter,
                    char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    const tether__index *index = &session->ledger->index;
    *ids = NULL;
    *count = 0;
    uv_mutex_lock(&session->ledger->lock);
    int code = update(session, error);
    if (code == TETHER_OK) {
        *ids = calloc(index->count + 1, sizeof **ids);
        if (*ids == NULL)
            code = tether__fail_memory(error, "list tasks");
    }
    for (size_t i = 0; code == TETHER_OK && i < index->count; i++) {
        if (choose(index->tasks[i], parameter))
            strcpy((*ids)[(*count)++], tether__indexed_id(index->tasks[i]));
    }
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

int tether__ledger_ids(const tether__session *session, tether__scope scope,
                       char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    return list_ids(session, is_in_scope, scope, ids, count, error);
}

int tether__ledger_overdue(const tether__session *session, int64_t now_ms,
                           char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    return list_ids(session, is_overdue, now_ms, ids, count, error);
}

/* The tasks stand in the index in no order, and those that share a key are few. */
static int later_first(const void *left, const void *right)
{
    const tether__indexed *a = *(tether__indexed *const *)left;
    const tether__indexed *b = *(tether__indexed *const *)right;
    return a->spans[0].offset < b->spans[0].offset ? 1 : -1;
}

static int list_keyed(const tether__index *index, uint32_t hash, char (**ids)[TETHER_ID_SIZE],
                      size_t *count, tether_error *error)
{
    size_t keyed = 0;
    for (size_t i = 0; i < index->count; i++)
        keyed += index->tasks[i]->key == hash;
    tether__indexed **tasks = calloc(keyed + 1, sizeof *tasks);
    *ids = calloc(keyed + 1, sizeof **ids);
    if (tasks == NULL || *ids == NULL) {
        free(tasks);
        return tether__fail_memory(error, "look for key");
    }
    for (size_t i = 0; i < index->count; i++) {
        if (index->tasks[i]->key == hash)
            tasks[(*count)++] = index->tasks[i];
    }
    if (*count > 1)
        qsort(tasks, *count, sizeof(tether__indexed *), later_first);
    for (size_t i = 0; i < *count; i++)
        strcpy((*ids)[i], tether__indexed_id(tasks[i]));
    free(tasks);
    return TETHER_OK;
}

int tether__ledger_keyed(const tether__session *session, uint32_t hash,
                         char (**ids)[TETHER_ID_SIZE], size_t *count, tether_error *error)
{
    *ids = NULL;
    *count = 0;
    uv_mutex_lock(&session->ledger->lock);
    int code = update(session, error);
    if (code == TETHER_OK)
        code = list_keyed(&session->ledger->index, hash, ids, count, error);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

void tether__ledger_ends(const tether__session *session, tether__end_place *ends, size_t count)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < count; i++) {
        const tether__indexed *task = tether__index_find(&ledger->index, ends[i].task_id);
        uint64_t at = task != NULL ? tether__indexed_end(task) : 0;
        ends[i].at = task != NULL && at == 0 ? UINT64_MAX : at;
    }
    uv_mutex_unlock(&ledger->lock);
}

int tether__ledger_facts_get(const tether__session *session, tether__ledger_facts *facts,
                             tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    *facts = (tether__ledger_facts){0};
    uv_mutex_lock(&ledger->lock);
    int code = update(session, error);
    if (code == TETHER_OK)
        *facts = (tether__ledger_facts){ledger->index.number, ledger->index.started,
                                        ledger->damaged, ledger->lines.next};
    uv_mutex_unlock(&ledger->lock);
    return code;
}

/* Stores how many bytes the journal would have at least after a compaction. */
static uint64_t essential_size(const tether__index *index)
{
    uint64_t size = 0;
    for (size_t i = 0; i < index->count; i++) {
        if (!tether__indexed_done(index->tasks[i]))
            size += index->tasks[i]->spans[0].size;
    }
    return size;
}

bool tether__ledger_is_large(const tether__session *session)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    uint64_t size = ledger->lines.next;
    bool large = false;
    if (size >= GROWTH && size >= ledger->look_at) {
        large = size >= GROWTH + 2 * essential_size(&ledger->index);
        ledger->look_at = size + GROWTH;
    }
    uv_mutex_unlock(&ledger->lock);
    return large;
}

/* --- Appending --- */

/* Creates the journal with its head. Only the head, because the file gets its name by being
 * renamed, which raises no event: the first line must be one that those who follow hear of. If
 * there are archives, the journal was lost: its number must be higher than theirs, so that no
 * compaction replaces one of them. */
static int create(const tether__session *session, tether_error *error)
{
    size_t size;
    uint64_t newest, tasks;
    int code = tether__archive_count(session, &newest, &tasks, error);
    if (code != TETHER_OK)
        return code;
    json_t *head = tether__journal_head(session->id, (int64_t)newest + 1, (int64_t)tasks);
    char *text = tether__journal_render(head, false, &size);
    json_decref(head);
    if (text == NULL)
        return tether__fail_memory(error, write_step);
    code = tether__os_file_replace(session->journal, TETHER__JOURNAL_FILE, text, size,
                                   session->store->sync, error);
    free(text);
    return code == TETHER_OK ? update(session, error) : code;
}

/* Appends to the journal, and takes the line into the index as if it had been read. */
static int extend(const tether__session *session, const char *line, size_t size,
                  tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    tether__file_stamp stamp;
    int code = tether__os_file_extend(session->journal, TETHER__JOURNAL_FILE, line, size,
                                      session->store->sync, &stamp, error);
    if (code != TETHER_OK)
        return code;
    /* If somebody else wrote to it in spite of the lock, all is read again. */
    bool expected = stamp.node == ledger->known.node && stamp.size == ledger->lines.next + size;
    ledger->own = true;
    if (!expected || feed(ledger, line, size, NULL) != TETHER_OK)
        forget(ledger);
    else
        ledger->known = stamp;
    ledger->own = false;
    return TETHER_OK;
}

/* The text begins with a newline, which is written only behind a line that lacks its own, and ends
 * with one. */
static int append(const tether__session *session, const char *text, size_t size,
                  tether_error *error)
{
    int code = update(session, error);
    if (code != TETHER_OK)
        return code;
    if (!tether__lines_torn(&session->ledger->lines)) {
        text++;
        size--;
    }
    if (size > TETHER__JOURNAL_LINE_LIMIT)
        return tether__fail(error, TETHER_ETOOBIG, 0, write_step,
                            "a record of %zu bytes is too long for the journal, whose lines have "
                            "at most %zu; pass shorter arguments or a file",
                            size, TETHER__JOURNAL_LINE_LIMIT);
    if (session->ledger->known.node == 0)
        code = create(session, error);
    return code == TETHER_OK ? extend(session, text, size, error) : code;
}

int tether__ledger_replace(const tether__session *session, const char *text, size_t size,
                           tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    ledger->replacing = true;
    uv_mutex_unlock(&ledger->lock);
    int code =
        tether__os_file_replace(session->journal, TETHER__JOURNAL_FILE, text, size, true, error);
    uv_mutex_lock(&ledger->lock);
    /* Before any other host can append to it. After a failure, the next look makes all tasks news.
     */
    if (code == TETHER_OK)
        (void)update(session, NULL);
    ledger->replacing = false;
    uv_mutex_unlock(&ledger->lock);
    return code;
}

/* Hands out the lines that the index takes no part of. It builds an index of its own, because a
 * line may contradict those before it. */
typedef struct rest {
    tether__ledger_visitor *visit;
    void *context;
    tether__index index;
    bool no_memory;
} rest;

static void visit_rest(void *context, const tether__line *text)
{
    rest *r = context;
    tether__journal_line line;
    const tether__span span = {.offset = text->offset, .size = (uint32_t)text->size};
    if (r->no_memory || (text->text != NULL && text->size == 0))
        return;
    if (text->text == NULL) {
        r->visit(r->context, NULL, 0, true);
        return;
    }
    r->no_memory = tether__journal_skim(text->text, text->size, &line) != TETHER_OK;
    if (r->no_memory)
        return;
    tether__indexing result = tether__index_add(&r->index, &line, span);
    r->no_memory = result == TETHER__INDEX_NO_MEMORY;
    if (line.kind == TETHER__JOURNAL_OTHER || result == TETHER__INDEX_WRONG)
        r->visit(r->context, text->text, text->size, result == TETHER__INDEX_WRONG);
}

int tether__ledger_visit_rest(const tether__session *session, tether__ledger_visitor *visit,
                              void *context, tether_error *error)
{
    tether__file file;
    rest r = {.visit = visit, .context = context};
    tether__lines lines = {.limit = TETHER__JOURNAL_LINE_LIMIT};
    int code = tether__os_file_open(session->journal, TETHER__JOURNAL_FILE, &file, NULL, error);
    if (code != TETHER_OK)
        return code;
    code = tether__line_file_read(&file, &lines, visit_rest, &r, error);
    tether__os_file_close(&file);
    tether__lines_dispose(&lines);
    tether__index_clear(&r.index);
    return code == TETHER_OK && r.no_memory ? tether__fail_memory(error, read_step) : code;
}

int tether__ledger_append_text(const tether__session *session, const char *text, size_t size,
                               tether_error *error)
{
    uv_mutex_lock(&session->ledger->lock);
    int code = append(session, text, size, error);
    uv_mutex_unlock(&session->ledger->lock);
    return code;
}

int tether__ledger_append(const tether__session *session, json_t *line, tether_error *error)
{
    size_t size;
    char *text = tether__journal_render(line, true, &size);
    if (text == NULL)
        return tether__fail_memory(error, write_step);
    int code = tether__ledger_append_text(session, text, size, error);
    free(text);
    return code;
}

void tether__ledger_follow(const tether__session *session, bool follow)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    ledger->follows = follow;
    if (!follow)
        tether__news_dispose(&ledger->news);
    uv_mutex_unlock(&ledger->lock);
}

int tether__ledger_take_news(const tether__session *session, tether__news *news,
                             tether_error *error)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    int code = update(session, error);
    *news = ledger->news;
    ledger->news = (tether__news){.count = 0};
    uv_mutex_unlock(&ledger->lock);
    return code;
}

void tether__ledger_keep_news(const tether__session *session)
{
    tether__ledger *ledger = session->ledger;
    uv_mutex_lock(&ledger->lock);
    if (ledger->follows)
        tether__news_add_all(&ledger->news);
    uv_mutex_unlock(&ledger->lock);
}
