/* Ephemeral stores, which are removed with their owner: after a close, after the owner was killed,
 * and while other hosts open and remove theirs. */
#include "support/support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "store/ephemeral.h"
#include "engine/core.h"

#define WITH_RUNTIME(test) cmocka_unit_test_setup_teardown(test, setup, test_teardown)

/* The runtime directory is f->work. A default store, opened by mistake, would be in f->store. */
static int setup(void **state)
{
    test_setup(state);
    fixture *f = *state;
    assert_int_equal(uv_os_setenv("XDG_RUNTIME_DIR", f->work), 0);
    assert_int_equal(uv_os_setenv("XDG_STATE_HOME", f->store), 0);
    return 0;
}

static const char *base_path(fixture *f)
{
    return test_work_path(f, "tether-ephemeral");
}

/* Counts the names in the base folder: each owner has a store and a lock. */
static int count_names(fixture *f)
{
    return test_count_names(base_path(f));
}

static int open_ephemeral(tether_registry **registry, tether_error *error)
{
    tether_open_options options = {
        .size = sizeof options, .ephemeral = 1, .reaper = test_reaper_mode(), .no_gc = 1};
    return tether_open(&options, registry, error);
}

static tether_registry *must_open(fixture *f)
{
    tether_registry *registry;
    ASSERT_OK(open_ephemeral(&registry, &f->error), f->error);
    return registry;
}

static void must_close(fixture *f, tether_registry *registry, tether_close_mode mode)
{
    ASSERT_OK(tether_close(registry, mode, &f->error), f->error);
}

static const char *store_path(tether_registry *registry)
{
    return tether__os_dir_path(registry->store.root);
}

static void a_store_is_private_and_removed_by_the_close(void **state)
{
    fixture *f = *state;
    char owner_line[64];
    size_t size;
    struct stat st;
    tether_registry *registry = must_open(f);
    assert_int_equal(count_names(f), 2);
    assert_int_equal(lstat(base_path(f), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(lstat(store_path(registry), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    snprintf(owner_line, sizeof owner_line, "owner pid=%ld start=", (long)getpid());
    char owner_path[600];
    snprintf(owner_path, sizeof owner_path, "%s/owner", store_path(registry));
    char *text = test_read_file(owner_path, &size);
    assert_non_null(text);
    assert_int_equal(strncmp(text, owner_line, strlen(owner_line)), 0);
    free(text);

    must_close(f, registry, TETHER_DETACH);
    assert_int_equal(count_names(f), 0);
}

/* Starts a task in any registry. */
static void start(tether_registry *registry, const char *command, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = command};
    test_start(registry, &spec, id);
}

static void tasks_work_and_are_killed_with_the_store(void **state)
{
    fixture *f = *state;
    for (int mode = TETHER_DETACH; mode <= TETHER_SHUTDOWN; mode++) {
        char id[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
        tether_registry *registry = must_open(f);
        start(registry, "echo words; exit 3", id);
        start(registry, "echo; sleep 600", running);
        test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
        size_t size;
        char *text = test_output(registry, id, TETHER_STDOUT, &size);
        assert_string_equal(text, "words\n");
        free(text);
        test_wait_output(registry, running, TETHER_STDOUT, 1);
        tether_snapshot *snapshot;
        ASSERT_OK(tether_status_get(registry, running, &snapshot, &f->error), f->error);
        long pid = (long)snapshot->child_pid;
        tether_snapshot_free(snapshot);
        assert_true(test_process_alive(pid));
        must_close(f, registry, (tether_close_mode)mode);
        assert_false(test_process_alive(pid));
        assert_int_equal(count_names(f), 0);
        /* Nothing but the base folder was created. */
        assert_int_equal(test_count_names(f->work), 1);
        assert_int_equal(test_count_names(f->store), 0);
    }
}

/* The task ends right before the close, when its supervisor may still be running. */
static void a_task_that_ends_at_the_close_keeps_no_store(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 30; i++) {
        char id[TETHER_ID_SIZE];
        tether_registry *registry = must_open(f);
        start(registry, "true", id);
        if (i % 2 == 0)
            test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        must_close(f, registry, TETHER_DETACH);
        assert_int_equal(count_names(f), 0);
    }
}

static void two_stores_are_separate(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *first = must_open(f);
    tether_registry *second = must_open(f);
    assert_string_not_equal(store_path(first), store_path(second));
    assert_int_equal(count_names(f), 4);
    start(first, "exit 5", id);
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(second, id, &snapshot, NULL), TETHER_ENOTASK);
    must_close(f, second, TETHER_DETACH);
    assert_int_equal(count_names(f), 2);
    test_expect(first, id, TETHER_STATUS_FAILED, 5, NULL);
    must_close(f, first, TETHER_DETACH);
    assert_int_equal(count_names(f), 0);
}

/* --- Owners that are killed --- */

typedef struct owner {
    const char *command; /* NULL: no task */
    atomic_bool ready;
    long task_pid;
} owner;

static void own_until_killed(fixture *f, void *userdata)
{
    owner *o = userdata;
    tether_registry *registry;
    HOST_OK(open_ephemeral(&registry, &f->error), f->error);
    if (o->command != NULL) {
        char id[TETHER_ID_SIZE];
        tether_snapshot *snapshot;
        tether_spec spec = {.command = o->command};
        HOST_OK(tether_spawn(registry, &spec, id, &f->error), f->error);
        HOST_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
        o->task_pid = (long)snapshot->child_pid;
        tether_snapshot_free(snapshot);
    }
    atomic_store(&o->ready, true);
    for (;;)
        pause();
}

/* Forks an owner, lets it start its task, and kills it. The caller unshares the result. */
static owner *fork_and_kill_owner(fixture *f, const char *command)
{
    owner *o = test_shared(sizeof *o);
    o->command = command;
    long pid = test_fork_host(own_until_killed, f, o);
    WAIT_UNTIL(atomic_load(&o->ready));
    test_kill_host(pid);
    f->hosts_died = true;
    return o;
}

static void the_next_open_removes_the_store_of_a_killed_owner(void **state)
{
    fixture *f = *state;
    test_unshare(fork_and_kill_owner(f, NULL), sizeof(owner));
    assert_int_equal(count_names(f), 2);
    test_unshare(fork_and_kill_owner(f, NULL), sizeof(owner));
    assert_int_equal(count_names(f), 2);
    tether_registry *registry = must_open(f);
    assert_int_equal(count_names(f), 2);
    must_close(f, registry, TETHER_DETACH);
    assert_int_equal(count_names(f), 0);
}

static void a_store_with_a_running_task_stays_until_its_end(void **state)
{
    fixture *f = *state;
    char command[700], gate[600];
    snprintf(gate, sizeof gate, "%s", test_work_path(f, "gate"));
    snprintf(command, sizeof command, "until [ -e '%s' ]; do sleep 0.02; done", gate);
    owner *o = fork_and_kill_owner(f, command);
    assert_true(o->task_pid > 0);
    for (int i = 0; i < 3; i++) {
        tether_registry *registry = must_open(f);
        assert_int_equal(count_names(f), 4);
        must_close(f, registry, TETHER_DETACH);
        assert_int_equal(count_names(f), 2);
        assert_true(test_process_alive(o->task_pid));
    }
    test_write_file(gate, "", 0);
    WAIT_UNTIL(!test_process_alive(o->task_pid));
    tether_registry *registry = must_open(f);
    assert_int_equal(count_names(f), 2);
    must_close(f, registry, TETHER_DETACH);
    assert_int_equal(count_names(f), 0);
    test_unshare(o, sizeof *o);
}

/* A crash may leave a store without a lock or a lock without a store. The other three names are not
 * those of a store or a lock, and stay. */
static void incomplete_stores_are_removed_and_other_files_are_kept(void **state)
{
    fixture *f = *state;
    must_close(f, must_open(f), TETHER_DETACH);
    assert_int_equal(mkdir(test_work_path(f, "tether-ephemeral/0123456789abcdef"), 0700), 0);
    test_write_file(test_work_path(f, "tether-ephemeral/0123456789abcdef/FORMAT"), "x", 1);
    test_write_file(test_work_path(f, "tether-ephemeral/fedcba9876543210.lock"), "", 0);
    test_write_file(test_work_path(f, "tether-ephemeral/notes"), "", 0);
    test_write_file(test_work_path(f, "tether-ephemeral/0123456789abcdef.locks"), "", 0);
    assert_int_equal(mkdir(test_work_path(f, "tether-ephemeral/0123456789abcde"), 0700), 0);
    assert_int_equal(count_names(f), 5);
    must_close(f, must_open(f), TETHER_DETACH);
    assert_int_equal(count_names(f), 3);
}

/* --- Many hosts at once --- */

enum { OPENERS = 6, TURNS = 12 };

static void open_and_close(fixture *f, void *userdata)
{
    bool *die_early = userdata;
    for (int i = 0; i < TURNS; i++) {
        char id[TETHER_ID_SIZE];
        tether_registry *registry;
        tether_spec spec = {.command = "exit 7"};
        tether_snapshot *snapshot;
        HOST_OK(open_ephemeral(&registry, &f->error), f->error);
        HOST_OK(tether_spawn(registry, &spec, id, &f->error), f->error);
        const char *const wanted = id;
        HOST_OK(tether_wait(registry, &wanted, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
                f->error);
        HOST_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
        HOST_ASSERT(snapshot->exit_code == 7);
        tether_snapshot_free(snapshot);
        if (*die_early && i == TURNS / 2)
            _exit(0);
        HOST_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    }
}

/* Each open removes the stores of dead owners, while other hosts create and remove theirs. No host
 * loses a store that is in use. */
static void no_open_removes_the_store_of_another(void **state)
{
    fixture *f = *state;
    long pids[OPENERS];
    bool *die_early = test_shared(sizeof *die_early);
    for (int i = 0; i < OPENERS; i++) {
        *die_early = false;
        pids[i] = test_fork_host(open_and_close, f, die_early);
    }
    for (int i = 0; i < OPENERS; i++)
        assert_int_equal(test_join_host(pids[i]), 0);
    assert_int_equal(count_names(f), 0);

    /* The same with owners that exit without a close. */
    *die_early = true;
    for (int i = 0; i < OPENERS; i++)
        pids[i] = test_fork_host(open_and_close, f, die_early);
    for (int i = 0; i < OPENERS; i++)
        assert_int_equal(test_join_host(pids[i]), 0);
    f->hosts_died = true;
    /* A supervisor may run for a moment after it wrote its exit line. */
    WAIT_UNTIL((must_close(f, must_open(f), TETHER_DETACH), count_names(f) == 0));
    test_unshare(die_early, sizeof *die_early);
}

/* --- Refusals --- */

static void expect_refusal(fixture *f)
{
    tether_registry *registry;
    assert_int_equal(open_ephemeral(&registry, &f->error), TETHER_ESTORE);
    assert_null(registry);
    assert_non_null(strstr(f->error.message, "tether-ephemeral"));
    assert_non_null(strstr(f->error.message, "XDG_RUNTIME_DIR"));
}

static void a_hostile_base_folder_is_refused(void **state)
{
    fixture *f = *state;
    char base[600];
    snprintf(base, sizeof base, "%s", base_path(f));
    assert_int_equal(symlink(f->store, base), 0);
    expect_refusal(f);
    assert_int_equal(test_count_names(f->store), 0);
    assert_int_equal(unlink(base), 0);

    test_write_file(base, "", 0);
    expect_refusal(f);
    assert_int_equal(unlink(base), 0);

    assert_int_equal(mkdir(base, 0700), 0);
    assert_int_equal(chmod(base, 0777), 0);
    expect_refusal(f);
    assert_int_equal(chmod(base, 0700), 0);
    assert_int_equal(count_names(f), 0);
    must_close(f, must_open(f), TETHER_DETACH);
}

static void the_base_folder_of_another_user_is_refused(void **state)
{
    fixture *f = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    assert_int_equal(mkdir(base_path(f), 0700), 0);
    assert_int_equal(chown(base_path(f), 12345, (gid_t)-1), 0);
    expect_refusal(f);
    assert_int_equal(count_names(f), 0);
}

/* Links and a FIFO under the names of locks and a store: an open neither follows a link nor blocks
 * on the FIFO. */
static void planted_locks_do_no_harm(void **state)
{
    fixture *f = *state;
    char outside[600];
    snprintf(outside, sizeof outside, "%s", test_path(f, "outside"));
    test_write_file(outside, "precious", 8);
    assert_int_equal(mkdir(base_path(f), 0700), 0);
    assert_int_equal(
        symlink(outside, test_work_path(f, "tether-ephemeral/%s.lock", "0123456789abcdef")), 0);
    assert_int_equal(
        mkfifo(test_work_path(f, "tether-ephemeral/%s.lock", "1123456789abcdef"), 0600), 0);
    assert_int_equal(
        symlink(f->store, test_work_path(f, "tether-ephemeral/%s", "2123456789abcdef")), 0);
    must_close(f, must_open(f), TETHER_DETACH);
    size_t size;
    char *text = test_read_file(outside, &size);
    assert_string_equal(text, "precious");
    free(text);
}

static void options_that_exclude_each_other_are_refused(void **state)
{
    fixture *f = *state;
    tether_registry *registry;
    tether_open_options options = {.size = sizeof options, .store = f->store, .ephemeral = 1};
    assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_EINVAL);
    assert_null(registry);
    assert_int_equal(test_count_names(f->store), 0);
    assert_int_equal(test_count_names(f->work), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUNTIME(a_store_is_private_and_removed_by_the_close),
        WITH_RUNTIME(tasks_work_and_are_killed_with_the_store),
        WITH_RUNTIME(a_task_that_ends_at_the_close_keeps_no_store),
        WITH_RUNTIME(two_stores_are_separate),
        WITH_RUNTIME(the_next_open_removes_the_store_of_a_killed_owner),
        WITH_RUNTIME(a_store_with_a_running_task_stays_until_its_end),
        WITH_RUNTIME(incomplete_stores_are_removed_and_other_files_are_kept),
        WITH_RUNTIME(no_open_removes_the_store_of_another),
        WITH_RUNTIME(a_hostile_base_folder_is_refused),
        WITH_RUNTIME(the_base_folder_of_another_user_is_refused),
        WITH_RUNTIME(planted_locks_do_no_harm),
        WITH_RUNTIME(options_that_exclude_each_other_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
