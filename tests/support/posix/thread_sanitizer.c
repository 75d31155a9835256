/* Owns what the thread sanitizer has to be told of libuv.
 * libuv closes a loop's descriptors by bare system calls, which the sanitizer does not see: it
 * would take the next file that gets the same number for the loop's, and its users for racing
 * threads. */
#include <sanitizer/linux_syscall_hooks.h>
#include <uv.h>

int __real_uv_loop_close(uv_loop_t *loop);
int __wrap_uv_loop_close(uv_loop_t *loop);

int __wrap_uv_loop_close(uv_loop_t *loop)
{
    const int own[] = {loop->backend_fd, loop->async_io_watcher.fd, loop->async_wfd,
                       loop->signal_pipefd[0], loop->signal_pipefd[1]};
    for (size_t i = 0; uv_loop_alive(loop) == 0 && i < sizeof own / sizeof own[0]; i++) {
        if (own[i] >= 0)
            __sanitizer_syscall_pre_close(own[i]);
    }
    return __real_uv_loop_close(loop);
}
