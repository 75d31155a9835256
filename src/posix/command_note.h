/* The note by which a monitor names its command, an extended attribute of the lifeline: a line in
 * it would wake every host, at every start. For the other files of this folder. */
#ifndef TETHER_COMMAND_NOTE_H
#define TETHER_COMMAND_NOTE_H

#define TETHER__COMMAND_NOTE "user.tether.command"

/* The pid, and the number of the process in pidfs. */
#define TETHER__COMMAND_NOTE_FORMAT "pid=%lld pidfs=%llu"

enum { TETHER__COMMAND_NOTE_SIZE = 64 };

#endif
