/* A process of its own for a contract test, apart from the library's spawner. */
#ifndef TETHER_TEST_RUNNING_H
#define TETHER_TEST_RUNNING_H

#include <windows.h>

/* Starts CHILD with these verbs (NULL-terminated, CHILD first); the caller closes the handle. */
HANDLE running_start(const char *const *argv);

/* Ends it and waits until it has. */
void running_kill(HANDLE process);

#endif
