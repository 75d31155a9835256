/* Owns the expansions of words (POSIX 2.6).
 * Must not: run commands itself, other than by the executor.
 * Thread: the only one. */
#include "expand.h"

#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec.h"
#include "lexer.h"
#include "param.h"

/* What a character of an expanded word is. */
enum {
    PLAIN = 0,
    QUOTED = 1, /* stands for itself */
    SPLIT = 2,  /* comes from an expansion: fields are split there */
    BREAK = 4,  /* no character: a field ends here, as between the elements of "$@" */
    MARK = 8,   /* no character: the field exists, even if it is empty */
};

/* An expanded word: characters, and beside each of them what it is. */
struct cells {
    struct text bytes, kinds;
};

/* How a part of a word is expanded. */
enum mode {
    MODE_WORD,   /* outside of quotes */
    MODE_QUOTED, /* in double quotes */
    MODE_BODY,   /* a here-document: as in double quotes, which are characters there */
};

static void expand_part(struct shell *sh, const char *at, const char *end, enum mode mode,
                        struct cells *cells);

static void add(struct cells *cells, const char *bytes, size_t size, int kind)
{
    for (size_t i = 0; i < size; i++) {
        text_add_char(&cells->bytes, bytes[i]);
        text_add_char(&cells->kinds, (char)kind);
    }
}

static void add_sign(struct cells *cells, int kind)
{
    add(cells, "", 1, kind);
}

static void cells_free(struct cells *cells)
{
    text_free(&cells->bytes);
    text_free(&cells->kinds);
}

static char *joined(struct cells *cells)
{
    struct text text = {0};
    for (size_t i = 0; i < cells->bytes.size; i++) {
        if (cells->kinds.bytes[i] == BREAK)
            text_add_char(&text, ' ');
        else if (cells->kinds.bytes[i] != MARK)
            text_add_char(&text, cells->bytes.bytes[i]);
    }
    cells_free(cells);
    return text_take(&text);
}

/* --- Patterns ------------------------------------------------------------------------------ */

static void add_pattern(struct text *pattern, char c, int kind)
{
    if (c == '\\' || ((kind & QUOTED) && strchr("*?[]!-^", c) != NULL))
        text_add_char(pattern, '\\');
    text_add_char(pattern, c);
}

static char *pattern_of(struct shell *sh, const char *at, const char *end)
{
    struct cells cells = {0};
    struct text pattern = {0};
    expand_part(sh, at, end, MODE_WORD, &cells);
    for (size_t i = 0; i < cells.bytes.size; i++) {
        if (!(cells.kinds.bytes[i] & (BREAK | MARK)))
            add_pattern(&pattern, cells.bytes.bytes[i], cells.kinds.bytes[i]);
    }
    cells_free(&cells);
    return text_take(&pattern);
}

static bool matches_part(const char *pattern, const char *value, size_t size)
{
    char *part = shell_copy_part(value, size);
    bool matches = fnmatch(pattern, part, 0) == 0;
    free(part);
    return matches;
}

/* ${x#pattern}, ${x##pattern}, ${x%pattern}, ${x%%pattern} */
static void remove_pattern(char *value, const char *pattern, bool at_end, bool longest)
{
    size_t size = strlen(value);
    for (size_t i = 0; i <= size; i++) {
        size_t removed = longest ? size - i : i;
        if (at_end && matches_part(pattern, value + size - removed, removed)) {
            value[size - removed] = '\0';
            return;
        }
        if (!at_end && matches_part(pattern, value, removed)) {
            memmove(value, value + removed, size - removed + 1);
            return;
        }
    }
}

/* --- Parameters ---------------------------------------------------------------------------- */

static void add_value(struct cells *cells, const char *value, enum mode mode)
{
    add(cells, value, strlen(value), mode == MODE_WORD ? SPLIT : QUOTED);
}

/* The elements of $@, $* and PIPESTATUS. */
static void add_elements(struct shell *sh, struct cells *cells, const struct list *elements,
                         bool as_one, enum mode mode)
{
    const char *ifs = vars_get(&sh->vars, "IFS");
    for (size_t i = 0; i < elements->count; i++) {
        if (i > 0 && as_one && mode != MODE_WORD)
            add(cells, ifs == NULL ? " " : ifs, ifs == NULL || *ifs != '\0', QUOTED);
        else if (i > 0)
            add_sign(cells, BREAK);
        add_value(cells, elements->items[i], mode);
        if (mode == MODE_QUOTED)
            add_sign(cells, MARK);
    }
}

/* What stands behind the name in braces: an operator and a word. */
struct operation {
    bool colon; /* an empty value counts as none */
    char sign;  /* - = ? + # % or 0 */
    bool twice;
    const char *word;
};

static struct operation read_operation(const char *at)
{
    struct operation operation = {0};
    operation.colon = *at == ':';
    at += operation.colon;
    operation.sign = *at;
    at += *at != '\0';
    if ((operation.sign == '#' || operation.sign == '%') && *at == operation.sign) {
        operation.twice = true;
        at++;
    }
    operation.word = at;
    return operation;
}

static void fail_unset(struct shell *sh, const char *name, const struct operation *operation,
                       const char *end)
{
    struct cells cells = {0};
    expand_part(sh, operation->word, end, MODE_QUOTED, &cells);
    char *message = joined(&cells);
    complain("%s: %s", name, *message == '\0' ? "parameter is not set" : message);
    free(message);
    sh->failed = true;
}

static void apply(struct shell *sh, const char *name, char *value, const char *at, const char *end,
                  enum mode mode, struct cells *cells)
{
    struct operation operation = read_operation(at);
    bool absent = value == NULL || (operation.colon && *value == '\0');
    if (operation.sign == '+') {
        if (!absent)
            expand_part(sh, operation.word, end, mode, cells);
    } else if (absent && operation.sign == '-') {
        expand_part(sh, operation.word, end, mode, cells);
    } else if (absent && operation.sign == '=') {
        struct cells assigned = {0};
        expand_part(sh, operation.word, end, mode, &assigned);
        char *text = joined(&assigned);
        if (vars_is_name(name, strlen(name)))
            vars_set(&sh->vars, name, text);
        add_value(cells, text, mode);
        free(text);
    } else if (absent && operation.sign == '?') {
        fail_unset(sh, name, &operation, end);
    } else if (value != NULL) {
        if (operation.sign == '#' || operation.sign == '%') {
            char *pattern = pattern_of(sh, operation.word, end);
            remove_pattern(value, pattern, operation.sign == '%', operation.twice);
            free(pattern);
        }
        add_value(cells, value, mode);
    }
}

static void expand_named(struct shell *sh, const char *name, const char *at, const char *end,
                         enum mode mode, struct cells *cells)
{
    struct list elements = {0};
    bool as_one;
    if (at == end && param_elements(sh, name, &elements, &as_one)) {
        add_elements(sh, cells, &elements, as_one, mode);
    } else {
        char *value = param_value(sh, name);
        apply(sh, name, value, at, end, mode, cells);
        free(value);
    }
    list_free(&elements);
}

/* Between the braces. */
static void expand_braces(struct shell *sh, const char *at, const char *end, enum mode mode,
                          struct cells *cells)
{
    bool size_of = *at == '#' && at + 1 < end && strchr(":-=?+#%", at[1]) == NULL;
    at += size_of;
    size_t size = param_name_size(at, end);
    char *name = shell_copy_part(at, size);
    at += size;
    if (size == 0 || (at < end && strchr(":-=?+#%", *at) == NULL) || (size_of && at != end)) {
        complain("a substitution in braces that this shell does not know");
        sh->failed = true;
    } else if (size_of) {
        char *value = param_value(sh, name), number[24];
        snprintf(number, sizeof number, "%zu", value == NULL ? 0 : strlen(value));
        add_value(cells, number, mode);
        free(value);
    } else {
        expand_named(sh, name, at, end, mode, cells);
    }
    free(name);
}

static void expand_command(struct shell *sh, const char *at, const char *end, enum mode mode,
                           struct cells *cells)
{
    if (*at == '(') {
        complain("$((...)): this shell has no arithmetic");
        sh->failed = true;
        return;
    }
    char *command = shell_copy_part(at, (size_t)(end - at));
    char *output = exec_capture(sh, command);
    add_value(cells, output, mode);
    free(output);
    free(command);
}

/* Behind a dollar sign; returns where the expansion ends. */
static const char *expand_dollar(struct shell *sh, const char *at, const char *end, enum mode mode,
                                 struct cells *cells)
{
    const char *behind = lexer_skip(at);
    if (at[1] == '(' && behind != NULL) {
        expand_command(sh, at + 2, behind - 1, mode, cells);
        return behind;
    }
    if (at[1] == '{' && behind != NULL) {
        expand_braces(sh, at + 2, behind - 1, mode, cells);
        return behind;
    }
    size_t size = param_short_size(at + 1, end);
    if (size == 0) {
        add(cells, "$", 1, QUOTED);
        return at + 1;
    }
    char *name = shell_copy_part(at + 1, size);
    expand_named(sh, name, at + 1 + size, at + 1 + size, mode, cells);
    free(name);
    return at + 1 + size;
}

/* --- Words --------------------------------------------------------------------------------- */

/* "$@" without arguments is no field; every other quoted text is one, even if it is empty. */
static const char *expand_double(struct shell *sh, const char *at, struct cells *cells)
{
    const char *behind = lexer_skip(at);
    size_t before = cells->bytes.size;
    expand_part(sh, at + 1, behind - 1, MODE_QUOTED, cells);
    size_t inside = (size_t)(behind - at) - 2;
    bool arguments = (inside == 2 && strncmp(at + 1, "$@", 2) == 0) ||
                     (inside == 4 && strncmp(at + 1, "${@}", 4) == 0);
    if (!arguments || cells->bytes.size > before)
        add_sign(cells, MARK);
    return behind;
}

static const char *expand_backslash(const char *at, const char *end, enum mode mode,
                                    struct cells *cells)
{
    if (at + 1 == end) {
        add(cells, "\\", 1, QUOTED);
        return end;
    }
    const char *special = mode == MODE_BODY ? "$`\\\n" : "$`\"\\\n";
    if (mode != MODE_WORD && strchr(special, at[1]) == NULL)
        add(cells, "\\", 1, QUOTED);
    if (at[1] != '\n')
        add(cells, at + 1, 1, QUOTED);
    return at + 2;
}

static const char *expand_tilde(struct shell *sh, const char *at, const char *end,
                                struct cells *cells)
{
    const char *behind = at + 1;
    while (behind < end && (isalnum((unsigned char)*behind) || strchr("._-", *behind) != NULL))
        behind++;
    char *user = shell_copy_part(at + 1, (size_t)(behind - at - 1));
    const struct passwd *entry = *user == '\0' ? NULL : getpwnam(user);
    const char *home = *user == '\0' ? vars_get(&sh->vars, "HOME") : NULL;
    free(user);
    if (entry != NULL)
        home = entry->pw_dir;
    if (home == NULL || (behind < end && *behind != '/'))
        return at;
    add(cells, home, strlen(home), QUOTED);
    add_sign(cells, MARK);
    return behind;
}

static void expand_part(struct shell *sh, const char *at, const char *end, enum mode mode,
                        struct cells *cells)
{
    while (at < end && !sh->failed) {
        if (*at == '\'' && mode == MODE_WORD) {
            const char *behind = lexer_skip(at);
            add(cells, at + 1, (size_t)(behind - at) - 2, QUOTED);
            add_sign(cells, MARK);
            at = behind;
        } else if (*at == '"' && mode == MODE_WORD) {
            at = expand_double(sh, at, cells);
        } else if (*at == '"' && mode == MODE_QUOTED) {
            at++;
        } else if (*at == '\\') {
            at = expand_backslash(at, end, mode, cells);
        } else if (*at == '$') {
            at = expand_dollar(sh, at, end, mode, cells);
        } else {
            add(cells, at, 1, mode == MODE_WORD ? PLAIN : QUOTED);
            at++;
        }
    }
}

static void expand_word(struct shell *sh, const char *word, struct cells *cells)
{
    const char *end = word + strlen(word);
    if (*word == '~')
        word = expand_tilde(sh, word, end, cells);
    expand_part(sh, word, end, MODE_WORD, cells);
}

char *expand_string(struct shell *sh, const char *word)
{
    struct cells cells = {0};
    expand_word(sh, word, &cells);
    return joined(&cells);
}

char *expand_body(struct shell *sh, const char *body)
{
    struct cells cells = {0};
    expand_part(sh, body, body + strlen(body), MODE_BODY, &cells);
    return joined(&cells);
}

/* --- Fields -------------------------------------------------------------------------------- */

struct splitter {
    struct text text, pattern; /* of the field so far */
    bool exists;
    bool blank; /* white space has ended a field */
    bool globs; /* the pattern has a special character */
    struct list *fields;
};

static void end_field(struct splitter *s)
{
    glob_t found = {0};
    if (s->globs && glob(s->pattern.bytes, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            list_add(s->fields, shell_copy(found.gl_pathv[i]));
        text_free(&s->text);
    } else {
        list_add(s->fields, text_take(&s->text));
    }
    globfree(&found);
    text_free(&s->pattern);
    s->exists = s->globs = false;
}

static void split_at(struct splitter *s, char c)
{
    bool white = c == ' ' || c == '\t' || c == '\n';
    if (s->exists) {
        end_field(s);
        s->blank = white;
    } else if (!white && s->blank) {
        s->blank = false; /* belongs to the white space in front of it */
    } else if (!white) {
        end_field(s);
    }
}

static void take_cell(struct splitter *s, const char *ifs, char c, int kind)
{
    if (kind == BREAK) {
        if (s->exists)
            end_field(s);
        s->blank = false;
        return;
    }
    if (kind == SPLIT && c != '\0' && strchr(ifs, c) != NULL) {
        split_at(s, c);
        return;
    }
    s->exists = true;
    s->blank = false;
    if (kind == MARK)
        return;
    text_add_char(&s->text, c);
    add_pattern(&s->pattern, c, kind);
    if (kind != QUOTED && strchr("*?[", c) != NULL)
        s->globs = true;
}

void expand_words(struct shell *sh, const struct list *words, size_t first, struct list *fields)
{
    for (size_t i = first; i < words->count && !sh->failed; i++) {
        struct cells cells = {0};
        struct splitter splitter = {.fields = fields};
        expand_word(sh, words->items[i], &cells);
        const char *ifs = vars_get(&sh->vars, "IFS");
        for (size_t c = 0; c < cells.bytes.size; c++)
            take_cell(&splitter, ifs == NULL ? " \t\n" : ifs, cells.bytes.bytes[c],
                      cells.kinds.bytes[c]);
        if (splitter.exists)
            end_field(&splitter);
        cells_free(&cells);
        text_free(&splitter.text);
        text_free(&splitter.pattern);
    }
}
