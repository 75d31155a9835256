/* Owns the mapping from errors of Windows to tether codes, and the remedies in messages.
 * Must not: fail.
 * Thread: any. */
#include "win32/error.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"

/* Missing in headers of mingw. */
#ifndef ERROR_VIRUS_INFECTED
#define ERROR_VIRUS_INFECTED 225L
#endif
#ifndef ERROR_DIRECTORY_NOT_SUPPORTED
#define ERROR_DIRECTORY_NOT_SUPPORTED 336L
#endif
#ifndef ERROR_DISK_QUOTA_EXCEEDED
#define ERROR_DISK_QUOTA_EXCEEDED 1295L
#endif

typedef struct mapping {
    DWORD os_error;
    int code;
    const char *remedy; /* NULL: no general remedy */
} mapping;

static const char choose_shorter[] = "choose a shorter path";
static const char check_rights[] = "check owner and permissions (icacls)";
static const char in_use[] = "another program has it open: close that, then try again";
static const char check_disk[] = "check the disk";
static const char check_share[] = "check the network, or choose a store on a local disk";
static const char no_program[] = "the file is not a program for this machine";

static const mapping mappings[] = {
    {ERROR_INVALID_PARAMETER, TETHER_EINVAL, NULL},
    {ERROR_INVALID_NAME, TETHER_EINVAL, "choose a path without the characters < > : \" | ? *"},
    {ERROR_BAD_PATHNAME, TETHER_EINVAL, "choose another path"},
    {ERROR_FILENAME_EXCED_RANGE, TETHER_EINVAL, choose_shorter},
    {ERROR_BUFFER_OVERFLOW, TETHER_EINVAL, choose_shorter},
    {ERROR_LABEL_TOO_LONG, TETHER_EINVAL, choose_shorter},
    {ERROR_NOT_ENOUGH_MEMORY, TETHER_ENOMEM, "free some memory"},
    {ERROR_OUTOFMEMORY, TETHER_ENOMEM, "free some memory"},
    {ERROR_COMMITMENT_LIMIT, TETHER_ENOMEM, "free some memory or enlarge the paging file"},
    {ERROR_FILE_NOT_FOUND, TETHER_ENOTASK, NULL},
    {ERROR_PATH_NOT_FOUND, TETHER_ENOTASK, NULL},
    {ERROR_DELETE_PENDING, TETHER_ENOTASK, NULL},
    {ERROR_DISK_FULL, TETHER_ENOSPACE, "free some space or choose another store"},
    {ERROR_HANDLE_DISK_FULL, TETHER_ENOSPACE, "free some space or choose another store"},
    {ERROR_DISK_QUOTA_EXCEEDED, TETHER_ENOSPACE, "free some of the quota or choose another store"},
    {ERROR_TOO_MANY_OPEN_FILES, TETHER_ELIMIT, "close some files of this process"},
    {ERROR_NO_SYSTEM_RESOURCES, TETHER_ELIMIT, "the system is short of resources: end some tasks"},
    {ERROR_NOT_ENOUGH_QUOTA, TETHER_ELIMIT, "raise the limits of this user or job"},
    {ERROR_ACCESS_DENIED, TETHER_EACCESS, check_rights},
    {ERROR_PRIVILEGE_NOT_HELD, TETHER_EACCESS, check_rights},
    {ERROR_INVALID_OWNER, TETHER_EACCESS, check_rights},
    {ERROR_SHARING_VIOLATION, TETHER_EACCESS, in_use},
    {ERROR_LOCK_VIOLATION, TETHER_EACCESS, in_use},
    {ERROR_USER_MAPPED_FILE, TETHER_EACCESS, in_use},
    {ERROR_ACCESS_DISABLED_BY_POLICY, TETHER_EACCESS, "ask the administrator of this machine"},
    {ERROR_VIRUS_INFECTED, TETHER_EACCESS, "the virus scanner blocks it: check its log"},
    {ERROR_WRITE_PROTECT, TETHER_EACCESS, "the file system is read-only: choose another store"},
    {ERROR_DIRECTORY, TETHER_ECORRUPT, "something else stands where a directory should be"},
    {ERROR_DIRECTORY_NOT_SUPPORTED, TETHER_ECORRUPT, "a directory stands where a file should be"},
    {ERROR_CANT_ACCESS_FILE, TETHER_ECORRUPT,
     "a link stands where tether keeps its own files: remove it"},
    {ERROR_CANT_RESOLVE_FILENAME, TETHER_ECORRUPT,
     "a link stands where tether keeps its own files: remove it"},
    {ERROR_BAD_EXE_FORMAT, TETHER_ENOEXEC, no_program},
    {ERROR_EXE_MACHINE_TYPE_MISMATCH, TETHER_ENOEXEC, no_program},
    {ERROR_INVALID_EXE_SIGNATURE, TETHER_ENOEXEC, no_program},
    {ERROR_EXE_MARKED_INVALID, TETHER_ENOEXEC, no_program},
    {ERROR_CRC, TETHER_EIO, check_disk},
    {ERROR_NOT_READY, TETHER_EIO, check_disk},
    {ERROR_WRITE_FAULT, TETHER_EIO, check_disk},
    {ERROR_READ_FAULT, TETHER_EIO, check_disk},
    {ERROR_HANDLE_EOF, TETHER_EIO, NULL},
    {ERROR_IO_DEVICE, TETHER_EIO, check_disk},
    {ERROR_FILE_CORRUPT, TETHER_EIO, check_disk},
    {ERROR_DISK_CORRUPT, TETHER_EIO, check_disk},
    {ERROR_BAD_NETPATH, TETHER_EIO, check_share},
    {ERROR_NETNAME_DELETED, TETHER_EIO, check_share},
    {ERROR_BAD_NET_NAME, TETHER_EIO, check_share},
    {ERROR_INVALID_FUNCTION, TETHER_ENOTSUP, NULL},
    {ERROR_NOT_SUPPORTED, TETHER_ENOTSUP, NULL},
    {ERROR_CALL_NOT_IMPLEMENTED, TETHER_ENOTSUP, NULL},
};

enum { WORDS_UNITS = 160, WORDS_BYTES = TETHER__WIN32_WORDS_SIZE };

static const mapping *find(DWORD os_error)
{
    for (size_t i = 0; i < sizeof mappings / sizeof mappings[0]; i++) {
        if (mappings[i].os_error == os_error)
            return &mappings[i];
    }
    return NULL;
}

int tether__win32_code(uint32_t os_error)
{
    const mapping *found = find(os_error);
    return found != NULL ? found->code : TETHER_ESYSTEM;
}

/* Replaces the placeholders of a message, such as %1 and %hs, which stand for the file or object
 * that the call was about: our sentence names it in front. */
static void fill_in(char message[WORDS_BYTES])
{
    char filled[WORDS_BYTES];
    size_t size = 0;
    for (const char *at = message; *at != '\0' && size + 3 < sizeof filled; at++) {
        size_t length = at[0] != '%' ? 0 : strspn(at + 1, "0123456789");
        if (at[0] == '%' && length == 0 && (at[1] == 'h' || at[1] == 'w') && at[2] == 's')
            length = 2;
        if (length == 0) {
            filled[size++] = *at;
            continue;
        }
        memcpy(filled + size, "it", 2);
        size += 2;
        at += length;
    }
    filled[size] = '\0';
    memcpy(message, filled, size + 1);
}

void tether__win32_words(uint32_t os_error, char message[TETHER__WIN32_WORDS_SIZE])
{
    static const DWORD languages[] = {MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), 0};
    wchar_t wide[WORDS_UNITS];
    DWORD units = 0;
    for (size_t i = 0; units == 0 && i < sizeof languages / sizeof languages[0]; i++)
        units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                   FORMAT_MESSAGE_MAX_WIDTH_MASK,
                               NULL, os_error, languages[i], wide, WORDS_UNITS, NULL);
    while (units > 0 && (wide[units - 1] <= L' ' || wide[units - 1] == L'.'))
        units--;
    int bytes = units == 0 ? 0
                           : WideCharToMultiByte(CP_UTF8, 0, wide, (int)units, message,
                                                 WORDS_BYTES - 1, NULL, NULL);
    message[bytes] = '\0';
    fill_in(message);
    if (bytes == 0)
        snprintf(message, WORDS_BYTES, "Windows error %lu", (unsigned long)os_error);
}

int tether__win32_fail_as(tether_error *error, int code, uint32_t os_error, const char *step,
                          const char *what)
{
    char message[WORDS_BYTES];
    tether__win32_words(os_error, message);
    const mapping *found = find(os_error);
    const char *remedy = found != NULL && found->remedy != NULL ? found->remedy : NULL;
    return tether__fail(error, code, (int)os_error, step, "%s: %.250s%s%.120s%s%s", step,
                        what != NULL ? what : "", what != NULL ? ": " : "", message,
                        remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
}

int tether__win32_fail(tether_error *error, uint32_t os_error, const char *step, const char *what)
{
    return tether__win32_fail_as(error, tether__win32_code(os_error), os_error, step, what);
}

/* The kernel has separate status codes for "delete pending" and "access denied"; GetLastError has
 * one for both. */
uint32_t tether__win32_last_error(void)
{
    typedef LONG(WINAPI * last_status_fn)(void);
    static const LONG delete_pending = (LONG)0xC0000056;
    DWORD os_error = GetLastError();
    if (os_error != ERROR_ACCESS_DENIED)
        return os_error;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    FARPROC found = ntdll != NULL ? GetProcAddress(ntdll, "RtlGetLastNtStatus") : NULL;
    if (found == NULL)
        return os_error;
    last_status_fn last_status = (last_status_fn)(void (*)(void))found;
    return last_status() == delete_pending ? ERROR_DELETE_PENDING : os_error;
}
