"""Runs hosts under strace, each with a log of its own, in a store that is a copy of a prepared one."""
import os
import re
import select
import shutil
import signal
import subprocess
import time

import trace

CALLS = ("flock,write,pwrite64,ftruncate,fallocate,openat,close,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,link,"
         "linkat,clone,clone3,vfork,fork,execve,exit_group,kill,pidfd_send_signal")
PATIENCE_S = 60
# A task's command: with an argument, it says that it runs, and waits until that gate is opened.
COMMAND = """#!/bin/sh
[ $# = 0 ] || { : > "$1.open"; read line < "$1"; }
exit 3
"""


def await_readable(descriptor, problem):
    if not select.select([descriptor], [], [], PATIENCE_S)[0]:
        raise TimeoutError(problem)


class Host:
    def __init__(self, stage, arguments, inject, file_limit):
        self.number = len(stage.hosts) + 1
        self.log_path = os.path.join(stage.folder, f"log-{self.number}")
        self.out_path = os.path.join(stage.folder, f"out-{self.number}")
        read, write = os.pipe()
        command = ["strace", "-D", "-f", "-ttt", "-T", "-q", "--decode-fds=path,pidfd", "-s", "1000000",
                   "-o", self.log_path, "-e", "trace=" + CALLS]
        for what in inject:
            command += ["-e", "inject=" + what]

        if file_limit is not None:
            # By a program of its own: the tracer may write more.
            command += ["prlimit", f"--fsize={file_limit}"]
        with open(self.out_path, "wb") as out:
            # The tracer keeps `write` open until the last process that it traces has ended.
            self.process = subprocess.Popen(command + [stage.tether, "--store", stage.store, *arguments], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.STDOUT, pass_fds=[write])
        os.close(write)
        self.traced = read

    def wait(self):
        """Waits for the host, not for the tasks that it started. Returns its code, which is negative for a signal."""
        if self.process.returncode is None:
            handle = os.pidfd_open(self.process.pid)
            await_readable(handle, f"{self.log_path}: the host does not end")
            os.close(handle)
        return self.process.wait()

    def output(self):
        with open(self.out_path) as file:
            return file.read()

    def await_tasks(self):
        """Waits for the tasks that it started, and until all that they did is in the log."""
        await_readable(self.traced, f"{self.log_path}: its task does not end")

    def log(self):
        os.close(self.traced)
        return trace.Log(self.log_path)


class Stage:
    """A store, the hosts that ran in it, and the tasks that they started."""

    def __init__(self, folder, tether, template):
        self.folder, self.tether = folder, tether
        self.store = os.path.join(folder, "store")
        self.command = os.path.join(folder, "command")
        self.gate = os.path.join(folder, "gate")
        self.hosts, self.fault, self.fault_host = [], {}, None
        shutil.copytree(template, self.store)
        os.mkfifo(self.gate)
        with open(self.command, "w") as file:
            file.write(COMMAND)
        os.chmod(self.command, 0o755)
        keys = [name for name in os.listdir(self.store) if os.path.isdir(os.path.join(self.store, name, "exits"))]
        self.session = os.path.join(self.store, keys[0])

    # --- Hosts ---

    def start(self, *arguments, inject=(), file_limit=None):
        host = Host(self, arguments, inject, file_limit)
        self.hosts.append(host)
        return host

    def host(self, *arguments, **options):
        """Runs a host to its end."""
        host = self.start(*arguments, **options)
        host.wait()
        return host

    def faulty(self, *arguments):
        """Runs the host that meets the fault of this stage, if it has one."""
        fault = {name: value(self) if callable(value) else value for name, value in self.fault.items()}
        self.fault_host = self.host(*arguments, **fault)
        return self.fault_host

    # --- Tasks ---

    def task(self):
        """The id of the first task."""
        return next(self.tasks())

    def tasks(self):
        for host in self.hosts:
            for word in host.output().split():
                if re.fullmatch(r"t[a-z0-9]{11}", word):
                    yield word

    def await_running(self):
        self.until(lambda: os.path.exists(self.gate + ".open"))

    def kill_supervisor(self):
        """As a stranger."""
        with open(os.path.join(self.session, "exits", self.task())) as file:
            os.kill(int(re.search(r"pid=(\d+)", file.read())[1]), signal.SIGKILL)

    def pad(self):
        """Makes the journal so large that the next host which appends to it compacts it."""
        self.host("run", "--no-notify", "--wait", "--", "true", "x" * 70000)

    def until(self, is_over):
        end = time.monotonic() + PATIENCE_S
        while not is_over():
            if time.monotonic() > end:
                raise TimeoutError(f"{self.folder}: waited for {PATIENCE_S} s")
            time.sleep(0.001)

    def end_tasks(self, host):
        """Opens the gate until the tasks of a host have ended."""
        def has_ended():
            self.open_gate()
            return select.select([host.traced], [], [], 0)[0]
        self.until(has_ended)

    def open_gate(self):
        try:
            os.close(os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            pass  # nobody waits at it

    def logs(self):
        """The logs of all hosts, when they and their tasks have ended."""
        for host in self.hosts:
            host.wait()
            self.end_tasks(host)
        return [host.log() for host in self.hosts]
