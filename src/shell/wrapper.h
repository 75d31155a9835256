/* Renders wrapper scripts and command files. docs/format.md explains what a wrapper does and why.
 * Pure; any thread. */
#ifndef TETHER_WRAPPER_H
#define TETHER_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "format/identity.h"
#include "shell/cmd_line.h"
#include "shell/shell.h"

typedef struct tether__wrapper {
    const char *task_id;
    const char *boot_id; /* the supervisor copies boot_id and pid_ns to its identity, because it
                            would need another process to determine them */
    const char *pid_ns;
    int64_t time_offset_ns;  /* likewise; 0: none */
    const char *program;     /* the path to run instead of argv[0]; NULL: argv[0] is a path */
    const char *const *argv; /* what to run, NULL-terminated */
    const char *pipestatus;  /* the file in which the command's trap stores the exit codes of its
                                last pipeline; NULL: none */
    const char *late_input;  /* a file to open as the command's standard input, which may block the
                                opening process for long; NULL: the supervisor's own is passed on */
    bool without_proc; /* /proc does not show start times on this system; the host determines them
                        */

    /* For the wrappers on Windows. They write no identity and so ignore boot_id and pid_ns, ignore
     * pipestatus, and require program as an absolute path. */
    const char *workdir; /* the command's working directory: absolute; never part of a cmd script */
    const char *cmd;     /* the path of cmd, for programs that are batch files; NULL: none */
    const char *batch;   /* the name of a batch file in the bundle: program is a cmd that runs it
                            instead of argv; NULL: run program with argv */
    bool own_argv;       /* argv is the caller's own, not a shell that runs the command's file */
    bool utf8_console;   /* set the code page of the task's console to UTF-8 */
} tether__wrapper;

/* Adds the text of the wrapper for a Bourne shell, which inherits its lifeline as descriptor 9. The
 * text depends only on which members are set, not on their values: tasks share it, and get their
 * values as arguments. */
void tether__wrapper_render_sh(const tether__wrapper *wrapper, tether__text *text);

/* Writes the part of the identity that the supervisor copies: it follows the start time. */
#define TETHER__WRAPPER_IDENTITY_SIZE                                                              \
    (TETHER__BOOT_ID_SIZE + TETHER__PID_NS_SIZE +                                                  \
     (int)sizeof "boot= pidns= timens=-9223372036854775808")
void tether__wrapper_identity(const tether__wrapper *wrapper,
                              char text[TETHER__WRAPPER_IDENTITY_SIZE]);

/* Stores the arguments that follow the path of that wrapper, a list that ends with NULL and that
 * the caller frees with free(). `identity` is the text of tether__wrapper_identity. Copies no
 * string. Returns false when memory is short. */
#define TETHER__WRAPPER_OWN_ARGUMENTS 4 /* at most, before the command's */
bool tether__wrapper_sh_arguments(const tether__wrapper *wrapper, const char *identity,
                                  const char ***arguments);

/* Adds the text of the wrapper for a Bourne shell on Windows (Git's bash), which can neither
 * inherit a descriptor nor determine its own identity. It is started in its bundle, appends to its
 * lifeline by name, and reads the working directory from the variable TETHER__CWD. Returns REFUSED
 * where the program is a batch file, because cmd does not parse the quoting of such a shell; *why
 * is then a static text with the reason and the remedy. */
tether__carry tether__wrapper_render_sh_by_name(const tether__wrapper *wrapper, tether__text *text,
                                                const char **why);

/* Returns the name of the command's file in the bundle, such as "command.sh". Static. */
const char *tether__command_file_name(tether__shell_family family);

/* Adds the trap that goes in front of the first line of a command's text. It makes the shell store
 * the exit codes of its last pipeline, from the array `variable`, in a file. It adds no line, so
 * that the lines of the text keep their numbers. */
void tether__command_render_trap(const char *variable, const char *file, tether__text *text);

/* Adds the content of the command's file for a shell: the bytes of the text. For cmd, adds lines in
 * front of the text, and ends every line of it in CR LF; for PowerShell, see command_ps1.h. */
void tether__command_render(tether__shell_family family, const char *command, size_t size,
                            tether__text *text);

/* Adds the same content for the shells of Windows. There PowerShell files begin with a byte order
 * mark: PowerShell up to 5.1 does not read them as UTF-8 without it; later versions accept it. A
 * signed text gets none. */
void tether__command_render_windows(tether__shell_family family, const char *command, size_t size,
                                    tether__text *text);

/* Fills argv with the arguments with which a shell runs that file: at most `capacity` entries, the
 * last of them NULL. Does not copy strings. */
void tether__command_argv(const tether__shell *shell, const char *file, const char **argv,
                          size_t capacity);

/* The capacity that tether__command_argv needs at most. */
#define TETHER__COMMAND_ARGV_CAPACITY (TETHER__SHELL_ARGUMENTS_MAX + 10)

#endif
