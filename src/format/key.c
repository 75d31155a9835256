/* Owns which texts are keys, and which tasks have theirs.
 * Must not: access the disk.
 * Thread: any. */
#include "format/key.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/verdict.h"

enum { LIMIT = 200 };

static int refuse(const char *why, tether_error *error)
{
    return tether__fail(error, TETHER_EINVAL, 0, "check key", "%s", why);
}

/* Whether valid UTF-8 has a control character: U+0000 to U+001F, or U+007F to U+009F. */
static bool has_control(const char *key)
{
    for (const unsigned char *at = (const unsigned char *)key; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0))
            return true;
    }
    return false;
}

int tether__key_check(const char *key, tether_error *error)
{
    if (key == NULL)
        return TETHER_OK;
    size_t size = strlen(key);
    if (size == 0)
        return refuse("the key is empty; give a text, or no key at all", error);
    if (size > LIMIT)
        return refuse("the key has more than 200 bytes; choose a shorter one, such as a hash",
                      error);
    if (!tether__utf8_valid(key, size))
        return refuse("the key is not valid UTF-8; choose another one, such as its hexadecimal "
                      "digits",
                      error);
    if (has_control(key))
        return refuse("the key has a control character, such as a newline; leave it out", error);
    return TETHER_OK;
}

/* FNV-1a. */
uint32_t tether__key_hash(const char *key, size_t size)
{
    uint32_t value = UINT32_C(2166136261);
    for (size_t i = 0; i < size; i++)
        value = (value ^ (unsigned char)key[i]) * UINT32_C(16777619);
    return value != 0 ? value : 1;
}

bool tether__key_is_held(const tether__record *record, const char *key)
{
    return record->key != NULL && strcmp(record->key, key) == 0 &&
           !tether__verdict_is_unbegun(record->status, record->reason);
}
