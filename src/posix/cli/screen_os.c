/* Owns the terminal while a screen is shown, through ncurses, and the signals that concern it.
 * Must not: know what is shown.
 * Thread: one; screen_os_wake any. Signal handlers only write to a pipe. */
#include "cli/screen_os.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>

#include "text/utf8.h"
#include "cli/width.h"

enum { GOOD_PAIR = 1, WARNING_PAIR, BAD_PAIR, PUT_MOST = 1024, EMPTY_MOST = 100, ESCAPE_MS = 25 };

static const int signals[] = {SIGWINCH, SIGTSTP, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof signals[0], WAKE = 0 };

static struct {
    SCREEN *screen;
    bool colours;
    int pipe[2];
    struct sigaction before[SIGNALS];
    int ending;  /* the signal that ends the process; 0: none */
    int empties; /* how often in a row there was input, but no key */
    bool gone;
} term;

static void send_byte(unsigned char byte)
{
    int kept = errno;
    ssize_t written;
    do
        written = write(term.pipe[1], &byte, 1);
    while (written < 0 && errno == EINTR);
    errno = kept;
}

static void note_signal(int number)
{
    send_byte((unsigned char)number);
}

void screen_os_wake(void)
{
    send_byte(WAKE);
}

static bool open_pipe(void)
{
    if (pipe(term.pipe) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fcntl(term.pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(term.pipe[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

/* Before ncurses, which leaves alone what is not at its default. A signal that is ignored, such as
 * SIGHUP under nohup, stays so. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &term.before[i]);
        if (term.before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static void release_signals(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &term.before[i], NULL);
}

static void start_colours(bool wanted)
{
    term.colours = wanted && has_colors() && start_color() == OK;
    if (!term.colours)
        return;
    short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    init_pair(GOOD_PAIR, COLOR_GREEN, background);
    init_pair(WARNING_PAIR, COLOR_YELLOW, background);
    init_pair(BAD_PAIR, COLOR_RED, background);
}

const char *screen_os_open(bool colours)
{
    setlocale(LC_CTYPE, "");
    memset(&term, 0, sizeof term);
    if (!open_pipe())
        return "no descriptors are left";
    catch_signals();
    term.screen = newterm(NULL, stdout, stdin);
    if (term.screen == NULL) {
        release_signals();
        return "the terminal's type (TERM) is not known";
    }
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
                  BUTTON5_PRESSED,
              NULL);
    start_colours(colours);
    return NULL;
}

void screen_os_leave(void)
{
    if (!term.gone)
        endwin();
}

void screen_os_close(void)
{
    delscreen(term.screen);
    release_signals();
    close(term.pipe[0]);
    close(term.pipe[1]);
    if (term.ending != 0)
        raise(term.ending);
}

void screen_os_size(size_t *rows, size_t *columns)
{
    *rows = (size_t)LINES;
    *columns = (size_t)COLS;
}

void screen_os_clear(void)
{
    erase();
}

static attr_t attributes_of(screen_style style, short *pair)
{
    *pair = 0;
    switch (style) {
    case SCREEN_STRONG:
        return A_BOLD;
    case SCREEN_TITLE:
        return A_REVERSE;
    case SCREEN_SELECTED:
        return A_REVERSE | A_BOLD;
    case SCREEN_FAINT:
        return A_DIM;
    case SCREEN_GOOD:
        *pair = GOOD_PAIR;
        return A_NORMAL;
    case SCREEN_WARNING:
        *pair = WARNING_PAIR;
        return A_NORMAL;
    case SCREEN_BAD:
        *pair = BAD_PAIR;
        return A_NORMAL;
    default:
        return A_NORMAL;
    }
}

static void set_style(screen_style style)
{
    short pair;
    attr_t attributes = attributes_of(style, &pair);
    attr_set(attributes, term.colours ? pair : 0, NULL);
}

/* Adds a character. One of which the C library has another opinion (an old Unicode, a locale that
 * is not UTF-8) would shift what follows. */
static size_t add_character(wchar_t *to, uint32_t character)
{
    size_t width = width_of(character), i;
    if (wcwidth((wchar_t)character) == (int)width) {
        to[0] = (wchar_t)character;
        return 1;
    }
    for (i = 0; i < width; i++)
        to[i] = L'?';
    return i;
}

void screen_os_put(size_t row, size_t column, const char *text, screen_style style)
{
    wchar_t wide[PUT_MOST + 2];
    size_t count = 0, left = strlen(text), length;
    while (left > 0 && count < PUT_MOST) {
        uint32_t character;
        if (utf8_decode((const unsigned char *)text, left, &length, &character) == UTF8_VALID)
            count += add_character(wide + count, character);
        text += length;
        left -= length;
    }
    wide[count] = L'\0';
    set_style(style);
    mvaddwstr((int)row, (int)column, wide);
    set_style(SCREEN_PLAIN);
}

void screen_os_fill(size_t row, size_t column, screen_style style)
{
    set_style(style);
    for (int at = (int)column; at < COLS; at++)
        mvaddch((int)row, at, ' ');
    set_style(SCREEN_PLAIN);
}

void screen_os_show(size_t cursor_row, size_t cursor_column)
{
    curs_set(cursor_column == SIZE_MAX ? 0 : 1);
    if (cursor_column != SIZE_MAX)
        move((int)cursor_row, (int)cursor_column);
    refresh();
}

static screen_key read_mouse(void)
{
    MEVENT event;
    screen_key key = {SCREEN_OTHER_KEY, 0, 0};
    if (getmouse(&event) != OK)
        return key;
    key.row = (size_t)event.y;
    key.column = (size_t)event.x;
    if ((event.bstate & BUTTON4_PRESSED) != 0)
        key.code = SCREEN_WHEEL_UP;
    else if ((event.bstate & BUTTON5_PRESSED) != 0)
        key.code = SCREEN_WHEEL_DOWN;
    else if ((event.bstate & BUTTON1_DOUBLE_CLICKED) != 0)
        key.code = SCREEN_DOUBLE_CLICK;
    else if ((event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) != 0)
        key.code = SCREEN_CLICK;
    return key;
}

static uint32_t code_of(wint_t key)
{
    static const struct {
        wint_t key;
        uint32_t code;
    } codes[] = {
        {KEY_UP, SCREEN_UP},
        {KEY_DOWN, SCREEN_DOWN},
        {KEY_PPAGE, SCREEN_PAGE_UP},
        {KEY_NPAGE, SCREEN_PAGE_DOWN},
        {KEY_HOME, SCREEN_HOME},
        {KEY_END, SCREEN_END},
        {KEY_DC, SCREEN_DELETE},
        {KEY_RESIZE, SCREEN_RESIZE},
        {KEY_BACKSPACE, SCREEN_BACKSPACE},
        {KEY_ENTER, SCREEN_ENTER},
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].key == key)
            return codes[i].code;
    }
    return SCREEN_OTHER_KEY;
}

screen_key screen_os_key(void)
{
    wint_t key;
    int result = get_wch(&key);
    if (result == ERR)
        return (screen_key){SCREEN_NO_KEY, 0, 0};
    term.empties = 0;
    if (result == KEY_CODE_YES && key == KEY_MOUSE)
        return read_mouse();
    if (result == KEY_CODE_YES)
        return (screen_key){code_of(key), 0, 0};
    if (key == 8 || key == 127)
        key = SCREEN_BACKSPACE;
    return (screen_key){key == '\r' ? SCREEN_ENTER : (uint32_t)key, 0, 0};
}

/* Stops as the default does, with the terminal given back, and takes it again. */
static void stop_process(void)
{
    struct sigaction ours, standard = {.sa_handler = SIG_DFL};
    endwin();
    sigaction(SIGTSTP, &standard, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

/* The size may have changed in either case; ncurses asks for it on this call. */
static void take_size(void)
{
    endwin();
    refresh();
    clearok(curscr, TRUE);
}

static unsigned handle_signal(int number)
{
    if (number == SIGTSTP)
        stop_process();
    if (number == SIGTSTP || number == SIGWINCH) {
        take_size();
        return SCREEN_REDRAW;
    }
    term.ending = number;
    return SCREEN_SIGNAL;
}

static unsigned read_pipe(void)
{
    unsigned char bytes[64];
    unsigned happened = 0;
    ssize_t got = read(term.pipe[0], bytes, sizeof bytes);
    for (ssize_t i = 0; i < got; i++)
        happened |= bytes[i] == WAKE ? 0 : handle_signal(bytes[i]);
    return happened;
}

unsigned screen_os_wait(intptr_t descriptor, int64_t timeout_ms)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = term.pipe[0], .events = POLLIN},
                           {.fd = (int)descriptor, .events = POLLIN}};
    unsigned happened = 0;
    int timeout = timeout_ms < 0 ? -1 : timeout_ms > 3600000 ? 3600000 : (int)timeout_ms;
    if (poll(fds, 3, timeout) <= 0)
        return 0;
    if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
        term.gone = true;
        return SCREEN_HUNG_UP;
    }
    if (fds[0].revents != 0) {
        happened |= SCREEN_HAS_KEYS;
        term.gone = term.empties++ > EMPTY_MOST;
        happened |= term.gone ? SCREEN_HUNG_UP : 0;
    }
    if (fds[1].revents != 0)
        happened |= read_pipe();
    if (fds[2].revents != 0)
        happened |= SCREEN_READY;
    return happened;
}
