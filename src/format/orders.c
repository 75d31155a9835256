/* Owns the text of orders: words, each closed by a NUL byte, which none of them can contain.
 * Must not: accept orders that it does not understand as a whole.
 * Thread: any. */
#include "format/orders.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char version[] = "tether-orders 1";
static const char end_mark[] = "end";

static void add_word(tether__text *text, const char *word)
{
    tether__text_add(text, word, strlen(word) + 1);
}

static void add_field(tether__text *text, const char *name, const char *value)
{
    if (value == NULL)
        return;
    tether__text_add_string(text, name);
    tether__text_add_string(text, "=");
    add_word(text, value);
}

static void add_number(tether__text *text, const char *name, int64_t value)
{
    char digits[24];
    if (value == 0)
        return;
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    add_field(text, name, digits);
}

void tether__orders_render(const tether__orders *orders, tether__text *text)
{
    add_word(text, version);
    add_field(text, "task", orders->task_id);
    add_field(text, "boot", orders->boot_id);
    add_field(text, "program", orders->program);
    add_field(text, "input", orders->input);
    add_field(text, "pipestatus", orders->pipestatus);
    add_field(text, "bundle", orders->bundle);
    add_number(text, "timeout", orders->timeout_ms);
    add_number(text, "grace", orders->grace_ms);
    add_number(text, "inputpipe", orders->input_pipe);
    add_number(text, "pipes", orders->pipes);
    add_field(text, "times", orders->times);
    add_number(text, "limit", orders->output_limit);
    add_number(text, "limitkills", orders->limit_kills);
    add_number(text, "withhost", orders->with_host);
    add_number(text, "anchored", orders->anchored);
    add_number(text, "anchortask", orders->anchor_is_task);
    add_number(text, "endtree", orders->end_tree);
    add_field(text, "scope", orders->scope);
    add_number(text, "memorylimit", orders->memory_limit);
    add_field(text, "line", orders->line);
    add_field(text, "workdir", orders->workdir);
    add_field(text, "enters", orders->enters);
    add_number(text, "utf8", orders->utf8_console);
    for (size_t i = 0; orders->argv[i] != NULL; i++)
        add_field(text, "arg", orders->argv[i]);
    add_word(text, end_mark);
}

/* Behind all else, in the place of the word that closes them. */
void tether__orders_add_on_end(const tether__orders *orders, tether__text *text)
{
    const char *const *variables = orders->on_end_environment;
    if (text->failed || text->size < sizeof end_mark)
        return;
    text->size -= sizeof end_mark;
    add_field(text, "onend", orders->on_end);
    add_number(text, "onendlimit", orders->on_end_ms);
    add_field(text, "onendjson", orders->on_end_json);
    for (size_t i = 0; variables != NULL && variables[i] != NULL; i++)
        add_field(text, "onendenv", variables[i]);
    add_word(text, end_mark);
}

/* Returns the value if the word is NAME=value, else NULL. */
static const char *value_of(const char *word, const char *name)
{
    size_t size = strlen(name);
    return strncmp(word, name, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static bool take_text(const char *word, const char *name, const char **value)
{
    const char *found = value_of(word, name);
    if (found != NULL)
        *value = found;
    return found != NULL;
}

/* *valid becomes false if the field is there and is no number. */
static bool take_number(const char *word, const char *name, int64_t *value, bool *valid)
{
    const char *found = value_of(word, name);
    if (found == NULL)
        return false;
    char *rest;
    long long number = strtoll(found, &rest, 10);
    *valid = *valid && rest != found && *rest == '\0' && number != LLONG_MIN && number != LLONG_MAX;
    *value = number;
    return true;
}

static bool take_flag(const char *word, const char *name, bool *flag, bool *valid)
{
    int64_t number;
    if (!take_number(word, name, &number, valid))
        return false;
    *flag = number != 0;
    return true;
}

/* What hosts of earlier versions tell, and the monitor finds out itself. */
static bool is_known_here(const char *word)
{
    return value_of(word, "pidns") != NULL || value_of(word, "timens") != NULL ||
           value_of(word, "noproc") != NULL;
}

static bool take_field(const char *word, tether__orders *orders, bool *valid)
{
    return take_text(word, "task", &orders->task_id) ||
           take_flag(word, "inputpipe", &orders->input_pipe, valid) ||
           take_flag(word, "pipes", &orders->pipes, valid) ||
           take_flag(word, "limitkills", &orders->limit_kills, valid) ||
           take_flag(word, "withhost", &orders->with_host, valid) ||
           take_flag(word, "anchored", &orders->anchored, valid) ||
           take_flag(word, "anchortask", &orders->anchor_is_task, valid) ||
           take_flag(word, "endtree", &orders->end_tree, valid) ||
           take_text(word, "boot", &orders->boot_id) ||
           take_text(word, "program", &orders->program) ||
           take_text(word, "input", &orders->input) || take_text(word, "times", &orders->times) ||
           take_text(word, "pipestatus", &orders->pipestatus) ||
           take_text(word, "scope", &orders->scope) ||
           take_number(word, "memorylimit", &orders->memory_limit, valid) ||
           take_text(word, "bundle", &orders->bundle) || take_text(word, "line", &orders->line) ||
           take_text(word, "workdir", &orders->workdir) ||
           take_text(word, "enters", &orders->enters) ||
           take_flag(word, "utf8", &orders->utf8_console, valid) ||
           take_text(word, "onend", &orders->on_end) ||
           take_text(word, "onendjson", &orders->on_end_json) ||
           take_number(word, "onendlimit", &orders->on_end_ms, valid) ||
           take_number(word, "limit", &orders->output_limit, valid) ||
           take_number(word, "timeout", &orders->timeout_ms, valid) ||
           take_number(word, "grace", &orders->grace_ms, valid);
}

/* Counts the words; 0 if the last one is not closed. */
static size_t count_words(const char *text, size_t size)
{
    size_t count = 0;
    if (size == 0 || text[size - 1] != '\0')
        return 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\0';
    return count;
}

/* Reads the words between the version and the end. */
static const char *read_words(const char *word, size_t count, tether__orders *orders,
                              const char **argv, const char **variables)
{
    size_t arguments = 1, variable = 0;
    bool valid = true;
    for (; count > 0; count--, word += strlen(word) + 1) {
        if (take_text(word, "arg", &argv[arguments]))
            arguments++;
        else if (take_text(word, "onendenv", &variables[variable]))
            variable++;
        else if (!take_field(word, orders, &valid) && !is_known_here(word))
            return "they ask for something that this version does not know";
    }
    if (!valid || orders->timeout_ms < 0 || orders->output_limit < 0 || orders->grace_ms < 0 ||
        orders->memory_limit < 0 || orders->on_end_ms < 0)
        return "they have a number that is none";
    if (orders->task_id == NULL)
        return "they name no task";
    if (orders->program == NULL)
        return "they name no program";
    argv[0] = orders->program;
    orders->argv = argv;
    orders->on_end_environment = variables;
    return NULL;
}

const char *tether__orders_parse(const char *text, size_t size, tether__orders *orders,
                                 tether__orders_storage *storage)
{
    *orders = (tether__orders){.boot_id = ""};
    storage->argv = NULL;
    size_t count = count_words(text, size);
    if (count == 0)
        return "they are torn";
    if (strcmp(text, version) != 0)
        return "they are of another version";
    if (count < 2 || size < sizeof end_mark + 1 ||
        memcmp(text + size - sizeof end_mark - 1, "\0end", sizeof end_mark + 1) != 0)
        return "they are torn";
    /* Room for two lists, each of which may have all words. */
    storage->argv = calloc(2 * (count + 1), sizeof *storage->argv);
    if (storage->argv == NULL)
        return "memory is short";
    return read_words(text + sizeof version, count - 2, orders, storage->argv,
                      storage->argv + count + 1);
}

/* The unit separator, which hardly any command contains. */
enum { SEPARATOR = 0x1f };

bool tether__orders_to_value(const char *orders, size_t size, char *value)
{
    for (size_t i = 0; i < size; i++) {
        if (orders[i] == SEPARATOR)
            return false;
        value[i] = orders[i] != '\0' ? orders[i] : SEPARATOR;
    }
    value[size] = '\0';
    return true;
}

size_t tether__orders_from_value(char *value)
{
    size_t size = 0;
    for (; value[size] != '\0'; size++) {
        if (value[size] == SEPARATOR)
            value[size] = '\0';
    }
    return size;
}

void tether__orders_dispose(tether__orders_storage *storage)
{
    free(storage->argv);
    storage->argv = NULL;
}
