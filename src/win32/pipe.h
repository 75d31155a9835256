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

/* Makes both ends of a pipe of bytes: this process writes into *from, with FILE_FLAG_OVERLAPPED in
 * `open` where it must not wait, and *to is for a reader. Returns 0 or the error, with both NULL.
 */
DWORD tether__win32_pipe_pair(DWORD open, DWORD size, DWORD reader_flags, HANDLE *from, HANDLE *to);

#endif
