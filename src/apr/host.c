/* Owns registries that belong to pools: their opening, and the clean-up that closes them.
 * Must not: touch a registry that another process has opened, whose threads a forked child does not
 * have; close a registry while a pump uses it.
 * Thread: any; the pool's rules apply. */
#include "apr/host.h"

#include "apr/process_os.h"

tether_registry *tether__apr_enter(const tether_apr_host *host, apr_pool_t *pool, const char *step,
                                   apr_status_t *status, tether_error *error)
{
    if (host->process != tether__apr_process())
        *status = tether__apr_fail(error, TETHER_ECLOSED, step,
                                   "the registry was opened before this process was forked: open "
                                   "one here (in httpd: in the hook child_init)");
    else if (host->registry == NULL)
        *status = tether__apr_fail(error, TETHER_ECLOSED, step, "the registry was closed");
    else if (pool != NULL && !apr_pool_is_ancestor(host->pool, pool))
        *status = tether__apr_fail(error, TETHER_EINVAL, step,
                                   "the pool may outlive the registry: use the registry's pool or "
                                   "one below it");
    else
        return host->registry;
    return NULL;
}

tether_registry *tether_apr_registry(const tether_apr_host *host)
{
    return host->process == tether__apr_process() ? host->registry : NULL;
}

/* Closes at most once: on_event may destroy the pool whose clean-up is this. */
static apr_status_t close_registry(tether_apr_host *host, tether_error *error)
{
    tether_registry *registry = tether_apr_registry(host);
    if (registry == NULL)
        return APR_SUCCESS;
    tether__apr_pumps *pumps = host->pumps;
    host->registry = NULL;
    host->pumps = NULL;
    if (tether__apr_pumps_stop(pumps))
        tether_interrupt(registry);
    tether__apr_pumps_free(pumps);
    tether_error own = {0};
    if (error == NULL)
        error = &own;
    return tether_close(registry, host->mode, error) == TETHER_OK ? APR_SUCCESS
                                                                  : tether_apr_status(error);
}

static apr_status_t clean_up(void *data)
{
    return close_registry(data, NULL);
}

apr_status_t tether_apr_open(tether_apr_host **host, const tether_open_options *options,
                             tether_close_mode mode, apr_pool_t *pool, tether_error *error)
{
    tether_error own = {0};
    *host = NULL;
    if (error == NULL)
        error = &own;
    if (mode != TETHER_DETACH && mode != TETHER_SHUTDOWN)
        return tether__apr_fail(error, TETHER_EINVAL, "open registry", "unknown mode of closing");
    tether_apr_host *made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->mode = mode;
    made->process = tether__apr_process();
    made->pumps = tether__apr_pumps_new();
    if (made->pumps == NULL)
        return tether__apr_fail(error, TETHER_ELIMIT, "open registry",
                                "no memory or no descriptor is left");
    if (tether_open(options, &made->registry, error) != TETHER_OK) {
        tether__apr_pumps_free(made->pumps);
        return tether_apr_status(error);
    }
    apr_pool_cleanup_register(pool, made, clean_up, apr_pool_cleanup_null);
    *host = made;
    return APR_SUCCESS;
}

apr_status_t tether_apr_close(tether_apr_host *host, tether_error *error)
{
    if (tether_apr_registry(host) == NULL)
        return APR_SUCCESS;
    apr_pool_cleanup_kill(host->pool, host, clean_up);
    return close_registry(host, error);
}
