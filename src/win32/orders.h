/* How a host on Windows passes its orders to a monitor: in memory that both share and that has no
 * name. Any thread. */
#ifndef TETHER_WIN32_ORDERS_H
#define TETHER_WIN32_ORDERS_H

#include <stddef.h>
#include <windows.h>

/* Puts orders into new shared memory, which the caller closes. Returns 0 or the error. */
DWORD tether__win32_orders_pass(const void *bytes, size_t size, HANDLE *orders);

/* Copies orders of at most `limit` bytes from shared memory; the caller frees *bytes. Returns 0 or
 * the error: ERROR_INVALID_DATA if that is not what it contains. */
DWORD tether__win32_orders_take(HANDLE orders, size_t limit, char **bytes, size_t *size);

#endif
