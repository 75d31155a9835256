/* Owns what hosts write to the standard input of the command.
 * Must not: write a byte twice, or wait for room.
 * Thread: the only one. */
#include "monitor/input.h"

#include "monitor/input_os.h"

bool tether__input_open(tether__input *input, int *os_error)
{
    input->open = tether__input_os_open(os_error);
    return input->open;
}

void tether__input_close(tether__input *input)
{
    input->closed = true;
    tether__input_os_close();
}

/* Writes the rest of a payload. */
static void write_rest(tether__input *input, const char *bytes, int64_t size,
                       tether__control *answer)
{
    if (input->closed) {
        answer->word = TETHER__CONTROL_CLOSED;
        return;
    }
    int64_t written = input->unread ? -1 : tether__input_os_write(bytes, (size_t)size);
    if (written < 0) {
        answer->word = TETHER__CONTROL_NO_READER;
        input->unread = true;
        tether__input_os_close();
        return;
    }
    input->taken += written;
    answer->wrote += written;
}

void tether__input_take(tether__input *input, const tether__control *request,
                        tether__control *answer)
{
    int64_t size = (int64_t)request->payload_size;
    int64_t before = request->place ? input->taken - request->offset : 0;
    if (!input->open)
        answer->word = TETHER__CONTROL_NO_INPUT;
    else if (before < 0)
        answer->word = TETHER__CONTROL_BEYOND;
    else {
        answer->wrote = before < size ? before : size;
        if (answer->wrote < size)
            write_rest(input, request->payload + answer->wrote, size - answer->wrote, answer);
        if (request->close && answer->wrote == size && !input->closed && !input->unread)
            tether__input_close(input);
    }
    answer->taken = input->taken;
}
