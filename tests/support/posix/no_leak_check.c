/* Owns the switch that keeps the leak sanitizer away from the test child: at the end of a program
 * it stops all threads as a debugger does, and waits without limit until they have stopped. A
 * SIGCONT in between cancels the stop, and the program never ends. The child can get one at any
 * moment.
 * Must not: be part of a program whose leaks are of interest.
 * Thread: any. */
#include <sanitizer/lsan_interface.h>

int __lsan_is_turned_off(void)
{
    return 1;
}
