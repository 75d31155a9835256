/* The reader of standard output, such as `head` in a pipeline. Verbs that wait for output end when
 * it is gone, and not only when they write the next time.
 *
 * The command ends as by a write without a reader: by SIGPIPE, or with exit code 141 where there is
 * no such signal or it is ignored. Nothing is printed. The death of the process is a case that the
 * store is made for: what it has leased is free again, and tasks go on. */
#ifndef TETHER_CLI_READER_H
#define TETHER_CLI_READER_H

/* Ends this process when the reader is gone, from now on. Does nothing more if it is called again,
 * or if standard output is no pipe, socket or terminal. */
void reader_watch(void);

#endif
