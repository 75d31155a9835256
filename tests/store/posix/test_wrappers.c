/* The scripts that the tasks of a session share: missing, damaged, replaced by something else, old,
 * and written by several starts at once. */
#include "support/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { DAY_S = 24 * 60 * 60 };

/* The path of the only shared script. */
static const char *script(const fixture *f)
{
    const char *name = test_find_name(test_session_path(f, ""), "wrapper-");
    assert_non_null(name);
    return test_session_path(f, name);
}

static void run_task(fixture *f)
{
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "exit", "3", NULL);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    assert_false(test_exists(test_bundle_path(f, id, "wrapper.sh")));
    test_take_completion(f->registry, id);
}

static ino_t inode(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_ino;
}

static time_t written(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mtime;
}

static void set_age(const char *path, long days)
{
    const struct timespec then = {time(NULL) - days * DAY_S, 0};
    const struct timespec times[2] = {then, then};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A new registry does not know the file yet. */
static void reopen(fixture *f)
{
    test_detach(f->registry);
    f->registry = test_open(f);
}

static void tasks_share_one_script(void **state)
{
    fixture *f = *state;
    run_task(f);
    const char *path = script(f);
    ino_t first = inode(path);
    run_task(f);
    reopen(f);
    run_task(f);
    assert_int_equal(inode(path), first);
    /* A task whose supervisor does more has another script. */
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {
        .command = "true", .shell = "sh", .stdin_path = test_work_path(f, "in")};
    assert_int_equal(mkfifo(test_work_path(f, "in"), 0600), 0);
    int names = test_count_names(test_session_path(f, ""));
    test_start(f->registry, &spec, id);
    assert_int_equal(test_count_names(test_session_path(f, "")), names + 1);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_take_completion(f->registry, id);
    run_task(f);
    assert_int_equal(inode(path), first);
}

static void a_missing_script_is_written_again(void **state)
{
    fixture *f = *state;
    run_task(f);
    test_remove_file(script(f));
    run_task(f);
    test_remove_file(script(f));
    reopen(f);
    run_task(f);
}

/* A shell may be reading the damaged file, so another one takes its name. */
static void expect_repair(fixture *f, const void *bytes, size_t size)
{
    size_t whole, again;
    char *before = test_read_file(script(f), &whole);
    for (int fresh = 0; fresh < 2; fresh++) {
        ino_t damaged = inode(script(f));
        test_write_file(script(f), bytes, size);
        if (fresh)
            reopen(f);
        run_task(f);
        assert_true(inode(script(f)) != damaged);
        char *after = test_read_file(script(f), &again);
        assert_int_equal(again, whole);
        assert_memory_equal(after, before, whole);
        free(after);
    }
    free(before);
}

static void a_damaged_script_is_replaced(void **state)
{
    fixture *f = *state;
    size_t size;
    run_task(f);
    expect_repair(f, "", 0);
    expect_repair(f, "exit 0\n", 7);
    char *text = test_read_file(script(f), &size);
    char *garbage = calloc(1, size + 1);
    expect_repair(f, garbage, size);     /* a hole of zeros */
    expect_repair(f, garbage, size + 1); /* too long */
    memcpy(garbage, text, size);
    expect_repair(f, garbage, size / 2); /* the end is missing */
    free(garbage);
    free(text);
}

static void a_script_that_cannot_be_read_is_replaced(void **state)
{
    fixture *f = *state;
    run_task(f);
    assert_int_equal(chmod(script(f), 0), 0);
    reopen(f);
    run_task(f);
}

static void a_link_or_fifo_is_replaced_and_not_followed(void **state)
{
    fixture *f = *state;
    const char *target = test_work_path(f, "target");
    run_task(f);
    char *path = strdup(script(f));
    test_write_file(target, "exit 0\n", 7);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    run_task(f);
    assert_int_equal(test_count_lines(target), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(target, path), 0);
    reopen(f);
    run_task(f);
    assert_int_equal(test_count_lines(target), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    run_task(f);
    free(path);
}

/* A directory cannot be replaced by a file: the start fails and leaves nothing. */
static void a_directory_in_its_place_is_named(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_task(f);
    char *path = strdup(script(f));
    assert_int_equal(unlink(path), 0);
    test_make_directory(path);
    int tasks = test_count_names(test_session_path(f, "tasks"));
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    const tether_spec spec = {.argv = argv};
    assert_int_not_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_OK);
    assert_non_null(strstr(f->error.message, strrchr(path, '/') + 1));
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), tasks);
    assert_int_equal(test_count_lifelines(f), tasks);
    assert_int_equal(rmdir(path), 0);
    run_task(f);
    free(path);
}

static void collect(fixture *f)
{
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
}

/* So a collection never removes one that a start has just found. */
static void a_start_renews_a_script_after_a_day(void **state)
{
    fixture *f = *state;
    run_task(f);
    for (int days = -40; days <= 40; days += 80) {
        set_age(script(f), days);
        run_task(f);
        assert_true(labs((long)(time(NULL) - written(script(f)))) < DAY_S);
        set_age(script(f), days);
        reopen(f);
        run_task(f);
        assert_true(labs((long)(time(NULL) - written(script(f)))) < DAY_S);
    }
}

static void a_collection_removes_scripts_that_no_task_uses(void **state)
{
    fixture *f = *state;
    run_task(f);
    const char *other = test_session_path(f, "wrapper-0123456789abcdef.sh");
    test_write_file(other, "old\n", 4);
    collect(f);
    assert_true(test_exists(other));
    set_age(other, 29);
    collect(f);
    assert_true(test_exists(other));
    set_age(other, 31);
    collect(f);
    assert_false(test_exists(other));
    assert_true(test_exists(script(f)));
}

/* A shell has read the whole script before the file is removed. */
static void a_running_task_does_not_need_its_script(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "await", test_work_path(f, "go"), "exit", "4",
                     NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 5);
    set_age(script(f), 31);
    collect(f);
    assert_null(test_find_name(test_session_path(f, ""), "wrapper-"));
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    test_take_completion(f->registry, id);
}

enum { THREADS = 6, STARTS = 5 };

typedef struct starter {
    tether_registry *registry;
    char ids[STARTS][TETHER_ID_SIZE];
    int code;
} starter;

static void start_in_thread(void *userdata)
{
    starter *s = userdata;
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    const tether_spec spec = {.argv = argv};
    for (int i = 0; i < STARTS && s->code == TETHER_OK; i++)
        s->code = tether_spawn(s->registry, &spec, s->ids[i], NULL);
}

/* Two registries, of which each starts tasks in several threads, with no script at first. */
static void starts_at_once_write_one_script(void **state)
{
    fixture *f = *state;
    uv_thread_t threads[THREADS];
    static starter starters[THREADS];
    tether_registry *second = test_open(f);
    for (int i = 0; i < THREADS; i++) {
        starters[i] = (starter){.registry = i % 2 == 0 ? f->registry : second};
        assert_int_equal(uv_thread_create(&threads[i], start_in_thread, &starters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(starters[i].code, TETHER_OK);
        for (int k = 0; k < STARTS; k++) {
            test_expect(starters[i].registry, starters[i].ids[k], TETHER_STATUS_COMPLETED, 0, NULL);
            test_take_completion(starters[i].registry, starters[i].ids[k]);
        }
    }
    test_detach(second);
    script(f);
    assert_null(test_find_name(test_session_path(f, ""), ".tmp-"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    test_use_scripts();
    const struct CMUnitTest tests[] = {
        TEST(tasks_share_one_script),
        TEST(a_missing_script_is_written_again),
        TEST(a_damaged_script_is_replaced),
        TEST(a_script_that_cannot_be_read_is_replaced),
        TEST(a_link_or_fifo_is_replaced_and_not_followed),
        TEST(a_directory_in_its_place_is_named),
        TEST(a_start_renews_a_script_after_a_day),
        TEST(a_collection_removes_scripts_that_no_task_uses),
        TEST(a_running_task_does_not_need_its_script),
        TEST(starts_at_once_write_one_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
