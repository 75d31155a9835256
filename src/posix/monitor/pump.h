/* The outputs of a command that writes into pipes, for the other files of this folder. One thread.
 */
#ifndef TETHER_PUMP_H
#define TETHER_PUMP_H

#include <stdbool.h>
#include <stdint.h>

enum { TETHER__PUMP_STREAMS = 2 };

typedef struct tether__pump {
    /* For standard output and standard error: the end from which the monitor reads, and the file to
     * which it writes; -1: none, or closed. */
    int pipe[TETHER__PUMP_STREAMS];
    int file[TETHER__PUMP_STREAMS];
    uint64_t limit; /* of each file; 0: none. With one, the file keeps its size, and the space of
                       what the limit drops (format/gap.h) goes back to the disk */
    uint64_t size[TETHER__PUMP_STREAMS];     /* of the files, which are empty at the start */
    uint64_t read[TETHER__PUMP_STREAMS];     /* from the pipes, also what could not be written */
    uint64_t released[TETHER__PUMP_STREAMS]; /* up to here the gap has no space any more */
    char *buffer;
    int size_of_buffer; /* which grows with what comes at once */
    bool rests; /* something was read just now: what comes next is read together, a little later */
    int64_t lost; /* bytes that could not be written */
} tether__pump;

/* A pump without pipes. */
extern const tether__pump tether__pump_none;

/* Puts a pipe in the place of each of this process's descriptors 1 and 2, or one for both if these
 * are the same file: what is started inherits them. Returns 0 or errno. */
int tether__pump_open(tether__pump *pump, uint64_t limit);

/* Moves what is there, but of each pipe no more than it holds now. */
void tether__pump_move(tether__pump *pump);

/* Gives back all the space that the limit allows. */
void tether__pump_settle(tether__pump *pump);

#endif
