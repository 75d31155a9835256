/* A garbage collection that is killed, or fails, at each of its removals; and what killed hosts
 * leave in the store. */
#include "care/removable.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { ROOT_LEVEL = 1, SESSION_LEVEL = 2, LEVELS = 5 };

static bool has_strace(void)
{
    const char *const argv[] = {"strace", "-V", NULL};
    return test_command(argv, NULL, NULL) == 0;
}

/* Runs the command under strace, which does `fault` to its calls of one kind. Only the first thread
 * is traced: that one makes the changes. Returns the exit code, or 128 + SIGKILL. */
static int run_with_fault(const char *call, const char *fault, const char *const *command,
                          char **err)
{
    char inject[96], trace[64];
    /* The leak checker of a sanitizer traces its own process, which fails under strace. */
    const char *argv[32] = {"strace", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0",
                            "-e",     trace, "-e", inject};
    size_t count = 10;
    snprintf(trace, sizeof trace, "trace=%s", call);
    snprintf(inject, sizeof inject, "inject=%s:%s", call, fault);
    while (*command != NULL)
        argv[count++] = *command++;
    return test_command(argv, NULL, err);
}

static int count_left(const fixture *f)
{
    return test_count_lifelines(f) + test_count_names(test_session_path(f, "tasks"));
}

/* Runs "tether gc" and returns a member of its result. */
static json_t *collect(const char *store)
{
    char *out, *err;
    const char *const argv[] = {COMMAND, "--store",      store, "--json",
                                "gc",    "--older-than", "0",   NULL};
    if (test_command(argv, &out, &err) != 0)
        fail_msg("gc failed: %s", err);
    json_t *result = json_loads(out, 0, NULL);
    assert_non_null(result);
    free(out);
    free(err);
    return result;
}

static int member(const json_t *result, const char *name)
{
    return (int)json_integer_value(json_object_get(result, name));
}

static void create_task(fixture *f)
{
    char id[TETHER_ID_SIZE];
    tether_registry *registry = test_open(f);
    removable_create(registry, id);
    test_detach(registry);
}

/* The next collection finds whatever the one with the fault has left, and counts it. */
static void expect_next_collection_cleans(const fixture *f)
{
    bool left = count_left(f) > 0;
    json_t *result = collect(f->store);
    assert_int_equal(member(result, "removed") + member(result, "leftovers"), left);
    assert_int_equal(member(result, "kept"), 0);
    assert_int_equal(count_left(f), 0);
    assert_false(test_tree_has(f->store, ".tmp-"));
    json_decref(result);
}

static void collection_is_killed_at_every_removal(void **state)
{
    fixture *f = *state;
    const char *const gc[] = {COMMAND, "--store", f->store, "gc", "--older-than", "0", NULL};
    int code = 128 + SIGKILL, cleaned = 0;
    if (!has_strace())
        test_skip("strace is not installed");
    f->hosts_died = true;
    for (int nth = 1; code != 0; nth++) {
        char fault[64];
        create_task(f);
        snprintf(fault, sizeof fault, "signal=KILL:when=%d", nth);
        code = run_with_fault("unlinkat", fault, gc, NULL);
        assert_true(code == 0 || code == 128 + SIGKILL);
        cleaned += count_left(f) > 0;
        expect_next_collection_cleans(f);
    }
    /* The outputs, their directory and the lifeline. */
    assert_true(cleaned >= 4);
}

static void collection_fails_at_every_removal(void **state)
{
    fixture *f = *state;
    const char *const gc[] = {COMMAND, "--store", f->store, "gc", "--older-than", "0", NULL};
    if (!has_strace())
        test_skip("strace is not installed");
    int failed = 0;
    for (int nth = 1; nth <= 8; nth++) {
        for (int persistent = 0; persistent < 2; persistent++) {
            char fault[64];
            char *err;
            create_task(f);
            snprintf(fault, sizeof fault, "error=EIO:when=%d%s", nth, persistent ? "+" : "");
            int code = run_with_fault("unlinkat", fault, gc, &err);
            /* A collection that leaves anything says so, and one that does not succeeds. */
            assert_int_equal(code, count_left(f) > 0 ? 125 : 0);
            if (code != 0)
                assert_non_null(strstr(err, f->store));
            failed += code != 0;
            free(err);
            expect_next_collection_cleans(f);
        }
    }
    assert_true(failed >= 4);
}

/* The number of temporary files that were made old, by their level below the store. */
static int aged[LEVELS];

static int age_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    const struct timespec times[2] = {{st->st_mtime - 2 * 60 * 60, 0},
                                      {st->st_mtime - 2 * 60 * 60, 0}};
    (void)type;
    if (strncmp(path + where->base, ".tmp-", 5) != 0)
        return 0;
    assert_in_range(where->level, 1, LEVELS - 1);
    aged[where->level]++;
    return utimensat(AT_FDCWD, path, times, 0);
}

static int count_aged(void)
{
    int sum = 0;
    for (int i = 0; i < LEVELS; i++)
        sum += aged[i];
    return sum;
}

/* A living host may be writing a new file: it stays, except in a bundle without a record, which is
 * removed as a whole. */
static void expect_temporaries_go_when_old(const char *store)
{
    json_decref(collect(store));
    bool any = test_tree_has(store, ".tmp-");
    int before = count_aged();
    assert_int_equal(nftw(store, age_one, 16, FTW_PHYS), 0);
    /* The thread that collects garbage may have left one too. */
    int left = count_aged() - before;
    assert_int_equal(left > 0, any);
    json_t *result = collect(store);
    assert_int_equal(member(result, "leftovers"), left);
    assert_false(test_tree_has(store, ".tmp-"));
    json_decref(result);
}

/* Kills a host at each rename, where its temporary file is complete and has no other name yet. */
static void temporary_files_of_killed_hosts_are_removed(void **state)
{
    fixture *f = *state;
    int code = 128 + SIGKILL;
    if (!has_strace())
        test_skip("strace is not installed");
    memset(aged, 0, sizeof aged);
    for (int nth = 1; code != 0; nth++) {
        char fault[64];
        const char *store = test_work_path(f, "store-%d", nth);
        const char *const run[] = {COMMAND, "--store", store, "run", "--",
                                   CHILD,   "exit",    "0",   NULL};
        snprintf(fault, sizeof fault, "signal=KILL:when=%d", nth);
        code = run_with_fault("renameat", fault, run, NULL);
        assert_true(code == 0 || code == 128 + SIGKILL);
        expect_temporaries_go_when_old(store);
    }
    assert_true(aged[ROOT_LEVEL] > 0);
    assert_true(aged[SESSION_LEVEL] > 0);
}

static bool has_exit_line(const fixture *f, const char *id)
{
    char *text = test_read_file(test_exit_path(f, id), NULL);
    bool found = text != NULL && strstr(text, "exit 0") != NULL;
    free(text);
    return found;
}

/* Starts a task that exceeds its output limit, and returns when it has ended and no host knows. */
static void leave_untrimmed(const fixture *f, const char *gate)
{
    char *id;
    const char *const run[] = {COMMAND,          "--store", f->store, "run", "--output", "direct",
                               "--output-limit", "100",     "--",     CHILD, "await",    gate,
                               "flood",          "5000",    NULL};
    assert_int_equal(test_command(run, &id, NULL), 0);
    id[strcspn(id, "\n")] = '\0';
    test_write_file(gate, "", 0);
    WAIT_UNTIL(has_exit_line(f, id));
    free(id);
}

/* The same for an output that is cut to its limit. The next host that cuts it removes the file that
 * was left. */
static void temporary_files_in_bundles_are_removed(void **state)
{
    fixture *f = *state;
    const char *const status[] = {COMMAND, "--store", f->store, "status", "@last", NULL};
    int code = 128 + SIGKILL, left = 0;
    if (!has_strace())
        test_skip("strace is not installed");
    f->hosts_died = true;
    for (int nth = 1; code != 0; nth++) {
        char fault[64];
        leave_untrimmed(f, test_work_path(f, "gate-%d", nth));
        snprintf(fault, sizeof fault, "signal=KILL:when=%d", nth);
        code = run_with_fault("renameat", fault, status, NULL);
        assert_true(code == 0 || code == 128 + SIGKILL);
        left += test_tree_has(test_session_path(f, "tasks"), ".tmp-");
        expect_temporaries_go_when_old(f->store);
    }
    assert_true(left > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(collection_is_killed_at_every_removal, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(collection_fails_at_every_removal, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(temporary_files_of_killed_hosts_are_removed, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(temporary_files_in_bundles_are_removed, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
