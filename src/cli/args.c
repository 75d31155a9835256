/* Owns splitting the command line into options, their values and operands.
 * Must not: know any verb, print, or allocate.
 * Thread: the main one. */
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

/* Returns the length of the option name: the whole word, or up to the '=' of "--name=value". */
static size_t name_length(const char *word)
{
    const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    return equals != NULL ? (size_t)(equals - word) : strlen(word);
}

static const args_option *find_option(const args_option *table, const char *word, size_t length)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (strlen(table->name) == length && memcmp(table->name, word, length) == 0)
            return table;
    }
    return NULL;
}

/* A single "-" is an operand by convention: it means standard input or output. */
static bool is_operand(const char *word)
{
    return word[0] != '-' || word[1] == '\0';
}

static args_result unknown_option(cli_args *args, const char *word, size_t length)
{
    const char *verb = args->verb;
    int shown = length < 80 ? (int)length : 80;

    snprintf(args->message, sizeof args->message, "unknown option %.*s; see tether help%s%.32s",
             shown, word, verb != NULL ? " " : "", verb != NULL ? verb : "");
    return ARGS_ERROR;
}

/* Sets the value of an option: attached to it with '=', or the next argument. */
static bool take_value(cli_args *args, const args_option *option, const char *attached,
                       const char **value)
{
    *value = attached;
    if (option->kind == ARGS_FLAG && attached != NULL) {
        snprintf(args->message, sizeof args->message, "option %s takes no value", option->name);
        return false;
    }
    if (option->kind != ARGS_VALUE || attached != NULL)
        return true;
    if (args->next >= args->argc) {
        snprintf(args->message, sizeof args->message, "option %s needs a value after it",
                 option->name);
        return false;
    }
    *value = args->argv[args->next++];
    return true;
}

args_result args_next(cli_args *args, int *id, const char **value)
{
    *id = 0;
    *value = NULL;
    args->message[0] = '\0';
    while (args->next < args->argc) {
        const char *word = args->argv[args->next++];
        const args_option *option;
        bool common = false;
        size_t length;

        if (args->operands_only || is_operand(word)) {
            args->operands_only = args->operands_only || args->operands_end_options;
            *value = word;
            return ARGS_OPERAND;
        }
        if (strcmp(word, "--") == 0) {
            args->operands_only = true;
            continue;
        }
        length = name_length(word);
        option = find_option(args->options, word, length);
        if (option == NULL) {
            option = find_option(args->common, word, length);
            common = true;
        }
        if (option == NULL && args->word_id != 0 && word[1] != '-') {
            *id = args->word_id;
            *value = word + 1;
            return ARGS_OPTION;
        }
        if (option == NULL)
            return unknown_option(args, word, length);
        if (!take_value(args, option, word[length] == '=' ? word + length + 1 : NULL, value))
            return ARGS_ERROR;
        *id = option->id;
        if (!common)
            return ARGS_OPTION;
        if (args->on_common(*id, *value, args->userdata))
            return ARGS_ERROR;
    }
    return ARGS_END;
}

/* Returns true if this option takes the next argument as its value. */
static bool takes_next(const cli_args *args, const char *word)
{
    size_t length = name_length(word);
    const args_option *option = find_option(args->options, word, length);

    if (option == NULL)
        option = find_option(args->common, word, length);
    return option != NULL && option->kind == ARGS_VALUE && word[length] != '=';
}

bool args_remaining_contain(const cli_args *args, const char *name)
{
    int i;

    for (i = args->next; i < args->argc && !args->operands_only; i++) {
        const char *word = args->argv[i];

        if (strcmp(word, "--") == 0 || (args->operands_end_options && is_operand(word)))
            return false;
        if (strcmp(word, name) == 0)
            return true;
        if (takes_next(args, word))
            i++;
    }
    return false;
}
