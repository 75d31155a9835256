/* Owns the archives of a session.
 * Must not: decide which task is archived (compact.c does), or which archives are joined
 * (archive_join.c does).
 * Thread: any. */
#include "store/archive.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/grow.h"
#include "format/journal.h"
#include "store/line_file.h"
#include "store/names.h"

static const char prefix[] = "archive-";
static const char step[] = "read archive";

enum { NAME_SIZE = sizeof prefix + 20 };

/* --- Names --- */

static bool add_number(const char *name, void *userdata)
{
    tether__archive_numbers *list = userdata;
    const char *digits = name + sizeof prefix - 1;
    void *items = list->items;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || *digits < '1' || *digits > '9' ||
        strlen(digits) > 18 || strspn(digits, "0123456789") != strlen(digits))
        return true;
    list->no_memory = !tether__grow(&items, list->count, &list->capacity, sizeof *list->items);
    if (list->no_memory)
        return false;
    list->items = items;
    list->items[list->count++] = strtoull(digits, NULL, 10);
    return true;
}

static int newest_first(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

int tether__archive_list(const tether__session *session, tether__archive_numbers *list,
                         tether_error *error)
{
    *list = (tether__archive_numbers){0};
    int code = tether__os_dir_list(session->journal, add_number, list, error);
    if (code == TETHER_OK && list->no_memory)
        code = tether__fail_memory(error, step);
    if (code != TETHER_OK) {
        free(list->items);
        *list = (tether__archive_numbers){0};
    }
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, newest_first);
    return code;
}

static void name_of(uint64_t number, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s%" PRIu64, prefix, number);
}

/* --- Reading --- */

/* The tasks that have a lifeline, sorted. */
typedef struct lifelines {
    char (*ids)[TETHER_ID_SIZE];
    size_t count;
} lifelines;

typedef struct reading {
    const tether__session *session;
    tether__archive_visitor *visit;
    tether__archive_line_visitor *visit_text; /* in its place: the lines are not parsed */
    void *context;
    const char *wanted;       /* the only task of interest; NULL: all */
    uint32_t hash;            /* of the only key of interest; 0: all tasks */
    lifelines *lifelines;     /* that there were at first; NULL: they were not listed */
    tether__file_stamp stamp; /* of the archive that is being read, or was read last */
    bool stopped;
    bool no_memory;
} reading;

/* Whether an archived record counts. Without a bundle, the task was removed. A lifeline belongs to
 * a later task with the same id: it is created before the bundle, and an archived task has none. */
static bool is_archived(const tether__session *session, const char *task_id)
{
    tether__file_stamp stamp;
    return tether__session_has_bundle(session, task_id) &&
           tether__os_file_stamp(session->exits, task_id, &stamp, NULL) == TETHER_ENOTASK;
}

/* As is_archived, for one of many: most archived tasks had no lifeline at first, and one that was
 * created since is that of a task that starts now. */
static bool is_archived_among(const reading *r, const char *task_id)
{
    const lifelines *list = r->lifelines;
    bool had_none = list != NULL && !tether__names_has(list->ids, list->count, task_id);
    return had_none ? tether__session_has_bundle(r->session, task_id)
                    : is_archived(r->session, task_id);
}

/* Whether the line may be that of a task of interest, without parsing it. */
static bool is_of_interest(reading *r, const tether__line *text)
{
    tether__journal_line line;
    if (r->stopped || text->text == NULL)
        return false;
    if (r->wanted != NULL)
        return tether__journal_mentions(text->text, text->size, r->wanted);
    if (r->hash == 0)
        return true;
    r->no_memory = tether__journal_skim(text->text, text->size, &line) != TETHER_OK;
    r->stopped = r->no_memory;
    return !r->no_memory && line.key == r->hash;
}

static void visit_line(void *context, const tether__line *text)
{
    reading *r = context;
    tether__journal_line line;
    if (!is_of_interest(r, text))
        return;
    int code = r->visit_text != NULL ? tether__journal_skim(text->text, text->size, &line)
                                     : tether__journal_parse(text->text, text->size, &line);
    if (code != TETHER_OK) {
        r->no_memory = r->stopped = true;
        return;
    }
    bool counts = line.kind == TETHER__JOURNAL_CHANGE &&
                  (r->wanted == NULL || strcmp(r->wanted, line.task_id) == 0) &&
                  is_archived_among(r, line.task_id);
    if (counts && r->visit_text != NULL)
        r->stopped = !r->visit_text(r->context, line.task_id, text->text, text->size);
    else if (counts)
        r->stopped = !r->visit(r->context, line.task_id, line.object);
    tether__journal_dispose(&line);
}

/* Reads one archive. One that is gone was joined with another, or is empty. */
static int read_lines(reading *r, uint64_t number, tether__line_visitor *visit, tether_error *error)
{
    char name[NAME_SIZE];
    tether__file file;
    tether_error problem = {0};
    tether__lines lines = {.limit = TETHER__JOURNAL_LINE_LIMIT};
    name_of(number, name);
    int code = tether__os_file_open(r->session->journal, name, &file, &r->stamp, &problem);
    if (code == TETHER_OK) {
        code = tether__line_file_read(&file, &lines, visit, r, &problem);
        tether__os_file_close(&file);
        tether__lines_dispose(&lines);
    }
    if (code == TETHER_OK && r->no_memory)
        code = tether__fail_memory(&problem, step);
    if (code == TETHER_OK || code == TETHER_ENOTASK)
        return TETHER_OK;
    /* Something else stands in the place of the archive: no task is damaged because of that. */
    if (code == TETHER_ECORRUPT)
        code = problem.code = TETHER_ESTORE;
    tether__error_set(error, &problem);
    return code;
}

static int read_archive(reading *r, uint64_t number, tether_error *error)
{
    return read_lines(r, number, visit_line, error);
}

static int read_all(reading *r, tether_error *error)
{
    tether__archive_numbers list;
    int code = tether__archive_list(r->session, &list, error);
    for (size_t i = 0; code == TETHER_OK && !r->stopped && i < list.count; i++)
        code = read_archive(r, list.items[i], error);
    free(list.items);
    return code;
}

int tether__archive_read(const tether__session *session, uint64_t number,
                         tether__archive_visitor *visit, void *context, tether_error *error)
{
    reading r = {.session = session, .visit = visit, .context = context};
    return read_archive(&r, number, error);
}

int tether__archive_read_keyed(const tether__session *session, uint64_t number, uint32_t hash,
                               tether__archive_visitor *visit, void *context, tether_error *error)
{
    reading r = {.session = session, .visit = visit, .context = context, .hash = hash};
    return read_archive(&r, number, error);
}

typedef struct hashing {
    uint32_t *hashes;
    size_t count, capacity;
} hashing;

static void note_hash(void *context, const tether__line *text)
{
    reading *r = context;
    hashing *h = r->context;
    tether__journal_line line;
    if (r->no_memory || text->text == NULL)
        return;
    r->no_memory = tether__journal_skim(text->text, text->size, &line) != TETHER_OK;
    if (r->no_memory || line.key == 0)
        return;
    void *hashes = h->hashes;
    r->no_memory = !tether__grow(&hashes, h->count, &h->capacity, sizeof *h->hashes);
    if (r->no_memory)
        return;
    h->hashes = hashes;
    h->hashes[h->count++] = line.key;
}

int tether__archive_hashes(const tether__session *session, uint64_t number, uint32_t **hashes,
                           size_t *count, tether__file_stamp *stamp, tether_error *error)
{
    hashing h = {0};
    reading r = {.session = session, .context = &h};
    int code = read_lines(&r, number, note_hash, error);
    if (code != TETHER_OK) {
        free(h.hashes);
        h = (hashing){0};
    }
    *hashes = h.hashes;
    *count = h.count;
    *stamp = r.stamp;
    return code;
}

int tether__archive_visit(const tether__session *session, tether__archive_line_visitor *visit,
                          void *context, tether_error *error)
{
    reading r = {.session = session, .visit_text = visit, .context = context};
    lifelines list;
    if (tether__names_list(session->exits, &list.ids, &list.count, NULL) == TETHER_OK)
        r.lifelines = &list;
    tether__names_sort(list.ids, list.count);
    int code = read_all(&r, error);
    free(list.ids);
    return code;
}

/* The tasks that were counted, as keys: one that came back and was archived again is in two. */
typedef struct counting {
    json_t *ids;
    bool no_memory;
} counting;

static bool count_task(void *context, const char *task_id, const char *text, size_t size)
{
    counting *c = context;
    (void)text;
    (void)size;
    c->no_memory = json_object_set_new(c->ids, task_id, json_true()) != 0;
    return !c->no_memory;
}

int tether__archive_count(const tether__session *session, uint64_t *newest, uint64_t *tasks,
                          tether_error *error)
{
    tether__archive_numbers list;
    counting c = {.ids = json_object()};
    int code = tether__archive_list(session, &list, error);
    *newest = code == TETHER_OK && list.count > 0 ? list.items[0] : 0;
    free(list.items);
    if (code == TETHER_OK)
        code = tether__archive_visit(session, count_task, &c, error);
    if (code == TETHER_OK && c.no_memory)
        code = tether__fail_memory(error, step);
    *tasks = json_object_size(c.ids);
    json_decref(c.ids);
    return code;
}

static bool keep_record(void *context, const char *task_id, json_t *record)
{
    (void)task_id;
    *(json_t **)context = json_incref(record);
    return false;
}

int tether__archive_find(const tether__session *session, const char *task_id, json_t **record,
                         tether__file_stamp *stamp, tether_error *error)
{
    reading r = {.session = session, .visit = keep_record, .context = record, .wanted = task_id};
    *record = NULL;
    int code = is_archived(session, task_id) ? read_all(&r, error) : TETHER_OK;
    *stamp = r.stamp;
    return code == TETHER_OK && *record == NULL ? TETHER_ENOTASK : code;
}

/* --- Writing --- */

int tether__archive_write(const tether__session *session, uint64_t number, const char *text,
                          size_t size, tether_error *error)
{
    char name[NAME_SIZE];
    name_of(number, name);
    /* Always synced: the tasks leave the journal next, and a rename to a new name does not make a
     * file system write the data first. */
    return tether__os_file_replace(session->journal, name, text, size, true, error);
}

int tether__archive_stamp(const tether__session *session, uint64_t number,
                          tether__file_stamp *stamp, tether_error *error)
{
    char name[NAME_SIZE];
    name_of(number, name);
    return tether__os_file_stamp(session->journal, name, stamp, error);
}

int tether__archive_remove(const tether__session *session, uint64_t number, tether_error *error)
{
    char name[NAME_SIZE];
    name_of(number, name);
    return tether__os_file_remove(session->journal, name, error);
}
