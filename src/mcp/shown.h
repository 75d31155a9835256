/* Parts of the output of a task, as tools show them: whole characters, with what is missing. */
#ifndef TETHER_MCP_SHOWN_H
#define TETHER_MCP_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcp/call.h"
#include "tether.h"

/* Set what is wanted; the functions set the rest. */
typedef struct shown_part {
    tether_view view;
    uint64_t bytes;      /* at most */
    uint64_t lines;      /* of the tail; 0: any number */
    bool readable;       /* without escape sequences and redrawn states */
    const char *pattern; /* only lines that contain this; NULL: all */

    char *text;
    size_t size;
    uint64_t offset;     /* of the first byte that is shown, of a page */
    uint64_t next[2];    /* the offsets after what is shown, of each stream */
    uint64_t written[2]; /* how many bytes each stream has */
    uint64_t dropped;    /* bytes that the output limit has dropped, before or in it */
    bool is_page;        /* of one stream */
    bool owned;          /* the text is of this room, not of the library */
    bool before;         /* there is more output before it */
    bool more;           /* there is more after it, of a page */
    size_t matching;     /* how many lines contain the pattern */
} shown_part;

/* Whether a stream belongs to the view. */
bool shown_has(const shown_part *part, tether_stream stream);

/* Reads the end of the outputs. Returns a code. Free the part in every case. */
int shown_tail(tether_registry *registry, const char *task_id, shown_part *part,
               tether_error *error);

/* Reads from offset on, of the one stream of the view. */
int shown_page(tether_registry *registry, const char *task_id, shown_part *part,
               tether_error *error);

/* Adds the part to an answer: as member "output", and fenced. */
void shown_put(const shown_part *part, mcp_result *result);

void shown_dispose(shown_part *part);

#endif
