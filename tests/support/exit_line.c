/* Owns the wait for a supervisor's exit line.
 * Must not: open a registry.
 * Thread: the test's. */
#include "support/exit_line.h"

#include <stdlib.h>
#include <string.h>

static bool has_exit_line(const fixture *f, const char *id)
{
    char *marker = test_read_file(test_exit_path(f, id), NULL);
    if (marker == NULL)
        return false;
    const char *line = strstr(marker, "\nexit ");
    bool complete = line != NULL && strchr(line + 1, '\n') != NULL;
    free(marker);
    return complete;
}

void exit_line_wait(const fixture *f, const char *id)
{
    WAIT_UNTIL(has_exit_line(f, id));
}
