/* Owns the form and the colours of pictures.
 * Must not: decide what is in them, or write anywhere but to `put`.
 * Thread: any; pure functions. */
#include "cli/svg.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text/utf8.h"
#include "cli/width.h"

/* In the order of svg_colour. */
static const struct {
    const char *name, *light, *dark;
} colours[] = {
    {"ink", "#1f2328", "#e6edf3"},   {"faint", "#59636e", "#9198a1"},
    {"grid", "#d1d9e0", "#3d444d"},  {"main", "#1f6feb", "#4493f8"},
    {"plain", "#6e7781", "#8b949e"}, {"other", "#b6bfc9", "#545d68"},
    {"live", "#1a7f37", "#3fb950"},  {"held", "#9a6700", "#d29922"},
    {"bad", "#cf222e", "#f85149"},
};

enum { COLOURS = sizeof colours / sizeof colours[0] };

static void put(const svg *to, const char *text)
{
    to->put(to->userdata, text, strlen(text));
}

static void format(const svg *to, const char *text, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, text);
    vsnprintf(line, sizeof line, text, arguments);
    va_end(arguments);
    put(to, line);
}

/* Characters that XML forbids, that a viewer obeys, or that turn the order of others around. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || (c & 0xFFFE) == 0xFFFE;
}

/* Returns the size of the first character, and its width in columns. */
static size_t put_character(const svg *to, const unsigned char *at, size_t size, size_t *width)
{
    uint32_t c = 0;
    size_t length;
    bool valid = utf8_decode(at, size, &length, &c) == UTF8_VALID;

    *width = 1;
    if (valid && (c == '\n' || c == '\t' || c == '\r'))
        put(to, " ");
    else if (!valid || is_unsafe(c))
        put(to, "?");
    else if (c == '<' || c == '>' || c == '&' || c == '"')
        format(to, "&#%u;", (unsigned)c);
    else
        to->put(to->userdata, (const char *)at, length);
    if (valid && !is_unsafe(c))
        *width = width_of(c);
    return length;
}

static void discard(void *userdata, const char *bytes, size_t size)
{
    (void)userdata;
    (void)bytes;
    (void)size;
}

/* Writes what fits into the columns; returns the bytes that do. */
static size_t put_columns(const svg *to, const char *text, size_t columns)
{
    const svg nowhere = {discard, NULL};
    size_t size = strlen(text), done = 0, used = 0;

    while (done < size) {
        const unsigned char *at = (const unsigned char *)text + done;
        size_t width, length = put_character(&nowhere, at, size - done, &width);

        if (width > columns - used)
            break;
        put_character(to, at, size - done, &width);
        used += width;
        done += length;
    }
    return done;
}

static void put_safe(const svg *to, const char *text, size_t columns)
{
    const svg nowhere = {discard, NULL};

    if (put_columns(&nowhere, text, columns) == strlen(text)) {
        put_columns(to, text, columns);
        return;
    }
    put_columns(to, text, columns > 1 ? columns - 1 : 0);
    put(to, "\xe2\x80\xa6"); /* an ellipsis */
}

static void put_colours(const svg *to, bool dark)
{
    size_t i;

    for (i = 0; i < COLOURS; i++) {
        const char *colour = dark ? colours[i].dark : colours[i].light;

        format(to, "%s.%s{%s:%s}", dark ? "" : "\n", colours[i].name,
               i == SVG_GRID ? "stroke" : "fill", colour);
    }
    format(to, "%s.line{stroke:%s}.page{fill:%s}", dark ? "" : "\n",
           dark ? colours[SVG_INK].dark : colours[SVG_INK].light, dark ? "#0d1117" : "#ffffff");
}

void svg_begin(const svg *to, double width, double height, const char *title)
{
    format(to,
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
           "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\">\n<title>",
           width, height, width, height);
    put_safe(to, title, SIZE_MAX);
    put(to, "</title>\n<style>");
    put_colours(to, false);
    put(to, "\n@media (prefers-color-scheme: dark){");
    put_colours(to, true);
    put(to, "}\n.head{font-weight:bold}.title{font-size:14px}\n</style>\n"
            "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n");
    format(to, "<text class=\"ink head title\" x=\"%d\" y=\"20\">", SVG_MARGIN);
    put_safe(to, title, SIZE_MAX);
    put(to, "</text>\n");
}

void svg_end(const svg *to)
{
    put(to, "</svg>\n");
}

static void put_text(const svg *to, double x, double y, const char *style, const char *anchor,
                     const char *text, size_t columns)
{
    format(to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>", style, x, y, anchor);
    put_safe(to, text, columns);
    put(to, "</text>\n");
}

void svg_text(const svg *to, double x, double y, svg_colour colour, const char *text,
              size_t columns)
{
    put_text(to, x, y, colours[colour].name, "", text, columns);
}

void svg_text_before(const svg *to, double x, double y, svg_colour colour, const char *text,
                     size_t columns)
{
    put_text(to, x, y, colours[colour].name, " text-anchor=\"end\"", text, columns);
}

void svg_group(const svg *to, double y, const char *text)
{
    put_text(to, SVG_MARGIN, y + 12, "ink head", "", text, SIZE_MAX);
}

void svg_tick(const svg *to, double x, double bottom, const char *label)
{
    format(to, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x, SVG_TOP,
           x, bottom);
    put_text(to, x, bottom + 15, "faint", " text-anchor=\"middle\"", label, SIZE_MAX);
}

void svg_bar(const svg *to, double from, double until, double y, svg_colour colour, const char *tip)
{
    format(to, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"",
           colours[colour].name, from, y + 3, until - from, SVG_ROW - 6);
    if (tip == NULL) {
        put(to, "/>\n");
        return;
    }
    put(to, "><title>");
    put_safe(to, tip, SIZE_MAX);
    put(to, "</title></rect>\n");
}

void svg_whisker(const svg *to, double from, double until, double y)
{
    format(to, "<line class=\"line\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", from,
           y + SVG_ROW / 2.0, until, y + SVG_ROW / 2.0);
}
