/* Owns making and opening named pipes.
 * Must not: read or write them, or open one of another machine.
 * Thread: any. */
#include "win32/pipe.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <ntsecapi.h>

#include "win32/acl.h"

enum { NAME_UNITS = 64, KEY_BYTES = 16 };

DWORD tether__win32_pipe_key(char key[TETHER__WIN32_PIPE_KEY_SIZE])
{
    unsigned char bytes[KEY_BYTES];
    key[0] = '\0';
    if (!RtlGenRandom(bytes, sizeof bytes))
        return ERROR_NOT_READY;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(key + 2 * i, 3, "%02x", bytes[i]);
    return ERROR_SUCCESS;
}

bool tether__win32_pipe_is_key(const char *text)
{
    size_t size = strspn(text, "0123456789abcdef");
    return size == TETHER__WIN32_PIPE_KEY_SIZE - 1 && text[size] == '\0';
}

static void name_pipe(const char *key, wchar_t name[NAME_UNITS])
{
    wcscpy(name, L"\\\\.\\pipe\\tether-");
    size_t at = wcslen(name);
    for (; *key != '\0' && at + 1 < NAME_UNITS; key++)
        name[at++] = (wchar_t)(unsigned char)*key;
    name[at] = L'\0';
}

DWORD tether__win32_pipe_create(const char *key, const tether__win32_pipe_form *form, HANDLE *pipe)
{
    wchar_t name[NAME_UNITS];
    PSECURITY_DESCRIPTOR descriptor;
    tether_error problem = {0};
    *pipe = NULL;
    name_pipe(key, name);
    if (tether__win32_acl_private(&descriptor, &problem) != TETHER_OK)
        return problem.os_error != 0 ? (DWORD)problem.os_error : ERROR_NOT_ENOUGH_MEMORY;
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    HANDLE made = CreateNamedPipeW(name, form->open, form->mode | PIPE_REJECT_REMOTE_CLIENTS,
                                   form->instances, form->out_size, form->in_size, 0, &security);
    DWORD os_error = made == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    LocalFree(descriptor);
    if (os_error == ERROR_SUCCESS)
        *pipe = made;
    return os_error;
}

DWORD tether__win32_pipe_open(const char *key, DWORD access, DWORD flags, HANDLE *pipe)
{
    wchar_t name[NAME_UNITS];
    *pipe = NULL;
    name_pipe(key, name);
    HANDLE opened = CreateFileW(name, access, 0, NULL, OPEN_EXISTING,
                                flags | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (opened == INVALID_HANDLE_VALUE)
        return GetLastError();
    *pipe = opened;
    return ERROR_SUCCESS;
}

/* A reader may set the mode of its end, and a writer look at its own, as at those of an anonymous
 * pipe. */
static DWORD access_to(tether__win32_way way)
{
    return way == TETHER__WIN32_OUTBOUND ? GENERIC_READ | FILE_WRITE_ATTRIBUTES
                                         : GENERIC_WRITE | FILE_READ_ATTRIBUTES;
}

DWORD tether__win32_pipe_pair(tether__win32_way way, DWORD own_flags, DWORD size, DWORD other_flags,
                              HANDLE *own, HANDLE *other)
{
    char key[TETHER__WIN32_PIPE_KEY_SIZE];
    const tether__win32_pipe_form form = {
        .open = own_flags | (DWORD)way | FILE_FLAG_FIRST_PIPE_INSTANCE,
        .mode = PIPE_TYPE_BYTE,
        .instances = 1,
        .out_size = way == TETHER__WIN32_OUTBOUND ? size : 0,
        .in_size = way == TETHER__WIN32_INBOUND ? size : 0,
    };
    *own = *other = NULL;
    DWORD os_error = tether__win32_pipe_key(key);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_pipe_create(key, &form, own);
    if (os_error == ERROR_SUCCESS)
        os_error = tether__win32_pipe_open(key, access_to(way), other_flags, other);
    if (os_error != ERROR_SUCCESS && *own != NULL) {
        CloseHandle(*own);
        *own = NULL;
    }
    return os_error;
}
