/* The columns of "tether top": which fit a screen, and the text of their cells. Pure. */
#ifndef TETHER_CLI_TOP_COLUMNS_H
#define TETHER_CLI_TOP_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/top_rows.h"

typedef enum top_column {
    TOP_STATE,
    TOP_AGE,
    TOP_CPU,
    TOP_MEMORY,
    TOP_RATE,
    TOP_ID,
    TOP_TASK, /* its name and command */
    TOP_LINE, /* its last line of output */
    TOP_COLUMNS
} top_column;

/* Where a column stands on the screen; width 0: it is left out. */
typedef struct top_place {
    size_t at, width;
} top_place;

/* The size of a buffer for a cell: no screen has so many columns. */
#define TOP_CELL_SIZE 4096

/* Places the columns on a screen of this width, with a blank between them. The narrower it is, the
 * more are left out; the state and the task stay longest. */
void top_columns_place(size_t width, top_place places[TOP_COLUMNS]);

const char *top_columns_title(top_column column);

/* Returns the order that a click on the title of a column asks for; TOP_SORTS: none. */
top_sort top_columns_sort(top_column column);

/* Writes the text of a cell, harmless and cut to the width. What is not known is '-'. Numbers are
 * aligned to the right. */
void top_columns_cell(const top_rows *rows, const top_row *row, top_column column, size_t width,
                      int64_t now, char text[TOP_CELL_SIZE]);

/* Writes a size in at most five characters: "999", "1.5K", "234M". */
void top_columns_size(int64_t bytes, char *text, size_t size);

#endif
