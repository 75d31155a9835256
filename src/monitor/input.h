/* The standard input of a command that reads from a pipe. One thread. */
#ifndef TETHER_MONITOR_INPUT_H
#define TETHER_MONITOR_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/control.h"

typedef struct tether__input {
    bool open;     /* it is a pipe, and hosts may write */
    bool closed;   /* a host has closed it */
    bool unread;   /* nobody reads it any more */
    int64_t taken; /* bytes that were written into the pipe so far */
} tether__input;

/* Makes the pipe, before the command is started. False: *os_error says why not. */
bool tether__input_open(tether__input *input, int *os_error);

/* Does what a host asks for (TETHER__CONTROL_INPUT). What was taken before, by its offset, is not
 * written again; what has no room now is left, and the answer says how much was taken. */
void tether__input_take(tether__input *input, const tether__control *request,
                        tether__control *answer);

/* The command has ended: what it has left behind reads the end, and does not wait for hosts, which
 * can no longer write. */
void tether__input_close(tether__input *input);

#endif
