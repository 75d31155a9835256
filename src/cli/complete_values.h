/* The values that a word for them, such as DIR or ID, stands for. */
#ifndef TETHER_CLI_COMPLETE_VALUES_H
#define TETHER_CLI_COMPLETE_VALUES_H

#include "cli/options.h"

/* Called with each value and its description, which may be "". */
typedef void complete_value_cb(const char *value, void *userdata, const char *text);

/* Writes the line that says what else the shell offers, then calls back for the values of an option
 * of a verb, or of an operand if the option is "". kind is the word that the help has for it, and
 * typed the beginning of the value. */
void complete_value(const cli_options *cli, const char *verb, const char *option, const char *kind,
                    const char *typed, complete_value_cb *found, void *userdata);

/* Calls back for the names of the signals of this system. */
void complete_signals(complete_value_cb *found, void *userdata);

#endif
