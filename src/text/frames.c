/* Owns the choice of the last frame of a redrawn line.
 * Must not: hold more than one frame, or interpret other control characters.
 * Thread: one at a time per object. */
#include "text/frames.h"

#include <string.h>

static void put_held(frames *f)
{
    if (f->used > 0)
        f->put(f->userdata, f->held, f->used);
    f->used = 0;
}

static void end_line(frames *f)
{
    if (f->returned)
        f->held[f->used++] = '\r';
    f->held[f->used++] = '\n';
    put_held(f);
    f->returned = false;
    f->passing = false;
}

/* What was passed on already cannot be taken back, so its carriage return is passed on too. */
static void end_frame(frames *f)
{
    if (f->passing)
        f->put(f->userdata, "\r", 1);
    f->returned = !f->passing;
    f->passing = false;
}

static void add_text(frames *f, const char *bytes, size_t size)
{
    if (f->returned)
        f->used = 0;
    f->returned = false;
    if (!f->passing && size <= FRAME_LIMIT - f->used) {
        memcpy(f->held + f->used, bytes, size);
        f->used += size;
        return;
    }
    put_held(f);
    f->put(f->userdata, bytes, size);
    f->passing = true;
}

void frames_feed(frames *f, const char *bytes, size_t size)
{
    size_t from = 0, i;

    for (i = 0; i <= size; i++) {
        if (i < size && bytes[i] != '\n' && bytes[i] != '\r')
            continue;
        if (i > from)
            add_text(f, bytes + from, i - from);
        if (i < size && bytes[i] == '\n')
            end_line(f);
        else if (i < size)
            end_frame(f);
        from = i + 1;
    }
}

void frames_end(frames *f)
{
    put_held(f);
    f->returned = false;
    f->passing = false;
}
