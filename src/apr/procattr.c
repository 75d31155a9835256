/* Owns how tasks are started in place of apr_proc_create, which APR's own attribute cannot tell.
 * Must not: accept what a task cannot have.
 * Thread: one at a time for each attribute. */
#include "apr/procattr.h"

#include <apr_strings.h>

static const char step[] = "set process attribute";

apr_status_t tether_apr_procattr_create(tether_apr_procattr **attr, tether_apr_host *host,
                                        apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    *attr = NULL;
    if (tether__apr_enter(host, pool, step, &status, NULL) == NULL)
        return status;
    tether_apr_procattr *made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->host = host;
    made->type = APR_PROGRAM;
    made->spec.size = sizeof made->spec;
    *attr = made;
    return APR_SUCCESS;
}

apr_status_t tether_apr_procattr_io_set(tether_apr_procattr *attr, apr_int32_t in, apr_int32_t out,
                                        apr_int32_t err)
{
    if (in != APR_NO_PIPE && in != APR_NO_FILE)
        return tether__apr_fail(&attr->error, TETHER_ENOTSUP, step,
                                "a task's standard input is no pipe of the host: set input_pipe of "
                                "its spec, and write with tether_input");
    attr->pipes[0] = out;
    attr->pipes[1] = err;
    return APR_SUCCESS;
}

apr_status_t tether_apr_procattr_dir_set(tether_apr_procattr *attr, const char *dir)
{
    attr->directory = apr_pstrdup(attr->pool, dir);
    return APR_SUCCESS;
}

apr_status_t tether_apr_procattr_cmdtype_set(tether_apr_procattr *attr, apr_cmdtype_e cmd)
{
    switch (cmd) {
    case APR_SHELLCMD:
    case APR_PROGRAM:
    case APR_PROGRAM_ENV:
    case APR_PROGRAM_PATH:
    case APR_SHELLCMD_ENV:
        attr->type = cmd;
        return APR_SUCCESS;
    default:
        return tether__apr_fail(&attr->error, TETHER_EINVAL, step, "unknown type of command");
    }
}

apr_status_t tether_apr_procattr_detach_set(tether_apr_procattr *attr, apr_int32_t detach)
{
    (void)attr;
    (void)detach;
    return APR_SUCCESS;
}

apr_status_t tether_apr_procattr_error_check_set(tether_apr_procattr *attr, apr_int32_t chk)
{
    (void)attr;
    (void)chk;
    return APR_SUCCESS;
}

tether_spec *tether_apr_procattr_spec(tether_apr_procattr *attr)
{
    return &attr->spec;
}

const char *tether_apr_procattr_task_id(const tether_apr_procattr *attr)
{
    return attr->task_id;
}

const tether_error *tether_apr_procattr_error(const tether_apr_procattr *attr)
{
    return &attr->error;
}
