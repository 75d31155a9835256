/* Owns what is shown of an arbitrary text in the cells of a screen.
 * Must not: know what the text is, or write to a screen.
 * Thread: any; pure functions. */
#include "cli/fit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/utf8.h"
#include "cli/width.h"

/* More marks on one character than any script has could overflow a cell. */
enum { MARKS_MOST = 3 };

static const char replacement[] = "\xEF\xBF\xBD";

typedef struct piece {
    const char *bytes;
    size_t size;
    size_t length; /* in the original */
    size_t width;
} piece;

static bool is_left_out(uint32_t c)
{
    return (c >= 0x200B && c <= 0x200D) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x2060 ||
           c == 0xFEFF || (c >= 0xE0000 && c <= 0xE01EF);
}

static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F || c == 0x061C ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2061 && c <= 0x206F);
}

static bool is_blank(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

static piece next_piece(const char *text, size_t size)
{
    piece p = {replacement, sizeof replacement - 1, 0, 1};
    uint32_t c;

    if (utf8_decode((const unsigned char *)text, size, &p.length, &c) != UTF8_VALID)
        return p;
    if (is_blank(c))
        return (piece){" ", 1, p.length, 1};
    if (is_left_out(c))
        return (piece){"", 0, p.length, 0};
    if (is_harmful(c))
        return p;
    return (piece){text, p.length, p.length, width_of(c)};
}

/* Where the copy stands. */
typedef struct copy {
    size_t from, bytes, columns;
    size_t marks; /* on the last character */
} copy;

/* A mark without a character before it would change the cell to the left. */
static bool takes(copy *c, const piece *p)
{
    if (p->width > 0)
        c->marks = 0;
    else if (p->size > 0 && (c->columns == 0 || c->marks++ >= MARKS_MOST))
        return false;
    return true;
}

/* Copies while the columns last. Sets *cut_at to the last place from which one column is left. */
static copy copy_while(const char *text, size_t size, size_t columns, char *out, size_t room,
                       copy *cut_at)
{
    copy at = {0};

    while (at.from < size) {
        piece p = next_piece(text + at.from, size - at.from);

        if (p.width > 0 && at.columns + 1 <= columns)
            *cut_at = at;
        if (at.columns + p.width > columns || at.bytes + p.size + 2 > room)
            break;
        at.from += p.length;
        if (!takes(&at, &p))
            continue;
        memcpy(out + at.bytes, p.bytes, p.size);
        at.bytes += p.size;
        at.columns += p.width;
    }
    return at;
}

size_t fit_text(const char *text, size_t size, size_t columns, char *out, size_t room)
{
    copy cut = {0}, end;

    if (room < 2 || columns == 0) {
        if (room > 0)
            out[0] = '\0';
        return 0;
    }
    end = copy_while(text, size, columns, out, room, &cut);
    if (end.from < size) {
        end = cut;
        out[end.bytes++] = '~';
        end.columns++;
    }
    out[end.bytes] = '\0';
    return end.columns;
}

/* What stands after the last carriage return that is not at the end of the line. */
static const char *after_return(const char *line, size_t *size)
{
    size_t i = *size;

    while (i > 0 && line[i - 1] != '\r')
        i--;
    *size -= i;
    return line + i;
}

const char *fit_last_line(const char *text, size_t length, size_t *size)
{
    static const char blank[] = " \t\r\n";
    size_t start;

    while (length > 0 && memchr(blank, text[length - 1], sizeof blank - 1) != NULL)
        length--;
    for (start = length; start > 0 && text[start - 1] != '\n'; start--)
        ;
    *size = length - start;
    return after_return(text + start, size);
}
