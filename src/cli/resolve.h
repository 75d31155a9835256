/* Finds the tasks that the words of the command line mean: the one resolver of all verbs. */
#ifndef TETHER_CLI_RESOLVE_H
#define TETHER_CLI_RESOLVE_H

#include "tether.h"

#include "cli/ids.h"
#include "cli/options.h"

/* Copies the id of the task of this session that the word means, by the rules of reference.h. With
 * a project_root (NULL: none), a task of this project in any session counts too if the session has
 * none. Returns 0, or reports that no task or several tasks are meant and returns an exit code. */
int resolve_one(const cli_options *cli, tether_registry *registry, const char *word,
                const char *project_root, char task_id[TETHER_ID_SIZE]);

/* Replaces words by the ids of the tasks of this session that they mean. Reports those that mean no
 * task or several, and removes them from the list. Returns 0, or the exit code of the first of
 * them. */
int resolve_ids(const cli_options *cli, tether_registry *registry, cli_ids *ids);

/* Replaces the list by all tasks of the session in this scope, the oldest first. Returns 0 or an
 * exit code. */
int resolve_scope(const cli_options *cli, tether_registry *registry, tether_list_scope scope,
                  cli_ids *ids);

#endif
