/* Owns the rules for task ids and session ids.
 * Must not: access the disk; ids are validated before any file access.
 * Thread: any. */
#include "format/name.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

static bool equal_ignoring_case(const char *text, size_t size, const char *upper)
{
    if (strlen(upper) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (toupper((unsigned char)text[i]) != upper[i])
            return false;
    }
    return true;
}

/* Windows reserves these names for devices, in every directory and with any extension. They are
 * refused on every platform, so that a store can move to another one. */
static bool is_device_name(const char *text)
{
    static const char *const plain[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    size_t stem = strcspn(text, ".");
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (equal_ignoring_case(text, stem, plain[i]))
            return true;
    }
    return stem == 4 && text[3] >= '0' && text[3] <= '9' &&
           (equal_ignoring_case(text, 3, "COM") || equal_ignoring_case(text, 3, "LPT"));
}

static bool is_task_id_byte(char c, bool first)
{
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return word || (!first && (c == '-' || c == '_'));
}

bool tether__task_id_valid(const char *text)
{
    if (text == NULL)
        return false;
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        if (size + 1 >= TETHER_ID_SIZE || !is_task_id_byte(text[size], size == 0))
            return false;
    }
    return size > 0 && !is_device_name(text);
}

bool tether__session_id_valid(const char *text)
{
    if (text == NULL)
        return false;
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        unsigned char c = (unsigned char)text[size];
        if (size >= TETHER__SESSION_ID_LIMIT || c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return false;
    }
    if (size == 0 || text[size - 1] == '.' || text[size - 1] == ' ')
        return false;
    return tether__utf8_valid(text, size) && !is_device_name(text);
}

void tether__session_key(const char *session_id, char key[TETHER__SESSION_KEY_SIZE])
{
    /* FNV-1a. It need not withstand deliberate collisions: session.json holds the id itself, and
     * openers compare it. */
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = session_id; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    snprintf(key, TETHER__SESSION_KEY_SIZE, "%016llx", (unsigned long long)hash);
}

bool tether__session_key_valid(const char *name)
{
    return strlen(name) == TETHER__SESSION_KEY_SIZE - 1 &&
           strspn(name, "0123456789abcdef") == TETHER__SESSION_KEY_SIZE - 1;
}

void tether__task_id_format(const unsigned char random[8], char id[TETHER_ID_SIZE])
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++)
        bits = bits << 8 | random[i];
    size_t length = 12;
    id[0] = 't'; /* a letter, so that no id looks like a pid or another number */
    for (size_t i = 1; i < length; i++) {
        id[i] = digits[bits & 31];
        bits >>= 5;
    }
    id[length] = '\0';
}

int tether__check_task_id(const char *text, tether_error *error)
{
    if (tether__task_id_valid(text))
        return TETHER_OK;
    return tether__fail(error, TETHER_EINVAL, 0, "check task id",
                        "\"%.80s\" cannot be a task id: 1 to 64 of a-z, 0-9, - and _; tether list "
                        "--all shows the ids",
                        text != NULL ? text : "");
}
