/* Proxy tasks inside the library: those that are open in this process and belong to a registry. */
#ifndef TETHER_PROXY_INTERNAL_H
#define TETHER_PROXY_INTERNAL_H

#include "tether/proxy.h"

/* Before the registry goes: what is still open is lost, and its tether_proxy stays for its holder,
 * whose calls return TETHER_ECLOSED. Waits for calls that are under way. Under no lock. */
void tether__proxies_close(tether_registry *registry);

#endif
