/* Reduces lines that a program redraws, such as progress bars, to what is seen last: each carriage
 * return begins the line again, and the bytes before it are a frame. Pure; one thread at a time per
 * object. */
#ifndef TETHER_TEXT_FRAMES_H
#define TETHER_TEXT_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A longer frame is no progress bar: it is passed on as it is. */
#define FRAME_LIMIT (64 * 1024)

/* Receives the bytes that are left; a whole line at once, unless one of its frames is too long. */
typedef void (*frames_put)(void *userdata, const char *bytes, size_t size);

/* All zero at the start of a stream, except for put and userdata. */
typedef struct frames {
    frames_put put;
    void *userdata;
    bool returned; /* a carriage return came after the held frame */
    bool passing;  /* the frame is too long: its bytes are passed on */
    size_t used;
    char held[FRAME_LIMIT + 2]; /* the frame that may be the last of its line, and a line end */
} frames;

/* Feeds the next bytes of the stream, cut anywhere. Passes on the last frame of each line that is
 * complete, with its line end (CR LF stays CR LF). Empty frames do not count. */
void frames_feed(frames *frames, const char *bytes, size_t size);

/* Ends the stream: passes on the last frame of an unfinished line. */
void frames_end(frames *frames);

#endif
