/* Owns scanning JSON objects without building them.
 * Must not: accept what jansson with JSON_REJECT_DUPLICATES refuses; what is rare may be left to
 * it. Thread: any. */
#include "format/scan.h"

#include <string.h>

#include "base/utf8.h"

enum { DEEPEST = 8, MOST_MEMBERS = 64, MOST_DIGITS = 18 };

typedef struct scanner {
    const char *at, *end;
} scanner;

typedef struct key {
    const char *text;
    size_t size;
} key;

/* Skips this character. False: another one comes. */
static bool take(scanner *s, char wanted)
{
    if (s->at == s->end || *s->at != wanted)
        return false;
    s->at++;
    return true;
}

static bool take_word(scanner *s, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(s->end - s->at) < size || memcmp(s->at, word, size) != 0)
        return false;
    s->at += size;
    return true;
}

/* What a byte means within a string. Most bytes of most lines are plain: a table passes over them
 * faster than comparisons do. */
enum { PLAIN = 0, QUOTE, ESCAPE, CONTROL, WIDE };

#define EIGHT(kind) kind, kind, kind, kind, kind, kind, kind, kind
#define WIDE_64                                                                                    \
    EIGHT(WIDE), EIGHT(WIDE), EIGHT(WIDE), EIGHT(WIDE), EIGHT(WIDE), EIGHT(WIDE), EIGHT(WIDE),     \
        EIGHT(WIDE)

static const unsigned char kinds[256] = {
    EIGHT(CONTROL), EIGHT(CONTROL),  EIGHT(CONTROL),  EIGHT(CONTROL),
    ['"'] = QUOTE,  ['\\'] = ESCAPE, [128] = WIDE_64, WIDE_64,
};

/* Passes over one escape, whose backslash comes. */
static bool take_escape(scanner *s)
{
    s->at++;
    if (s->at == s->end || *s->at == '\0' || strchr("\"\\/bfnrt", *s->at) == NULL)
        return false;
    s->at++;
    return true;
}

/* Whether one of eight bytes is not plain. A subtraction sets the top bit of a byte that is a
 * quote, a backslash or a control. What it borrows for that may set the bit of the byte behind it
 * too, which changes nothing. */
static bool has_other(const char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ (ones * '"'), escapes = bytes ^ (ones * '\\');
    return (((quotes - ones) | (escapes - ones) | (bytes - ones * ' ') | bytes) & tops) != 0;
}

/* Takes a string, which begins with its quote. */
static bool take_string(scanner *s, tether__scanned *value)
{
    bool plain = true, ascii = true;
    const char *begin = ++s->at;
    for (;;) {
        while (s->end - s->at >= 8 && !has_other(s->at))
            s->at += 8;
        while (s->at < s->end && kinds[(unsigned char)*s->at] == PLAIN)
            s->at++;
        unsigned char kind = s->at < s->end ? kinds[(unsigned char)*s->at] : CONTROL;
        if (kind == CONTROL)
            return false;
        if (kind == QUOTE)
            break;
        ascii = ascii && kind != WIDE;
        plain = plain && kind != ESCAPE;
        if (kind == WIDE)
            s->at++;
        else if (!take_escape(s))
            return false;
    }
    size_t size = (size_t)(s->at++ - begin);
    *value = (tether__scanned){
        .type = TETHER__SCANNED_TEXT, .text = plain ? begin : NULL, .raw = begin, .size = size};
    return ascii || tether__utf8_valid(begin, size);
}

static bool take_integer(scanner *s, tether__scanned *value)
{
    int64_t number = 0;
    bool negative = take(s, '-');
    const char *begin = s->at;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9' && s->at - begin < MOST_DIGITS; s->at++)
        number = number * 10 + (*s->at - '0');
    if (s->at == begin || (*begin == '0' && s->at - begin > 1))
        return false;
    *value =
        (tether__scanned){.type = TETHER__SCANNED_INTEGER, .integer = negative ? -number : number};
    return true;
}

static bool take_container(scanner *s, tether__scanned *value, int depth);

/* What may follow a value is checked by the caller: a number that goes on in another way ends here.
 */
static bool take_value(scanner *s, tether__scanned *value, int depth)
{
    *value = (tether__scanned){.type = TETHER__SCANNED_ABSENT};
    if (s->at == s->end)
        return false;
    switch (*s->at) {
    case '"':
        return take_string(s, value);
    case '{':
    case '[':
        return take_container(s, value, depth);
    case 'n':
        value->type = TETHER__SCANNED_NULL;
        return take_word(s, "null");
    case 't':
        value->type = TETHER__SCANNED_TRUE;
        return take_word(s, "true");
    case 'f':
        value->type = TETHER__SCANNED_FALSE;
        return take_word(s, "false");
    default:
        return take_integer(s, value);
    }
}

/* Names with the same mark may be alike; others differ. */
static uint64_t mark_of(const key *name)
{
    unsigned first = name->size > 0 ? (unsigned char)name->text[0] : 0;
    unsigned last = name->size > 0 ? (unsigned char)name->text[name->size - 1] : 0;
    return UINT64_C(1) << ((first * 6 + last * 15 + name->size * 13) % 64);
}

static bool is_repeated(const key *keys, size_t count, const key *last)
{
    for (size_t i = 0; i < count; i++) {
        if (keys[i].size == last->size && memcmp(keys[i].text, last->text, last->size) == 0)
            return true;
    }
    return false;
}

/* Takes an object, which begins with its brace. NULL `visit`: nobody wants its members. */
static bool take_object(scanner *s, int depth, tether__scan_member *visit, void *context)
{
    key keys[MOST_MEMBERS];
    size_t count = 0;
    uint64_t marks = 0, mark;
    tether__scanned name, value;
    s->at++;
    if (take(s, '}'))
        return true;
    do {
        if (count == MOST_MEMBERS || s->at == s->end || *s->at != '"' || !take_string(s, &name) ||
            name.text == NULL)
            return false;
        keys[count] = (key){name.text, name.size};
        mark = mark_of(&keys[count]);
        if (((marks & mark) != 0 && is_repeated(keys, count, &keys[count])) || !take(s, ':') ||
            !take_value(s, &value, depth))
            return false;
        marks |= mark;
        if (visit != NULL && !visit(context, name.text, name.size, &value))
            return false;
        count++;
    } while (take(s, ','));
    return take(s, '}');
}

static bool take_array(scanner *s, int depth)
{
    tether__scanned value;
    s->at++;
    if (take(s, ']'))
        return true;
    do {
        if (!take_value(s, &value, depth))
            return false;
    } while (take(s, ','));
    return take(s, ']');
}

static bool take_container(scanner *s, tether__scanned *value, int depth)
{
    bool object = *s->at == '{';
    if (depth == DEEPEST)
        return false;
    value->type = object ? TETHER__SCANNED_OBJECT : TETHER__SCANNED_ARRAY;
    value->empty = s->end - s->at > 1 && s->at[1] == (object ? '}' : ']');
    value->raw = s->at;
    if (!(object ? take_object(s, depth + 1, NULL, NULL) : take_array(s, depth + 1)))
        return false;
    value->size = (size_t)(s->at - value->raw);
    return true;
}

bool tether__scan_object(const char *text, size_t size, tether__scan_member *visit, void *context)
{
    scanner s = {text, text + size};
    return size > 0 && *text == '{' && take_object(&s, 0, visit, context) && s.at == s.end;
}
