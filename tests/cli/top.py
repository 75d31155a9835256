"""`tether top` in a real terminal, tmux: python3 tests/cli/top.py COMMAND [TEST...]

Every check waits for what the screen has to show; only the check of an idle view takes a time of its own.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60
IDLE_S = 3
MANY = 10000
COMMAND = os.path.abspath(sys.argv[1])


class Failed(Exception):
    pass


def until(what, check):
    """Waits until the check returns something true, and returns that."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed("not in time: " + what)
        time.sleep(0.02)


class Terminal:
    """A store, and tmux with one window in which `tether top` runs in a shell."""

    def __init__(self, columns=80, rows=24, options="", variables=""):
        self.folder = tempfile.mkdtemp(prefix="top.")
        self.store = os.path.join(self.folder, "store")
        self.socket = os.path.join(self.folder, "tmux")
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", "TETHER_STORE": self.store, "PS1": "READY> "}
        for name in ("TMUX", "NO_COLOR", "TETHER_SESSION"):
            self.environment.pop(name, None)
        self.size = (str(columns), str(rows))
        self.options, self.variables = options, variables

    def tether(self, *arguments):
        done = subprocess.run([COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"tether {arguments}: {done.stderr}")
        return done.stdout.strip()

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", self.socket, "-f", "/dev/null", *arguments], env=self.environment,
                              capture_output=True, text=True, check=False).stdout

    def start(self, script="{}; echo status $?"):
        """Starts the window with a script of sh, in which {} is the command."""
        line = script.format(f"{self.variables} {COMMAND} top {self.options}")
        self.tmux("new-session", "-d", "-x", self.size[0], "-y", self.size[1], "sh", "-c",
                  f"{line}; exec cat >/dev/null")
        self.shell = int(self.tmux("display", "-p", "#{pane_pid}") or 0)
        return self

    def top(self):
        """The process id of the command."""
        def child():
            with open(f"/proc/{self.shell}/task/{self.shell}/children") as file:
                return file.read().split()
        return int(until("tether top runs", child)[0])

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def shows(self, *patterns):
        """Waits for a screen that matches all patterns, and returns it."""
        def match():
            screen = self.screen()
            return all(re.search(pattern, screen, re.M) for pattern in patterns) and screen
        try:
            return until("", match)
        except Failed:
            raise Failed(f"no {patterns} in\n{self.screen()}") from None

    def hides(self, pattern):
        until(f"{pattern} is gone from\n{self.screen()}", lambda: not re.search(pattern, self.screen(), re.M))

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self):
        self.tmux("kill-server")
        if os.path.isdir(self.store):
            subprocess.run([COMMAND, "kill", "--all"], env=self.environment, capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def lists_and_controls_tasks(t):
    t.tether("run", "--name", "ended", "--wait", "--", "sh", "-c", "echo the last line; exit 0")
    t.tether("run", "--name", "long", "--", "sh", "-c", "echo begun; exec sleep 1000")
    t.start().shows(r"1 running, 2 tasks", r"^running .*\[long\].*begun", r"^completed .*\[ended\].*the last line",
                    r"^running .* \d+\.\d +[\d.]+[KM]")
    t.keys("p")
    t.shows(r"^paused .*\[long\]", r"pause long: done")
    t.keys("r")
    t.shows(r"^running .*\[long\]", r"resume long: done")
    t.keys("e")
    t.shows(r"time from now")
    t.type("xyz\n")
    t.shows(r"xyz is no duration")
    t.keys("e")
    t.type("2h\n")
    t.shows(r"extend long: done")
    t.keys("d")
    t.shows(r"long has not ended: kill it first")
    t.keys("k")
    t.shows(r"kill long\? y/n")
    t.keys("n")
    t.shows(r"nothing was done", r"^running .*\[long\]")
    t.keys("k")
    t.shows(r"kill long\? y/n")
    t.keys("y")
    t.shows(r"0 running, 2 tasks", r"^killed .*\[long\]")
    t.keys("a")
    t.shows(r"acknowledge long: done")
    t.keys("d")
    t.shows(r"remove long\? y/n")
    t.keys("y")
    t.shows(r"0 running, 1 tasks")
    t.tether("rm", "ended")
    t.shows(r"no tasks in this session")
    t.keys("q")
    t.shows(r"^status 0")


def follows_output(t):
    t.tether("run", "--name", "talker", "--stdin", "pipe", "--", "sh", "-c", "echo hello there; cat")
    t.start().shows(r"\[talker\]")
    t.keys("Enter")
    t.shows(r"^output of talker", r"^hello there")
    for line in ("日本語 wide", "bad \033[31m\033]0;title\a bytes"):
        subprocess.run([COMMAND, "input", "talker", "-"], input=line + "\n", env=t.environment, text=True, check=True,
                       stdout=subprocess.DEVNULL)
    t.shows(r"^日本語 wide", r"^bad .\[31m.\]0;title. bytes")
    t.keys("f")
    t.hides(r"^output of talker")


def filters_and_sorts(t):
    for name in ("apple", "banana", "cherry"):
        t.tether("run", "--name", name, "--wait", "--", "true")
    t.start().shows(r"3 tasks, by state", r"cherry[^$]*banana[^$]*apple")
    t.type("/BAN")
    t.shows(r"filter: BAN", r"\(1\)", r"\[banana\]")
    t.hides(r"apple")
    t.keys("Enter", "Escape")
    t.shows(r"apple")
    t.keys("s", "s", "s", "s", "s")
    t.shows(r"by name", r"apple[^$]*banana[^$]*cherry")
    t.keys("i")
    t.shows(r"by name, reversed", r"cherry[^$]*banana[^$]*apple")
    t.type("A")
    t.shows(r"no task runs: A shows the ended ones")
    t.type("h")
    t.shows(r"Keys of tether top")
    t.type("h")
    t.shows(r"by name")


def chooses_a_session(t):
    t.tether("--session", "other one", "run", "--name", "there", "--wait", "--", "true")
    t.tether("run", "--name", "here", "--wait", "--", "true")
    t.start().shows(r"default: 0 running, 1 tasks", r"\[here\]")
    t.keys("S")
    t.shows(r"Choose a session", r"^default: 0 running, 1 tasks", r"^other one: 0 running, 1 tasks")
    t.keys("Down", "Enter")
    t.shows(r"other one: 0 running, 1 tasks, by", r"\[there\]")


def fits_any_size(t):
    t.tether("run", "--name", "日本語の名前", "--wait", "--", "sh", "-c", "echo 最後の行")
    t.start().shows(r"\[日本語の名前\] sh", r"最後の行")
    t.resize(20, 5)
    t.shows(r"^STATE +TASK", r"^comple~ \[日本語の名", r"^h help")
    t.keys("f")
    t.shows(r"^STATE +TASK", r"^output of")
    for size in ((3, 2), (1, 1), (200, 50), (80, 24)):
        t.resize(*size)
    t.shows(r"ID|LAST OUTPUT", r"最後の行")
    screen = t.screen()
    if "\033" in screen:
        raise Failed("an escape on the screen")


def has_colours_unless_they_are_not_wanted(t):
    t.tether("run", "--wait", "--", "true")
    t.tether("run", "--", "sleep", "1000")
    t.start().shows(r"^running", r"^completed")
    t.keys("Down")
    until("colours", lambda: re.search("\033\\[(\\d+;)*3[1-7]m", t.screen("-e")))
    t.keys("q")
    t.shows(r"^status 0")
    t.tmux("kill-server")
    t.socket += "2"
    t.variables = "NO_COLOR=1"
    t.start().shows(r"^running", r"^completed")
    t.keys("Down")
    if re.search("\033\\[([0-9;]*;)?[34][0-7]m", t.screen("-e")):
        raise Failed("a colour in spite of NO_COLOR")


def takes_clicks(t):
    for name in ("one", "two"):
        t.tether("run", "--name", name, "--wait", "--", "echo", "from " + name)
    t.start().shows(r"\[one\]", r"\[two\]")
    # The mouse as the terminal of TERM=screen reports it: the button goes down and up at column 5 of row 4.
    for _ in range(2):
        t.tmux("send-keys", "-l", "\033[M %$\033[M#%$")
    t.shows(r"^output of one", r"^from one")


def shows_many_tasks(t):
    t.tether("run", "--no-notify", "--wait", "--", "true")
    session = glob.glob(t.store + "/*/")[0]
    first = os.listdir(session + "tasks")[0]
    with open(session + "journal/journal.jsonl") as file:
        own = [line for line in file if first in line]
    with open(session + "journal/journal.jsonl", "a") as file:
        for number in range(MANY):
            made = f"tz{number:05}"
            os.mkdir(f"{session}tasks/{made}", 0o700)
            for stream in ("stdout", "stderr"):
                os.close(os.open(f"{session}tasks/{made}/{stream}", os.O_CREAT | os.O_WRONLY, 0o600))
            file.writelines(line.replace(first, made) for line in own)
    t.size = ("120", "24")
    t.start().shows(rf"0 running, {MANY + 1} tasks")
    t.keys("End")
    t.shows(r"tz09999")
    t.keys("Home", "PageDown")
    t.type("/tz04242")
    t.shows(r"\(1\)", r"^completed .*tz04242")
    t.keys("Enter")
    sleeps(t)


def switches(pid):
    """How often the threads of a process have gone to sleep."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path) as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))
    return total


def sleeps(t):
    """Waits for a time in which no thread of the view has woken up."""
    pid = t.top()

    def slept():
        before = switches(pid)
        time.sleep(IDLE_S)
        return switches(pid) == before
    until("the view sleeps while nothing happens", slept)


def sleeps_while_nothing_runs(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    t.start().shows(r"\[over\]")
    t.keys("f")
    t.shows(r"^output of over")
    sleeps(t)
    t.tether("run", "--name", "next", "--wait", "--", "true")
    t.shows(r"\[next\]")
    sleeps(t)


def sleeps_without_an_interval(t):
    t.options = "--interval 0"
    t.tether("run", "--name", "runs", "--", "sleep", "1000")
    t.start().shows(r"^running .*\[runs\]")
    sleeps(t)
    t.tether("kill", "runs")
    t.shows(r"^killed .*\[runs\]")


def gives_the_terminal_back(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    t.start().shows(r"\[over\]")
    os.kill(t.top(), signal.SIGTERM)
    t.shows(r"^status 143")
    t.hides(r"\[over\]")
    if "1" in t.tmux("display", "-p", "#{alternate_on}#{mouse_any_flag}"):
        raise Failed("the terminal is not as it was")


def stops_and_goes_on(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    t.start("set -m; {}; echo stopped; read line; fg; echo status $?").shows(r"\[over\]")
    t.keys("C-z")
    t.shows(r"^stopped")
    t.hides(r"\[over\]")
    t.keys("Enter")
    t.shows(r"\[over\]")
    t.keys("q")
    t.shows(r"^status 0")


def ends_when_the_terminal_does(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    t.start().shows(r"\[over\]")
    pid = t.top()
    t.tmux("kill-server")
    until("it ends", lambda: not os.path.exists(f"/proc/{pid}"))


def ends_when_the_store_is_gone(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    t.start().shows(r"\[over\]")
    shutil.rmtree(t.store)
    t.shows(r"^tether: .*", r"^status 125")


def leaves_out_damaged_records(t):
    t.tether("run", "--name", "good", "--wait", "--", "true")
    journal = glob.glob(t.store + "/*/journal/journal.jsonl")[0]
    with open(journal, "ab") as file:
        file.write(b'{"schema_version":1,"task_id":"tbroken\xff\n\x1b[2J{}\n')
    t.start().shows(r"\[good\]")
    t.keys("q")
    t.shows(r"^status 0")


def prints_a_table_elsewhere(t):
    t.tether("run", "--name", "over", "--wait", "--", "true")
    table = t.tether("top")
    if not re.search(r"^ID .*STATUS", table, re.M) or "[over]" not in table or "\033" in table:
        raise Failed("no plain table: " + table)
    if t.tether("top", "--running").count("\n") != 0:
        raise Failed("--running shows an ended task")
    t.variables = "TERM=dumb"
    t.start().shows(r"top prints the plain table: the terminal is", r"\[over\]", r"^status 0")


TESTS = [lists_and_controls_tasks, follows_output, filters_and_sorts, chooses_a_session, fits_any_size,
         has_colours_unless_they_are_not_wanted, takes_clicks, shows_many_tasks, sleeps_while_nothing_runs,
         sleeps_without_an_interval, gives_the_terminal_back, stops_and_goes_on, ends_when_the_terminal_does,
         ends_when_the_store_is_gone, leaves_out_damaged_records, prints_a_table_elsewhere]


def main():
    failures = 0
    for test in TESTS:
        if len(sys.argv) > 2 and test.__name__ not in sys.argv[2:]:
            continue
        terminal = Terminal()
        begun = time.monotonic()
        try:
            test(terminal)
            print(f"passed: {test.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Failed as failure:
            failures += 1
            print(f"FAILED: {test.__name__}: {failure}", flush=True)
        finally:
            terminal.close()
    sys.exit(1 if failures else 0)


main()
