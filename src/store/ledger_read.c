/* Owns reading records and lines out of a session's journal.
 * Must not: write, or decide what a line says.
 * Thread: any. */
#include "store/ledger_read.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/journal.h"
#include "store/ledger_core.h"
#include "store/line_file.h"

static const char read_step[] = "read journal";

/* How often a journal may be replaced while one record is read. */
enum { READ_TRIES = 16 };

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
    int code = tether__ledger_find(session, task_id, &task, error);
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
        tether__ledger_stamp_of(task, stamp);
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
            tether__ledger_forget(session->ledger);
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

static int copy_lines(const tether__session *session, const char *task_id, tether__text *text,
                      tether_error *error)
{
    tether__file file;
    tether__indexed *task;
    int code = tether__ledger_find(session, task_id, &task, error);
    if (code == TETHER_OK)
        code = tether__os_file_open(session->journal, TETHER__JOURNAL_FILE, &file, NULL, error);
    if (code != TETHER_OK)
        return code;
    code = add_lines(&file, task, text, error);
    tether__os_file_close(&file);
    return code;
}

int tether__ledger_lines(const tether__session *session, const char *task_id, tether__text *text,
                         tether_error *error)
{
    uv_mutex_lock(&session->ledger->lock);
    int code = copy_lines(session, task_id, text, error);
    uv_mutex_unlock(&session->ledger->lock);
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
    if (r->no_memory)
        return;
    tether__indexing result = tether__index_read(&r->index, text, &line);
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
