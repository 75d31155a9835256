/* The seam os/spawn.h on Windows: what a supervisor finds when it starts, which job it is in, and
 * what a failed or interrupted start leaves. The program is also the host:
 *   test_os_spawn_win32 start FOLDER: starts a child that waits for "go", writes "pid bound
 *     asked" and ends
 *   test_os_spawn_win32 denied FOLDER: fails to start a program, and writes what is said of that
 *   test_os_spawn_win32 stop-at STEP FOLDER ID: begins a start, writes the child's "pid start"
 *     and is terminated at this step */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "format/marker.h"
#include "os/clock.h"
#include "support/win32/in_job.h"
#include "win32/job.h"
#include "win32/process.h"
#include "win32/start.h"

static DWORD run(place *p, supervisor *s, const char *const *verbs)
{
    return process_join(supervisor_start(p, s, verbs));
}

/* Removes what one start has left in the place, for the next one. */
static void remove_files(place *p)
{
    static const char *const names[] = {"go", "said", "out", "err", "lifeline"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ASSERT_OK(tether__os_file_remove(p->dir, names[i], &p->error), p->error);
}

/* --- What it finds ---------------------------------------------------------------------------- */

static void gives_streams(void **state)
{
    static const char *const verbs[] = {"out", "to out", "err", "to err", "cat", "exit", "7", NULL};
    place *p = *state;
    supervisor s;
    supervisor_prepare(p, &s, "");
    assert_int_equal(run(p, &s, verbs), 7);
    assert_string_equal(place_read(p, "out"), "to out\n");
    assert_string_equal(place_read(p, "err"), "to err\n");
}

static void merges_and_reads_a_file(void **state)
{
    static const char *const verbs[] = {"out", "a", "err", "b", "cat", NULL};
    place *p = *state;
    supervisor s;
    supervisor_prepare(p, &s, "");
    place_write(p, "in", "from in\n");
    s.start.stderr_name = NULL;
    s.start.stdin_path = place_path(p, "in");
    assert_int_equal(run(p, &s, verbs), 0);
    assert_string_equal(place_read(p, "out"), "a\nb\nfrom in\n");
}

/* Cygwin's programs take a handle without FILE_WRITE_DATA for one that can only read. */
static void gives_outputs_with_all_rights_to_write(void **state)
{
    static const char *const verbs[] = {"access", NULL};
    const unsigned long wanted = FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_READ_ATTRIBUTES;
    place *p = *state;
    supervisor s;
    char *end;
    supervisor_prepare(p, &s, "");
    assert_int_equal(run(p, &s, verbs), 0);
    unsigned long out = strtoul(place_read(p, "out"), &end, 16);
    unsigned long err = strtoul(end, &end, 16);
    assert_string_equal(end, "\n");
    assert_int_equal(out & wanted, wanted);
    assert_int_equal(err & wanted, wanted);
}

/* The block must be sorted without regard to case, or look-ups in it fail. Its text is UTF-8
 * here. */
static void gives_the_environment(void **state)
{
    static const char *const verbs[] = {"env",  "zeta",    "env",          "ALPHA", "env",
                                        "beta", "env",     "\xc3\xa4rger", "env",   "Empty",
                                        "env",  "nothing", "exit",         "0",     NULL};
    place *p = *state;
    supervisor s;
    supervisor_prepare(p, &s, "");
    s.envp[1] = "zeta=last";
    s.envp[2] = "Beta=\xe2\x82\xac \xf0\x9f\x98\x80";
    s.envp[3] = "alpha=a=b";
    s.envp[4] = "\xc3\xa4rger=1";
    s.envp[5] = "Empty=";
    assert_int_equal(run(p, &s, verbs), 0);
    assert_string_equal(place_read(p, "out"), "last\na=b\n\xe2\x82\xac \xf0\x9f\x98\x80\n1\n\n\n");
}

static void gives_the_working_directory(void **state)
{
    static const char *const verbs[] = {"append", "here", NULL};
    place *p = *state;
    supervisor s;
    supervisor_prepare(p, &s, "");
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", place_path(p, "\xc3\xa4 b & c"));
    make_directory(p, "\xc3\xa4 b & c");
    s.start.workdir = folder;
    assert_int_equal(run(p, &s, verbs), 0);
    assert_int_equal(test_count_names(folder), 1);
}

/* The library relies on this: with PROC_THREAD_ATTRIBUTE_HANDLE_LIST the child inherits no other
 * handles. It has three streams, the lifeline, and the job. */
static void inherits_no_other_handle(void **state)
{
    static const char *const verbs[] = {"fds", "forever", NULL};
    place *p = *state;
    supervisor s;
    char name[64];
    supervisor_prepare(p, &s, "");
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    snprintf(name, sizeof name, "tether-test-event-%lu", (unsigned long)GetCurrentProcessId());
    HANDLE event = CreateEventA(&inherited, TRUE, FALSE, name);
    assert_non_null(event);
    HANDLE child = supervisor_start(p, &s, verbs);
    CloseHandle(event);
    /* The event would still exist if the child had inherited it. */
    assert_null(OpenEventA(SYNCHRONIZE, FALSE, name));
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    assert_true(lifeline_is_held(p, "lifeline"));
    WAIT_UNTIL(strchr(place_read(p, "out"), '\n') != NULL);
    int count = 0;
    for (const char *c = place_read(p, "out"); *c != '\0'; c++)
        count += *c == ' ';
    assert_in_range(count, 4, 5);
    process_crash(child);
}

/* --- Its job ---------------------------------------------------------------------------------- */

static bool is_in(HANDLE process, HANDLE job)
{
    BOOL inside = FALSE;
    assert_true(IsProcessInJob(process, job, &inside));
    return inside != FALSE;
}

/* The library relies on this: PROC_THREAD_ATTRIBUTE_JOB_LIST puts the process into the job
 * atomically. */
static void is_in_its_job_before_it_runs(void **state)
{
    place *p = *state;
    char id[64];
    HANDLE job;
    PROCESS_INFORMATION process;
    bool bound;
    wchar_t path[1024], line[] = L"child forever";
    supervisor_make_id(id);
    (void)p;
    assert_true(MultiByteToWideChar(CP_UTF8, 0, CHILD, -1, path, 1024) > 0);
    assert_int_equal(tether__win32_job_create(id, &job), 0);
    tether__win32_start what = {.program = path, .line = line, .job = job};
    assert_int_equal(tether__win32_create(&what, &process, &bound), 0);
    assert_true(is_in(process.hProcess, job));
    /* It is still suspended. */
    assert_int_equal(ResumeThread(process.hThread), 1);
    HANDLE handle = process.hProcess;
    CloseHandle(process.hThread);
    /* It ends with the last handle of its job, which is not detached. */
    job_close(job, handle);
}

static bool has_job(const char *id)
{
    HANDLE job;
    (void)tether__win32_job_open(id, JOB_OBJECT_QUERY, &job);
    if (job != NULL)
        CloseHandle(job);
    return job != NULL;
}

/* The library relies on this: another process can open a named job, and the name lives as long as a
 * process has a handle. */
static void can_be_found_by_the_name_of_its_job(void **state)
{
    static const char *const verbs[] = {"forever", NULL};
    place *p = *state;
    supervisor s;
    DWORD *pids;
    size_t count;
    supervisor_prepare(p, &s, "");
    HANDLE child = supervisor_start(p, &s, verbs);
    HANDLE job;
    (void)tether__win32_job_open(s.task_id, JOB_OBJECT_QUERY | JOB_OBJECT_TERMINATE, &job);
    assert_non_null(job);
    assert_int_equal(tether__win32_job_pids(job, &pids, &count), 0);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || pids[i] == GetProcessId(child);
    free(pids);
    assert_true(found);
    assert_true(TerminateJobObject(job, 77));
    assert_int_equal(process_join(child), 77);
    CloseHandle(job);
    /* Its console host may take a moment longer. */
    WAIT_UNTIL(!has_job(s.task_id));
}

static void is_identified_in_its_lifeline_before_it_runs(void **state)
{
    static const char *const verbs[] = {"cat", NULL};
    place *p = *state;
    supervisor s;
    char line[TETHER__MARKER_LINE_SIZE];
    supervisor_prepare(p, &s, "");
    s.start.stdin_path = place_path(p, "lifeline");
    HANDLE child = supervisor_start(p, &s, verbs);
    const tether__identity identity = identity_of(child);
    assert_int_equal(process_join(child), 0);
    size_t size = tether__marker_format_supervisor(&identity, line);
    assert_int_equal(strlen(place_read(p, "out")), size);
    assert_memory_equal(place_read(p, "out"), line, size);
}

static int begin_as_host(char **argv)
{
    static const char *const verbs[] = {"await", "go", NULL};
    place p = {.path = argv[2]};
    supervisor s;
    tether__started started;
    bool asked;
    char said[64];
    HOST_OK(tether__os_dir_open_root(argv[2], false, &p.dir, &p.error), p.error);
    HOST_OK(tether__os_spawn_bound(&asked, &p.error), p.error);
    supervisor_prepare(&p, &s, "");
    s.argv[1] = verbs[0];
    s.argv[2] = verbs[1];
    HOST_OK(tether__os_spawn(&s.start, &started, &p.error), p.error);
    snprintf(said, sizeof said, "%lld %d %d\n", (long long)started.pid, started.bound, asked);
    place_write(&p, "said", said);
    tether__os_dir_close(p.dir);
    return 0;
}

/* The library relies on this: a child leaves a job with BREAKAWAY_OK. Without that, CreateProcess
 * fails with error 5, and a retry without the flag succeeds. With SILENT_BREAKAWAY_OK children
 * leave anyway. Outside of a job the flag is harmless. The same holds for nested jobs. */
static void leaves_jobs_that_permit_breakaway(void **state)
{
    static const struct {
        size_t count;
        DWORD flags[2];
        int bound;
        bool dies;
    } cases[] = {
        {0, {0, 0}, 0, false},
        {1, {KILL_ON_CLOSE | BREAKAWAY_OK, 0}, 0, false},
        {1, {KILL_ON_CLOSE, 0}, 1, true},
        {1, {KILL_ON_CLOSE | SILENT_OK, 0}, 0, false},
        {2, {KILL_ON_CLOSE | BREAKAWAY_OK, KILL_ON_CLOSE | BREAKAWAY_OK}, 0, false},
        {2, {KILL_ON_CLOSE | SILENT_OK, KILL_ON_CLOSE | SILENT_OK}, 0, false},
        {2, {KILL_ON_CLOSE | BREAKAWAY_OK, KILL_ON_CLOSE}, 1, true},
        {2, {KILL_ON_CLOSE, KILL_ON_CLOSE | BREAKAWAY_OK}, 1, true},
        {2, {KILL_ON_CLOSE, KILL_ON_CLOSE | SILENT_OK}, 1, true},
    };
    place *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        HANDLE jobs[2] = {NULL, NULL};
        for (size_t k = 0; k < cases[i].count; k++)
            jobs[k] = job_make(cases[i].flags[k]);
        const char *const argv[] = {process_self(), "start", p->path, NULL};
        assert_int_equal(process_join(job_start(jobs, cases[i].count, argv, FALSE)), 0);
        long long pid;
        int bound = -1, asked = -1;
        assert_int_equal(sscanf(place_read(p, "said"), "%lld %d %d", &pid, &bound, &asked), 3);
        print_message("case %d\n", (int)i);
        assert_int_equal(bound, cases[i].bound);
        assert_int_equal(asked, cases[i].bound);
        HANDLE child = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)pid);
        assert_non_null(child);
        for (size_t k = cases[i].count; k > 0; k--)
            assert_true(CloseHandle(jobs[k - 1]));
        if (cases[i].dies)
            assert_int_equal(WaitForSingleObject(child, PATIENCE_MS), WAIT_OBJECT_0);
        else
            assert_int_equal(WaitForSingleObject(child, 100), WAIT_TIMEOUT);
        place_write(p, "go", "");
        assert_int_equal(WaitForSingleObject(child, PATIENCE_MS), WAIT_OBJECT_0);
        CloseHandle(child);
        remove_files(p);
    }
}

/* As in a job that limits the user interface, where Windows denies a job inside: here the handle of
 * the inner job lacks the right to put a process into it. */
static int be_denied(char **argv)
{
    wchar_t program[MAX_PATH], line[] = L"x";
    PROCESS_INFORMATION process;
    bool bound;
    place p = {.path = argv[2]};
    tether__win32_start start = {.program = program, .line = line};
    HANDLE job = job_make(0);
    if (GetModuleFileNameW(NULL, program, MAX_PATH) == 0 ||
        !DuplicateHandle(GetCurrentProcess(), job, GetCurrentProcess(), &start.job,
                         JOB_OBJECT_QUERY, FALSE, 0))
        return 1;
    DWORD os_error = tether__win32_create(&start, &process, &bound);
    tether__win32_fail_start(program, "shown.exe", os_error, TETHER_ENOSHELL, &p.error);
    HOST_OK(tether__os_dir_open_root(argv[2], false, &p.dir, &p.error), p.error);
    place_write(&p, "said", p.error.message);
    tether__os_dir_close(p.dir);
    CloseHandle(start.job);
    CloseHandle(job);
    return p.error.code;
}

static void blames_the_job_that_denies_a_start(void **state)
{
    place *p = *state;
    HANDLE job = job_make(KILL_ON_CLOSE);
    const char *const argv[] = {process_self(), "denied", p->path, NULL};
    tether_error error = {0};
    assert_int_equal(process_join(job_start(&job, 1, argv, FALSE)), (DWORD)TETHER_ENOTSUP);
    assert_non_null(strstr(place_read(p, "said"), "JOB_OBJECT_LIMIT_BREAKAWAY_OK"));
    assert_null(strstr(place_read(p, "said"), "permissions"));
    remove_files(p);
    CloseHandle(job);
    /* Outside of a job, or if the program may not be started either, it is the program's fault. */
    assert_int_equal(process_join(job_start(NULL, 0, argv, FALSE)), (DWORD)TETHER_ENOEXEC);
    assert_non_null(strstr(place_read(p, "said"), "shown.exe"));
    assert_non_null(strstr(place_read(p, "said"), "permissions"));
    assert_int_equal(tether__win32_fail_start(L"C:\\none.exe", "none.exe", ERROR_ACCESS_DENIED,
                                              TETHER_ENOSHELL, &error),
                     TETHER_ENOEXEC);
    remove_files(p);
}

/* --- What cannot be started ------------------------------------------------------------------- */

static void make_odd_files(const place *p)
{
    place_write(p, "text.exe", "just text, and no program\n");
    place_write(p, "some.bat", "@exit 3\r\n");
    assert_true(CreateDirectoryA(place_path(p, "folder"), NULL));
}

/* Wine reports an invalid handle where a directory is started in a job. */
static int directory_code(void)
{
    return test_in_wine() ? TETHER_ESYSTEM : TETHER_ENOEXEC;
}

static void reports_what_cannot_be_started_without_running_it(void **state)
{
    place *p = *state;
    make_odd_files(p);
    ASSERT_OK(tether__os_spawn_try(CHILD, &p->error), p->error);
    ASSERT_OK(tether__os_spawn_try(place_path(p, "some.bat"), &p->error), p->error);
    assert_int_equal(tether__os_spawn_try(place_path(p, "none.exe"), &p->error), TETHER_ENOPROGRAM);
    assert_int_equal(p->error.os_error, ERROR_FILE_NOT_FOUND);
    assert_int_equal(tether__os_spawn_try(place_path(p, "no/one.exe"), &p->error),
                     TETHER_ENOPROGRAM);
    assert_int_equal(p->error.os_error, ERROR_PATH_NOT_FOUND);
    assert_int_equal(tether__os_spawn_try(place_path(p, "text.exe"), &p->error), TETHER_ENOEXEC);
    assert_int_equal(p->error.os_error, ERROR_BAD_EXE_FORMAT);
    int code = tether__os_spawn_try(place_path(p, "folder"), &p->error);
    assert_int_equal(code, directory_code());
}

/* The library relies on this: the errors of CreateProcess are 2 for a missing program, 3 for a
 * missing path, 193 for a file that is no program, 5 for a directory, 267 for a bad working
 * directory. */
static void a_failed_start_leaves_nothing(void **state)
{
    const struct {
        const char *program, *workdir;
        int code, os_error;
    } cases[] = {
        {"none.exe", NULL, TETHER_ENOSHELL, ERROR_FILE_NOT_FOUND},
        {"no/one.exe", NULL, TETHER_ENOSHELL, ERROR_PATH_NOT_FOUND},
        {"text.exe", NULL, TETHER_ENOEXEC, ERROR_BAD_EXE_FORMAT},
        {"folder", NULL, directory_code(),
         test_in_wine() ? ERROR_INVALID_HANDLE : ERROR_ACCESS_DENIED},
        {NULL, "nowhere", TETHER_EWORKDIR, ERROR_DIRECTORY},
    };
    place *p = *state;
    make_odd_files(p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        supervisor s;
        tether__started started;
        supervisor_prepare(p, &s, "");
        if (cases[i].program != NULL)
            s.start.program = place_path(p, cases[i].program);
        if (cases[i].workdir != NULL)
            s.start.workdir = place_path(p, cases[i].workdir);
        int code = tether__os_spawn(&s.start, &started, &p->error);
        tether__os_lifeline_close(&s.lifeline);
        print_message("case %d: %s\n", (int)i, p->error.message);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(p->error.os_error, cases[i].os_error);
        assert_int_equal(started.pid, 0);
        assert_false(has_job(s.task_id));
        assert_false(lifeline_is_held(p, "lifeline"));
        assert_string_equal(place_read(p, "lifeline"), "");
        remove_files(p);
    }
}

/* --- A host that is terminated in the middle -------------------------------------------------- */

/* Does the steps of a start up to this one: the child exists, or its job is detached. */
static int stop_at(char **argv)
{
    PROCESS_INFORMATION process;
    HANDLE job;
    bool bound;
    char said[128];
    wchar_t path[1024], workdir[1024], line[] = L"child append ran";
    place p = {.path = argv[3]};
    MultiByteToWideChar(CP_UTF8, 0, CHILD, -1, path, 1024);
    MultiByteToWideChar(CP_UTF8, 0, argv[3], -1, workdir, 1024);
    HOST_ASSERT(tether__win32_job_create(argv[4], &job) == 0);
    tether__win32_start what = {.program = path, .line = line, .workdir = workdir, .job = job};
    HOST_ASSERT(tether__win32_create(&what, &process, &bound) == 0);
    if (strcmp(argv[2], "detached") == 0)
        HOST_ASSERT(tether__win32_job_detach(job, false) == 0);
    snprintf(said, sizeof said, "%lu %llu\n", (unsigned long)process.dwProcessId,
             (unsigned long long)tether__win32_start_time(process.hProcess));
    place_write(&p, "said", said);
    TerminateProcess(GetCurrentProcess(), 5);
    return 6;
}

static tether__identity stop_host(place *p, const char *step, const char *id)
{
    unsigned long pid;
    unsigned long long start_time;
    tether__identity identity = {0};
    const char *const argv[] = {process_self(), "stop-at", step, p->path, id, NULL};
    assert_int_equal(process_run(argv), 5);
    assert_int_equal(sscanf(place_read(p, "said"), "%lu %llu", &pid, &start_time), 2);
    identity.pid = (int64_t)pid;
    identity.start_time = start_time;
    tether__os_boot_id(identity.boot_id);
    return identity;
}

static void dies_with_a_host_that_has_not_detached_its_job(void **state)
{
    place *p = *state;
    char id[64];
    supervisor_make_id(id);
    tether__identity identity = stop_host(p, "created", id);
    WAIT_UNTIL(!test_process_alive((long)identity.pid));
    assert_false(test_exists(place_path(p, "ran")));
    /* Another host has nothing left to do. */
    assert_true(tether__os_spawn_release(id, &identity));
}

static void is_resumed_by_another_host(void **state)
{
    place *p = *state;
    char id[64];
    supervisor_make_id(id);
    tether__identity identity = stop_host(p, "detached", id);
    assert_true(test_process_alive((long)identity.pid));
    assert_false(test_exists(place_path(p, "ran")));
    WAIT_UNTIL(tether__os_spawn_release(id, &identity));
    WAIT_UNTIL(!test_process_alive((long)identity.pid));
    assert_string_equal(place_read(p, "ran"), "x\n");
    assert_true(tether__os_spawn_release(id, &identity));
}

/* A running process stays as it is. */
static void resuming_a_running_supervisor_does_nothing(void **state)
{
    static const char *const verbs[] = {"await", "go", "exit", "4", NULL};
    place *p = *state;
    supervisor s;
    supervisor_prepare(p, &s, "");
    HANDLE child = supervisor_start(p, &s, verbs);
    const tether__identity identity = identity_of(child);
    assert_true(tether__os_spawn_release(s.task_id, &identity));
    assert_true(tether__os_spawn_release(s.task_id, &identity));
    place_write(p, "go", "");
    assert_int_equal(process_join(child), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "start") == 0)
        return begin_as_host(argv);
    if (argc == 3 && strcmp(argv[1], "denied") == 0)
        return be_denied(argv);
    if (argc == 5 && strcmp(argv[1], "stop-at") == 0)
        return stop_at(argv);
    const struct CMUnitTest tests[] = {
        TEST(gives_streams),
        TEST(merges_and_reads_a_file),
        TEST(gives_outputs_with_all_rights_to_write),
        TEST(gives_the_environment),
        TEST(gives_the_working_directory),
        TEST(inherits_no_other_handle),
        TEST(is_in_its_job_before_it_runs),
        TEST(can_be_found_by_the_name_of_its_job),
        TEST(is_identified_in_its_lifeline_before_it_runs),
        TEST(leaves_jobs_that_permit_breakaway),
        TEST(blames_the_job_that_denies_a_start),
        TEST(reports_what_cannot_be_started_without_running_it),
        TEST(a_failed_start_leaves_nothing),
        TEST(dies_with_a_host_that_has_not_detached_its_job),
        TEST(is_resumed_by_another_host),
        TEST(resuming_a_running_supervisor_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
