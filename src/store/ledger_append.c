/* Owns writing a session's journal.
 * Must not: decide what a line says, or take the session lock (the callers do).
 * Thread: any that holds the session lock. */
#include "store/ledger_append.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "format/journal.h"
#include "store/archive.h"
#include "store/ledger_core.h"

static const char write_step[] = "write journal";

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
    return code == TETHER_OK ? tether__ledger_update(session, error) : code;
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
    if (!expected || tether__ledger_feed(ledger, line, size, NULL) != TETHER_OK)
        tether__ledger_forget(ledger);
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
    int code = tether__ledger_update(session, error);
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
        (void)tether__ledger_update(session, NULL);
    ledger->replacing = false;
    uv_mutex_unlock(&ledger->lock);
    return code;
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
