/* Owns the monitor's handles, its sleep, and what it notes of the command's end.
 * Must not: decide when to do any of it (monitor.c does).
 * Thread: the only one, and the system's for console events. */
#include "monitor/monitor_os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "os/clock.h"
#include "win32/append.h"
#include "win32/error.h"
#include "win32/job.h"
#include "win32/monitor/bond.h"
#include "win32/monitor/channel.h"
#include "win32/monitor/command.h"
#include "win32/monitor/handles.h"
#include "win32/monitor/input.h"
#include "win32/monitor/offspring.h"
#include "win32/monitor/pump_os.h"
#include "win32/orders.h"
#include "win32/signal.h"
#include "win32/text.h"

enum { NOT_FOUND = 127, NOT_STARTED = 126, LOOK_MS = 100, REST_MS = 1, UTF8_CODE_PAGE = 65001 };

static const DWORD ended_by_break = 0xC000013A; /* STATUS_CONTROL_C_EXIT */

static HANDLE lifeline, passed_orders;
static HANDLE command;  /* NULL: not started */
static HANDLE awaited;  /* one of those that the command has left; NULL: none is known */
static bool sent_break; /* a console break has reached the task */
static bool sent_final; /* its processes were terminated */

void tether__monitor_take_handles(HANDLE given_lifeline, HANDLE given_orders, HANDLE given_bond)
{
    lifeline = given_lifeline;
    passed_orders = given_orders;
    tether__bond_take(given_bond);
}

HANDLE tether__monitor_lifeline(void)
{
    return lifeline;
}

/* A break is meant for the command. */
static BOOL WINAPI ignore(DWORD event)
{
    (void)event;
    return TRUE;
}

bool tether__monitor_os_prepare(void)
{
    if (GetFileType(lifeline) != FILE_TYPE_DISK ||
        !SetHandleInformation(lifeline, HANDLE_FLAG_INHERIT, 0)) {
        tether__monitor_os_complain("a monitor is started by tether, with a lifeline",
                                    tether__monitor_os_words((int)GetLastError()));
        return false;
    }
    SetConsoleCtrlHandler(ignore, TRUE);
    return true;
}

void tether__monitor_os_adopt(const char *task_id)
{
    tether__offspring_prepare(task_id);
}

const char *tether__monitor_os_orders(char **text, size_t *size)
{
    DWORD os_error = tether__win32_orders_take(passed_orders, TETHER__ORDERS_LIMIT, text, size);
    CloseHandle(passed_orders);
    return os_error == ERROR_SUCCESS             ? NULL
           : os_error == ERROR_NOT_ENOUGH_MEMORY ? "allocate memory"
                                                 : "read orders";
}

/* The host has written the line before the first instruction. */
void tether__monitor_os_identify(const tether__orders *orders, tether__identity *self)
{
    (void)orders;
    *self = (tether__identity){.pid = 0};
}

bool tether__monitor_os_append(const char *line, size_t size)
{
    return tether__win32_append(lifeline, line, size) == ERROR_SUCCESS;
}

/* --- The command --- */

static tether__start_failure name_failure(DWORD os_error)
{
    switch (os_error) {
    case ERROR_DIRECTORY:
        return TETHER__START_WORKDIR;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
        return TETHER__START_FORK;
    default:
        return TETHER__START_PROGRAM;
    }
}

/* The variable would hide the exit codes that cmd provides under this name. */
static void prepare_surroundings(const tether__orders *orders)
{
    SetEnvironmentVariableW(L"ERRORLEVEL", NULL);
    if (orders->utf8_console) {
        SetConsoleCP(UTF8_CODE_PAGE);
        SetConsoleOutputCP(UTF8_CODE_PAGE);
    }
}

tether__start_failure tether__monitor_os_start(const tether__orders *orders, int64_t *pid,
                                               int *code, int *os_error)
{
    HANDLE task_job;
    PROCESS_INFORMATION process;
    *code = NOT_STARTED;
    if (orders->line == NULL) {
        *os_error = ERROR_INVALID_DATA;
        return TETHER__START_ORDERS;
    }
    prepare_surroundings(orders);
    (void)tether__win32_job_open(orders->task_id, JOB_OBJECT_QUERY, &task_job);
    DWORD failed =
        tether__monitor_start_command(orders, tether__offspring_job(), task_job, &process);
    if (task_job != NULL)
        CloseHandle(task_job);
    *os_error = (int)failed;
    /* The process was there, and somebody has ended it before the start was done, as a kill may:
     * then the call fails. How it has ended cannot be found out. */
    if (failed != ERROR_SUCCESS && tether__offspring_began())
        return TETHER__START_OK;
    if (failed != ERROR_SUCCESS) {
        if (failed == ERROR_FILE_NOT_FOUND || failed == ERROR_PATH_NOT_FOUND)
            *code = NOT_FOUND;
        return name_failure(failed);
    }
    CloseHandle(process.hThread);
    command = process.hProcess;
    *pid = process.dwProcessId;
    return TETHER__START_OK;
}

void tether__monitor_os_complain(const char *what, const char *why)
{
    char line[2048];
    DWORD written;
    int size = snprintf(line, sizeof line, "tether: %.1400s: %.600s\n", what, why);
    if (size > 0)
        WriteFile(GetStdHandle(STD_ERROR_HANDLE), line, (DWORD)size, &written, NULL);
}

const char *tether__monitor_os_words(int os_error)
{
    static char words[TETHER__WIN32_WORDS_SIZE];
    tether__win32_words((uint32_t)os_error, words);
    return words;
}

/* The job ends with its last handle, so no command is left. */
void tether__monitor_os_note_command(int64_t pid)
{
    (void)pid;
}

/* Orders of this system name no cgroup. */
bool tether__monitor_os_enter_scope(const tether__orders *orders, int *os_error)
{
    (void)orders;
    *os_error = 0;
    return true;
}

void tether__monitor_os_leave_scope(void)
{
}

void tether__monitor_os_ask_scope(const tether__orders *orders, tether__ending *ending)
{
    (void)orders;
    (void)ending;
}

void tether__monitor_os_kill_scope(const tether__family *family)
{
    (void)family;
}

void tether__monitor_os_close_scope(void)
{
}

/* The host has started this process in a directory that nobody removes. */
void tether__monitor_os_settle(void)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CloseHandle(GetStdHandle(names[i]));
        SetStdHandle(names[i], NULL);
    }
}

/* --- The other task --- */

/* Not built for Windows: hosts do not ask for it. */
bool tether__monitor_os_watch_anchor(bool is_task)
{
    (void)is_task;
    return false;
}

bool tether__monitor_os_anchor_ended(void)
{
    return false;
}

/* --- Waiting --- */

static DWORD time_left(int64_t until_ms)
{
    if (until_ms == INT64_MAX)
        return INFINITE;
    int64_t left = until_ms - tether__os_monotonic_ms();
    return left <= 0 ? 0 : left < INT32_MAX ? (DWORD)left : INT32_MAX;
}

/* What the command has left is waited for one after the other: none of them can be gone before all
 * are. Where there is no handle to wait for, the monitor looks at intervals. */
void tether__monitor_os_rest(int milliseconds)
{
    Sleep((DWORD)milliseconds);
}

static DWORD shorter(DWORD one, DWORD other)
{
    return one < other ? one : other;
}

static void add_item(HANDLE *items, DWORD *count, HANDLE item)
{
    if (item != NULL)
        items[(*count)++] = item;
}

void tether__monitor_os_sleep(int64_t until_ms, bool rests)
{
    enum { OTHERS = 3 };
    HANDLE items[OTHERS + TETHER__CHANNEL_ITEMS + TETHER__PUMP_STREAMS];
    DWORD count = 0;
    bool running = command != NULL;
    int64_t due_ms = tether__channel_prepare(running);
    DWORD left = time_left(due_ms < until_ms ? due_ms : until_ms);
    DWORD look = shorter(left, LOOK_MS);
    add_item(items, &count, awaited != NULL ? awaited : command);
    if (count == 0)
        left = look;
    add_item(items, &count, tether__bond_event());
    add_item(items, &count, tether__input_event());
    count += (DWORD)tether__channel_items(items + count);
    if (rests)
        left = shorter(left, REST_MS);
    else
        count += (DWORD)tether__pump_waits(items + count);
    if (count == 0 || WaitForMultipleObjects(count, items, FALSE, left) == WAIT_FAILED)
        Sleep(shorter(left, look));
    tether__bond_look();
    tether__input_look();
    tether__channel_look(running);
}

static void note_end(tether__family *family)
{
    DWORD code;
    if (!GetExitCodeProcess(command, &code)) {
        family->unknown = true;
        return;
    }
    family->command_ended = true;
    family->outcome.end = TETHER__END_EXIT;
    family->outcome.value = (int)code;
    family->outcome.uptime_ms = tether__os_uptime_ms();
    family->by_kill = sent_final && code == TETHER__WIN32_KILLED_CODE ? TETHER__WIN32_KILL
                      : sent_break && code == ended_by_break          ? TETHER__WIN32_TERM
                                                                      : 0;
    CloseHandle(command);
    command = NULL;
}

void tether__monitor_os_reap(tether__family *family)
{
    if (!family->command_ended) {
        DWORD state = command != NULL ? WaitForSingleObject(command, 0) : WAIT_FAILED;
        if (state == WAIT_OBJECT_0)
            note_end(family);
        family->unknown = family->unknown || state == WAIT_FAILED;
    }
    if (!family->command_ended ||
        (awaited != NULL && WaitForSingleObject(awaited, 0) == WAIT_TIMEOUT))
        return;
    if (awaited != NULL)
        CloseHandle(awaited);
    tether__offspring_usage(&family->outcome.usage);
    family->empty = tether__offspring_is_gone(&awaited);
}

bool tether__monitor_os_list(const tether__family *family, tether__left *left)
{
    if (family->empty)
        *left = (tether__left){.count = 0};
    else
        tether__offspring_list(left);
    return true;
}

/* The job counts for all, the list those that live. */
void tether__monitor_os_measure(const tether__family *family, tether__using *used)
{
    tether__usage usage;
    tether__left left;
    (void)family;
    tether__offspring_usage(&usage);
    tether__offspring_list(&left);
    *used = (tether__using){usage.user_ms, usage.system_ms, -1, left.count};
}

/* A break goes to the process group, which this process leads. */
void tether__monitor_os_signal(const tether__family *family, bool final)
{
    (void)family;
    if (final) {
        sent_final = true;
        tether__offspring_terminate(TETHER__WIN32_KILLED_CODE);
    } else {
        sent_break =
            GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, GetCurrentProcessId()) || sent_break;
    }
}
