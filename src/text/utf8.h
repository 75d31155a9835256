/* Decodes and encodes UTF-8. Pure. */
#ifndef TETHER_TEXT_UTF8_H
#define TETHER_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

typedef enum utf8_result { UTF8_VALID, UTF8_INVALID, UTF8_INCOMPLETE } utf8_result;

/* Decodes the first character of size > 0 bytes. Sets *length to its length; for UTF8_INVALID to
 * the number of bytes that one U+FFFD replaces; for UTF8_INCOMPLETE to size. For UTF8_VALID also
 * sets *character to its code point; character may be NULL. */
utf8_result utf8_decode(const unsigned char *bytes, size_t size, size_t *length,
                        uint32_t *character);

/* Returns how many bytes at the end are the beginning of a UTF-8 character that is not complete: 0
 * to 3. Bytes that are not UTF-8 count as complete. */
size_t utf8_incomplete_end(const char *bytes, size_t size);

/* Returns how many bytes at the start continue a UTF-8 character that began before them: 0 to 3, by
 * the same rule as the library's tail. 0 if the bytes are not UTF-8. */
size_t utf8_continued_start(const char *bytes, size_t size);

enum { UTF8_MOST = 4 };

/* Encodes a code point up to U+10FFFF. Returns its length. */
size_t utf8_of_character(uint32_t character, char bytes[UTF8_MOST]);

#endif
