/* Owns "tether doctor": printing which guarantees hold on this machine and in this store.
 * Must not: open the store, which would create it.
 * Thread: the main one. */
#include "cli/verbs.h"

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

static void print_lines(const tether_report *report)
{
    cli_stream *to = stream_stdout();
    size_t i;

    for (i = 0; i < report->count; i++) {
        stream_format(to, "%-4s  ", verdict_text(report->items[i]->verdict));
        escape_terminal(to, report->items[i]->name);
        stream_text(to, ": ");
        escape_terminal(to, report->items[i]->text);
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
        print_lines(report);
    tether_report_free(report);
    return code;
}
