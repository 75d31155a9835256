/* Seam: the whole screen of a terminal, its keys and its signals. Implemented in
 * posix/cli/screen_os.c, where ncursesw was found; "tether top" does without it elsewhere.
 *
 * One screen at a time. All functions are for one thread, except screen_os_wake. */
#ifndef TETHER_CLI_SCREEN_OS_H
#define TETHER_CLI_SCREEN_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum screen_style {
    SCREEN_PLAIN,
    SCREEN_STRONG,
    SCREEN_TITLE,    /* reversed */
    SCREEN_SELECTED, /* reversed and strong */
    SCREEN_FAINT,
    SCREEN_GOOD,
    SCREEN_WARNING,
    SCREEN_BAD
} screen_style;

/* A key: a character, or one of these, which lie above all characters. */
enum {
    SCREEN_NO_KEY = 0,
    SCREEN_ENTER = '\n',
    SCREEN_ESCAPE = 27,
    SCREEN_UP = 0x110000,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END,
    SCREEN_BACKSPACE,
    SCREEN_DELETE,
    SCREEN_RESIZE,
    SCREEN_CLICK,        /* with row and column */
    SCREEN_DOUBLE_CLICK, /* with row and column */
    SCREEN_WHEEL_UP,
    SCREEN_WHEEL_DOWN,
    SCREEN_OTHER_KEY
};

typedef struct screen_key {
    uint32_t code;
    size_t row, column;
} screen_key;

/* What has happened during screen_os_wait, as bits. */
enum {
    SCREEN_HAS_KEYS = 1,
    SCREEN_READY = 2,   /* the other descriptor is readable */
    SCREEN_REDRAW = 4,  /* the size has changed, or the process was stopped and goes on */
    SCREEN_SIGNAL = 8,  /* one came that ends the process: see screen_os_close */
    SCREEN_HUNG_UP = 16 /* the terminal is gone */
};

/* Takes the terminal of standard input and output. Returns NULL, or why that is not possible. */
const char *screen_os_open(bool colours);

/* Gives the terminal back as it was. Signals are still caught. */
void screen_os_leave(void);

/* Frees the screen, after screen_os_leave. If a signal came that ends the process, sends it again,
 * so that the process ends by it. */
void screen_os_close(void);

void screen_os_size(size_t *rows, size_t *columns);

/* Begins a picture; what is not put is blank. */
void screen_os_clear(void);

/* Puts a text that fit_text has made. */
void screen_os_put(size_t row, size_t column, const char *text, screen_style style);

/* Fills the rest of a row with blanks of this style. */
void screen_os_fill(size_t row, size_t column, screen_style style);

/* Shows the picture. With a cursor: at this place; column SIZE_MAX: none. */
void screen_os_show(size_t cursor_row, size_t cursor_column);

/* Returns the next key, without waiting; its code is SCREEN_NO_KEY if there is none. */
screen_key screen_os_key(void);

/* Waits until something happens, screen_os_wake is called, or the time has passed (-1: for ever).
 */
unsigned screen_os_wait(intptr_t descriptor, int64_t timeout_ms);

/* Ends a screen_os_wait, or the next one. Any thread. */
void screen_os_wake(void);

#endif
