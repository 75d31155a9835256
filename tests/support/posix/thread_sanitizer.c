/* Owns the wrapper of uv_loop_close for the thread sanitizer: libuv closes the descriptors of a
 * loop by bare system calls, which the sanitizer does not see. It would take the next file with the
 * same number for the loop's, and report a race between their users.
 * Must not: change what uv_loop_close does.
 * Thread: any. */
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
