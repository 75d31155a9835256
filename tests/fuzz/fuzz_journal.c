/* Reads arbitrary bytes as a journal, in pieces, and lays its lines over a record. Each line that
 * is not damaged can be written and read again. The first byte is the size of the pieces. */
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "format/journal.h"

enum { LINE_LIMIT = 4096 };

static void check_again(const tether__journal_line *line)
{
    size_t size;
    tether__journal_line again;
    char *text = tether__journal_render(line->object, true, &size);
    if (text == NULL || text[0] != '\n' || text[size - 1] != '\n' ||
        tether__journal_parse(text + 1, size - 2, &again) != TETHER_OK)
        abort();
    if (again.kind != line->kind || again.newer != line->newer)
        abort();
    tether__journal_dispose(&again);
    free(text);
}

/* The fast way finds the same. */
static void check_skim(const tether__line *text, const tether__journal_line *line)
{
    tether__journal_line fast;
    if (tether__journal_skim(text->text, text->size, &fast) != TETHER_OK || fast.object != NULL)
        abort();
    if (fast.kind != line->kind || strcmp(fast.task_id, line->task_id) != 0 ||
        fast.number != line->number || fast.started != line->started || fast.again != line->again ||
        fast.unstarted != line->unstarted || fast.newer != line->newer ||
        fast.birth != line->birth || fast.ended != line->ended || fast.watched != line->watched ||
        fast.limited != line->limited || fast.notify != line->notify ||
        fast.delivered != line->delivered || fast.key != line->key)
        abort();
}

static void visit(void *context, const tether__line *text)
{
    tether__journal_line line;
    if (text->text == NULL || text->size > LINE_LIMIT)
        return;
    if (tether__journal_parse(text->text, text->size, &line) != TETHER_OK)
        abort();
    check_skim(text, &line);
    if ((line.object == NULL) != (line.kind == TETHER__JOURNAL_DAMAGED))
        abort();
    if (line.kind == TETHER__JOURNAL_CHANGE && !tether__journal_apply(context, &line))
        abort();
    if (line.object != NULL)
        check_again(&line);
    tether__journal_dispose(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    tether__lines lines = {.limit = LINE_LIMIT};
    json_t *record = json_object();
    size_t piece = (size_t)data[0] + 1;
    for (size_t at = 1; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        if (!tether__lines_feed(&lines, (const char *)data + at, part, visit, record))
            abort();
        if (lines.begin > lines.next || lines.begun.size > LINE_LIMIT)
            abort();
    }
    tether__lines_dispose(&lines);
    json_decref(record);
    return 0;
}
