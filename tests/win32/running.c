/* Owns the processes of contract tests.
 * Must not: leave one behind.
 * Thread: the test's. */
#include "win32/running.h"

#include <stdlib.h>

#include "support/support.h"
#include "support/win32/command_line.h"

HANDLE running_start(const char *const *argv)
{
    PROCESS_INFORMATION process;
    STARTUPINFOW startup = {.cb = sizeof startup};
    wchar_t *line = command_line_make(argv);
    assert_true(CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL,
                               &startup, &process));
    free(line);
    CloseHandle(process.hThread);
    return process.hProcess;
}

void running_kill(HANDLE process)
{
    assert_true(TerminateProcess(process, 9));
    assert_int_equal(WaitForSingleObject(process, PATIENCE_MS), WAIT_OBJECT_0);
}
