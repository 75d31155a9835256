/* Owns what all kinds of tasks have in common at their start: their first record.
 * Must not: touch the disk, or know what supervises the task.
 * Thread: any. */
#include "task/birth.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "os/clock.h"
#include "store/bundle.h"

enum { COMMAND_LIMIT = 64 * 1024, NAME_LIMIT = 1024 };

int tether__birth_check(const char *name, int64_t timeout_ms, int64_t least, tether_error *error)
{
    if (timeout_ms < least)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec", "the timeout is negative");
    if (name != NULL && name[0] == '\0')
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the name is empty; give a text, or no name at all");
    if (name != NULL && strlen(name) > NAME_LIMIT)
        return tether__fail(error, TETHER_EINVAL, 0, "check spec",
                            "the name has more than %d bytes; choose a shorter one", NAME_LIMIT);
    return TETHER_OK;
}

char *tether__birth_command(const char *text, size_t size)
{
    return tether__utf8_repair(text, tether__utf8_cut(text, size, COMMAND_LIMIT));
}

int tether__birth_fail_boot(tether_error *error)
{
    return tether__fail(error, TETHER_ELIMIT, 0, "write record",
                        "the id of this boot cannot be read, which tells after a reboot that the "
                        "task has ended; raise the limit of descriptors (ulimit -n)");
}

static int start_clocks(tether__record *record, int64_t timeout_ms, const char *boot_id,
                        tether_error *error)
{
    int64_t now = tether__os_wall_ms();
    record->started_at = now;
    record->started_uptime_ms = tether__os_uptime_ms();
    record->timeout_ms = timeout_ms;
    if (timeout_ms > 0) {
        record->deadline_at = now + timeout_ms;
        record->deadline_monotonic_ms = tether__os_monotonic_ms() + timeout_ms;
    }
    char own[TETHER__BOOT_ID_SIZE];
    if (boot_id == NULL && !tether__os_boot_id(own))
        return tether__birth_fail_boot(error);
    if (!tether__record_set(record, &record->boot_id, boot_id != NULL ? boot_id : own))
        return tether__fail_memory(error, "write record");
    return TETHER_OK;
}

int tether__birth_record(const tether__birth *birth, const tether__session *session,
                         tether__record *record, tether_error *error)
{
    int code = start_clocks(record, birth->timeout_ms, birth->boot_id, error);
    if (code != TETHER_OK)
        return code;
    record->status = TETHER_STATUS_STARTING;
    record->notify_on_completion = birth->notify;
    bool complete = tether__record_set(record, &record->task_id, birth->id) &&
                    tether__record_set(record, &record->session_id, session->id) &&
                    tether__record_set(record, &record->name, birth->name) &&
                    tether__record_set(record, &record->project_root, birth->project_root) &&
                    tether__record_set(record, &record->workdir, birth->workdir) &&
                    tether__record_set(record, &record->command, birth->command) &&
                    tether__record_set(record, &record->supervisor, birth->supervisor) &&
                    tether__record_set(record, &record->output_path, TETHER__STDOUT_FILE);
    return complete ? TETHER_OK : tether__fail_memory(error, "write record");
}
