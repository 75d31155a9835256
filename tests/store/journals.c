/* Owns a private store with one session, opened twice.
 * Must not: know which module is tested.
 * Thread: the test's. */
#include "store/journals.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "format/name.h"
#include "store/archive.h"
#include "store/ledger_append.h"
#include "store/ledger_read.h"
#include "store/session.h"

enum { LOCK_TIMEOUT_MS = 20000, PATH_ROOM = 1024 };

/* libuv keeps one pipe per process from its first loop on. */
static void open_first_loop(void)
{
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int journals_setup(void **state)
{
    open_first_loop();
    journals *j = calloc(1, sizeof *j);
    assert_non_null(j);
    j->path = test_make_store();
    j->fds_before = test_count_fds();
    ASSERT_OK(tether__store_open(j->path, true, &j->store, &j->error), j->error);
    ASSERT_OK(tether__session_open(&j->store, "s", LOCK_TIMEOUT_MS, &j->own, &j->error), j->error);
    ASSERT_OK(tether__session_open(&j->store, "s", LOCK_TIMEOUT_MS, &j->other, &j->error),
              j->error);
    *state = j;
    return 0;
}

int journals_teardown(void **state)
{
    journals *j = *state;
    tether__session_close(&j->own);
    tether__session_close(&j->other);
    tether__store_close(&j->store);
    assert_int_equal(test_count_fds(), j->fds_before);
    assert_false(test_tree_has(j->path, ".tmp-"));
    test_remove_store(j->path);
    free(j->path);
    free(j);
    return 0;
}

const char *journals_path(const journals *j, const char *name)
{
    static char paths[8][PATH_ROOM];
    static size_t next;
    char key[TETHER__SESSION_KEY_SIZE], *path = paths[next++ % 8];
    tether__session_key("s", key);
    snprintf(path, sizeof paths[0], "%s/%s/%s%s", j->path, key,
             strncmp(name, "archive", 7) == 0 ? "journal/" : "", name);
    return path;
}

static const char journal[] = "journal/" TETHER__JOURNAL_FILE;

const char *journals_journal(const journals *j)
{
    return journals_path(j, journal);
}

void journals_write(const journals *j, const char *text, size_t size)
{
    test_write_file(journals_journal(j), text, size);
}

void journals_replace(const journals *j, const char *text)
{
    tether_error error = {0};
    ASSERT_OK(tether__os_file_replace(j->own.journal, TETHER__JOURNAL_FILE, text, strlen(text),
                                      false, &error),
              error);
}

void journals_add(const journals *j, const char *text, size_t size)
{
    tether_error error = {0};
    ASSERT_OK(tether__os_file_append(j->own.journal, TETHER__JOURNAL_FILE, text, size, &error),
              error);
}

char *journals_read(const journals *j, const char *name, size_t *size)
{
    return test_read_file(journals_path(j, name != NULL ? name : journal), size);
}

void journals_append(const tether__session *session, const char *line)
{
    tether_error error = {0};
    tether__lock lock;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    ASSERT_OK(tether__session_lock(session, &lock, &error), error);
    ASSERT_OK(tether__ledger_append(session, object, &error), error);
    tether__os_lock_release(&lock);
    json_decref(object);
}

static void expect_equal(const char *id, json_t *record, const char *text)
{
    json_t *wanted = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(wanted);
    if (!json_equal(record, wanted))
        fail_msg("task %s has %s instead of %s", id, json_dumps(record, JSON_SORT_KEYS), text);
    json_decref(wanted);
}

void journals_expect(const tether__session *session, const char *id, const char *text)
{
    tether_error error = {0};
    json_t *record;
    int code = tether__ledger_read(session, id, &record, NULL, &error);
    if (text == NULL && code != TETHER_ENOTASK)
        fail_msg("the journal has task %s", id);
    if (text == NULL)
        return;
    if (code != TETHER_OK)
        fail_msg("task %s: %s", id, error.message);
    expect_equal(id, record, text);
    json_decref(record);
}

tether__ledger_facts journals_facts(const tether__session *session)
{
    tether__ledger_facts facts;
    tether_error error = {0};
    ASSERT_OK(tether__ledger_facts_get(session, &facts, &error), error);
    return facts;
}

void journals_make_bundles(const journals *j, ...)
{
    va_list ids;
    va_start(ids, j);
    for (const char *id; (id = va_arg(ids, const char *)) != NULL;) {
        tether__dir *bundle;
        tether_error error = {0};
        ASSERT_OK(tether__os_dir_open(j->own.tasks, id, true, &bundle, &error), error);
        tether__os_dir_close(bundle);
    }
    va_end(ids);
}

void journals_archive(const journals *j, uint64_t number, const char *text)
{
    tether_error error = {0};
    ASSERT_OK(tether__archive_write(&j->own, number, text, strlen(text), &error), error);
}

void journals_expect_file(const journals *j, const char *name, const char *text)
{
    char *found = journals_read(j, name, NULL);
    if (text == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, text);
    free(found);
}

void journals_expect_archives(const journals *j, const char *numbers)
{
    char found[512] = "";
    tether__archive_numbers list;
    tether_error error = {0};
    ASSERT_OK(tether__archive_list(&j->own, &list, &error), error);
    for (size_t i = 0; i < list.count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%llu ", (unsigned long long)list.items[i]);
    }
    assert_string_equal(found, numbers);
    free(list.items);
}

char *journals_quarantined(const journals *j)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/quarantine", j->path);
    const char *folder = test_find_name(path, "journal-");
    if (folder == NULL)
        return NULL;
    assert_int_equal(test_count_names(path), 1);
    snprintf(path, sizeof path, "%s/quarantine/%s/lines", j->path, folder);
    return test_read_file(path, NULL);
}
