/* Owns the tool that starts commands.
 * Must not: tell the environment of a task, or start what the policy forbids.
 * Thread: the main one. */
#include <stdlib.h>
#include <string.h>

#include "mcp/arguments.h"
#include "mcp/failure.h"
#include "mcp/outcome.h"
#include "mcp/tool_steps.h"
#include "mcp/tools.h"

enum { WAIT_MS = 10000, KEY_MS = 5000 };

/* What the arguments say, with what has to be freed. */
typedef struct mcp_start {
    tether_spec spec;
    const char **argv;
    char **set; /* "NAME=value" */
    const char **unset;
    char *folder;
    int64_t wait_ms;
} mcp_start;

static void dispose(mcp_start *s)
{
    for (size_t i = 0; s->set != NULL && s->set[i] != NULL; i++)
        free(s->set[i]);
    free((void *)s->set);
    free((void *)s->unset);
    free((void *)s->argv);
    free(s->folder);
}

static int take_command(mcp_start *s, const json_t *arguments, tether_error *error)
{
    size_t count = 0;
    int code = arguments_text(arguments, "command", &s->spec.command, error);
    if (code == TETHER_OK)
        code = arguments_texts(arguments, "argv", &s->argv, &count, error);
    if (code != TETHER_OK)
        return code;
    if ((s->spec.command != NULL) == (count > 0))
        return failure(
            error, TETHER_EINVAL, "read arguments",
            "%s; give command, a line for the shell, or argv, a program and its arguments",
            count > 0 ? "command and argv exclude each other" : "no command was given");
    s->spec.argv = s->argv;
    return TETHER_OK;
}

static char *assignment(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *text = malloc(size);
    if (text == NULL)
        return NULL;
    strcpy(text, name);
    strcat(text, "=");
    return strcat(text, value);
}

static int take_variable(mcp_start *s, size_t counts[2], const char *name, const json_t *value,
                         const mcp_policy *policy, tether_error *error)
{
    int code = policy_take_variable(policy, name, error);
    if (code != TETHER_OK)
        return code;
    if (json_is_null(value)) {
        s->unset[counts[1]++] = name;
        return TETHER_OK;
    }
    if (!json_is_string(value) || name[0] == '\0' || strchr(name, '=') != NULL)
        return failure(error, TETHER_EINVAL, "read arguments",
                       "env has a variable that cannot be set; give names without = and texts as "
                       "values, or null");
    s->set[counts[0]] = assignment(name, json_string_value(value));
    return s->set[counts[0]++] != NULL ? TETHER_OK : failure_memory(error, "read arguments");
}

/* The variables that the policy denies are removed from what the task inherits, too. */
static int take_env(mcp_start *s, const json_t *arguments, const mcp_policy *policy,
                    tether_error *error)
{
    json_t *env = json_object_get(arguments, "env"), *value;
    const char *name;
    size_t counts[2] = {0, 0};
    int code = TETHER_OK;
    if (env != NULL && !json_is_null(env) && !json_is_object(env))
        return failure(error, TETHER_EINVAL, "read arguments",
                       "env is no object; give {\"NAME\": \"value\"}");
    s->set = calloc(json_object_size(env) + 1, sizeof *s->set);
    s->unset = calloc(json_object_size(env) + policy->denied_count + 1, sizeof *s->unset);
    if (s->set == NULL || s->unset == NULL)
        return failure_memory(error, "read arguments");
    json_object_foreach(env, name, value)
    {
        code = take_variable(s, counts, name, value, policy, error);
        if (code != TETHER_OK)
            return code;
    }
    for (size_t i = 0; i < policy->denied_count; i++)
        s->unset[counts[1]++] = policy->denied[i];
    s->spec.env_set = (const char *const *)s->set;
    s->spec.env_unset = s->unset;
    return TETHER_OK;
}

static int take_numbers(mcp_start *s, const json_t *arguments, tether_error *error)
{
    int64_t timeout = -1, limit = 0, running = 0;
    int code = arguments_number(arguments, "timeout_ms", 0, INT64_MAX / 4, &timeout, error);
    if (code == TETHER_OK)
        code = arguments_number(arguments, "wait_ms", 0, WAIT_MOST_MS, &s->wait_ms, error);
    if (code == TETHER_OK)
        code = arguments_number(arguments, "output_limit", 1, INT64_MAX / 4, &limit, error);
    if (code == TETHER_OK)
        code = arguments_number(arguments, "max_running", 1, 1000000, &running, error);
    s->spec.timeout_ms = timeout == 0 ? TETHER_NO_TIMEOUT : timeout < 0 ? 0 : timeout;
    s->spec.output_limit = (uint64_t)limit;
    s->spec.max_running = (size_t)running;
    return code;
}

static int take_texts(mcp_start *s, const json_t *arguments, tether_error *error)
{
    int code = arguments_text(arguments, "cwd", &s->spec.workdir, error);
    if (code == TETHER_OK)
        code = arguments_text(arguments, "name", &s->spec.name, error);
    if (code == TETHER_OK)
        code = arguments_text(arguments, "project", &s->spec.project_root, error);
    if (code == TETHER_OK)
        code = arguments_text(arguments, "key", &s->spec.key, error);
    if (code == TETHER_OK)
        code = arguments_flag(arguments, "input", &s->spec.input_pipe, error);
    if (code == TETHER_OK)
        code = arguments_flag(arguments, "merge_output", &s->spec.merge_output, error);
    return code;
}

static int take_all(mcp_start *s, const mcp_call *call, tether_error *error)
{
    int code = take_command(s, call->arguments, error);
    if (code == TETHER_OK)
        code = take_texts(s, call->arguments, error);
    if (code == TETHER_OK)
        code = take_numbers(s, call->arguments, error);
    if (code == TETHER_OK)
        code = take_env(s, call->arguments, call->policy, error);
    if (code == TETHER_OK)
        code = policy_take_folder(call->policy, s->spec.workdir, &s->folder, error);
    if (s->folder != NULL)
        s->spec.workdir = s->folder;
    policy_limit(call->policy, &s->spec);
    return code;
}

/* Answers once the task has ended or the time is over. */
static int finish(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    tether_snapshot *snapshot;
    int code = tether_status_get(call->host->registry, call->ids[0], &snapshot, error);
    if (code != TETHER_OK)
        return code;
    bool ended = tether_status_ended(snapshot->status);
    if (!ended && !over) {
        tether_snapshot_free(snapshot);
        return CALL_WAITS;
    }
    bool readable = false;
    code = arguments_flag(call->arguments, "readable", &readable, error);
    if (code == TETHER_OK)
        code = outcome_answer(call->host, snapshot, readable, result, error);
    if (code == TETHER_OK && ended && snapshot->notify_on_completion)
        host_tell(call->host, call->ids[0]);
    tether_snapshot_free(snapshot);
    return code;
}

/* Starts the task, or finds the one that has the key. Another host may be just starting that one:
 * then this asks again, because on this thread the library does not wait for it. */
static int begin(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    mcp_start s = {.spec = {.size = sizeof s.spec}, .wait_ms = WAIT_MS};
    char id[TETHER_ID_SIZE];
    const char *ids[] = {id};
    int code = take_all(&s, call, error);
    if (code == TETHER_OK)
        code = tether_spawn(call->host->registry, &s.spec, id, error);
    bool again = code == TETHER_ETIMEDOUT && s.spec.key != NULL && !over;
    int64_t wait_ms = s.wait_ms;
    dispose(&s);
    if (again)
        return CALL_WAITS;
    if (code != TETHER_OK)
        return code;
    if (!call_set_ids(call, ids, 1))
        return failure_memory(error, "wait");
    call->polled = false;
    call->until_ms = call->began_ms + wait_ms;
    call->next = finish;
    return finish(call, wait_ms == 0, result, error);
}

int tool_run(mcp_call *call, bool over, mcp_result *result, tether_error *error)
{
    (void)over;
    call->polled = true;
    call->until_ms = call->began_ms + KEY_MS;
    call->next = begin;
    return begin(call, false, result, error);
}
