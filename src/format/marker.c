/* Owns the grammar of exit markers.
 * Must not: guess. A line that is not well-formed is damaged; one without a newline is unfinished.
 * Thread: any. */
#include "format/marker.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PIPESTATUS_LIMIT = 200 }; /* so that a line fits, with all that it may have */

typedef struct word {
    const char *text;
    size_t size;
} word;

/* Takes the next word from a line. Single blanks separate words. */
static word next_word(const char **at, const char *end)
{
    word found = {*at, 0};
    while (*at < end && **at != ' ')
        (*at)++;
    found.size = (size_t)(*at - found.text);
    if (*at < end)
        (*at)++;
    return found;
}

static bool word_is(word w, const char *text)
{
    return w.size == strlen(text) && memcmp(w.text, text, w.size) == 0;
}

/* Returns whether w is KEY=value with this key. If so, w becomes the value. */
static bool take_key(word *w, const char *key)
{
    size_t size = strlen(key);
    if (w->size <= size || memcmp(w->text, key, size) != 0 || w->text[size] != '=')
        return false;
    w->text += size + 1;
    w->size -= size + 1;
    return true;
}

static bool parse_number(word w, uint64_t limit, uint64_t *value)
{
    uint64_t result = 0;
    for (size_t i = 0; i < w.size; i++) {
        unsigned digit = (unsigned)((unsigned char)w.text[i] - '0');
        if (digit > 9 || result > (limit - digit) / 10)
            return false;
        result = result * 10 + digit;
    }
    *value = result;
    return w.size > 0;
}

/* Parses an exit code of 32 bits. cmd and PowerShell write it as a signed number. */
static bool parse_code(word w, uint64_t *value)
{
    if (w.size == 0 || w.text[0] != '-')
        return parse_number(w, UINT32_MAX, value);
    word digits = {w.text + 1, w.size - 1};
    if (!parse_number(digits, (uint64_t)INT32_MAX + 1, value) || *value == 0)
        return false;
    *value = (uint64_t)UINT32_MAX + 1 - *value;
    return true;
}

static bool parse_offset(word w, int64_t *value)
{
    uint64_t number;
    bool negative = w.size > 0 && w.text[0] == '-';
    word digits = {w.text + negative, w.size - negative};
    if (!parse_number(digits, INT64_MAX, &number))
        return false;
    *value = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool copy_word(word w, char *target, size_t target_size)
{
    if (w.size >= target_size)
        return false;
    memcpy(target, w.text, w.size);
    target[w.size] = '\0';
    return true;
}

/* Parses seconds with two digits after the point, such as "8123.45", into milliseconds; -1 for
 * other texts. */
static int64_t parse_uptime(word w)
{
    const char *point = memchr(w.text, '.', w.size);
    uint64_t seconds, hundredths;
    if (point == NULL)
        return -1;
    word whole = {w.text, (size_t)(point - w.text)};
    word part = {point + 1, w.size - whole.size - 1};
    if (part.size != 2 || !parse_number(whole, INT32_MAX, &seconds) ||
        !parse_number(part, 99, &hundredths))
        return -1;
    return (int64_t)(seconds * 1000 + hundredths * 10);
}

/* Parses a list such as "1,0": numbers that fit an int, separated by commas. Ignores other texts,
 * and lists that do not fit the target. */
static void parse_pipestatus(word w, char target[TETHER__PIPESTATUS_SIZE])
{
    uint64_t number;
    const char *end = w.text + w.size;
    for (const char *at = w.text; at <= end;) {
        const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
        word one = {at, (size_t)((comma != NULL ? comma : end) - at)};
        if (!parse_number(one, INT32_MAX, &number))
            return;
        at += one.size + 1;
    }
    (void)copy_word(w, target, TETHER__PIPESTATUS_SIZE);
}

static tether__start_failure parse_failure(word w)
{
    if (word_is(w, "fork"))
        return TETHER__START_FORK;
    if (word_is(w, "start"))
        return TETHER__START_PROGRAM;
    if (word_is(w, "input"))
        return TETHER__START_INPUT;
    if (word_is(w, "output"))
        return TETHER__START_OUTPUT;
    if (word_is(w, "scope"))
        return TETHER__START_SCOPE;
    if (word_is(w, "orders"))
        return TETHER__START_ORDERS;
    return word_is(w, "workdir") ? TETHER__START_WORKDIR : TETHER__START_OTHER;
}

static void parse_count(word w, int64_t *count)
{
    uint64_t number;
    if (parse_number(w, INT64_MAX, &number))
        *count = (int64_t)number;
}

/* Takes one pair about what lives on. Returns whether it is one. */
static bool parse_left(word w, tether__left *left)
{
    uint64_t number;
    if (take_key(&w, "who"))
        (void)tether__left_parse(w.text, w.size, left);
    else if (!take_key(&w, "left"))
        return false;
    else if (parse_number(w, INT64_MAX, &number))
        left->count = (int64_t)number;
    return true;
}

/* Takes one pair of the usage. Ignores a value that is no number. */
static void parse_usage(word w, tether__usage *usage)
{
    const struct {
        const char *key;
        int64_t *value;
    } pairs[] = {{"user", &usage->user_ms},
                 {"sys", &usage->system_ms},
                 {"peak", &usage->peak_bytes},
                 {"procs", &usage->processes}};
    uint64_t number;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        word rest = w;
        if (take_key(&rest, pairs[i].key) && parse_number(rest, INT64_MAX, &number))
            *pairs[i].value = (int64_t)number;
    }
}

/* Ignores unknown keys, because supervisors of later versions may write more of them. */
static bool parse_supervisor(const char *at, const char *end, tether__identity *identity)
{
    uint64_t number;
    tether__identity found = {0};
    while (at < end) {
        word w = next_word(&at, end);
        if (take_key(&w, "pid")) {
            if (!parse_number(w, INT64_MAX, &number))
                return false;
            found.pid = (int64_t)number;
        } else if (take_key(&w, "start")) {
            /* Empty where the supervisor cannot determine it. */
            if (w.size > 0 && !parse_number(w, INT64_MAX, &found.start_time))
                return false;
        } else if (take_key(&w, "boot")) {
            if (!copy_word(w, found.boot_id, sizeof found.boot_id))
                return false;
        } else if (take_key(&w, "timens")) {
            if (!parse_offset(w, &found.time_offset_ns))
                return false;
        } else if (take_key(&w, "pidfs")) {
            if (!parse_number(w, INT64_MAX, &found.pidfs_id))
                return false;
        } else if (take_key(&w, "pidns")) {
            if (!copy_word(w, found.pid_ns, sizeof found.pid_ns))
                return false;
        }
    }
    *identity = found;
    return found.pid > 0;
}

/* The supervisor reads the clock of its time namespace. */
static int64_t machine_uptime(const tether__marker *marker, int64_t uptime_ms)
{
    int64_t machines = uptime_ms - marker->identity.time_offset_ns / 1000000;
    return uptime_ms < 0 || machines < 0 ? -1 : machines;
}

static bool parse_end(word kind, const char *at, const char *end, tether__marker *marker)
{
    uint64_t value = 0;
    tether__end what;
    if (word_is(kind, "exit"))
        what = TETHER__END_EXIT;
    else if (word_is(kind, "signal"))
        what = TETHER__END_SIGNAL;
    else if (word_is(kind, "timed_out"))
        what = TETHER__END_TIMED_OUT;
    else if (word_is(kind, "killed"))
        what = TETHER__END_KILLED;
    else
        return false;

    /* No platform has more than 127 signals. */
    if (what == TETHER__END_EXIT && !parse_code(next_word(&at, end), &value))
        return false;
    bool signalled = what == TETHER__END_SIGNAL || what == TETHER__END_KILLED;
    if (signalled && !parse_number(next_word(&at, end), 127, &value))
        return false;
    while (at < end) {
        word w = next_word(&at, end);
        if (take_key(&w, "uptime"))
            marker->uptime_ms = machine_uptime(marker, parse_uptime(w));
        else if (take_key(&w, "pipestatus"))
            parse_pipestatus(w, marker->pipestatus);
        else if (what == TETHER__END_EXIT && take_key(&w, "error"))
            marker->failure = parse_failure(w);
        else if (word_is(w, "core"))
            marker->core = what == TETHER__END_SIGNAL;
        else if (word_is(w, "alone"))
            marker->alone = true;
        else if (take_key(&w, "lost"))
            parse_count(w, &marker->lost);
        else if (take_key(&w, "oom"))
            parse_count(w, &marker->out_of_memory);
        else if (!parse_left(w, &marker->left))
            parse_usage(w, &marker->usage);
    }
    if ((int64_t)marker->left.named > marker->left.count)
        marker->left.named = marker->left.count < 0 ? 0 : (size_t)marker->left.count;
    marker->end = what;
    marker->value = (int64_t)value;
    return true;
}

static bool parse_line(const char *at, const char *end, tether__marker *marker)
{
    /* A writer may begin with a newline, to end a line that was cut off. */
    if (at == end)
        return true;
    word kind = next_word(&at, end);
    if (word_is(kind, "supervisor"))
        return marker->identity.pid == 0 && parse_supervisor(at, end, &marker->identity);
    if (word_is(kind, "deadline")) {
        marker->deadline = true;
        return true;
    }
    if (word_is(kind, "over-limit")) {
        marker->over_limit = true;
        return true;
    }
    if (word_is(kind, "host-ended")) {
        marker->host_ended = true;
        return true;
    }
    if (word_is(kind, "anchor-ended")) {
        marker->anchor_ended = true;
        return true;
    }
    return parse_end(kind, at, end, marker);
}

/* Only a line that is known as a whole counts, and the first one that does. */
static void parse_on_end(const char *at, const char *end, tether__marker *marker)
{
    tether__afterwards what = TETHER__AFTERWARDS_UNTOLD;
    uint64_t value = 0;
    word kind = next_word(&at, end);
    bool numbered = word_is(kind, "exit") || word_is(kind, "signal");
    if (numbered && !parse_number(next_word(&at, end), UINT32_MAX, &value))
        return;
    if (word_is(kind, "exit"))
        what = TETHER__AFTERWARDS_EXIT;
    else if (word_is(kind, "signal"))
        what = TETHER__AFTERWARDS_SIGNAL;
    else if (word_is(kind, "timed_out"))
        what = TETHER__AFTERWARDS_TIMED_OUT;
    else if (word_is(kind, "error=start"))
        what = TETHER__AFTERWARDS_UNSTARTED;
    if (marker->on_end != TETHER__AFTERWARDS_UNTOLD || at != end)
        return;
    marker->on_end = what;
    marker->on_end_value = (int64_t)value;
}

/* Whatever else stands there, the first end counts. */
static void parse_after_end(const char *at, const char *end, tether__marker *marker)
{
    word kind = next_word(&at, end);
    if (word_is(kind, "alone") && kind.text + kind.size == end)
        marker->alone = true;
    else if (word_is(kind, "on-end"))
        parse_on_end(at, end, marker);
}

bool tether__marker_has_end(const tether__marker *marker)
{
    return marker->end != TETHER__END_NONE && !marker->damaged;
}

void tether__marker_parse(const char *text, size_t size, tether__marker *marker)
{
    *marker = TETHER__NO_MARKER;
    marker->present = true;
    const char *end = text + size;
    while (text < end && !marker->damaged) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (newline == NULL) {
            marker->unfinished = marker->end == TETHER__END_NONE;
            return;
        }
        const char *line_end = newline > text && newline[-1] == '\r' ? newline - 1 : newline;
        if (marker->end != TETHER__END_NONE)
            parse_after_end(text, line_end, marker);
        else if (!parse_line(text, line_end, marker))
            marker->damaged = true;
        text = newline + 1;
    }
}

size_t tether__marker_format_supervisor(const tether__identity *identity,
                                        char line[TETHER__MARKER_LINE_SIZE])
{
    char start[24] = "", offset[32] = "", id[32] = "";
    if (identity->start_time != 0)
        snprintf(start, sizeof start, "%llu", (unsigned long long)identity->start_time);
    if (identity->time_offset_ns != 0)
        snprintf(offset, sizeof offset, " timens=%lld", (long long)identity->time_offset_ns);
    if (identity->pidfs_id != 0)
        snprintf(id, sizeof id, " pidfs=%llu", (unsigned long long)identity->pidfs_id);
    int size = snprintf(
        line, TETHER__MARKER_LINE_SIZE, "supervisor pid=%lld start=%s boot=%s pidns=%s%s%s\n",
        (long long)identity->pid, start, identity->boot_id, identity->pid_ns, offset, id);
    return (size_t)size;
}

/* No line is longer than TETHER__MARKER_LINE_SIZE, so none is cut off. */
typedef struct line_text {
    char *bytes;
    size_t size;
} line_text;

static void add(line_text *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line->bytes + line->size, TETHER__MARKER_LINE_SIZE - line->size, format,
                         arguments);
    va_end(arguments);
    line->size += (size_t)size;
    assert(size >= 0 && line->size < TETHER__MARKER_LINE_SIZE);
}

static void add_uptime(line_text *line, int64_t uptime_ms)
{
    if (uptime_ms >= 0)
        add(line, " uptime=%lld.%02d", (long long)(uptime_ms / 1000), (int)(uptime_ms % 1000 / 10));
}

static void add_number(line_text *line, const char *key, int64_t value)
{
    if (value >= 0)
        add(line, " %s=%lld", key, (long long)value);
}

static void add_failure(line_text *line, tether__start_failure failure)
{
    static const char *const words[] = {
        [TETHER__START_FORK] = "fork",       [TETHER__START_PROGRAM] = "start",
        [TETHER__START_WORKDIR] = "workdir", [TETHER__START_INPUT] = "input",
        [TETHER__START_OUTPUT] = "output",   [TETHER__START_SCOPE] = "scope",
        [TETHER__START_ORDERS] = "orders",
    };
    if (failure != TETHER__START_OK && failure < TETHER__START_OTHER)
        add(line, " error=%s", words[failure]);
}

static void add_end(line_text *line, const tether__ending *ending)
{
    static const char *const words[] = {[TETHER__END_NONE] = "exit",
                                        [TETHER__END_EXIT] = "exit",
                                        [TETHER__END_SIGNAL] = "signal",
                                        [TETHER__END_TIMED_OUT] = "timed_out",
                                        [TETHER__END_KILLED] = "killed"};
    add(line, "%s", words[ending->end]);
    if (ending->end != TETHER__END_TIMED_OUT)
        add(line, " %d", ending->value);
}

/* Names as many as there is room for, beside the newline. */
static void add_left(line_text *line, const tether__left *left)
{
    char who[TETHER__LEFT_TEXT_SIZE];
    static const char key[] = " who=";
    add_number(line, "left", left->count);
    size_t used = line->size + sizeof key - 1 + sizeof "\n" - 1;
    if (left->named > 0 && used < TETHER__MARKER_LINE_SIZE &&
        tether__left_render(left, who, TETHER__MARKER_LINE_SIZE - used) > 0)
        add(line, "%s%s", key, who);
}

size_t tether__marker_format_ending(const tether__ending *ending,
                                    char line[TETHER__MARKER_LINE_SIZE])
{
    line_text text = {line, 0};
    const tether__usage *usage = &ending->usage;
    add_end(&text, ending);
    add_failure(&text, ending->failure);
    add(&text, "%s", ending->core && ending->end == TETHER__END_SIGNAL ? " core" : "");
    add_uptime(&text, ending->uptime_ms);
    add_number(&text, "user", usage->user_ms);
    add_number(&text, "sys", usage->system_ms);
    add_number(&text, "peak", usage->peak_bytes);
    add_number(&text, "procs", usage->processes);
    if (ending->lost > 0)
        add_number(&text, "lost", ending->lost);
    if (ending->out_of_memory > 0)
        add_number(&text, "oom", ending->out_of_memory);
    if (ending->pipestatus[0] != '\0')
        add(&text, " pipestatus=%s", ending->pipestatus);
    add_left(&text, &ending->left);
    add(&text, "%s\n", ending->alone ? " alone" : "");
    return text.size;
}

size_t tether__marker_format_end(tether__end end, int value, int64_t uptime_ms,
                                 char line[TETHER__MARKER_LINE_SIZE])
{
    const tether__ending ending = {.end = end,
                                   .value = value,
                                   .uptime_ms = uptime_ms,
                                   .usage = TETHER__NO_USAGE,
                                   .left = TETHER__LEFT_UNKNOWN};
    return tether__marker_format_ending(&ending, line);
}

static size_t format_intent(const char *name, int64_t uptime_ms, char *line)
{
    line_text text = {line, 0};
    add(&text, "%s", name);
    add_uptime(&text, uptime_ms);
    add(&text, "\n");
    return text.size;
}

size_t tether__marker_format_deadline(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE])
{
    return format_intent("deadline", uptime_ms, line);
}

size_t tether__marker_format_over_limit(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE])
{
    return format_intent("over-limit", uptime_ms, line);
}

size_t tether__marker_format_host_ended(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE])
{
    return format_intent("host-ended", uptime_ms, line);
}

size_t tether__marker_format_anchor_ended(int64_t uptime_ms, char line[TETHER__MARKER_LINE_SIZE])
{
    return format_intent("anchor-ended", uptime_ms, line);
}

size_t tether__marker_format_alone(char line[TETHER__MARKER_LINE_SIZE])
{
    line_text text = {line, 0};
    add(&text, "alone\n");
    return text.size;
}

size_t tether__marker_format_on_end(tether__afterwards what, int value,
                                    char line[TETHER__MARKER_LINE_SIZE])
{
    line_text text = {line, 0};
    if (what == TETHER__AFTERWARDS_EXIT || what == TETHER__AFTERWARDS_SIGNAL)
        add(&text, "on-end %s %u\n", what == TETHER__AFTERWARDS_EXIT ? "exit" : "signal",
            (unsigned)value);
    else
        add(&text, "on-end %s\n",
            what == TETHER__AFTERWARDS_TIMED_OUT ? "timed_out" : "error=start");
    return text.size;
}

void tether__marker_pipestatus(const char *text, char list[TETHER__PIPESTATUS_SIZE])
{
    size_t used = 0;
    list[0] = '\0';
    for (; *text != '\0' && *text != '\n'; text++) {
        bool blank = *text == ' ';
        if ((!blank && (*text < '0' || *text > '9')) || used + 2 > PIPESTATUS_LIMIT) {
            list[0] = '\0';
            return;
        }
        if (!blank && used > 0 && text[-1] == ' ')
            list[used++] = ',';
        if (!blank)
            list[used++] = *text;
        list[used] = '\0';
    }
}
