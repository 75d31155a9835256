/* Named pipes that only the current user can open, on this machine, under names that nobody can
 * guess. Any thread. */
#ifndef TETHER_WIN32_PIPE_H
#define TETHER_WIN32_PIPE_H

#include <stdbool.h>
#include <windows.h>

/* What a name is made from: 128 random bits in hexadecimal, and a zero. */
enum { TETHER__WIN32_PIPE_KEY_SIZE = 32 + 1 };

/* Makes a new key. Returns 0 or the error. */
DWORD tether__win32_pipe_key(char key[TETHER__WIN32_PIPE_KEY_SIZE]);

/* Whether a text is a key, and so names nothing but a pipe of this machine. */
bool tether__win32_pipe_is_key(const char *text);

/* How CreateNamedPipeW makes a pipe: see there. */
typedef struct tether__win32_pipe_form {
    DWORD open, mode, instances, out_size, in_size;
} tether__win32_pipe_form;

/* Makes an end that waits for the other one. Remote clients are refused, and so are other users;
 * with FILE_FLAG_FIRST_PIPE_INSTANCE in `open`, a name that is taken. No other program inherits the
 * handle. Returns 0 or the error, with *pipe NULL. */
DWORD tether__win32_pipe_create(const char *key, const tether__win32_pipe_form *form, HANDLE *pipe);

/* Opens the other end. The process that made the pipe cannot act for this one. Returns 0 or the
 * error, with *pipe NULL. */
DWORD tether__win32_pipe_open(const char *key, DWORD access, DWORD flags, HANDLE *pipe);

/* Which way the bytes of a pipe go, as this process sees it. */
typedef enum tether__win32_way {
    TETHER__WIN32_INBOUND = PIPE_ACCESS_INBOUND,
    TETHER__WIN32_OUTBOUND = PIPE_ACCESS_OUTBOUND
} tether__win32_way;

/* Makes both ends of a pipe of bytes: *own is for this process, with FILE_FLAG_OVERLAPPED among its
 * flags where that must not wait, and *other for another one. Nobody else can be at the other end.
 * Returns 0 or the error, with both NULL. */
DWORD tether__win32_pipe_pair(tether__win32_way way, DWORD own_flags, DWORD size, DWORD other_flags,
                              HANDLE *own, HANDLE *other);

#endif
