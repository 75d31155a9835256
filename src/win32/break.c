/* Owns finding and running the helper that sends console breaks.
 * Must not: touch the console of this process.
 * Thread: any. */
#include "win32/break.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "win32/error.h"

static const char step[] = "send break";
static const wchar_t helper[] = L"tether-break.exe";

enum { PATH_UNITS = 32767, COMMAND_UNITS = 96, PATIENCE_MS = 2000 };

/* Returns the helper's path, beside the library or program that contains this code; freed with
 * free(). NULL on failure. */
static wchar_t *find_helper(void)
{
    HMODULE module;
    wchar_t *path = calloc(PATH_UNITS, sizeof *path);
    if (path == NULL || !GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                                                GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                                            (LPCWSTR)(const void *)helper, &module)) {
        free(path);
        return NULL;
    }
    DWORD size = GetModuleFileNameW(module, path, PATH_UNITS);
    wchar_t *name = wcsrchr(path, L'\\');
    if (size == 0 || name == NULL || (size_t)(name - path) + wcslen(helper) + 2 > PATH_UNITS) {
        free(path);
        return NULL;
    }
    wcscpy(name + 1, helper);
    return path;
}

/* Runs the helper. Returns 0 or the error; *exit_code is 0 where the break was sent. */
static DWORD run(const wchar_t *path, const tether__identity *supervisor, DWORD *exit_code)
{
    wchar_t command[COMMAND_UNITS];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    *exit_code = 1;
    _snwprintf(command, COMMAND_UNITS - 1, L"tether-break %lld %llu", (long long)supervisor->pid,
               (unsigned long long)supervisor->start_time);
    command[COMMAND_UNITS - 1] = L'\0';
    if (!CreateProcessW(path, command, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &startup,
                        &process))
        return GetLastError();
    if (WaitForSingleObject(process.hProcess, PATIENCE_MS) == WAIT_OBJECT_0)
        GetExitCodeProcess(process.hProcess, exit_code);
    else
        TerminateProcess(process.hProcess, 1);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return ERROR_SUCCESS;
}

int tether__win32_break(const tether__identity *supervisor, tether_error *error)
{
    DWORD exit_code = 1;
    wchar_t *path = supervisor->start_time != 0 ? find_helper() : NULL;
    DWORD os_error = path != NULL ? run(path, supervisor, &exit_code) : ERROR_FILE_NOT_FOUND;
    free(path);
    if (os_error == ERROR_SUCCESS && exit_code == 0)
        return TETHER_OK;
    return tether__fail(error, TETHER_ENOTSUP, (int)os_error, step,
                        "no console break can be sent to process %lld (tether-break.exe is not "
                        "beside the library, or that process has no console); a kill ends it",
                        (long long)supervisor->pid);
}
