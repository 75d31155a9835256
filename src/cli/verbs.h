/* The verbs: one function and one help text each. */
#ifndef TETHER_CLI_VERBS_H
#define TETHER_CLI_VERBS_H

#include "cli/args.h"
#include "cli/session.h"

/* Reads the rest of the arguments, does the work, prints, and returns the command's exit code.
 * When the common options asked for help it returns at once; its code is then not used. */
typedef int verb_function(cli_options *cli, cli_args *args);

verb_function verb_run;
verb_function verb_list;
verb_function verb_status;
verb_function verb_output;
verb_function verb_wait;
verb_function verb_kill;
verb_function verb_pause;
verb_function verb_resume;
verb_function verb_promote;
verb_function verb_completions;
verb_function verb_watch;
verb_function verb_gc;
verb_function verb_doctor;

extern const char verb_run_help[];
extern const char verb_list_help[];
extern const char verb_status_help[];
extern const char verb_output_help[];
extern const char verb_wait_help[];
extern const char verb_kill_help[];
extern const char verb_pause_help[];
extern const char verb_resume_help[];
extern const char verb_promote_help[];
extern const char verb_completions_help[];
extern const char verb_watch_help[];
extern const char verb_gc_help[];
extern const char verb_doctor_help[];

#endif
