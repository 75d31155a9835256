/* Tether: start commands that outlive the process that started them, and always learn how they
 * ended. Include this header; it includes all others.
 *
 * Start reading in tether/registry.h (open a session), tether/task.h (start, query, wait, kill) and
 * tether/error.h (how calls report failures). docs/embedding.md walks through a whole program,
 * docs/design.md explains how it works, docs/format.md describes the files of a store. */
#ifndef TETHER_H
#define TETHER_H

#include "tether/completion.h"
#include "tether/dispatch.h"
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
