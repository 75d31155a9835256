/* Owns the question which errno says nothing about the thing that was asked for.
 * Must not: read errno itself.
 * Thread: any. */
#include <errno.h>

#include "posix/error.h"

bool tether__posix_is_shortage(int os_error)
{
    return os_error == EMFILE || os_error == ENFILE || os_error == ENOMEM || os_error == EINTR ||
           os_error == EAGAIN || os_error == EIO;
}
