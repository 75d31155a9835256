/* The terminal, its modes, and the signals of its keys. */
#ifndef SHELL_TERMINAL_H
#define SHELL_TERMINAL_H

#include "shell.h"

/* Signals of an interactive shell: keys are noted, and do not end the shell. */
void terminal_take_signals(void);
/* In a child: the signals are as a command expects them. */
void terminal_reset_signals(const struct shell *sh);

/* Puts the shell in a process group of its own, in the foreground. */
bool terminal_take(struct shell *sh);
/* Gives the terminal to a process group. Also in a child, before it executes its command. */
void terminal_give(const struct shell *sh, pid_t group);
/* Takes it back after a command, with the modes that the shell had; stores in *modes (NULL: not
 * wanted) those that the command has left. */
void terminal_take_back(const struct shell *sh, struct termios *modes);

/* Whether Ctrl-C, or Ctrl-Z, was pressed since the last call. */
bool terminal_interrupted(void);
bool terminal_suspended(void);
/* Whether Ctrl-C was pressed, without taking note of it. */
bool terminal_is_interrupted(void);
/* Forgets keys that were pressed before. */
void terminal_forget(void);

/* Waits for a descriptor, a key, or the end of a child; timeout_ms -1: as long as it takes. No key
 * gets lost between a look at the flags and the wait. */
bool terminal_wait(int fd, long timeout_ms); /* returns whether the descriptor is ready */

/* Reads one byte of what is typed. -1: the end of the input, or Ctrl-C. */
int terminal_read_key(int fd);

#endif
