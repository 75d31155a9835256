/* Faults of the machine: full disks, resource limits, arguments that are too long, missing files.
 * Each either has no effect, or returns a specific error and leaves nothing behind. */
#include "support/support.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/posix/machine.h"
#include "support/posix/small_disk.h"

/* Unused user ids, a different one for each run: RLIMIT_NPROC counts all processes of a user, and
 * two runs of this test may overlap. */
enum { FIRST_UNPRIVILEGED = 40000, UNPRIVILEGED_USERS = 20000 };

/* Asserts that a start fails with this code, gives an empty id and a complete error, and leaves no
 * bundle, lifeline or descriptor. Copies the error to f->error. */
static void check_refused(fixture *f, tether_registry *registry, const tether_spec *spec, int code)
{
    char id[TETHER_ID_SIZE];
    int bundles = test_count_names(test_session_path(f, "tasks"));
    int lifelines = test_count_lifelines(f);
    int fds = test_count_fds();
    tether_error error = {0};
    int result = tether_spawn(registry, spec, id, &error);
    if (result != code)
        fail_msg("%s instead of %s: %s", tether_error_name(result), tether_error_name(code),
                 error.message);
    assert_int_equal(error.code, code);
    assert_string_not_equal(error.step, "");
    assert_string_not_equal(error.message, "");
    assert_string_equal(id, "");
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), bundles);
    assert_int_equal(test_count_lifelines(f), lifelines);
    /* Poll: a polling reaper has descriptors open for moments. The teardown counts again after the
     * reaper has stopped. */
    WAIT_UNTIL(test_count_fds() <= fds);
    f->error = error;
}

static void unusable_specs_are_refused(void **state)
{
    fixture *f = *state;
    const char *const none[] = {NULL}, *const empty[] = {"", NULL}, *const ok[] = {CHILD, NULL},
                      *const missing[] = {"tether-no-such-program", NULL},
                      *const missing_path[] = {"/none/such", NULL},
                      *const no_program[] = {"/dev/null", NULL}, *const folder[] = {"/tmp", NULL},
                      *const bad_env[] = {"NOEQUALS", NULL}, *const bad_unset[] = {"A=1", NULL},
                      *const too_many[] = {"1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
                                           "10", "11", "12", "13", "14", "15", "16", "17", NULL};
    const struct {
        tether_spec spec;
        int code;
    } cases[] = {
        {{0}, TETHER_EINVAL},
        {{.argv = none}, TETHER_EINVAL},
        {{.argv = empty}, TETHER_EINVAL},
        {{.argv = ok, .command = "exit 0"}, TETHER_EINVAL},
        {{.argv = ok, .shell = "sh"}, TETHER_EINVAL},
        {{.argv = ok, .timeout_ms = -2}, TETHER_EINVAL},
        {{.argv = ok, .name = ""}, TETHER_EINVAL},
        {{.command = "a\0b", .command_size = 3}, TETHER_EINVAL},
        {{.argv = ok, .env_set = bad_env}, TETHER_EINVAL},
        {{.argv = ok, .env_unset = bad_unset}, TETHER_EINVAL},
        {{.argv = ok, .login = true}, TETHER_EINVAL},
        {{.argv = ok, .shell_arguments = ok}, TETHER_EINVAL},
        {{.command = "exit 0", .shell_arguments = too_many}, TETHER_EINVAL},
        {{.command = "exit 0", .shell = CHILD, .login = true}, TETHER_ENOTSUP},
        {{.argv = ok, .inherit_stdin = true, .stdin_path = "/dev/null"}, TETHER_EINVAL},
        {{.argv = ok, .stdin_path = "/none/such"}, TETHER_EINVAL},
        {{.argv = missing}, TETHER_ENOPROGRAM},
        {{.argv = missing_path}, TETHER_ENOPROGRAM},
        {{.argv = no_program}, TETHER_ENOEXEC},
        {{.argv = folder}, TETHER_ENOEXEC},
        {{.command = "exit 0", .shell = "tether-no-such-shell"}, TETHER_ENOSHELL},
        {{.command = "exit 0", .shell = "/dev/null"}, TETHER_ENOEXEC},
        {{.argv = ok, .workdir = "/none/such"}, TETHER_EWORKDIR},
        {{.argv = ok, .workdir = "/dev/null"}, TETHER_EWORKDIR},
        {{.argv = ok, .project_root = "/none/such"}, TETHER_EWORKDIR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(f, f->registry, &cases[i].spec, cases[i].code);
    check_refused(f, f->registry, NULL, TETHER_EINVAL);
}

static char *make_entry(const char *name, size_t size)
{
    char *entry = malloc(size + 1);
    assert_non_null(entry);
    memset(entry, 'v', size);
    entry[size] = '\0';
    memcpy(entry, name, strlen(name));
    return entry;
}

static void an_error_names_what_is_too_large(void **state)
{
    fixture *f = *state;
    enum { PARTS = 70, PART_BYTES = 100 * 1024, KERNEL_LIMIT = 128 * 1024 };
    char *value = make_entry("HUGE_VALUE=", KERNEL_LIMIT);
    const char *const one[] = {value, NULL};
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    tether_spec spec = {.argv = argv, .env_set = one};
    check_refused(f, f->registry, &spec, TETHER_ETOOBIG);
    assert_non_null(strstr(f->error.message, "HUGE_VALUE"));
    free(value);

    char *parts[PARTS + 1] = {NULL};
    for (int i = 0; i < PARTS; i++) {
        char name[32];
        snprintf(name, sizeof name, "PART_%d=", i);
        parts[i] = make_entry(name, PART_BYTES + (i == 33 ? 100 : 0));
    }
    spec.env_set = (const char *const *)parts;
    check_refused(f, f->registry, &spec, TETHER_ETOOBIG);
    assert_non_null(strstr(f->error.message, "PART_33"));
    for (int i = 0; i < PARTS; i++)
        free(parts[i]);

    char *argument = make_entry("begin", 1024 * 1024);
    const char *const long_argv[] = {CHILD, "out", argument, NULL};
    spec = (tether_spec){.argv = long_argv};
    check_refused(f, f->registry, &spec, TETHER_ETOOBIG);
    free(argument);

    /* The largest value that fits. */
    char id[TETHER_ID_SIZE];
    value = make_entry("BIG_VALUE=", KERNEL_LIMIT - 1);
    const char *const fits[] = {value, NULL};
    spec = (tether_spec){.argv = argv, .env_set = fits};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    free(value);
}

static bool runs_in_journal(const fixture *f, const char *id)
{
    char *status = test_record_text(f, id, "status");
    bool runs = strcmp(status, "running") == 0;
    free(status);
    return runs;
}

/* Fills up the journal's last block, so that on a full disk no line fits. The host must
 * have written before that the task runs. */
static void pad_journal(const fixture *f)
{
    enum { BLOCK = 4096 };
    const char *path = test_session_path(f, "journal/journal.jsonl");
    struct stat st;
    char line[2 * BLOCK];
    assert_int_equal(stat(path, &st), 0);
    int size = 2 * BLOCK - (int)(st.st_size % BLOCK);
    snprintf(line, sizeof line, "{\"padding\":\"%0*d\"}\n",
             size - (int)strlen("{\"padding\":\"\"}\n"), 0);
    assert_int_equal(strlen(line), size);
    FILE *journal = fopen(path, "a");
    assert_non_null(journal);
    assert_true(fputs(line, journal) >= 0);
    assert_int_equal(fclose(journal), 0);
}

static void full_disk_refuses_a_start(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    tether_spec spec = {.command = "exit 3"};
    test_start(registry, &spec, id);
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    small_disk_fill(path);
    for (int i = 0; i < 3; i++)
        check_refused(&f, registry, &spec, TETHER_ENOSPACE);
    small_disk_empty(path);
    test_start(registry, &spec, id);
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_detach(registry);
    small_disk_unmount(path);
}

/* Leaves 0, 1, 2, ... free pages, so that each step of a start finds the disk full once. */
static void almost_full_disk_starts_a_task_or_leaves_nothing(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    tether_spec spec = {.command = "exit 3"};
    test_start(registry, &spec, id);
    test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
    int started = 0, refused = 0;
    for (int pages = 0; pages < 12; pages++) {
        char file[1100];
        small_disk_fill(path);
        snprintf(file, sizeof file, "%s/filler", path);
        struct stat st;
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(truncate(file, st.st_size - pages * 4096L), 0);
        int tasks = test_count_names(test_session_path(&f, "tasks"));
        int code = tether_spawn(registry, &spec, id, &f.error);
        assert_true(code == TETHER_OK || code == TETHER_ENOSPACE);
        started += code == TETHER_OK;
        refused += code != TETHER_OK;
        if (code == TETHER_OK) {
            small_disk_empty(path);
            test_expect(registry, id, TETHER_STATUS_FAILED, 3, NULL);
        } else {
            assert_int_equal(test_count_names(test_session_path(&f, "tasks")), tasks);
            assert_int_equal(test_count_lifelines(&f), tasks);
            small_disk_empty(path);
        }
    }
    assert_true(started > 0);
    assert_true(refused > 0);
    test_detach(registry);
    small_disk_unmount(path);
}

static void full_disk_loses_output_but_no_exit_code(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    tether_spec spec = {.command = CHILD " flood 1000000; exit 5"};
    test_start(registry, &spec, id);
    test_expect(registry, id, TETHER_STATUS_FAILED, 5, NULL);
    test_detach(registry);
    small_disk_unmount(path);
}

static void full_disk_at_the_end_loses_no_exit_code(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    test_start_child(registry, id, "out", "ready", "await", test_work_path(&f, "gate"), "exit", "7",
                     NULL);
    test_wait_output(registry, id, TETHER_STDOUT, 6);
    WAIT_UNTIL(runs_in_journal(&f, id));
    pad_journal(&f);
    small_disk_fill(path);
    test_write_file(test_work_path(&f, "gate"), "", 0);
    test_expect(registry, id, TETHER_STATUS_FAILED, 7, NULL);
    /* The record cannot be written. Another host gets the same end from the marker, whose disk
     * space is reserved at the start. */
    tether_registry *other = test_open(&f);
    test_expect(other, id, TETHER_STATUS_FAILED, 7, NULL);
    char *status = test_record_text(&f, id, "status");
    assert_string_not_equal(status, "failed");
    free(status);
    small_disk_empty(path);
    test_expect(registry, id, TETHER_STATUS_FAILED, 7, NULL);
    status = test_record_text(&f, id, "status");
    assert_string_equal(status, "failed");
    free(status);
    test_expect(other, id, TETHER_STATUS_FAILED, 7, NULL);
    test_take_completion(other, id);
    test_detach(other);
    test_detach(registry);
    small_disk_unmount(path);
}

static void read_only_store_can_be_read_and_refuses_changes(void **state)
{
    char store[1100], id[TETHER_ID_SIZE];
    char *path = small_disk_mount(*state, "size=512k,mode=700");
    fixture f = small_disk_store(*state, path, store, sizeof store);
    tether_registry *registry = test_open(&f);
    test_start_child(registry, id, "out", "text", "exit", "6", NULL);
    test_expect(registry, id, TETHER_STATUS_FAILED, 6, NULL);
    test_detach(registry);
    assert_true(machine_make_read_only(path));
    tether_spec spec = {.command = "exit 0"};
    registry = test_open(&f);
    test_expect(registry, id, TETHER_STATUS_FAILED, 6, NULL);
    assert_int_equal(test_pending(registry, id), 1);
    assert_int_equal(tether_completion_ack(registry, id, NULL, &f.error), TETHER_EACCESS);
    check_refused(&f, registry, &spec, TETHER_EACCESS);
    test_detach(registry);
    small_disk_unmount(path);
}

/* Makes the host a user without privileges, who is subject to RLIMIT_NPROC. */
static void become_unprivileged(const fixture *f, uid_t user)
{
    HOST_ASSERT(setgroups(0, NULL) == 0);
    HOST_ASSERT(setgid(user) == 0 && setuid(user) == 0);
    HOST_ASSERT(machine_be_visible());
    HOST_ASSERT(access(f->store, W_OK) == 0);
}

static void limit_processes(rlim_t count)
{
    struct rlimit limit;
    HOST_ASSERT(getrlimit(RLIMIT_NPROC, &limit) == 0);
    limit.rlim_cur = count;
    HOST_ASSERT(setrlimit(RLIMIT_NPROC, &limit) == 0);
}

/* Counts the processes of a user, including zombies: they count for RLIMIT_NPROC, even those that
 * this process cannot reap. */
static int count_processes_of(uid_t user)
{
    int count = 0;
    struct stat st;
    DIR *proc = opendir("/proc");
    HOST_ASSERT(proc != NULL);
    for (struct dirent *item; (item = readdir(proc)) != NULL;) {
        if (isdigit((unsigned char)item->d_name[0]) &&
            fstatat(dirfd(proc), item->d_name, &st, 0) == 0 && st.st_uid == user)
            count++;
    }
    closedir(proc);
    return count;
}

static void run_at_the_limit(fixture *f, void *userdata)
{
    const uid_t *user = userdata;
    char id[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    tether_error error = {0};
    tether_registry *registry;
    tether_snapshot *snapshot;
    /* Threads count too: no background collection, whose thread would start and end. */
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    const char *const sleeper[] = {"/bin/sleep", "1000", NULL}, *const quick[] = {"/bin/true",
                                                                                  NULL};
    tether_spec spec = {.argv = sleeper};
    become_unprivileged(f, *user);
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_spawn(registry, &spec, running, &error), error);
    int tasks = test_count_names(test_session_path(f, "tasks"));
    /* In use are the host's threads (a sanitizer adds one), the supervisor and the sleeper. The
     * limit is one less, so that nothing more starts now, and one supervisor without a command fits
     * once both have ended. */
    limit_processes((rlim_t)machine_count_threads() + 1);
    spec.argv = quick;
    for (int i = 0; i < 3; i++) {
        HOST_ASSERT(tether_spawn(registry, &spec, id, &error) == TETHER_ELIMIT);
        HOST_ASSERT(id[0] == '\0');
        HOST_ASSERT(test_count_names(test_session_path(f, "tasks")) == tasks);
        HOST_ASSERT(test_count_lifelines(f) == tasks);
    }
    HOST_OK(tether_kill(registry, running, NULL, &error), error);
    HOST_OK(tether_status_get(registry, running, &snapshot, &error), error);
    HOST_ASSERT(snapshot->status == TETHER_STATUS_KILLED);
    tether_snapshot_free(snapshot);
    /* The sleeper is not a child of this process: init reaps it some time later. */
    while (test_has_child() || count_processes_of(*user) > 1)
        test_pause();
    /* Now the supervisor starts, but cannot fork the command. */
    const char *one = id;
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    HOST_OK(tether_wait(registry, &one, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    HOST_ASSERT(snapshot->status == TETHER_STATUS_FAILED);
    HOST_ASSERT(snapshot->exit_code == 126);
    HOST_ASSERT(snapshot->reason != NULL);
    HOST_ASSERT(strcmp(snapshot->reason, "no process could be started for the command") == 0);
    tether_snapshot_free(snapshot);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

static void limit_of_processes_is_reported(void **state)
{
    fixture *f = *state;
    if (geteuid() != 0)
        test_skip("needs root");
    if (machine_count_threads() == 0)
        test_skip("the threads cannot be counted here");
    uid_t user = FIRST_UNPRIVILEGED + (uid_t)getpid() % UNPRIVILEGED_USERS;
    assert_int_equal(chown(f->store, user, user), 0);
    assert_int_equal(test_join_host(test_fork_host(run_at_the_limit, f, &user)), 0);
    assert_int_equal(chown(f->store, 0, 0), 0);
}

/* An acknowledgement or lease that cannot be written leaves the completion pending. */
static void lease_and_ack_without_space(fixture *f, void *userdata)
{
    (void)userdata;
    struct rlimit before, none;
    char id[TETHER_ID_SIZE];
    bool fresh = true;
    tether_error error = {0};
    tether_registry *registry;
    tether_snapshot_list *list;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    tether_spec spec = {.argv = argv};
    const char *one = id;
    HOST_OK(tether_open(&options, &registry, &error), error);
    /* Creates the holder's file before the file size limit. */
    HOST_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    tether_snapshot_list_free(list);
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    HOST_OK(tether_wait(registry, &one, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);

    HOST_ASSERT(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    HOST_ASSERT(getrlimit(RLIMIT_FSIZE, &before) == 0);
    none = before;
    none.rlim_cur = 0;
    HOST_ASSERT(setrlimit(RLIMIT_FSIZE, &none) == 0);
    HOST_ASSERT(tether_completions_lease(registry, NULL, &list, &error) != TETHER_OK);
    HOST_ASSERT(tether_completions_drain(registry, NULL, &list, &error) != TETHER_OK);
    HOST_ASSERT(list == NULL);
    HOST_ASSERT(tether_completion_ack(registry, id, &fresh, &error) != TETHER_OK);
    HOST_ASSERT(!fresh);

    HOST_ASSERT(setrlimit(RLIMIT_FSIZE, &before) == 0);
    HOST_OK(tether_completions_peek(registry, NULL, &list, &error), error);
    HOST_ASSERT(list->count == 1);
    tether_snapshot_list_free(list);
    HOST_OK(tether_completions_drain(registry, NULL, &list, &error), error);
    HOST_ASSERT(list->count == 1);
    tether_snapshot_list_free(list);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

static void completions_that_cannot_be_written_stay_pending(void **state)
{
    fixture *f = *state;
    assert_int_equal(test_join_host(test_fork_host(lease_and_ack_without_space, f, NULL)), 0);
}

static void limit_of_descriptors_is_reported(void **state)
{
    fixture *f = *state;
    char running[TETHER_ID_SIZE];
    test_start_child(f->registry, running, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, running, TETHER_STDOUT, 6);
    struct rlimit before, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tether_spec spec = {.command = "exit 0"};
    int refused = 0;
    bool started = false;
    int tasks = test_count_names(test_session_path(f, "tasks"));
    /* Raises the limit step by step until a start succeeds. Each limit fails another step of it. */
    for (rlim_t limit = 1; !started && limit < 64; limit++) {
        char id[TETHER_ID_SIZE];
        low = before;
        low.rlim_cur = (rlim_t)test_count_fds() - 3 + limit;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
        int code = tether_spawn(f->registry, &spec, id, &f->error);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        started = code == TETHER_OK;
        if (started) {
            tether_snapshot_free(test_wait(f->registry, id));
            break;
        }
        if (code != TETHER_ELIMIT)
            fail_msg("with %d descriptors: %s: %s", (int)limit, tether_error_name(code),
                     f->error.message);
        refused++;
        assert_string_equal(id, "");
        assert_int_equal(test_count_names(test_session_path(f, "tasks")), tasks);
        assert_int_equal(test_count_lifelines(f), tasks);
    }
    assert_true(started);
    assert_true(refused > 0);

    /* A kill needs only a few descriptors at a time. */
    low = before;
    low.rlim_cur = (rlim_t)test_count_fds() + 8;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int code = tether_kill(f->registry, running, NULL, &f->error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_OK(code, f->error);
    test_expect(f->registry, running, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
}

/* A registry asks for the limit once, and again before it refuses a start. */
static void a_limit_of_arguments_may_be_raised(void **state)
{
    fixture *f = *state;
    enum { ARGUMENT_BYTES = 90 * 1024, LOW_STACK = 512 * 1024 };
    char id[TETHER_ID_SIZE];
    struct rlimit before, low;
    char *argument = make_entry("begin", ARGUMENT_BYTES);
    const char *const few[] = {CHILD, "exit", "0", NULL};
    const char *const many[] = {CHILD, "argv", argument, argument, NULL};
    tether_spec spec = {.argv = few};
    assert_int_equal(getrlimit(RLIMIT_STACK, &before), 0);
    low = before;
    low.rlim_cur = LOW_STACK;
    assert_int_equal(setrlimit(RLIMIT_STACK, &low), 0);
    int started = tether_spawn(f->registry, &spec, id, &f->error);
    spec.argv = many;
    check_refused(f, f->registry, &spec, TETHER_ETOOBIG);
    assert_int_equal(setrlimit(RLIMIT_STACK, &before), 0);
    assert_int_equal(started, TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
    free(argument);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(unusable_specs_are_refused),
        WITH_REGISTRY(an_error_names_what_is_too_large),
        WITH_STORE(full_disk_refuses_a_start),
        WITH_STORE(almost_full_disk_starts_a_task_or_leaves_nothing),
        WITH_STORE(full_disk_loses_output_but_no_exit_code),
        WITH_STORE(full_disk_at_the_end_loses_no_exit_code),
        WITH_STORE(read_only_store_can_be_read_and_refuses_changes),
        WITH_STORE(limit_of_processes_is_reported),
        WITH_STORE(completions_that_cannot_be_written_stay_pending),
        WITH_REGISTRY(limit_of_descriptors_is_reported),
        WITH_REGISTRY(a_limit_of_arguments_may_be_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
