/* Owns the switch that keeps the leak sanitizer away from the programs of a task, the test child
 * and the monitor: at the end of a program it stops all threads as a debugger does, and waits
 * without limit until they have stopped. A SIGCONT in between cancels the stop, and the program
 * never ends. A task can get one at any moment. What it finds in a task's monitor nobody would
 * see.
 * Must not: be part of a program whose leaks are reported.
 * Thread: any. */
#include <sanitizer/lsan_interface.h>

int __lsan_is_turned_off(void)
{
    return 1;
}
