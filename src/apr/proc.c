/* Owns the start of a task in place of apr_proc_create, and the pipes on its outputs.
 * Must not: leave a task running after a failure that the caller takes for no start.
 * Thread: one at a time for each attribute. */
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "apr/procattr.h"
#include "tether/apr.h"

static const char step[] = "start task";
static const char *const nothing[] = {NULL};

/* As apr_proc_create joins the words of a command. */
static const char *join(apr_pool_t *pool, const char *const *words)
{
    const char *text = words[0];
    for (size_t i = 1; text != NULL && words[i] != NULL; i++)
        text = apr_pstrcat(pool, text, " ", words[i], NULL);
    return text;
}

/* The program in front of its arguments. Without a '/', a path is one in the working directory. */
static const char *const *arguments(apr_pool_t *pool, const char *program, const char *const *args,
                                    bool lookup)
{
    size_t count = 0;
    while (args[count] != NULL)
        count++;
    const char **argv = apr_pcalloc(pool, (count + 2) * sizeof *argv);
    for (size_t i = 1; i < count; i++)
        argv[i] = args[i];
    bool bare = !lookup && strchr(program, '/') == NULL;
    argv[0] = bare ? apr_pstrcat(pool, "./", program, NULL) : program;
    return argv;
}

static apr_status_t describe(const tether_apr_procattr *attr, tether_spec *spec,
                             const char *progname, const char *const *args, const char *const *env,
                             apr_pool_t *pool, tether_error *error)
{
    bool shell = attr->type == APR_SHELLCMD || attr->type == APR_SHELLCMD_ENV;
    bool exact = attr->type == APR_SHELLCMD || attr->type == APR_PROGRAM;
    if (args == NULL || (shell ? args[0] == NULL : progname == NULL))
        return tether__apr_fail(error, TETHER_EINVAL, step, "no program and arguments are given");
    *spec = attr->spec;
    spec->command = shell ? join(pool, args) : NULL;
    spec->command_size = 0;
    spec->shell = shell ? "/bin/sh" : NULL;
    spec->argv = shell ? NULL : arguments(pool, progname, args, attr->type == APR_PROGRAM_PATH);
    spec->env = !exact ? NULL : env != NULL ? env : nothing;
    spec->workdir = attr->directory;
    return APR_SUCCESS;
}

/* Makes the pipe on one stream, with a reading end that blocks as the host has asked. */
static apr_status_t make_pipe(apr_file_t **reader, apr_file_t **writer, apr_int32_t how,
                              apr_pool_t *pool)
{
    bool blocks = how == APR_FULL_BLOCK || how == APR_PARENT_BLOCK;
    apr_status_t status =
        apr_file_pipe_create_ex(reader, writer, blocks ? APR_FULL_BLOCK : APR_FULL_NONBLOCK, pool);
    if (status == APR_SUCCESS)
        status = apr_file_inherit_unset(*reader);
    if (status == APR_SUCCESS)
        status = apr_file_inherit_unset(*writer);
    return status;
}

typedef struct pipes {
    apr_file_t *readers[2]; /* NULL: none is wanted */
    apr_file_t *writers[2];
} pipes;

static void close_files(apr_file_t *files[2])
{
    for (int i = 0; i < 2; i++) {
        if (files[i] != NULL)
            apr_file_close(files[i]);
    }
}

/* Before the start, so that it fails with nothing started. */
static apr_status_t make_pipes(const tether_apr_procattr *attr, pipes *p, apr_pool_t *pool,
                               tether_error *error)
{
    for (int i = 0; i < 2; i++) {
        apr_int32_t how = attr->pipes[i];
        if (how == APR_NO_PIPE || how == APR_NO_FILE)
            continue;
        apr_status_t status = make_pipe(&p->readers[i], &p->writers[i], how, pool);
        if (status != APR_SUCCESS)
            return tether__apr_fail_apr(error, status, "make pipe");
    }
    return APR_SUCCESS;
}

static int start_pumps(const tether_apr_procattr *attr, tether_registry *registry, const pipes *p,
                       tether_error *error)
{
    static const tether_view views[] = {TETHER_VIEW_STDOUT, TETHER_VIEW_STDERR};
    int code = TETHER_OK;
    for (int i = 0; i < 2 && code == TETHER_OK; i++) {
        apr_os_file_t end;
        if (p->writers[i] == NULL)
            continue;
        (void)apr_os_file_get(&end, p->writers[i]);
        code = tether__apr_pump_start(attr->host->pumps, registry, attr->task_id, views[i], end,
                                      error);
    }
    return code;
}

/* The supervisor's, of which the library has started one by now. */
static int find_pid(tether_registry *registry, const char *task_id, pid_t *pid, tether_error *error)
{
    tether_snapshot *snapshot;
    int code = tether_status_get(registry, task_id, &snapshot, error);
    if (code == TETHER_OK)
        *pid = (pid_t)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    return code;
}

static int start(apr_proc_t *proc, const tether_spec *spec, tether_apr_procattr *attr,
                 tether_registry *registry, const pipes *p)
{
    bool found = false;
    tether_spec asked = *spec;
    asked.found = &found;
    int code = tether_spawn(registry, &asked, attr->task_id, &attr->error);
    if (spec->found != NULL)
        *spec->found = found;
    if (code != TETHER_OK)
        return code;
    code = find_pid(registry, attr->task_id, &proc->pid, &attr->error);
    if (code == TETHER_OK)
        code = start_pumps(attr, registry, p, &attr->error);
    if (code != TETHER_OK) {
        const tether_kill_options at_once = {.size = sizeof at_once, .grace_ms = -1};
        /* A task that its key has found is not this call's to end. */
        if (!found)
            (void)tether_kill(registry, attr->task_id, &at_once, NULL);
        attr->task_id[0] = '\0';
    }
    return code;
}

apr_status_t tether_apr_proc_create(apr_proc_t *proc, const char *progname, const char *const *args,
                                    const char *const *env, tether_apr_procattr *attr,
                                    apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    tether_spec spec;
    pipes p = {{NULL, NULL}, {NULL, NULL}};
    memset(proc, 0, sizeof *proc);
    attr->task_id[0] = '\0';
    tether_registry *registry = tether__apr_enter(attr->host, pool, step, &status, &attr->error);
    if (registry == NULL)
        return status;
    status = describe(attr, &spec, progname, args, env, pool, &attr->error);
    if (status == APR_SUCCESS)
        status = make_pipes(attr, &p, pool, &attr->error);
    if (status == APR_SUCCESS && start(proc, &spec, attr, registry, &p) != TETHER_OK)
        status = tether_apr_status(&attr->error);
    close_files(p.writers);
    if (status != APR_SUCCESS) {
        memset(proc, 0, sizeof *proc);
        close_files(p.readers);
        return status;
    }
    proc->out = p.readers[0];
    proc->err = p.readers[1];
    return APR_SUCCESS;
}
