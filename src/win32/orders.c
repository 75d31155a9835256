/* Owns passing its orders to a monitor.
 * Must not: know what they say, or leave a name behind.
 * Thread: any. */
#include "win32/orders.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Memory is shared in whole pages, so their size stands in front of the bytes. */
typedef struct header {
    uint64_t size;
} header;

DWORD tether__win32_orders_pass(const void *bytes, size_t size, HANDLE *orders)
{
    uint64_t whole = sizeof(header) + (uint64_t)size;
    *orders = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, (DWORD)(whole >> 32),
                                 (DWORD)whole, NULL);
    if (*orders == NULL)
        return GetLastError();
    char *view = MapViewOfFile(*orders, FILE_MAP_WRITE, 0, 0, 0);
    if (view == NULL) {
        DWORD os_error = GetLastError();
        CloseHandle(*orders);
        *orders = NULL;
        return os_error;
    }
    const header head = {size};
    memcpy(view, &head, sizeof head);
    memcpy(view + sizeof head, bytes, size);
    UnmapViewOfFile(view);
    return ERROR_SUCCESS;
}

static DWORD copy(const char *view, size_t limit, char **bytes, size_t *size)
{
    header head;
    MEMORY_BASIC_INFORMATION pages;
    if (VirtualQuery(view, &pages, sizeof pages) == 0)
        return GetLastError();
    memcpy(&head, view, sizeof head);
    if (head.size > limit || head.size > pages.RegionSize - sizeof head)
        return ERROR_INVALID_DATA;
    *bytes = malloc((size_t)head.size + 1);
    if (*bytes == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    memcpy(*bytes, view + sizeof head, (size_t)head.size);
    *size = (size_t)head.size;
    return ERROR_SUCCESS;
}

DWORD tether__win32_orders_take(HANDLE orders, size_t limit, char **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    const char *view = MapViewOfFile(orders, FILE_MAP_READ, 0, 0, 0);
    if (view == NULL)
        return GetLastError();
    DWORD os_error = copy(view, limit, bytes, size);
    UnmapViewOfFile(view);
    return os_error;
}
