/* How the monitor on Windows starts the command: in a job of its own, or without one where Windows
 * refuses that. */
#include "support/unit.h"

#include <string.h>
#include <windows.h>

#include "win32/monitor/command.h"

#define CMD "C:\\windows\\system32\\cmd.exe"

static DWORD start(const char *line, HANDLE *job, PROCESS_INFORMATION *process)
{
    const tether__orders orders = {.task_id = "t1", .program = CMD, .line = line};
    return tether__monitor_start_command(&orders, job, NULL, process);
}

static DWORD join(PROCESS_INFORMATION *process)
{
    DWORD code;
    assert_int_equal(WaitForSingleObject(process->hProcess, 60000), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(process->hProcess, &code));
    CloseHandle(process->hProcess);
    CloseHandle(process->hThread);
    return code;
}

static DWORD count_started(HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION counts;
    assert_true(QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &counts,
                                          sizeof counts, NULL));
    return counts.TotalProcesses;
}

static void it_is_in_its_job_from_the_start(void **state)
{
    (void)state;
    PROCESS_INFORMATION process;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    assert_non_null(job);
    assert_int_equal(start("cmd /c exit 3", &job, &process), 0);
    assert_non_null(job);
    assert_int_equal(join(&process), 3);
    assert_true(count_started(job) >= 1);
    CloseHandle(job);
}

/* The second attempt, which puts the suspended process into the job, fails too. */
static void it_runs_where_its_job_is_refused(void **state)
{
    (void)state;
    PROCESS_INFORMATION process;
    HANDLE refused, job = CreateJobObjectW(NULL, NULL);
    assert_non_null(job);
    assert_true(DuplicateHandle(GetCurrentProcess(), job, GetCurrentProcess(), &refused,
                                JOB_OBJECT_QUERY, FALSE, 0));
    assert_int_equal(start("cmd /c exit 4", &refused, &process), 0);
    assert_null(refused);
    assert_int_equal(join(&process), 4);
    assert_int_equal(count_started(job), 0);
    CloseHandle(job);
}

static void it_runs_without_a_job(void **state)
{
    (void)state;
    PROCESS_INFORMATION process;
    HANDLE none = NULL;
    assert_int_equal(start("cmd /c exit 5", &none, &process), 0);
    assert_int_equal(join(&process), 5);
}

static void a_failure_keeps_the_job(void **state)
{
    (void)state;
    PROCESS_INFORMATION process;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    const tether__orders gone = {.program = "C:\\no such\\program.exe", .line = "x"};
    const tether__orders nowhere = {.program = CMD, .line = "x", .workdir = "C:\\no such\\folder"};
    const tether__orders garbled = {.program = CMD, .line = "cmd \xff"};
    assert_int_equal(tether__monitor_start_command(&gone, &job, NULL, &process),
                     ERROR_PATH_NOT_FOUND);
    assert_int_equal(tether__monitor_start_command(&nowhere, &job, NULL, &process),
                     ERROR_DIRECTORY);
    assert_int_equal(tether__monitor_start_command(&garbled, &job, NULL, &process),
                     ERROR_NO_UNICODE_TRANSLATION);
    assert_non_null(job);
    assert_int_equal(count_started(job), 0);
    CloseHandle(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_in_its_job_from_the_start),
        cmocka_unit_test(it_runs_where_its_job_is_refused),
        cmocka_unit_test(it_runs_without_a_job),
        cmocka_unit_test(a_failure_keeps_the_job),
    };
    return cmocka_run_group_tests_name("monitor_command_win32", tests, NULL, NULL);
}
