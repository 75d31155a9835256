/* The text of wrapper scripts and command files. Pure; any thread. docs/format.md says what a
 * wrapper does and why. */
#ifndef TETHER_WRAPPER_H
#define TETHER_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/cmd_line.h"
#include "shell/shell.h"
#include "base/text.h"

typedef struct tether__wrapper {
    const char *task_id;
    const char *boot_id; /* the supervisor repeats them: finding them out costs it a process */
    const char *pid_ns;
    const char *program;     /* the path to run in place of argv[0]; NULL: argv[0] is one */
    const char *const *argv; /* what to run, NULL-terminated */
    const char *pipestatus;  /* the file in which the command's trap leaves the codes of its last
                                pipeline; NULL: it has none */
    bool without_proc; /* /proc does not tell here when a process was started: the host does */

    /* For the wrappers of Windows, which write no identity (boot_id, pid_ns), know no pipelines,
     * and have program always, as an absolute path. */
    const char *workdir; /* where the command runs: absolute; never part of a script for cmd */
    const char *cmd;     /* the path of cmd, which runs programs that are batch files; NULL: none */
    const char *batch;   /* the name of the batch file in the bundle that program, a cmd, is to run,
                            in place of argv; NULL: program runs argv */
    bool own_argv;       /* argv is the caller's, not a shell with the command's file */
} tether__wrapper;

/* The wrapper for a Bourne shell. The shell finds its lifeline under descriptor 9. */
void tether__wrapper_render_sh(const tether__wrapper *wrapper, tether__text *text);

/* The wrapper for a Bourne shell on Windows (Git's bash), which can neither inherit a descriptor
 * nor tell who it is: it is started in its bundle, appends to the marker by name, and finds the
 * working directory in the variable TETHER__CWD. REFUSED where the program is a batch file: such a
 * shell quotes arguments in a way that cmd does not read. */
tether__carry tether__wrapper_render_sh_by_name(const tether__wrapper *wrapper, tether__text *text,
                                                const char **why);

/* The name of the command's file in the bundle, such as "command.sh". */
const char *tether__command_file_name(tether__shell_family family);

/* What stands before the first line of a command's text, so that its shell leaves the codes of its
 * last pipeline, which are in `variable`, in a file: no line of its own, so that the text's lines
 * keep their numbers. */
void tether__command_render_trap(const char *variable, const char *file, tether__text *text);

/* The command's file for a shell: the text's bytes. For cmd a few lines come first, and every line
 * of the text ends in CR LF; for PowerShell a few come behind. */
void tether__command_render(tether__shell_family family, const char *command, size_t size,
                            tether__text *text);

/* The same as the shells of Windows read it: PowerShell up to 5.1 takes a file for UTF-8 only where
 * it begins with a byte order mark, and later ones accept it. */
void tether__command_render_windows(tether__shell_family family, const char *command, size_t size,
                                    tether__text *text);

/* The arguments with which a shell runs that file: fills up to room entries, the last of them NULL.
 */
void tether__command_argv(const tether__shell *shell, const char *file, const char **argv,
                          size_t room);

/* Room that tether__command_argv needs at most. */
#define TETHER__COMMAND_ARGV_ROOM 10

#endif
