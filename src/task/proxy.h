/* Closing the proxy tasks of a registry, for the registry itself. */
#ifndef TETHER_PROXY_INTERNAL_H
#define TETHER_PROXY_INTERNAL_H

#include "tether/proxy.h"

/* Ends all open proxies of a registry as lost, before the registry is freed. Each tether_proxy
 * stays valid until its tether_proxy_finish; all calls on that tether_proxy return TETHER_ECLOSED.
 * Waits for calls that are running. The caller holds no lock. */
void tether__proxies_close(tether_registry *registry);

#endif
