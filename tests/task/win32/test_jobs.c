/* Jobs, deaths of hosts and hostile places as users meet them, through the public API. The program
 * is also:
 *   test_jobs host STORE FACTS GO: the host that dies; starts a task, writes its id and its
 *     survival
 *   test_jobs doctor FACTS: writes what doctor reports on survival */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "support/win32/in_job.h"

#define DETACHED "detached"
#define BOUND "dies with host's job"

enum { FLOOD_BYTES = 300000, CODE = 42 };
#define FLOOD_TEXT "300000"
#define CODE_TEXT "42"

/* --- The host that dies ----------------------------------------------------------------------- */

static void write_facts(const char *path, const char *first, const char *second)
{
    char facts[1024];
    snprintf(facts, sizeof facts, "%s\n%s\n", first, second);
    test_write_file(path, facts, strlen(facts));
}

static int be_host(char **argv)
{
    const char *const child[] = {CHILD,   "out",   "first",    "await", argv[4],   "out",
                                 "later", "flood", FLOOD_TEXT, "exit",  CODE_TEXT, NULL};
    const tether_open_options options = {.store = argv[2], .no_gc = 1};
    const tether_spec spec = {.argv = child};
    tether_registry *registry;
    tether_snapshot *snapshot;
    tether_error error = {0};
    char id[TETHER_ID_SIZE];
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    write_facts(argv[3], id, snapshot->survival != NULL ? snapshot->survival : "unknown");
    tether_snapshot_free(snapshot);
    Sleep(INFINITE);
    return 0;
}

static int be_doctor(char **argv)
{
    tether_report *report;
    tether_error error = {0};
    HOST_OK(tether_doctor(NULL, &report, &error), error);
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->items[i]->name, "survival") == 0)
            write_facts(argv[2], report->items[i]->verdict == TETHER_GOOD ? "good" : "weak",
                        report->items[i]->text);
    }
    tether_report_free(report);
    return 0;
}

/* --- What the tests share --------------------------------------------------------------------- */

typedef struct host {
    HANDLE process;
    char id[TETHER_ID_SIZE];
    char survival[64];
} host;

/* Reads both lines of facts. Returns false while they are not complete. */
static bool read_facts(const char *path, char *first, size_t first_size, char *second,
                       size_t second_size)
{
    char *facts = test_read_file(path, NULL);
    char *end = facts != NULL ? strchr(facts, '\n') : NULL;
    char *last = end != NULL ? strchr(end + 1, '\n') : NULL;
    if (last != NULL) {
        *end = *last = '\0';
        snprintf(first, first_size, "%s", facts);
        snprintf(second, second_size, "%s", end + 1);
    }
    free(facts);
    return last != NULL;
}

static host start_host(const fixture *f, const HANDLE *jobs, size_t count)
{
    const char *facts = test_work_path(f, "facts");
    const char *const argv[] = {process_self(),          "host", f->store, facts,
                                test_work_path(f, "go"), NULL};
    host h = {.process = job_start(jobs, count, argv, FALSE)};
    WAIT_UNTIL(read_facts(facts, h.id, sizeof h.id, h.survival, sizeof h.survival));
    return h;
}

/* Starts a host in these jobs, the outermost first, and closes them once its task runs. */
static host start_host_and_close(const fixture *f, const HANDLE *jobs, size_t count)
{
    host h = start_host(f, jobs, count);
    while (--count > 0)
        CloseHandle(jobs[count]);
    job_close(jobs[0], h.process);
    return h;
}

/* Opens the store as another host, which finds the task running. */
static void assert_runs(fixture *f, const char *id, const char *survival)
{
    tether_snapshot *snapshot;
    f->registry = test_open(f);
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_string_equal(tether_status_text(snapshot->status), "running");
    assert_string_equal(snapshot->survival, survival);
    tether_snapshot_free(snapshot);
}

/* Another host finds the task running, waits for it, and reads its code and every byte. */
static void assert_goes_on(fixture *f, const char *id)
{
    size_t size;
    assert_runs(f, id, DETACHED);
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, CODE, NULL);
    char *text = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_int_equal(size, 12 + FLOOD_BYTES);
    assert_memory_equal(text, "first\nlater\n", 12);
    for (size_t i = 0; i < FLOOD_BYTES; i++)
        assert_int_equal(text[12 + i], 'a' + (int)(i % 65536 % 26));
    free(text);
    test_take_completion(f->registry, id);
}

/* The task died with its host's job: it is lost, and its exit status is never 0. */
static void assert_is_lost(fixture *f, const char *id)
{
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(tether_exit_status(snapshot), 125);
    assert_string_equal(snapshot->survival, BOUND);
    assert_int_equal(snapshot->survivor_count, 0);
    tether_snapshot_free(snapshot);
    test_take_completion(f->registry, id);
}

/* --- A host in a job that is closed ----------------------------------------------------------- */

/* Closes nested jobs with these limits, the outermost first, around a host whose task runs. Checks
 * the survival that the host read, and then how the task ended. */
static void close_jobs(fixture *f, const DWORD *flags, size_t count, const char *survival,
                       void (*check)(fixture *f, const char *id))
{
    HANDLE jobs[2];
    for (size_t i = 0; i < count; i++)
        jobs[i] = job_make(flags[i]);
    host h = start_host_and_close(f, jobs, count);
    assert_string_equal(h.survival, survival);
    check(f, h.id);
}

static void outlives_a_job_that_permits_breakaway(void **state)
{
    static const DWORD flags[] = {KILL_ON_CLOSE | BREAKAWAY_OK};
    close_jobs(*state, flags, 1, DETACHED, assert_goes_on);
}

static void outlives_a_job_with_silent_breakaway(void **state)
{
    static const DWORD flags[] = {KILL_ON_CLOSE | SILENT_OK};
    close_jobs(*state, flags, 1, DETACHED, assert_goes_on);
}

static void is_lost_with_a_job_that_forbids_breakaway(void **state)
{
    static const DWORD flags[] = {KILL_ON_CLOSE};
    close_jobs(*state, flags, 1, BOUND, assert_is_lost);
}

static void outlives_two_jobs_that_permit_breakaway(void **state)
{
    static const DWORD flags[] = {KILL_ON_CLOSE | BREAKAWAY_OK, KILL_ON_CLOSE | BREAKAWAY_OK};
    close_jobs(*state, flags, 2, DETACHED, assert_goes_on);
}

/* The job outlives the host, and so does the task. */
static void outlives_a_host_whose_job_stays(void **state)
{
    fixture *f = *state;
    HANDLE job = job_make(KILL_ON_CLOSE);
    host h = start_host(f, &job, 1);
    process_crash(h.process);
    assert_runs(f, h.id, BOUND);
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(f->registry, h.id, TETHER_STATUS_FAILED, CODE, NULL);
    test_take_completion(f->registry, h.id);
    CloseHandle(job);
}

/* The task's end agrees with the survival that was reported. */
static void does_in_nested_jobs_what_its_survival_says(void **state)
{
    static const DWORD flags[][2] = {
        {KILL_ON_CLOSE, KILL_ON_CLOSE | BREAKAWAY_OK},
        {KILL_ON_CLOSE | BREAKAWAY_OK, KILL_ON_CLOSE},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        HANDLE jobs[2] = {job_make(flags[i][0]), job_make(flags[i][1])};
        host h = start_host_and_close(f, jobs, 2);
        bool detached = strcmp(h.survival, DETACHED) == 0;
        if (detached)
            assert_goes_on(f, h.id);
        else
            assert_is_lost(f, h.id);
        test_detach(f->registry);
        f->registry = NULL;
        assert_int_equal(DeleteFileA(test_work_path(f, "facts")), TRUE);
        DeleteFileA(test_work_path(f, "go"));
    }
}

static void outlives_a_host_without_a_job(void **state)
{
    fixture *f = *state;
    host h = start_host(f, NULL, 0);
    process_crash(h.process);
    assert_goes_on(f, h.id);
}

static void doctor_reports_what_a_job_permits(void **state)
{
    static const struct {
        DWORD flags;
        const char *verdict, *text;
    } cases[] = {
        {KILL_ON_CLOSE, "weak", BOUND},
        {KILL_ON_CLOSE | BREAKAWAY_OK, "good", DETACHED},
        {KILL_ON_CLOSE | SILENT_OK, "good", DETACHED},
    };
    fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char verdict[16], text[512];
        const char *facts = test_work_path(f, "facts-%d", (int)i);
        const char *const argv[] = {process_self(), "doctor", facts, NULL};
        HANDLE job = job_make(cases[i].flags);
        assert_int_equal(process_join(job_start(&job, 1, argv, FALSE)), 0);
        CloseHandle(job);
        assert_true(read_facts(facts, verdict, sizeof verdict, text, sizeof text));
        assert_string_equal(verdict, cases[i].verdict);
        assert_int_equal(strncmp(text, cases[i].text, strlen(cases[i].text)), 0);
    }
}

/* --- Hostile places --------------------------------------------------------------------------- */

static void run_in_store(fixture *f, const char *store)
{
    static const char text[] = CHILD_TEXT " out \"from a text\" exit 7";
    const char *const argv[] = {CHILD, "out", "from a program", "exit", "8", NULL};
    const tether_open_options options = {.store = store, .reaper = test_reaper_mode(), .no_gc = 1};
    tether_registry *registry;
    char id[TETHER_ID_SIZE];
    size_t size;
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    const tether_spec specs[] = {{.command = text, .shell = "cmd"}, {.argv = argv}};
    for (int i = 0; i < 2; i++) {
        test_start(registry, &specs[i], id);
        test_expect(registry, id, TETHER_STATUS_FAILED, 7 + i, NULL);
        char *output = test_output(registry, id, TETHER_STDOUT, &size);
        assert_string_equal(output, i == 0 ? "from a text\n" : "from a program\n");
        free(output);
        test_take_completion(registry, id);
    }
    test_detach(registry);
}

static void works_in_hostile_stores(void **state)
{
    static const char *const names[] = {
        "a b",   "100%",      "%PATH%", "a&b",   "wow!", "it's",
        "a^b",   "(x86)",     "a;b",    "a,b",   "a=b",  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
        "@echo", "%~dp0 & ^", "a  b",   "~1$`{}"};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        print_message("in %s\n", names[i]);
        run_in_store(f, test_work_path(f, "%s", names[i]));
    }
}

/* --- Files that other programs have open ------------------------------------------------------ */

/* A scanner has the journal open without sharing while the end is to be appended to it. */
static void waits_while_another_program_has_the_journal_open(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    test_start_child(f->registry, id, "out", "x", "await", go, "exit", "3", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 2);
    HANDLE file = CreateFileA(test_session_path(f, "journal/journal.jsonl"), GENERIC_READ, 0, NULL,
                              OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    HANDLE thread = close_later(file, 400);
    test_write_file(go, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    close_later_join(thread);
    test_take_completion(f->registry, id);
}

static void keeps_all_bits_of_a_code(void **state)
{
    static const struct {
        const char *text;
        int64_t code;
    } cases[] = {{"3221225477", 3221225477}, /* 0xC0000005, an access violation */
                 {"3221225786", 3221225786}, /* 0xC000013A, a console break */
                 {"2147483648", 2147483648}, {"256", 256},
                 {"259", STILL_ACTIVE},      {"4294967295", 4294967295}};
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* Wine's cmd takes this code of an ended process for that of one that still runs. */
        if (cases[i].code == STILL_ACTIVE && test_in_wine())
            continue;
        test_start_child(f->registry, id, "exit", cases[i].text, NULL);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, cases[i].code, NULL);
        test_take_completion(f->registry, id);
    }
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "host") == 0)
        return be_host(argv);
    if (argc == 3 && strcmp(argv[1], "doctor") == 0)
        return be_doctor(argv);
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)
#define TEST_OPEN(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        TEST(outlives_a_job_that_permits_breakaway),
        TEST(outlives_a_job_with_silent_breakaway),
        TEST(is_lost_with_a_job_that_forbids_breakaway),
        TEST(outlives_a_host_whose_job_stays),
        TEST(outlives_two_jobs_that_permit_breakaway),
        TEST(does_in_nested_jobs_what_its_survival_says),
        TEST(outlives_a_host_without_a_job),
        TEST(doctor_reports_what_a_job_permits),
        TEST(works_in_hostile_stores),
        TEST_OPEN(waits_while_another_program_has_the_journal_open),
        TEST_OPEN(keeps_all_bits_of_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
