/* Owns the process that runs the command at the end of a task: its start outside of the task's job,
 * and the pipe to it.
 * Must not: leave the job open, or give that process anything of the task but the lifeline.
 * Thread: the only one. */
#include "monitor/on_end_os.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "win32/job.h"
#include "win32/monitor/handles.h"
#include "win32/monitor/on_end.h"
#include "win32/orders.h"
#include "win32/pipe.h"

enum { PATH_UNITS = 32767, LINE_UNITS = 128, PIPE_SIZE = 4096 };

/* What the messenger gets, in the order of its arguments. */
enum { LIFELINE, ORDERS, SAID, GIVEN };

static HANDLE words; /* of the pipe from the monitor to the messenger, the own end; NULL: none */

void tether__on_end_take_pipe(HANDLE from_monitor)
{
    words = from_monitor;
}

/* --- In the monitor --- */

/* As they came; the program is among the arguments of what was parsed. */
static DWORD pass_orders(const tether__orders *orders, HANDLE *passed)
{
    tether__text text = {0};
    tether__orders copy = *orders;
    copy.argv++;
    tether__orders_render(&copy, &text);
    tether__orders_add_on_end(&copy, &text);
    DWORD os_error = text.failed ? ERROR_NOT_ENOUGH_MEMORY
                                 : tether__win32_orders_pass(text.bytes, text.size, passed);
    tether__text_dispose(&text);
    return os_error;
}

/* The attributes point to the handles. */
static LPPROC_THREAD_ATTRIBUTE_LIST make_attributes(HANDLE given[GIVEN])
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = malloc(size);
    if (attributes == NULL)
        return NULL;
    if (InitializeProcThreadAttributeList(attributes, 1, 0, &size)) {
        if (UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, given,
                                      GIVEN * sizeof *given, NULL, NULL))
            return attributes;
        DeleteProcThreadAttributeList(attributes);
    }
    free(attributes);
    return NULL;
}

/* In a hidden console and a process group of its own, as a monitor: so it can send breaks to the
 * command. It works where the monitor does, in a directory that nobody removes. */
static bool create(const wchar_t *program, HANDLE given[GIVEN],
                   LPPROC_THREAD_ATTRIBUTE_LIST attributes)
{
    wchar_t line[LINE_UNITS];
    PROCESS_INFORMATION process;
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup}, .lpAttributeList = attributes};
    swprintf(line, LINE_UNITS, L"tether-monitor %hs %llu %llu %llu", TETHER__MESSENGER_WORD,
             (unsigned long long)(uintptr_t)given[LIFELINE],
             (unsigned long long)(uintptr_t)given[ORDERS],
             (unsigned long long)(uintptr_t)given[SAID]);
    if (!CreateProcessW(program, line, NULL, NULL, TRUE,
                        CREATE_BREAKAWAY_FROM_JOB | CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP |
                            EXTENDED_STARTUPINFO_PRESENT,
                        NULL, NULL, &startup.StartupInfo, &process))
        return false;
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return true;
}

static bool start_messenger(HANDLE given[GIVEN])
{
    bool started = false;
    wchar_t *program = calloc(PATH_UNITS + 1, sizeof *program);
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = make_attributes(given);
    if (program != NULL && attributes != NULL) {
        DWORD size = GetModuleFileNameW(NULL, program, PATH_UNITS);
        started = size > 0 && size < PATH_UNITS && create(program, given, attributes);
    }
    if (attributes != NULL)
        DeleteProcThreadAttributeList(attributes);
    free(attributes);
    free(program);
    return started;
}

/* Opens what the messenger gets; NULL: not opened. Nothing else inherits any of it: what a monitor
 * starts gets what is listed for it. */
static bool open_given(const tether__orders *orders, HANDLE given[GIVEN])
{
    HANDLE self = GetCurrentProcess();
    return DuplicateHandle(self, tether__monitor_lifeline(), self, &given[LIFELINE], 0, TRUE,
                           DUPLICATE_SAME_ACCESS) &&
           pass_orders(orders, &given[ORDERS]) == ERROR_SUCCESS &&
           tether__win32_pipe_pair(TETHER__WIN32_OUTBOUND, 0, PIPE_SIZE, 0, &words, &given[SAID]) ==
               ERROR_SUCCESS &&
           SetHandleInformation(given[ORDERS], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) &&
           SetHandleInformation(given[SAID], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

/* The host has left it open for the messenger. Nothing that the command starts is to leave it. */
static void close_job(const char *task_id)
{
    HANDLE job;
    if (tether__win32_job_open(task_id, JOB_OBJECT_SET_ATTRIBUTES, &job) != ERROR_SUCCESS)
        return;
    (void)tether__win32_job_detach(job, false);
    CloseHandle(job);
}

bool tether__on_end_os_part(const tether__orders *orders)
{
    HANDLE given[GIVEN] = {NULL};
    bool parted = open_given(orders, given) && start_messenger(given);
    close_job(orders->task_id);
    for (int i = 0; i < GIVEN; i++) {
        if (given[i] != NULL)
            CloseHandle(given[i]);
    }
    if (!parted && words != NULL) {
        CloseHandle(words);
        words = NULL;
    }
    return false;
}

/* The pipe has room for it. */
bool tether__on_end_os_tell(const void *bytes, size_t size)
{
    DWORD written;
    return words != NULL && WriteFile(words, bytes, (DWORD)size, &written, NULL) && written == size;
}

/* --- In the messenger --- */

bool tether__on_end_os_hear(void *bytes, size_t size)
{
    DWORD got = 1;
    size_t heard = 0;
    while (heard < size && got > 0) {
        if (!ReadFile(words, (char *)bytes + heard, (DWORD)(size - heard), &got, NULL))
            got = 0;
        heard += got;
    }
    CloseHandle(words);
    return heard == size;
}

_Noreturn void tether__on_end_os_leave(void)
{
    ExitProcess(0);
}
