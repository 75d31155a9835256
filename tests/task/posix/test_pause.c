/* Pausing and resuming a task's process tree, during forks, ends, kills and deaths of the host. */
#include "support/support.h"

#include <dirent.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "posix/proc.h"

enum { LATE_MS = 5000, LONG_GRACE_MS = 15000 };

/* --- Helpers --- */

/* The processes that have a task's cookie. */
typedef struct tally {
    char cookie[TETHER_ID_SIZE + 32];
    int stopped;
    int running;
} tally;

/* A pause spares the monitor, which keeps the deadline. A child of it that has not executed the
 * command yet has the same name. */
static bool is_monitor(int64_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
    char name[32] = "";
    FILE *file = fopen(path, "r");
    bool is = file != NULL && fgets(name, sizeof name, file) != NULL &&
              strcmp(name, "tether-monitor\n") == 0;
    if (file != NULL)
        fclose(file);
    return is;
}

static bool count_one(int64_t pid, void *userdata)
{
    tally *t = userdata;
    tether__proc process;
    if (!tether__proc_has_variable(pid, t->cookie) || tether__proc_read(pid, &process) != 0 ||
        (process.session == pid && is_monitor(pid)))
        return true;
    /* A supervisor that waits for its child to execute the command runs as little as that child. */
    bool waits = process.state == 'D';
    t->stopped += process.state == 'T';
    t->running += process.state != 'T' && !waits && !tether__proc_ended(&process);
    return true;
}

static tally count_processes(const char *id)
{
    tally t = {.stopped = 0};
    snprintf(t.cookie, sizeof t.cookie, "TETHER_TASK_ID=%.*s", TETHER_ID_SIZE - 1, id);
    assert_int_equal(tether__proc_list(count_one, &t), 0);
    return t;
}

static bool all_stopped(const char *id)
{
    tally t = count_processes(id);
    return t.stopped > 0 && t.running == 0;
}

static bool all_running(const char *id)
{
    tally t = count_processes(id);
    return t.running > 0 && t.stopped == 0;
}

static void pause_task(tether_registry *registry, const char *id)
{
    tether_error error = {.code = 4711};
    ASSERT_OK(tether_pause(registry, id, &error), error);
    assert_int_equal(error.code, 4711);
    assert_int_equal(test_status(registry, id), TETHER_STATUS_PAUSED);
    WAIT_UNTIL(all_stopped(id));
}

static void resume_task(tether_registry *registry, const char *id)
{
    tether_error error = {.code = 4711};
    ASSERT_OK(tether_resume(registry, id, &error), error);
    assert_int_equal(error.code, 4711);
    assert_int_equal(test_status(registry, id), TETHER_STATUS_RUNNING);
    WAIT_UNTIL(all_running(id));
}

static int kill_with(tether_registry *registry, const char *id, int signal, int64_t grace_ms)
{
    tether_error error = {0};
    const tether_kill_options options = {.signal = signal, .grace_ms = grace_ms};
    return tether_kill(registry, id, &options, &error);
}

/* --- Trees --- */

static void a_paused_task_stops_until_it_is_resumed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    test_start_child(f->registry, id, "pid", "await", go, "exit", "5", NULL);
    test_output_number(f->registry, id);
    for (int i = 0; i < 2; i++) {
        pause_task(f->registry, id);
        /* Pausing or resuming again succeeds and changes nothing. */
        pause_task(f->registry, id);
        resume_task(f->registry, id);
        resume_task(f->registry, id);
    }
    pause_task(f->registry, id);
    test_write_file(go, "", 0);
    test_nap_us(50000);
    assert_true(all_stopped(id));
    const char *ids[] = {id};
    assert_int_equal(tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, 100, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 5, NULL);
}

/* A sanitizer that looks for leaks at the end of a program can wait for ever if a SIGCONT comes
 * meanwhile, as the second one of a resume does. Therefore it must not look at the end of the
 * child. */
static void a_child_ends_without_a_search_for_leaks(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "lose", "100", "exit", "0", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* The task forks grandchildren during the pause, some of them in their own sessions. */
static void processes_that_fork_during_a_pause_are_stopped(void **state)
{
    fixture *f = *state;
    char command[2048];
    snprintf(command, sizeof command,
             "%s forks 400 & %s detach forks 400 & (%s forks 200; true) & %s forever", CHILD, CHILD,
             CHILD, CHILD);
    for (int round = 0; round < 2; round++) {
        char id[TETHER_ID_SIZE];
        test_run(f, command, id);
        WAIT_UNTIL(count_processes(id).running > 5 + 10 * round);
        pause_task(f->registry, id);
        tally before = count_processes(id);
        test_nap_us(30000);
        tally after = count_processes(id);
        assert_int_equal(after.stopped, before.stopped);
        assert_int_equal(after.running, 0);
        resume_task(f->registry, id);
        const tether_kill_options now = {.grace_ms = -1};
        ASSERT_OK(tether_kill(f->registry, id, &now, &f->error), f->error);
    }
}

static void a_pause_waits_until_the_task_has_started(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < 8; round++) {
        char id[TETHER_ID_SIZE];
        test_start_child(f->registry, id, "forever", NULL);
        if (round % 2 == 0)
            pause_task(f->registry, id);
        else
            resume_task(f->registry, id);
        assert_int_equal(kill_with(f->registry, id, 0, -1), TETHER_OK);
    }
}

/* --- Ends of paused tasks --- */

static void a_paused_task_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    /* Waits until the command runs: a signal before that reaches only the wrapper, which survives
     * it. */
    test_start_child(f->registry, id, "pid", "forever", NULL);
    test_output_number(f->registry, id);
    pause_task(f->registry, id);
    int64_t begin = test_now_ms();
    assert_int_equal(kill_with(f->registry, id, 0, LONG_GRACE_MS), TETHER_OK);
    assert_in_range(test_now_ms() - begin, 0, LATE_MS);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    test_start_child(f->registry, id, "ignore-term", "out", "x", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    pause_task(f->registry, id);
    assert_int_equal(kill_with(f->registry, id, 0, -1), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static void a_paused_task_times_out_at_its_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "forever", NULL};
    const tether_spec spec = {.argv = argv, .timeout_ms = 1500};
    test_start(f->registry, &spec, id);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

static void a_shutdown_ends_paused_tasks(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    /* Waits until the command runs, as in a_paused_task_is_killed. */
    test_start_child(f->registry, id, "pid", "forever", NULL);
    test_output_number(f->registry, id);
    pause_task(f->registry, id);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, "registry was shut down");
}

static void ended_tasks_are_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "exit", "0", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_EENDED);
    assert_non_null(strstr(f->error.message, id));
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_EENDED);
    assert_int_equal(tether_pause(f->registry, "nobody", &f->error), TETHER_ENOTASK);
    assert_int_equal(tether_resume(f->registry, "nobody", &f->error), TETHER_ENOTASK);
    assert_int_equal(tether_pause(f->registry, "../x", &f->error), TETHER_EINVAL);
    assert_int_equal(tether_resume(f->registry, "", &f->error), TETHER_EINVAL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

typedef struct killer {
    tether_registry *registry;
    const char *id;
    int code;
} killer;

static void *kill_slowly(void *userdata)
{
    killer *k = userdata;
    k->code = kill_with(k->registry, k->id, 0, 1000);
    return NULL;
}

static void tasks_that_are_being_killed_are_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    pthread_t thread;
    killer k = {.registry = f->registry, .id = id};
    test_start_child(f->registry, id, "ignore-term", "out", "x", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    assert_int_equal(pthread_create(&thread, NULL, kill_slowly, &k), 0);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_KILLING);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_EENDED);
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_EENDED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(k.code, TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

/* Another process kills the command while the task is paused. A monitor reports the end at once, a
 * shell, which is stopped, after the resume. */
static void a_paused_task_can_end_by_another_signal(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "pid", "forever", NULL);
    long child = test_output_number(f->registry, id);
    pause_task(f->registry, id);
    assert_int_equal(kill((pid_t)child, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(child));
    if (strcmp(test_supervisor(), "script") == 0) {
        assert_int_equal(test_status(f->registry, id), TETHER_STATUS_PAUSED);
        assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_OK);
    }
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 128 + SIGKILL, NULL);
    /* The same for the supervisor: the task is lost at once. */
    const char *const argv[] = {CHILD, "forever", NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    pause_task(f->registry, id);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(kill((pid_t)snapshot->child_pid, SIGKILL), 0);
    tether_snapshot_free(snapshot);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_int_equal(kill_with(f->registry, id, 0, -1), TETHER_OK);
}

/* --- Hosts --- */

static void other_hosts_see_a_pause_and_can_resume(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    pause_task(f->registry, id);
    tether_registry *other = test_open(f);
    assert_int_equal(test_status(other, id), TETHER_STATUS_PAUSED);
    char *text = test_record_text(f, id, "status");
    assert_string_equal(text, "paused");
    free(text);
    resume_task(other, id);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    pause_task(other, id);
    test_detach(other);
    other = test_open(f);
    assert_true(all_stopped(id));
    resume_task(f->registry, id);
    assert_int_equal(test_status(other, id), TETHER_STATUS_RUNNING);
    test_detach(other);
}

/* The host died between the record and the signals: the record says paused, and no process is
 * stopped. */
static void an_interrupted_pause_can_be_repaired(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    for (int repair = 0; repair < 2; repair++) {
        resume_task(f->registry, id);
        json_t *record = test_load_record(f, id);
        json_object_set_new(record, "status", json_string("paused"));
        test_save_record(f, id, record);
        assert_int_equal(test_status(f->registry, id), TETHER_STATUS_PAUSED);
        assert_true(all_running(id));
        if (repair == 0)
            resume_task(f->registry, id);
        else
            pause_task(f->registry, id);
    }
}

/* The opposite: the processes are stopped, and the record says running. */
static void an_interrupted_resume_can_be_repaired(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    resume_task(f->registry, id);
    for (int repair = 0; repair < 2; repair++) {
        assert_int_equal(kill_with(f->registry, id, SIGSTOP, 0), TETHER_OK);
        WAIT_UNTIL(all_stopped(id));
        assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
        if (repair == 0)
            resume_task(f->registry, id);
        else
            pause_task(f->registry, id);
    }
}

typedef struct victim {
    char id[TETHER_ID_SIZE];
    atomic_int rounds;
} victim;

static void pause_and_resume_for_ever(fixture *f, void *userdata)
{
    victim *v = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const argv[] = {CHILD, "forever", NULL};
    const tether_spec spec = {.argv = argv};
    HOST_OK(tether_spawn(registry, &spec, v->id, &error), error);
    for (;;) {
        HOST_OK(tether_pause(registry, v->id, &error), error);
        HOST_OK(tether_resume(registry, v->id, &error), error);
        atomic_fetch_add(&v->rounds, 1);
    }
}

/* The host is killed at various moments of a pause or resume. */
static void the_pause_of_a_killed_host_can_be_repaired(void **state)
{
    fixture *f = *state;
    for (int round = 0; round < 6; round++) {
        victim *v = test_shared(sizeof *v);
        long host = test_fork_host(pause_and_resume_for_ever, f, v);
        WAIT_UNTIL(atomic_load(&v->rounds) > 0);
        test_nap_us(round * 3400 % 19000);
        test_kill_host(host);
        f->hosts_died = true;
        tether_registry *registry = test_open(f);
        tether_status status = test_status(registry, v->id);
        assert_true(status == TETHER_STATUS_PAUSED || status == TETHER_STATUS_RUNNING);
        /* A task whose record says running runs. (A paused one may run too, if the host died
         * between the record and the signals.) */
        if (status == TETHER_STATUS_RUNNING)
            WAIT_UNTIL(all_running(v->id));
        if (round % 2 == 0) {
            pause_task(registry, v->id);
            resume_task(registry, v->id);
        } else {
            resume_task(registry, v->id);
            pause_task(registry, v->id);
        }
        assert_int_equal(kill_with(registry, v->id, 0, -1), TETHER_OK);
        test_detach(registry);
        test_unshare(v, sizeof *v);
    }
}

typedef struct rival {
    tether_registry *registry;
    const char *id;
    bool pauses;
    int rounds;
    int code;
} rival;

static void *pause_or_resume(void *userdata)
{
    rival *r = userdata;
    for (int i = 0; i < r->rounds && r->code == TETHER_OK; i++)
        r->code = r->pauses ? tether_pause(r->registry, r->id, NULL)
                            : tether_resume(r->registry, r->id, NULL);
    return NULL;
}

/* Two hosts pause and resume at the same time. Afterwards the processes agree with the record. */
static void processes_agree_with_the_record_after_a_race(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    test_start_child(f->registry, id, "forever", NULL);
    resume_task(f->registry, id);
    for (int round = 0; round < 8; round++) {
        pthread_t threads[2];
        rival rivals[2] = {{f->registry, id, true, 2, TETHER_OK}, {other, id, false, 2, TETHER_OK}};
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, pause_or_resume, &rivals[i]), 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(rivals[i].code, TETHER_OK);
        }
        if (test_status(other, id) == TETHER_STATUS_PAUSED)
            WAIT_UNTIL(all_stopped(id));
        else
            WAIT_UNTIL(all_running(id));
    }
    test_detach(other);
}

/* --- Newer records --- */

static void newer_records_are_left_alone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    resume_task(f->registry, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "schema_version", json_integer(99));
    test_save_record(f, id, record);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_EREADONLY);
    assert_true(all_running(id));
    assert_int_equal(kill_with(f->registry, id, SIGSTOP, 0), TETHER_OK);
    WAIT_UNTIL(all_stopped(id));
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_EREADONLY);
    test_nap_us(20000);
    assert_true(all_stopped(id));
    record = test_load_record(f, id);
    json_object_set_new(record, "schema_version", json_integer(1));
    test_save_record(f, id, record);
    resume_task(f->registry, id);
}

/* --- Signals --- */

static void signals_have_names_and_numbers(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int number;
    } names[] = {
        {"TERM", SIGTERM},
        {"SIGTERM", SIGTERM},
        {"15", 15},
        {"HUP", SIGHUP},
        {"INT", SIGINT},
        {"SIGKILL", SIGKILL},
        {"9", 9},
        {"STOP", SIGSTOP},
        {"CONT", SIGCONT},
        {"USR1", SIGUSR1},
        {"SIGUSR2", SIGUSR2},
        {"WINCH", SIGWINCH},
        {"IO", SIGIO},
        {"SIGIO", SIGIO},
#ifdef SIGPOLL
        {"POLL", SIGPOLL},
#endif
#ifdef SIGPWR
        {"PWR", SIGPWR},
#endif
#ifdef SIGSTKFLT
        {"STKFLT", SIGSTKFLT},
#endif
#ifdef SIGRTMIN
        {"RTMIN", SIGRTMIN},
        {"rtmin+3", SIGRTMIN + 3},
        {"SIGRTMAX", SIGRTMAX},
        {"SIGRTMAX-2", SIGRTMAX - 2},
        {"RTMIN+99", 0},
        {"RTMAX-99", 0},
        {"RTMIN-1", 0},
        {"RTMAX+1", 0},
        {"RTMIN+", 0},
        {"RTMIN+1x", 0},
        {"RTMINX", 0},
        {"RTMIN+-1", 0},
#endif
        {"", 0},
        {"SIG", 0},
        {"NOSUCH", 0},
        {"0", 0},
        {"-1", 0},
        {"9x", 0},
        {"100000", 0},
        {"99999999999999999999", 0},
        {" 9", 0},
        {"TERM ", 0},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (tether_signal_number(names[i].name) != names[i].number)
            fail_msg("\"%s\": %d", names[i].name, tether_signal_number(names[i].name));
    }
    assert_int_equal(tether_signal_number(NULL), 0);
}

static void any_signal_can_be_sent(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "x", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    /* A signal that is ignored by default leaves the task as it is. */
    assert_int_equal(kill_with(f->registry, id, tether_signal_number("WINCH"), 0), TETHER_OK);
    assert_int_equal(kill_with(f->registry, id, tether_signal_number("URG"), 0), TETHER_OK);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    assert_int_equal(kill_with(f->registry, id, -1, 0), TETHER_EINVAL);
    resume_task(f->registry, id);
    assert_int_equal(kill_with(f->registry, id, tether_signal_number("KILL"), 0), TETHER_OK);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_true(tether_status_ended(snapshot->status));
    tether_snapshot_free(snapshot);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_pause_of_a_killed_host_can_be_repaired, test_setup,
                                        test_teardown),
        TEST(a_paused_task_stops_until_it_is_resumed),
        TEST(a_child_ends_without_a_search_for_leaks),
        TEST(processes_that_fork_during_a_pause_are_stopped),
        TEST(a_pause_waits_until_the_task_has_started),
        TEST(a_paused_task_is_killed),
        TEST(a_paused_task_times_out_at_its_deadline),
        TEST(a_shutdown_ends_paused_tasks),
        TEST(ended_tasks_are_refused),
        TEST(tasks_that_are_being_killed_are_refused),
        TEST(a_paused_task_can_end_by_another_signal),
        TEST(other_hosts_see_a_pause_and_can_resume),
        TEST(an_interrupted_pause_can_be_repaired),
        TEST(an_interrupted_resume_can_be_repaired),
        TEST(processes_agree_with_the_record_after_a_race),
        TEST(newer_records_are_left_alone),
        cmocka_unit_test(signals_have_names_and_numbers),
        TEST(any_signal_can_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
