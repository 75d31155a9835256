/* Owns the clocks that cannot be set, and the boot id.
 * Must not: keep state.
 * Thread: any. */
#include "os/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <windows.h>

enum { TICKS_PER_MS = 10000 };

/* Calls a function that exists since Windows 10. Its sibling without "Precise" advances in steps of
 * the timer, up to 16 ms. */
static bool precise_ms(const char *function, int64_t *ms)
{
    typedef void(WINAPI * query_fn)(ULONGLONG * ticks);
    HMODULE kernel = GetModuleHandleW(L"kernelbase.dll");
    FARPROC found = kernel != NULL ? GetProcAddress(kernel, function) : NULL;
    ULONGLONG ticks = 0;
    if (found == NULL)
        return false;
    ((query_fn)(void (*)(void))found)(&ticks);
    *ms = (int64_t)(ticks / TICKS_PER_MS);
    return true;
}

int64_t tether__os_monotonic_ms(void)
{
    int64_t ms;
    ULONGLONG ticks = 0;
    if (precise_ms("QueryUnbiasedInterruptTimePrecise", &ms))
        return ms;
    QueryUnbiasedInterruptTime(&ticks);
    return (int64_t)(ticks / TICKS_PER_MS);
}

int64_t tether__os_uptime_ms(void)
{
    int64_t ms;
    if (precise_ms("QueryInterruptTimePrecise", &ms))
        return ms;
    return (int64_t)GetTickCount64();
}

/* Reads BootId of KUSER_SHARED_DATA (ntddk.h), a page that every process has at this address: how
 * often this installation was booted. 0 before Windows 10. */
static ULONG boot_count(void)
{
    static const ULONG_PTR shared_data = 0x7FFE0000, boot_id_offset = 0x2C4;
    return *(volatile const ULONG *)(shared_data + boot_id_offset);
}

/* Returns the time of the boot; 0 where it is not known. Windows corrects it when the clock is set,
 * so the boot count is preferred. */
static LONGLONG boot_time(void)
{
    typedef LONG(WINAPI * query_fn)(int class, void *information, ULONG size, ULONG *got);
    static const int time_of_day = 3;
    LARGE_INTEGER information[8] = {{.QuadPart = 0}}; /* BootTime is the first */
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    FARPROC found = ntdll != NULL ? GetProcAddress(ntdll, "NtQuerySystemInformation") : NULL;
    /* SYSTEM_TIMEOFDAY_INFORMATION has 48 bytes. */
    if (found == NULL || ((query_fn)(void (*)(void))found)(time_of_day, information, 48, NULL) < 0)
        return 0;
    return information[0].QuadPart;
}

bool tether__os_boot_id(char id[TETHER__BOOT_ID_SIZE])
{
    ULONG count = boot_count();
    LONGLONG time = count == 0 ? boot_time() : 0;
    id[0] = '\0';
    if (count != 0)
        snprintf(id, TETHER__BOOT_ID_SIZE, "boot-%lu", count);
    else if (time != 0)
        snprintf(id, TETHER__BOOT_ID_SIZE, "booted-%llx", (unsigned long long)time);
    return true;
}

/* Windows has no time namespaces. */
int tether__os_clock_frame(tether__clock_frame *own, tether_error *error)
{
    (void)error;
    *own = (tether__clock_frame){0};
    return TETHER_OK;
}

int tether__os_child_clock_frame(tether__clock_frame *childrens, tether_error *error)
{
    return tether__os_clock_frame(childrens, error);
}
