/* The one header a host includes. See docs/design.md for the ideas and docs/format.md for the
 * store. */
#ifndef TETHER_H
#define TETHER_H

#include "tether/completion.h"
#include "tether/error.h"
#include "tether/event.h"
#include "tether/export.h"
#include "tether/output.h"
#include "tether/proxy.h"
#include "tether/registry.h"
#include "tether/store.h"
#include "tether/task.h"
#include "tether/version.h"
#include "tether/watch.h"

#endif
