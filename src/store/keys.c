/* Owns finding the task that has a key, on disk.
 * Must not: inspect a task, or take the session lock (the caller does).
 * Thread: any; a lock of its own, inside all others but the ledger's. */
#include "store/keys.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/error.h"
#include "format/key.h"
#include "format/record.h"
#include "format/record_read.h"
#include "store/archive.h"
#include "store/bundle.h"
#include "store/ledger.h"

static const char step[] = "look for key";

/* The keys of an archive. */
typedef struct shelf {
    uint64_t number;
    tether__file_stamp stamp; /* of the file that was read */
    uint32_t *hashes;
    size_t count;
} shelf;

struct tether__keys {
    uv_mutex_t lock; /* guards all below */
    shelf *shelves;  /* newest archive first */
    size_t count;
};

int tether__keys_new(tether__keys **out, tether_error *error)
{
    tether__keys *keys = calloc(1, sizeof *keys);
    *out = NULL;
    if (keys == NULL || uv_mutex_init(&keys->lock) != 0) {
        free(keys);
        return tether__fail_memory(error, "open session");
    }
    *out = keys;
    return TETHER_OK;
}

static void free_shelves(shelf *shelves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(shelves[i].hashes);
    free(shelves);
}

void tether__keys_free(tether__keys *keys)
{
    if (keys == NULL)
        return;
    free_shelves(keys->shelves, keys->count);
    uv_mutex_destroy(&keys->lock);
    free(keys);
}

/* What is looked for, and what was found. */
typedef struct search {
    const tether__session *session;
    const char *key;
    uint32_t hash;
    tether__key_holder *holder;
    int code; /* of the last record */
    tether_error problem;
} search;

/* Judges by a record. An ended task without a bundle was removed. */
static void judge(search *s, const tether__record *record)
{
    bool ended = tether_status_ended(record->status);
    if (!tether__key_is_held(record, s->key) ||
        (ended && !tether__session_has_bundle(s->session, record->task_id)))
        return;
    strcpy(s->holder->task_id, record->task_id);
    s->holder->ended = ended;
}

/* --- In the journal --- */

/* A record that is damaged has no key that could be believed. */
static int judge_task(search *s, const char *task_id, tether_error *error)
{
    tether__record record;
    tether_error problem = {0};
    tether__record_init(&record);
    int code = tether__bundle_load(s->session, task_id, &record, NULL, &problem);
    if (code == TETHER_OK)
        judge(s, &record);
    tether__record_dispose(&record);
    if (code == TETHER_OK || code == TETHER_ENOTASK || code == TETHER_ECORRUPT)
        return TETHER_OK;
    tether__error_set(error, &problem);
    return code;
}

static int search_journal(search *s, tether_error *error)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    int code = tether__ledger_keyed(s->session, s->hash, &ids, &count, error);
    for (size_t i = 0; code == TETHER_OK && s->holder->task_id[0] == '\0' && i < count; i++)
        code = judge_task(s, ids[i], error);
    free(ids);
    return code;
}

/* --- In the archives --- */

static bool judge_archived(void *context, const char *task_id, json_t *document)
{
    search *s = context;
    tether__record record;
    tether__record_init(&record);
    int code = tether__record_read(json_incref(document), task_id, &record, &s->problem);
    if (code == TETHER_OK)
        judge(s, &record);
    else if (code != TETHER_ECORRUPT)
        s->code = code;
    tether__record_dispose(&record);
    return s->code == TETHER_OK && s->holder->task_id[0] == '\0';
}

static int search_shelf(search *s, const shelf *one, tether_error *error)
{
    bool may_have = false;
    for (size_t i = 0; !may_have && i < one->count; i++)
        may_have = one->hashes[i] == s->hash;
    if (!may_have)
        return TETHER_OK;
    int code =
        tether__archive_read_keyed(s->session, one->number, s->hash, judge_archived, s, error);
    if (code != TETHER_OK || s->code == TETHER_OK)
        return code;
    tether__error_set(error, &s->problem);
    return s->code;
}

static shelf *find_shelf(tether__keys *keys, uint64_t number)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->shelves[i].number == number)
            return &keys->shelves[i];
    }
    return NULL;
}

/* Fills a shelf from the known one of the same archive, whose hashes it takes, or from the disk.
 * One that is gone meanwhile stays empty: what was in it is in an older one (archive_join.c), which
 * comes later. */
static int fill_shelf(const tether__session *session, shelf *known, shelf *fresh,
                      tether_error *error)
{
    tether__file_stamp stamp;
    if (known != NULL && tether__archive_stamp(session, fresh->number, &stamp, NULL) == TETHER_OK &&
        memcmp(&stamp, &known->stamp, sizeof stamp) == 0) {
        *fresh = *known;
        known->hashes = NULL;
        known->count = 0;
        known->stamp = (tether__file_stamp){0};
        return TETHER_OK;
    }
    return tether__archive_hashes(session, fresh->number, &fresh->hashes, &fresh->count,
                                  &fresh->stamp, error);
}

/* Brings the shelves up to date with the archives that there are. */
static int update(const tether__session *session, tether__keys *keys, tether_error *error)
{
    tether__archive_numbers list;
    int code = tether__archive_list(session, &list, error);
    if (code != TETHER_OK)
        return code;
    shelf *fresh = calloc(list.count + 1, sizeof *fresh);
    if (fresh == NULL)
        code = tether__fail_memory(error, step);
    size_t count = 0;
    for (; code == TETHER_OK && count < list.count; count++) {
        fresh[count].number = list.items[count];
        code = fill_shelf(session, find_shelf(keys, list.items[count]), &fresh[count], error);
    }
    free(list.items);
    free_shelves(keys->shelves, keys->count);
    keys->shelves = fresh;
    keys->count = fresh != NULL ? count : 0;
    return code;
}

/* After the journal: a task that moves to an archive meanwhile is in one of the two. */
static int search_archives(search *s, tether_error *error)
{
    tether__keys *keys = s->session->keys;
    uv_mutex_lock(&keys->lock);
    int code = update(s->session, keys, error);
    for (size_t i = 0; code == TETHER_OK && s->holder->task_id[0] == '\0' && i < keys->count; i++)
        code = search_shelf(s, &keys->shelves[i], error);
    uv_mutex_unlock(&keys->lock);
    return code;
}

int tether__keys_find(const tether__session *session, const char *key, tether__key_holder *holder,
                      tether_error *error)
{
    search s = {.session = session,
                .key = key,
                .hash = tether__key_hash(key, strlen(key)),
                .holder = holder};
    *holder = (tether__key_holder){0};
    int code = search_journal(&s, error);
    if (code == TETHER_OK && holder->task_id[0] == '\0')
        code = search_archives(&s, error);
    return code;
}
