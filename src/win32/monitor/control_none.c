/* Owns saying that the monitor of Windows has no control channel and no pipe of standard input yet:
 * hosts ask for neither.
 * Must not: pretend that one was made.
 * Thread: the only one. */
#include <windows.h>

#include "monitor/control_os.h"
#include "monitor/input_os.h"

void tether__control_os_place(const char *bundle)
{
    (void)bundle;
}

bool tether__control_os_receive(char *bytes, size_t capacity, size_t *size, int *from)
{
    (void)bytes;
    (void)capacity;
    *size = 0;
    *from = 0;
    return false;
}

void tether__control_os_answer(int from, const char *bytes, size_t size)
{
    (void)from;
    (void)bytes;
    (void)size;
}

void tether__control_os_close(void)
{
}

bool tether__input_os_open(int *os_error)
{
    *os_error = ERROR_NOT_SUPPORTED;
    return false;
}

int64_t tether__input_os_write(const char *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return -1;
}

void tether__input_os_close(void)
{
}
