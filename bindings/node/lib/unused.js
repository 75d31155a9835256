'use strict'
// Functions of the library that this binding has no use for, each with the reason. ci/checks demands that every other
// one is called.

module.exports = {
  tether_completions_wait: 'blocks a thread; completions() is woken by the event',
  tether_error_text: 'an error has its message',
  tether_list: 'tether_list_in does the same with options',
  tether_outcome_free: 'see tether_run',
  tether_output_dropped: 'tether_output_gap tells more',
  tether_output_wait: 'blocks a thread; a follower is woken by changes of the files',
  tether_run: 'blocks a thread; run() starts the task, waits for the event of its end, and reads the output',
  tether_snapshot_json: 'a snapshot is an object, for JSON.stringify',
  tether_status_text: 'the texts of statuses come from the description of the API',
  tether_time_text: 'new Date(ms).toISOString() does the same',
  tether_wait: 'blocks a thread; wait() is told by the event of the end',
  tether_waiter_close: 'see tether_waiter_open',
  tether_waiter_next: 'see tether_waiter_open',
  tether_waiter_open: 'ends() iterates over ends by events',
}
