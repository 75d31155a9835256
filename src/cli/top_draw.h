/* Draws the view of "tether top". */
#ifndef TETHER_CLI_TOP_DRAW_H
#define TETHER_CLI_TOP_DRAW_H

#include "cli/top_state.h"

/* The first row of tasks on the screen. */
enum { TOP_FIRST_ROW = 2 };

/* Computes from the size of the screen how many rows of tasks there are. */
void top_draw_place(top_state *state);

/* Draws everything. */
void top_draw(const top_state *state);

#endif
