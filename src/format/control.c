/* Owns the bytes of control messages: words, each closed by a NUL byte, and a payload.
 * Must not: accept a message that it does not understand as a whole.
 * Thread: any. */
#include "format/control.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char family[] = "tether-control ";
static const char version[] = "tether-control 1";
static const char end_mark[] = "end";

static const char *const words[] = {
#define WORD(name, word) word,
    TETHER__CONTROL_WORDS(WORD)
#undef WORD
};

enum { WORDS = sizeof words / sizeof words[0] };

/* --- Writing --- */

typedef struct writer {
    char *bytes;
    size_t capacity;
    size_t size; /* more than the capacity: it does not fit */
} writer;

static void add(writer *to, const char *bytes, size_t size)
{
    if (to->size <= to->capacity && size <= to->capacity - to->size) {
        if (size > 0)
            memcpy(to->bytes + to->size, bytes, size);
        to->size += size;
    } else
        to->size = to->capacity + 1;
}

static void add_word(writer *to, const char *word)
{
    add(to, word, strlen(word) + 1);
}

static void add_number(writer *to, const char *name, int64_t value, bool wanted)
{
    char text[48];
    snprintf(text, sizeof text, "%s=%lld", name, (long long)value);
    if (wanted)
        add_word(to, text);
}

static void add_used(writer *to, const tether__using *used)
{
    add_number(to, "user", used->user_ms, used->user_ms >= 0);
    add_number(to, "sys", used->system_ms, used->system_ms >= 0);
    add_number(to, "memory", used->memory_bytes, used->memory_bytes >= 0);
    add_number(to, "procs", used->processes, used->processes >= 0);
}

size_t tether__control_render(const tether__control *message, char *bytes, size_t capacity)
{
    writer to = {.bytes = bytes, .capacity = capacity};
    if (message->payload_size > TETHER__CONTROL_PAYLOAD)
        return 0;
    add_word(&to, version);
    add_word(&to, words[message->word]);
    add_number(&to, "at", message->at_ms, message->at_ms != 0);
    add_number(&to, "move", message->move, message->move != 0);
    add_number(&to, "offset", message->offset, message->place);
    add_number(&to, "close", 1, message->close);
    add_number(&to, "taken", message->taken, message->taken != 0);
    add_number(&to, "wrote", message->wrote, message->wrote != 0);
    if (message->measured)
        add_used(&to, &message->used);
    add_word(&to, end_mark);
    add(&to, message->payload, message->payload_size);
    return to.size <= capacity ? to.size : 0;
}

/* --- Reading --- */

typedef struct reader {
    const char *at;
    size_t left;
} reader;

/* Returns the next word; NULL: the message is torn. */
static const char *next_word(reader *from)
{
    const char *word = from->at;
    const char *end = from->left > 0 ? memchr(word, '\0', from->left) : NULL;
    if (end == NULL)
        return NULL;
    from->left -= (size_t)(end - word) + 1;
    from->at = end + 1;
    return word;
}

/* All numbers of messages are sizes, times or counts. */
static bool read_number(const char *digits, int64_t *value)
{
    char *rest;
    if (digits[0] < '0' || digits[0] > '9')
        return false;
    long long number = strtoll(digits, &rest, 10);
    *value = number;
    return *rest == '\0' && number < LLONG_MAX;
}

static tether__control_parsed take_field(const char *word, tether__control *message)
{
    int64_t flag = 0;
    const struct {
        const char *name;
        int64_t *value;
    } fields[] = {{"at=", &message->at_ms},
                  {"move=", &message->move},
                  {"offset=", &message->offset},
                  {"close=", &flag},
                  {"taken=", &message->taken},
                  {"wrote=", &message->wrote},
                  {"user=", &message->used.user_ms},
                  {"sys=", &message->used.system_ms},
                  {"memory=", &message->used.memory_bytes},
                  {"procs=", &message->used.processes}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t size = strlen(fields[i].name);
        if (strncmp(word, fields[i].name, size) != 0)
            continue;
        if (!read_number(word + size, fields[i].value))
            return TETHER__CONTROL_GARBAGE;
        message->place = message->place || fields[i].value == &message->offset;
        message->close = message->close || flag != 0;
        return TETHER__CONTROL_VALID;
    }
    return TETHER__CONTROL_ALIEN;
}

static bool find_word(const char *word, tether__control_word *found)
{
    for (int i = 0; i < WORDS; i++) {
        if (strcmp(word, words[i]) == 0) {
            *found = (tether__control_word)i;
            return true;
        }
    }
    return false;
}

static tether__control_parsed read_fields(reader *from, tether__control *message)
{
    for (;;) {
        const char *word = next_word(from);
        if (word == NULL)
            return TETHER__CONTROL_GARBAGE;
        if (strcmp(word, end_mark) == 0)
            return TETHER__CONTROL_VALID;
        tether__control_parsed parsed = take_field(word, message);
        if (parsed != TETHER__CONTROL_VALID)
            return parsed;
    }
}

tether__control_parsed tether__control_parse(const char *bytes, size_t size,
                                             tether__control *message)
{
    reader from = {bytes, size};
    *message = (tether__control){.used = TETHER__NOT_MEASURED};
    const char *first = next_word(&from);
    if (first == NULL || strncmp(first, family, sizeof family - 1) != 0)
        return TETHER__CONTROL_GARBAGE;
    if (strcmp(first, version) != 0)
        return TETHER__CONTROL_NEWER;
    const char *word = next_word(&from);
    if (word == NULL)
        return TETHER__CONTROL_GARBAGE;
    if (!find_word(word, &message->word))
        return TETHER__CONTROL_ALIEN;
    tether__control_parsed parsed = read_fields(&from, message);
    if (parsed == TETHER__CONTROL_VALID && from.left > TETHER__CONTROL_PAYLOAD)
        return TETHER__CONTROL_GARBAGE;
    message->payload = from.at;
    message->payload_size = parsed == TETHER__CONTROL_VALID ? from.left : 0;
    return parsed;
}
