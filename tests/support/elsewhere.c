/* Owns the start of a task by the tether command.
 * Must not: open a registry.
 * Thread: the test's. */
#include "support/elsewhere.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_ROOM = 32 };

void elsewhere_start(const fixture *f, char id[TETHER_ID_SIZE], const char *const *arguments)
{
    const char *argv[ARGUMENTS_ROOM] = {COMMAND, "--store", f->store, "run"};
    size_t count = 4;
    while (*arguments != NULL) {
        assert_true(count + 1 < ARGUMENTS_ROOM);
        argv[count++] = *arguments++;
    }
    char *out;
    assert_int_equal(test_command(argv, &out, NULL), 0);
    out[strcspn(out, "\r\n")] = '\0';
    assert_in_range(strlen(out), 1, TETHER_ID_SIZE - 1);
    strcpy(id, out);
    free(out);
}
