/* The argument "stream" of tools. */
#ifndef TETHER_MCP_VIEW_H
#define TETHER_MCP_VIEW_H

#include <jansson.h>

#include "tether/error.h"
#include "tether/output.h"

/* Leaves the view as it is if there is no such argument. */
int view_take(const json_t *arguments, tether_view *view, tether_error *error);

#endif
