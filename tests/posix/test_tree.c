/* The seam os/tree.h on POSIX: which processes belong to a task, and that no other process is
 * signalled. */
#include "os/place.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/signal.h"
#include "posix/forked.h"
#include "posix/proc.h"
#include "support/posix/machine.h"
#include "os/tree.h"
#include "posix/proc.h"

/* Leads a session of its own. As forked.h demands, it uses no assertions. */
static int lead(void *userdata)
{
    setsid();
    return forked_sleep(userdata);
}

/* Does the same, and then executes a program with the variable in its environment. */
static int lead_with_cookie(void *userdata)
{
    setsid();
    setenv("TETHER_TASK_ID", userdata, 1);
    execl(CHILD, "child", "forever", (char *)NULL);
    return 127;
}

static bool leads(pid_t pid)
{
    return getsid(pid) == pid;
}

static size_t members(const tether__tree *tree, int64_t *pid)
{
    tether_error error = {0};
    size_t count;
    ASSERT_OK(tether__os_tree_members(tree, pid, 1, &count, &error), error);
    return count;
}

static void finds_and_ends_a_session_whose_supervisor_is_verified(void **state)
{
    place *p = *state;
    pid_t pid = forked_start(lead, NULL);
    WAIT_UNTIL(leads(pid));
    int64_t found = 0;
    size_t left;
    tether__tree tree = {.task_id = "t1", .supervisor = forked_identity(pid)};
    /* Not verified, and without a cookie: the session may belong to another program. */
    assert_int_equal(members(&tree, &found), 0);
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 0);
    assert_true(forked_lives(pid));

    tree.supervisor_alive = true;
    assert_int_equal(members(&tree, &found), 1);
    assert_int_equal(found, pid);
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_POLITE, &left, &p->error), p->error);
    assert_int_equal(forked_join(pid), 128 + SIGTERM);
    assert_int_equal(members(&tree, &found), 0);
}

static void spares_a_session_with_another_leader(void **state)
{
    place *p = *state;
    pid_t pid = forked_start(lead, NULL);
    WAIT_UNTIL(leads(pid));
    size_t left;
    tether__tree tree = {.task_id = "t1", .supervisor = forked_identity(pid)};
    tree.supervisor.start_time += 1000000;
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 0);
    assert_true(forked_lives(pid));
    forked_kill(pid);
}

/* A verified supervisor has this number, and the process that has its pid now has another one. */
static void spares_a_session_whose_leader_has_another_number(void **state)
{
    place *p = *state;
    pid_t pid = forked_start(lead, NULL);
    WAIT_UNTIL(leads(pid));
    size_t left;
    int64_t found;
    uint64_t id = tether__os_process_pidfs_id(pid);
    tether__tree tree = {
        .task_id = "t1", .supervisor = forked_identity(pid), .supervisor_alive = true};
    tree.supervisor.pidfs_id = id;
    assert_int_equal(members(&tree, &found), 1);
    if (id != 0) {
        tree.supervisor.pidfs_id = id + 1;
        assert_int_equal(members(&tree, &found), 0);
        static const tether__tree_signal signals[] = {TETHER__SIGNAL_POLITE, TETHER__SIGNAL_FINAL};
        for (size_t i = 0; i < 2; i++) {
            ASSERT_OK(tether__os_tree_signal(&tree, signals[i], &left, &p->error), p->error);
            assert_int_equal(left, 0);
            ASSERT_OK(tether__os_tree_signal_number(&tree, SIGKILL, &left, &p->error), p->error);
            assert_int_equal(left, 0);
        }
        assert_true(forked_lives(pid));
    }
    forked_kill(pid);
}

static void finds_processes_with_the_cookie(void **state)
{
    place *p = *state;
    static char id[] = "tcookie0test";
    int64_t found = 0;
    size_t left;
    pid_t pid = forked_start(lead_with_cookie, id);
    tether__tree tree = {.task_id = id};
    WAIT_UNTIL(members(&tree, &found) == 1);
    assert_int_equal(found, pid);
    tether__tree other = {.task_id = "tcookie0tes"};
    assert_int_equal(members(&other, &found), 0);
    ASSERT_OK(tether__os_tree_signal_number(&tree, SIGKILL, &left, &p->error), p->error);
    assert_int_equal(left, 1);
    assert_int_equal(forked_join(pid), 128 + SIGKILL);
    assert_int_equal(members(&tree, &found), 0);
}

/* One listing for many trees; it contains only processes that started before it. */
static void one_listing_serves_many_trees(void **state)
{
    enum { TREES = 3 };
    place *p = *state;
    static char ids[TREES + 1][16] = {"tlisted0", "tlisted1", "tlisted2", "tlisted3"};
    pid_t pids[TREES + 1];
    tether__tree trees[TREES + 1];
    tether__listing *listing;
    int64_t found;
    size_t left;
    for (int i = 0; i < TREES; i++) {
        pids[i] = forked_start(i == 0 ? lead : lead_with_cookie, ids[i]);
        trees[i] = (tether__tree){.task_id = ids[i], .supervisor = forked_identity(pids[i])};
        WAIT_UNTIL(leads(pids[i]) && (i == 0 || members(&trees[i], &found) == 1));
    }
    ASSERT_OK(tether__os_tree_list(trees, TREES, &listing, &p->error), p->error);
    pids[TREES] = forked_start(lead_with_cookie, ids[TREES]);
    trees[TREES] =
        (tether__tree){.task_id = ids[TREES], .supervisor = forked_identity(pids[TREES])};
    WAIT_UNTIL(members(&trees[TREES], &found) == 1);

    for (int i = 0; i <= TREES; i++)
        trees[i].listing = listing;
    /* Without a cookie, and not verified. */
    assert_int_equal(members(&trees[0], &found), 0);
    trees[0].supervisor_alive = true;
    for (int i = 0; i <= TREES; i++) {
        assert_int_equal(members(&trees[i], &found), 1); /* the last one by a listing of its own */
        assert_int_equal(found, pids[i]);
    }
    trees[TREES].supervisor = trees[1].supervisor;
    assert_int_equal(members(&trees[TREES], &found), 0);

    /* A process that has exited since is still listed, and signalling it is harmless. */
    for (int i = 0; i < TREES; i++) {
        ASSERT_OK(tether__os_tree_signal(&trees[i], TETHER__SIGNAL_FINAL, &left, &p->error),
                  p->error);
        assert_int_equal(forked_join(pids[i]), 128 + SIGKILL);
        assert_int_equal(members(&trees[i], &found), 1);
        trees[i].supervisor_alive = false;
        ASSERT_OK(tether__os_tree_signal(&trees[i], TETHER__SIGNAL_FINAL, &left, &p->error),
                  p->error);
    }
    assert_true(forked_lives(pids[TREES]));
    forked_kill(pids[TREES]);
    tether__os_tree_list_free(listing);
}

/* The monitor of a kill's task leaves between the look at its lifeline and the listing. */
static void a_monitor_that_leaves_costs_no_listing_of_all_processes(void **state)
{
    place *p = *state;
    static char id[] = "tleft0test";
    int64_t found;
    size_t left;
    pid_t monitor = forked_start(lead, NULL);
    tether__tree tree = {.task_id = id,
                         .supervisor = forked_identity(monitor),
                         .supervisor_alive = true,
                         .monitored = true};
    pid_t stray = forked_start(lead_with_cookie, id);
    WAIT_UNTIL(tether__proc_has_variable(stray, "TETHER_TASK_ID=tleft0test"));
    forked_kill(monitor);

    tree.looks_again = true;
    assert_int_equal(members(&tree, &found), 0);
    tree.looks_again = false;
    assert_int_equal(members(&tree, &found), 1);
    assert_int_equal(found, stray);
    /* A kill finds it at its next step, which knows that the monitor has left. */
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 0);
    assert_true(forked_lives(stray));
    tree.supervisor_alive = false;
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 1);
    assert_int_equal(forked_join(stray), 128 + SIGKILL);
}

/* --- Processes without a cookie --- */

/* What a leader and its child tell the test. */
typedef struct family {
    char *cookie; /* the child's, NULL: none */
    bool leaves;  /* the child moves to a session of its own */
    volatile pid_t child;
    volatile bool over; /* the leader exits */
} family;

static int lead_a_child(void *userdata)
{
    family *f = userdata;
    char *const environment[] = {f->cookie != NULL ? f->cookie : "NONE=", NULL};
    char *const argv[] = {"child", "forever", NULL};
    setsid();
    pid_t pid = fork();
    if (pid == 0) {
        if (f->leaves)
            setsid();
        execve(CHILD, argv, environment);
        _exit(127);
    }
    f->child = pid;
    while (!f->over)
        test_pause();
    return 0;
}

/* Starts a leader with a child, and describes it as a supervisor that was just verified. */
static pid_t start_family(family *f, tether__tree *tree)
{
    pid_t leader = forked_start(lead_a_child, f);
    WAIT_UNTIL(f->child != 0 &&
               tether__proc_has_variable(f->child, f->cookie != NULL ? f->cookie : "NONE="));
    *tree = (tether__tree){
        .task_id = "t1", .supervisor = forked_identity(leader), .supervisor_alive = true};
    return leader;
}

static void end_leader(family *f, tether__tree *tree, pid_t leader)
{
    f->over = true;
    assert_int_equal(forked_join(leader), 0);
    tree->supervisor_alive = false;
}

static void end_family(family *f)
{
    pid_t child = f->child;
    assert_int_equal(kill(child, SIGKILL), 0);
    WAIT_UNTIL(!forked_lives(child));
    test_unshare(f, sizeof *f);
}

static family *new_family(char *cookie, bool leaves)
{
    family *f = test_shared(sizeof *f);
    f->cookie = cookie;
    f->leaves = leaves;
    return f;
}

/* Asserts which processes are the tree's, and how many more may be. */
static void expect_members(const tether__tree *tree, size_t proved, size_t unproven)
{
    tether_error error = {0};
    tether__survivor list[4];
    size_t count, found = 0;
    int64_t pid;
    assert_int_equal(members(tree, &pid), proved);
    ASSERT_OK(tether__os_tree_survivors(tree, list, 4, &count, &error), error);
    assert_int_equal(count, proved + unproven);
    for (size_t i = 0; i < count; i++)
        found += list[i].reason == TETHER__SURVIVOR_UNPROVEN;
    assert_int_equal(found, unproven);
}

static void session_is_proved_by_what_started_while_the_supervisor_lived(void **state)
{
    place *p = *state;
    size_t left;
    tether__tree tree;
    family *f = new_family(NULL, false);
    pid_t leader = start_family(f, &tree);
    tether__kin kin = {.supervisor_seen_ms = tether__os_uptime_ms()};
    end_leader(f, &tree, leader);
    expect_members(&tree, 0, 1);
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 0);
    assert_true(forked_lives(f->child));

    tree.kin = &kin;
    if (tether__proc_in_order()) {
        expect_members(&tree, 1, 0);
        ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
        WAIT_UNTIL(!forked_lives(f->child));
    }
    tether__kin_dispose(&kin);
    end_family(f);
}

static void session_is_proved_by_what_is_remembered(void **state)
{
    (void)state;
    tether__tree tree;
    tether__kin kin = {0};
    family *f = new_family(NULL, false);
    pid_t leader = start_family(f, &tree);
    tree.kin = &kin;
    expect_members(&tree, 2, 0);
    end_leader(f, &tree, leader);
    expect_members(&tree, 1, 0);
    tree.kin = NULL;
    expect_members(&tree, 0, 1);
    tether__kin_dispose(&kin);
    end_family(f);
}

/* Another process has the supervisor's pid: its session is another one, whatever a record says. */
static void session_of_another_leader_is_not_the_trees(void **state)
{
    (void)state;
    tether__tree tree;
    family *f = new_family(NULL, false);
    pid_t leader = start_family(f, &tree);
    tether__kin kin = {.supervisor_seen_ms = tether__os_uptime_ms()};
    tree.supervisor_alive = false;
    tree.supervisor.start_time--;
    tree.kin = &kin;
    expect_members(&tree, 0, 0);
    tree.supervisor = forked_identity(leader);
    strcpy(tree.supervisor.boot_id, "00000000-0000-0000-0000-000000000000");
    expect_members(&tree, 0, 0);
    tether__kin_dispose(&kin);
    end_leader(f, &tree, leader);
    end_family(f);
}

static void children_of_members_are_found_and_remembered(void **state)
{
    (void)state;
    tether__tree tree;
    tether__kin kin = {0};
    family *f = new_family(NULL, true);
    pid_t leader = start_family(f, &tree);
    WAIT_UNTIL(leads(f->child));
    tree.kin = &kin;
    expect_members(&tree, 2, 0);
    end_leader(f, &tree, leader);
    expect_members(&tree, 1, 0);
    tree.kin = NULL;
    expect_members(&tree, 0, 0);
    tether__kin_dispose(&kin);
    end_family(f);
}

static void children_with_the_cookie_of_another_task_are_not_the_trees(void **state)
{
    (void)state;
    static char cookie[] = "TETHER_TASK_ID=tother";
    tether__tree tree;
    family *f = new_family(cookie, true);
    pid_t leader = start_family(f, &tree);
    WAIT_UNTIL(leads(f->child));
    expect_members(&tree, 1, 0);
    end_leader(f, &tree, leader);
    end_family(f);
}

/* Where a process takes a descriptor to be read: with only one left, the processes can be listed,
 * and none of them be read. */
static void listing_without_descriptors_is_an_error(void **state)
{
    place *p = *state;
    size_t count;
    struct rlimit before, tight;
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    const tether__tree tree = {.task_id = "t1"};
    int next = dup(0);
    assert_true(next >= 0);
    assert_int_equal(close(next), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int code = tether__os_tree_members(&tree, NULL, 0, &count, &p->error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(code, TETHER_ELIMIT);
}

static void signals_that_do_not_exist_are_refused(void **state)
{
    place *p = *state;
    size_t left;
    const tether__tree tree = {.task_id = "t1"};
    assert_int_equal(tether__os_tree_signal_number(&tree, 4000, &left, &p->error), TETHER_EINVAL);
    assert_int_equal(tether__os_tree_signal_number(&tree, -1, &left, &p->error), TETHER_EINVAL);
}

/* A stopped process handles SIGTERM only because it is continued. */
static void continues_stopped_processes(void **state)
{
    place *p = *state;
    size_t left;
    pid_t pid = forked_start(lead, NULL);
    WAIT_UNTIL(leads(pid));
    tether__tree tree = {
        .task_id = "t1", .supervisor = forked_identity(pid), .supervisor_alive = true};
    ASSERT_OK(tether__os_tree_signal_number(&tree, SIGSTOP, &left, &p->error), p->error);
    WAIT_UNTIL(forked_state(pid) == 'T');
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_POLITE, &left, &p->error), p->error);
    assert_int_equal(forked_join(pid), 128 + SIGTERM);
}

static void never_signals_the_caller(void **state)
{
    place *p = *state;
    size_t left;
    int64_t found;
    tether__tree tree = {
        .task_id = "t1", .supervisor = forked_identity(getpid()), .supervisor_alive = true};
    tree.supervisor.pid = getpgrp();
    tree.supervisor.start_time = tether__os_process_start_time(getpgrp());
    (void)members(&tree, &found);
    tree.supervisor_alive = false;
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 0);
}

static void refuses_another_pid_namespace(void **state)
{
    place *p = *state;
    size_t left;
    tether__tree tree = {.task_id = "t1", .supervisor = forked_identity(getpid())};
    strcpy(tree.supervisor.pid_ns, "1");
    assert_int_equal(tether__os_tree_check(&tree, &p->error), TETHER_EFOREIGN);
    assert_int_equal(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error),
                     TETHER_EFOREIGN);
}

/* --- A command that has not started yet --- */

/* The stages of a supervisor, each of which begins when the test writes a byte. */
typedef struct stages {
    int go[2];
    int done[2];
} stages;

static void ignore_number(int number)
{
    (void)number;
}

static void next_stage(const stages *s)
{
    char byte = 'x';
    ssize_t ignored = write(s->done[1], &byte, 1);
    ignored = read(s->go[0], &byte, 1);
    (void)ignored;
}

/* Does what a shell does: has a handler, forks, removes the handler in the copy, executes. The
 * copy's program has a handler for the signal too. */
static int supervise(void *userdata)
{
    const stages *s = userdata;
    setsid();
    signal(SIGUSR1, ignore_number);
    next_stage(s);
    pid_t pid = fork();
    if (pid != 0)
        return forked_sleep(NULL);
    next_stage(s);
    signal(SIGUSR1, SIG_DFL);
    next_stage(s);
    execl(CHILD, "child", "on-usr1", "33", "forever", (char *)NULL);
    return 127;
}

static void await_stage(const stages *s)
{
    char byte;
    assert_int_equal(read(s->done[0], &byte, 1), 1);
}

static void begin_stage(const stages *s)
{
    assert_int_equal(write(s->go[1], "x", 1), 1);
}

static bool ready_for(const tether__tree *tree, int number)
{
    bool ready;
    tether_error error = {0};
    ASSERT_OK(tether__os_tree_ready(tree, number, &ready, &error), error);
    return ready;
}

static bool is_child_program(const tether__tree *tree)
{
    int64_t pids[2];
    size_t count;
    tether_error error = {0};
    ASSERT_OK(tether__os_tree_members(tree, pids, 2, &count, &error), error);
    bool same = true;
    return count == 2 && tether__proc_same_arguments(pids[0], pids[1], &same) == 0 && !same;
}

static void knows_when_a_signal_would_reach_the_command(void **state)
{
    place *p = *state;
    size_t left;
    stages s;
    assert_int_equal(pipe(s.go), 0);
    assert_int_equal(pipe(s.done), 0);
    pid_t pid = forked_start(supervise, &s);
    await_stage(&s);
    tether__tree tree = {
        .task_id = "t1", .supervisor = forked_identity(pid), .supervisor_alive = true};
    /* Alone. */
    assert_false(ready_for(&tree, SIGUSR1));
    assert_false(ready_for(&tree, SIGABRT));
    assert_true(ready_for(&tree, SIGSTOP));
    assert_true(ready_for(&tree, SIGCONT));
    /* A copy with the handler. */
    begin_stage(&s);
    await_stage(&s);
    assert_false(ready_for(&tree, SIGUSR1));
    assert_true(ready_for(&tree, SIGABRT));
    /* A copy without it. */
    begin_stage(&s);
    await_stage(&s);
    assert_true(ready_for(&tree, SIGUSR1));
    /* The program, with or without its own handler. */
    begin_stage(&s);
    WAIT_UNTIL(is_child_program(&tree));
    assert_true(ready_for(&tree, SIGUSR1));
    /* A supervisor that is not verified has nothing to start. */
    tree.supervisor_alive = false;
    assert_true(ready_for(&tree, SIGUSR1));
    tree.supervisor_alive = true;
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(forked_join(pid), 128 + SIGKILL);
    for (int i = 0; i < 2; i++) {
        close(s.go[i]);
        close(s.done[i]);
    }
}

static void knows_signals_by_name(void **state)
{
    (void)state;
    assert_int_equal(tether__os_signal_number("TERM"), SIGTERM);
    assert_int_equal(tether__os_signal_number("SIGusr1"), SIGUSR1);
    assert_int_equal(tether__os_signal_number("9"), 9);
    assert_int_equal(tether__os_signal_number("65"), 0);
    assert_int_equal(tether__os_signal_number("9x"), 0);
    assert_int_equal(tether__os_signal_number("IOT"), SIGABRT);
    assert_int_equal(tether__os_signal_number("IO"), SIGIO);
    assert_int_equal(tether__os_signal_polite(), SIGTERM);
    assert_int_equal(tether__os_signal_final(), SIGKILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_and_ends_a_session_whose_supervisor_is_verified),
        TEST(spares_a_session_with_another_leader),
        TEST(spares_a_session_whose_leader_has_another_number),
        TEST(finds_processes_with_the_cookie),
        TEST(one_listing_serves_many_trees),
        TEST(a_monitor_that_leaves_costs_no_listing_of_all_processes),
        TEST(session_is_proved_by_what_started_while_the_supervisor_lived),
        TEST(session_is_proved_by_what_is_remembered),
        TEST(session_of_another_leader_is_not_the_trees),
        TEST(children_of_members_are_found_and_remembered),
        TEST(children_with_the_cookie_of_another_task_are_not_the_trees),
        TEST(listing_without_descriptors_is_an_error),
        TEST(signals_that_do_not_exist_are_refused),
        TEST(continues_stopped_processes),
        TEST(never_signals_the_caller),
        TEST(refuses_another_pid_namespace),
        TEST(knows_when_a_signal_would_reach_the_command),
        TEST(knows_signals_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
