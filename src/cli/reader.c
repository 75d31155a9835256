/* Owns the decision to end the command when nobody reads its standard output any more.
 * Must not: print anything.
 * Thread: the main one; reader_os_end runs on any. */
#include "cli/reader.h"

#include <stdbool.h>

#include "cli/reader_os.h"
#include "cli/stream.h"

void reader_watch(void)
{
    static bool watched;

    if (watched)
        return;
    watched = true;
    stream_on_broken(stream_stdout(), reader_os_end);
    reader_os_watch();
}
