/* Owns the model of cmd and of argument parsers for the tests of quoting.
 * Must not: share code with the quoting under test.
 * Thread: any. */
#include "shell/cmd_model.h"

#include "support/unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct buffer {
    char *bytes; /* NUL-terminated */
    size_t size, capacity;
} buffer;

static buffer buffer_new(void)
{
    buffer b = {calloc(1, 64), 0, 64};
    assert_non_null(b.bytes);
    return b;
}

static void put(buffer *b, char c)
{
    if (b->size + 1 == b->capacity) {
        b->capacity *= 2;
        b->bytes = realloc(b->bytes, b->capacity);
        assert_non_null(b->bytes);
    }
    b->bytes[b->size++] = c;
    b->bytes[b->size] = '\0';
}

static void add_word(model_words *words, buffer *b)
{
    assert_true(words->count < MODEL_WORDS);
    words->words[words->count++] = b->bytes;
    *b = buffer_new();
}

static bool same_name(const char *name, const char *at, size_t size)
{
    if (strlen(name) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (toupper((unsigned char)name[i]) != toupper((unsigned char)at[i]))
            return false;
    }
    return true;
}

static const model_variable *find(const model_variable *variables, const char *at, size_t size)
{
    for (; variables->name != NULL; variables++) {
        if (same_name(variables->name, at, size))
            return variables;
    }
    return NULL;
}

char *model_expand(const char *line, bool in_batch, const model_variable *variables)
{
    buffer out = buffer_new();
    while (*line != '\0') {
        if (*line != '%') {
            put(&out, *line++);
            continue;
        }
        if (in_batch && line[1] == '%') {
            put(&out, '%');
            line += 2;
            continue;
        }
        const char *close = strchr(line + 1, '%');
        const model_variable *found =
            close != NULL ? find(variables, line + 1, (size_t)(close - line - 1)) : NULL;
        if (found != NULL) {
            for (const char *c = found->value; *c != '\0'; c++)
                put(&out, *c);
            line = close + 1;
        } else if (in_batch && close != NULL) {
            line = close + 1;
        } else if (in_batch) {
            line++;
        } else {
            put(&out, *line++);
        }
    }
    return out.bytes;
}

void model_split(const char *line, bool open_end, model_words *commands)
{
    *commands = (model_words){0};
    buffer out = buffer_new();
    bool quoted = false, begun = false;
    for (; *line != '\0'; line++) {
        if (*line == '\n' || *line == '\r')
            fail_msg("a line end within a line for cmd");
        if (*line == '"') {
            quoted = !quoted;
        } else if (!quoted && *line == '^') {
            assert_int_not_equal(line[1], '\0'); /* a caret there would escape the line end */
            line++;
        } else if (!quoted && *line == '&') {
            add_word(commands, &out);
            begun = false;
            continue;
        } else if (!quoted && strchr("|<>()", *line) != NULL) {
            fail_msg("special to cmd: %s", line);
        } else if (!begun && (*line == ' ' || *line == '\t')) {
            continue;
        }
        begun = true;
        put(&out, *line);
    }
    assert_true(open_end || !quoted);
    add_word(commands, &out);
    free(out.bytes);
}

char *model_slash_c(const char *command)
{
    const char *at = strstr(command, " /S /C ");
    assert_non_null(at);
    at += strlen(" /S /C ");
    assert_int_equal(*at, '"');
    buffer out = buffer_new();
    const char *last = strrchr(at, '"');
    assert_true(last > at);
    for (const char *c = at + 1; *c != '\0'; c++) {
        if (c != last)
            put(&out, *c);
    }
    return out.bytes;
}

/* Reads the program: up to the closing quote, or up to a blank. */
static const char *first_word(const char *at, buffer *out)
{
    bool quoted = *at == '"';
    for (at += quoted; *at != '\0' && *at != (quoted ? '"' : ' '); at++)
        put(out, *at);
    return at + (quoted && *at == '"');
}

void model_argv(const char *command, model_words *words)
{
    *words = (model_words){0};
    buffer out = buffer_new();
    const char *at = first_word(command, &out);
    add_word(words, &out);
    for (;;) {
        at += strspn(at, " \t");
        if (*at == '\0')
            break;
        bool quoted = false;
        while (*at != '\0' && (quoted || (*at != ' ' && *at != '\t'))) {
            size_t backslashes = strspn(at, "\\");
            at += backslashes;
            bool quote = *at == '"';
            for (size_t i = 0; i < (quote ? backslashes / 2 : backslashes); i++)
                put(&out, '\\');
            if (quote && backslashes % 2 == 1) {
                put(&out, *at++);
            } else if (quote && quoted && at[1] == '"') {
                put(&out, '"'); /* "" inside quotes is one quote */
                at += 2;
            } else if (quote) {
                quoted = !quoted;
                at++;
            } else if (*at != '\0' && (quoted || (*at != ' ' && *at != '\t'))) {
                put(&out, *at++);
            }
        }
        assert_false(quoted);
        add_word(words, &out);
    }
    free(out.bytes);
}

void model_batch_words(const char *command, model_words *words)
{
    *words = (model_words){0};
    buffer out = buffer_new();
    for (const char *at = command;;) {
        at += strspn(at, " \t,;=");
        if (*at == '\0')
            break;
        bool quoted = false;
        for (; *at != '\0' && (quoted || strchr(" \t,;=", *at) == NULL); at++) {
            quoted = quoted != (*at == '"');
            put(&out, *at);
        }
        add_word(words, &out);
    }
    free(out.bytes);
}

void model_words_dispose(model_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->words[i]);
    *words = (model_words){0};
}
