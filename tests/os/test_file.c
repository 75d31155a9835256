/* Directories and files of the store, for what all platforms have in common. */
#include "os/place.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void assert_content(place *p, const char *name, const char *text)
{
    char *data;
    size_t size;
    ASSERT_OK(tether__os_file_read(p->dir, name, 65536, &data, &size, NULL, &p->error), p->error);
    assert_int_equal(size, strlen(text));
    assert_string_equal(data, text);
    free(data);
}

static void creates_a_file_that_must_not_exist(void **state)
{
    place *p = *state;
    ASSERT_OK(tether__os_file_create(p->dir, "a", "text", 4, &p->error), p->error);
    assert_content(p, "a", "text");
    assert_true(tether__os_file_create(p->dir, "a", "other", 5, &p->error) < 0);
    assert_true(p->error.code < 0);
    assert_non_null(strstr(p->error.message, "a"));
    assert_content(p, "a", "text");
    ASSERT_OK(tether__os_file_create(p->dir, "empty", "", 0, &p->error), p->error);
    assert_content(p, "empty", "");
    assert_int_equal(place_count(p->dir), 2);
}

static void replaces_a_file_or_creates_one(void **state)
{
    place *p = *state;
    ASSERT_OK(tether__os_file_replace(p->dir, "a", "one", 3, false, &p->error), p->error);
    assert_content(p, "a", "one");
    ASSERT_OK(tether__os_file_replace(p->dir, "a", "two", 3, true, &p->error), p->error);
    assert_content(p, "a", "two");
    /* No temporary file is left. */
    assert_int_equal(place_count(p->dir), 1);
}

enum { APPENDERS = 4, APPENDS = 200 };

static void append_often(void *userdata)
{
    for (int i = 0; i < APPENDS; i++)
        tether__os_file_append(userdata, "a", "0123456789\n", 11, NULL);
}

static void extend_often(void *userdata)
{
    tether__file_stamp stamp;
    for (int i = 0; i < APPENDS; i++)
        tether__os_file_extend(userdata, "a", "0123456789\n", 11, false, &stamp, NULL);
}

static void append_together(place *p, void (*append)(void *dir))
{
    uv_thread_t threads[APPENDERS];
    char *data;
    size_t size;
    ASSERT_OK(tether__os_file_create(p->dir, "a", "", 0, &p->error), p->error);
    for (int i = 0; i < APPENDERS; i++)
        assert_int_equal(uv_thread_create(&threads[i], append, p->dir), 0);
    for (int i = 0; i < APPENDERS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
    ASSERT_OK(tether__os_file_read(p->dir, "a", 65536, &data, &size, NULL, &p->error), p->error);
    assert_int_equal(size, APPENDERS * APPENDS * 11);
    for (size_t i = 0; i < size; i += 11)
        assert_memory_equal(data + i, "0123456789\n", 11);
    free(data);
}

static void appends_in_one_step(void **state)
{
    if (test_in_wine())
        test_skip("Wine appends in two steps");
    append_together(*state, append_often);
}

/* A lock lets one host extend a file at a time. Where that lock does not hold, such as between the
 * machines of a network file system, no host overwrites what another has appended. */
static void extends_in_one_step(void **state)
{
    if (test_in_wine())
        test_skip("Wine appends in two steps");
    append_together(*state, extend_often);
}

enum { SMALL = 100, LARGE = 20000, ROUNDS = 300 };

typedef struct reader {
    tether__dir *dir;
    atomic_bool stop;
    int wrong; /* read by the main thread after the join */
    int reads;
} reader;

static bool is_one_version(const char *data, size_t size)
{
    if (size != SMALL && size != LARGE)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (data[i] != (size == SMALL ? 's' : 'l'))
            return false;
    }
    return true;
}

static void read_in_a_loop(void *userdata)
{
    reader *r = userdata;
    do {
        char *data;
        size_t size;
        int64_t began = test_now_ms();
        int code = tether__os_file_read(r->dir, "a", LARGE, &data, &size, NULL, NULL);
        if (code != TETHER_OK || !is_one_version(data, size))
            r->wrong++;
        free(data);
        r->reads++;
        /* Wine cannot replace a file while it is open, so a reader there must pause, and longer
         * than it reads. */
        if (test_in_wine())
            test_nap_us(500 + 3000 * (long)(test_now_ms() - began));
    } while (!atomic_load(&r->stop));
}

static void shows_readers_the_old_version_or_the_new_one(void **state)
{
    place *p = *state;
    char small[SMALL], large[LARGE];
    memset(small, 's', sizeof small);
    memset(large, 'l', sizeof large);
    ASSERT_OK(tether__os_file_create(p->dir, "a", small, sizeof small, &p->error), p->error);
    reader r = {.dir = p->dir};
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, read_in_a_loop, &r), 0);
    int failed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const char *data = i % 2 == 0 ? large : small;
        size_t size = i % 2 == 0 ? sizeof large : sizeof small;
        failed += tether__os_file_replace(p->dir, "a", data, size, false, NULL) != TETHER_OK;
    }
    atomic_store(&r.stop, true);
    uv_thread_join(&thread);
    assert_int_equal(failed, 0);
    assert_int_equal(r.wrong, 0);
    assert_true(r.reads > 0);
}

static void reads_within_the_limit(void **state)
{
    place *p = *state;
    char *data;
    size_t size;
    char block[10000];
    memset(block, 'x', sizeof block);
    ASSERT_OK(tether__os_file_create(p->dir, "a", block, sizeof block, &p->error), p->error);
    ASSERT_OK(tether__os_file_read(p->dir, "a", sizeof block, &data, &size, NULL, &p->error),
              p->error);
    assert_int_equal(size, sizeof block);
    assert_int_equal(data[size], '\0');
    free(data);
    static const size_t limits[] = {sizeof block - 1, 5000, 1, 0};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        assert_int_equal(
            tether__os_file_read(p->dir, "a", limits[i], &data, &size, NULL, &p->error),
            TETHER_ETOOBIG);
        assert_null(data);
        assert_int_equal(size, 0);
    }
    assert_int_equal(tether__os_file_read(p->dir, "b", 100, &data, &size, NULL, &p->error),
                     TETHER_ENOTASK);
    assert_null(data);
}

static void appends_to_an_existing_file(void **state)
{
    place *p = *state;
    assert_int_equal(tether__os_file_append(p->dir, "a", "x", 1, &p->error), TETHER_ENOTASK);
    assert_int_equal(place_count(p->dir), 0);
    ASSERT_OK(tether__os_file_create(p->dir, "a", "one", 3, &p->error), p->error);
    ASSERT_OK(tether__os_file_append(p->dir, "a", " two", 4, &p->error), p->error);
    ASSERT_OK(tether__os_file_append(p->dir, "a", "", 0, &p->error), p->error);
    ASSERT_OK(tether__os_file_append(p->dir, "a", " three", 6, &p->error), p->error);
    assert_content(p, "a", "one two three");
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    assert_true(tether__os_file_append(p->dir, "sub", "x", 1, &p->error) < 0);
    tether__os_dir_close(sub);
}

static void expect_stamp(place *p, const char *name, const tether__file_stamp *expected)
{
    tether__file_stamp stamp;
    ASSERT_OK(tether__os_file_stamp(p->dir, name, &stamp, &p->error), p->error);
    assert_memory_equal(&stamp, expected, sizeof stamp);
}

/* The stamp is the one by which another call finds that nobody else has written since. */
static void extends_an_existing_file(void **state)
{
    place *p = *state;
    tether__dir *sub;
    tether__file_stamp stamp, before;
    assert_int_equal(tether__os_file_extend(p->dir, "a", "x", 1, false, &stamp, &p->error),
                     TETHER_ENOTASK);
    assert_int_equal(place_count(p->dir), 0);
    ASSERT_OK(tether__os_file_create(p->dir, "a", "one\n", 4, &p->error), p->error);
    for (int round = 0; round < 2; round++) {
        bool sync = round == 1;
        ASSERT_OK(tether__os_file_stamp(p->dir, "a", &before, &p->error), p->error);
        ASSERT_OK(tether__os_file_extend(p->dir, "a", "two\n", 4, sync, &stamp, &p->error),
                  p->error);
        assert_int_equal(stamp.size, before.size + 4);
        assert_int_equal(stamp.node, before.node);
        expect_stamp(p, "a", &stamp);
    }
    /* What others have appended meanwhile stays. */
    ASSERT_OK(tether__os_file_append(p->dir, "a", "three\n", 6, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(p->dir, "a", "four\n", 5, false, &stamp, &p->error), p->error);
    expect_stamp(p, "a", &stamp);
    assert_content(p, "a", "one\ntwo\ntwo\nthree\nfour\n");
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    assert_true(tether__os_file_extend(p->dir, "sub", "x", 1, false, &stamp, &p->error) < 0);
    tether__os_dir_close(sub);
}

/* Much more than a system call may write at once. */
static void extends_by_any_size(void **state)
{
    enum { BLOCK = 3 * 1024 * 1024 };
    place *p = *state;
    char *data, *block = malloc(BLOCK);
    size_t size;
    tether__file_stamp stamp;
    assert_non_null(block);
    memset(block, 'x', BLOCK);
    ASSERT_OK(tether__os_file_create(p->dir, "a", "", 0, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(p->dir, "a", "", 0, false, &stamp, &p->error), p->error);
    assert_int_equal(stamp.size, 0);
    for (int i = 1; i <= 2; i++) {
        ASSERT_OK(tether__os_file_extend(p->dir, "a", block, BLOCK, false, &stamp, &p->error),
                  p->error);
        assert_int_equal(stamp.size, i * BLOCK);
    }
    ASSERT_OK(tether__os_file_read(p->dir, "a", 3 * BLOCK, &data, &size, NULL, &p->error),
              p->error);
    assert_int_equal(size, 2 * BLOCK);
    assert_memory_equal(data, block, BLOCK);
    assert_memory_equal(data + BLOCK, block, BLOCK);
    free(data);
    free(block);
}

/* A file that is replaced after it was opened, as the journal is by a compaction. */
static void extends_the_file_that_has_the_name_now(void **state)
{
    place *p = *state;
    tether__file_stamp first, second;
    place_write(p, "a", "old\n");
    ASSERT_OK(tether__os_file_extend(p->dir, "a", "1\n", 2, false, &first, &p->error), p->error);
    ASSERT_OK(tether__os_file_replace(p->dir, "a", "new\n", 4, false, &p->error), p->error);
    ASSERT_OK(tether__os_file_extend(p->dir, "a", "2\n", 2, false, &second, &p->error), p->error);
    assert_true(first.node != second.node);
    assert_int_equal(first.size, second.size);
    assert_content(p, "a", "new\n2\n");
}

static void reads_at_an_offset(void **state)
{
    place *p = *state;
    char buffer[8];
    size_t got;
    ASSERT_OK(tether__os_file_create(p->dir, "a", "0123456789", 10, &p->error), p->error);
    static const struct {
        uint64_t offset;
        const char *text;
    } cases[] = {{0, "01234567"}, {3, "3456789"}, {9, "9"}, {10, ""}, {11, ""}, {1u << 30, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ASSERT_OK(tether__os_file_read_at(p->dir, "a", cases[i].offset, buffer, sizeof buffer, &got,
                                          &p->error),
                  p->error);
        assert_int_equal(got, strlen(cases[i].text));
        assert_memory_equal(buffer, cases[i].text, got);
    }
    ASSERT_OK(tether__os_file_read_at(p->dir, "a", 0, buffer, 0, &got, &p->error), p->error);
    assert_int_equal(got, 0);
    assert_int_equal(
        tether__os_file_read_at(p->dir, "b", 0, buffer, sizeof buffer, &got, &p->error),
        TETHER_ENOTASK);
}

static void keeps_an_open_file_when_its_name_is_taken(void **state)
{
    place *p = *state;
    tether__file file;
    char buffer[16];
    size_t got;
    uint64_t size;
    if (test_in_wine())
        test_skip("Wine cannot replace a file that is open");
    ASSERT_OK(tether__os_file_create(p->dir, "a", "0123456789", 10, &p->error), p->error);
    ASSERT_OK(tether__os_file_open(p->dir, "a", &file, NULL, &p->error), p->error);
    ASSERT_OK(tether__os_file_replace(p->dir, "a", "x", 1, false, &p->error), p->error);
    ASSERT_OK(tether__os_file_size(&file, &size, &p->error), p->error);
    assert_int_equal(size, 10);
    ASSERT_OK(tether__os_file_pread(&file, 3, buffer, 4, &got, &p->error), p->error);
    assert_int_equal(got, 4);
    assert_memory_equal(buffer, "3456", 4);
    ASSERT_OK(tether__os_file_pread(&file, 8, buffer, sizeof buffer, &got, &p->error), p->error);
    assert_int_equal(got, 2);
    ASSERT_OK(tether__os_file_pread(&file, 10, buffer, sizeof buffer, &got, &p->error), p->error);
    assert_int_equal(got, 0);
    tether__os_file_close(&file);
    tether__os_file_close(&file); /* closing twice is harmless */
    assert_int_equal(tether__os_file_open(p->dir, "b", &file, NULL, &p->error), TETHER_ENOTASK);
    assert_int_equal(file.handle, -1);
}

/* Larger than any block that an implementation copies at once. */
enum { COPIED = 300001 };

static void copies_a_part_and_renames_it(void **state)
{
    place *p = *state;
    tether__file file;
    char temporary[TETHER__TEMPORARY_SIZE];
    char *data = malloc(COPIED), *copy;
    size_t size;
    assert_non_null(data);
    for (int i = 0; i < COPIED; i++)
        data[i] = (char)(i % 251);
    ASSERT_OK(tether__os_file_create(p->dir, "a", data, COPIED, &p->error), p->error);
    ASSERT_OK(tether__os_file_open(p->dir, "a", &file, NULL, &p->error), p->error);
    static const struct {
        uint64_t offset, size;
    } parts[] = {{0, COPIED}, {1, COPIED - 1}, {COPIED - 1, 1}, {COPIED, 0}, {100000, 70000}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ASSERT_OK(tether__os_file_copy(&file, parts[i].offset, parts[i].size, p->dir, i % 2 == 0,
                                       temporary, &p->error),
                  p->error);
        assert_int_equal(strncmp(temporary, ".tmp-", 5), 0);
        ASSERT_OK(tether__os_file_rename(p->dir, temporary, "b", i % 2 == 0, &p->error), p->error);
        ASSERT_OK(tether__os_file_read(p->dir, "b", COPIED, &copy, &size, NULL, &p->error),
                  p->error);
        assert_int_equal(size, parts[i].size);
        assert_memory_equal(copy, data + parts[i].offset, size);
        free(copy);
        assert_int_equal(place_count(p->dir), 2);
    }
    /* A part beyond the end of the file: no copy is left behind. */
    assert_int_equal(tether__os_file_copy(&file, 1, COPIED, p->dir, false, temporary, &p->error),
                     TETHER_EIO);
    assert_int_equal(place_count(p->dir), 2);
    assert_int_equal(tether__os_file_rename(p->dir, "none", "b", false, &p->error), TETHER_ENOTASK);
    assert_int_equal(place_count(p->dir), 2);
    tether__os_file_close(&file);
    free(data);
}

static void distinguishes_versions(void **state)
{
    place *p = *state;
    tether__file_stamp first, same, other, read;
    char *data;
    size_t size;
    ASSERT_OK(tether__os_file_create(p->dir, "a", "one", 3, &p->error), p->error);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &first, &p->error), p->error);
    ASSERT_OK(tether__os_file_read(p->dir, "a", 100, &data, &size, &read, &p->error), p->error);
    free(data);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &same, &p->error), p->error);
    assert_memory_equal(&first, &same, sizeof first);
    assert_memory_equal(&first, &read, sizeof first);
    assert_int_equal(first.size, 3);
    ASSERT_OK(tether__os_file_replace(p->dir, "a", "two", 3, false, &p->error), p->error);
    ASSERT_OK(tether__os_file_stamp(p->dir, "a", &other, &p->error), p->error);
    assert_memory_not_equal(&first, &other, sizeof first);

    static const tether__file_stamp none = {0};
    assert_int_equal(tether__os_file_stamp(p->dir, "b", &other, &p->error), TETHER_ENOTASK);
    assert_memory_equal(&other, &none, sizeof none);
}

static bool add_name(const char *name, void *userdata)
{
    char *names = userdata;
    strcat(strcat(names, name), " ");
    return true;
}

static bool stop_at_once(const char *name, void *userdata)
{
    (void)name;
    ++*(int *)userdata;
    return false;
}

static void lists_a_directory(void **state)
{
    place *p = *state;
    char names[200] = "";
    ASSERT_OK(tether__os_dir_list(p->dir, add_name, names, &p->error), p->error);
    assert_string_equal(names, "");
    place_write(p, "first", "");
    place_write(p, "..second", "");
    for (int round = 0; round < 2; round++) {
        names[0] = '\0';
        ASSERT_OK(tether__os_dir_list(p->dir, add_name, names, &p->error), p->error);
        assert_int_equal(strlen(names), strlen("first ..second "));
        assert_non_null(strstr(names, "first "));
        assert_non_null(strstr(names, "..second "));
    }
    int visits = 0;
    ASSERT_OK(tether__os_dir_list(p->dir, stop_at_once, &visits, &p->error), p->error);
    assert_int_equal(visits, 1);
}

static void removes_entries_that_exist_or_not(void **state)
{
    place *p = *state;
    tether__dir *sub, *deep;
    place_write(p, "a", "x");
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    ASSERT_OK(tether__os_file_remove(p->dir, "a", &p->error), p->error);
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_open(sub, "deep", true, &deep, &p->error), p->error);
    ASSERT_OK(tether__os_file_create(deep, "file", "x", 1, &p->error), p->error);
    ASSERT_OK(tether__os_file_create(sub, "file", "x", 1, &p->error), p->error);
    tether__os_dir_close(deep);
    tether__os_dir_close(sub);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    assert_int_equal(place_count(p->dir), 0);
}

static void moves_only_to_a_free_name(void **state)
{
    place *p = *state;
    tether__dir *sub;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    place_write(p, "a", "one");
    ASSERT_OK(tether__os_move(p->dir, "a", sub, "b", &p->error), p->error);
    assert_string_equal(place_read(p, "sub/b"), "one");
    place_write(p, "a", "two");
    assert_true(tether__os_move(p->dir, "a", sub, "b", &p->error) < 0);
    assert_string_equal(place_read(p, "sub/b"), "one");
    assert_string_equal(place_read(p, "a"), "two");
    assert_int_equal(tether__os_move(p->dir, "gone", sub, "c", &p->error), TETHER_ENOTASK);
    /* A directory moves with its content. */
    ASSERT_OK(tether__os_move(p->dir, "sub", p->dir, "other", &p->error), p->error);
    assert_string_equal(place_read(p, "other/b"), "one");
    tether__os_dir_close(sub);
}

static void opens_directories_in_directories(void **state)
{
    place *p = *state;
    tether__dir *sub = p->dir;
    assert_int_equal(tether__os_dir_open(p->dir, "sub", false, &sub, &p->error), TETHER_ENOTASK);
    assert_null(sub);
    for (int round = 0; round < 2; round++) {
        ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
        char expected[1024];
        strcat(strcpy(expected, tether__os_dir_path(p->dir)), "/sub");
        place_same_path(tether__os_dir_path(sub), expected);
        ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
        tether__os_dir_close(sub);
    }
    place_write(p, "file", "x");
    assert_int_equal(tether__os_dir_open(p->dir, "file", false, &sub, &p->error), TETHER_ECORRUPT);
    assert_int_equal(tether__os_dir_open(p->dir, "file", true, &sub, &p->error), TETHER_ECORRUPT);
    assert_string_equal(place_read(p, "file"), "x");
    tether__os_dir_close(NULL);
}

static void ensures_that_a_directory_is_there(void **state)
{
    place *p = *state;
    tether__dir *sub;
    bool missing;
    for (int round = 0; round < 2; round++) {
        ASSERT_OK(tether__os_dir_ensure(p->dir, "sub", &missing, &sub, &p->error), p->error);
        assert_int_equal(missing, round == 0);
        ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
        tether__os_dir_close(sub);
    }
    place_write(p, "file", "x");
    assert_int_equal(tether__os_dir_ensure(p->dir, "file", &missing, &sub, &p->error),
                     TETHER_ECORRUPT);
    assert_null(sub);
    assert_string_equal(place_read(p, "file"), "x");
}

static void opens_a_store_by_any_path(void **state)
{
    place *p = *state;
    tether__dir *root;
    const char *path = place_path(p, "one/two/store");
    assert_int_equal(tether__os_dir_open_root(path, false, &root, &p->error), TETHER_EGONE);
    assert_null(root);
    ASSERT_OK(tether__os_dir_open_root(path, true, &root, &p->error), p->error);
    tether__os_dir_close(root);
    ASSERT_OK(tether__os_dir_open_root(place_path(p, "one/two/store//"), false, &root, &p->error),
              p->error);
    char absolute[1024];
    strcat(strcpy(absolute, tether__os_dir_path(p->dir)), "/one/two/store");
    place_same_path(tether__os_dir_path(root), absolute);
    tether__os_dir_close(root);
}

static void refuses_paths_that_cannot_be_a_store(void **state)
{
    place *p = *state;
    tether__dir *root;
    place_write(p, "file", "x");
    assert_int_equal(tether__os_dir_open_root(place_path(p, "file"), false, &root, &p->error),
                     TETHER_ESTORE);
    assert_int_equal(tether__os_dir_open_root(place_path(p, "file"), true, &root, &p->error),
                     TETHER_ESTORE);
    assert_true(tether__os_dir_open_root(place_path(p, "file/sub"), true, &root, &p->error) < 0);
    assert_int_equal(tether__os_dir_open_root("", true, &root, &p->error), TETHER_EINVAL);
    char endless[20000];
    memset(endless, 'x', sizeof endless - 1);
    endless[0] = '/';
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(tether__os_dir_open_root(endless, true, &root, &p->error), TETHER_EINVAL);
    assert_null(root);
    assert_string_equal(place_read(p, "file"), "x");
}

static bool visit_all(const char *name, void *userdata)
{
    (void)name;
    (void)userdata;
    return true;
}

static void reports_that_a_directory_is_gone(void **state)
{
    place *p = *state;
    tether__dir *sub, *deep;
    tether__file_stamp stamp;
    char *data, buffer[4];
    size_t size;
    ASSERT_OK(tether__os_dir_open(p->dir, "sub", true, &sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_check(sub, &p->error), p->error);
    ASSERT_OK(tether__os_dir_remove(p->dir, "sub", &p->error), p->error);
    tether_error *error = &p->error;
    assert_int_equal(tether__os_dir_check(sub, error), TETHER_EGONE);
    assert_int_equal(error->code, TETHER_EGONE);
    assert_int_equal(tether__os_file_create(sub, "a", "x", 1, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_replace(sub, "a", "x", 1, false, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_append(sub, "a", "x", 1, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_extend(sub, "a", "x", 1, false, &stamp, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_read(sub, "a", 10, &data, &size, NULL, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_read_at(sub, "a", 0, buffer, 4, &size, error), TETHER_EGONE);
    assert_int_equal(tether__os_file_stamp(sub, "a", &stamp, error), TETHER_EGONE);
    assert_int_equal(tether__os_dir_open(sub, "a", false, &deep, error), TETHER_EGONE);
    assert_int_equal(tether__os_dir_open(sub, "a", true, &deep, error), TETHER_EGONE);
    bool missing;
    assert_int_equal(tether__os_dir_ensure(sub, "a", &missing, &deep, error), TETHER_EGONE);
    assert_int_equal(tether__os_dir_list(sub, visit_all, NULL, error), TETHER_EGONE);
    tether__os_dir_close(sub);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(creates_a_file_that_must_not_exist),
        TEST(replaces_a_file_or_creates_one),
        TEST(appends_in_one_step),
        TEST(extends_in_one_step),
        TEST(shows_readers_the_old_version_or_the_new_one),
        TEST(reads_within_the_limit),
        TEST(appends_to_an_existing_file),
        TEST(extends_an_existing_file),
        TEST(extends_by_any_size),
        TEST(extends_the_file_that_has_the_name_now),
        TEST(reads_at_an_offset),
        TEST(keeps_an_open_file_when_its_name_is_taken),
        TEST(copies_a_part_and_renames_it),
        TEST(distinguishes_versions),
        TEST(lists_a_directory),
        TEST(removes_entries_that_exist_or_not),
        TEST(moves_only_to_a_free_name),
        TEST(opens_directories_in_directories),
        TEST(ensures_that_a_directory_is_there),
        TEST(opens_a_store_by_any_path),
        TEST(refuses_paths_that_cannot_be_a_store),
        TEST(reports_that_a_directory_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
