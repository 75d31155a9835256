/* Owns the form of what tools answer.
 * Must not: look at the store. The environment of a task is in no answer.
 * Thread: any. */
#include "mcp/reply.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mcp/failure.h"
#include "text/utf8.h"

json_t *reply_snapshot(const tether_snapshot *snapshot)
{
    char *text = tether_snapshot_json(snapshot);
    json_t *value = text != NULL ? json_loads(text, 0, NULL) : NULL;
    tether_free(text);
    return value;
}

json_t *reply_states(void)
{
    json_t *states = json_array();
    for (int i = 0; i <= TETHER_STATUS_LOST; i++)
        json_array_append_new(states, json_string(tether_status_text((tether_status)i)));
    return states;
}

json_t *reply_error(const tether_error *error)
{
    const char *message =
        error->message[0] != '\0' ? error->message : tether_error_text(error->code);
    return json_pack("{s:s, s:o?, s:o, s:o, s:i}", "code", tether_error_name(error->code),
                     "message", reply_bytes(message, strlen(message)), "step",
                     reply_bytes(error->step, strlen(error->step)), "cure",
                     reply_bytes(failure_cure(error), strlen(failure_cure(error))), "os_error",
                     error->os_error);
}

static const char replacement[] = "\xef\xbf\xbd";

typedef enum clean_mode { CLEAN_JSON, CLEAN_BLOCK, CLEAN_LINE } clean_mode;

static bool is_hidden(uint32_t character, clean_mode mode)
{
    if (mode == CLEAN_JSON)
        return character == 0;
    if (character == '\n' || character == '\t')
        return false;
    /* Controls, the characters that reorder a text, and those that no reader sees but a model: tags
     * and variation selectors beyond the common ones. */
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069) ||
           (character >= 0xe0000 && character <= 0xe0fff);
}

static void clean(mcp_buffer *to, const char *bytes, size_t size, size_t most, clean_mode mode)
{
    size_t begin = to->used, length;
    for (size_t at = 0; at < size; at += length) {
        uint32_t character;
        utf8_result result =
            utf8_decode((const unsigned char *)bytes + at, size - at, &length, &character);
        bool valid = result == UTF8_VALID;
        if (to->used - begin + length > most) {
            buffer_text(to, "...");
            return;
        }
        if (valid && mode == CLEAN_LINE && (character == '\n' || character == '\t'))
            buffer_add(to, " ", 1);
        else if (valid && !is_hidden(character, mode))
            buffer_add(to, bytes + at, length);
        else if (!valid || mode == CLEAN_JSON)
            buffer_add(to, replacement, 3);
    }
}

json_t *reply_bytes(const char *bytes, size_t size)
{
    mcp_buffer text = {0};
    json_t *value = NULL;
    clean(&text, bytes, size, SIZE_MAX, CLEAN_JSON);
    if (!text.failed)
        value = json_stringn(text.bytes != NULL ? text.bytes : "", text.used);
    buffer_dispose(&text);
    return value;
}

void reply_word(mcp_buffer *to, const char *text, size_t most)
{
    clean(to, text, strlen(text), most, CLEAN_LINE);
}

/* Returns the length of the longest row of backticks. */
static size_t longest_row(const char *bytes, size_t size)
{
    size_t longest = 0, row = 0;
    for (size_t i = 0; i < size; i++) {
        row = bytes[i] == '`' ? row + 1 : 0;
        longest = row > longest ? row : longest;
    }
    return longest;
}

static void fence(mcp_buffer *to, size_t length)
{
    while (length-- > 0)
        buffer_add(to, "`", 1);
    buffer_add(to, "\n", 1);
}

void reply_fenced(mcp_buffer *to, const char *bytes, size_t size)
{
    mcp_buffer text = {0};
    clean(&text, bytes, size, SIZE_MAX, CLEAN_BLOCK);
    size_t length = longest_row(text.bytes, text.used) + 1;
    if (length < 3)
        length = 3;
    fence(to, length);
    if (text.used > 0)
        buffer_add(to, text.bytes, text.used);
    if (text.used > 0 && text.bytes[text.used - 1] != '\n')
        buffer_add(to, "\n", 1);
    fence(to, length);
    to->failed = to->failed || text.failed;
    buffer_dispose(&text);
}

static void add_duration(mcp_buffer *to, int64_t ms)
{
    if (ms < 0)
        return;
    if (ms < 120000)
        buffer_format(to, " after %.1f s", (double)ms / 1000);
    else
        buffer_format(to, " after %" PRId64 " min", ms / 60000);
}

void reply_line(mcp_buffer *to, const tether_snapshot *s)
{
    buffer_format(to, "Task %s ", s->task_id);
    if (s->name != NULL) {
        buffer_text(to, "\"");
        reply_word(to, s->name, 80);
        buffer_text(to, "\" ");
    }
    buffer_text(to, "(");
    reply_word(to, s->command != NULL ? s->command : "", 120);
    buffer_format(to, ") %s%s", tether_status_ended(s->status) ? "" : "is ",
                  tether_status_text(s->status));
    if (s->exit_code != TETHER_EXIT_UNKNOWN)
        buffer_format(to, " with exit code %" PRId64, s->exit_code);
    add_duration(to, s->duration_ms);
    if (s->reason != NULL) {
        buffer_text(to, ": ");
        reply_word(to, s->reason, 200);
    }
    buffer_text(to, "\n");
}
