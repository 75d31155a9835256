/* What "tether output" is asked for. */
#ifndef TETHER_CLI_OUTPUT_REQUEST_H
#define TETHER_CLI_OUTPUT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "tether.h"

#include "cli/args.h"
#include "cli/options.h"

typedef struct output_request {
    const char *task_id;
    bool shown[2];   /* indexed by tether_stream */
    uint64_t lines;  /* at the end; UINT64_MAX: all */
    uint64_t bytes;  /* at the end; UINT64_MAX: all */
    int64_t since;   /* Unix milliseconds; 0: not given */
    uint64_t offset; /* in the only shown stream; UINT64_MAX: not given */
    bool follow;
    bool timestamps;
    bool last_frames; /* of a line that was redrawn, only what is seen last */
} output_request;

/* Parses and checks the arguments. Returns 0, or reports the mistake and returns its exit code. */
int output_request_parse(const cli_options *cli, cli_args *args, output_request *request);

#endif
