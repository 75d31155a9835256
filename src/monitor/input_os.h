/* Seam: the pipe of standard input. One thread. */
#ifndef TETHER_INPUT_OS_H
#define TETHER_INPUT_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts a pipe in the place of this process's standard input: what is started inherits it. False:
 * *os_error says why not. */
bool tether__input_os_open(int *os_error);

/* Writes as much as there is room for, without waiting, and returns how much; -1: nobody reads any
 * more. */
int64_t tether__input_os_write(const char *bytes, size_t size);

/* Closes the monitor's end: who has read everything reads the end. */
void tether__input_os_close(void);

#endif
