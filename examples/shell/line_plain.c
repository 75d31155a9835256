/* Owns reading a typed line with what the terminal itself has for editing.
 * Must not: read beyond the line.
 * Thread: the only one. */
#include <stdio.h>
#include <unistd.h>

#include "line.h"
#include "terminal.h"
#include "text.h"

char *line_read(const char *prompt)
{
    struct text line = {0};
    int key;
    fputs(prompt, stdout);
    fflush(stdout);
    while ((key = terminal_read_key(STDIN_FILENO)) >= 0 && key != '\n')
        text_add_char(&line, (char)key);
    if (key == '\n' || (line.size > 0 && !terminal_is_interrupted()))
        return text_take(&line);
    putchar('\n');
    text_free(&line);
    return NULL;
}

void line_end(void)
{
}
