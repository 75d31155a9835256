/* Stands in for a shell that is not installed: records its call in the file that %STAND_IN_FILE%
 * names, as UTF-8 lines (the path of this program, the working directory, each argument), and exits
 * with %STAND_IN_CODE%. */
#include <stdlib.h>
#include <windows.h>
#include <shellapi.h>

enum { UNITS = 32768 };

static wchar_t buffer[UNITS];
static char bytes[3 * UNITS];

static void put(HANDLE file, const wchar_t *line)
{
    DWORD written;
    int size = WideCharToMultiByte(CP_UTF8, 0, line, -1, bytes, sizeof bytes, NULL, NULL);
    if (size <= 0)
        ExitProcess(98);
    bytes[size - 1] = '\n';
    if (!WriteFile(file, bytes, (DWORD)size, &written, NULL))
        ExitProcess(98);
}

int main(void)
{
    int count;
    wchar_t **argv = CommandLineToArgvW(GetCommandLineW(), &count);
    if (argv == NULL || GetEnvironmentVariableW(L"STAND_IN_FILE", buffer, UNITS) == 0)
        return 97;
    HANDLE file = CreateFileW(buffer, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 96;
    GetModuleFileNameW(NULL, buffer, UNITS);
    put(file, buffer);
    GetCurrentDirectoryW(UNITS, buffer);
    put(file, buffer);
    for (int i = 1; i < count; i++)
        put(file, argv[i]);
    CloseHandle(file);
    return GetEnvironmentVariableW(L"STAND_IN_CODE", buffer, UNITS) > 0 ? _wtoi(buffer) : 0;
}
