/* What the keys and the mouse do in "tether top". */
#ifndef TETHER_CLI_TOP_KEYS_H
#define TETHER_CLI_TOP_KEYS_H

#include "cli/screen_os.h"
#include "cli/top_state.h"

/* Handles a key: changes the state, and gives jobs to the workers. */
void top_keys_handle(top_state *state, const screen_key *key);

#endif
