/* The task whose monitor this process is, for the entry of the program. */
#ifndef TETHER_MONITOR_ORDERS_H
#define TETHER_MONITOR_ORDERS_H

/* The id stays valid. Before tether__monitor_os_orders. */
void tether__monitor_name_task(const char *task_id);

#endif
