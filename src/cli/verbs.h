/* The verbs of the command: a function and a help text for each. */
#ifndef TETHER_CLI_VERBS_H
#define TETHER_CLI_VERBS_H

#include "cli/args.h"
#include "cli/session.h"

/* Parses the remaining arguments, runs the verb, prints its result and returns the exit code. If
 * --help or --version stops the parsing, the function returns at once and its code is ignored. */
typedef int verb_function(cli_options *cli, cli_args *args);

verb_function verb_run;
verb_function verb_list;
verb_function verb_status;
verb_function verb_output;
verb_function verb_wait;
verb_function verb_kill;
verb_function verb_pause;
verb_function verb_resume;
verb_function verb_extend;
verb_function verb_input;
verb_function verb_promote;
verb_function verb_completions;
verb_function verb_watch;
verb_function verb_top;
verb_function verb_rm;
verb_function verb_gc;
verb_function verb_doctor;
verb_function verb_mcp;
verb_function verb_serve;

typedef struct cli_verb {
    const char *name;
    verb_function *function;
    const char *summary;
    const char *help;
} cli_verb;

/* Another name of a verb. */
typedef struct verb_alias {
    const char *alias;
    const char *verb;
} verb_alias;

extern const char verb_run_help[];
extern const char verb_list_help[];
extern const char verb_status_help[];
extern const char verb_output_help[];
extern const char verb_wait_help[];
extern const char verb_kill_help[];
extern const char verb_pause_help[];
extern const char verb_resume_help[];
extern const char verb_extend_help[];
extern const char verb_input_help[];
extern const char verb_promote_help[];
extern const char verb_completions_help[];
extern const char verb_watch_help[];
extern const char verb_top_help[];
extern const char verb_rm_help[];
extern const char verb_gc_help[];
extern const char verb_doctor_help[];
extern const char verb_mcp_help[];
extern const char verb_serve_help[];

#endif
