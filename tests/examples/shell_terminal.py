#!/usr/bin/env python3
"""Types into the shell of examples/shell at a terminal: keys, jobs, and what the next shell finds.

    shell_terminal.py SHELL [CASE...]

Must not: wait for a time. Each step waits for what the terminal shows, and fails after a minute."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, shell, *arguments):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(shell, [shell, *arguments])
        self.expect(r"tether\$ ")

    def read(self, deadline):
        ready = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]
        if not ready:
            raise AssertionError("after %d s still waiting; seen: %r" % (LIMIT, self.seen[-2000:]))
        try:
            part = os.read(self.fd, 65536)
        except OSError:
            part = b""
        if not part:
            raise AssertionError("the terminal was closed; seen: %r" % self.seen[-2000:])
        self.seen += part.decode(errors="replace")

    def expect(self, pattern):
        """Waits for a text, forgets everything up to its end, and returns the match."""
        deadline = time.monotonic() + LIMIT
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            self.read(deadline)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def run(self, command, pattern=None):
        """Types a command; returns what it has shown, up to the next prompt. What is typed appears too: so each
        expected text is one that is not typed."""
        self.type(command + "\n")
        match = self.expect(pattern) if pattern else None
        self.expect(r"tether\$ ")
        return match

    def run_until(self, command, pattern):
        """Types a command again until its output, up to the next prompt, has the text."""
        deadline = time.monotonic() + LIMIT
        output = ""
        while not re.search(pattern, output):
            assert time.monotonic() < deadline, (command, output)
            output = self.run(command, r"((?:.*\r\n)*?)(?=tether\$ )").group(1)

    def expect_told(self, pattern):
        """Presses Enter at each prompt until a prompt has told something; returns up to that prompt."""
        told = ""
        while not re.search(pattern, told):
            deadline = time.monotonic() + LIMIT
            while not re.search(r"tether\$ ", self.seen):
                self.read(deadline)
            before, prompt, self.seen = self.seen.partition("tether$ ")
            told = (told + before)[-10000:]
            if not re.search(pattern, told):
                self.type("\n")

    def settle(self, condition):
        """Waits for a state of the system that the terminal does not show."""
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come; seen: %r" % self.seen
            time.sleep(0.01)

    def end(self, status=0):
        self.type("exit %d\n" % status)
        self.reap(status)

    def reap(self, status):
        os.set_blocking(self.fd, False)
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                os.read(self.fd, 65536)
            except OSError:
                pass
            pid, result = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            assert time.monotonic() < deadline, "the shell did not end"
            time.sleep(0.01)
        os.close(self.fd)
        assert os.waitstatus_to_exitcode(result) == status, result

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.reap(-signal.SIGKILL)


def state(pid):
    """The letter that Linux has for the state of a process."""
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(") ")[2][0]


def case_prompt(shell):
    t = Terminal(shell)
    t.run("echo $((1)) || true", r"no arithmetic")
    t.run("x=abc; echo \"<$x>\"", r"<abc>")
    t.type("echo 'one\n")
    t.expect(r"> ")
    t.run("two'", r"one\r\ntwo\r\n")
    t.end(3)


def case_interrupt(shell):
    """Ctrl-C ends the command in the foreground, a wait, and a line; never the shell."""
    t = Terminal(shell)
    t.type("sh -c 'echo ready$0; exec sleep 1000' X\n")
    t.expect(r"readyX\r\n")
    t.type("\x03")
    t.expect(r"tether\$ ")
    t.run("echo status=$?", r"status=130")
    t.run("sleep 1000 &", r"\[1\] \d+")
    t.type("wait\n")
    t.settle(lambda: state(t.pid) == "S")
    t.expect(r"wait\r\n")
    t.type("\x03")
    t.expect(r"tether\$ ")
    t.run("echo status=$?", r"status=130")
    t.run("kill %1; wait %1; echo status=$?", r"status=143")
    t.type("typed but not run\x03")
    t.expect(r"tether\$ ")
    t.run("echo status=$?", r"status=130")
    t.end()


def case_stop(shell):
    """Ctrl-Z stops a program of the terminal; bg and fg bring it on."""
    t = Terminal(shell)
    t.type("sh -c 'echo $$ ready$0; read line; echo got $line' X\n")
    pid = int(t.expect(r"(\d+) readyX\r\n").group(1))
    t.type("\x1a")
    t.expect(r"\[1\]\+ +Stopped")
    t.expect(r"tether\$ ")
    assert state(pid) == "T"
    t.run("echo status=$?", r"status=148")
    t.run("exit", r"stopped jobs")
    t.type("fg\n")
    t.expect(r"read line")
    t.settle(lambda: state(pid) == "S")
    t.type("a line\n")
    t.expect(r"got a line")
    t.expect(r"tether\$ ")
    t.run("echo status=$?", r"status=0")
    t.end()


def case_modes(shell):
    """A program that leaves the terminal in another mode does not disturb the shell, nor the next program."""
    t = Terminal(shell)
    t.run("stty -a", r"[^-]icanon.*[^-]echo ")
    t.run("stty -echo -icanon; echo 'in' raw", r"in raw")
    t.run("stty -a", r"[^-]icanon.*[^-]echo ")
    t.run("echo 'still' shown", r"echo 'still' shown\r\n(.*\r\n)*still shown")
    t.end()


def case_task(shell):
    """`task` runs in the foreground; Ctrl-Z leaves it running in the background; fg follows it again, and Ctrl-C ends it."""
    t = Terminal(shell)
    t.type("task sh -c 'echo $$ ready$0; exec sleep 1000' X\n")
    pid = int(t.expect(r"(\d+) readyX\r\n").group(1))
    t.type("\x1a")
    t.expect(r"\[1\]\+ +Running")
    t.expect(r"tether\$ ")
    t.settle(lambda: state(pid) == "S")
    t.type("fg %1\n")
    t.expect(r"sleep 1000'? X\r\n")
    t.type("\x03")
    t.expect(r"tether\$ ")
    t.run("echo status=$?", r"status=130")
    t.run("task sh -c 'exit 6'")
    t.run("echo status=$?", r"status=6")
    t.run("set -o task; sh -c 'exit 7'; echo status=$?", r"status=7")
    t.end()


def case_told(shell):
    """The end of a job is told before a prompt, with its output, once."""
    t = Terminal(shell)
    t.run("mkfifo gate", None)
    t.run("sh -c 'cat gate; exit 3' &", r"\[1\] \d+")
    t.run("jobs", r"\[1\]\+ +Running +sh -c 'cat gate; exit 3' &")
    t.type("echo from'the'job > gate\n")
    t.expect_told(r"\nfromthejob\r\n(.*\n)*.*\[1\]\+ +Exit 3 +sh -c")
    t.run("echo 'no' more", r"no more\r\n")
    t.run("jobs; echo 'none' left", r"(?<!Exit 3)none left")
    t.end()


def case_next_shell(shell):
    """A shell is killed; the next one lists its jobs, waits for them, and has their codes and output."""
    t = Terminal(shell)
    t.run("mkfifo go")
    first = t.run("sh -c 'read x < go; echo outlived; exit 4' &", r"\[1\] (\d+)").group(1)
    second = t.run("sleep 1000 &", r"\[2\] (\d+)").group(1)
    t.kill()

    t = Terminal(shell)
    # The supervisors may have been started so lately that they have not written down their pids.
    t.run_until("jobs -l", r"\[1\].*%s .*Running.*\r\n.*\[2\].*%s .*Running.*" % (first, second))
    t.run("echo > go &", None)
    t.run("wait %s; echo status=$?" % first, r"outlived\r\nstatus=4")
    t.run("kill %2; wait %2; echo status=$?", r"status=143")
    t.end()

    t = Terminal(shell)
    t.run("jobs; echo 'none' left", r"\r\nnone left")
    t.end()


def case_limits(shell):
    """Limits hold for all jobs of the session, also those of another shell."""
    t = Terminal(shell)
    t.run("limit count 1")
    t.run("sleep 1000 &", r"\[1\] \d+")
    t.run("sleep 1000 &", r"cannot start the job")
    t.run("echo status=$?", r"status=1")
    other = subprocess.run([shell, "-c", "limit count 1; sleep 1 & echo $?"], capture_output=True, text=True)
    assert other.stdout == "1\n", other
    t.run("kill %1; wait %1; limit count none; limit time 0.2; sleep 1000 & wait $!; echo status=$?", r"status=124")
    t.run("limit time none; limit output 1000 kill")
    if os.environ.get("TETHER_MONITOR", "beside the shell"):
        t.run("yes & wait $!; echo status=$?", r"exceeded(.*\n)*.*status=143")
    else:
        t.run("yes & echo status=$?", r"cannot start the job.*\r\nstatus=1")
    t.run("limit", r"count none\r\noutput 1000,kill\r\ntime none")
    t.end()


def main():
    shell = os.path.abspath(sys.argv[1])
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    for name in sys.argv[2:] or cases:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            os.environ.update(XDG_STATE_HOME=folder + "/state", HOME=folder, TERM="dumb", PS1="tether$ ")
            os.environ.pop("TETHER_SHELL_SESSION", None)
            try:
                cases[name](shell)
            finally:
                subprocess.run([shell, "--session", "shell", "-c", "kill -9 $(jobs -p); wait"], capture_output=True)
                os.chdir("/")
            print("ok", name, flush=True)


main()
