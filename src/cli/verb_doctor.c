/* Owns "tether doctor": printing which guarantees hold on this machine and in this store.
 * Must not: open the store, which would create it.
 * Thread: the main one. */
#include "cli/verbs.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/print.h"
#include "cli/stream.h"
#include "cli/escape.h"

const char verb_doctor_help[] =
    "tether doctor\n"
    "\n"
    "Checks the machine and the store, and shows which guarantees hold here. Changes\n"
    "nothing. Exits with 125 if tasks cannot be started.\n";

static const char *verdict_text(tether_verdict verdict)
{
    switch (verdict) {
    case TETHER_GOOD:
        return "good";
    case TETHER_WEAK:
        return "weak";
    default:
        return "bad";
    }
}

static void print_json(const tether_report *report)
{
    cli_stream *to = stream_stdout();
    size_t i;

    stream_text(to, "{\"findings\":[");
    for (i = 0; i < report->count; i++) {
        stream_text(to, i == 0 ? "{\"verdict\":" : ",{\"verdict\":");
        escape_json_string(to, verdict_text(report->items[i]->verdict));
        stream_text(to, ",\"name\":");
        escape_json_string(to, report->items[i]->name);
        stream_text(to, ",\"text\":");
        escape_json_string(to, report->items[i]->text);
        stream_text(to, "}");
    }
    stream_text(to, "]}\n");
}

static const char *colour_of(tether_verdict verdict)
{
    switch (verdict) {
    case TETHER_GOOD:
        return "\033[32m"; /* green */
    case TETHER_WEAK:
        return "\033[33m"; /* yellow */
    default:
        return "\033[31m"; /* red */
    }
}

/* The columns before the texts. */
enum { INDENT = 6 };

/* Writes the words of a text; those that do not fit into the columns begin a new line. Returns
 * where the last line ends. */
static size_t write_words(const char *text, size_t used, size_t columns)
{
    cli_stream *to = stream_stdout();

    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        char word[256];

        snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1),
                 text);
        if (used > INDENT && used + 1 + escape_width(word) > columns) {
            stream_format(to, "\n%*s", INDENT, "");
            used = INDENT;
        } else if (used > INDENT) {
            stream_text(to, " ");
            used++;
        }
        escape_terminal_bytes(to, text, size);
        used += escape_width(word);
        text += size;
        text += strspn(text, " ");
    }
    return used;
}

/* Breaks lines between words on a terminal only. */
static void print_lines(const cli_options *cli, const tether_report *report)
{
    cli_stream *to = stream_stdout();
    size_t columns = stream_columns(to), i;
    bool colours = !cli->plain && stream_has_colours(to);

    for (i = 0; i < report->count; i++) {
        const tether_finding *finding = report->items[i];
        const char *verdict = verdict_text(finding->verdict);
        char name[64];

        stream_text(to, colours ? colour_of(finding->verdict) : "");
        stream_text(to, verdict);
        stream_text(to, colours ? "\033[0m" : "");
        stream_format(to, "%*s", (int)(INDENT - strlen(verdict)), "");
        snprintf(name, sizeof name, "%s:", finding->name);
        if (columns > 2 * INDENT && columns != SIZE_MAX) {
            write_words(finding->text, write_words(name, INDENT, columns), columns);
        } else {
            escape_terminal(to, finding->name);
            stream_text(to, ": ");
            escape_terminal(to, finding->text);
        }
        stream_text(to, "\n");
    }
}

int verb_doctor(cli_options *cli, cli_args *args)
{
    tether_report *report;
    tether_error error = {0};
    args_result result;
    const char *value;
    int id, code = 0;
    size_t i;

    result = args_next(args, &id, &value);
    if (result == ARGS_ERROR)
        return print_args_error(cli, args);
    if (result != ARGS_END)
        return print_failure(cli, TETHER_EINVAL, "read arguments",
                             "unexpected argument %.80s: doctor takes none; see tether help doctor",
                             value);
    if (tether_doctor(cli->store, &report, &error) != 0)
        return print_error(cli, &error);
    for (i = 0; i < report->count; i++) {
        if (report->items[i]->verdict == TETHER_BAD)
            code = EXIT_FAILED;
    }
    if (cli->json)
        print_json(report);
    else
        print_lines(cli, report);
    tether_report_free(report);
    return code;
}
