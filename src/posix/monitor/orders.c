/* Owns receiving the orders, from the environment or a descriptor.
 * Must not: leave them to the command.
 * Thread: the only one. */
#include "posix/monitor/orders.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/orders.h"
#include "monitor/monitor_os.h"
#include "os/spawn.h"
#include "posix/environ.h"
#include "posix/monitor/read_all.h"

static const char *task = "";

void tether__monitor_name_task(const char *task_id)
{
    task = task_id;
}

/* Takes the variable of this task out of the environment. Returns its value; NULL: there is none.
 */
static const char *take_variable(void)
{
    static const char name[] = TETHER__ORDERS_VARIABLE;
    const size_t skipped = sizeof name - 1, size = strlen(task);
    char **at = tether__posix_environ();
    while (*at != NULL && (strncmp(*at, name, skipped) != 0 ||
                           strncmp(*at + skipped, task, size) != 0 || (*at)[skipped + size] != '='))
        at++;
    const char *found = *at != NULL ? *at + skipped + size + 1 : NULL;
    for (; *at != NULL; at++)
        at[0] = at[1];
    return found;
}

/* Returns NULL, or which step failed. */
static const char *read_orders(int fd, char **text, size_t *size)
{
    enum { FIRST = 4096 };
    size_t capacity = FIRST;
    for (*size = 0; *size < TETHER__ORDERS_LIMIT; capacity *= 2) {
        char *grown = realloc(*text, capacity);
        if (grown == NULL)
            return "allocate memory";
        *text = grown;
        ssize_t got = tether__monitor_read_all(fd, grown + *size, capacity - *size);
        if (got < 0)
            return "read orders";
        *size += (size_t)got;
        if (*size < capacity)
            return NULL;
    }
    return "read orders";
}

const char *tether__monitor_os_orders(char **text, size_t *size)
{
    const char *value = take_variable();
    if (value != NULL) {
        *text = strdup(value);
        *size = *text != NULL ? tether__orders_from_value(*text) : 0;
        return *text != NULL ? NULL : "allocate memory";
    }
    const char *failed = read_orders(TETHER__ORDERS_FD, text, size);
    close(TETHER__ORDERS_FD);
    return failed;
}
