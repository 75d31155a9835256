/* Owns reading a session's journal as it grows.
 * Must not: decide what a line says, or write (ledger_append.c does).
 * Thread: one that holds the ledger's lock. */
#include "store/ledger_core.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "format/journal.h"
#include "store/line_file.h"

static const char read_step[] = "read journal";

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

void tether__ledger_forget(tether__ledger *ledger)
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
    tether__ledger_forget(ledger);
    tether__news_dispose(&ledger->news);
    uv_mutex_destroy(&ledger->lock);
    free(ledger);
}

/* --- Reading on --- */

static void visit_line(void *context, const tether__line *text)
{
    tether__ledger *ledger = context;
    tether__journal_line line;
    if (ledger->no_memory)
        return;
    tether__indexing result = tether__index_read(&ledger->index, text, &line);
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
    tether__ledger_forget(ledger);
}

int tether__ledger_feed(tether__ledger *ledger, const char *bytes, size_t size, tether_error *error)
{
    if (tether__lines_feed(&ledger->lines, bytes, size, visit_line, ledger) && !ledger->no_memory)
        return TETHER_OK;
    tether__ledger_forget(ledger);
    return tether__fail_memory(error, read_step);
}

/* Forgets the journal if the open file is another one than that which was read, or is shorter. Else
 * the file has only grown. */
static int compare(tether__ledger *ledger, const tether__file *file,
                   const tether__file_stamp *stamp, tether_error *error)
{
    char head[TETHER__LEDGER_HEAD];
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
        tether__ledger_forget(ledger);
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

int tether__ledger_update(const tether__session *session, tether_error *error)
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

void tether__ledger_stamp_of(const tether__indexed *task, tether__file_stamp *stamp)
{
    *stamp = (tether__file_stamp){.node = task->version};
}

int tether__ledger_find(const tether__session *session, const char *task_id, tether__indexed **task,
                        tether_error *error)
{
    *task = NULL;
    int code = tether__ledger_update(session, error);
    if (code != TETHER_OK)
        return code;
    *task = tether__index_find(&session->ledger->index, task_id);
    return *task != NULL ? TETHER_OK : tether__session_fail_task(session, task_id, error);
}
