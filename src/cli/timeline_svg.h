/* Tasks over time as a picture. Pure. */
#ifndef TETHER_CLI_TIMELINE_SVG_H
#define TETHER_CLI_TIMELINE_SVG_H

#include "cli/svg.h"
#include "cli/timeline.h"

/* Draws the axis and a row for each task; without tasks, a picture that says so. With sessions, the
 * session of each task is shown too. Changes the steps of the plan to what fits. */
void timeline_svg(const svg *to, timeline *plan, bool sessions);

#endif
