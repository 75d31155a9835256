/* Owns what completes a word of the command line: the state of the parser up to it, and the values
 * that fit there.
 * Must not: run what was typed, print on standard error, or list what a verb knows: the tables of
 * the parser and the help texts say it.
 * Thread: the main one. */
#include "cli/complete.h"

#include <stdlib.h>
#include <string.h>

#include "tether.h"

#include "cli/complete_help.h"
#include "cli/complete_line.h"
#include "cli/complete_tasks.h"
#include "cli/complete_values.h"
#include "cli/escape.h"
#include "cli/stream.h"

const char complete_name[] = "__complete";

/* What the parser has seen when it comes to the word. */
typedef struct state {
    const verb_table *table;
    cli_options *cli;
    cli_args args;
    const cli_verb *verb;     /* NULL: the word is the verb, or an option before it */
    const char *word;         /* the word to complete */
    const char *value;        /* where a value begins in it; NULL: it is no value of an option */
    const args_option *taker; /* the option whose value it is */
    const char *help;         /* the text that describes that option */
    size_t operands;          /* operands of the verb before it */
    int command;              /* index of the first operand, counted from the first word */
} state;

/* The values that complete the word so far, and how they are written. */
typedef struct offers {
    const complete_line *line; /* NULL: not for bash */
    bool described;
    const char *attached; /* what stands before the value in the same word, such as "--cwd=" */
    size_t attached_size;
    const char *typed; /* the beginning of the value */
} offers;

static void write_value(const char *value, void *userdata, const char *text)
{
    const offers *to = userdata;
    cli_stream *out = stream_stdout();
    size_t size = to->attached_size + strlen(value) + 1;
    char *whole = strncmp(value, to->typed, strlen(to->typed)) == 0 ? malloc(3 * size) : NULL;
    char *quoted;

    if (whole == NULL)
        return;
    memcpy(whole, to->attached, to->attached_size);
    strcpy(whole + to->attached_size, value);
    quoted = whole + size;
    if (to->line == NULL) {
        stream_text(out, whole);
    } else if (to->line->kept <= strlen(whole) &&
               complete_line_quote(to->line, whole + to->line->kept, quoted)) {
        stream_text(out, quoted);
    } else {
        free(whole);
        return;
    }
    free(whole);
    if (to->described && *text != '\0') {
        stream_text(out, to->line != NULL ? "  -- " : "\t");
        escape_line(out, text, 72);
    }
    stream_text(out, "\n");
}

/* Receives the common options, wherever they stand. */
static bool take_common(int id, const char *value, void *userdata)
{
    state *s = userdata;
    const args_option *option = s->table->common;

    while (option->name != NULL && option->id != id)
        option++;
    if (value != NULL && value >= s->word && value <= s->word + strlen(s->word)) {
        s->value = value;
        s->taker = option;
        s->help = s->table->common_help;
    } else if (strcmp(option->name, "--store") == 0) {
        s->cli->store = value;
    } else if (strcmp(option->name, "--session") == 0) {
        s->cli->session = value;
    }
    return false;
}

static bool stop_at_help(int id, const char *value, void *userdata)
{
    cli_options *cli = userdata;

    (void)id;
    (void)value;
    cli->help = true;
    return true;
}

/* Asks a verb for its options as "--help" does, for which it sets its table and does nothing else.
 */
static void ask_verb(const verb_table *table, const cli_verb *verb, cli_args *args)
{
    static char name[] = "tether", help[] = "--help";
    char *argv[] = {name, help, NULL};
    cli_options cli = {0};
    cli_args probe = {0};

    probe.argc = 2;
    probe.argv = argv;
    probe.next = 1;
    probe.common = table->common;
    probe.on_common = stop_at_help;
    probe.userdata = &cli;
    cli.args = &probe;
    verb->function(&cli, &probe);
    args->options = probe.options;
    args->word_id = probe.word_id;
    args->operands_end_options = probe.operands_end_options;
    args->operands_only = false;
}

/* Takes an option of the verb. A word that is in no table is the word itself, such as "-KI". */
static void take_option(state *s, int id, const char *value)
{
    const args_option *option = s->args.options;

    if (value == NULL || value < s->word || value > s->word + strlen(s->word) ||
        (s->args.word_id != 0 && id == s->args.word_id))
        return;
    while (option->name != NULL && option->id != id)
        option++;
    s->value = value;
    s->taker = option;
    s->help = s->verb->help;
}

/* Parses all words as the command does, and remembers what the last one is. Returns false if what
 * stands before it is no verb. */
static bool parse(state *s)
{
    while (s->args.next < s->args.argc) {
        const char *value;
        int id;
        args_result result = args_next(&s->args, &id, &value);

        if (result == ARGS_OPTION)
            take_option(s, id, value);
        if (result != ARGS_OPERAND || value == s->word)
            continue;
        if (s->verb == NULL) {
            s->verb = verb_table_find(s->table, value);
            if (s->verb == NULL)
                return false;
            ask_verb(s->table, s->verb, &s->args);
        } else if (s->operands++ == 0) {
            s->command = s->args.next - 1;
        }
    }
    return true;
}

static void offer_verbs(const state *s, offers *to, bool others)
{
    size_t i, j;

    for (i = 0; i < s->table->verb_count; i++)
        write_value(s->table->verbs[i].name, to, s->table->verbs[i].summary);
    for (i = 0; others && *to->typed != '\0' && i < s->table->alias_count; i++) {
        for (j = 0; j < s->table->verb_count; j++) {
            if (strcmp(s->table->verbs[j].name, s->table->aliases[i].verb) == 0)
                write_value(s->table->aliases[i].alias, to, s->table->verbs[j].summary);
        }
    }
}

static void offer_options(const args_option *option, const char *help, offers *to)
{
    help_entry entry;

    for (; option != NULL && option->name != NULL; option++) {
        if (help_find(help, option, &entry))
            write_value(option->name, to, entry.text);
    }
}

/* Options of the verb, the common ones, and signals as kill(1) spells them. */
static void offer_all_options(const state *s, offers *to)
{
    offers signals = *to;

    if (s->verb != NULL)
        offer_options(s->args.options, s->verb->help, to);
    offer_options(s->table->common, s->table->common_help, to);
    if (s->args.word_id == 0 || s->word[0] != '-' || s->word[1] == '-')
        return;
    signals.attached = s->word;
    signals.attached_size = 1;
    signals.typed = s->word + 1;
    if (signals.typed[0] != '\0')
        complete_signals(write_value, &signals);
}

/* Offers the values of an option. Writes the first line. */
static void offer_option_value(const state *s, offers *to)
{
    const char *verb = s->verb != NULL ? s->verb->name : "";
    const args_option *option = s->taker;
    help_entry entry;

    /* Of several names, the help describes one. */
    while (!help_find(s->help, option, &entry) && option[1].name != NULL &&
           option[1].id == option->id)
        option++;
    to->attached = s->word;
    to->attached_size = (size_t)(s->value - s->word);
    to->typed = s->value;
    if (strcmp(entry.value, "S") == 0) {
        const char *comma = strrchr(s->value, ',');

        to->typed = comma != NULL ? comma + 1 : s->value;
        to->attached_size = (size_t)(to->typed - s->word);
    }
    complete_value(s->cli, verb, option->name, entry.value, to->typed, write_value, to);
}

static void offer_operand(const state *s, offers *to)
{
    char kind[HELP_WORD_SIZE];

    if (!help_operand(s->verb->help, s->args.options, s->operands, kind)) {
        stream_text(stream_stdout(), "none\n");
        if (*s->word == '\0' && s->operands == 0)
            offer_all_options(s, to);
        return;
    }
    if (s->args.operands_end_options) {
        stream_format(stream_stdout(), "command %d\n",
                      (s->operands > 0 ? s->command : s->args.argc - 1) - 1);
        return;
    }
    if (strcmp(kind, "VERB") != 0) {
        complete_value(s->cli, s->verb->name, "", kind, to->typed, write_value, to);
        return;
    }
    stream_text(stream_stdout(), "none\n");
    offer_verbs(s, to, true);
}

static void offer(const state *s, offers *to)
{
    if (s->taker != NULL) {
        offer_option_value(s, to);
        return;
    }
    /* The parser takes "-" and "--" for something else: they are the beginning of options here. */
    if (*s->word == '-' && (!s->args.operands_only ||
                            (s->operands == 0 && s->word[1 + (s->word[1] == '-')] == '\0'))) {
        stream_text(stream_stdout(), "none\n");
        offer_all_options(s, to);
    } else if (s->verb == NULL) {
        stream_text(stream_stdout(), "none\n");
        offer_verbs(s, to, true);
    } else {
        offer_operand(s, to);
    }
}

/* Completes the last of these words. */
static void complete_words(const verb_table *table, cli_options *cli, char **argv, int argc,
                           offers *to)
{
    state s = {0};

    s.table = table;
    s.cli = cli;
    s.args.argc = argc;
    s.args.argv = argv;
    s.args.next = 1;
    s.args.common = table->common;
    s.args.on_common = take_common;
    s.args.userdata = &s;
    s.word = argv[argc - 1];
    to->attached = s.word;
    to->typed = s.word;
    if (parse(&s))
        offer(&s, to);
}

/* Copies the words behind a place for the command's name. NULL: memory is short. */
static char **with_name(char **words, int count)
{
    char **argv = calloc((size_t)count + 2, sizeof *argv);

    if (argv != NULL)
        memcpy((void *)(argv + 1), (void *)words, (size_t)count * sizeof *argv);
    return argv;
}

static void complete_bash(const verb_table *table, cli_options *cli, const cli_args *args)
{
    static const char listing[] = "63"; /* '?': show what is possible, and insert nothing */
    offers to = {0};
    complete_line line;
    char **argv;

    if (args->argc - args->next != 3 ||
        !complete_line_read(&line, args->argv[args->next], args->argv[args->next + 1]))
        return;
    argv = with_name(line.words, line.count);
    to.line = &line;
    to.described = strcmp(args->argv[args->next + 2], listing) == 0;
    if (argv != NULL)
        complete_words(table, cli, argv, line.count + 1, &to);
    free((void *)argv);
    complete_line_dispose(&line);
}

int complete(const verb_table *table, cli_options *cli, const cli_args *args)
{
    cli_args rest = *args;
    const char *shell = rest.next < rest.argc ? rest.argv[rest.next++] : "";
    offers to = {0};
    char **argv;
    int count;

    if (strcmp(shell, "bash") == 0) {
        complete_bash(table, cli, &rest);
        return 0;
    }
    count = rest.argc - rest.next - 1;
    if (count < 1 || strcmp(rest.argv[rest.next], "--") != 0)
        return 0;
    argv = with_name(rest.argv + rest.next + 1, count);
    if (argv == NULL)
        return 0;
    if (strcmp(shell, "pwsh") == 0 && *argv[count] == '+')
        argv[count]++;
    to.described = true;
    complete_words(table, cli, argv, count + 1, &to);
    free((void *)argv);
    return 0;
}
