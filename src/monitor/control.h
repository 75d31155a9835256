/* The requests of hosts to the monitor. One thread. */
#ifndef TETHER_MONITOR_CONTROL_H
#define TETHER_MONITOR_CONTROL_H

#include "format/control.h"

/* Does what a request asks for, and stores the answer in a message that says DONE. A request may
 * come twice. */
typedef void tether__control_handler(void *userdata, const tether__control *request,
                                     tether__control *answer);

/* Answers the requests that have come. What is no request of this version ends nothing: its sender
 * is told. */
void tether__control_serve(tether__control_handler *handle, void *userdata);

#endif
