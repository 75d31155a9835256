"""The builtin `tether` in an interactive bash on a terminal: python3 tests/bash/terminal.py BUILTIN COMMAND

Ctrl-C ends a wait and leaves the shell, its jobs and the task as they are; Ctrl-Z does nothing to a wait.
"""
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60
PROMPT = "READY> "


class Shell:
    def __init__(self, folder):
        environment = {**os.environ, "PS1": PROMPT, "TERM": "dumb", "HOME": folder,
                       "TETHER_STORE": os.path.join(folder, "store"),
                       "PATH": os.path.dirname(sys.argv[2]) + ":" + os.environ["PATH"]}
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], environment)
        self.until(PROMPT)

    def until(self, text):
        """Reads until the text, which is then taken, and returns what was in front of it."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise SystemExit(f"FAILED: no {text!r} in {self.seen!r}")
            self.seen += os.read(self.terminal, 4096).decode()
        before, self.seen = self.seen.split(text, 1)
        return before

    def send(self, text):
        os.write(self.terminal, text.encode())

    def run(self, command):
        """Runs a command and returns its output."""
        self.send(command + "\n")
        self.until("\n")
        return self.until(PROMPT).replace("\r", "").strip()

    def children(self):
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            return file.read().split()

    def wait_for_helper(self):
        end = time.monotonic() + PATIENCE_S
        while not self.children():
            if time.monotonic() > end:
                raise SystemExit("FAILED: the wait has no helper")
            time.sleep(0.01)


def expect(is_, should):
    if is_ != should:
        raise SystemExit(f"FAILED: {is_!r}, expected {should!r}")


def main():
    folder = tempfile.mkdtemp()
    shell = Shell(folder)
    try:
        expect(shell.run(f"enable -f {sys.argv[1]} tether; echo $?"), "0")
        task = shell.run("tether bg sleep 1000")
        expect(shell.run("echo $TETHER_LAST"), task)
        for keys in ["\x03", "\x1a\x03"]:
            shell.send("tether wait\n")
            shell.until("\n")
            shell.wait_for_helper()
            shell.send(keys)
            shell.until(PROMPT)
            expect(shell.run("echo $?"), "130")
            expect(shell.children(), [])
        expect(shell.run("tether status --json $TETHER_LAST | grep -c '\"status\":\"running\"'"), "1")
        expect(shell.run("sleep 0 & wait $!; echo $?").splitlines()[-1], "0")
        shell.run("tether kill $TETHER_LAST")
        expect(shell.run("tether wait; echo $? ${TETHER_PIPESTATUS[*]}"), "0 143")
        shell.send("exit\n")
        expect(os.waitstatus_to_exitcode(os.waitpid(shell.pid, 0)[1]), 0)
    finally:
        subprocess.run([sys.argv[2], "--store", os.path.join(folder, "store"), "kill", "--all"],
                       capture_output=True, check=False)
        shutil.rmtree(folder)
    print("passed")


main()
