/* Pictures with bars on an axis, as SVG: the one place of their sizes and colours, which follow the
 * reader's light or dark mode. Used by "tether list --svg" and by the benchmarks. Pure; one thread
 * at a time per object. */
#ifndef TETHER_CLI_SVG_H
#define TETHER_CLI_SVG_H

#include <stddef.h>

/* Sizes in pixels. */
enum {
    SVG_LEFT = 200,       /* where bars begin; names stand left of it */
    SVG_TOP = 44,         /* where rows begin */
    SVG_ROW = 18,         /* the height of a row */
    SVG_MARGIN = 8,       /* before and after all texts */
    SVG_NAME_COLUMNS = 26 /* how many columns of text fit before the bars */
};

typedef enum svg_colour {
    SVG_INK,   /* text */
    SVG_FAINT, /* text that matters less */
    SVG_GRID,
    SVG_MAIN,  /* what the picture is about, or what went well */
    SVG_PLAIN, /* to compare with */
    SVG_OTHER, /* the rest */
    SVG_LIVE,
    SVG_HELD,
    SVG_BAD
} svg_colour;

typedef struct svg {
    void (*put)(void *userdata, const char *bytes, size_t size);
    void *userdata;
} svg;

/* Begin and end the picture. The title is its heading. */
void svg_begin(const svg *to, double width, double height, const char *title);
void svg_end(const svg *to);

/* Write a text that begins, or ends, at this point of its base line. It is cut to these columns of
 * about 7 pixels; what XML or a terminal would obey becomes '?'. */
void svg_text(const svg *to, double x, double y, svg_colour colour, const char *text,
              size_t columns);
void svg_text_before(const svg *to, double x, double y, svg_colour colour, const char *text,
                     size_t columns);

/* Writes the heading of a group of rows. */
void svg_group(const svg *to, double y, const char *text);

/* Draws a mark of the axis: a line through all rows, and the label below them. */
void svg_tick(const svg *to, double x, double bottom, const char *label);

/* Draws the bar of a row that begins at y. The tip (NULL: none) is shown when a pointer is over it.
 */
void svg_bar(const svg *to, double from, double until, double y, svg_colour colour,
             const char *tip);

/* Draws a thin line in the middle of that row. */
void svg_whisker(const svg *to, double from, double until, double y);

#endif
