/* Cuts what comes in into lines, of which none takes more memory than a limit. Pure; one thread at
 * a time per object. */
#ifndef TETHER_MCP_INLET_H
#define TETHER_MCP_INLET_H

#include <stdbool.h>
#include <stddef.h>

/* All zero at the start, except for limit. */
typedef struct mcp_inlet {
    size_t limit; /* the longest line that is passed on, in bytes */
    char *bytes;
    size_t used, room;
    size_t begin;   /* where the next line begins */
    size_t scanned; /* up to where there is no line end */
    bool skipping;  /* the rest of a line that is too long is thrown away */
} mcp_inlet;

typedef enum inlet_result {
    INLET_NOTHING, /* no whole line is there */
    INLET_LINE,
    INLET_TOO_LONG /* told once per line, as soon as it is known */
} inlet_result;

/* Adds the next bytes. Take all lines before the next call. Returns false if memory is short. */
bool inlet_feed(mcp_inlet *in, const char *bytes, size_t size);

/* Takes the next line, without its line end (LF or CR LF). *line stays valid until the next
 * inlet_feed. Empty lines are left out. */
inlet_result inlet_next(mcp_inlet *in, const char **line, size_t *size);

void inlet_dispose(mcp_inlet *in);

#endif
