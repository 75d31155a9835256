/* Owns the call of a command on Windows.
 * Must not: start anything, or know who does.
 * Thread: any. */
#include "shell/call.h"

#include "shell/argv_quote.h"

/* The caller's own batch file, not the one in the bundle. */
static bool is_target(const tether__wrapper *wrapper)
{
    return wrapper->batch == NULL && tether__cmd_is_batch(wrapper->program);
}

bool tether__call_is_in_network(const tether__wrapper *wrapper)
{
    return (wrapper->batch != NULL || is_target(wrapper)) &&
           tether__cmd_is_network_path(wrapper->workdir);
}

/* `exit` returns the code of the batch file also after an `exit /b` within a block. */
static tether__carry add_target(const tether__wrapper *wrapper, const char **program,
                                tether__text *arguments, const char **why)
{
    *program = wrapper->cmd;
    tether__text_add_string(arguments, "/D /V:OFF /S /C \"");
    tether__carry carry =
        tether__cmd_add_batch_call(arguments, wrapper->cmd, wrapper->program, wrapper->argv, why);
    tether__text_add_string(arguments, "& exit\"");
    return carry;
}

tether__carry tether__call_arguments(const tether__wrapper *wrapper, const char **program,
                                     tether__text *arguments, const char **why)
{
    *program = wrapper->program;
    if (wrapper->batch != NULL) {
        tether__text_add_string(arguments, "/D /E:ON /S /C \"\".\\");
        tether__text_add_string(arguments, wrapper->batch);
        tether__text_add_string(arguments, "\"\"");
        return TETHER__CARRIED;
    }
    if (is_target(wrapper))
        return add_target(wrapper, program, arguments, why);
    for (size_t i = 1; wrapper->argv[i] != NULL; i++) {
        tether__text_add_string(arguments, i > 1 ? " " : "");
        tether__argv_add_quoted(arguments, wrapper->argv[i]);
    }
    return TETHER__CARRIED;
}

tether__carry tether__call_line(const tether__wrapper *wrapper, const char **program,
                                tether__text *line, const char **why)
{
    tether__text arguments = {0};
    *program = wrapper->program;
    if (tether__call_is_in_network(wrapper)) {
        *why = "cmd cannot use a network path as its working directory, and only a script maps it "
               "to a drive letter";
        return TETHER__CARRY_ELSEWHERE;
    }
    tether__carry carry = tether__call_arguments(wrapper, program, &arguments, why);
    if (carry == TETHER__CARRIED) {
        tether__argv_add_program(line, *program);
        if (arguments.size > 0) {
            tether__text_add_string(line, " ");
            tether__text_add(line, arguments.bytes, arguments.size);
        }
    }
    line->failed = line->failed || arguments.failed;
    tether__text_dispose(&arguments);
    return carry;
}
