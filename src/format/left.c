/* Owns the text of a list of processes that live on, and what a name may contain.
 * Must not: believe a name: processes choose their own.
 * Thread: any. */
#include "format/left.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Returns whether a terminal could take it for a command: C0, DEL, and C1 in UTF-8. */
static bool is_control(const unsigned char *at, size_t size)
{
    return at[0] < 0x20 || at[0] == 0x7f || (size > 1 && at[0] == 0xc2 && at[1] < 0xa0);
}

static size_t sequence_size(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Returns the size of the harmless character at the start; 0: there is none. */
static size_t harmless(const char *at, size_t size)
{
    size_t length = sequence_size((unsigned char)at[0]);
    if (length > size || !tether__utf8_valid(at, length) ||
        is_control((const unsigned char *)at, size))
        return 0;
    return length;
}

void tether__left_clean(const char *name, size_t size, char target[TETHER__PROCESS_NAME_SIZE])
{
    size_t used = 0;
    if (size > TETHER__PROCESS_NAME_SIZE - 1)
        size = TETHER__PROCESS_NAME_SIZE - 1;
    while (used < size) {
        size_t length = harmless(name + used, size - used);
        if (length > 0)
            memcpy(target + used, name + used, length);
        else
            target[used] = '?';
        used += length > 0 ? length : 1;
    }
    target[used] = '\0';
}

void tether__left_name(tether__left *left, int64_t pid, const char *name, size_t size)
{
    if (left->named == TETHER__LEFT_NAMED)
        return;
    tether__left_process *process = &left->processes[left->named++];
    process->pid = pid;
    tether__left_clean(name, size, process->name);
}

static bool is_plain(unsigned char byte)
{
    return byte > ' ' && byte < 0x7f && byte != ',' && byte != '%';
}

static size_t render_one(const tether__left_process *process, char *text, size_t capacity)
{
    size_t used = (size_t)snprintf(text, capacity, "%" PRId64 ":", process->pid);
    for (const char *at = process->name; *at != '\0' && used < capacity; at++) {
        unsigned char byte = (unsigned char)*at;
        used +=
            (size_t)snprintf(text + used, capacity - used, is_plain(byte) ? "%c" : "%%%02X", byte);
    }
    return used;
}

size_t tether__left_render(const tether__left *left, char *text, size_t capacity)
{
    size_t used = 0;
    char one[22 + 3 * TETHER__PROCESS_NAME_SIZE];
    text[0] = '\0';
    for (size_t i = 0; i < left->named; i++) {
        size_t size = render_one(&left->processes[i], one, sizeof one);
        if (used + (i > 0) + size >= capacity)
            break;
        if (i > 0)
            text[used++] = ',';
        memcpy(text + used, one, size + 1);
        used += size;
    }
    return used;
}

/* --- Parsing --- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* Returns the size of the name, or -1. */
static int decode(const char *text, size_t size, char name[TETHER__PROCESS_NAME_SIZE])
{
    int used = 0;
    for (size_t i = 0; i < size; i++) {
        int byte = (unsigned char)text[i];
        if (text[i] == '%') {
            int high = size - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = size - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -1;
            byte = high * 16 + low;
            i += 2;
        }
        if (used == TETHER__PROCESS_NAME_SIZE - 1)
            return -1;
        name[used++] = (char)byte;
    }
    return used;
}

static bool parse_one(const char *text, size_t size, tether__left *left)
{
    char name[TETHER__PROCESS_NAME_SIZE];
    int64_t pid = 0;
    size_t at = 0;
    for (; at < size && text[at] >= '0' && text[at] <= '9' && pid < INT32_MAX; at++)
        pid = pid * 10 + (text[at] - '0');
    if (pid <= 0 || at == size || text[at] != ':')
        return false;
    int length = decode(text + at + 1, size - at - 1, name);
    if (length < 0 || left->named == TETHER__LEFT_NAMED)
        return false;
    tether__left_name(left, pid, name, (size_t)length);
    return true;
}

bool tether__left_parse(const char *text, size_t size, tether__left *left)
{
    const char *end = text + size;
    left->named = 0;
    while (text < end) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *stop = comma != NULL ? comma : end;
        if (!parse_one(text, (size_t)(stop - text), left)) {
            left->named = 0;
            return false;
        }
        text = stop + 1;
    }
    return true;
}
