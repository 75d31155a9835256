/* The seam os/ends.h on Windows: ends of processes as events of a loop. */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <windows.h>

#include "os/ends.h"
#include "support/win32/in_job.h"

enum { MANY = 200, THREADS = 4 };

typedef struct seen {
    uv_loop_t loop;
    tether__ends *ends;
    int count;
    int of[MANY]; /* how often each end was reported, by the number in its id */
    bool closed;
} seen;

static void note(const char *task_id, void *userdata)
{
    seen *s = userdata;
    int number = atoi(task_id + 1);
    assert_in_range(number, 0, MANY - 1);
    s->of[number]++;
    s->count++;
}

static void note_closed(void *userdata)
{
    ((seen *)userdata)->closed = true;
}

static int count_reported(seen *s)
{
    uv_run(&s->loop, UV_RUN_NOWAIT);
    return s->count;
}

static void open_ends(place *p, seen *s)
{
    memset(s, 0, sizeof *s);
    assert_int_equal(uv_loop_init(&s->loop), 0);
    ASSERT_OK(tether__os_ends_open(&s->loop, note, s, &s->ends, &p->error), p->error);
    assert_non_null(s->ends);
}

static void close_ends(seen *s)
{
    tether__os_ends_close(s->ends, note_closed);
    assert_int_equal(uv_run(&s->loop, UV_RUN_DEFAULT), 0);
    assert_true(s->closed);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static int add(seen *s, int number, const tether__identity *identity)
{
    char id[16];
    tether_error error = {0};
    snprintf(id, sizeof id, "t%d", number);
    return tether__os_ends_add(s->ends, id, identity, &error);
}

/* Adds the process MANY times, under different numbers. */
static void add_many(seen *s, HANDLE process)
{
    const tether__identity identity = identity_of(process);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(add(s, i, &identity), TETHER_OK);
}

/* Returns a handle to the process of CHILD's program that is left in a job. */
static HANDLE open_member(HANDLE job)
{
    struct {
        JOBOBJECT_BASIC_PROCESS_ID_LIST list;
        ULONG_PTR more[16];
    } pids;
    assert_true(
        QueryInformationJobObject(job, JobObjectBasicProcessIdList, &pids, sizeof pids, NULL));
    for (DWORD i = 0; i < pids.list.NumberOfProcessIdsInList; i++) {
        wchar_t path[1024];
        DWORD size = 1024;
        HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE,
                                     (DWORD)pids.list.ProcessIdList[i]);
        if (process == NULL)
            continue;
        if (QueryFullProcessImageNameW(process, 0, path, &size) &&
            wcsstr(path, L"tether-test-child") != NULL)
            return process;
        CloseHandle(process);
    }
    fail_msg("%s", "the job has no such process");
    return NULL;
}

static void reports_the_end_of_a_child(void **state)
{
    place *p = *state;
    seen s;
    open_ends(p, &s);
    HANDLE child = process_start_forever();
    const tether__identity identity = identity_of(child);
    assert_int_equal(add(&s, 3, &identity), TETHER_OK);
    Sleep(20);
    assert_int_equal(count_reported(&s), 0);
    process_crash(child);
    WAIT_UNTIL(count_reported(&s) == 1);
    assert_int_equal(s.of[3], 1);
    Sleep(20);
    assert_int_equal(count_reported(&s), 1);
    close_ends(&s);
}

/* The library relies on this: OpenProcess(SYNCHRONIZE) and a wait work for a process that is not
 * our child. */
static void reports_the_end_of_a_process_that_is_no_child(void **state)
{
    place *p = *state;
    seen s;
    const char *out = place_path(p, "out");
    const char *const argv[] = {CHILD, "detach", "append", out, "await", place_path(p, "go"), NULL};
    open_ends(p, &s);
    HANDLE job = job_make(0);
    assert_int_equal(process_join(job_start(&job, 1, argv, FALSE)), 0);
    WAIT_UNTIL(test_count_lines(out) == 1);
    HANDLE stranger = open_member(job);
    const tether__identity identity = identity_of(stranger);
    assert_int_equal(add(&s, 1, &identity), TETHER_OK);
    assert_int_equal(count_reported(&s), 0);
    place_write(p, "go", "");
    WAIT_UNTIL(count_reported(&s) == 1);
    assert_int_equal(WaitForSingleObject(stranger, 0), WAIT_OBJECT_0);
    CloseHandle(stranger);
    CloseHandle(job);
    close_ends(&s);
}

static void reports_at_once_what_has_ended_before(void **state)
{
    place *p = *state;
    seen s;
    open_ends(p, &s);
    /* Its handle is still open, so the pid is not reused. */
    HANDLE child = process_start_forever();
    tether__identity identity = identity_of(child);
    process_kill(child);
    assert_int_equal(add(&s, 0, &identity), TETHER_OK);
    WAIT_UNTIL(count_reported(&s) == 1);
    CloseHandle(child);
    assert_int_equal(add(&s, 1, &identity), TETHER_OK);
    WAIT_UNTIL(count_reported(&s) == 2);
    /* A process that has reused the pid does not count. */
    HANDLE other = process_start_forever();
    identity = identity_of(other);
    identity.start_time++;
    assert_int_equal(add(&s, 2, &identity), TETHER_OK);
    WAIT_UNTIL(count_reported(&s) == 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(s.of[i], 1);
    process_crash(other);
    Sleep(20);
    assert_int_equal(count_reported(&s), 3);
    close_ends(&s);
}

/* More processes than one thread of the pool can wait for. */
static void reports_many_ends_at_once(void **state)
{
    enum { PROCESSES = 20 };
    place *p = *state;
    seen s;
    HANDLE children[PROCESSES];
    HANDLE job = job_make(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE);
    static const char *const argv[] = {CHILD, "forever", NULL};
    open_ends(p, &s);
    for (int i = 0; i < PROCESSES; i++)
        children[i] = job_start(&job, 1, argv, FALSE);
    /* Several waits are for the same process. */
    for (int i = 0; i < MANY; i++) {
        const tether__identity identity = identity_of(children[i % PROCESSES]);
        assert_int_equal(add(&s, i, &identity), TETHER_OK);
    }
    assert_int_equal(count_reported(&s), 0);
    CloseHandle(job);
    WAIT_UNTIL(count_reported(&s) == MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(s.of[i], 1);
    for (int i = 0; i < PROCESSES; i++)
        process_join(children[i]);
    close_ends(&s);
}

static void closes_while_many_wait(void **state)
{
    place *p = *state;
    seen s;
    open_ends(p, &s);
    HANDLE child = process_start_forever();
    add_many(&s, child);
    close_ends(&s);
    assert_int_equal(s.count, 0);
    process_crash(child);
    /* Also while they end. */
    open_ends(p, &s);
    child = process_start_forever();
    add_many(&s, child);
    assert_true(TerminateProcess(child, 1));
    close_ends(&s);
    assert_in_range(s.count, 0, MANY);
    process_join(child);
}

typedef struct adder {
    seen *s;
    const tether__identity *identity;
    int first;
    int failed;
} adder;

static void add_some(void *userdata)
{
    adder *a = userdata;
    for (int i = 0; i < MANY / THREADS; i++)
        a->failed += add(a->s, a->first + i, a->identity) != TETHER_OK;
}

/* While the process ends, and while the loop runs. */
static void accepts_processes_from_every_thread(void **state)
{
    place *p = *state;
    seen s;
    uv_thread_t threads[THREADS];
    adder adders[THREADS];
    open_ends(p, &s);
    HANDLE child = process_start_forever();
    const tether__identity identity = identity_of(child);
    for (int i = 0; i < THREADS; i++) {
        adders[i] = (adder){.s = &s, .identity = &identity, .first = i * (MANY / THREADS)};
        assert_int_equal(uv_thread_create(&threads[i], add_some, &adders[i]), 0);
    }
    assert_true(TerminateProcess(child, 1));
    WAIT_UNTIL(count_reported(&s) == MANY);
    for (int i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
        assert_int_equal(adders[i].failed, 0);
    }
    for (int i = 0; i < MANY; i++)
        assert_int_equal(s.of[i], 1);
    process_join(child);
    close_ends(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reports_the_end_of_a_child),
        TEST(reports_the_end_of_a_process_that_is_no_child),
        TEST(reports_at_once_what_has_ended_before),
        TEST(reports_many_ends_at_once),
        TEST(closes_while_many_wait),
        TEST(accepts_processes_from_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
