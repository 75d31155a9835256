/* Scanning JSON objects in the one form in which hosts write the lines of journals: compact,
 * without exotic numbers and escapes. Many times as fast as building the document of each line, for
 * a reader that wants a few members of thousands of lines. Pure; any thread. */
#ifndef TETHER_SCAN_H
#define TETHER_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum tether__scanned_type {
    TETHER__SCANNED_ABSENT,
    TETHER__SCANNED_NULL,
    TETHER__SCANNED_FALSE,
    TETHER__SCANNED_TRUE,
    TETHER__SCANNED_INTEGER,
    TETHER__SCANNED_TEXT,
    TETHER__SCANNED_ARRAY,
    TETHER__SCANNED_OBJECT
} tether__scanned_type;

typedef struct tether__scanned {
    tether__scanned_type type;
    int64_t integer;
    const char *text; /* of a text without escapes, not NUL-terminated; NULL: it has some */
    const char *raw;  /* of a text: as it stands between its quotes; of an array or object: its JSON
                       */
    size_t size;      /* of `raw` */
    bool empty;       /* of an array or object */
} tether__scanned;

/* Receives a member of the object. Returns false to end the scan. */
typedef bool tether__scan_member(void *context, const char *key, size_t size,
                                 const tether__scanned *value);

/* Visits the members of an object, not those of objects in it. An escape in a text is a backslash
 * and one of the characters "\/bfnrt: a text with any other is not accepted. Returns true only if
 * the text is one valid JSON object without repeated keys. False says nothing about the text, nor
 * do the members that were visited before: it may be valid in another form, or `visit` has ended
 * the scan. */
bool tether__scan_object(const char *text, size_t size, tether__scan_member *visit, void *context);

#endif
